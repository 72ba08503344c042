// apply, locate, check, migrate, prefault on this machine: what holds on one node too.
#include <acre/apply.hpp>
#include <acre/bytes.hpp>
#include <acre/check.hpp>
#include <acre/error.hpp>
#include <acre/locate.hpp>
#include <acre/mapping.hpp>
#include <acre/migrate.hpp>
#include <acre/prefault.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre {

static std::ostream& boost_test_print_type(std::ostream& out, const node_pages& p) {
  return out << p.pages << " pages on node " << p.node;
}

static std::ostream& boost_test_print_type(std::ostream& out, const differing_policy& p) {
  return out << p.actual << " instead of " << p.expected << " at offset " << p.offset;
}

}  // namespace acre

namespace acre::test {
namespace {

node_id some_node() { return topology::system().default_nodes().first(); }

/// Base pages only, so that counts are exact whatever the THP setting.
class pages {
 public:
  explicit pages(std::size_t n) : x_mapping(n * base_page()) {
    ::madvise(x_mapping.data(), x_mapping.size(), MADV_NOHUGEPAGE);
  }
  char* at(std::size_t page) const { return static_cast<char*>(x_mapping.data()) + page * base_page(); }
  void touch(std::size_t page) const { *at(page) = 1; }
  void* data() const { return x_mapping.data(); }
  std::size_t bytes() const { return x_mapping.size(); }

 private:
  mapping x_mapping;
};

/// Two pages with a hole between them, low in the address space, where nobody else maps anything meanwhile.
class torn {
 public:
  torn() : x_first(base_page(), at(0)), x_last(base_page(), at(2)) {}
  void* data() const { return x_first.data(); }
  std::size_t bytes() const { return 3 * base_page(); }

