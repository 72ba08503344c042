// Segments that cannot be made: full nodes, no huge pages, forbidden nodes, kernels that refuse to bind. Nothing of them
// is left.
#include <gtest/gtest.h>
#include <acre/bytes.hpp>
#include <acre/shared_segment.hpp>

#include <span>
#include <string>
#include <vector>

#include "multinode/segment_peers.hpp"
#include "multinode/verify.hpp"
#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {
namespace {

constexpr segment_backend backends[] = {segment_backend::posix, segment_backend::memfd,
                                        segment_backend::sysv};

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

/// Shape tiny: node 2 has 64 MiB and no CPU.
class full_segment_node : public testing::Test {
 protected:
  static constexpr unsigned roomy = 0;
  static constexpr unsigned small = 2;
  /// From a CPU of another node the innocent process might take its memory from the small one.
  const pinned x_there{one_cpu_per_node().at(roomy)};
  innocent_process beside{50_MiB};

  void TearDown() override { EXPECT_TRUE(beside.alive()); }

  static void is_refused(const placement& where, std::size_t bytes) {
    for (const segment_backend backend : backends) {
      SCOPED_TRACE(where.to_string() + ", " + std::string(to_string(backend)));
      const segment_options eager{.backend = backend, .commit = commit::eager};
      make_and_remove(where, base_page(), eager);
      const nothing_left after;
      const std::uint64_t free = node_meminfo(small, "MemFree");
      EXPECT_EQ(code_of([&] { make(where, bytes, eager); }), errc::node_full);
      // The kernel gives pages back in batches of each CPU.
      EXPECT_GT(node_meminfo(small, "MemFree") + 6_MiB, free);
    }
  }
};

TEST_F(full_segment_node, makes_an_eager_bind_an_error_and_leaves_nothing) {
  is_refused(placement::bind({small}), 80_MiB);
}
TEST_F(full_segment_node, makes_eager_blocks_an_error_and_leaves_nothing) {
  is_refused(placement::blocked({roomy, small}), 160_MiB);
}
TEST_F(full_segment_node, that_is_nearly_full_makes_all_of_a_segment_or_nothing) {
  const segment_options eager{.backend = segment_backend::memfd, .commit = commit::eager};
  // So large that it starts threads, whose stacks are kept.
  make(placement::prefer({small}), 40_MiB, eager);
  for (const std::uint64_t left : {0_MiB, 1_MiB, 2_MiB, 4_MiB, 8_MiB}) {
    SCOPED_TRACE(left);
    const nothing_left after;
    const std::size_t bytes = (node_meminfo(small, "MemFree") - left) / base_page() * base_page();
    const std::error_code code = code_of([&] {
      const shared_segment s = shared_segment::create("", bytes, placement::bind({small}), eager);
      EXPECT_EQ(count_present(s), bytes / base_page());
      EXPECT_EQ(s.resident().on(small), bytes / base_page());
      expect_all_on(small, s.data(), bytes);
    });
    if (code) {
      EXPECT_EQ(code, errc::node_full);
    }
  }
}
TEST_F(full_segment_node, lets_soft_segments_spill) {
  const shared_segment s = shared_segment::create(
      "", 80_MiB, placement::prefer({small}), {.backend = segment_backend::memfd, .commit = commit::eager});
  EXPECT_GT(s.resident().on(small), 1000U);
  EXPECT_EQ(s.resident().untouched, 0U);
  EXPECT_GT(s.check().misplaced, 1000U);
}
TEST_F(full_segment_node, refuses_to_prefault_a_lazy_bind_and_keeps_it_bound) {
  shared_segment s =
      shared_segment::create("", 80_MiB, placement::bind({small}), {.backend = segment_backend::memfd});
  EXPECT_EQ(code_of([&] { s.prefault(); }), errc::node_full);
  EXPECT_EQ(policy_at(s.data()), (kernel_policy{mpol::bind, {small}}));
}

/// Run with 4 huge pages on every node.
class huge_segments : public testing::Test {
 protected:
  static constexpr std::size_t huge = 2_MiB;
  const pinned x_here{one_cpu_per_node().at(0)};
  unsigned node = usable_list().back();

