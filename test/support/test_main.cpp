#include "support/test_main.hpp"

#include <boost/cstdlib.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "support/thread.hpp"

namespace acre::test {
namespace {

/// Boost.Test 1.74 has an observer of its own that is not initialized before it is told of the start: it decides by
/// chance whether the start has failed, unless it is told first. Its priority is 0, as is that of others by default.
class later_observer : public boost::unit_test::test_observer {
  int priority() override { return 1; }
};

/// Says why a case was not run. Boost.Test says so only at a log level that tells of each case that a filter left out.
class skip_teller : public later_observer {
 public:
  bool nothing_but_skips() const { return x_skipped && !x_ran; }

 private:
  void test_unit_start(const boost::unit_test::test_unit& unit) override {
    x_ran = x_ran || unit.p_type == boost::unit_test::TUT_CASE;
  }
  void test_unit_skipped(const boost::unit_test::test_unit& unit,
                         boost::unit_test::const_string why) override {
    if (why == "disabled") return;
    x_skipped = true;
    std::printf("skipped: %s: %.*s\n", unit.full_name().c_str(), static_cast<int>(why.size()), why.begin());
  }

  bool x_skipped = false;
  bool x_ran = false;
};
skip_teller skips;

/// The process whose cases are not at their end; a case's children may exit as they like.
pid_t runner = 0;

/// exit(0) in the middle of a case would be a success.
void refuse_to_exit_early() {
  if (getpid() != runner) return;
  std::fflush(nullptr);
  std::fputs("exit() in the middle of a test case\n", stderr);
  _exit(boost::exit_exception_failure);
}

class thread_guard : public later_observer {
  void assertion_result(boost::unit_test::assertion_result) override {
    if (may_assert()) return;
    std::fflush(stdout);
    std::fputs("an assertion by a thread of the test's own: see support/thread.hpp\n", stderr);
    std::abort();
  }
};

bool set_up() {
  static thread_guard threads;
  boost::unit_test::framework::register_observer(skips);
  boost::unit_test::framework::register_observer(threads);
  return true;
}

}  // namespace

int test_main(int argc, char** argv) {
  // A crash is for the debugger and the core file. Handlers would jump out of forked children into the framework.
  setenv("BOOST_TEST_CATCH_SYSTEM_ERRORS", "no", 0);
  // What was said before a crash is its output, even where that is a pipe.
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  runner = getpid();
  std::atexit(refuse_to_exit_early);
  std::at_quick_exit(refuse_to_exit_early);
  const int status = boost::unit_test::unit_test_main(&set_up, argc, argv);
  runner = 0;
  return status == 0 && skips.nothing_but_skips() ? skip_status : status;
}

}  // namespace acre::test
