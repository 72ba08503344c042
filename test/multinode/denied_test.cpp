// Seccomp filters that refuse to bind memory, as containers have them.
#include <acre/area.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <span>

#include "multinode/touch.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t bytes = 100'000;

void expect_refusal(std::span<const long> calls) {
  refuse_calls(calls, answer::eperm);
  BOOST_CHECK_EXCEPTION(area a(placement::bind({usable_list().back()})), error,
                        with_code(errc::binding_denied));
  BOOST_CHECK_EXCEPTION(area a(placement::interleave(to_node_set(usable_nodes()))), error,
                        with_code(errc::binding_denied));
}

void expect_unbound(std::span<const long> calls) {
  refuse_calls(calls, answer::eperm);
  area_options options;
  options.on_denied = on_denied::unbound;
  area a(placement::bind({usable_list().back()}), options);
  const area_status status = a.status();
  BOOST_TEST(!status.bound);
  BOOST_TEST(!status.as_asked());
  BOOST_TEST(std::ranges::count(status.downgrades, downgrade_reason::binding_denied, &downgrade::reason) ==
             1);
  void* p = a.allocate(bytes);
  touch(p, bytes);
  BOOST_TEST(count_untouched(p, bytes) == 0U);
  a.deallocate(p, bytes);
}

void use_unbound_memory() {
  for (commit when : {commit::lazy, commit::eager}) {
    area_options options;
    options.commit = when;
    area a(placement::unbound(), options);
    void* p = a.allocate(bytes);
    touch(p, bytes);
    BOOST_TEST(a.status().as_asked(), a.status());
    a.deallocate(p, bytes);
  }
}

// Alone: there the topology is loaded under the filter, as in a container, and not before.
BOOST_AUTO_TEST_SUITE(denied_binding, *boost::unit_test::label("alone"))

BOOST_AUTO_TEST_CASE(is_an_error) {
  in_child([] { expect_refusal(binding_calls()); });
}
BOOST_AUTO_TEST_CASE(is_an_error_where_policies_cannot_be_read_either) {
  in_child([] { expect_refusal(container_refused_calls()); });
}
BOOST_AUTO_TEST_CASE(can_go_on_unbound_and_is_recorded) {
  in_child([] { expect_unbound(binding_calls()); });
}
BOOST_AUTO_TEST_CASE(can_go_on_unbound_where_policies_cannot_be_read_either) {
  in_child([] { expect_unbound(container_refused_calls()); });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(unbound_memory)

// Alone for the same reason.
BOOST_AUTO_TEST_CASE(is_there_where_binding_is_denied, *boost::unit_test::label("alone")) {
  in_child([] {
    refuse_calls(container_refused_calls(), answer::eperm);
    use_unbound_memory();
  });
}

BOOST_AUTO_TEST_CASE(asks_for_no_binding) {
  in_child([] {
    // Loading binds a scratch page once, which stops a race inside hwloc.
    topology::system();
    refuse_calls(binding_calls(), answer::kill);
    use_unbound_memory();
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
