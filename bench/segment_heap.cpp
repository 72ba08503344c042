// Heaps in one range of shared memory, whose lock any process may take: segment_resource, and Boost.Interprocess's
// over the same bytes with its default algorithm and mutex. glibc's malloc, which shares nothing, for comparison.
#include <acre/mapping.hpp>
#include <acre/segment_resource.hpp>

#include <boost/interprocess/managed_external_buffer.hpp>
#include <boost/interprocess/mem_algo/rbtree_best_fit.hpp>
#include <boost/interprocess/sync/mutex_family.hpp>

#include <algorithm>

#include "peers.hpp"
#include "workloads.hpp"

namespace {

namespace ipc = boost::interprocess;

constexpr std::size_t range_bytes = std::size_t{256} << 20;

/// The same pages for everybody: they exist when time begins.
void* shared_range() {
  static const acre::mapping pages = [] {
    acre::mapping made(range_bytes, {.sharing = acre::sharing::shared});
    bench::touch(made.data(), made.size());
    return made;
  }();
  return pages.data();
}

bool is_in_range(const void* p) {
  const auto* const begin = static_cast<const std::byte*>(shared_range());
  return p >= begin && p < begin + range_bytes;
}

bench::subject make_acre() {
  std::fill_n(static_cast<std::byte*>(shared_range()), 4096, std::byte{0});
  return {std::make_unique<acre::segment_resource>(shared_range(), range_bytes), is_in_range, {}};
}

using boost_heap =
    ipc::basic_managed_external_buffer<char, ipc::rbtree_best_fit<ipc::mutex_family>, ipc::iset_index>;

struct boost_functions {
  std::shared_ptr<boost_heap> heap;

  void* allocate(std::size_t bytes, std::size_t alignment) const {
    if (alignment <= alignof(std::max_align_t)) return heap->allocate(bytes, std::nothrow);
    return heap->allocate_aligned(bytes, alignment, std::nothrow);
  }
  void deallocate(void* p, std::size_t, std::size_t) const { heap->deallocate(p); }
};

bench::subject make_boost() {
  return {bench::adapt(
              boost_functions{std::make_shared<boost_heap>(ipc::create_only, shared_range(), range_bytes)}),
          is_in_range,
          {}};
}

std::vector<bench::peer> heaps() {
  std::vector<bench::peer> all = bench::peers([](const bench::peer& p) { return p.who == bench::glibc; });
  all.push_back({.who = "Boost.Interprocess", .make = make_boost});
  all.push_back({.who = "acre::segment_resource", .make = make_acre});
  return all;
}

void pairs(benchmark::State& state, std::pmr::memory_resource& memory, std::size_t bytes) {
  for (auto _ : state) {
    void* const p = memory.allocate(bytes);
    bench::write_a_word(p);
    memory.deallocate(p, bytes);
  }
  state.SetItemsProcessed(state.iterations());
}

void replace(benchmark::State& state, std::pmr::memory_resource& memory, std::size_t count,
             unsigned threads) {
  std::vector<bench::live_blocks> live;
  live.reserve(threads);
  for (unsigned i = 0; i != threads; ++i) live.emplace_back(memory, count / threads, bench::object_sizes, i);
  bench::team workers(threads);
  const std::size_t round = count / threads / 8;
  workers.run([&](unsigned me) { live[me].replace(round * 16); });
  for (auto _ : state) workers.run([&](unsigned me) { live[me].replace(round); });
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(round * threads));
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  for (const std::size_t bytes : {64U, 1024U, 65536U}) {
    rows("segment_heap/pair, " + std::to_string(bytes) + " B", heaps(),
         [=](auto& state, subject& s) { pairs(state, *s.memory, bytes); });
  }
  const std::size_t count = smoke ? 2000 : 100'000;
  for (const unsigned threads : {1U, 2U}) {
    rows(
        "segment_heap/replace/" + std::to_string(threads) + (threads == 1 ? " thread" : " threads"), heaps(),
        [=](auto& state, subject& s) { replace(state, *s.memory, count, threads); },
        [=](auto* b) { b->UseRealTime(); });
  }
}
