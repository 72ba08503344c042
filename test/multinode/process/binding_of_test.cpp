// binding_of: what it tells of a process is what the process did, page for page, and what numa_maps says.
#include <acre/binding_of.hpp>
#include <acre/thread_binding.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "multinode/plain_memory.hpp"
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

constexpr int set_name = 0x53564d41;  // PR_SET_VMA
constexpr std::size_t huge = std::size_t{2} << 20;

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

const process_mapping& mapping_at(const process_binding& b, const void* p) {
  const auto at = reinterpret_cast<std::uintptr_t>(p);
  const auto found =
      std::ranges::find_if(b.mappings, [&](const auto& m) { return m.begin <= at && at < m.end; });
  BOOST_TEST_REQUIRE((found != b.mappings.end()), "no mapping at " << p);
  return *found;
}

BOOST_FIXTURE_TEST_SUITE(processes, two_nodes)

BOOST_AUTO_TEST_CASE(are_told_page_for_page) {
  const plain_memory bound(40 * base_page());
  const plain_memory spread(16 * all.size() * base_page());
  const plain_memory preferring(24 * base_page());
  const companion child([&] {
    BOOST_TEST_REQUIRE(set_policy(bound.data(), bound.size(), {mpol::bind, {last}}) == 0);
    touch(bound.data(), 30 * base_page());
    BOOST_TEST_REQUIRE(set_policy(spread.data(), spread.size(), {mpol::interleave, all}) == 0);
    touch(spread.data(), spread.size());
    BOOST_TEST_REQUIRE(
        set_policy(preferring.data(), preferring.size(), {mpol::preferred_many, {first, last}}) == 0);
    touch(preferring.data(), preferring.size());
  });
  const process_binding b = binding_of(child.pid());
  BOOST_TEST(b.pid == child.pid());
  BOOST_TEST(b.page_size == base_page());

  const auto raw = raw_numa_maps(child.pid());
  BOOST_TEST_REQUIRE(b.mappings.size() == raw.size());
  std::map<unsigned, std::size_t> sums;
  for (const process_mapping& m : b.mappings) {
    BOOST_TEST_CONTEXT("the mapping '" << m.name << "' at " << reinterpret_cast<const void*>(m.begin)) {
      BOOST_TEST_REQUIRE(raw.count(m.begin) == 1U);
      BOOST_TEST(same(m.per_node, listed(raw.at(m.begin))));
      for (const node_pages& n : m.per_node) sums[n.node] += n.pages;
      BOOST_TEST(m.end > m.begin);
      BOOST_TEST(m.pages() * base_page() <= m.end - m.begin);
      BOOST_TEST(m.permissions.size() == 4U);
    }
  }
  BOOST_TEST(same(b.per_node, listed(sums)));

  for (const plain_memory* r : {&bound, &spread, &preferring}) {
    const process_mapping& m = mapping_at(b, r->data());
    BOOST_TEST(m.kind == mapping_kind::anonymous);
    BOOST_TEST(same(m.per_node, listed(count_pages_of(child.pid(), r->data(), r->size()))));
    BOOST_TEST(m.anonymous == m.pages());
    BOOST_TEST(m.page_size == base_page());
  }
  BOOST_TEST(mapping_at(b, bound.data()).policy == (policy{policy_mode::bind, {last}}));
  BOOST_TEST(mapping_at(b, bound.data()).pages() == 30U);
  BOOST_TEST(mapping_at(b, spread.data()).policy == (policy{policy_mode::interleave, to_node_set(all)}));
  BOOST_TEST(mapping_at(b, preferring.data()).policy == (policy{policy_mode::prefer, {first, last}}));
  BOOST_TEST(begins(mapping_at(b, preferring.data()).kernel_policy, "prefer (many):"));
}

// A forked child may have its heap in two mappings.
BOOST_AUTO_TEST_CASE(tell_heap_stack_programs_and_named_memory, *boost::unit_test::label("alone")) {
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
  BOOST_TEST(count(mapping_kind::heap) == 1);
  BOOST_TEST(count(mapping_kind::stack) == 1);
  BOOST_TEST(count(mapping_kind::special) >= 1);
  const process_mapping& code = mapping_at(b, reinterpret_cast<const void*>(&raw_numa_maps));
  BOOST_TEST(code.kind == mapping_kind::file);
  BOOST_TEST(contains(code.name, "acre_multinode_tests"));
  BOOST_TEST(code.permissions == "r-xp");
  // This process maps the program too.
  BOOST_TEST(code.mappers > 1U);
  const process_mapping& memory = mapping_at(b, named.data());
  BOOST_TEST((memory.name.empty() || memory.name == "[anon:acre test]"), "'" << memory.name << "'");
}

