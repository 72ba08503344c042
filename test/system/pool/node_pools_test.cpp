// node_pools on whatever nodes this machine has; test/multinode has the tests of where blocks lie.
#include <acre/apply.hpp>
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/node_pools.hpp>
#include <acre/numa_allocator.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <memory_resource>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <typeinfo>
#include <utility>
#include <vector>

#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/mappings.hpp"
#include "support/misuse.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

namespace acre::test {
namespace {

/// Watched by nobody, so that statistics are those of caches.
node_pools_options unguarded() { return {.pool = {.guarding = guarding::off}}; }

BOOST_AUTO_TEST_SUITE(node_pools)
using acre::node_pools;

BOOST_AUTO_TEST_CASE(are_there_for_every_node) {
  node_pools pools;
  BOOST_TEST(pools.nodes() == to_node_set(usable_nodes()));
  BOOST_TEST(pools.nodes().contains(pools.here()));
  for (const node_id node : pools.nodes()) {
    void* const p = pools.allocate_on(node, 1000);
    BOOST_TEST(pools.owner(p) == node);
    BOOST_TEST(pools.pool(node).statistics().live_blocks == 1U);
    pools.deallocate(p, 1000);
    BOOST_TEST(pools.pool(node).statistics().live_blocks == 0U);
  }
}

BOOST_AUTO_TEST_CASE(know_the_owner_of_every_address_of_a_block_and_of_nothing_else) {
  node_pools pools;
  const node_pools others;
  const node_id node = usable_list().front();
  for (const std::size_t bytes :
       {std::size_t{1}, std::size_t{5000}, std::size_t{1} << 20, std::size_t{40} << 20}) {
    auto* const p = static_cast<char*>(pools.allocate_on(node, bytes));
    BOOST_TEST(pools.owner(p) == node);
    BOOST_TEST(pools.owner(p + bytes / 2) == node);
    BOOST_TEST(pools.owner(p + bytes - 1) == node);
    BOOST_TEST(others.owner(p) == std::nullopt);
    pools.deallocate(p, bytes);
  }
  const int local = 0;
  const auto heap = std::make_unique<int>();
  BOOST_TEST(pools.owner(&local) == std::nullopt);
  BOOST_TEST(pools.owner(heap.get()) == std::nullopt);
  BOOST_TEST(pools.owner(nullptr) == std::nullopt);
  BOOST_TEST(pools.owner(reinterpret_cast<const void*>(~std::uintptr_t{0})) == std::nullopt);
}

BOOST_AUTO_TEST_CASE(own_nothing_that_went_back_to_the_system) {
  node_pools pools;
  void* const p = pools.allocate(std::size_t{40} << 20);
  pools.deallocate(p, std::size_t{40} << 20);
  pools.trim();
  BOOST_TEST(pools.owner(p) == std::nullopt);
  void* const small = pools.allocate(100);
  pools.release();
  BOOST_TEST(pools.owner(small) == std::nullopt);
  BOOST_TEST(pools.statistics().mapped_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(can_be_used_again_after_release) {
  node_pools pools;
  for (int round = 0; round != 3; ++round) {
    for (std::size_t i = 0; i != 1000; ++i) static_cast<void>(pools.allocate(i * 10));
    pools.release();
    BOOST_TEST(pools.statistics().live_blocks == 0U);
  }
}

BOOST_AUTO_TEST_CASE(serve_on_after_one_of_their_pools_was_released) {
  node_pools pools(unguarded());
  const node_id node = pools.here();
  for (int round = 0; round != 3; ++round) {
    std::vector<void*> blocks;
    for (std::size_t i = 0; i != 1000; ++i) {
      blocks.push_back(pools.allocate(200));
      *static_cast<void**>(blocks.back()) = nullptr;
    }
    for (std::size_t i = 0; i != 500; ++i) pools.deallocate(blocks[i], 200);
    pools.pool(node).release();
    BOOST_TEST(pools.pool(node).statistics().live_blocks == 0U);
  }
}

BOOST_AUTO_TEST_CASE(are_not_taken_for_each_other) {
  node_pools some(unguarded());
  node_pools others(unguarded());
  std::vector<void*> of_some;
  std::vector<void*> of_others;
  for (std::size_t i = 0; i != 1000; ++i) {
    of_some.push_back(some.allocate(100));
    of_others.push_back(others.allocate(100));
    if (i % 3 == 0) {
      some.deallocate(of_some.back(), 100);
      of_some.pop_back();
      others.deallocate(of_others.back(), 100);
      of_others.pop_back();
    }
  }
  for (void* const p : of_some) BOOST_TEST_REQUIRE((some.owner(p) && !others.owner(p)));
  for (void* const p : of_others) BOOST_TEST_REQUIRE((others.owner(p) && !some.owner(p)));
  BOOST_TEST(contains(misuse_in([&] { some.deallocate(of_others.front(), 100); }), "the block at"));
  for (void* const p : of_some) some.deallocate(p, 100);
  for (void* const p : of_others) others.deallocate(p, 100);
  BOOST_TEST(some.statistics().live_blocks == 0U);
  BOOST_TEST(others.statistics().live_blocks == 0U);
}

BOOST_AUTO_TEST_CASE(keep_what_is_in_blocks_while_other_threads_trim) {
  node_pools pools(unguarded());
  std::atomic<bool> done = false;
  std::thread trimming([&] {
    while (!done) pools.trim();
  });
  std::atomic<std::size_t> wrong = 0;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t != 3; ++t) {
    threads.emplace_back([&, t] {
      std::vector<std::size_t*> blocks(64, nullptr);
      for (std::size_t i = 0; i != 20'000; ++i) {
        std::size_t*& b = blocks[i * 7 % blocks.size()];
        if (b != nullptr) {
          if (*b != t) ++wrong;
          pools.deallocate(b, 200);
        }
        b = static_cast<std::size_t*>(pools.allocate(200));
        *b = t;
      }
      for (std::size_t* const b : blocks) pools.deallocate(b, 200);
    });
  }
  for (std::thread& t : threads) t.join();
  done = true;
  trimming.join();
  BOOST_TEST(wrong == 0U);
  BOOST_TEST(pools.statistics().live_blocks == 0U);
}

BOOST_AUTO_TEST_CASE(serve_allocators_that_know_the_type_and_others_alike) {
  node_pools pools(unguarded());
  const numa_allocator<long> direct(&pools);
  BOOST_TEST(direct.resource() == &pools);
  const auto is_called_as = [](std::pmr::memory_resource* r) {
    return detail::resource_handle(r).call(
        [](auto& known) { return std::string(typeid(decltype(known)).name()); });
  };
  BOOST_TEST(is_called_as(&pools) == typeid(detail::node_pools_front_end).name());
  BOOST_TEST(is_called_as(&pools.pool(pools.here())) == typeid(detail::pool_front_end).name());
  BOOST_TEST(is_called_as(std::pmr::new_delete_resource()) == typeid(std::pmr::memory_resource).name());
  BOOST_TEST((direct == numa_allocator<char>(&pools)));
  BOOST_TEST((direct != numa_allocator<long>(&pools.pool(pools.here()))));
  {
    std::list<long, numa_allocator<long>> list(direct);
    std::vector<long, numa_allocator<long>> vector(direct);
    for (long i = 0; i != 1000; ++i) {
      list.push_back(i);
      vector.push_back(i);
      BOOST_TEST_REQUIRE(pools.owner(&list.back()).has_value());
      BOOST_TEST_REQUIRE(pools.owner(vector.data()).has_value());
    }
    BOOST_TEST(pools.statistics().live_blocks >= 1001U);
  }
  BOOST_TEST(pools.statistics().live_blocks == 0U);
}

BOOST_AUTO_TEST_CASE(of_no_or_unknown_nodes_are_an_error) {
  BOOST_CHECK_EXCEPTION(node_pools pools(node_set{}), error, with_code(errc::empty_node_set));
  BOOST_CHECK_EXCEPTION(node_pools pools(node_set{1000}), error, with_code(errc::unknown_node));
  BOOST_CHECK_EXCEPTION(node_pools pools({.pool = {.largest_small = 1U << 20}}), error,
                        with_code(errc::invalid_argument));
  const topology elsewhere = topology::from_synthetic("numa:2 core:1 pu:1");
  BOOST_CHECK_EXCEPTION(node_pools pools({}, elsewhere), error, with_code(errc::foreign_topology));
}

BOOST_AUTO_TEST_CASE(are_hard_unless_their_options_say_soft) {
  const node_id node = usable_list().front();
  const auto policy_of_a_block = [node](node_pools& pools) {
    void* const p = pools.allocate_on(node, 100'000);
    const policy found = installed_policy(p);
    pools.deallocate(p, 100'000);
    return found;
  };
  node_pools hard;
  BOOST_TEST(policy_of_a_block(hard) == (policy{policy_mode::bind, {node}}));
  node_pools soft({.pool = {.name = "soft"}, .strictness = strictness::soft});
  BOOST_TEST(policy_of_a_block(soft) == (policy{policy_mode::prefer, {node}}));
  BOOST_TEST(soft.pool(node).options().name == "soft");
  node_pools soft_there({node}, {.strictness = strictness::soft});
  BOOST_TEST(policy_of_a_block(soft_there) == (policy{policy_mode::prefer, {node}}));
}

BOOST_AUTO_TEST_CASE(have_no_pool_for_other_nodes) {
  node_pools pools;
  const auto no_pool = [] { return with_code(errc::unknown_node).saying("node 1000 has no pool"); };
  BOOST_CHECK_EXCEPTION(static_cast<void>(pools.allocate_on(1000, 8)), error, no_pool());
  BOOST_CHECK_EXCEPTION((void)pools.pool(1000), error, no_pool());
  BOOST_CHECK_EXCEPTION(static_cast<void>(std::as_const(pools).pool(1000)), error, no_pool());
}

BOOST_AUTO_TEST_CASE(refuse_blocks_that_no_pool_owns) {
  node_pools pools;
  const auto heap = std::make_unique<std::max_align_t>();
  std::ostringstream address;
  address << static_cast<void*>(heap.get());
  BOOST_TEST(contains(misuse_in([&] { pools.deallocate(heap.get(), 16); }), address.str()));
  BOOST_TEST(pools.statistics().deallocations == 0U);
}

BOOST_AUTO_TEST_CASE(watch_over_their_blocks_where_asked_to) {
  node_pools pools({.pool = {.guarding = guarding::on}});
  void* const p = pools.allocate(100);
  BOOST_TEST(contains(misuse_in([&] { pools.deallocate(p, 300); }), "the block at"));
  pools.deallocate(p, 100);
  BOOST_TEST(contains(misuse_in([&] { pools.deallocate(p, 100); }), "the block at"));
}

BOOST_AUTO_TEST_CASE(sum_up_their_statistics) {
  node_pools pools(unguarded());
  std::vector<void*> blocks;
  for (const node_id node : pools.nodes()) {
    for (int i = 0; i != 100; ++i) blocks.push_back(pools.allocate_on(node, 640));
  }
  pool_statistics s = pools.statistics();
  BOOST_TEST(s.allocations == blocks.size());
  BOOST_TEST(s.live_blocks == blocks.size());
  BOOST_TEST(s.live_bytes == blocks.size() * 640);
  BOOST_TEST(s.mapped_bytes >= s.used_bytes);
  BOOST_TEST(s.thread_caches == pools.nodes().size());
  for (void* p : blocks) pools.deallocate(p, 640);
  BOOST_TEST(pools.trim() > 0U);
  s = pools.statistics();
  BOOST_TEST(s.deallocations == blocks.size());
  BOOST_TEST(s.live_blocks == 0U);
  BOOST_TEST(s.trims == pools.nodes().size());
}

BOOST_AUTO_TEST_CASE(tell_where_their_pages_are) {
  node_pools pools;
  auto* const p = static_cast<char*>(pools.allocate(std::size_t{32} << 20));
  for (std::size_t at = 0; at < std::size_t{32} << 20; at += base_page()) p[at] = 1;
  const residency r = pools.resident();
  BOOST_TEST(r.on(pools.owner(p).value()) >= (std::size_t{32} << 20) / base_page());
  BOOST_TEST(r.page_size == base_page());
  pools.deallocate(p, std::size_t{32} << 20);
}

BOOST_AUTO_TEST_CASE(take_back_what_other_threads_free) {
  node_pools pools(unguarded());
  for (int round = 0; round != 5; ++round) {
    std::vector<void*> blocks;
    for (std::size_t i = 0; i != 5000; ++i) blocks.push_back(pools.allocate(i % 3000));
    std::thread([&] {
      for (std::size_t i = 0; i != 5000; ++i) pools.deallocate(blocks[i], i % 3000);
    }).join();
    BOOST_TEST(pools.statistics().live_blocks == 0U);
  }
  // What the freeing threads had is used again.
  BOOST_TEST(pools.statistics().used_peak < (std::size_t{24} << 20));
}

BOOST_AUTO_TEST_CASE(serve_callers_who_know_the_type_and_others_alike) {
  for (const guarding watched : {guarding::off, guarding::on}) {
    node_pools pools({.pool = {.guarding = watched}});
    std::pmr::memory_resource& any = pools;
    for (const std::size_t bytes :
         {std::size_t{0}, std::size_t{1}, std::size_t{100}, std::size_t{5000}, 64_KiB, 64_KiB + 1, 3_MiB}) {
      for (const std::size_t alignment : {std::size_t{1}, std::size_t{8}, std::size_t{64}, 4_KiB, 2_MiB}) {
        BOOST_TEST_CONTEXT(bytes << " bytes aligned to " << alignment) {
          void* const known = pools.allocate(bytes, alignment);
          void* const unknown = any.allocate(bytes, alignment);
          BOOST_TEST(known != unknown);
          for (void* const p : {known, unknown}) {
            BOOST_TEST(reinterpret_cast<std::uintptr_t>(p) % alignment == 0U);
            BOOST_TEST(pools.owner(p).has_value());
          }
          BOOST_TEST(pools.statistics().live_blocks == 2U);
          pools.deallocate(unknown, bytes, alignment);
          any.deallocate(known, bytes, alignment);
          BOOST_TEST(pools.statistics().live_blocks == 0U);
        }
      }
    }
    BOOST_CHECK_EXCEPTION(static_cast<void>(pools.allocate(8, 3)), allocation_error,
                          with_code(errc::invalid_alignment));
    pools.deallocate(nullptr, 100);
    pools.deallocate(nullptr, 3_MiB);
    BOOST_TEST(pools.statistics().deallocations == pools.statistics().allocations);
  }
}

BOOST_AUTO_TEST_CASE(lose_nothing_when_threads_end) {
  node_pools pools(unguarded());
  for (int round = 0; round != 20; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t != 4; ++t) {
      threads.emplace_back([&] {
        std::vector<void*> blocks;
        for (std::size_t i = 0; i != 2000; ++i) blocks.push_back(pools.allocate(200));
        for (void* p : blocks) pools.deallocate(p, 200);
      });
    }
    for (std::thread& t : threads) t.join();
  }
  const pool_statistics s = pools.statistics();
  BOOST_TEST(s.live_blocks == 0U);
  BOOST_TEST(s.thread_caches == 0U);
  BOOST_TEST(s.used_peak < (std::size_t{8} << 20));
  pools.trim();
  BOOST_TEST(pools.statistics().used_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(leave_no_mapping_behind) {
  { node_pools warm; }
  const no_new_mappings check;
  for (int round = 0; round != 10; ++round) {
    node_pools pools;
    for (std::size_t i = 0; i != 500; ++i) static_cast<void>(pools.allocate(i * 300));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
