// migrate: huge pages that a placement cuts, and pages that belong to more than this process.
#include <acre/area.hpp>
#include <acre/check.hpp>
#include <acre/locate.hpp>
#include <acre/migrate.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "multinode/held_pages.hpp"
#include "multinode/touch.hpp"
#include "multinode/two_nodes.hpp"
#include "multinode/verify.hpp"
#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/named_cases.hpp"
#include "support/preconditions.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/require.hpp"

namespace acre::test {
namespace {

constexpr std::size_t huge = std::size_t{2} << 20;

/// Two huge pages on the first node, as far as the kernel has huge ones.
struct huge_block : two_nodes {
  std::size_t page = base_page();
  std::size_t bytes = 2 * huge;
  area from{placement::bind({first}), {.page_kind = page_kind::transparent_huge}};
  char* p = static_cast<char*>(from.allocate(bytes));

  huge_block() { sign_pages(p, bytes); }
  ~huge_block() { from.deallocate(p, bytes); }
};

BOOST_FIXTURE_TEST_SUITE(migration_of_huge_pages, huge_block)

BOOST_AUTO_TEST_CASE(divides_those_whose_pages_go_to_different_nodes) {
  const std::size_t chunk = 16 * page;
  const placement where = placement::interleave({first, second}, chunk);
  const migration done = migrate(p, bytes, where);
  BOOST_TEST_INFO(done);
  BOOST_TEST(done.moved == bytes / page / 2);
  BOOST_TEST(done.in_place == bytes / page / 2);
  BOOST_TEST(done.failed() == 0U);
  for (std::size_t at = 0; at < bytes; at += chunk)
    expect_all_on(at / chunk % 2 == 0 ? first : second, p + at, chunk);
  BOOST_TEST(check(p, bytes, where));
  BOOST_TEST(pages_are_signed(p, bytes));
}

BOOST_AUTO_TEST_CASE(in_part_leaves_the_rest_where_it_is) {
  const migration done = migrate(p + huge / 2, huge, placement::bind({second}));
  BOOST_TEST_INFO(done);
  BOOST_TEST(done.moved == huge / page);
  expect_all_on(first, p, huge / 2);
  expect_all_on(second, p + huge / 2, huge);
  expect_all_on(first, p + huge + huge / 2, huge / 2);
  BOOST_TEST(pages_are_signed(p, bytes));
}

// Linux 6.12 gives zeros back when it divides huge pages; those of others were promised to be there.
BOOST_AUTO_TEST_CASE(in_part_leaves_zeros_beside_it_where_they_are) {
  area eager(placement::bind({first}), {.page_kind = page_kind::transparent_huge, .commit = commit::eager});
  char* const zeros = static_cast<char*>(eager.allocate(bytes));
  migrate(zeros + huge / 2, huge, placement::bind({second}));
  expect_all_on(first, zeros, huge / 2);
  expect_all_on(first, zeros + huge + huge / 2, huge / 2);
  eager.deallocate(zeros, bytes);
}

BOOST_AUTO_TEST_CASE(to_nodes_in_turn_keeps_them_whole_where_they_were_asked_for) {
  const std::size_t were = locate(p, bytes).transparent_huge;
  const placement where = placement::interleave({first, second});
  const migration done = migrate(p, bytes, where);
  BOOST_TEST_INFO(done);
  BOOST_TEST(done.failed() == 0U);
  BOOST_TEST(locate(p, bytes).transparent_huge == were);
  BOOST_TEST(check(p, bytes, where));
}

BOOST_AUTO_TEST_CASE(beside_one_that_is_held_moves_the_others) {
  const held_pages some(p + 5 * page, 2 * page);
  const migration done = migrate(p, bytes, placement::bind({second}));
  BOOST_TEST_INFO(done);
  BOOST_TEST(done.failed() >= 2U);
  BOOST_TEST(done.failed() <= huge / page);
  BOOST_TEST(done.moved == bytes / page - done.failed());
  expect_all_on(second, p + huge, huge);
  BOOST_TEST(pages_are_signed(p, bytes));
}

BOOST_AUTO_TEST_CASE(that_are_locked_tells_where_they_lie) {
  require(mlock(p, bytes) == 0, "mlock");
  const placement where = placement::interleave({first, second}, 16 * page);
  const migration done = migrate(p, bytes, where);
  BOOST_TEST_INFO(done);
  BOOST_TEST(done.moved + done.in_place + done.failed() == bytes / page);
  const check_result now = check(p, bytes, where);
  BOOST_TEST_INFO(now);
  BOOST_TEST(now.misplaced == done.failed());
  BOOST_TEST(pages_are_signed(p, bytes));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(migration_of_blocks, two_nodes)

BOOST_AUTO_TEST_CASE(that_share_pages_with_others_moves_the_whole_pages_inside) {
  const std::size_t page = base_page();
  area from(placement::bind({first}));
  char* const p = static_cast<char*>(from.allocate(8 * page));
  sign_pages(p, 8 * page);
  const migration done = migrate(p + 100, 6 * page, placement::bind({second}));
  BOOST_TEST_INFO(done);
  BOOST_TEST(done.moved == 5U);
  BOOST_TEST(done.left_out == page);
  expect_all_on(first, p, page);
  expect_all_on(second, p + page, 5 * page);
  expect_all_on(first, p + 6 * page, 2 * page);
  from.deallocate(p, 8 * page);
}

BOOST_AUTO_TEST_SUITE_END()

enum class sharing_by { anonymous, memfd };
const std::vector<sharing_by> all_sharing{sharing_by::anonymous, sharing_by::memfd};
std::ostream& operator<<(std::ostream& out, sharing_by by) {
  return out << (by == sharing_by::anonymous ? "anonymous" : "memfd");
}

class shared_block {
 public:
  explicit shared_block(sharing_by by, std::size_t pages) : x_bytes(pages * base_page()) {
    if (by == sharing_by::memfd) {
      x_file = memfd_create("shared_block", 0);
      require(x_file >= 0 && ftruncate(x_file, static_cast<off_t>(x_bytes)) == 0, "memfd");
    }
    const int flags = MAP_SHARED | (by == sharing_by::memfd ? 0 : MAP_ANONYMOUS);
    x_data = mmap(nullptr, x_bytes, PROT_READ | PROT_WRITE, flags, x_file, 0);
    require(x_data != MAP_FAILED, "mmap");
  }
  ~shared_block() {
    munmap(x_data, x_bytes);
    if (x_file >= 0) close(x_file);
  }
  shared_block(const shared_block&) = delete;
  shared_block& operator=(const shared_block&) = delete;
  char* data() const { return static_cast<char*>(x_data); }
  std::size_t size() const { return x_bytes; }
  int file() const { return x_file; }
  /// Bytes of pages that the object has.
  std::size_t allocated() const {
    struct stat facts {};
    require(fstat(x_file, &facts) == 0, "fstat");
    return static_cast<std::size_t>(facts.st_blocks) * 512;
  }

 private:
  std::size_t x_bytes;
  int x_file = -1;
  void* x_data = nullptr;
};

BOOST_FIXTURE_TEST_SUITE(shared_memory, two_nodes, *named_cases(all_sharing))

// Objects of several inode numbers: the kernel counts turns from there.
BOOST_DATA_TEST_CASE(interleaved_by_the_kernel_is_in_place, all_sharing, by) {
  const placement where = placement::interleave({first, second});
  for (int object = 0; object < 3; ++object) {
    const shared_block m(by, 33);
    const std::size_t page = base_page();
    require(set_policy(m.data() + page, m.size() - page, {mpol::interleave, {first, second}}) == 0, "mbind");
    touch(m.data() + page, m.size() - page);
    const migration done = migrate(m.data() + page, m.size() - page, where);
    BOOST_TEST_INFO(done);
    BOOST_TEST(done.moved == 0U);
    BOOST_TEST(done.in_place == 32U);
    const auto now = static_cast<unsigned>(page_nodes(m.data() + 7 * page, page).at(0));
    const unsigned other = now == first ? second : first;
    BOOST_TEST_REQUIRE(move_page(m.data() + 7 * page, other) == static_cast<int>(other));
    const check_result found = check(m.data() + page, m.size() - page, where);
    BOOST_TEST_INFO(found);
    BOOST_TEST(found.misplaced == 1U);
    BOOST_TEST_REQUIRE(found.page.has_value());
    BOOST_TEST(found.page->offset == 6 * page);
    BOOST_TEST(found.page->actual == other);
    BOOST_TEST(found.page->expected == node_set{now});
    BOOST_TEST(migrate(m.data() + page, m.size() - page, where).moved == 1U);
    BOOST_TEST(check(m.data() + page, m.size() - page, where));
  }
}

BOOST_DATA_TEST_CASE(moved_in_part_is_continued_by_the_kernel, all_sharing, by) {
  const placement where = placement::interleave({first, second});
  for (int object = 0; object < 3; ++object) {
    const shared_block m(by, 32);
    require(set_policy(m.data(), m.size(), {mpol::bind, {first}}) == 0, "mbind");
    touch(m.data(), m.size() / 2);
    BOOST_TEST(migrate(m.data(), m.size(), where).moved == 8U);
    touch(m.data(), m.size());
    const check_result found = check(m.data(), m.size(), where);
    BOOST_TEST_INFO(found);
    BOOST_TEST(found.ok());
    BOOST_TEST(found.where.on(first) == 16U);
  }
}

BOOST_DATA_TEST_CASE(that_only_a_child_touched_is_told_and_moved, all_sharing, by) {
  const shared_block m(by, 32);
  require(set_policy(m.data(), m.size(), {mpol::bind, {first}}) == 0, "mbind");
  in_child([&] { sign_pages(m.data(), m.size() / 2); });
  const residency where = locate(m.data(), m.size());
  BOOST_TEST_CONTEXT(where) {
    BOOST_TEST(where.on(first) == 16U);
    BOOST_TEST(where.untouched == 16U);
  }
  // The caller's own mapping is left as it was, and no page came into being.
  BOOST_TEST(count_untouched(m.data(), m.size()) == 32U);
  if (m.file() >= 0) BOOST_TEST(m.allocated() == m.size() / 2);
  const migration done = migrate(m.data(), m.size(), placement::bind({second}));
  BOOST_TEST_INFO(done);
  BOOST_TEST(done.moved == 16U);
  BOOST_TEST(done.untouched == 16U);
  if (m.file() >= 0) BOOST_TEST(m.allocated() == m.size() / 2);
  expect_all_on(second, m.data(), m.size() / 2);
  BOOST_TEST(pages_are_signed(m.data(), m.size() / 2));
}

BOOST_DATA_TEST_CASE(that_a_child_maps_still_is_told_and_not_moved, all_sharing, by) {
  const shared_block m(by, 32);
  require(set_policy(m.data(), m.size(), {mpol::bind, {first}}) == 0, "mbind");
  companion child([&] { touch(m.data(), m.size()); });
  BOOST_TEST(locate(m.data(), m.size()).on(first) == 32U);
  const migration done = migrate(m.data(), m.size(), placement::bind({second}));
  BOOST_TEST_INFO(done);
  BOOST_TEST(done.shared == 32U);
  BOOST_TEST(done.first_failed == 0U);
  BOOST_TEST(child.end_well());
  BOOST_TEST(migrate(m.data(), m.size(), placement::bind({second})).moved == 32U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(memory_of_others, two_nodes)

// mincore(2) tells those who may not write that all pages are there; believed, it would make pages of the holes.
BOOST_AUTO_TEST_CASE(that_may_only_be_read_is_unknown_and_gets_no_pages) {
  if (geteuid() != 0) return;
  const shared_block m(sharing_by::memfd, 32);
  require(fchmod(m.file(), 0444) == 0, "fchmod");
  touch(m.data(), m.size() / 2);
  const std::string name = "/proc/self/fd/" + std::to_string(m.file());
  const int file = open(name.c_str(), O_RDONLY);
  require(file >= 0, "open");
  in_child([&] {
    const void* const mine = mmap(nullptr, m.size(), PROT_READ, MAP_SHARED, file, 0);
    require(mine != MAP_FAILED && setuid(65534) == 0, "setuid");
    const residency where = locate(mine, m.size());
    BOOST_TEST_INFO(where);
    BOOST_TEST(where.unknown == 32U);
    BOOST_TEST(where.resident() == 0U);
  });
  BOOST_TEST(m.allocated() == m.size() / 2);
  close(file);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
