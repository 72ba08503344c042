// What a pool of 1 GiB to 1 TiB costs, in up to half a million slabs, a million runs or 16,384 mappings: it must not
// grow with them, but for the logarithm and for what no longer fits the processor's caches. Ratios are to the pool of
// 1 GiB. The pages are not there: a pool keeps its books elsewhere, and only they are measured.
#include <acre/bytes.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>

#include <sys/mman.h>

#include <map>
#include <memory_resource>
#include <new>
#include <vector>

#include "bench.hpp"
#include "workloads.hpp"

namespace {

using namespace acre::literals;

/// Addresses without pages, none of which are more than `most` at once.
class addresses final : public std::pmr::memory_resource {
 public:
  explicit addresses(std::size_t most) : x_most(most) {
    void* const p = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    x_begin = x_at = static_cast<std::byte*>(p);
  }
  addresses(const addresses&) = delete;
  addresses& operator=(const addresses&) = delete;
  ~addresses() override { ::munmap(x_begin, bytes); }

 private:
  static constexpr std::size_t bytes = std::size_t{16} << 40;

  void* do_allocate(std::size_t n, std::size_t) override {
    if (n > x_most) throw std::bad_alloc();
    std::vector<std::byte*>& same = x_free[n];
    if (!same.empty()) {
      std::byte* const p = same.back();
      same.pop_back();
      return p;
    }
    n = (n + 2_MiB - 1) / 2_MiB * 2_MiB;
    if (n > static_cast<std::size_t>(x_begin + bytes - x_at)) throw std::bad_alloc();
    return std::exchange(x_at, x_at + n);
  }
  void do_deallocate(void* p, std::size_t n, std::size_t) override {
    x_free[n].push_back(static_cast<std::byte*>(p));
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  std::size_t x_most;
  std::byte* x_begin;
  std::byte* x_at;
  std::map<std::size_t, std::vector<std::byte*>> x_free;
};

constexpr std::size_t no_limit = SIZE_MAX / 2;

acre::pool_options keeping(std::size_t retained) {
  return {.retained = retained, .decay = std::chrono::hours(24), .guarding = acre::guarding::off};
}

constexpr std::size_t slab_bytes = 2_MiB;
constexpr std::size_t block_bytes = 256_KiB;

/// Blocks that fill so many slabs: aligned as they are, they come from slabs of 2 MiB, because upstream has no larger
/// ones.
std::vector<void*> fill_slabs(acre::pool_resource& pool, std::size_t slabs) {
  std::vector<void*> blocks;
  for (std::size_t i = 0; i != slabs * (slab_bytes / block_bytes); ++i)
    blocks.push_back(pool.allocate(block_bytes, 16_KiB));
  return blocks;
}

/// All blocks, or a hundred: of those the pool's books are in the processor's caches, however many others there are.
std::vector<void**> victims(std::vector<void*>& blocks, bool few) {
  bench::random_numbers random(1);
  std::vector<void**> some;
  for (std::size_t i = 0; i != (few ? 100 : 100'000); ++i)
    some.push_back(&blocks[random.below(blocks.size())]);
  return some;
}

void replace(benchmark::State& state, acre::pool_resource& pool, std::vector<void*>& blocks,
             std::size_t bytes, std::size_t alignment, bool few) {
  const std::vector<void**> chosen = victims(blocks, few);
  std::size_t i = 0;
  const auto next = [&] {
    void*& p = *chosen[i];
    i = i + 1 == chosen.size() ? 0 : i + 1;
    pool.deallocate(p, bytes, alignment);
    p = pool.allocate(bytes, alignment);
  };
  for (int warm = 0; warm != 1000; ++warm) next();
  for (auto _ : state) next();
}

/// The only slab that has room is that of which a block has just been freed.
void replace_in_slabs(benchmark::State& state, std::size_t slabs, std::size_t alignment, std::size_t retained,
                      bool few = false) {
  addresses upstream(slab_bytes);
  acre::pool_resource pool(&upstream, keeping(retained));
  std::vector<void*> blocks = fill_slabs(pool, slabs);
  replace(state, pool, blocks, block_bytes, alignment, few);
}

/// Looks at all slabs, and finds nothing to give back.
void trim_of_slabs(benchmark::State& state, std::size_t slabs) {
  addresses upstream(slab_bytes);
  acre::pool_resource pool(&upstream, keeping(no_limit));
  fill_slabs(pool, slabs);
  for (auto _ : state) pool.trim();
}

// ---- runs: a pool as users have it, with pages of its own, none of which is touched

constexpr std::size_t run_bytes = 1_MiB;

acre::pool_options own_pages() {
  acre::pool_options o = keeping(no_limit);
  o.page_kind = acre::page_kind::system;
  o.commit = acre::commit::lazy;
  return o;
}

class pool_of_runs {
 public:
  explicit pool_of_runs(std::size_t count) : pool(acre::placement::prefer({bench::node()}), own_pages()) {
    for (std::size_t i = 0; i != count; ++i) runs.push_back(pool.allocate(run_bytes));
  }
  /// Every second, so that no hole is longer than a run.
  void make_holes() {
    for (std::size_t i = 0; i != runs.size(); ++i) {
      if (i % 2 == 0) {
        pool.deallocate(runs[i], run_bytes);
      } else {
        runs[i / 2] = runs[i];
      }
    }
    runs.resize(runs.size() / 2);
  }

  acre::pool_resource pool;
  std::vector<void*> runs;
};

void replace_of_runs(benchmark::State& state, std::size_t runs, bool few) {
  pool_of_runs all(runs);
  replace(state, all.pool, all.runs, run_bytes, 8, few);
}

void replace_among_holes(benchmark::State& state, std::size_t runs) {
  pool_of_runs all(runs);
  all.make_holes();
  replace(state, all.pool, all.runs, run_bytes, 8, false);
}

/// Behind all holes, which are too short.
void longer_run(benchmark::State& state, std::size_t runs) {
  pool_of_runs all(runs);
  all.make_holes();
  const auto once = [&] { all.pool.deallocate(all.pool.allocate(2 * run_bytes), 2 * run_bytes); };
  once();  // may need a slab
  for (auto _ : state) once();
}

/// More than a thread keeps, of the pool's lists and spans.
void small_blocks(benchmark::State& state, std::size_t runs) {
  pool_of_runs all(runs);
  std::vector<void*> blocks(10'000);
  const auto round = [&] {
    for (void*& b : blocks) b = all.pool.allocate(64);
    for (void* const b : blocks) all.pool.deallocate(b, 64);
  };
  round();
  for (auto _ : state) round();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(blocks.size()));
}

/// One run of all is free, and goes back to the system.
void trim_of_a_run(benchmark::State& state, std::size_t runs) {
  pool_of_runs all(runs);
  bench::random_numbers random(1);
  for (auto _ : state) {
    void*& p = all.runs[random.below(all.runs.size())];
    all.pool.deallocate(p, run_bytes);
    all.pool.trim();
    p = all.pool.allocate(run_bytes);
  }
}

// ---- mappings

std::size_t mapping_bytes(std::size_t i) { return 18_MiB + i % 50 * 2_MiB; }

/// As many mappings are kept, of 50 sizes.
void reuse_of_mappings(benchmark::State& state, std::size_t mappings) {
  addresses upstream(no_limit);
  acre::pool_resource pool(&upstream, keeping(no_limit));
  std::vector<void*> blocks;
  for (std::size_t i = 0; i != mappings; ++i) blocks.push_back(pool.allocate(mapping_bytes(i), 8));
  for (std::size_t i = 0; i != mappings; ++i) pool.deallocate(blocks[i], mapping_bytes(i), 8);
  bench::random_numbers random(1);
  for (auto _ : state) {
    const std::size_t bytes = mapping_bytes(random.below(50));
    pool.deallocate(pool.allocate(bytes, 8), bytes, 8);
  }
}

/// As many are live.
void replace_of_mappings(benchmark::State& state, std::size_t mappings) {
  addresses upstream(no_limit);
  acre::pool_resource pool(&upstream, keeping(no_limit));
  std::vector<void*> blocks;
  for (std::size_t i = 0; i != mappings; ++i) blocks.push_back(pool.allocate(mapping_bytes(i), 8));
  bench::random_numbers random(1);
  for (auto _ : state) {
    const std::size_t i = random.below(blocks.size());
    pool.deallocate(blocks[i], mapping_bytes(i), 8);
    blocks[i] = pool.allocate(mapping_bytes(i), 8);
  }
}

}  // namespace

void bench::declare(bool smoke) {
  acre::set_retained_limit(no_limit);
  const auto who = [](std::size_t bytes) { return "acre::pool_resource, " + acre::format_bytes(bytes); };
  baseline(who(1_GiB));
  for (const std::size_t bytes : {1_GiB, 32_GiB, 1024_GiB}) {
    if (smoke && bytes != 1_GiB) break;
    // So many times, and no more: filling the pool is what takes long.
    const auto add = [&](const std::string& what, std::size_t each, std::int64_t times, auto body) {
      row("many_slabs/" + what + "/" + who(bytes), [=](benchmark::State& state) {
        body(state, bytes / each);
      })->Iterations(smoke ? 10 : times);
    };
    add("replace, slabs", slab_bytes, 100'000,
        [](auto& state, std::size_t n) { replace_in_slabs(state, n, 8, no_limit); });
    add("replace one of 100, slabs", slab_bytes, 100'000,
        [](auto& state, std::size_t n) { replace_in_slabs(state, n, 8, no_limit, true); });
    add("replace aligned to 64KiB, slabs", slab_bytes, 100'000,
        [](auto& state, std::size_t n) { replace_in_slabs(state, n, 64_KiB, no_limit); });
    // Each free is more than may be retained, and no slab is empty.
    add("replace beyond the limit, slabs", slab_bytes, 100'000,
        [](auto& state, std::size_t n) { replace_in_slabs(state, n, 8, 0); });
    add("trim, slabs", slab_bytes, 20, trim_of_slabs);
    add("replace, runs", run_bytes, 100'000,
        [](auto& state, std::size_t n) { replace_of_runs(state, n, false); });
    add("replace one of 100, runs", run_bytes, 100'000,
        [](auto& state, std::size_t n) { replace_of_runs(state, n, true); });
    add("replace among holes, runs", run_bytes, 100'000, replace_among_holes);
    add("a longer run behind holes", run_bytes, 100'000, longer_run);
    add("small blocks beside runs", run_bytes, 1000, small_blocks);
    add("trim of one run", run_bytes, 1000, trim_of_a_run);
    add("reuse, mappings kept", 64_MiB, 100'000, reuse_of_mappings);
    add("replace, mappings live", 64_MiB, 100'000, replace_of_mappings);
  }
}
