// Segments that cannot be made: full nodes, no huge pages, forbidden nodes, kernels that refuse to bind. Nothing of
// them is left.
#include <acre/bytes.hpp>
#include <acre/shared_segment.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <span>
#include <string>

#include "multinode/full_node.hpp"
#include "multinode/segment_peers.hpp"
#include "multinode/verify.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr segment_backend backends[] = {segment_backend::posix, segment_backend::memfd,
                                        segment_backend::sysv};
constexpr segment_backend backends_of_huge_pages[] = {segment_backend::memfd, segment_backend::sysv};

std::string name_for(segment_backend backend) {
  return backend == segment_backend::sysv ? "0x61637265" : "acre_test_limits";
}

void make(const placement& where, std::size_t bytes, const segment_options& options) {
  shared_segment::create(name_for(options.backend), bytes, where, options);
}

void make_and_remove(const placement& where, std::size_t bytes, const segment_options& options) {
  const std::string name = name_for(options.backend);
  remove(shared_segment::create(name, bytes, where, options), name);
}

struct small_node : innocent_neighbour {
  static void is_refused(const placement& where, std::size_t bytes) {
    for (const segment_backend backend : backends) {
      BOOST_TEST_CONTEXT(where << ", " << to_string(backend)) {
        const segment_options eager{.backend = backend, .commit = commit::eager};
        make_and_remove(where, base_page(), eager);
        const nothing_left after;
        const std::uint64_t free = node_meminfo(small, "MemFree");
        BOOST_CHECK_EXCEPTION(make(where, bytes, eager), allocation_error, with_code(errc::node_full));
        // The kernel gives pages back in batches of each CPU.
        BOOST_TEST(node_meminfo(small, "MemFree") + 6_MiB > free);
      }
    }
  }
};

BOOST_FIXTURE_TEST_SUITE(full_segment_node, small_node)

BOOST_AUTO_TEST_CASE(makes_an_eager_bind_an_error_and_leaves_nothing) {
  is_refused(placement::bind({small}), 80_MiB);
}
BOOST_AUTO_TEST_CASE(makes_eager_blocks_an_error_and_leaves_nothing) {
  is_refused(placement::blocked({roomy, small}), 160_MiB);
}
BOOST_AUTO_TEST_CASE(that_is_nearly_full_makes_all_of_a_segment_or_nothing) {
  const segment_options eager{.backend = segment_backend::memfd, .commit = commit::eager};
  // So large that it starts threads, whose stacks are kept.
  make(placement::prefer({small}), 40_MiB, eager);
  for (const std::uint64_t left : {0_MiB, 1_MiB, 2_MiB, 4_MiB, 8_MiB}) {
    BOOST_TEST_CONTEXT(left << " bytes less than are free") {
      const nothing_left after;
      const std::size_t bytes = (node_meminfo(small, "MemFree") - left) / base_page() * base_page();
      try {
        const shared_segment s = shared_segment::create("", bytes, placement::bind({small}), eager);
        BOOST_TEST(count_present(s) == bytes / base_page());
        BOOST_TEST(s.resident().on(small) == bytes / base_page());
        expect_all_on(small, s.data(), bytes);
      } catch (const allocation_error& e) {
        BOOST_TEST(with_code(errc::node_full)(e));
      }
    }
  }
}
BOOST_AUTO_TEST_CASE(lets_soft_segments_spill) {
  const shared_segment s = shared_segment::create(
      "", 80_MiB, placement::prefer({small}), {.backend = segment_backend::memfd, .commit = commit::eager});
  const residency found = s.resident();
  BOOST_TEST_CONTEXT(found) {
    BOOST_TEST(found.on(small) > 1000U);
    BOOST_TEST(found.untouched == 0U);
  }
  BOOST_TEST(s.check().misplaced > 1000U);
}
BOOST_AUTO_TEST_CASE(refuses_to_prefault_a_lazy_bind_and_keeps_it_bound) {
  shared_segment s =
      shared_segment::create("", 80_MiB, placement::bind({small}), {.backend = segment_backend::memfd});
  BOOST_CHECK_EXCEPTION(s.prefault(), allocation_error, with_code(errc::node_full));
  BOOST_TEST(policy_at(s.data()) == (kernel_policy{mpol::bind, {small}}));
}

BOOST_AUTO_TEST_SUITE_END()

/// Run with 4 huge pages on every node.
struct reserved_pages {
  static constexpr std::size_t huge = 2_MiB;
  const pinned here{one_cpu_per_node().at(0)};
  unsigned node = usable_list().back();

  static segment_options on(segment_backend backend) {
    return {.backend = backend, .page_kind = page_kind::huge_2mb};
  }
  std::uint64_t free_pages() const { return node_huge_pages(node, "free_hugepages"); }
};

BOOST_FIXTURE_TEST_SUITE(huge_segments, reserved_pages)

BOOST_AUTO_TEST_CASE(that_find_too_few_pages_on_their_node_are_an_error_and_leave_nothing) {
  for (const segment_backend backend : backends_of_huge_pages) {
    BOOST_TEST_CONTEXT(to_string(backend)) {
      {
        const nothing_left after;
        BOOST_TEST_REQUIRE(free_pages() == 4U);
        BOOST_CHECK_EXCEPTION(make(placement::bind({node}), 5 * huge, on(backend)), allocation_error,
                              with_code(errc::no_huge_pages));
        // More than the machine has.
        BOOST_CHECK_EXCEPTION(make(placement::bind({node}), 500 * huge, on(backend)), allocation_error,
                              with_code(errc::no_huge_pages));
        BOOST_TEST(free_pages() == 4U);
      }
      make_and_remove(placement::bind({node}), 3 * huge, on(backend));
      BOOST_TEST(free_pages() == 4U);
    }
  }
}