 private:
  static mapping_options at(std::size_t page) {
    return {.address = reinterpret_cast<void*>(1_GiB + page * base_page()), .use = address_use::exact};
  }
  mapping x_first;
  mapping x_last;
};

BOOST_AUTO_TEST_SUITE(apply)
using acre::apply;

BOOST_AUTO_TEST_CASE(installs_the_policy_without_touching_pages) {
  const pages p(8);
  BOOST_TEST(apply(p.data(), p.bytes(), placement::bind({some_node()})).empty());
  BOOST_TEST(policy_at(p.data()) == (kernel_policy{mpol::bind, {some_node()}}));
  BOOST_TEST(count_untouched(p.data(), p.bytes()) == 8U);
  apply(p.data(), p.bytes(), placement::unbound());
  BOOST_TEST(policy_at(p.data()).mode == mpol::unbound);
  apply(p.data(), p.bytes(), placement::local());
  BOOST_TEST(policy_at(p.data()).mode == mpol::local);
  BOOST_TEST(installed_policy(p.data()) == (policy{policy_mode::local, {}}));
}

BOOST_AUTO_TEST_CASE(rejects_what_cannot_be_bound) {
  const pages p(2);
  const torn t;
  const placement where = placement::bind({some_node()});
  BOOST_CHECK_EXCEPTION(apply(p.at(0) + 1, 100, where), error, with_code(errc::invalid_alignment));
  const std::size_t half = base_page() / 2;
  const plan finer{.ranges = {{0, half, {policy_mode::local, {}}}, {half, half, {}}},
                   .bytes = 2 * half,
                   .page_size = half};
  BOOST_CHECK_EXCEPTION(
      apply(p.data(), finer), error,
      with_code(errc::invalid_alignment).saying("for pages of " + std::to_string(half) + " bytes"));
  BOOST_TEST(installed_policy(p.data()) == policy{});
  BOOST_CHECK_EXCEPTION(apply(p.data(), 0, where), error, with_code(errc::invalid_size));
  BOOST_CHECK_EXCEPTION(apply(t.data(), t.bytes(), where), error, with_code(errc::not_mapped));
  BOOST_CHECK_EXCEPTION(apply(p.data(), p.bytes(), placement::bind({1000})), error,
                        with_code(errc::unknown_node));
  const topology other = topology::from_synthetic("numa:2 core:1 pu:1");
  BOOST_CHECK_EXCEPTION(apply(p.data(), p.bytes(), where, other), error, with_code(errc::foreign_topology));
  BOOST_TEST(policy_at(p.data()).mode == mpol::unbound);
}

BOOST_AUTO_TEST_CASE(its_twin_reports_codes) {
  const pages p(1);
  std::error_code ec;
  apply(p.data(), p.bytes(), placement::bind({some_node()}), ec);
  BOOST_TEST(ec == std::error_code());
  apply(p.data(), p.bytes(), placement::bind({1000}), ec);
  BOOST_TEST(ec == errc::unknown_node);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(installed_policy)
using acre::installed_policy;

BOOST_AUTO_TEST_CASE(an_unmapped_address_is_an_error) {
  BOOST_CHECK_EXCEPTION((void)installed_policy(nullptr), error, with_code(errc::not_mapped));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(locate)
using acre::locate;

BOOST_AUTO_TEST_CASE(counts_touched_and_untouched_pages_and_touches_none) {
  const pages p(10);
  for (std::size_t i : {0U, 3U, 9U}) p.touch(i);
  const residency r = locate(p.data(), p.bytes());
  BOOST_TEST(r.pages == 10U);
  BOOST_TEST(r.resident() == 3U);
  BOOST_TEST(r.untouched == 7U);
  BOOST_TEST(locate(p.data(), p.bytes()) == r);
  BOOST_TEST(count_untouched(p.data(), p.bytes()) == 7U);
  const auto nodes = locate_pages(p.data(), p.bytes());
  BOOST_TEST_REQUIRE(nodes.size() == 10U);
  BOOST_TEST(nodes[3] >= 0);
  BOOST_TEST(nodes[4] == -1);
}

/// Whether this process has a page of its own there: bit 56 of its entry in /proc/self/pagemap.
bool has_own_page(const void* p) {
  std::uint64_t entry = 0;
  const int file = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  const auto at = static_cast<off_t>(reinterpret_cast<std::uintptr_t>(p) / base_page() * sizeof entry);
  BOOST_TEST_REQUIRE(::pread(file, &entry, sizeof entry, at) == static_cast<ssize_t>(sizeof entry));
  ::close(file);
  return (entry >> 56 & 1) != 0;
}

// What is only read is one page of zeros for all, and no memory lies behind it; but kernels may be built to make a page
// at once (seen on one of 6.18).
BOOST_AUTO_TEST_CASE(a_page_that_was_only_read_is_untouched_unless_the_kernel_made_one) {
  const pages p(1);
  BOOST_TEST(*static_cast<volatile char*>(p.at(0)) == 0);
  BOOST_TEST(locate(p.data(), p.bytes()).untouched == (has_own_page(p.data()) ? 0U : 1U));
  p.touch(0);
  BOOST_TEST(locate(p.data(), p.bytes()).untouched == 0U);
}

// What is only read is one huge page of zeros for all (but a huge page of its own where the administrator does not
// want that: /sys/kernel/mm/transparent_hugepage/use_zero_page).
BOOST_AUTO_TEST_CASE(a_huge_page_that_was_only_read_is_no_more_than_what_is_there) {
  const mapping m(4_MiB, {.page_kind = page_kind::transparent_huge, .alignment = 2_MiB});
  BOOST_TEST(*static_cast<volatile char*>(m.data()) == 0);
  const residency r = locate(m.data(), m.size());
  BOOST_TEST(r.untouched + r.resident() == r.pages);
  BOOST_TEST(r.transparent_huge == r.resident());
}

BOOST_AUTO_TEST_CASE(rounds_outward_to_pages) {
  const pages p(3);
  p.touch(1);
  BOOST_TEST(locate(p.at(1) - 1, 2).pages == 2U);
  BOOST_TEST(locate(p.at(1) + 5, 1).pages == 1U);
  BOOST_TEST(locate(p.at(1) + 5, 1).resident() == 1U);
}

BOOST_AUTO_TEST_CASE(counts_large_ranges_across_batches) {
  const pages p(5000);
  for (std::size_t i = 0; i < 5000; i += 2) p.touch(i);
  BOOST_TEST(locate(p.data(), p.bytes()).resident() == 2500U);
}

BOOST_AUTO_TEST_CASE(knows_transparent_huge_pages) {
  const mapping m(8_MiB, {.page_kind = page_kind::transparent_huge});
  std::memset(m.data(), 1, m.size());
  const residency r = locate(m.data(), m.size());
  BOOST_TEST(r.untouched == 0U);
  BOOST_TEST(r.transparent_huge <= r.pages);
  BOOST_TEST(r.hugetlb == 0U);
  BOOST_TEST(same(r.per_node, locate(m.data(), m.size()).per_node));
}

BOOST_AUTO_TEST_CASE(rejects_bad_ranges) {
  const pages p(1);
  const torn t;
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  BOOST_CHECK_EXCEPTION((void)locate(p.data(), 0), error, with_code(errc::invalid_size));
  BOOST_CHECK_EXCEPTION((void)locate(p.data(), most), error, with_code(errc::invalid_size));
  for (const std::size_t from_the_end : {std::size_t{1}, base_page(), base_page() + 1}) {
    BOOST_CHECK_EXCEPTION((void)locate(reinterpret_cast<void*>(most - from_the_end + 1), from_the_end), error,
                          with_code(errc::invalid_size));
  }
  std::ostringstream hole;
  hole << "not mapped from 0x" << std::hex << 1_GiB + base_page() << " on, byte " << std::dec << base_page()
       << " of " << t.bytes();
  BOOST_CHECK_EXCEPTION((void)locate(t.data(), t.bytes()), error,
                        with_code(errc::not_mapped).saying(hole.str()));
  std::error_code ec;
  (void)locate(t.data(), t.bytes(), ec);
  BOOST_TEST(ec == errc::not_mapped);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(check)
using acre::apply;
using acre::check;

BOOST_AUTO_TEST_CASE(agrees_with_what_was_applied_and_not_with_else) {
  const pages p(16);
  const placement where = placement::bind({some_node()});
  BOOST_TEST(!check(p.data(), p.bytes(), where));
  apply(p.data(), p.bytes(), where);
  p.touch(5);
  BOOST_TEST(check(p.data(), p.bytes(), where));
  const check_result r = check(p.data(), p.bytes(), placement::local());
  BOOST_TEST_REQUIRE(r.policy);
  BOOST_TEST(r.policy->offset == 0U);
  BOOST_TEST(r.policy->actual == (policy{policy_mode::bind, {some_node()}}));
}

BOOST_AUTO_TEST_CASE(names_the_first_place_with_another_policy) {
  const pages p(16);
  const placement where = placement::bind({some_node()});
  apply(p.data(), p.bytes(), where);
  apply(p.at(7), base_page(), placement::unbound());
  const check_result r = check(p.data(), p.bytes(), where);
  BOOST_TEST_REQUIRE(r.policy);
  BOOST_TEST(r.policy->offset == 7 * base_page());
}

BOOST_AUTO_TEST_CASE(a_placement_of_absent_nodes_is_an_error) {
  const pages p(1);
  BOOST_CHECK_EXCEPTION((void)check(p.data(), p.bytes(), placement::bind({1000})), error,
                        with_code(errc::unknown_node));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(prefault)
using acre::apply;
using acre::check;
using acre::prefault;

BOOST_AUTO_TEST_CASE(makes_all_pages_and_keeps_contents) {
  for (const auto& where : {placement::unbound(), placement::local(), placement::bind({some_node()}),
                            placement::prefer({some_node()})}) {
    const pages p(300);
    apply(p.data(), p.bytes(), where);
    std::strcpy(p.at(10), "kept");
    prefault(p.data(), p.bytes());
    BOOST_TEST_CONTEXT(where) {
      BOOST_TEST(count_untouched(p.data(), p.bytes()) == 0U);
      BOOST_TEST(std::string_view(p.at(10)) == "kept");
      BOOST_TEST(check(p.data(), p.bytes(), where));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_part_is_enough) {
  const pages p(10);
  apply(p.data(), p.bytes(), placement::bind({some_node()}));
  prefault(p.at(3) + 7, base_page());
  BOOST_TEST(count_untouched(p.data(), p.bytes()) == 8U);
  BOOST_TEST(check(p.data(), p.bytes(), placement::bind({some_node()})));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written_is_an_error_and_no_signal) {
  const mapping m(1_MiB, {.access = access::read_only});
  BOOST_CHECK_EXCEPTION(prefault(m.data(), m.size()), error, with_code(errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(rejects_unmapped_ranges) {
  const torn t;
  BOOST_CHECK_EXCEPTION(prefault(t.data(), t.bytes()), error, with_code(errc::not_mapped));
  std::error_code ec;
  prefault(t.data(), t.bytes(), ec);
  BOOST_TEST(ec == errc::not_mapped);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(migrate)
using acre::check;
using acre::locate;
using acre::migrate;

BOOST_AUTO_TEST_CASE(pages_in_place_stay_and_the_policy_is_installed) {
  const pages p(20);
  for (std::size_t i = 0; i < 5; ++i) p.touch(i);
  const node_set here = locate(p.data(), p.bytes()).nodes();
  const migration m = migrate(p.data(), p.bytes(), placement::bind(here));
  BOOST_TEST(m.in_place == 5U);
  BOOST_TEST(m.untouched == 15U);
  BOOST_TEST(m.failed() == 0U);
  BOOST_TEST(check(p.data(), p.bytes(), placement::bind(here)));
}

BOOST_AUTO_TEST_CASE(rejects_bad_ranges_and_nodes) {
  const pages p(2);
  const torn t;
  BOOST_CHECK_EXCEPTION(migrate(t.data(), t.bytes(), placement::bind({some_node()})), error,
                        with_code(errc::not_mapped));
  BOOST_CHECK_EXCEPTION(migrate(p.at(0) + 1, 10, placement::bind({some_node()})), error,
                        with_code(errc::invalid_size).saying("no whole page").saying(" 10 bytes at 0x"));
  BOOST_CHECK_EXCEPTION(migrate(p.data(), p.bytes(), placement::bind({1000})), error,
                        with_code(errc::unknown_node));
}

BOOST_AUTO_TEST_CASE(leaves_the_pages_at_the_ends_of_a_vector_to_others) {
  std::vector<char> data(8 * base_page() + 100, 1);
  const migration m = migrate(data.data(), data.size(), placement::prefer({some_node()}));
  BOOST_TEST_INFO(m);
  const bool starts_page = reinterpret_cast<std::uintptr_t>(data.data()) % base_page() == 0;
  BOOST_TEST((m.left_out != 0 || starts_page));
  BOOST_TEST(m.moved + m.in_place + m.failed() == (data.size() - m.left_out + base_page() - 1) / base_page());
  BOOST_TEST((m.to_string().find("left out") != std::string::npos) == (m.left_out != 0));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
