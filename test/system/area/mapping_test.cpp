// mapping on this machine's kernel.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/locate.hpp>
#include <acre/mapping.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/mappings.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

/// A memfd of so many pages, each filled with its number.
class numbered_file {
 public:
  explicit numbered_file(std::size_t pages) : x_fd(::memfd_create("acre test", MFD_CLOEXEC)) {
    std::string page(base_page(), '\0');
    for (std::size_t i = 0; i < pages; ++i) {
      std::memset(page.data(), static_cast<int>('0' + i), page.size());
      BOOST_TEST(::write(x_fd, page.data(), page.size()) == static_cast<ssize_t>(page.size()));
    }
  }
  ~numbered_file() { ::close(x_fd); }
  int fd() const { return x_fd; }

 private:
  int x_fd;
};

BOOST_AUTO_TEST_SUITE(mapping)
using acre::mapping;

BOOST_AUTO_TEST_CASE(has_whole_pages_that_are_zero_and_writable) {
  mapping m(10'000);
  BOOST_TEST(m.size() % base_page() == 0U);
  BOOST_TEST(m.size() >= 10'000U);
  auto* bytes = static_cast<char*>(m.data());
  BOOST_TEST(bytes[m.size() - 1] == 0);
  std::memset(bytes, 1, m.size());
}

BOOST_AUTO_TEST_CASE(unmaps_at_the_end_of_its_life) {
  const no_new_mappings check;
  {
    // Of another kind than its neighbours, so that the kernel cannot merge it with them.
    const mapping m(1_MiB, {.access = access::read_only});
    BOOST_TEST(static_cast<bool>(m));
  }
}

BOOST_AUTO_TEST_CASE(moves_leave_nothing_behind) {
  mapping a(4096);
  void* const p = a.data();
  mapping b(std::move(a));
  BOOST_TEST(!a);
  BOOST_TEST(b.data() == p);
  mapping c(8192);
  c = std::move(b);
  BOOST_TEST(c.data() == p);
  auto& same = c;
  c = std::move(same);
  BOOST_TEST(c.data() == p);
}

BOOST_AUTO_TEST_CASE(unmapping_twice_is_an_error) {
  mapping m(4096);
  m.unmap();
  BOOST_CHECK_EXCEPTION(m.unmap(), error, with_code(errc::not_mapped));
}

BOOST_AUTO_TEST_CASE(release_hands_the_range_over) {
  mapping m(4096);
  const std::size_t size = m.size();
  void* const p = m.release();
  BOOST_TEST(!m);
  static_cast<char*>(p)[0] = 1;
  BOOST_TEST(::munmap(p, size) == 0);
}

BOOST_AUTO_TEST_CASE(aligns_above_the_page_size) {
  const no_new_mappings check;
  for (std::size_t a = 1; a <= 1_GiB; a *= 2) {
    const mapping m(12'345, {.alignment = a});
    BOOST_TEST_CONTEXT("aligned to " << a) {
      BOOST_TEST(reinterpret_cast<std::uintptr_t>(m.data()) % a == 0U);
      BOOST_TEST(m.size() <= 12'345 + base_page());
    }
  }
}

BOOST_AUTO_TEST_CASE(rejects_bad_sizes_and_alignments) {
  const no_new_mappings check;
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  BOOST_CHECK_EXCEPTION(mapping m(0), error, with_code(errc::invalid_size));
  for (std::size_t bytes : {most, most - 7, most - 4095, most / 2 + 2}) {
    BOOST_TEST_INFO(bytes << " bytes");
    BOOST_CHECK_EXCEPTION(mapping m(bytes), error, with_code(errc::invalid_size));
  }
  BOOST_CHECK_EXCEPTION(mapping m(4096, {.alignment = 3}), error, with_code(errc::invalid_alignment));
  BOOST_CHECK_EXCEPTION(mapping m(4096, {.alignment = std::size_t{1} << 63}), allocation_error,
                        with_code(errc::out_of_memory));
  BOOST_CHECK_EXCEPTION(mapping m(std::size_t{1} << 60), allocation_error, with_code(errc::out_of_memory));
}

BOOST_AUTO_TEST_CASE(an_exact_address_in_use_is_an_error_and_keeps_what_is_there) {
  mapping first(2 * base_page());
  std::memset(first.data(), 7, first.size());
  const mapping_options taken{.address = first.data(), .use = address_use::exact};
  BOOST_CHECK_EXCEPTION(mapping m(base_page(), taken), error, with_code(errc::address_in_use));
  BOOST_TEST(static_cast<char*>(first.data())[0] == 7);
}

BOOST_AUTO_TEST_CASE(an_exact_address_is_taken_when_free) {
  void* where = nullptr;
  {
    const mapping probe(64_MiB);
    where = static_cast<char*>(probe.data()) + 32_MiB;
  }
  const mapping m(1_MiB, {.address = where, .use = address_use::exact});
  BOOST_TEST(m.data() == where);
  const mapping_options odd{.address = static_cast<char*>(where) + 1, .use = address_use::exact};
  BOOST_CHECK_EXCEPTION(mapping x(4096, odd), error, with_code(errc::invalid_alignment));
  BOOST_CHECK_EXCEPTION(mapping x(4096, {.use = address_use::exact}), error,
                        with_code(errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(maps_a_file_from_an_offset) {
  const numbered_file file(4);
  const mapping m(2 * base_page(), {.sharing = sharing::shared, .file = file.fd(), .offset = base_page()});
  BOOST_TEST(static_cast<char*>(m.data())[0] == '1');
  BOOST_TEST(static_cast<char*>(m.data())[base_page()] == '2');
}

BOOST_AUTO_TEST_CASE(a_file_mapping_can_be_aligned_too) {
  const numbered_file file(4);
  const mapping m(base_page(), {.alignment = 2_MiB, .file = file.fd(), .offset = 2 * base_page()});
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(m.data()) % 2_MiB == 0U);
  BOOST_TEST(static_cast<char*>(m.data())[0] == '2');
}

BOOST_AUTO_TEST_CASE(rejects_bad_files_and_offsets) {
  const numbered_file file(1);
  BOOST_CHECK_EXCEPTION(mapping m(4096, {.file = file.fd(), .offset = 100}), error,
                        with_code(errc::invalid_alignment));
  BOOST_CHECK_EXCEPTION(mapping m(4096, {.file = 987'654}), error, with_code(errc::invalid_argument));
  const int directory = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const mapping_options of_directory{.access = access::read_only, .file = directory};
  BOOST_CHECK_EXCEPTION(mapping m(4096, of_directory), error, with_code(errc::invalid_argument));
  ::close(directory);
}

BOOST_AUTO_TEST_CASE(rejects_names_the_kernel_would_reject) {
  BOOST_CHECK_EXCEPTION(mapping m(4096, {.name = std::string(80, 'x')}), error,
                        with_code(errc::invalid_argument));
  for (const char* name : {"a[b", "a]b", "a\\b", "a$b", "a`b", "tab\t", "\x7f"}) {
    BOOST_TEST_INFO("'" << name << "'");
    BOOST_CHECK_EXCEPTION(mapping m(4096, {.name = name}), error, with_code(errc::invalid_argument));
  }
  const mapping fine(4096, {.name = std::string(79, 'x')});
}

BOOST_AUTO_TEST_CASE(huge_pages_that_are_not_there_are_an_error) {
  // No machine has a spare petabyte in its pool.
  const mapping_options huge{.page_kind = page_kind::huge_2mb};
  BOOST_CHECK_EXCEPTION(mapping m(std::size_t{1} << 46, huge), allocation_error,
                        with_code(errc::no_huge_pages));
}

BOOST_AUTO_TEST_CASE(transparent_huge_mappings_start_where_huge_pages_can) {
  const mapping m(5_MiB, {.page_kind = page_kind::transparent_huge});
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(m.data()) % 2_MiB == 0U);
  BOOST_TEST(m.size() == 5_MiB);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