BOOST_AUTO_TEST_CASE(take_all_pages_of_a_node) {
  for (const segment_backend backend : backends_of_huge_pages) {
    BOOST_TEST_CONTEXT(to_string(backend)) {
      // The record has room at the end of the last page.
      const shared_segment s = shared_segment::create(name_for(backend), 4 * huge - 2 * base_page(),
                                                      placement::bind({node}), on(backend));
      BOOST_TEST(free_pages() == 0U);
      BOOST_TEST(s.resident().on(node) == 4 * huge / base_page());
      BOOST_TEST(s.check());
      remove(s, name_for(backend));
    }
  }
}

BOOST_AUTO_TEST_CASE(of_any_size_get_whole_pages) {
  for (const segment_backend backend : backends_of_huge_pages) {
    for (const std::size_t bytes : {std::size_t{1}, huge, huge + 1, 2 * huge - 1}) {
      BOOST_TEST_CONTEXT(bytes << " bytes, " << to_string(backend)) {
        const shared_segment s =
            shared_segment::create(name_for(backend), bytes, placement::bind({node}), on(backend));
        BOOST_TEST(s.size() == bytes);
        const residency found = s.resident();
        BOOST_TEST_CONTEXT(found) {
          BOOST_TEST(found.pages == (bytes + huge - 1) / huge * (huge / base_page()));
          BOOST_TEST(found.on(node) == found.pages);
        }
        BOOST_TEST(count_untouched(s.data(), bytes) == 0U);
        expect_all_on(node, s.data(), bytes);
        remove(s, name_for(backend));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(cannot_be_lazy) {
  for (const segment_backend backend : backends_of_huge_pages) {
    const nothing_left after;
    segment_options lazy = on(backend);
    lazy.commit = commit::lazy;
    BOOST_CHECK_EXCEPTION(make(placement::bind({node}), huge, lazy), error,
                          with_code(errc::unsupported_placement));
  }
}

BOOST_AUTO_TEST_CASE(are_moved_but_not_bound_anew) {
  const unsigned other = usable_list().front();
  for (const segment_backend backend : backends_of_huge_pages) {
    BOOST_TEST_CONTEXT(to_string(backend)) {
      shared_segment s = shared_segment::create(name_for(backend), 2 * huge - 2 * base_page(),
                                                placement::bind({node}), on(backend));
      BOOST_CHECK_EXCEPTION(s.bind(placement::bind({other})), error, with_code(errc::unsupported_placement));
      const migration done = s.bind(placement::bind({other}), {.existing = existing_pages::migrate});
      BOOST_TEST_INFO(done);
      BOOST_TEST(done.failed() == 0U);
      expect_all_on(other, s.data(), s.size());
      BOOST_TEST(s.check());
      remove(s, name_for(backend));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

/// Only node 0 is allowed (MEMS in test/vm/CMakeLists.txt).
BOOST_AUTO_TEST_SUITE(restricted_segments)

BOOST_AUTO_TEST_CASE(of_forbidden_nodes_are_refused_and_leave_nothing) {
  const unsigned forbidden = *memory_nodes().rbegin();
  BOOST_TEST_REQUIRE(same(usable_nodes(), nodes{0}));
  BOOST_TEST_REQUIRE(forbidden != 0U);
  for (const segment_backend backend : backends) {
    const nothing_left after;
    for (const placement& where :
         {placement::bind({forbidden}), placement::prefer({forbidden}),
          placement::interleave(to_node_set(memory_nodes())), placement::blocked({0, forbidden})}) {
      BOOST_TEST_INFO(where << ", " << to_string(backend));
      BOOST_CHECK_EXCEPTION(make(where, 100'000, {.backend = backend}), error,
                            with_code(errc::node_not_allowed));
    }
  }
}

BOOST_AUTO_TEST_CASE(are_not_bound_to_forbidden_nodes_later) {
  const unsigned forbidden = *memory_nodes().rbegin();
  shared_segment s =
      shared_segment::create("", 100'000, placement::bind({0}), {.backend = segment_backend::memfd});
  BOOST_CHECK_EXCEPTION(s.bind(placement::bind({forbidden})), error, with_code(errc::node_not_allowed));
  BOOST_TEST(policy_at(s.data()) == (kernel_policy{mpol::bind, {0}}));
  BOOST_TEST(s.where() == placement::bind({0}));
}

BOOST_AUTO_TEST_SUITE_END()

void expect_denied(std::span<const long> calls) {
  topology::system();
  refuse_calls(calls, answer::eperm);
  for (const segment_backend backend : backends) {
    for (const commit when : {commit::lazy, commit::eager}) {
      BOOST_TEST_CONTEXT(to_string(backend) << (when == commit::lazy ? ", lazy" : ", eager")) {
        const nothing_left after;
        const segment_options options{.backend = backend, .commit = when};
        BOOST_CHECK_EXCEPTION(make(placement::bind({usable_list().back()}), 100'000, options), error,
                              with_code(errc::binding_denied));
        make_and_remove(placement::unbound(), 100'000, options);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE(denied_segments)

BOOST_AUTO_TEST_CASE(are_an_error_and_leave_nothing_but_unbound_ones_are_made) {
  in_child([] { expect_denied(binding_calls()); });
}
BOOST_AUTO_TEST_CASE(are_an_error_where_policies_cannot_be_read_either) {
  in_child([] { expect_denied(container_refused_calls()); });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
