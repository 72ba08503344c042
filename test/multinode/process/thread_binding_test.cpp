// thread_binding: after the scope the policy of the thread is what it was, flags included; who inherits it,
// and what goes wrong.
#include <acre/thread_binding.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdio>
#include <future>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "multinode/nodes_for_threads.hpp"
#include "multinode/plain_memory.hpp"
#include "multinode/touch.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/text.hpp"
#include "support/thread.hpp"

namespace acre::test {
namespace {

BOOST_FIXTURE_TEST_SUITE(thread_policies, nodes_for_threads)

/// The topology is loaded under each of these policies.
BOOST_AUTO_TEST_CASE(are_what_they_were_after_nested_scopes, *boost::unit_test::label("alone")) {
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
    BOOST_TEST_CONTEXT("at first " << raw) {
      in_child([&] {
        BOOST_TEST_REQUIRE(set_own_policy(raw) == 0);
        BOOST_TEST_REQUIRE(own_policy() == raw);
        {
          const thread_binding outer(placement::bind({last}));
          {
            thread_binding inner(placement::interleave(to_node_set(all)));
            BOOST_TEST(own_policy().mode == number(mpol::interleave));
            BOOST_TEST(inner.active());
            BOOST_TEST(inner.restore() == std::error_code());
            BOOST_TEST(!inner.active());
            BOOST_TEST(own_policy() == (thread_policy{number(mpol::bind), {last}}));
            BOOST_TEST(inner.restore() == std::error_code());
          }
          const thread_binding again(placement::local());
          BOOST_TEST(own_policy() == (thread_policy{number(mpol::local), {}}));
        }
        BOOST_TEST(own_policy() == raw);
      });
    }
  }
}

BOOST_AUTO_TEST_CASE(with_static_nodes_keep_those_that_do_not_exist, *boost::unit_test::label("alone")) {
  in_child([&] {
    const thread_policy raw{number(mpol::bind) | static_nodes, {last, 63}};
    BOOST_TEST_REQUIRE(set_own_policy(raw) == 0);
    {
      const thread_binding scope(placement::bind({first}));
      expect_touched_on(first);
    }
    BOOST_TEST(own_policy() == raw);
  });
}

BOOST_AUTO_TEST_CASE(are_inherited_by_threads_and_kept) {
  in_child([&] {
    struct seen {
      thread_policy policy;
      std::map<unsigned, std::size_t> pages;
    };
    const plain_memory memory;
    std::promise<void> scope_ended;
    std::future<seen> later;
    {
      const thread_binding scope(placement::bind({last}));
      in_thread([&] { expect_touched_on(last); });
      later = std::async(std::launch::async, [&memory, end = scope_ended.get_future()] {
        end.wait();
        touch(memory.data(), memory.size());
        return seen{own_policy(), count_pages(memory.data(), memory.size())};
      });
    }
    scope_ended.set_value();
    const seen by_later = later.get();
    BOOST_TEST(by_later.policy == (thread_policy{number(mpol::bind), {last}}));
    const std::map<unsigned, std::size_t> all_on_last{{last, memory.size() / base_page()}};
    BOOST_TEST(same(by_later.pages, all_on_last));
    BOOST_TEST(own_policy() == thread_policy{});
  });
}

BOOST_AUTO_TEST_CASE(are_inherited_over_exec) {
  in_child([&] {
    const thread_binding scope(placement::bind({last}));
    FILE* const program = popen("cat /proc/self/numa_maps", "r");
    BOOST_TEST_REQUIRE(program != nullptr);
    std::string text;
    std::array<char, 4096> part{};
    while (const std::size_t n = fread(part.data(), 1, part.size(), program)) text.append(part.data(), n);
    BOOST_TEST_REQUIRE(pclose(program) == 0);
    const std::string policy = " bind:" + std::to_string(last);
    std::istringstream lines(text);
    std::size_t stacks = 0;
    for (std::string line; std::getline(lines, line);) {
      BOOST_TEST(contains(line, policy));
      if (line.find(" stack ") == std::string::npos) continue;
      ++stacks;
      BOOST_TEST(contains(line, " N" + std::to_string(last) + "="));
    }
    BOOST_TEST_INFO("numa_maps:\n" << text);
    BOOST_TEST(stacks == 1U);
  });
}

BOOST_AUTO_TEST_CASE(of_other_threads_are_left_alone) {
  in_child([&] {
    std::unique_ptr<thread_binding> scope;
    in_thread([&] { scope = std::make_unique<thread_binding>(placement::bind({last})); });
    const thread_binding mine(placement::bind({first}));
    BOOST_TEST(scope->restore() == errc::wrong_thread);
    BOOST_TEST(scope->active());
    BOOST_TEST(thread_binding::stray_count() == 0U);
    scope.reset();
    BOOST_TEST(thread_binding::stray_count() == 1U);
    BOOST_TEST(own_policy() == (thread_policy{number(mpol::bind), {first}}));
  });
}

BOOST_AUTO_TEST_CASE(are_restored_in_a_forked_child_too) {
  in_child([&] {
    thread_binding scope(placement::bind({last}));
    in_child([&] {
      BOOST_TEST(own_policy() == (thread_policy{number(mpol::bind), {last}}));
      BOOST_TEST(scope.restore() == std::error_code());
      BOOST_TEST(own_policy() == thread_policy{});
    });
    BOOST_TEST(own_policy() == (thread_policy{number(mpol::bind), {last}}));
  });
}

BOOST_AUTO_TEST_CASE(stay_after_an_error, *boost::unit_test::label("alone")) {
  in_child([&] {
    const thread_policy raw{number(mpol::interleave) | static_nodes, {first, last}};
    BOOST_TEST_REQUIRE(set_own_policy(raw) == 0);
    const unsigned absent = *online_nodes().rbegin() + 1;
    BOOST_CHECK_EXCEPTION(const thread_binding scope(placement::bind({last, absent})), error,
                          with_code(errc::unknown_node));
    BOOST_TEST(own_policy() == raw);
  });
}

BOOST_AUTO_TEST_CASE(that_a_filter_refuses_are_an_error) {
  in_child([&] {
    topology::system();
    refuse_calls(container_refused_calls(), answer::eperm);
    BOOST_CHECK_EXCEPTION(const thread_binding scope(placement::bind({last})), error,
                          with_code(errc::binding_denied));
    BOOST_CHECK_EXCEPTION((void)current_binding(), error, with_code(errc::binding_denied));
  });
}

BOOST_AUTO_TEST_SUITE_END()

/// Only node 0 is allowed (MEMS in test/vm/CMakeLists.txt).
BOOST_AUTO_TEST_SUITE(restricted_threads)

BOOST_AUTO_TEST_CASE(are_not_bound_to_forbidden_nodes) {
  in_child([] {
    const unsigned forbidden = *memory_nodes().rbegin();
    for (const placement& where : {placement::bind({forbidden}), placement::prefer({0, forbidden}),
                                   placement::interleave({0, forbidden})}) {
      BOOST_TEST_INFO(where);
      BOOST_CHECK_EXCEPTION(const thread_binding scope(where), error, with_code(errc::node_not_allowed));
    }
    BOOST_TEST(own_policy() == thread_policy{});
    const thread_binding scope(placement::bind({0}));
    BOOST_TEST(own_policy() == (thread_policy{number(mpol::bind), {0}}));
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
