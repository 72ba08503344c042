// shared_segment: all comes back.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/mapping.hpp>
#include <acre/shared_segment.hpp>

#include <gtest/gtest.h>

#include "support/kernel.hpp"
#include "support/mappings.hpp"
#include "support/sanitizers.hpp"
#include "support/segments.hpp"
#include "support/throws.hpp"

namespace acre {
namespace {

using test::segment_maker;
using test::way;

class reclaimed_segments : public testing::TestWithParam<way> {};
INSTANTIATE_TEST_SUITE_P(of, reclaimed_segments, testing::ValuesIn(test::all_ways),
                         testing::PrintToStringParamName());

TEST_P(reclaimed_segments, leave_no_memory_no_mapping_and_no_descriptor_behind) {
  constexpr int rounds = test::sanitized ? 100 : 1000;
  constexpr std::size_t bytes = 16_MiB;
  const std::size_t step = 4 * test::base_page();
  // All that is lost in the rounds is four times this; others use the machine, too.
  constexpr std::size_t tolerance = rounds * bytes / 4 / 4;
  const placement where = placement::bind({topology::system().default_nodes().first()});
  { segment_maker(GetParam()).make(bytes, where); }
  const test::no_new_mappings mappings;
  const std::size_t descriptors = test::count_descriptors();
  const std::size_t memory = test::meminfo("Shmem");
  for (int n = 0; n < rounds; ++n) {
    segment_maker maker(GetParam());
    shared_segment s = maker.make(bytes, where);
    for (std::size_t at = 0; at < bytes; at += step) static_cast<char*>(s.data())[at] = 1;
    if (n % 2 == 0) {
      s.detach();
    } else {
      const shared_segment t = test::again(s);
      EXPECT_EQ(static_cast<char*>(t.data())[bytes - step], 1);
    }
    if (GetParam() == way::posix || GetParam() == way::sysv_key) {
      ASSERT_TRUE(shared_segment::remove(maker.name(), maker.found_by()));
    } else if (GetParam() == way::sysv_private && s) {
      ASSERT_TRUE(shared_segment::remove_id(s.id()));
    }
  }
  EXPECT_EQ(test::count_descriptors(), descriptors);
  EXPECT_LE(test::meminfo("Shmem"), memory + tolerance);
}

TEST_P(reclaimed_segments, that_could_not_be_made_leave_nothing_either) {
  segment_maker maker(GetParam());
  const mapping taken(4096);
  const test::no_new_mappings mappings;
  const std::size_t descriptors = test::count_descriptors();
  const std::size_t memory = test::meminfo("Shmem");
  constexpr int rounds = 100;
  for (int n = 0; n < rounds; ++n) {
    // The pages are there already when the address turns out to be taken.
    EXPECT_EQ(test::code_thrown([&] {
                maker.make(16_MiB, placement::local(), {.commit = commit::eager, .address = taken.data()});
              }),
              errc::address_in_use);
  }
  EXPECT_EQ(test::count_descriptors(), descriptors);
  EXPECT_LE(test::meminfo("Shmem"), memory + rounds * 16_MiB / 4);
  EXPECT_TRUE(maker.make(4096));
}

}  // namespace
}  // namespace acre
