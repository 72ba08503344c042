// thread_binding: after the scope the policy of the thread is what it was, flags included; who inherits it,
// and what goes wrong.
#include <gtest/gtest.h>
#include <unistd.h>
#include <acre/thread_binding.hpp>

#include <array>
#include <cstdio>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "multinode/thread_policies.hpp"
#include "support/child.hpp"

namespace acre::test {
namespace {

TEST_F(thread_policies, are_what_they_were_after_nested_scopes) {
  const std::vector<thread_policy> before = {
      {},
      {number(mpol::local), {}},
      {number(mpol::preferred), {last}},
      {number(mpol::bind), {first, last}},
      {number(mpol::bind) | static_nodes, {first, last}},
      {number(mpol::interleave) | static_nodes, {last}},
      {number(mpol::interleave) | relative_nodes, {0, 1}},
      {number(mpol::preferred_many) | static_nodes, {first, last}},
  };
  for (const thread_policy& raw : before) {
    in_child([&] {
      ASSERT_EQ(set_own_policy(raw), 0) << raw;
      ASSERT_EQ(own_policy(), raw);
      {
        const thread_binding outer(placement::bind({last}));
        {
          thread_binding inner(placement::interleave(to_node_set(all)));
          EXPECT_EQ(own_policy().mode, number(mpol::interleave));
          EXPECT_TRUE(inner.active());
          EXPECT_EQ(inner.restore(), std::error_code());
          EXPECT_FALSE(inner.active());
          EXPECT_EQ(own_policy(), (thread_policy{number(mpol::bind), {last}}));
          EXPECT_EQ(inner.restore(), std::error_code());
        }
        const thread_binding again(placement::local());
        EXPECT_EQ(own_policy(), (thread_policy{number(mpol::local), {}}));
      }
      EXPECT_EQ(own_policy(), raw);
    });
  }
}

TEST_F(thread_policies, with_static_nodes_keep_those_that_do_not_exist) {
  in_child([&] {
    const thread_policy raw{number(mpol::bind) | static_nodes, {last, 63}};
    ASSERT_EQ(set_own_policy(raw), 0);
    {
      const thread_binding scope(placement::bind({first}));
      expect_touched_on(first);
    }
    EXPECT_EQ(own_policy(), raw);
  });
}

TEST_F(thread_policies, are_inherited_by_threads_and_kept) {
  in_child([&] {
    std::thread later;
    {
      const thread_binding scope(placement::bind({last}));
      std::thread([&] { expect_touched_on(last); }).join();
      std::array<int, 2> gate{};
      ASSERT_EQ(pipe(gate.data()), 0);
      later = std::thread([&, gate] {
        char word = 0;
        EXPECT_EQ(read(gate[0], &word, 1), 1);
        EXPECT_EQ(own_policy(), (thread_policy{number(mpol::bind), {last}}));
        expect_touched_on(last);
      });
      EXPECT_EQ(write(gate[1], "!", 1), 1);
    }
    later.join();
    EXPECT_EQ(own_policy(), thread_policy{});
  });
}

TEST_F(thread_policies, are_inherited_over_exec) {
  in_child([&] {
    const thread_binding scope(placement::bind({last}));
    FILE* const program = popen("cat /proc/self/numa_maps", "r");
    ASSERT_NE(program, nullptr);
    std::string text;
    std::array<char, 4096> part{};
    while (const std::size_t n = fread(part.data(), 1, part.size(), program)) text.append(part.data(), n);
    ASSERT_EQ(pclose(program), 0);
    const std::string policy = " bind:" + std::to_string(last);
    std::istringstream lines(text);
    std::size_t stacks = 0;
    for (std::string line; std::getline(lines, line);) {
      EXPECT_NE(line.find(policy), std::string::npos) << line;
      if (line.find(" stack ") == std::string::npos) continue;
      ++stacks;
      EXPECT_NE(line.find(" N" + std::to_string(last) + "="), std::string::npos) << line;
    }
    EXPECT_EQ(stacks, 1U) << text;
  });
}

TEST_F(thread_policies, of_other_threads_are_left_alone) {
  in_child([&] {
    std::unique_ptr<thread_binding> scope;
    std::thread maker([&] { scope = std::make_unique<thread_binding>(placement::bind({last})); });
    maker.join();
    const thread_binding mine(placement::bind({first}));
    EXPECT_EQ(scope->restore(), errc::wrong_thread);
    EXPECT_TRUE(scope->active());
    EXPECT_EQ(thread_binding::stray_count(), 0U);
    scope.reset();
    EXPECT_EQ(thread_binding::stray_count(), 1U);
    EXPECT_EQ(own_policy(), (thread_policy{number(mpol::bind), {first}}));
  });
}

TEST_F(thread_policies, are_restored_in_a_forked_child_too) {
  in_child([&] {
    thread_binding scope(placement::bind({last}));
    in_child([&] {
      EXPECT_EQ(own_policy(), (thread_policy{number(mpol::bind), {last}}));
      EXPECT_EQ(scope.restore(), std::error_code());
      EXPECT_EQ(own_policy(), thread_policy{});
    });
    EXPECT_EQ(own_policy(), (thread_policy{number(mpol::bind), {last}}));
  });
}

TEST_F(thread_policies, stay_after_an_error) {
  in_child([&] {
    const thread_policy raw{number(mpol::interleave) | static_nodes, {first, last}};
    ASSERT_EQ(set_own_policy(raw), 0);
    const unsigned absent = *online_nodes().rbegin() + 1;
    EXPECT_EQ(code_of([&] {
                const thread_binding scope(placement::bind({last, absent}));
              }),
              errc::unknown_node);
    std::error_code ec;
    const thread_binding scope(placement::bind({absent}), ec);
    EXPECT_EQ(ec, errc::unknown_node);
    EXPECT_FALSE(scope.active());
    EXPECT_EQ(own_policy(), raw);
  });
}

TEST_F(thread_policies, can_be_set_without_exceptions) {
  in_child([&] {
    {
      std::error_code ec = errc::out_of_memory;
      const thread_binding scope(placement::bind({last}), ec);
      EXPECT_FALSE(ec);
      EXPECT_TRUE(scope.active());
      expect_touched_on(last);
    }
    EXPECT_EQ(own_policy(), thread_policy{});
  });
}

TEST_F(thread_policies, that_a_filter_refuses_are_an_error) {
  in_child([&] {
    topology::system();
    refuse_calls(container_refused_calls(), answer::eperm);
    EXPECT_EQ(code_of([&] { const thread_binding scope(placement::bind({last})); }), errc::binding_denied);
    EXPECT_EQ(code_of([] { current_binding(); }), errc::binding_denied);
  });
}

/// MEMS 0.
TEST(restricted_threads, are_not_bound_to_forbidden_nodes) {
  in_child([] {
    const unsigned forbidden = *memory_nodes().rbegin();
    for (const placement& where : {placement::bind({forbidden}), placement::prefer({0, forbidden}),
                                   placement::interleave({0, forbidden})})
      EXPECT_EQ(code_of([&] { const thread_binding scope(where); }), errc::node_not_allowed) << where;
    EXPECT_EQ(own_policy(), thread_policy{});
    const thread_binding scope(placement::bind({0}));
    EXPECT_EQ(own_policy(), (thread_policy{number(mpol::bind), {0}}));
  });
}

}  // namespace
}  // namespace acre::test
