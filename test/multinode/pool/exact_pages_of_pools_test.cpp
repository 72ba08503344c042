// Exact pages of a pool: each block's where they were planned, whichever blocks come and go, and few mappings for all.
#include <acre/bytes.hpp>
#include <acre/check.hpp>
#include <acre/pool_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "multinode/touch.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t alignment = 64;

node_set all_nodes() { return to_node_set(usable_nodes()); }

struct block {
  char* p;
  std::size_t bytes;
};

BOOST_AUTO_TEST_SUITE(exact_pages)

BOOST_AUTO_TEST_CASE(of_many_small_blocks_cost_few_mappings) {
  for (const placement& where :
       {placement::weighted(weights(), 16_KiB).hard(), placement::blocked(all_nodes())}) {
    BOOST_TEST_CONTEXT(where) {
      pool_resource pool(where);
      const std::size_t mappings = count_mappings();
      std::vector<block> blocks;
      for (int i = 0; i != 1000; ++i) {
        const std::size_t bytes = 64_KiB + static_cast<std::size_t>(i % 3) * base_page();
        blocks.push_back({static_cast<char*>(pool.allocate(bytes, alignment)), bytes});
      }
      BOOST_TEST(count_mappings() <= mappings + 20);
      for (std::size_t i = 0; i < blocks.size(); i += 97)
        BOOST_TEST(check(blocks[i].p, blocks[i].bytes, where).ok());
      for (const block& b : blocks) pool.deallocate(b.p, b.bytes, alignment);
    }
  }
}

BOOST_AUTO_TEST_CASE(of_a_pool_come_back_where_they_were) {
  std::mt19937 random(3);
  for (const placement& where :
       {placement::weighted(weights()).hard(), placement::interleave(all_nodes()).hard()}) {
    BOOST_TEST_CONTEXT(where) {
      pool_resource pool(where);
      void* const stays = pool.allocate(100_KiB, alignment);
      const std::size_t mappings = count_mappings();
      std::map<const char*, int> home;
      std::vector<block> blocks;
      for (int round = 0; round != 6; ++round) {
        for (int i = 0; i != 60; ++i) {
          const std::size_t bytes = 1 + random() % (i % 10 == 0 ? 5_MiB : 300_KiB);
          blocks.push_back({static_cast<char*>(pool.allocate(bytes, alignment)), bytes});
        }
        std::map<const char*, int> now;
        for (const block& b : blocks) {
          char* const first = b.p - reinterpret_cast<std::uintptr_t>(b.p) % base_page();
          const std::vector<int> on = page_nodes(b.p, b.bytes);
          for (std::size_t i = 0; i != on.size(); ++i) now[first + i * base_page()] = on[i];
          const check_result told = check(b.p, b.bytes, where);
          BOOST_TEST(told.ok(), told);
        }
        std::size_t strayed = 0;
        for (const auto& [page, node] : now) {
          BOOST_TEST_REQUIRE(node >= 0);
          const auto before = home.find(page);
          if (before != home.end() && before->second != node) ++strayed;
        }
        BOOST_TEST(strayed == 0U);
        // Slabs stay as long as blocks of them live: one of ten does.
        home.clear();
        std::vector<block> kept;
        for (std::size_t i = 0; i != blocks.size(); ++i) {
          if (i % 10 == 0) {
            kept.push_back(blocks[i]);
          } else {
            pool.deallocate(blocks[i].p, blocks[i].bytes, alignment);
          }
        }
        blocks = kept;
        for (const block& b : blocks) {
          char* const first = b.p - reinterpret_cast<std::uintptr_t>(b.p) % base_page();
          for (std::size_t at = 0; at < b.bytes; at += base_page()) home[first + at] = now[first + at];
        }
        pool.trim();
        BOOST_TEST(count_mappings() <= mappings + 12);
      }
      for (const block& b : blocks) pool.deallocate(b.p, b.bytes, alignment);
      pool.deallocate(stays, 100_KiB, alignment);
    }
  }
}

BOOST_AUTO_TEST_CASE(of_threads_that_allocate_at_once_are_exact) {
  const placement where = placement::weighted(weights()).hard();
  pool_resource pool(where);
  std::vector<std::vector<block>> blocks(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t != blocks.size(); ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      for (int i = 0; i != 100; ++i) {
        const std::size_t bytes = 1 + random() % 400_KiB;
        blocks[t].push_back({static_cast<char*>(pool.allocate(bytes, alignment)), bytes});
      }
    });
  }
  for (std::thread& t : threads) t.join();
  for (const auto& some : blocks) {
    for (const block& b : some) {
      const check_result told = check(b.p, b.bytes, where);
      BOOST_TEST(told.ok(), told);
      pool.deallocate(b.p, b.bytes, alignment);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
