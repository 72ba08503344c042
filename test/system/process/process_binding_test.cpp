// thread_binding, binding_of, move_process and restrict_process on any machine, with one node too.
#include <acre/binding_of.hpp>
#include <acre/error.hpp>
#include <acre/move_process.hpp>
#include <acre/restrict_process.hpp>
#include <acre/thread_binding.hpp>

#include <boost/test/unit_test.hpp>

#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "support/child.hpp"
#include "support/comes_true.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/preconditions.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

namespace acre::test {
namespace {

using boost::unit_test::precondition;

BOOST_AUTO_TEST_SUITE(thread_binding)
using acre::thread_binding;

BOOST_AUTO_TEST_CASE(restores_what_was_there) {
  in_child([] {
    const unsigned node = *usable_nodes().begin();
    const thread_policy before{static_cast<int>(mpol::interleave) | static_nodes, {node}};
    BOOST_TEST_REQUIRE(set_own_policy(before) == 0);
    {
      const thread_binding scope(placement::bind({node}));
      BOOST_TEST(own_policy() == (thread_policy{static_cast<int>(mpol::bind), {node}}));
    }
    BOOST_TEST(own_policy() == before);
  });
}

BOOST_AUTO_TEST_CASE(of_many_threads_at_once_is_each_its_own) {
  const node_set nodes = to_node_set(usable_nodes());
  std::atomic<int> not_as_installed = 0;
  std::atomic<int> not_these_nodes = 0;
  std::atomic<int> not_restored = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const placement where = i % 2 == 0 ? placement::prefer(nodes) : placement::bind(nodes);
      for (int k = 0; k < 100; ++k) {
        const thread_binding scope(where);
        if (current_binding() != scope.policy()) ++not_as_installed;
        if (scope.policy().nodes != nodes) ++not_these_nodes;
      }
      if (current_binding() != policy{}) ++not_restored;
    });
  }
  for (std::thread& t : threads) t.join();
  BOOST_TEST(not_as_installed == 0);
  BOOST_TEST(not_these_nodes == 0);
  BOOST_TEST(not_restored == 0);
}

BOOST_AUTO_TEST_CASE(refuses_what_no_thread_can_have_and_says_why) {
  const node_id n = *usable_nodes().begin();
  const node_set two{n, n + 1};
  const auto by_page = placement::by_page([n](std::size_t, std::size_t) { return n; }, {n});
  for (const placement& where :
       {placement::interleave(two).hard(), placement::interleave(two, 1 << 20), placement::weighted({{n, 2}}),
        placement::blocked({n}), placement::most_free({n}), by_page}) {
    BOOST_TEST_INFO(where);
    BOOST_CHECK_EXCEPTION(const thread_binding scope(where), error,
                          with_code(errc::unsupported_placement).saying(where.to_string()));
  }
  BOOST_TEST(current_binding() == policy{});
}

