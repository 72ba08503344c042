// Limits of the process: each is an exception that tells what is short, and nobody is killed.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/topology.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>

#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/print.hpp"
#include "support/require.hpp"
#include "support/sanitizers.hpp"

namespace acre::test {
namespace {

placement bound() { return placement::bind({topology::system().default_nodes().first()}); }

void limit(__rlimit_resource what, std::size_t bytes) {
  const rlimit to{bytes, bytes};
  require(setrlimit(what, &to) == 0, "setrlimit");
}

void expect_refused(const area_options& options, errc code) {
  for (const placement& where : {placement::unbound(), bound()}) {
    area a(where, options);
    BOOST_TEST_INFO(where);
    BOOST_CHECK_EXCEPTION(static_cast<void>(a.allocate(64_GiB)), allocation_error, with_code(code));
  }
}

BOOST_AUTO_TEST_SUITE(process_limits)

BOOST_AUTO_TEST_CASE(of_addresses_are_an_exception) {
  if (sanitized) return;  // they map the address space for themselves
  in_child([] {
    limit(RLIMIT_AS, 32_GiB);
    for (const commit when : {commit::lazy, commit::eager})
      expect_refused({.commit = when}, errc::out_of_memory);
  });
}

BOOST_AUTO_TEST_CASE(of_data_are_an_exception) {
  if (sanitized) return;
  in_child([] {
    limit(RLIMIT_DATA, 32_GiB);
    for (const commit when : {commit::lazy, commit::eager})
      expect_refused({.commit = when}, errc::out_of_memory);
  });
}

#if !defined(ACRE_TEST_ASAN) && !defined(ACRE_TEST_TSAN)  // their mlock() does nothing
BOOST_AUTO_TEST_CASE(of_locked_memory_are_an_exception) {
  in_child([] {
    limit(RLIMIT_MEMLOCK, 64_KiB);
    if (geteuid() == 0) require(setuid(65534) == 0, "setuid");  // root may lock what it likes
    for (const commit when : {commit::lazy, commit::eager}) {
      area a(bound(), {.commit = when, .lock = page_lock::on});
      BOOST_CHECK_EXCEPTION(static_cast<void>(a.allocate(1_MiB)), allocation_error,
                            with_code(errc::lock_limit));
      a.deallocate(a.allocate(4096), 4096);
    }
  });
}
#endif

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
