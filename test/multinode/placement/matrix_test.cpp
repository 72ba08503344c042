// Every placement x page kind x sharing x commit, touched from the CPUs of every node, counted by the kernel.
#include <acre/area.hpp>
#include <acre/check.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "multinode/model.hpp"
#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/named_cases.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::array page_kinds{page_kind::system, page_kind::transparent_huge, page_kind::huge_2mb};

std::string name_of(page_kind kind) {
  return kind == page_kind::system ? "base_pages" : std::string(to_string(kind));
}

/// In the order of samples() * page_kinds.
std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const sample& s : samples()) {
    for (page_kind kind : page_kinds) names.push_back(s.name + "_" + name_of(kind));
  }
  return names;
}

/// A placement on this machine, in pages of one kind.
class placed_pages {
 public:
  placed_pages(const sample& s, page_kind kind) : placed_pages(s, kind, usable_list()) {}

  const placement& where() const { return x_expected.where; }

  /// Enough for a round of the nodes and a rest.
  std::size_t enough_units() const { return x_enough; }

  area_options options(sharing who, commit when) const {
    area_options o;
    o.page_kind = x_kind;
    o.fallback = page_fallback::strict;
    o.sharing = who;
    o.commit = when;
    return o;
  }

  void map_touch_and_count(std::size_t units, const area_options& options) const {
    // Not a whole number of base pages: the last one counts whole.
    const std::size_t bytes = units * x_unit - (x_kind == page_kind::system ? 7 : 0);
    const std::size_t base_pages = units * x_unit / base_page();
    area a(where(), options);
    void* p = a.allocate(bytes, base_page());
    BOOST_TEST_REQUIRE(reinterpret_cast<std::uintptr_t>(p) % x_unit == 0U);
    const bool lazy = options.commit == commit::lazy;
    BOOST_TEST(count_untouched(p, bytes) == (lazy ? base_pages : 0U));
    touch_in_turn(p, bytes, x_unit);
    expectation expected = x_expected;
    expected.made = !lazy && options.sharing == sharing::process &&
                    (x_kind == page_kind::system || x_kind == page_kind::transparent_huge);
    expect_located_right(p, bytes, expect_as_modelled(expected, p, bytes, x_unit, lazy));
    BOOST_TEST(a.check_block(p, bytes));
    BOOST_TEST(check(p, bytes, where(), {x_unit}));
    const area_status status = a.status();
    BOOST_TEST_CONTEXT(status) {
      BOOST_TEST(status.allocations.at(static_cast<std::size_t>(x_kind)) == 1U);
      BOOST_TEST(status.as_asked());
    }
    a.deallocate(p, bytes, base_page());
    BOOST_TEST(a.status().blocks == 0U);
  }

 private:
  placed_pages(const sample& s, page_kind kind, const std::vector<unsigned>& usable)
      : x_kind(kind),
        x_unit(page_size(kind)),
        x_enough(kind == page_kind::system ? 67 : std::min<std::size_t>(usable.size() + 3, 8)),
        x_expected(s.make(usable, x_unit)) {}

  page_kind x_kind;
  std::size_t x_unit;
  std::size_t x_enough;
  expectation x_expected;
};

BOOST_AUTO_TEST_SUITE(placements, *named_cases(case_names()))

BOOST_DATA_TEST_CASE(lie_as_placed, boost::unit_test::data::make(samples()) * page_kinds, wanted, kind) {
  const placed_pages pages(wanted, kind);
  if (pages.where().strategy() == strategy::weighted_by_system && !knows_policy(mpol::weighted)) {
    BOOST_CHECK_EXCEPTION(area a(pages.where()), error, with_code(errc::unsupported_placement));
    return;
  }
  // Made once before, so that what the library keeps for itself is there.
  pages.map_touch_and_count(1, pages.options(sharing::process, commit::lazy));
  const std::size_t mappings = count_mappings();
  for (sharing who : {sharing::process, sharing::shared}) {
    const bool has_pages =
        kind != page_kind::transparent_huge || who == sharing::process || allow_shared_huge_pages();
    for (commit when : {commit::lazy, commit::eager}) {
      BOOST_TEST_CONTEXT((who == sharing::shared ? "shared " : "process ")
                         << (when == commit::lazy ? "lazy" : "eager")) {
        if (!has_pages) {
          BOOST_CHECK_EXCEPTION(area a(pages.where(), pages.options(who, when)), error,
                                with_code(errc::no_huge_pages));
          continue;
        }
        pages.map_touch_and_count(pages.enough_units(), pages.options(who, when));
      }
    }
  }
  BOOST_TEST(count_mappings() <= mappings + 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