  static segment_options on(segment_backend backend) {
    return {.backend = backend, .pages = page_kind::huge_2mb};
  }
  std::uint64_t free_pages() const { return node_huge_pages(node, "free_hugepages"); }
};

TEST_F(huge_segments, that_find_too_few_pages_on_their_node_are_an_error_and_leave_nothing) {
  for (const segment_backend backend : {segment_backend::memfd, segment_backend::sysv}) {
    SCOPED_TRACE(to_string(backend));
    {
      const nothing_left after;
      ASSERT_EQ(free_pages(), 4U);
      EXPECT_EQ(code_of([&] { make(placement::bind({node}), 5 * huge, on(backend)); }), errc::no_huge_pages);
      // More than the machine has.
      EXPECT_EQ(code_of([&] { make(placement::bind({node}), 500 * huge, on(backend)); }),
                errc::no_huge_pages);
      EXPECT_EQ(free_pages(), 4U);
    }
    make_and_remove(placement::bind({node}), 3 * huge, on(backend));
    EXPECT_EQ(free_pages(), 4U);
  }
}

TEST_F(huge_segments, take_all_pages_of_a_node) {
  for (const segment_backend backend : {segment_backend::memfd, segment_backend::sysv}) {
    SCOPED_TRACE(to_string(backend));
    // The record has room at the end of the last page.
    const shared_segment s = shared_segment::create(name_for(backend), 4 * huge - 2 * base_page(),
                                                    placement::bind({node}), on(backend));
    EXPECT_EQ(free_pages(), 0U);
    EXPECT_EQ(s.resident().on(node), 4 * huge / base_page());
    EXPECT_TRUE(s.check().ok()) << s.check();
    remove(s, name_for(backend));
  }
}

TEST_F(huge_segments, of_any_size_get_whole_pages) {
  for (const segment_backend backend : {segment_backend::memfd, segment_backend::sysv}) {
    for (const std::size_t bytes : {std::size_t{1}, huge, huge + 1, 2 * huge - 1}) {
      SCOPED_TRACE(std::to_string(bytes) + " bytes, " + std::string(to_string(backend)));
      const shared_segment s =
          shared_segment::create(name_for(backend), bytes, placement::bind({node}), on(backend));
      EXPECT_EQ(s.size(), bytes);
      EXPECT_EQ(s.resident().pages, (bytes + huge - 1) / huge * (huge / base_page()));
      EXPECT_EQ(s.resident().on(node), s.resident().pages) << s.resident();
      EXPECT_EQ(count_untouched(s.data(), bytes), 0U);
      expect_all_on(node, s.data(), bytes);
      remove(s, name_for(backend));
    }
  }
}

TEST_F(huge_segments, cannot_be_lazy) {
  for (const segment_backend backend : {segment_backend::memfd, segment_backend::sysv}) {
    const nothing_left after;
    segment_options lazy = on(backend);
    lazy.commit = commit::lazy;
    EXPECT_EQ(code_of([&] { make(placement::bind({node}), huge, lazy); }), errc::unsupported_placement);
  }
}

TEST_F(huge_segments, are_moved_but_not_bound_anew) {
  const unsigned other = usable_list().front();
  for (const segment_backend backend : {segment_backend::memfd, segment_backend::sysv}) {
    SCOPED_TRACE(to_string(backend));
    shared_segment s = shared_segment::create(name_for(backend), 2 * huge - 2 * base_page(),
                                              placement::bind({node}), on(backend));
    EXPECT_EQ(code_of([&] { s.bind(placement::bind({other})); }), errc::unsupported_placement);
    const migration done = s.bind(placement::bind({other}), {.existing = existing_pages::migrate});
    EXPECT_EQ(done.failed(), 0U) << done;
    expect_all_on(other, s.data(), s.size());
    EXPECT_TRUE(s.check().ok()) << s.check();
    remove(s, name_for(backend));
  }
}

TEST(restricted_segments, of_forbidden_nodes_are_refused_and_leave_nothing) {
  const unsigned forbidden = *memory_nodes().rbegin();
  ASSERT_EQ(usable_nodes(), nodes{0});
  ASSERT_NE(forbidden, 0U);
  for (const segment_backend backend : backends) {
    const nothing_left after;
    for (const placement& where :
         {placement::bind({forbidden}), placement::prefer({forbidden}),
          placement::interleave(to_node_set(memory_nodes())), placement::blocked({0, forbidden})}) {
      SCOPED_TRACE(where.to_string() + ", " + std::string(to_string(backend)));
      EXPECT_EQ(code_of([&] { make(where, 100'000, {.backend = backend}); }), errc::node_not_allowed);
    }
  }
}

TEST(restricted_segments, are_not_bound_to_forbidden_nodes_later) {
  const unsigned forbidden = *memory_nodes().rbegin();
  shared_segment s =
      shared_segment::create("", 100'000, placement::bind({0}), {.backend = segment_backend::memfd});
  EXPECT_EQ(code_of([&] { s.bind(placement::bind({forbidden})); }), errc::node_not_allowed);
  EXPECT_EQ(policy_at(s.data()), (kernel_policy{mpol::bind, {0}}));
  EXPECT_EQ(s.where(), placement::bind({0}));
}

void expect_denied(std::span<const long> calls) {
  topology::system();
  refuse_calls(calls, answer::eperm);
  for (const segment_backend backend : backends) {
    for (const commit when : {commit::lazy, commit::eager}) {
      SCOPED_TRACE(to_string(backend));
      const nothing_left after;
      const segment_options options{.backend = backend, .commit = when};
      EXPECT_EQ(code_of([&] { make(placement::bind({usable_list().back()}), 100'000, options); }),
                errc::binding_denied);
      make_and_remove(placement::unbound(), 100'000, options);
    }
  }
}

TEST(denied_segments, are_an_error_and_leave_nothing_but_unbound_ones_are_made) {
  in_child([] { expect_denied(binding_calls()); });
}
TEST(denied_segments, are_an_error_where_policies_cannot_be_read_either) {
  in_child([] { expect_denied(container_refused_calls()); });
}

}  // namespace
}  // namespace acre::test
