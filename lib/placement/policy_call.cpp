#include "placement/policy_call.hpp"

#include <hwloc.h>
#include <cerrno>
#include <mutex>
#include <new>

#include "placement/kernel_policy.hpp"
#include "placement/strategies.hpp"
#include "sys/pages.hpp"
#include "sys/policy.hpp"

namespace acre::inline v1 {
namespace {

/// How hwloc spells a mode.
struct hwloc_words {
  hwloc_membind_policy_t policy;
  int flags;
  bool exist = true;
};

hwloc_words words_for(policy_mode mode) {
  switch (mode) {
    case policy_mode::unbound:
      return {HWLOC_MEMBIND_DEFAULT, 0};
    case policy_mode::local:
      return {HWLOC_MEMBIND_FIRSTTOUCH, 0};
    // BIND without STRICT is PREFERRED_MANY, or PREFERRED with the first node where the kernel has only that.
    case policy_mode::prefer:
      return {HWLOC_MEMBIND_BIND, 0};
    case policy_mode::bind:
      return {HWLOC_MEMBIND_BIND, HWLOC_MEMBIND_STRICT};
    case policy_mode::interleave:
      return {HWLOC_MEMBIND_INTERLEAVE, 0};
    case policy_mode::weighted_interleave:  // hwloc has it from 2.11 on
      break;
  }
  return {HWLOC_MEMBIND_DEFAULT, 0, false};
}

}  // namespace

void policy_call::bitmap_free::operator()(hwloc_bitmap_s* b) const noexcept { hwloc_bitmap_free(b); }

policy_call::policy_call(const acre::policy& what, const topology& machine)
    : x_policy(what), x_machine(&machine) {
  // FIRSTTOUCH wants all nodes (else EXDEV), DEFAULT any non-empty set.
  x_nodes.reset(what.nodes.empty()
                    ? hwloc_bitmap_dup(hwloc_topology_get_topology_nodeset(machine.native_handle()))
                    : hwloc_bitmap_alloc());
  if (x_nodes == nullptr) throw std::bad_alloc();
  for (node_id n : what.nodes) {
    if (hwloc_bitmap_set(x_nodes.get(), n) != 0) throw std::bad_alloc();
  }
  x_by_hwloc = words_for(what.mode).exist &&
               hwloc_bitmap_isincluded(x_nodes.get(),
                                       hwloc_topology_get_complete_nodeset(machine.native_handle())) != 0;
}

// Does what hwloc does for the modes and nodes that it knows.
int policy_call::set_raw(void* p, std::size_t bytes) const noexcept {
  const sys::node_bits nodes = to_bits(x_policy.nodes);
  const auto set = [&](int mode, const sys::node_bits& bits) {
    return p == nullptr ? sys::set_thread_policy({mode, bits}) : sys::bind(p, bytes, mode, bits);
  };
  if (x_policy.mode != policy_mode::prefer) return set(row_of(x_policy.mode).number, nodes);
  const int e = set(sys::mode_preferred_many, nodes);
  // Linux < 5.15 has no PREFERRED_MANY.
  return e == EINVAL ? set(sys::mode_preferred, to_bits({x_policy.nodes.first()})) : e;
}

int policy_call::set(void* p, std::size_t bytes) const noexcept {
  if (!x_by_hwloc) return set_raw(p, bytes);
  const hwloc_words words = words_for(x_policy.mode);
  const int result = hwloc_set_area_membind(x_machine->native_handle(), p, bytes, x_nodes.get(), words.policy,
                                            words.flags | HWLOC_MEMBIND_BYNODESET);
  return result == 0 ? 0 : errno;
}

int policy_call::set_thread() const noexcept {
  // hwloc would take PREFERRED_MANY, which spills to what is nearest to the touching CPU, and a thread's
  // policy has no home node. PREFERRED spills to what is nearest to its node.
  if (x_policy.mode == policy_mode::prefer && x_policy.nodes.size() == 1)
    return sys::set_thread_policy({sys::mode_preferred, to_bits(x_policy.nodes)});
  if (!x_by_hwloc) return set_raw(nullptr, 0);
  const hwloc_words words = words_for(x_policy.mode);
  const auto set = [&] {
    const int result = hwloc_set_membind(x_machine->native_handle(), x_nodes.get(), words.policy,
                                         words.flags | HWLOC_MEMBIND_BYNODESET | HWLOC_MEMBIND_THREAD);
    return result == 0 ? 0 : errno;
  };
  if (x_policy.mode != policy_mode::prefer) return set();
  // hwloc (2.9, topology-linux.c) remembers in a plain static whether the kernel has PREFERRED_MANY: written
  // by the first such call, which therefore no other thread may make at the same time.
  static std::once_flag settled;
  std::optional<int> first;
  std::call_once(settled, [&] { first = set(); });
  return first ? *first : set();
}

int policy_call::set_home(void* p, std::size_t bytes) const noexcept {
  if (x_policy.mode != policy_mode::prefer || x_policy.nodes.size() > 1) return 0;
  const int e = sys::set_home_node(p, bytes, x_policy.nodes.first());
  // EOPNOTSUPP: the policy is MPOL_PREFERRED, which spills from its node by itself.
  return e == EOPNOTSUPP ? 0 : e;
}

std::optional<policy> only_policy(const placement& where, const topology& machine) {
  if (detail::layout_of(where) == detail::layout::position) return std::nullopt;
  const std::size_t page = sys::page_size();
  return make_plan(where, page, machine, {.page_size = page}).ranges.front().policy;
}

}  // namespace acre::inline v1
