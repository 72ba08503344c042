// A heap that processes share, together and one after the other.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/mapping.hpp>
#include <acre/segment_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/types.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "support/child.hpp"
#include "support/mappings.hpp"
#include "support/print.hpp"
#include "support/resource_stress.hpp"
#include "support/sanitizers.hpp"

namespace acre::test {
namespace {

/// Blocks whose owner is whoever takes them from here.
struct exchange {
  static constexpr std::size_t places = 64;
  std::atomic<std::uint64_t> offsets[places];
};

struct parcel {
  std::uint64_t bytes;
  unsigned char fill;
};

void hammer(segment_resource& heap, unsigned seed, int steps) {
  std::mt19937 random(seed);
  auto& table = *static_cast<exchange*>(heap.root());
  auto* const base = static_cast<unsigned char*>(heap.data());
  std::size_t overwritten = 0;
  std::uint64_t bytes_of_one = 0;
  const auto open = [&](std::uint64_t offset) {
    if (offset == 0) return;
    unsigned char* const p = base + offset;
    parcel what{};
    std::memcpy(&what, p, sizeof what);
    if (std::any_of(p + sizeof what, p + what.bytes, [&](unsigned char c) { return c != what.fill; })) {
      ++overwritten;
      bytes_of_one = what.bytes;
    }
    heap.deallocate(p, what.bytes, 8);
  };
  for (int step = 0; step != steps; ++step) {
    const parcel what{sizeof(parcel) + random() % (step % 50 == 0 ? 20'000 : 500),
                      static_cast<unsigned char>(random())};
    auto* const p = static_cast<unsigned char*>(heap.allocate(what.bytes, std::size_t{8} << random() % 5));
    std::memset(p, what.fill, what.bytes);
    std::memcpy(p, &what, sizeof what);
    open(table.offsets[random() % exchange::places].exchange(static_cast<std::uint64_t>(p - base)));
  }
  BOOST_TEST(overwritten == 0U,
             overwritten << " blocks were overwritten, one of " << bytes_of_one << " bytes");
}

BOOST_AUTO_TEST_SUITE(segment_resource)
using acre::segment_resource;

BOOST_AUTO_TEST_CASE(processes_free_each_others_blocks) {
  const mapping pages = shared_pages(16_MiB);
  segment_resource heap(pages.data(), 16_MiB);
  auto* const table = new (heap.allocate(sizeof(exchange))) exchange{};
  heap.set_root(table);
  std::vector<pid_t> children;
  for (unsigned i = 1; i != 4; ++i) {
    children.push_back(start([&] {
      segment_resource own(pages.data(), 16_MiB);
      hammer(own, i, sanitized ? 5000 : 30'000);
      BOOST_TEST(own.check());
    }));
  }
  hammer(heap, 0, sanitized ? 5000 : 30'000);
  for (const pid_t child : children) expect_success(child);
  BOOST_TEST(heap.check());
  for (auto& place : table->offsets) {
    if (place == 0) continue;
    auto* const last = reinterpret_cast<parcel*>(static_cast<std::byte*>(heap.data()) + place);
    heap.deallocate(last, last->bytes, 8);
  }
  BOOST_TEST(heap.blocks() == 1U);
  heap.deallocate(table, sizeof(exchange));
  BOOST_TEST(heap.largest_free() == heap.free_bytes() - 8);
}

BOOST_AUTO_TEST_CASE(stays_when_all_processes_are_gone) {
  const mapping pages = shared_pages(1_MiB);
  for (int generation = 0; generation != 5; ++generation) {
    in_child([&] {
      segment_resource heap(pages.data(), 1_MiB);
      BOOST_TEST(heap.blocks() == static_cast<std::size_t>(generation));
      if (generation != 0) {
        BOOST_TEST(*static_cast<int*>(heap.root()) == generation - 1);
      }
      heap.set_root(new (heap.allocate(sizeof(int), alignof(int))) int(generation));
    });
  }
}

BOOST_AUTO_TEST_CASE(processes_that_come_at_once_make_one_heap) {
  for (int round = 0; round != 100; ++round) {
    const mapping pages = shared_pages(64_KiB);
    const mapping other_pages = shared_pages(4_KiB);
    auto& waiting = *new (other_pages.data()) std::atomic<int>(0);
    std::vector<pid_t> children;
    for (int i = 0; i != 4; ++i) {
      children.push_back(start([&] {
        for (++waiting; waiting < 4;) std::this_thread::yield();
        segment_resource heap(pages.data(), 64_KiB);
        heap.try_set_root(heap.allocate(1000, 8));
      }));
    }
    for (const pid_t child : children) expect_success(child);
    const segment_resource heap(pages.data(), 64_KiB);
    BOOST_TEST_REQUIRE(heap.blocks() == 4U);
    BOOST_TEST_REQUIRE(heap.check());
    BOOST_TEST_REQUIRE(heap.root() != nullptr);
  }
}

// See pool_fork_test.cpp for why not.
#if !defined(ACRE_TEST_ASAN) && !defined(ACRE_TEST_TSAN)
BOOST_AUTO_TEST_CASE(children_forked_while_a_thread_is_inside_go_on) {
  const mapping pages = shared_pages(16_MiB);
  segment_resource heap(pages.data(), 16_MiB);
  std::atomic<bool> stop = false;
  std::jthread other([&] {
    while (!stop) heap.deallocate(heap.allocate(100, 64), 100, 64);
  });
  for (int i = 0; i != 100; ++i) {
    expect_success(start([&] {
      block_list live(heap);
      for (std::size_t n = 0; n != 50; ++n) live.add(n * 10, 8);
      live.check_all();
    }));
  }
  stop = true;
  other.join();
  BOOST_TEST(heap.check());
  BOOST_TEST(heap.blocks() == 0U);
}
#endif

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