BOOST_AUTO_TEST_CASE(refuses_another_machine) {
  const topology other = topology::from_synthetic("numa:2 core:1 pu:1");
  BOOST_CHECK_EXCEPTION(const thread_binding scope(placement::bind({0}), other), error,
                        with_code(errc::foreign_topology));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(binding_of)
using acre::binding_of;

BOOST_AUTO_TEST_CASE(this_process_has_its_stack_and_its_pages) {
  const process_binding b = binding_of();
  BOOST_TEST(b.pid == getpid());
  BOOST_TEST(b.pages() != 0U);
  std::size_t sum = 0;
  for (const process_mapping& m : b.mappings) sum += m.pages();
  BOOST_TEST(b.pages() == sum);
  BOOST_TEST(std::is_sorted(b.mappings.begin(), b.mappings.end(),
                            [](const auto& x, const auto& y) { return x.begin < y.begin; }));
  BOOST_TEST(std::count_if(b.mappings.begin(), b.mappings.end(),
                           [](const auto& m) { return m.kind == mapping_kind::stack; }) == 1);
  BOOST_TEST(begins(b.to_string(), "process " + std::to_string(getpid()) + ": nodes "));
}

BOOST_AUTO_TEST_CASE(names_files_as_they_are_named) {
  for (const std::string label :
       {"plain", "a b", "tab\there", "line\nend", "x=N0=5", "back\\slash", "oct\\040al", "x=\\075",
        "digits\\012", "\n\\012", "high-\xff", " both ends ", "(deleted)"}) {
    const int file = memfd_create(label.c_str(), MFD_CLOEXEC);
    BOOST_TEST_REQUIRE(file >= 0);
    BOOST_TEST_REQUIRE(ftruncate(file, 4096) == 0);
    void* const at = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    BOOST_TEST_REQUIRE(at != MAP_FAILED);
    std::memset(at, 1, 4096);
    std::vector<std::string> names;
    for (const process_mapping& m : binding_of().mappings) {
      if (m.begin == reinterpret_cast<std::uintptr_t>(at)) names.push_back(m.name);
    }
    BOOST_TEST(same(names, std::vector<std::string>{"/memfd:" + label + " (deleted)"}));
    munmap(at, 4096);
  }
}

BOOST_AUTO_TEST_CASE(this_process_is_itself_whatever_its_number_in_proc, *precondition(may_make_namespaces)) {
  in_namespaces(CLONE_NEWPID, [] {  // /proc stays that of the namespace outside
    // Between others that it cannot be joined with.
    const std::size_t page = base_page();
    char* const around =
        static_cast<char*>(mmap(nullptr, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    char* const at = around + page;
    BOOST_TEST_REQUIRE(mprotect(at, page, PROT_READ | PROT_WRITE) == 0);
    std::memset(at, 1, page);
    const process_binding b = binding_of();
    BOOST_TEST(b.pid == getpid());
    const auto begin = reinterpret_cast<std::uintptr_t>(at);
    BOOST_TEST(std::any_of(b.mappings.begin(), b.mappings.end(),
                           [&](const auto& m) { return m.begin <= begin && begin < m.end; }));
    BOOST_TEST(b.own == policy{});
    const node_set nodes = to_node_set(usable_nodes());
    for (const int pid : {0, getpid()}) {
      BOOST_CHECK_EXCEPTION(move_process(pid, nodes, nodes), error,
                            with_code(errc::binding_unsupported).saying("another PID namespace"));
      BOOST_CHECK_EXCEPTION(restrict_process(pid, nodes), error,
                            with_code(errc::binding_unsupported).saying("another PID namespace"));
    }
  });
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

BOOST_AUTO_TEST_CASE(a_process_whose_main_thread_has_ended_has_its_memory) {
  constexpr std::size_t bytes = std::size_t{8} << 20;
  void* const memory =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  BOOST_TEST_REQUIRE(memory != MAP_FAILED);
  const pid_t child = start([=] { live_on_without_main_thread(memory, bytes); });
  const auto held = [&] {
    const process_binding b = binding_of(child);
    const auto address = reinterpret_cast<std::uintptr_t>(memory);
    for (const process_mapping& m : b.mappings) {
      if (m.begin <= address && address < m.end) return m.pages() * b.page_size;
    }
    return std::size_t{0};
  };
  BOOST_TEST(comes_true([&] { return main_thread_has_ended(child); }));
  BOOST_TEST(comes_true([&] { return held() >= bytes; }));
  BOOST_TEST(binding_of(child).own);
  BOOST_TEST(!binding_of(child).allowed_nodes.empty());
  kill(child, SIGKILL);
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  BOOST_TEST(binding_of(child).mappings.empty());  // now nobody lives who has memory
  waitpid(child, nullptr, 0);
  munmap(memory, bytes);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(processes_that_do_not_exist)
using acre::binding_of;

BOOST_AUTO_TEST_CASE(are_an_error) {
  const node_set nodes = to_node_set(usable_nodes());
  BOOST_CHECK_EXCEPTION((void)binding_of(-5), error, with_code(errc::no_such_process));
  BOOST_CHECK_EXCEPTION(move_process(-5, nodes, nodes), error, with_code(errc::no_such_process));
  BOOST_CHECK_EXCEPTION(restrict_process(-5, nodes), error, with_code(errc::no_such_process));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(move_process)
using acre::move_process;

BOOST_AUTO_TEST_CASE(of_nodes_to_themselves_does_nothing) {
  const node_set nodes = to_node_set(usable_nodes());
  const process_migration done = move_process(0, nodes, nodes);
  BOOST_TEST(done.to_string() == "process " + std::to_string(getpid()) + ": nothing to move");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
