#include "sys/policy.hpp"

#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>

// By system call and not by libnuma, which the library does not depend on.
#ifndef __NR_set_mempolicy_home_node
#define __NR_set_mempolicy_home_node 450
#endif

namespace acre::inline v1::sys {
namespace {

// The kernel subtracts one from maxnode (mm/mempolicy.c, get_nodes).
constexpr unsigned long max_node = 1024 + 1;
constexpr unsigned long mpol_f_node = 1U << 0;
constexpr unsigned long mpol_f_addr = 1U << 1;
constexpr unsigned long mpol_f_mems_allowed = 1U << 2;
constexpr int move_flag = 1 << 1;  // MPOL_MF_MOVE

bool none_in(const node_bits& nodes) noexcept {
  for (auto word : nodes) {
    if (word != 0) return false;
  }
  return true;
}

}  // namespace

int thread_policy(raw_policy& policy) noexcept {
  policy = {};
  const long r = ::syscall(__NR_get_mempolicy, &policy.mode, policy.nodes.data(), max_node, nullptr, 0UL);
  return r == 0 ? 0 : errno;
}

int set_thread_policy(const raw_policy& policy) noexcept {
  const bool none = none_in(policy.nodes);
  const long r =
      ::syscall(__NR_set_mempolicy, policy.mode, none ? nullptr : policy.nodes.data(), none ? 0UL : max_node);
  return r == 0 ? 0 : errno;
}

int bind(void* p, std::size_t bytes, int mode, const node_bits& nodes, page_moving moving) noexcept {
  const bool none = none_in(nodes);
  // DEFAULT and LOCAL with a mask, even an empty one with maxnode, are EINVAL on some kernels.
  const long r = ::syscall(__NR_mbind, p, bytes, mode, none ? nullptr : nodes.data(), none ? 0 : max_node,
                           static_cast<unsigned>(moving));
  return r == 0 ? 0 : errno;
}

int set_home_node(void* p, std::size_t bytes, unsigned node) noexcept {
  const long r = ::syscall(__NR_set_mempolicy_home_node, p, bytes, node, 0U);
  return r == 0 ? 0 : errno;
}

int policy_at(const void* p, raw_policy& policy) noexcept {
  policy = {};
  const long r = ::syscall(__NR_get_mempolicy, &policy.mode, policy.nodes.data(), max_node, p, mpol_f_addr);
  policy.mode &= ~mode_flags;
  return r == 0 ? 0 : errno;
}

int allowed_nodes(node_bits& nodes) noexcept {
  nodes = {};
  const long r = ::syscall(__NR_get_mempolicy, nullptr, nodes.data(), max_node, nullptr, mpol_f_mems_allowed);
  return r == 0 ? 0 : errno;
}

int node_at(const void* p, int& node) noexcept {
  const long r = ::syscall(__NR_get_mempolicy, &node, nullptr, 0UL, p, mpol_f_node | mpol_f_addr);
  return r == 0 ? 0 : errno;
}

int nodes_of(std::span<void* const> pages, std::span<int> nodes) noexcept {
  const long r = ::syscall(__NR_move_pages, 0, pages.size(), pages.data(), nullptr, nodes.data(), 0);
  return r >= 0 ? 0 : errno;
}

long move(std::span<void* const> pages, std::span<const int> targets, std::span<int> status) noexcept {
  const long r =
      ::syscall(__NR_move_pages, 0, pages.size(), pages.data(), targets.data(), status.data(), move_flag);
  if (r < 0) return errno;
  return -r;
}

long migrate(int pid, const node_bits& from, const node_bits& to) noexcept {
  const long r = ::syscall(__NR_migrate_pages, pid, max_node, from.data(), to.data());
  return r >= 0 ? r : -errno;
}

}  // namespace acre::inline v1::sys
