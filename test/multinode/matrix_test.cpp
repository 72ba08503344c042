// Every placement x page kind x sharing x commit, touched from the CPUs of every node, counted by the kernel.
#include <gtest/gtest.h>
#include <acre/area.hpp>
#include <acre/check.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "multinode/model.hpp"
#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {
namespace {

class matrix : public testing::TestWithParam<std::tuple<sample, page_kind>> {
 protected:
  page_kind kind() const { return std::get<page_kind>(GetParam()); }
  std::size_t unit_size() const { return page_size(kind()); }

  /// Enough for a round of the nodes and a rest.
  std::size_t units() const {
    return kind() == page_kind::system ? 67 : std::min<std::size_t>(usable_nodes().size() + 3, 8);
  }

  /// Not a whole number of base pages: the last one counts whole.
  std::size_t bytes() const { return units() * unit_size() - (kind() == page_kind::system ? 7 : 0); }

  expectation expected() const { return std::get<sample>(GetParam()).make(usable_list(), unit_size()); }

  area_options options(sharing who, commit when) const {
    area_options o;
    o.pages = kind();
    o.fallback = page_fallback::strict;
    o.sharing = who;
    o.commit = when;
    return o;
  }

  void map_touch_and_count(const expectation& expected, const area_options& options) {
    area a(expected.where, options);
    void* p = a.allocate(bytes(), base_page());
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(p) % unit_size(), 0U);
    const bool lazy = options.commit == commit::lazy;
    EXPECT_EQ(count_untouched(p, bytes()), lazy ? page_nodes(p, bytes()).size() : 0U);
    touch_in_turn(p, bytes(), unit_size());
    expect_as_modelled(expected, p, bytes(), unit_size(), lazy);
    expect_located_right(p, bytes());
    const check_result block = a.check_block(p, bytes());
    EXPECT_TRUE(block.ok()) << block;
    const check_result range = check(expected.where, p, bytes(), {unit_size()});
    EXPECT_TRUE(range.ok()) << range;
    EXPECT_EQ(a.status().allocations.at(static_cast<std::size_t>(kind())), 1U) << a.status();
    EXPECT_TRUE(a.status().as_asked()) << a.status();
    a.deallocate(p, bytes(), base_page());
    EXPECT_EQ(a.status().blocks, 0U);
  }
};

TEST_P(matrix, lies_as_placed) {
  const expectation what = expected();
  if (what.where.strategy() == strategy::weighted_by_system && !knows_policy(mpol::weighted)) {
    EXPECT_EQ(code_of([&] { area a(what.where); }), errc::unsupported_placement);
    return;
  }
  // Made once before, so that what the library keeps for itself is there.
  map_touch_and_count(what, options(sharing::process, commit::lazy));
  const std::size_t mappings = count_mappings();
  for (sharing who : {sharing::process, sharing::shared}) {
    for (commit when : {commit::lazy, commit::eager}) {
      SCOPED_TRACE(std::string(who == sharing::shared ? "shared " : "process ") +
                   (when == commit::lazy ? "lazy" : "eager"));
      if (kind() == page_kind::transparent_huge && who == sharing::shared && !allow_shared_huge_pages()) {
        EXPECT_EQ(code_of([&] { area a(what.where, options(who, when)); }), errc::no_huge_pages);
        continue;
      }
      map_touch_and_count(what, options(who, when));
    }
  }
  EXPECT_LE(count_mappings(), mappings + 1);
}

std::string name_of(page_kind kind) {
  switch (kind) {
    case page_kind::system:
      return "base_pages";
    case page_kind::transparent_huge:
      return "transparent_huge";
    case page_kind::huge_2mb:
      return "huge_2mb";
    case page_kind::huge_1gb:
      return "huge_1gb";
  }
  return "unknown";
}

INSTANTIATE_TEST_SUITE_P(
    placements, matrix,
    testing::Combine(testing::ValuesIn(samples()),
                     testing::Values(page_kind::system, page_kind::transparent_huge, page_kind::huge_2mb)),
    [](const auto& test) { return std::get<0>(test.param).name + "_" + name_of(std::get<1>(test.param)); });

}  // namespace
}  // namespace acre::test
