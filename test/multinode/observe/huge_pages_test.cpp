// Reserved huge pages that run out, alignment above the page size. Run with 4 huge pages on every node.
#include <acre/area.hpp>
#include <acre/check.hpp>
#include <acre/mapping.hpp>
#include <acre/migrate.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>

#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/comes_true.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t huge = std::size_t{2} << 20;

area_options pages(page_kind kind, page_fallback fallback, commit when) {
  area_options o;
  o.page_kind = kind;
  o.fallback = fallback;
  o.commit = when;
  return o;
}

std::size_t got(const area& a, page_kind kind) {
  return a.status().allocations.at(static_cast<std::size_t>(kind));
}

BOOST_AUTO_TEST_SUITE(huge_pages)

BOOST_AUTO_TEST_CASE(that_run_out_are_an_error_where_strict) {
  const unsigned node = usable_list().back();
  for (commit when : {commit::lazy, commit::eager}) {
    area a(placement::bind({node}), pages(page_kind::huge_2mb, page_fallback::strict, when));
    const std::uint64_t have = node_huge_pages(node, "free_hugepages");
    BOOST_TEST_REQUIRE(have == 4U);
    const std::size_t mappings = count_mappings();
    BOOST_CHECK_EXCEPTION(a.deallocate(a.allocate(6 * huge), 6 * huge), allocation_error,
                          with_code(errc::no_huge_pages));
    BOOST_TEST(count_mappings() <= mappings);
    BOOST_TEST(node_huge_pages(node, "free_hugepages") == have);
    void* p = a.allocate(4 * huge);
    touch(p, 4 * huge);
    expect_all_on(node, p, 4 * huge);
    a.deallocate(p, 4 * huge);
  }
}

BOOST_AUTO_TEST_CASE(that_run_out_fall_back_to_smaller_ones_and_are_counted) {
  const unsigned node = usable_list().back();
  area a(placement::bind({node}), pages(page_kind::huge_2mb, page_fallback::smaller, commit::eager));
  void* first = a.allocate(4 * huge);
  void* second = a.allocate(6 * huge);
  BOOST_TEST(got(a, page_kind::huge_2mb) == 1U);
  BOOST_TEST(got(a, page_kind::transparent_huge) + got(a, page_kind::system) == 1U);
  BOOST_TEST(!a.status().as_asked());
  expect_all_on(node, first, 4 * huge);
  expect_all_on(node, second, 6 * huge);
  BOOST_TEST(a.check_block(first, 4 * huge));
  BOOST_TEST(a.check_block(second, 6 * huge));
  a.deallocate(first, 4 * huge);
  a.deallocate(second, 6 * huge);
}

BOOST_AUTO_TEST_CASE(are_told_by_locate) {
  const unsigned node = usable_list().back();
  area reserved(placement::bind({node}), pages(page_kind::huge_2mb, page_fallback::strict, commit::eager));
  void* p = reserved.allocate(2 * huge);
  BOOST_TEST(locate(p, 2 * huge).hugetlb == 2 * huge / base_page());
  reserved.deallocate(p, 2 * huge);
  area transparent(placement::bind({node}),
                   pages(page_kind::transparent_huge, page_fallback::strict, commit::eager));
  // The kernel gives base pages where it has no huge one free at once.
  BOOST_TEST(comes_true([&] {
    p = transparent.allocate(2 * huge);
    const std::size_t found = locate(p, 2 * huge).transparent_huge;
    transparent.deallocate(p, 2 * huge);
    return found == 2 * huge / base_page();
  }));
}

// Plans go by the pages that a range begins with: what lies behind the range is none of its business.
BOOST_AUTO_TEST_CASE(move_with_smaller_ones_behind_them_and_no_more) {
  const node_set all = to_node_set(usable_nodes());
  const auto address = [] {
    const mapping room(4 * huge, {.alignment = huge});
    return static_cast<char*>(room.data());
  }();
  const auto at = [&](std::size_t offset, page_kind kind) {
    return mapping_options{.page_kind = kind, .address = address + offset, .use = address_use::exact};
  };
  const mapping large(huge, at(0, page_kind::huge_2mb));
  const mapping small(huge / 2, at(huge, page_kind::system));
  const mapping behind(huge / 2, at(huge + huge / 2, page_kind::system));
  const std::size_t bytes = huge + huge / 2;
  // No zeros, which Linux 6.12 gives back where it divides a huge page.
  sign_pages(address, bytes);
  for (const placement& where : {placement::interleave(all, huge), placement::blocked(all)}) {
    BOOST_TEST_CONTEXT(where.to_string()) {
      const migration done = migrate(address, bytes, where);
      BOOST_TEST(done.moved + done.in_place == bytes / base_page());
      BOOST_TEST(check(address, bytes, where));
      BOOST_TEST(policy_at(behind.data()) == kernel_policy{});
    }
  }
}

BOOST_AUTO_TEST_CASE(are_checked_without_telling_their_size) {
  const node_set all = to_node_set(usable_nodes());
  for (page_kind kind : {page_kind::transparent_huge, page_kind::huge_2mb}) {
    for (const placement& where :
         {placement::interleave(all, huge), placement::blocked(all),
          placement::weighted({{all.first(), 3}, {usable_list().back(), 1}}, huge)}) {
      for (commit when : {commit::lazy, commit::eager}) {
        BOOST_TEST_CONTEXT(where << " " << to_string(kind)) {
          area a(where, pages(kind, page_fallback::strict, when));
          void* p = a.allocate(3 * huge);
          const check_result found = check(p, 3 * huge, where);
          BOOST_TEST_INFO(found);
          BOOST_TEST(found.ok());
          a.deallocate(p, 3 * huge);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(are_moved_in_their_size) {
  const unsigned first = usable_list().front();
  const unsigned last = usable_list().back();
  const placement where = placement::interleave({first, last}, huge);
  for (commit when : {commit::lazy, commit::eager}) {
    area a(placement::bind({first}), pages(page_kind::huge_2mb, page_fallback::strict, when));
    void* p = a.allocate(3 * huge);
    const migration done = migrate(p, 3 * huge, where);
    BOOST_TEST_INFO(done);
    BOOST_TEST(done.failed() == 0U);
    touch(p, 3 * huge);
    expect_all_on(first, p, huge);
    expect_all_on(last, static_cast<char*>(p) + huge, huge);
    BOOST_TEST(check(p, 3 * huge, where));
    a.deallocate(p, 3 * huge);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(alignment)

BOOST_AUTO_TEST_CASE(above_the_page_size_keeps_the_placement) {
  for (page_kind kind : {page_kind::system, page_kind::transparent_huge, page_kind::huge_2mb}) {
    for (std::size_t alignment : {std::size_t{64} << 10, 2 * huge}) {
      const unsigned node = usable_list().back();
      area a(placement::bind({node}), pages(kind, page_fallback::strict, commit::lazy));
      const std::size_t bytes = kind == page_kind::system ? 3 * base_page() : huge;
      void* p = a.allocate(bytes, alignment);
      BOOST_TEST(reinterpret_cast<std::uintptr_t>(p) % alignment == 0U);
      touch_in_turn(p, bytes, base_page());
      expect_all_on(node, p, bytes);
      a.deallocate(p, bytes, alignment);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
