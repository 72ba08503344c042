// A memory cgroup of 64 MiB: its limit ends in SIGKILL where it is reached by touching.
#include <gtest/gtest.h>
#include <acre/area.hpp>
#include <acre/bytes.hpp>

#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/throws.hpp"

namespace acre::test {
namespace {

TEST(limited, an_eager_block_above_the_limit_is_an_error_and_no_kill) {
  for (const placement& where : {placement::unbound(), placement::bind({usable_list().at(0)})}) {
    area a(where, {.commit = commit::eager});
    EXPECT_EQ(code_thrown([&] { return a.allocate(200_MiB, 1); }), errc::out_of_memory) << where;
  }
}

TEST(limited, what_fits_is_committed) {
  area a(placement::bind({usable_list().at(0)}), {.commit = commit::eager});
  void* const p = a.allocate(16_MiB, 1);
  EXPECT_EQ(count_untouched(p, 16_MiB), 0U);
  a.deallocate(p, 16_MiB, 1);
}

}  // namespace
}  // namespace acre::test