BOOST_AUTO_TEST_CASE(have_the_nodes_and_cpus_of_their_cpuset) {
  const process_binding b = binding_of();
  BOOST_TEST(b.pid == getpid());
  BOOST_TEST((b.allowed_nodes & topology::system().memory_nodes()) == to_node_set(all));
  BOOST_TEST(same(b.allowed_cpus, runnable_cpus()));
}

BOOST_AUTO_TEST_CASE(show_the_policy_of_their_first_thread) {
  const companion bound([&] {
    BOOST_TEST_REQUIRE(set_own_policy({static_cast<int>(mpol::bind) | static_nodes, {last}}) == 0);
  });
  const process_binding b = binding_of(bound.pid());
  BOOST_TEST(b.own == (policy{policy_mode::bind, {last}}));
  const auto stack = std::ranges::find(b.mappings, mapping_kind::stack, &process_mapping::kind);
  BOOST_TEST_REQUIRE((stack != b.mappings.end()));
  BOOST_TEST(stack->kernel_policy == "bind=static:" + std::to_string(last));

  const companion unbound([] {});
  BOOST_TEST(binding_of(unbound.pid()).own == policy{});
}

BOOST_AUTO_TEST_CASE(show_the_policy_of_the_caller_as_it_is) {
  in_child([&] {
    const thread_binding scope(placement::interleave(to_node_set(all)));
    BOOST_TEST(binding_of().own == scope.policy());
    BOOST_TEST(binding_of(getpid()).own == scope.policy());
  });
}

BOOST_AUTO_TEST_CASE(count_huge_pages_as_base_pages) {
  const std::size_t pages_of_huge = huge / base_page();

  const plain_memory memory(4 * pages_of_huge * base_page());
  madvise(memory.data(), memory.size(), MADV_HUGEPAGE);
  BOOST_TEST_REQUIRE(set_policy(memory.data(), memory.size(), {mpol::bind, {last}}) == 0);
  touch(memory.data(), memory.size());
  const process_binding b = binding_of();
  const process_mapping& m = mapping_at(b, memory.data());
  BOOST_TEST(same(m.per_node, (std::vector<node_pages>{{last, 4 * pages_of_huge}})));
  BOOST_TEST(!m.hugetlb);
}

BOOST_AUTO_TEST_CASE(that_do_not_exist_are_an_error) {
  pid_t gone = 0;
  {
    const companion child([] {});
    gone = child.pid();
  }
  BOOST_CHECK_EXCEPTION((void)binding_of(gone), error, with_code(errc::no_such_process));
  BOOST_CHECK_EXCEPTION((void)binding_of(-1), error, with_code(errc::no_such_process));
  std::error_code ec;
  BOOST_TEST(binding_of(gone, ec).mappings.empty());
  BOOST_TEST(ec == errc::no_such_process);
  (void)binding_of(getpid(), ec);
  BOOST_TEST(ec == std::error_code());
}

BOOST_AUTO_TEST_CASE(that_ended_and_were_not_waited_for_have_no_mappings) {
  const companion child([] {});
  kill(child.pid(), SIGKILL);
  siginfo_t info{};
  BOOST_TEST_REQUIRE(waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT) == 0);
  std::error_code ec;
  const process_binding b = binding_of(child.pid(), ec);
  // Linux < 6.16 shows empty files, later ones ESRCH.
  BOOST_TEST((!ec || ec == errc::no_such_process), ec.message());
  BOOST_TEST(b.mappings.empty());
}

BOOST_AUTO_TEST_CASE(of_other_users_are_an_error) {
  in_child([] {
    if (getuid() == 0) {
      BOOST_TEST_REQUIRE(setgid(65534) == 0);
      BOOST_TEST_REQUIRE(setuid(65534) == 0);
    }
    BOOST_CHECK_EXCEPTION((void)binding_of(1), error, with_code(errc::permission_denied).saying("process 1"));
    BOOST_TEST(make_error_code(errc::permission_denied) == std::errc::permission_denied);
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
