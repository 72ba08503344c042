// thread_binding: every placement that a thread can have decides where the pages lie that it touches.
#include <acre/thread_binding.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
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

namespace acre::test {
namespace {

BOOST_FIXTURE_TEST_SUITE(thread_policies, nodes_for_threads)

BOOST_AUTO_TEST_CASE(that_bind_put_pages_on_the_node) {
  in_child([&] {
    for (unsigned node : usable) {
      const thread_binding scope(placement::bind({node}));
      BOOST_TEST(own_policy() == (thread_policy{number(mpol::bind), {node}}));
      BOOST_TEST(scope.policy() == (policy{policy_mode::bind, {node}}));
      BOOST_TEST(current_binding() == scope.policy());
      BOOST_TEST(scope.downgrades().empty());
      expect_touched_on(node);
    }
    BOOST_TEST(own_policy() == thread_policy{});
  });
}

BOOST_AUTO_TEST_CASE(that_bind_to_several_nodes_put_pages_on_the_nearest) {
  in_child([&] {
    const thread_binding scope(placement::bind({first, last}));
    BOOST_TEST(own_policy() == (thread_policy{number(mpol::bind), {first, last}}));
    expect_touched_nearest({first, last});
  });
}

BOOST_AUTO_TEST_CASE(that_bind_to_all_nodes_name_no_more_than_those) {
  in_child([&] {
    const thread_binding scope(placement::bind(to_node_set(all)));
    BOOST_TEST(own_policy() == (thread_policy{number(mpol::bind), all}));
    expect_touched_nearest(all);
  });
}

BOOST_AUTO_TEST_CASE(that_prefer_a_node_put_pages_on_it) {
  in_child([&] {
    for (unsigned node : usable) {
      const thread_binding scope(placement::prefer({node}));
      BOOST_TEST(own_policy() == (thread_policy{number(mpol::preferred), {node}}));
      BOOST_TEST(scope.policy() == (policy{policy_mode::prefer, {node}}));
      BOOST_TEST(scope.downgrades().empty());
      expect_touched_on(node);
    }
  });
}

BOOST_AUTO_TEST_CASE(that_prefer_several_nodes_put_pages_on_the_nearest) {
  in_child([&] {
    const thread_binding scope(placement::prefer({first, last}));
    BOOST_TEST(own_policy() == (thread_policy{number(mpol::preferred_many), {first, last}}));
    BOOST_TEST(scope.downgrades().empty());
    expect_touched_nearest({first, last});
  });
}

BOOST_AUTO_TEST_CASE(that_interleave_go_round) {
  in_child([&] {
    const thread_binding scope(placement::interleave(to_node_set(all)));
    BOOST_TEST(own_policy() == (thread_policy{number(mpol::interleave), all}));
    const plain_memory memory(base_page() * 16 * all.size());
    touch(memory.data(), memory.size());
    std::map<unsigned, std::size_t> even;
    for (unsigned n : all) even[n] = 16;
    BOOST_TEST(same(count_pages(memory.data(), memory.size()), even));
  });
}

BOOST_AUTO_TEST_CASE(that_interleave_on_one_node_prefer_it) {
  in_child([&] {
    const thread_binding scope(placement::interleave({last}, std::size_t{1} << 20));
    BOOST_TEST(scope.policy() == (policy{policy_mode::prefer, {last}}));
    expect_touched_on(last);
  });
}

BOOST_AUTO_TEST_CASE(of_local_and_unbound_take_the_node_of_the_toucher) {
  in_child([&] {
    const thread_binding outer(placement::bind({last}));
    {
      const thread_binding scope(placement::local());
      BOOST_TEST(own_policy() == (thread_policy{number(mpol::local), {}}));
      expect_touched_nearest(all);
    }
    {
      const thread_binding scope(placement::unbound());
      BOOST_TEST(own_policy() == thread_policy{});
      expect_touched_nearest(all);
    }
    expect_touched_on(last);
  });
}

BOOST_AUTO_TEST_CASE(use_the_weights_of_the_system_where_the_kernel_has_them) {
  in_child([&] {
    const placement where = placement::weighted_by_system(to_node_set(all));
    if (!knows_policy(mpol::weighted)) {
      BOOST_CHECK_EXCEPTION(const thread_binding scope(where), error, with_code(errc::unsupported_placement));
      BOOST_TEST(own_policy() == thread_policy{});
      return;
    }
    const thread_binding scope(where);
    BOOST_TEST(own_policy() == (thread_policy{number(mpol::weighted), all}));
    const plain_memory memory(base_page() * 16 * all.size());
    touch(memory.data(), memory.size());
    const std::map<unsigned, std::size_t> counts = count_pages(memory.data(), memory.size());
    for (unsigned n : all) BOOST_TEST(counts.contains(n), "no page on node " << n);
  });
}

BOOST_AUTO_TEST_SUITE_END()

/// Shape tiny: node 2 has 64 MiB and no CPU; node 1, as small, is nearest to it; CPU 0 is on the large node 0.
BOOST_AUTO_TEST_SUITE(full_node_of_a_thread)

BOOST_AUTO_TEST_CASE(makes_preferred_memory_spill_to_the_nearest_node) {
  in_child([] {
    constexpr std::size_t mib = std::size_t{1} << 20;
    const pinned far(0);
    const thread_binding scope(placement::prefer({2}));
    const plain_memory memory(80 * mib);
    const std::uint64_t room = node_meminfo(1, "MemFree");
    touch(memory.data(), memory.size());
    expect_spilled(page_nodes(memory.data(), memory.size()), 2, 1, room);
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
