// thread_binding, binding_of, move_process and restrict_process on any machine, with one node too.
#include <gtest/gtest.h>
#include <unistd.h>
#include <acre/binding_of.hpp>
#include <acre/move_process.hpp>
#include <acre/restrict_process.hpp>
#include <acre/thread_binding.hpp>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/throws.hpp"

namespace acre::test {
namespace {

TEST(thread_binding, restores_what_was_there) {
  in_child([] {
    const unsigned node = *usable_nodes().begin();
    const thread_policy before{static_cast<int>(mpol::interleave) | static_nodes, {node}};
    ASSERT_EQ(set_own_policy(before), 0);
    {
      const thread_binding scope(placement::bind({node}));
      EXPECT_EQ(own_policy(), (thread_policy{static_cast<int>(mpol::bind), {node}}));
    }
    EXPECT_EQ(own_policy(), before);
  });
}

TEST(thread_binding, of_many_threads_at_once_is_each_its_own) {
  const node_set nodes = to_node_set(usable_nodes());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const placement where = i % 2 == 0 ? placement::prefer(nodes) : placement::bind(nodes);
      for (int k = 0; k < 100; ++k) {
        const thread_binding scope(where);
        EXPECT_EQ(current_binding(), scope.policy());
        EXPECT_EQ(scope.policy().nodes, nodes);
      }
      EXPECT_EQ(current_binding(), policy{});
    });
  }
  for (std::thread& t : threads) t.join();
}

TEST(thread_binding, refuses_what_no_thread_can_have_and_says_why) {
  const node_id n = *usable_nodes().begin();
  const node_set two{n, n + 1};
  const auto by_page = placement::by_page([n](std::size_t, std::size_t) { return n; }, {n});
  for (const placement& where :
       {placement::interleave(two).hard(), placement::interleave(two, 1 << 20), placement::weighted({{n, 2}}),
        placement::blocked({n}), placement::most_free({n}), by_page}) {
    try {
      const thread_binding scope(where);
      ADD_FAILURE() << where;
    } catch (const error& e) {
      EXPECT_EQ(e.code(), errc::unsupported_placement) << e.what();
      EXPECT_NE(std::string(e.what()).find(where.to_string()), std::string::npos) << e.what();
    }
  }
  EXPECT_EQ(current_binding(), policy{});
}

TEST(thread_binding, refuses_another_machine) {
  const topology other = topology::from_synthetic("numa:2 core:1 pu:1");
  EXPECT_EQ(code_thrown([&] { const thread_binding scope(placement::bind({0}), other); }),
            errc::foreign_topology);
}

TEST(binding_of, this_process_has_its_stack_and_its_pages) {
  const process_binding b = binding_of();
  EXPECT_EQ(b.pid, getpid());
  EXPECT_NE(b.pages(), 0U);
  std::size_t sum = 0;
  for (const process_mapping& m : b.mappings) sum += m.pages();
  EXPECT_EQ(b.pages(), sum);
  EXPECT_TRUE(std::is_sorted(b.mappings.begin(), b.mappings.end(),
                             [](const auto& x, const auto& y) { return x.begin < y.begin; }));
  EXPECT_EQ(std::count_if(b.mappings.begin(), b.mappings.end(),
                          [](const auto& m) { return m.kind == mapping_kind::stack; }),
            1);
  EXPECT_EQ(b.to_string().find("process " + std::to_string(getpid()) + ": nodes "), 0U) << b;
}

TEST(processes_that_do_not_exist, are_an_error) {
  const node_set nodes = to_node_set(usable_nodes());
  EXPECT_EQ(code_thrown([] { binding_of(-5); }), errc::no_such_process);
  EXPECT_EQ(code_thrown([&] { move_process(-5, nodes, nodes); }), errc::no_such_process);
  EXPECT_EQ(code_thrown([&] { restrict_process(-5, nodes); }), errc::no_such_process);
}

TEST(move_process, of_nodes_to_themselves_does_nothing) {
  const node_set nodes = to_node_set(usable_nodes());
  const process_migration done = move_process(0, nodes, nodes);
  EXPECT_EQ(done.to_string(), "process " + std::to_string(getpid()) + ": nothing to move");
}

}  // namespace
}  // namespace acre::test
