#include "pool/page_source.hpp"

#include <acre/bytes.hpp>

#include <gtest/gtest.h>

#include <cstddef>

namespace acre::test {
namespace {

TEST(page_source, discards_whole_units_and_whole_pages) {
  struct {
    std::size_t base_page, granule;
  } const cases[] = {{4_KiB, 8_KiB}, {8_KiB, 8_KiB}, {16_KiB, 16_KiB}, {64_KiB, 64_KiB}};
  for (const auto& c : cases) {
    EXPECT_EQ(discard_granule_of(page_kind::system, c.base_page), c.granule);
    EXPECT_EQ(discard_granule_of(page_kind::transparent_huge, c.base_page), 2_MiB);
    EXPECT_EQ(discard_granule_of(page_kind::huge_2mb, c.base_page), 0U);
    EXPECT_EQ(discard_granule_of(page_kind::huge_1gb, c.base_page), 0U);
    EXPECT_EQ(small_slab_granule(2_MiB, c.base_page), c.granule);
    EXPECT_EQ(small_slab_granule(c.granule, c.base_page), c.granule);
    EXPECT_EQ(small_slab_granule(0, c.base_page), 0U) << "nothing can be discarded";
  }
}

}  // namespace
}  // namespace acre::test
