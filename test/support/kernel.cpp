#include "support/kernel.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <ostream>
#include <string>

#include "support/require.hpp"

namespace acre::test {
namespace {

constexpr long home_node_call = 450;  // absent from the headers of Debian 12's libc
constexpr unsigned long mask_bits = 1024;
using mask = std::array<unsigned long, mask_bits / 64>;

mask to_mask(const nodes& wanted) {
  mask bits{};
  for (unsigned n : wanted) bits.at(n / 64) |= 1UL << (n % 64);
  return bits;
}

nodes to_nodes(const mask& bits) {
  nodes result;
  for (unsigned n = 0; n < mask_bits; ++n) {
    if (bits.at(n / 64) >> (n % 64) & 1) result.insert(n);
  }
  return result;
}

const char* name_of(mpol mode) {
  switch (mode) {
    case mpol::unbound:
      return "default";
    case mpol::preferred:
      return "preferred";
    case mpol::bind:
      return "bind";
    case mpol::interleave:
      return "interleave";
    case mpol::local:
      return "local";
    case mpol::preferred_many:
      return "preferred_many";
    case mpol::weighted:
      return "weighted_interleave";
  }
  return "unknown";
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const kernel_policy& p) {
  out << name_of(p.mode) << '{';
  for (unsigned n : p.nodes) out << ' ' << n;
  return out << " }";
}

std::size_t base_page() {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

namespace {

/// How often pages that seem absent are looked for again. By raw /proc/PID/pagemap.
int looks_for_absent(int pid, std::uintptr_t begin, const std::vector<int>& status) {
  constexpr int nothing_is_there = 3;
  constexpr int entered_by_now =
      10;                           // the page is back, or is the zero page, which move_pages never tells of
  constexpr int on_the_way = 2000;  // or swapped out. Who moves it may have to wait for a CPU.
  std::ifstream map("/proc/" + (pid == 0 ? std::string("self") : std::to_string(pid)) + "/pagemap",
                    std::ios::binary);
  std::vector<std::uint64_t> entries(status.size());
  map.seekg(static_cast<std::streamoff>(begin / base_page() * sizeof entries[0]));
  // Linux 6.1 leaves out the entries of a table that changes just then.
  if (!map.read(reinterpret_cast<char*>(entries.data()),
                static_cast<std::streamsize>(entries.size() * sizeof entries[0]))) {
    return entered_by_now;
  }
  int looks = nothing_is_there;
  for (std::size_t i = 0; i < status.size(); ++i) {
    if (status[i] >= 0) continue;
    if ((entries[i] >> 62 & 1) != 0) return on_the_way;
    if ((entries[i] >> 63 & 1) != 0) looks = entered_by_now;
  }
  return looks;
}

std::vector<int> page_nodes_of(int pid, const void* p, std::size_t bytes) {
  const std::size_t page = base_page();
  const auto begin = reinterpret_cast<std::uintptr_t>(p) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(p) + bytes;
  std::vector<void*> pages;
  for (std::uintptr_t at = begin; at < end; at += page) pages.push_back(reinterpret_cast<void*>(at));
  std::vector<int> status(pages.size(), -ENOSYS);
  std::vector<int> found = status;
  // Compaction moves pages at any time, some at one look and others at the next; a page on its way seems absent.
  for (int look = 1;; ++look) {
    require(syscall(SYS_move_pages, pid, pages.size(), pages.data(), nullptr, found.data(), 0) == 0,
            "move_pages");
    for (std::size_t i = 0; i < status.size(); ++i) {
      if (status[i] < 0) status[i] = found[i];
    }
    if (std::ranges::all_of(status, [](int node) { return node >= 0; })) break;
    if (look >= looks_for_absent(pid, begin, status)) break;
    usleep(look < 50 ? 100 : 1000);
  }
  return status;
}

}  // namespace

std::vector<int> page_nodes(const void* p, std::size_t bytes) { return page_nodes_of(0, p, bytes); }

std::map<unsigned, std::size_t> count_pages(const void* p, std::size_t bytes) {
  return count_pages_of(0, p, bytes);
}

std::map<unsigned, std::size_t> count_pages_of(int pid, const void* p, std::size_t bytes) {
  std::map<unsigned, std::size_t> counts;
  for (int node : page_nodes_of(pid, p, bytes)) {
    if (node >= 0) ++counts[static_cast<unsigned>(node)];
  }
  return counts;
}

std::size_t count_untouched(const void* p, std::size_t bytes) {
  std::size_t count = 0;
  for (int node : page_nodes(p, bytes)) count += node < 0 ? 1 : 0;
  return count;
}

kernel_policy policy_at(const void* p) {
  constexpr unsigned long by_address = 2;  // MPOL_F_ADDR
  constexpr int mode_flags = 7 << 13;  // MPOL_F_STATIC_NODES, MPOL_F_RELATIVE_NODES, MPOL_F_NUMA_BALANCING
  int mode = -1;
  mask bits{};
  require(syscall(SYS_get_mempolicy, &mode, bits.data(), mask_bits + 1, p, by_address) == 0, "get_mempolicy");
  return {static_cast<mpol>(mode & ~mode_flags), to_nodes(bits)};
}

int node_by_policy_call(const void* p) {
  constexpr unsigned long node_by_address = 3;  // MPOL_F_NODE | MPOL_F_ADDR
  int node = -1;
  require(syscall(SYS_get_mempolicy, &node, nullptr, 0UL, p, node_by_address) == 0, "get_mempolicy");
  return node;
}

int set_policy(void* p, std::size_t bytes, const kernel_policy& policy) {
  const mask bits = to_mask(policy.nodes);
  const long rc =
      syscall(SYS_mbind, p, bytes, static_cast<int>(policy.mode),
              policy.nodes.empty() ? nullptr : bits.data(), policy.nodes.empty() ? 0 : mask_bits + 1, 0);
  return rc == 0 ? 0 : errno;
}

bool knows_policy(mpol mode) {
  void* page = mmap(nullptr, base_page(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return false;
  int rc = EINVAL;
  for (unsigned n = 0; n < 16 && rc != 0; ++n) rc = set_policy(page, base_page(), {mode, {n}});
  munmap(page, base_page());
  return rc == 0;
}

std::ostream& operator<<(std::ostream& out, const thread_policy& p) {
  out << "mode " << p.mode << " {";
  for (unsigned n : p.nodes) out << ' ' << n;
  return out << " }";
}

thread_policy own_policy() {
  int mode = -1;
  mask bits{};
  require(syscall(SYS_get_mempolicy, &mode, bits.data(), mask_bits + 1, nullptr, 0UL) == 0, "get_mempolicy");
  return {mode, to_nodes(bits)};
}

int set_own_policy(const thread_policy& policy) {
  const mask bits = to_mask(policy.nodes);
  const long rc = syscall(SYS_set_mempolicy, policy.mode, policy.nodes.empty() ? nullptr : bits.data(),
                          policy.nodes.empty() ? 0UL : mask_bits + 1);
  return rc == 0 ? 0 : errno;
}

int move_page(void* p, unsigned node) {
  int target = static_cast<int>(node);
  int status = -ENOSYS;
  // Busy: somebody else has the page in hand.
  for (int tries = 0; tries < 1000; ++tries) {
    const long rc = syscall(SYS_move_pages, 0, 1UL, &p, &target, &status, 2 /* MPOL_MF_MOVE */);
    if (rc < 0) return -errno;
    if (status != -EBUSY && status != -EAGAIN) break;
    usleep(1000);
  }
  return status;
}

std::size_t count_mappings() {
  std::ifstream maps("/proc/self/maps");
  std::size_t lines = 0;
  for (std::string line; std::getline(maps, line);) ++lines;
  return lines;
}

namespace {

void set_affinity(const std::vector<unsigned>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (unsigned cpu : cpus) CPU_SET(cpu, &set);
  require(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
}

}  // namespace

std::vector<unsigned> runnable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  require(sched_getaffinity(0, sizeof set, &set) == 0, "sched_getaffinity");
  std::vector<unsigned> cpus;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

pinned::pinned(unsigned cpu) : x_before(runnable_cpus()) { set_affinity({cpu}); }
pinned::~pinned() { set_affinity(x_before); }

namespace {

void install(std::span<sock_filter> program) {
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS");
  require(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0, "PR_SET_SECCOMP");
}

}  // namespace

void refuse_calls(std::span<const long> numbers, answer how) {
  const int error = how == answer::eperm ? EPERM : ENOSYS;
  const std::uint32_t action =
      how == answer::kill ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error);
  std::vector<sock_filter> program;
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (long number : numbers) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, action));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  install(program);
}

void refuse_procmap_query() {
  constexpr auto query = static_cast<std::uint32_t>(_IOWR('f', 17, char[104]));  // include/uapi/linux/fs.h
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
      // The lower half: this is for little-endian machines.
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, query, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  install(program);
}

std::span<const long> binding_calls() {
  static constexpr std::array<long, 2> calls{SYS_mbind, home_node_call};
  return calls;
}

std::span<const long> container_refused_calls() {
  static constexpr std::array<long, 4> calls{SYS_mbind, SYS_set_mempolicy, SYS_get_mempolicy, home_node_call};
  return calls;
}

}  // namespace acre::test
