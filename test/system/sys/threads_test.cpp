#include "sys/threads.hpp"

#include <boost/test/unit_test.hpp>

#include "support/kernel.hpp"
#include "support/print.hpp"
#include "support/thread.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(current_cpu)

BOOST_AUTO_TEST_CASE(is_the_cpu_a_thread_is_pinned_to) {
  for (const unsigned cpu : runnable_cpus()) {
    in_thread([cpu] {
      const pinned there(cpu);
      BOOST_TEST(sys::current_cpu() == cpu);
      BOOST_TEST(sys::current_cpu_by_call() == cpu);
    });
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
