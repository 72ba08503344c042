// Seccomp filters that refuse to bind memory, as containers have them.
#include <gtest/gtest.h>
#include <acre/area.hpp>

#include <algorithm>
#include <span>

#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {
namespace {

constexpr std::size_t bytes = 100'000;

void expect_refusal(std::span<const long> calls) {
  refuse_calls(calls, answer::eperm);
  EXPECT_EQ(code_of([] { area a(placement::bind({usable_list().back()})); }), errc::binding_denied);
  EXPECT_EQ(code_of([] { area a(placement::interleave(to_node_set(usable_nodes()))); }),
            errc::binding_denied);
}

void expect_unbound(std::span<const long> calls) {
  refuse_calls(calls, answer::eperm);
  area_options options;
  options.on_denied = on_denied::unbound;
  area a(placement::bind({usable_list().back()}), options);
  EXPECT_FALSE(a.status().bound);
  EXPECT_FALSE(a.status().as_asked());
  EXPECT_EQ(std::ranges::count(a.status().downgrades, downgrade_reason::binding_denied, &downgrade::reason),
            1);
  void* p = a.allocate(bytes);
  touch(p, bytes);
  EXPECT_EQ(count_untouched(p, bytes), 0U);
  a.deallocate(p, bytes);
}

TEST(denied_binding, is_an_error) {
  in_child([] { expect_refusal(binding_calls()); });
}
TEST(denied_binding, is_an_error_where_policies_cannot_be_read_either) {
  in_child([] { expect_refusal(container_refused_calls()); });
}
TEST(denied_binding, can_go_on_unbound_and_is_recorded) {
  in_child([] { expect_unbound(binding_calls()); });
}
TEST(denied_binding, can_go_on_unbound_where_policies_cannot_be_read_either) {
  in_child([] { expect_unbound(container_refused_calls()); });
}

void use_unbound_memory() {
  for (commit when : {commit::lazy, commit::eager}) {
    area_options options;
    options.commit = when;
    area a(placement::unbound(), options);
    void* p = a.allocate(bytes);
    touch(p, bytes);
    EXPECT_TRUE(a.status().as_asked());
    a.deallocate(p, bytes);
  }
}

TEST(unbound_memory, is_there_where_binding_is_denied) {
  in_child([] {
    refuse_calls(container_refused_calls(), answer::eperm);
    use_unbound_memory();
  });
}

TEST(unbound_memory, asks_for_no_binding) {
  in_child([] {
    // Loading binds a scratch page once, which stops a race inside hwloc.
    topology::system();
    refuse_calls(binding_calls(), answer::kill);
    use_unbound_memory();
  });
}

}  // namespace
}  // namespace acre::test
