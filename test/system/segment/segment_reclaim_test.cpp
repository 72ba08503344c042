// shared_segment: all comes back.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/mapping.hpp>
#include <acre/shared_segment.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstddef>

#include "support/comes_true.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/mappings.hpp"
#include "support/named_cases.hpp"
#include "support/print.hpp"
#include "support/segments.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(reclaimed_segments, *named_cases(all_ways))

BOOST_DATA_TEST_CASE(leave_no_memory_no_mapping_and_no_descriptor_behind, all_ways, w) {
  constexpr int rounds = 100;
  constexpr std::size_t bytes = 16_MiB;
  const std::size_t step = 4 * base_page();
  // All that is lost in the rounds is four times this; others use the machine, too.
  constexpr std::size_t tolerance = rounds * bytes / 4 / 4;
  const placement where = placement::bind({topology::system().default_nodes().first()});
  { segment_maker(w).make(bytes, where); }
  const no_new_mappings mappings;
  const std::size_t descriptors = count_descriptors();
  const std::size_t memory = meminfo("Shmem");
  for (int n = 0; n < rounds; ++n) {
    segment_maker maker(w);
    shared_segment s = maker.make(bytes, where);
    for (std::size_t at = 0; at < bytes; at += step) static_cast<char*>(s.data())[at] = 1;
    if (n % 2 == 0) {
      s.detach();
    } else {
      const shared_segment t = again(s);
      BOOST_TEST(static_cast<char*>(t.data())[bytes - step] == 1);
    }
    if (w == way::posix || w == way::sysv_key) {
      BOOST_TEST_REQUIRE(shared_segment::remove(maker.name(), maker.found_by()));
    } else if (w == way::sysv_private && s) {
      BOOST_TEST_REQUIRE(shared_segment::remove_id(s.id()));
    }
  }
  BOOST_TEST(count_descriptors() == descriptors);
  // What others have goes again.
  BOOST_TEST_INFO(meminfo("Shmem") << " bytes at the end, " << memory << " before");
  BOOST_TEST(comes_true([&] { return meminfo("Shmem") <= memory + tolerance; }));
}

BOOST_DATA_TEST_CASE(that_could_not_be_made_leave_nothing_either, all_ways, w) {
  segment_maker maker(w);
  const mapping taken(4096);
  const no_new_mappings mappings;
  const std::size_t descriptors = count_descriptors();
  const std::size_t memory = meminfo("Shmem");
  constexpr int rounds = 100;
  for (int n = 0; n < rounds; ++n) {
    // The pages are there already when the address turns out to be taken.
    BOOST_CHECK_EXCEPTION(
        maker.make(16_MiB, placement::local(), {.commit = commit::eager, .address = taken.data()}), error,
        with_code(errc::address_in_use));
  }
  BOOST_TEST(count_descriptors() == descriptors);
  BOOST_TEST_INFO(meminfo("Shmem") << " bytes at the end, " << memory << " before");
  BOOST_TEST(comes_true([&] { return meminfo("Shmem") <= memory + rounds * 16_MiB / 4; }));
  BOOST_TEST(maker.make(4096));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
