// One large block more or less in a pool that has 1 to 100,000 slabs or mappings: what it costs must not grow with
// them, but for the logarithm and for what no longer fits the processor's caches. The pages are not there: a pool
// keeps its books elsewhere, and only they are measured.
#include <acre/bytes.hpp>
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

const std::string who = "acre::pool_resource";

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

constexpr std::size_t block_bytes = 256_KiB;

/// Blocks that fill so many slabs: aligned as they are, they come from slabs of 2 MiB, because upstream has no larger
/// ones.
std::vector<void*> fill_slabs(acre::pool_resource& pool, std::size_t slabs) {
  std::vector<void*> blocks;
  for (std::size_t i = 0; i != slabs * (2_MiB / block_bytes); ++i)
    blocks.push_back(pool.allocate(block_bytes, 16_KiB));
  return blocks;
}

/// The only slab that has room is that of which a block has just been freed.
void replace_in_slabs(benchmark::State& state, std::size_t slabs, std::size_t alignment,
                      std::size_t retained) {
  addresses upstream(2_MiB);
  acre::pool_resource pool(&upstream, keeping(retained));
  std::vector<void*> blocks = fill_slabs(pool, slabs);
  bench::random_numbers random(1);
  for (auto _ : state) {
    void*& p = blocks[random.below(blocks.size())];
    pool.deallocate(p, block_bytes, alignment);
    p = pool.allocate(block_bytes, alignment);
  }
}

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
  baseline(who);
  const auto add = [](const std::string& what, std::size_t count, auto body) {
    row("many_slabs/" + what + ", " + std::to_string(count) + "/" + who,
        [=](benchmark::State& state) { body(state, count); });
  };
  for (const std::size_t count : {1U, 10U, 100U, 1'000U, 10'000U, 100'000U}) {
    if (smoke && count > 1'000) break;
    add("replace, slabs", count, [](auto& state, std::size_t n) { replace_in_slabs(state, n, 8, no_limit); });
    add("replace aligned to 64KiB, slabs", count,
        [](auto& state, std::size_t n) { replace_in_slabs(state, n, 64_KiB, no_limit); });
    // Each free is more than may be retained, and no slab is empty.
    add("replace beyond the limit, slabs", count,
        [](auto& state, std::size_t n) { replace_in_slabs(state, n, 8, 0); });
    add("reuse, mappings kept", count, reuse_of_mappings);
    add("replace, mappings live", count, replace_of_mappings);
  }
}
