// move_process: a running process's pages change nodes with their contents; what stays is counted.
#include <acre/binding_of.hpp>
#include <acre/move_process.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "multinode/touch.hpp"
#include "multinode/two_nodes.hpp"
#include "multinode/verify.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

namespace acre::test {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

struct memory_to_move : two_nodes {
  std::size_t bytes = 16 * mib;
  std::size_t pages = bytes / base_page();
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  memory_to_move() = default;
  ~memory_to_move() { munmap(p, bytes); }
  memory_to_move(const memory_to_move&) = delete;
  memory_to_move& operator=(const memory_to_move&) = delete;

  void sign_on(unsigned node) const {
    BOOST_TEST_REQUIRE(set_policy(p, bytes, {mpol::bind, {node}}) == 0);
    sign_pages(p, bytes);
    expect_all_on(node, p, bytes);
  }
  std::map<unsigned, std::size_t> all_on(unsigned node) const { return {{node, pages}}; }
};

void become_nobody() {
  BOOST_TEST_REQUIRE(setgid(65534) == 0);
  BOOST_TEST_REQUIRE(setuid(65534) == 0);
}

BOOST_FIXTURE_TEST_SUITE(moving_processes, memory_to_move)

BOOST_AUTO_TEST_CASE(moves_64_mib_with_their_contents) {
  const std::size_t much = 64 * mib;
  void* const q = mmap(nullptr, much, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  companion child(
      [&] {
        BOOST_TEST_REQUIRE(set_policy(q, much, {mpol::bind, {first}}) == 0);
        for (std::size_t at = 0; at < much; at += sizeof at)
          std::memcpy(static_cast<char*>(q) + at, &at, sizeof at);
      },
      [&] {
        for (std::size_t at = 0; at < much; at += sizeof at) {
          if (std::memcmp(static_cast<char*>(q) + at, &at, sizeof at) != 0) return false;
        }
        return true;
      });
  const std::map<unsigned, std::size_t> before{{first, much / base_page()}};
  const std::map<unsigned, std::size_t> after{{second, much / base_page()}};
  BOOST_TEST_REQUIRE(same(count_pages_of(child.pid(), q, much), before));
  const process_migration done = move_process(child.pid(), {first}, {second});
  BOOST_TEST_CONTEXT(done) {
    BOOST_TEST(same(count_pages_of(child.pid(), q, much), after));
    BOOST_TEST_REQUIRE(done.moves.size() == 1U);
    BOOST_TEST(done.moves[0].moved >= much / base_page());
    BOOST_TEST(done.moves[0].pages == done.moves[0].moved + done.moves[0].left);
    BOOST_TEST(done.moves[0].error == std::error_code());
    BOOST_TEST(done.moved() == done.moves[0].moved);
  }
  BOOST_TEST(child.end_well(), "the contents changed");
  munmap(q, much);
}

BOOST_AUTO_TEST_CASE(tells_before_and_after_as_numa_maps_does) {
  const companion child([&] { sign_on(first); });
  const process_binding before = binding_of(child.pid());
  const process_migration done = move_process(child.pid(), {first}, {second});
  const process_binding after = binding_of(child.pid());
  BOOST_TEST(same(done.before, before.per_node));
  BOOST_TEST(same(done.after, after.per_node));
  BOOST_TEST(done.left() == after.on(first));
  BOOST_TEST(done.moved() == before.on(first) - after.on(first));
}

BOOST_AUTO_TEST_CASE(shifts_nodes_without_mixing_them) {
  if (usable.size() < 3) return;  // not a skip: the shapes with three nodes run this
  const unsigned third = usable.at(2);
  const std::size_t half = bytes / 2;
  char* const middle = static_cast<char*>(p) + half;
  const companion child([&] {
    BOOST_TEST_REQUIRE(set_policy(p, half, {mpol::bind, {first}}) == 0);
    BOOST_TEST_REQUIRE(set_policy(middle, half, {mpol::bind, {second}}) == 0);
    sign_pages(p, bytes);
  });
  std::vector<std::size_t> numbers;
  move_options options;
  options.progress = [&](const process_move& m, std::size_t number, std::size_t count) {
    BOOST_TEST(count == 2U);
    BOOST_TEST(m.from == (number == 1 ? second : first));
    if (numbers.empty() || numbers.back() != number) numbers.push_back(number);
  };
  const process_migration done = move_process(child.pid(), {first, second}, {second, third}, options);
  const std::map<unsigned, std::size_t> first_half{{second, pages / 2}};
  const std::map<unsigned, std::size_t> second_half{{third, pages / 2}};
  BOOST_TEST_CONTEXT(done) {
    BOOST_TEST(same(numbers, (std::vector<std::size_t>{1, 2})));
    BOOST_TEST(same(count_pages_of(child.pid(), p, half), first_half));
    BOOST_TEST(same(count_pages_of(child.pid(), middle, half), second_half));
  }
}

// Under emulation, moving this much takes longer than the pause between two looks.
BOOST_AUTO_TEST_CASE(tells_how_far_it_is) {
  constexpr std::size_t much = 96U << 20;
  void* const memory = mmap(nullptr, much, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  const companion child([&] {
    BOOST_TEST_REQUIRE(set_policy(memory, much, {mpol::preferred, {first}}) == 0);
    touch(memory, much);
  });
  std::vector<std::size_t> moved;
  move_options options;
  options.progress = [&](const process_move& m, std::size_t, std::size_t) {
    BOOST_TEST(m.moved + m.left == m.pages);
    moved.push_back(m.moved);
  };
  const process_migration done = move_process(child.pid(), {first}, {second}, options);
  BOOST_TEST_INFO(done);
  BOOST_TEST_REQUIRE(moved.size() >= 2U);
  BOOST_TEST(moved.back() == done.moved());
  munmap(memory, much);
}

BOOST_AUTO_TEST_CASE(ends_when_the_progress_function_throws) {
  const companion child([&] {
    BOOST_TEST_REQUIRE(set_policy(p, bytes, {mpol::bind, {first}}) == 0);
    touch(p, bytes);
  });
  move_options options;
  options.progress = [](const process_move&, std::size_t, std::size_t) {
    throw std::runtime_error("enough");
  };
  BOOST_CHECK_EXCEPTION(move_process(child.pid(), {first}, {second}, options), std::runtime_error,
                        [](const std::runtime_error& e) { return contains(e.what(), "enough"); });
  BOOST_TEST(same(count_pages_of(child.pid(), p, bytes), all_on(second)));
}

// As pthread_exit() in main() does: nobody is told of the memory by the process's own number any more.
BOOST_AUTO_TEST_CASE(whose_first_thread_has_ended_moves_their_memory) {
  const companion child([&] {
    sign_on(first);
    std::signal(SIGUSR1, [](int) { syscall(SYS_exit, 0); });
    std::thread([] {
      for (;;) pause();
    }).detach();
  });
  BOOST_TEST_REQUIRE(syscall(SYS_tgkill, child.pid(), child.pid(), SIGUSR1) == 0);
  const std::string directory = "/proc/" + std::to_string(child.pid());
  std::string state;
  for (int look = 0; look < 1000 && state.find(") Z ") == std::string::npos; ++look) {
    std::ifstream in(directory + "/stat");
    std::getline(in, state);
    usleep(10000);
  }
  BOOST_TEST_REQUIRE(contains(state, ") Z "));
  int other = 0;
  for (const auto& task : std::filesystem::directory_iterator(directory + "/task"))
    other = std::max(other, std::stoi(task.path().filename().string()));
  BOOST_TEST_REQUIRE(same(count_pages_of(other, p, bytes), all_on(first)));
  const process_migration done = move_process(child.pid(), {first}, {second});
  BOOST_TEST_CONTEXT(done) {
    BOOST_TEST(done.moved() >= pages);
    BOOST_TEST(same(count_pages_of(other, p, bytes), all_on(second)));
  }
}

BOOST_AUTO_TEST_CASE(that_have_ended_is_an_error) {
  const pid_t child = start([] {});
  siginfo_t info{};
  BOOST_TEST_REQUIRE(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  BOOST_CHECK_EXCEPTION(move_process(child, {first}, {second}), error, with_code(errc::no_such_process));
  expect_success(child);
}

BOOST_AUTO_TEST_CASE(tells_what_is_shared_and_stays) {
  in_child([&] {
    // Two processes of a user without rights map the same pages.
    void* const shared = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    BOOST_TEST_REQUIRE(set_policy(shared, bytes, {mpol::bind, {first}}) == 0);
    touch(shared, bytes);
    if (getuid() == 0) become_nobody();
    const companion child([&] { touch(shared, bytes); });
    const process_migration done = move_process(0, {first}, {second});
    BOOST_TEST_REQUIRE(done.moves.size() == 1U);
    BOOST_TEST_CONTEXT(done) {
      BOOST_TEST(done.moves[0].left_shared >= pages);
      BOOST_TEST(done.moves[0].left >= done.moves[0].left_shared);
      BOOST_TEST(same(count_pages(shared, bytes), all_on(first)));
    }
    BOOST_TEST(contains(done.to_string(), "shared with other processes"));
  });
}

BOOST_AUTO_TEST_CASE(leaves_policies_alone) {
  const companion child([&] {
    BOOST_TEST_REQUIRE(set_policy(p, bytes, {mpol::bind, {first}}) == 0);
    touch(p, bytes);
  });
  move_process(child.pid(), {first}, {second});
  BOOST_TEST(same(count_pages_of(child.pid(), p, bytes), all_on(second)));
  const process_binding after = binding_of(child.pid());
  const auto moved =
      std::ranges::find(after.mappings, reinterpret_cast<std::uintptr_t>(p), &process_mapping::begin);
  BOOST_TEST_REQUIRE((moved != after.mappings.end()), after);
  BOOST_TEST(moved->policy == (policy{policy_mode::bind, {first}}));
}

BOOST_AUTO_TEST_CASE(has_nothing_to_do_between_equal_sets) {
  const process_migration done = move_process(0, to_node_set(usable_nodes()), to_node_set(usable_nodes()));
  BOOST_TEST(done.moves.empty());
  BOOST_TEST(done.moved() == 0U);
  BOOST_TEST(same(done.after, done.before));
}

BOOST_AUTO_TEST_CASE(refuses_nodes_and_processes_that_do_not_exist) {
  const unsigned absent = *online_nodes().rbegin() + 1;
  pid_t gone = 0;
  {
    const companion child([] {});
    gone = child.pid();
  }
  BOOST_CHECK_EXCEPTION(move_process(0, {absent}, {first}), error, with_code(errc::unknown_node));
  BOOST_CHECK_EXCEPTION(move_process(0, {first}, {absent}), error, with_code(errc::unknown_node));
  BOOST_CHECK_EXCEPTION(move_process(0, {}, {first}), error, with_code(errc::empty_node_set));
  BOOST_CHECK_EXCEPTION(move_process(0, {first}, {}), error, with_code(errc::empty_node_set));
  BOOST_CHECK_EXCEPTION(move_process(gone, {first}, {second}), error, with_code(errc::no_such_process));
  std::error_code ec;
  move_process(gone, {first}, {second}, ec);
  BOOST_TEST(ec == errc::no_such_process);
}

BOOST_AUTO_TEST_CASE(of_other_users_is_an_error) {
  in_child([&] {
    if (getuid() == 0) become_nobody();
    BOOST_CHECK_EXCEPTION(move_process(1, {first}, {second}), error, with_code(errc::permission_denied));
  });
}

BOOST_AUTO_TEST_CASE(that_a_filter_refuses_is_an_error) {
  in_child([&] {
    topology::system();
    static constexpr long call[] = {SYS_migrate_pages};
    refuse_calls(call, answer::eperm);
    BOOST_CHECK_EXCEPTION(move_process(0, {first}, {second}), error, with_code(errc::permission_denied));
  });
}

BOOST_AUTO_TEST_SUITE_END()

/// Shape tiny: node 2 has 64 MiB. Root moves pages that a process shares with its parent, too: here the parent runs no
/// other case.
BOOST_AUTO_TEST_SUITE(moving_to_a_full_node, *boost::unit_test::label("alone"))

BOOST_AUTO_TEST_CASE(moves_what_fits_and_says_so) {
  in_child([] {
    const std::size_t bytes = 80 * mib;
    void* const p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    BOOST_TEST_REQUIRE(set_policy(p, bytes, {mpol::bind, {0}}) == 0);
    sign_pages(p, bytes);
    const process_migration done = move_process(0, {0}, {2});
    BOOST_TEST_REQUIRE(done.moves.size() == 1U);
    BOOST_TEST_CONTEXT(done) {
      BOOST_TEST((done.moves[0].error == errc::node_full || done.moves[0].refused != 0));
      BOOST_TEST(done.moves[0].left > 1000U);
      BOOST_TEST(pages_are_signed(p, bytes));
    }
    BOOST_TEST_MESSAGE(done);
  });
}

BOOST_AUTO_TEST_SUITE_END()

/// Only node 0 is allowed (MEMS in test/vm/CMakeLists.txt).
BOOST_AUTO_TEST_SUITE(restricted_processes)

BOOST_AUTO_TEST_CASE(are_not_moved_to_forbidden_nodes) {
  const unsigned forbidden = *memory_nodes().rbegin();
  BOOST_CHECK_EXCEPTION(move_process(0, {0}, {forbidden}), error, with_code(errc::node_not_allowed));
  BOOST_TEST(binding_of().allowed_nodes == node_set{0});
  BOOST_TEST(move_process(0, {forbidden}, {0}).moves.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
