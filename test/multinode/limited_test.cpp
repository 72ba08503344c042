// A memory cgroup of 64 MiB: its limit ends in SIGKILL where it is reached by touching.
#include <acre/area.hpp>
#include <acre/bytes.hpp>

#include <boost/test/unit_test.hpp>

#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(limited)

BOOST_AUTO_TEST_CASE(refuses_an_eager_block_above_the_limit_and_is_not_killed) {
  for (const placement& where : {placement::unbound(), placement::bind({usable_list().at(0)})}) {
    area a(where, {.commit = commit::eager});
    BOOST_TEST_INFO(where);
    BOOST_CHECK_EXCEPTION(static_cast<void>(a.allocate(200_MiB, 1)), allocation_error,
                          with_code(errc::out_of_memory));
  }
}

BOOST_AUTO_TEST_CASE(commits_what_fits) {
  area a(placement::bind({usable_list().at(0)}), {.commit = commit::eager});
  void* const p = a.allocate(16_MiB, 1);
  BOOST_TEST(count_untouched(p, 16_MiB) == 0U);
  a.deallocate(p, 16_MiB, 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
