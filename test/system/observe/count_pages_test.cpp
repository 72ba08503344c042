// What is counted of a range, and what is noted of each of its pages, against the kernel's own word on each.
#include "observe/count_pages.hpp"

#include <acre/bytes.hpp>
#include <acre/check.hpp>
#include <acre/locate.hpp>
#include <acre/mapping.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/mman.h>
#include <sys/syscall.h>

#include <array>
#include <cstring>
#include <vector>

#include "support/child.hpp"
#include "support/kernel.hpp"

namespace acre::test {
namespace {

/// 16 MiB: huge pages, base pages with holes, pages that were only read, and huge pages again.
class mixed_memory {
 public:
  mixed_memory() : x_mapping(16_MiB, {.page_kind = page_kind::transparent_huge}) {
    std::memset(at(0), 1, 4_MiB);
    ::madvise(at(4_MiB), 4_MiB, MADV_NOHUGEPAGE);
    for (std::size_t byte = 4_MiB; byte < 8_MiB; byte += 3 * base_page()) *at(byte) = 1;
    for (std::size_t byte = 4_MiB + base_page(); byte < 5_MiB; byte += 3 * base_page()) {
      BOOST_TEST(*static_cast<volatile char*>(at(byte)) == 0);
    }
    std::memset(at(12_MiB), 1, 2_MiB);
  }
  char* at(std::size_t byte) const { return static_cast<char*>(x_mapping.data()) + byte; }

 private:
  mapping x_mapping;
};

void expect_counted(const mixed_memory& memory, std::size_t from, std::size_t to) {
  char* const p = memory.at(from);
  const std::size_t bytes = to - from;
  const auto begin = reinterpret_cast<std::uintptr_t>(p);
  std::vector<int> noted(bytes / base_page(), -1000);
  const residency counted = acre::count_pages(page_range{begin, begin + bytes, base_page()}, noted);

  const std::vector<int> wanted = page_nodes(p, bytes);
  BOOST_TEST_REQUIRE(noted.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const bool same = wanted[i] < 0 ? noted[i] < 0 && noted[i] != -1000 : noted[i] == wanted[i];
    BOOST_TEST_REQUIRE(same, "page " << i << ": " << noted[i] << " instead of " << wanted[i]);
  }
  BOOST_TEST(counted.pages == wanted.size());
  BOOST_TEST(counted.untouched == test::count_untouched(p, bytes));
  for (const auto& [node, pages] : test::count_pages(p, bytes)) BOOST_TEST(counted.on(node) == pages);
  BOOST_TEST(counted.hugetlb == 0U);
  // The same with or without notes, and whoever asks.
  BOOST_TEST((acre::count_pages(page_range{begin, begin + bytes, base_page()}) == counted));
  BOOST_TEST((locate(p, bytes) == counted));
  BOOST_TEST((check(p, bytes, placement::local()).where == counted));
}

void expect_mixed_memory_counted() {
  const mixed_memory memory;
  expect_counted(memory, 0, 16_MiB);
  // Within huge pages, and from within one to within another.
  expect_counted(memory, 12_MiB + 5 * base_page(), 12_MiB + 9 * base_page());
  expect_counted(memory, 2_MiB + 7 * base_page(), 14_MiB - base_page());
}

BOOST_AUTO_TEST_SUITE(pages_counted)

BOOST_AUTO_TEST_CASE(are_those_that_the_kernel_tells_one_by_one) { expect_mixed_memory_counted(); }

BOOST_AUTO_TEST_CASE(are_the_same_on_kernels_that_do_not_tell_page_sizes) {
  in_child([] {
    refuse_procmap_query();
    expect_mixed_memory_counted();
  });
}

BOOST_AUTO_TEST_CASE(are_the_same_where_the_kernel_does_not_tell_which_are_huge) {
  in_child([] {
    refuse_calls(std::array<long, 1>{SYS_ioctl}, answer::enosys);
    expect_mixed_memory_counted();
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
