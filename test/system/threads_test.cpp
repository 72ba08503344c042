#include "sys/threads.hpp"

#include "support/kernel.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace acre::test {
namespace {

TEST(current_cpu, is_the_cpu_a_thread_is_pinned_to) {
  for (const unsigned cpu : runnable_cpus()) {
    std::thread([cpu] {
      const pinned there(cpu);
      EXPECT_EQ(sys::current_cpu(), cpu);
      EXPECT_EQ(sys::current_cpu_by_call(), cpu);
    }).join();
  }
}

}  // namespace
}  // namespace acre::test
