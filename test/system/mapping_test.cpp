// mapping on this machine's kernel.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/locate.hpp>
#include <acre/mapping.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

#include "support/kernel.hpp"
#include "support/mappings.hpp"
#include "support/throws.hpp"

namespace acre {
namespace {

using test::code_thrown;
using test::no_new_mappings;

/// A memfd of so many pages, each filled with its number.
class numbered_file {
 public:
  explicit numbered_file(std::size_t pages) : x_fd(::memfd_create("acre test", MFD_CLOEXEC)) {
    std::string page(test::base_page(), '\0');
    for (std::size_t i = 0; i < pages; ++i) {
      std::memset(page.data(), static_cast<int>('0' + i), page.size());
      EXPECT_EQ(::write(x_fd, page.data(), page.size()), static_cast<ssize_t>(page.size()));
    }
  }
  ~numbered_file() { ::close(x_fd); }
  int fd() const { return x_fd; }

 private:
  int x_fd;
};

TEST(mapping, has_whole_pages_that_are_zero_and_writable) {
  mapping m(10'000);
  EXPECT_EQ(m.size() % test::base_page(), 0U);
  EXPECT_GE(m.size(), 10'000U);
  auto* bytes = static_cast<char*>(m.data());
  EXPECT_EQ(bytes[m.size() - 1], 0);
  std::memset(bytes, 1, m.size());
}

TEST(mapping, unmaps_at_the_end_of_its_life) {
  const no_new_mappings check;
  {
    // Of another kind than its neighbours, so that the kernel cannot merge it with them.
    const mapping m(1_MiB, {.access = access::read_only});
    EXPECT_TRUE(m);
  }
}

TEST(mapping, moves_leave_nothing_behind) {
  mapping a(4096);
  void* const p = a.data();
  mapping b(std::move(a));
  EXPECT_FALSE(a);
  EXPECT_EQ(b.data(), p);
  mapping c(8192);
  c = std::move(b);
  EXPECT_EQ(c.data(), p);
  auto& same = c;
  c = std::move(same);
  EXPECT_EQ(c.data(), p);
}

TEST(mapping, unmapping_twice_is_an_error) {
  mapping m(4096);
  m.unmap();
  EXPECT_EQ(code_thrown([&] { m.unmap(); }), errc::not_mapped);
}

TEST(mapping, release_hands_the_range_over) {
  mapping m(4096);
  const std::size_t size = m.size();
  void* const p = m.release();
  EXPECT_FALSE(m);
  static_cast<char*>(p)[0] = 1;
  EXPECT_EQ(::munmap(p, size), 0);
}

TEST(mapping, aligns_above_the_page_size) {
  const no_new_mappings check;
  for (std::size_t a = 1; a <= 1_GiB; a *= 2) {
    const mapping m(12'345, {.alignment = a});
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(m.data()) % a, 0U) << a;
    EXPECT_LE(m.size(), 12'345 + test::base_page());
  }
}

TEST(mapping, rejects_bad_sizes_and_alignments) {
  const no_new_mappings check;
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(code_thrown([] { mapping m(0); }), errc::invalid_size);
  for (std::size_t bytes : {most, most - 7, most - 4095, most / 2 + 2}) {
    EXPECT_EQ(code_thrown([&] { mapping m(bytes); }), errc::invalid_size) << bytes;
  }
  EXPECT_EQ(code_thrown([] { mapping m(4096, {.alignment = 3}); }), errc::invalid_alignment);
  EXPECT_EQ(code_thrown([] { mapping m(4096, {.alignment = std::size_t{1} << 63}); }), errc::out_of_memory);
  EXPECT_EQ(code_thrown([] { mapping m(std::size_t{1} << 60); }), errc::out_of_memory);
}

TEST(mapping, an_exact_address_in_use_is_an_error_and_keeps_what_is_there) {
  mapping first(2 * test::base_page());
  std::memset(first.data(), 7, first.size());
  EXPECT_EQ(code_thrown(
                [&] { mapping m(test::base_page(), {.address = first.data(), .use = address_use::exact}); }),
            errc::address_in_use);
  EXPECT_EQ(static_cast<char*>(first.data())[0], 7);
}

TEST(mapping, an_exact_address_is_taken_when_free) {
  void* where = nullptr;
  {
    const mapping probe(64_MiB);
    where = static_cast<char*>(probe.data()) + 32_MiB;
  }
  const mapping m(1_MiB, {.address = where, .use = address_use::exact});
  EXPECT_EQ(m.data(), where);
  EXPECT_EQ(code_thrown([&] {
              mapping x(4096, {.address = static_cast<char*>(where) + 1, .use = address_use::exact});
            }),
            errc::invalid_alignment);
  EXPECT_EQ(code_thrown([] { mapping x(4096, {.use = address_use::exact}); }), errc::invalid_argument);
}

TEST(mapping, maps_a_file_from_an_offset) {
  const numbered_file file(4);
  const mapping m(2 * test::base_page(),
                  {.sharing = sharing::shared, .file = file.fd(), .offset = test::base_page()});
  EXPECT_EQ(static_cast<char*>(m.data())[0], '1');
  EXPECT_EQ(static_cast<char*>(m.data())[test::base_page()], '2');
}

TEST(mapping, a_file_mapping_can_be_aligned_too) {
  const numbered_file file(4);
  const mapping m(test::base_page(),
                  {.alignment = 2_MiB, .file = file.fd(), .offset = 2 * test::base_page()});
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(m.data()) % 2_MiB, 0U);
  EXPECT_EQ(static_cast<char*>(m.data())[0], '2');
}

TEST(mapping, rejects_bad_files_and_offsets) {
  const numbered_file file(1);
  EXPECT_EQ(code_thrown([&] { mapping m(4096, {.file = file.fd(), .offset = 100}); }),
            errc::invalid_alignment);
  EXPECT_EQ(code_thrown([] { mapping m(4096, {.file = 987'654}); }), errc::invalid_argument);
  const int directory = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  EXPECT_EQ(code_thrown([&] { mapping m(4096, {.access = access::read_only, .file = directory}); }),
            errc::invalid_argument);
  ::close(directory);
}

TEST(mapping, rejects_names_the_kernel_would_reject) {
  EXPECT_EQ(code_thrown([] { mapping m(4096, {.name = std::string(80, 'x')}); }), errc::invalid_argument);
  for (const char* name : {"a[b", "a]b", "a\\b", "a$b", "a`b", "tab\t", "\x7f"}) {
    EXPECT_EQ(code_thrown([&] { mapping m(4096, {.name = name}); }), errc::invalid_argument) << name;
  }
  const mapping fine(4096, {.name = std::string(79, 'x')});
}

TEST(mapping, huge_pages_that_are_not_there_are_an_error) {
  // No machine has a spare petabyte in its pool.
  EXPECT_EQ(code_thrown([] { mapping m(std::size_t{1} << 46, {.pages = page_kind::huge_2mb}); }),
            errc::no_huge_pages);
}

TEST(mapping, transparent_huge_mappings_start_where_huge_pages_can) {
  const mapping m(5_MiB, {.pages = page_kind::transparent_huge});
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(m.data()) % 2_MiB, 0U);
  EXPECT_EQ(m.size(), 5_MiB);
}

}  // namespace
}  // namespace acre
