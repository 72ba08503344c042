// move_process: a running process's pages change nodes with their contents; what stays is counted.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <acre/binding_of.hpp>
#include <acre/move_process.hpp>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

/// Needs two usable nodes.
class moving_processes : public testing::Test {
 protected:
  std::vector<unsigned> usable = usable_list();
  unsigned first = usable.at(0);
  unsigned second = usable.at(1);
  std::size_t bytes = 16 * mib;
  std::size_t pages = bytes / base_page();
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  ~moving_processes() override { munmap(p, bytes); }

  void sign_on(unsigned node) const {
    ASSERT_EQ(set_policy(p, bytes, {mpol::bind, {node}}), 0);
    sign_pages(p, bytes);
    expect_all_on(node, p, bytes);
  }
  std::map<unsigned, std::size_t> all_on(unsigned node) const { return {{node, pages}}; }
};

TEST_F(moving_processes, moves_64_mib_with_their_contents) {
  const std::size_t much = 64 * mib;
  void* const q = mmap(nullptr, much, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  companion child(
      [&] {
        ASSERT_EQ(set_policy(q, much, {mpol::bind, {first}}), 0);
        for (std::size_t at = 0; at < much; at += sizeof at)
          std::memcpy(static_cast<char*>(q) + at, &at, sizeof at);
      },
      [&] {
        for (std::size_t at = 0; at < much; at += sizeof at) {
          if (std::memcmp(static_cast<char*>(q) + at, &at, sizeof at) != 0) return false;
        }
        return true;
      });
  const auto before = count_pages_of(child.pid(), q, much);
  ASSERT_EQ(before, (std::map<unsigned, std::size_t>{{first, much / base_page()}}));
  const process_migration done = move_process(child.pid(), {first}, {second});
  EXPECT_EQ(count_pages_of(child.pid(), q, much),
            (std::map<unsigned, std::size_t>{{second, much / base_page()}}));
  ASSERT_EQ(done.moves.size(), 1U);
  EXPECT_GE(done.moves[0].moved, much / base_page()) << done;
  EXPECT_EQ(done.moves[0].pages, done.moves[0].moved + done.moves[0].left) << done;
  EXPECT_EQ(done.moves[0].error, std::error_code());
  EXPECT_EQ(done.moved(), done.moves[0].moved);
  EXPECT_TRUE(child.end_well()) << "the contents changed";
  munmap(q, much);
}

TEST_F(moving_processes, tells_before_and_after_as_numa_maps_does) {
  const companion child([&] { sign_on(first); });
  const process_binding before = binding_of(child.pid());
  const process_migration done = move_process(child.pid(), {first}, {second});
  const process_binding after = binding_of(child.pid());
  EXPECT_EQ(done.before, before.per_node);
  EXPECT_EQ(done.after, after.per_node);
  EXPECT_EQ(done.left(), after.on(first));
  EXPECT_EQ(done.moved(), before.on(first) - after.on(first));
}

TEST_F(moving_processes, shifts_nodes_without_mixing_them) {
  if (usable.size() < 3) return;  // not a skip: the shapes with three nodes run this
  const unsigned third = usable.at(2);
  const std::size_t half = bytes / 2;
  char* const middle = static_cast<char*>(p) + half;
  const companion child([&] {
    ASSERT_EQ(set_policy(p, half, {mpol::bind, {first}}), 0);
    ASSERT_EQ(set_policy(middle, half, {mpol::bind, {second}}), 0);
    sign_pages(p, bytes);
  });
  std::vector<std::size_t> numbers;
  move_options options;
  options.progress = [&](const process_move& m, std::size_t number, std::size_t count) {
    EXPECT_EQ(count, 2U);
    EXPECT_EQ(m.from, number == 1 ? second : first);
    if (numbers.empty() || numbers.back() != number) numbers.push_back(number);
  };
  const process_migration done = move_process(child.pid(), {first, second}, {second, third}, options);
  EXPECT_EQ(numbers, (std::vector<std::size_t>{1, 2})) << done;
  EXPECT_EQ(count_pages_of(child.pid(), p, half), (std::map<unsigned, std::size_t>{{second, pages / 2}}));
  EXPECT_EQ(count_pages_of(child.pid(), middle, half), (std::map<unsigned, std::size_t>{{third, pages / 2}}));
}

// Under emulation, moving this much takes longer than the pause between two looks.
TEST_F(moving_processes, tells_how_far_it_is) {
  constexpr std::size_t much = 96U << 20;
  void* const memory = mmap(nullptr, much, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  const companion child([&] {
    ASSERT_EQ(set_policy(memory, much, {mpol::preferred, {first}}), 0);
    touch(memory, much);
  });
  std::vector<std::size_t> moved;
  move_options options;
  options.progress = [&](const process_move& m, std::size_t, std::size_t) {
    EXPECT_EQ(m.moved + m.left, m.pages);
    moved.push_back(m.moved);
  };
  const process_migration done = move_process(child.pid(), {first}, {second}, options);
  ASSERT_GE(moved.size(), 2U) << done;
  EXPECT_EQ(moved.back(), done.moved());
  munmap(memory, much);
}

TEST_F(moving_processes, end_when_the_progress_function_throws) {
  const companion child([&] {
    ASSERT_EQ(set_policy(p, bytes, {mpol::bind, {first}}), 0);
    touch(p, bytes);
  });
  move_options options;
  options.progress = [](const process_move&, std::size_t, std::size_t) {
    throw std::runtime_error("enough");
  };
  EXPECT_THROW(move_process(child.pid(), {first}, {second}, options), std::runtime_error);
  EXPECT_EQ(count_pages_of(child.pid(), p, bytes), (std::map<unsigned, std::size_t>{{second, pages}}));
}

// As pthread_exit() in main() does: nobody is told of the memory by the process's own number any more.
TEST_F(moving_processes, whose_first_thread_has_ended) {
  const companion child([&] {
    sign_on(first);
    std::signal(SIGUSR1, [](int) { syscall(SYS_exit, 0); });
    std::thread([] {
      for (;;) pause();
    }).detach();
  });
  ASSERT_EQ(syscall(SYS_tgkill, child.pid(), child.pid(), SIGUSR1), 0);
  const std::string directory = "/proc/" + std::to_string(child.pid());
  std::string state;
  for (int look = 0; look < 1000 && state.find(") Z ") == std::string::npos; ++look) {
    std::ifstream in(directory + "/stat");
    std::getline(in, state);
    usleep(10000);
  }
  ASSERT_NE(state.find(") Z "), std::string::npos) << state;
  int other = 0;
  for (const auto& task : std::filesystem::directory_iterator(directory + "/task"))
    other = std::max(other, std::stoi(task.path().filename().string()));
  ASSERT_EQ(count_pages_of(other, p, bytes), all_on(first));
  const process_migration done = move_process(child.pid(), {first}, {second});
  EXPECT_GE(done.moved(), pages) << done;
  EXPECT_EQ(count_pages_of(other, p, bytes), all_on(second));
}

TEST_F(moving_processes, that_have_ended_have_no_memory) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(code_of([&] { move_process(child, {first}, {second}); }), errc::no_such_process);
  waitpid(child, nullptr, 0);
}

TEST_F(moving_processes, tells_what_is_shared_and_stays) {
  in_child([&] {
    // Two processes of a user without rights map the same pages.
    void* const shared = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_EQ(set_policy(shared, bytes, {mpol::bind, {first}}), 0);
    touch(shared, bytes);
    if (getuid() == 0) {
      ASSERT_EQ(setgid(65534), 0);
      ASSERT_EQ(setuid(65534), 0);
    }
    const companion child([&] { touch(shared, bytes); });
    const process_migration done = move_process(0, {first}, {second});
    ASSERT_EQ(done.moves.size(), 1U);
    EXPECT_GE(done.moves[0].left_shared, pages) << done;
    EXPECT_GE(done.moves[0].left, done.moves[0].left_shared) << done;
    EXPECT_EQ(count_pages(shared, bytes), all_on(first));
    EXPECT_NE(done.to_string().find("shared with other processes"), std::string::npos) << done;
  });
}

TEST_F(moving_processes, leaves_policies_alone) {
  const companion child([&] {
    ASSERT_EQ(set_policy(p, bytes, {mpol::bind, {first}}), 0);
    touch(p, bytes);
  });
  move_process(child.pid(), {first}, {second});
  EXPECT_EQ(count_pages_of(child.pid(), p, bytes), all_on(second));
  for (const process_mapping& m : binding_of(child.pid()).mappings) {
    if (m.begin == reinterpret_cast<std::uintptr_t>(p)) {
      EXPECT_EQ(m.policy, (policy{policy_mode::bind, {first}}));
    }
  }
}

TEST_F(moving_processes, has_nothing_to_do_between_equal_sets) {
  const process_migration done = move_process(0, to_node_set(usable_nodes()), to_node_set(usable_nodes()));
  EXPECT_TRUE(done.moves.empty());
  EXPECT_EQ(done.moved(), 0U);
  EXPECT_EQ(done.after, done.before);
}

TEST_F(moving_processes, refuses_nodes_and_processes_that_do_not_exist) {
  const unsigned absent = *online_nodes().rbegin() + 1;
  pid_t gone = 0;
  {
    const companion child([] {});
    gone = child.pid();
  }
  EXPECT_EQ(code_of([&] { move_process(0, {absent}, {first}); }), errc::unknown_node);
  EXPECT_EQ(code_of([&] { move_process(0, {first}, {absent}); }), errc::unknown_node);
  EXPECT_EQ(code_of([&] { move_process(0, {}, {first}); }), errc::empty_node_set);
  EXPECT_EQ(code_of([&] { move_process(0, {first}, {}); }), errc::empty_node_set);
  EXPECT_EQ(code_of([&] { move_process(gone, {first}, {second}); }), errc::no_such_process);
  std::error_code ec;
  move_process(gone, {first}, {second}, ec);
  EXPECT_EQ(ec, errc::no_such_process);
}

TEST_F(moving_processes, of_other_users_is_an_error) {
  in_child([&] {
    if (getuid() == 0) {
      ASSERT_EQ(setgid(65534), 0);
      ASSERT_EQ(setuid(65534), 0);
    }
    EXPECT_EQ(code_of([&] { move_process(1, {first}, {second}); }), errc::permission_denied);
  });
}

TEST_F(moving_processes, that_a_filter_refuses_is_an_error) {
  in_child([&] {
    topology::system();
    static constexpr long call[] = {SYS_migrate_pages};
    refuse_calls(call, answer::eperm);
    EXPECT_EQ(code_of([&] { move_process(0, {first}, {second}); }), errc::permission_denied);
  });
}

/// Shape tiny: node 2 has 64 MiB.
TEST(moving_to_a_full_node, moves_what_fits_and_says_so) {
  in_child([] {
    const std::size_t bytes = 80 * mib;
    void* const p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_EQ(set_policy(p, bytes, {mpol::bind, {0}}), 0);
    sign_pages(p, bytes);
    const process_migration done = move_process(0, {0}, {2});
    ASSERT_EQ(done.moves.size(), 1U);
    EXPECT_TRUE(done.moves[0].error == errc::node_full || done.moves[0].refused != 0) << done;
    EXPECT_GT(done.moves[0].left, 1000U) << done;
    EXPECT_TRUE(pages_are_signed(p, bytes));
    RecordProperty("result", done.to_string());
  });
}

/// MEMS 0.
TEST(restricted_processes, are_not_moved_to_forbidden_nodes) {
  const unsigned forbidden = *memory_nodes().rbegin();
  EXPECT_EQ(code_of([&] { move_process(0, {0}, {forbidden}); }), errc::node_not_allowed);
  EXPECT_EQ(binding_of().allowed_nodes, node_set{0});
  EXPECT_TRUE(move_process(0, {forbidden}, {0}).moves.size() == 1);
}

}  // namespace
}  // namespace acre::test
