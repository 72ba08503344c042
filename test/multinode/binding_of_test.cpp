// binding_of: what it tells of a process is what the process did, page for page, and what numa_maps says.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <acre/binding_of.hpp>
#include <acre/thread_binding.hpp>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "multinode/thread_policies.hpp"
#include "support/child.hpp"

namespace acre::test {
namespace {

constexpr int set_name = 0x53564d41;  // PR_SET_VMA
constexpr std::size_t huge = std::size_t{2} << 20;

std::map<unsigned, std::size_t> to_map(const std::vector<node_pages>& nodes) {
  std::map<unsigned, std::size_t> counts;
  for (const node_pages& n : nodes) counts[n.node] = n.pages;
  return counts;
}

/// /proc/PID/numa_maps: base pages of each node, by the address of the mapping.
std::map<std::uintptr_t, std::map<unsigned, std::size_t>> raw_numa_maps(int pid) {
  std::map<std::uintptr_t, std::map<unsigned, std::size_t>> result;
  std::ifstream file("/proc/" + std::to_string(pid) + "/numa_maps");
  for (std::string line; std::getline(file, line);) {
    auto& counts = result[std::stoul(line, nullptr, 16)];
    const std::size_t unit = line.find(" huge ") == std::string::npos ? 1 : huge / base_page();
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      const std::size_t equals = word.find('=');
      if (word[0] != 'N' || equals == std::string::npos || equals < 2) continue;
      counts[static_cast<unsigned>(std::stoul(word.substr(1)))] = std::stoul(word.substr(equals + 1)) * unit;
    }
  }
  return result;
}

const process_mapping* mapping_at(const process_binding& b, const void* p) {
  const auto at = reinterpret_cast<std::uintptr_t>(p);
  const auto found =
      std::ranges::find_if(b.mappings, [&](const auto& m) { return m.begin <= at && at < m.end; });
  EXPECT_NE(found, b.mappings.end()) << "no mapping at " << p;
  return found == b.mappings.end() ? nullptr : &*found;
}

/// Needs two usable nodes.
class processes : public testing::Test {
 protected:
  std::vector<unsigned> usable = usable_list();
  unsigned first = usable.front();
  unsigned last = usable.back();
  nodes all = usable_nodes();
};

TEST_F(processes, are_told_page_for_page) {
  const plain_memory bound(40 * base_page());
  const plain_memory spread(16 * all.size() * base_page());
  const plain_memory preferring(24 * base_page());
  const companion child([&] {
    ASSERT_EQ(set_policy(bound.data(), bound.size(), {mpol::bind, {last}}), 0);
    touch(bound.data(), 30 * base_page());
    ASSERT_EQ(set_policy(spread.data(), spread.size(), {mpol::interleave, all}), 0);
    touch(spread.data(), spread.size());
    ASSERT_EQ(set_policy(preferring.data(), preferring.size(), {mpol::preferred_many, {first, last}}), 0);
    touch(preferring.data(), preferring.size());
  });
  const process_binding b = binding_of(child.pid());
  EXPECT_EQ(b.pid, child.pid());
  EXPECT_EQ(b.page_size, base_page());

  const auto raw = raw_numa_maps(child.pid());
  ASSERT_EQ(b.mappings.size(), raw.size());
  std::map<unsigned, std::size_t> sums;
  for (const process_mapping& m : b.mappings) {
    ASSERT_EQ(raw.count(m.begin), 1U);
    EXPECT_EQ(to_map(m.per_node), raw.at(m.begin)) << m.name;
    for (const node_pages& n : m.per_node) sums[n.node] += n.pages;
    EXPECT_GT(m.end, m.begin);
    EXPECT_LE(m.pages() * base_page(), m.end - m.begin);
    EXPECT_EQ(m.permissions.size(), 4U);
  }
  EXPECT_EQ(to_map(b.per_node), sums);

  for (const plain_memory* r : {&bound, &spread, &preferring}) {
    const process_mapping* m = mapping_at(b, r->data());
    ASSERT_NE(m, nullptr);
    EXPECT_EQ(m->kind, mapping_kind::anonymous);
    EXPECT_EQ(to_map(m->per_node), count_pages_of(child.pid(), r->data(), r->size()));
    EXPECT_EQ(m->anonymous, m->pages());
    EXPECT_EQ(m->page_size, base_page());
  }
  EXPECT_EQ(mapping_at(b, bound.data())->policy, (policy{policy_mode::bind, {last}}));
  EXPECT_EQ(mapping_at(b, bound.data())->pages(), 30U);
  EXPECT_EQ(mapping_at(b, spread.data())->policy, (policy{policy_mode::interleave, to_node_set(all)}));
  EXPECT_EQ(mapping_at(b, preferring.data())->policy, (policy{policy_mode::prefer, {first, last}}));
  EXPECT_EQ(mapping_at(b, preferring.data())->kernel_policy.rfind("prefer (many):", 0), 0U);
}

TEST_F(processes, tell_heap_stack_programs_and_named_memory) {
  const plain_memory named(8 * base_page());
  const companion child([&] {
    // Linux 5.17, not in every configuration.
    prctl(set_name, 0, named.data(), named.size(), "acre test");
    touch(named.data(), named.size());
  });
  const process_binding b = binding_of(child.pid());
  const auto count = [&](mapping_kind kind) {
    return std::ranges::count(b.mappings, kind, &process_mapping::kind);
  };
  EXPECT_EQ(count(mapping_kind::heap), 1);
  EXPECT_EQ(count(mapping_kind::stack), 1);
  EXPECT_GE(count(mapping_kind::special), 1);
  const process_mapping* code = mapping_at(b, reinterpret_cast<const void*>(&raw_numa_maps));
  ASSERT_NE(code, nullptr);
  EXPECT_EQ(code->kind, mapping_kind::file);
  EXPECT_NE(code->name.find("acre_multinode_tests"), std::string::npos) << code->name;
  EXPECT_EQ(code->permissions, "r-xp");
  EXPECT_GT(code->mappers, 1U) << "this process maps the program too";
  const process_mapping* memory = mapping_at(b, named.data());
  ASSERT_NE(memory, nullptr);
  EXPECT_TRUE(memory->name.empty() || memory->name == "[anon:acre test]") << memory->name;
}

TEST_F(processes, have_the_nodes_and_cpus_of_their_cpuset) {
  const process_binding b = binding_of();
  EXPECT_EQ(b.pid, getpid());
  EXPECT_EQ(b.allowed_nodes & topology::system().memory_nodes(), to_node_set(all));
  EXPECT_EQ(b.allowed_cpus, runnable_cpus());
}

TEST_F(processes, show_the_policy_of_their_first_thread) {
  const companion bound([&] {
    ASSERT_EQ(set_own_policy({static_cast<int>(mpol::bind) | static_nodes, {last}}), 0);
  });
  const process_binding b = binding_of(bound.pid());
  EXPECT_EQ(b.own, (policy{policy_mode::bind, {last}}));
  const auto stack = std::ranges::find(b.mappings, mapping_kind::stack, &process_mapping::kind);
  ASSERT_NE(stack, b.mappings.end());
  EXPECT_EQ(stack->kernel_policy, "bind=static:" + std::to_string(last));

  const companion unbound([] {});
  EXPECT_EQ(binding_of(unbound.pid()).own, policy{});
}

TEST_F(processes, show_the_policy_of_the_caller_as_it_is) {
  in_child([&] {
    const thread_binding scope(placement::interleave(to_node_set(all)));
    EXPECT_EQ(binding_of().own, scope.policy());
    EXPECT_EQ(binding_of(getpid()).own, scope.policy());
  });
}

TEST_F(processes, count_huge_pages_as_base_pages) {
  const std::size_t pages_of_huge = huge / base_page();

  const plain_memory memory(4 * pages_of_huge * base_page());
  madvise(memory.data(), memory.size(), MADV_HUGEPAGE);
  ASSERT_EQ(set_policy(memory.data(), memory.size(), {mpol::bind, {last}}), 0);
  touch(memory.data(), memory.size());
  const process_binding b = binding_of();
  const process_mapping* m = mapping_at(b, memory.data());
  ASSERT_NE(m, nullptr);
  EXPECT_EQ(to_map(m->per_node), (std::map<unsigned, std::size_t>{{last, 4 * pages_of_huge}}));
  EXPECT_FALSE(m->hugetlb);
}

TEST_F(processes, that_do_not_exist_are_an_error) {
  pid_t gone = 0;
  {
    const companion child([] {});
    gone = child.pid();
  }
  EXPECT_EQ(code_of([&] { binding_of(gone); }), errc::no_such_process);
  EXPECT_EQ(code_of([] { binding_of(-1); }), errc::no_such_process);
  std::error_code ec;
  EXPECT_TRUE(binding_of(gone, ec).mappings.empty());
  EXPECT_EQ(ec, errc::no_such_process);
  binding_of(getpid(), ec);
  EXPECT_FALSE(ec);
}

TEST_F(processes, that_ended_and_were_not_waited_for_have_no_mappings) {
  const companion child([] {});
  kill(child.pid(), SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT), 0);
  std::error_code ec;
  const process_binding b = binding_of(child.pid(), ec);
  // Linux < 6.16 shows empty files, later ones ESRCH.
  EXPECT_TRUE(!ec || ec == errc::no_such_process) << ec.message();
  EXPECT_TRUE(b.mappings.empty());
}

TEST_F(processes, of_other_users_are_an_error) {
  in_child([] {
    if (getuid() == 0) {
      ASSERT_EQ(setgid(65534), 0);
      ASSERT_EQ(setuid(65534), 0);
    }
    try {
      binding_of(1);
      ADD_FAILURE() << "binding_of(1) as nobody";
    } catch (const error& e) {
      EXPECT_EQ(e.code(), errc::permission_denied) << e.what();
      EXPECT_EQ(e.code(), std::errc::permission_denied);
      EXPECT_NE(std::string(e.what()).find("process 1"), std::string::npos) << e.what();
    }
  });
}

}  // namespace
}  // namespace acre::test
