// The tests' own tools: they find what they are for.
#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <memory_resource>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "support/checking_resource.hpp"
#include "support/child.hpp"
#include "support/failing_resource.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(checking_resource)
using test::checking_resource;

void expect_one_mistake(checking_resource& memory, std::string_view part) {
  const std::vector<std::string> mistakes = memory.take_mistakes();
  BOOST_TEST_REQUIRE(mistakes.size() == 1U);
  BOOST_TEST(contains(mistakes.front(), part));
}

BOOST_AUTO_TEST_CASE(finds_a_leak) {
  checking_resource memory;
  static_cast<void>(memory.allocate(3));
  expect_one_mistake(memory, "leaked 3 bytes");
  // Where nobody takes it, it fails the test: a child's, here.
  const child_end end = end_of_child([] {
    boost::unit_test::unit_test_log.set_threshold_level(boost::unit_test::log_nothing);
    {
      checking_resource forgotten;
      static_cast<void>(forgotten.allocate(3));
    }
    _exit(has_failed() ? 1 : 0);
  });
  BOOST_TEST((WIFEXITED(end.status) && WEXITSTATUS(end.status) == 1), "status " << end.status);
}

BOOST_AUTO_TEST_CASE(finds_a_double_free) {
  checking_resource memory;
  void* const p = memory.allocate(3);
  memory.deallocate(p, 3);
  memory.deallocate(p, 3);
  expect_one_mistake(memory, "not live");
}

BOOST_AUTO_TEST_CASE(finds_another_size) {
  checking_resource memory;
  void* const p = memory.allocate(3);
  memory.deallocate(p, 4);
  expect_one_mistake(memory, "another size");
}

BOOST_AUTO_TEST_CASE(finds_another_alignment) {
  checking_resource memory;
  void* const p = memory.allocate(64, 64);
  memory.deallocate(p, 64, 8);
  expect_one_mistake(memory, "another alignment");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(failing_resource)
using test::failing_resource;

BOOST_AUTO_TEST_CASE(fails_once_at_its_point) {
  failing_resource failing(std::pmr::new_delete_resource(), 1);
  failing.deallocate(failing.allocate(1), 1);
  BOOST_TEST(!failing.has_failed());
  BOOST_CHECK_THROW(static_cast<void>(failing.allocate(1)), std::bad_alloc);
  BOOST_TEST(failing.has_failed());
  failing.deallocate(failing.allocate(1), 1);
}

BOOST_AUTO_TEST_CASE(is_made_to_fail_at_every_point) {
  int runs = 0;
  const std::size_t points = for_each_failure_point([&](std::pmr::memory_resource& r) {
    ++runs;
    for (int i = 0; i != 5; ++i) r.deallocate(r.allocate(8), 8);
  });
  BOOST_TEST(points == 5U);
  BOOST_TEST(runs == 6);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
