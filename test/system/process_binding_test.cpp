// thread_binding, binding_of, move_process and restrict_process on any machine, with one node too.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <acre/binding_of.hpp>
#include <acre/move_process.hpp>
#include <acre/restrict_process.hpp>
#include <acre/thread_binding.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/throws.hpp"

namespace acre::test {
namespace {

TEST(thread_binding, restores_what_was_there) {
  in_child([] {
    const unsigned node = *usable_nodes().begin();
    const thread_policy before{static_cast<int>(mpol::interleave) | static_nodes, {node}};
    ASSERT_EQ(set_own_policy(before), 0);
    {
      const thread_binding scope(placement::bind({node}));
      EXPECT_EQ(own_policy(), (thread_policy{static_cast<int>(mpol::bind), {node}}));
    }
    EXPECT_EQ(own_policy(), before);
  });
}

TEST(thread_binding, of_many_threads_at_once_is_each_its_own) {
  const node_set nodes = to_node_set(usable_nodes());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const placement where = i % 2 == 0 ? placement::prefer(nodes) : placement::bind(nodes);
      for (int k = 0; k < 100; ++k) {
        const thread_binding scope(where);
        EXPECT_EQ(current_binding(), scope.policy());
        EXPECT_EQ(scope.policy().nodes, nodes);
      }
      EXPECT_EQ(current_binding(), policy{});
    });
  }
  for (std::thread& t : threads) t.join();
}

TEST(thread_binding, refuses_what_no_thread_can_have_and_says_why) {
  const node_id n = *usable_nodes().begin();
  const node_set two{n, n + 1};
  const auto by_page = placement::by_page([n](std::size_t, std::size_t) { return n; }, {n});
  for (const placement& where :
       {placement::interleave(two).hard(), placement::interleave(two, 1 << 20), placement::weighted({{n, 2}}),
        placement::blocked({n}), placement::most_free({n}), by_page}) {
    try {
      const thread_binding scope(where);
      ADD_FAILURE() << where;
    } catch (const error& e) {
      EXPECT_EQ(e.code(), errc::unsupported_placement) << e.what();
      EXPECT_NE(std::string(e.what()).find(where.to_string()), std::string::npos) << e.what();
    }
  }
  EXPECT_EQ(current_binding(), policy{});
}

TEST(thread_binding, refuses_another_machine) {
  const topology other = topology::from_synthetic("numa:2 core:1 pu:1");
  EXPECT_EQ(code_thrown([&] { const thread_binding scope(placement::bind({0}), other); }),
            errc::foreign_topology);
}

TEST(binding_of, this_process_has_its_stack_and_its_pages) {
  const process_binding b = binding_of();
  EXPECT_EQ(b.pid, getpid());
  EXPECT_NE(b.pages(), 0U);
  std::size_t sum = 0;
  for (const process_mapping& m : b.mappings) sum += m.pages();
  EXPECT_EQ(b.pages(), sum);
  EXPECT_TRUE(std::is_sorted(b.mappings.begin(), b.mappings.end(),
                             [](const auto& x, const auto& y) { return x.begin < y.begin; }));
  EXPECT_EQ(std::count_if(b.mappings.begin(), b.mappings.end(),
                          [](const auto& m) { return m.kind == mapping_kind::stack; }),
            1);
  EXPECT_EQ(b.to_string().find("process " + std::to_string(getpid()) + ": nodes "), 0U) << b;
}

/// Touches `bytes` at `at` by a second thread, and ends the first one alone.
[[noreturn]] void live_on_without_main_thread(void* at, std::size_t bytes) {
  std::thread([=] {
    std::memset(at, 1, bytes);
    for (;;) pause();
  }).detach();
  syscall(SYS_exit, 0);
  std::abort();
}

bool main_thread_has_ended(pid_t process) {
  std::ifstream in("/proc/" + std::to_string(process) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return text.find(") Z ") != std::string::npos;
}

TEST(binding_of, a_process_whose_main_thread_has_ended_has_its_memory) {
  constexpr std::size_t bytes = std::size_t{8} << 20;
  void* const memory =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) live_on_without_main_thread(memory, bytes);
  const auto held = [&] {
    const process_binding b = binding_of(child);
    const auto address = reinterpret_cast<std::uintptr_t>(memory);
    for (const process_mapping& m : b.mappings) {
      if (m.begin <= address && address < m.end) return m.pages() * b.page_size;
    }
    return std::size_t{0};
  };
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while ((!main_thread_has_ended(child) || held() < bytes) && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(main_thread_has_ended(child));
  EXPECT_GE(held(), bytes);
  EXPECT_TRUE(binding_of(child).own);
  EXPECT_FALSE(binding_of(child).allowed_nodes.empty());
  kill(child, SIGKILL);
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  EXPECT_TRUE(binding_of(child).mappings.empty());  // now nobody lives who has memory
  waitpid(child, nullptr, 0);
  munmap(memory, bytes);
}

TEST(processes_that_do_not_exist, are_an_error) {
  const node_set nodes = to_node_set(usable_nodes());
  EXPECT_EQ(code_thrown([] { binding_of(-5); }), errc::no_such_process);
  EXPECT_EQ(code_thrown([&] { move_process(-5, nodes, nodes); }), errc::no_such_process);
  EXPECT_EQ(code_thrown([&] { restrict_process(-5, nodes); }), errc::no_such_process);
}

TEST(move_process, of_nodes_to_themselves_does_nothing) {
  const node_set nodes = to_node_set(usable_nodes());
  const process_migration done = move_process(0, nodes, nodes);
  EXPECT_EQ(done.to_string(), "process " + std::to_string(getpid()) + ": nothing to move");
}

}  // namespace
}  // namespace acre::test
