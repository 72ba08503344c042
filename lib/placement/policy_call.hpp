// policy_call: what installs one policy, worked out beforehand, for ranges that are to get it.
#pragma once

#include <acre/placement.hpp>
#include <acre/plan.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <memory>
#include <optional>

struct hwloc_bitmap_s;

namespace acre::inline v1 {

/// \safety const functions from any thread
class policy_call {
 public:
  /// \param machine must outlive this
  policy_call(const policy& what, const topology& machine);

  const acre::policy& policy() const noexcept { return x_policy; }

  /// Sets the policy. \returns 0 or errno
  int set(void* p, std::size_t bytes) const noexcept;
  /// Makes it the policy of the calling thread. \returns 0 or errno
  int set_thread() const noexcept;
  /// What a range that prefers a single node wants in addition: PREFERRED_MANY falls back from the faulting
  /// CPU's node; a home node makes the fallback start at the wanted one. With several nodes there is no one
  /// home: the nearest to the toucher is what is asked for.
  /// \returns 0 (also if there is nothing to do) or errno
  int set_home(void* p, std::size_t bytes) const noexcept;

  /// set() and set_home(). \returns false if anything is not as it should be: apply() finds out what
  bool install(void* p, std::size_t bytes) const noexcept {
    return set(p, bytes) == 0 && set_home(p, bytes) == 0;
  }

 private:
  struct bitmap_free {
    void operator()(hwloc_bitmap_s* b) const noexcept;
  };

  /// By system call, of a range or (null) of the thread.
  int set_raw(void* p, std::size_t bytes) const noexcept;

  acre::policy x_policy;
  const topology* x_machine;
  bool x_by_hwloc = true;  ///< else it has no word for the mode, or does not know the nodes and refuses them
  std::unique_ptr<hwloc_bitmap_s, bitmap_free> x_nodes;
};

/// The one policy that all plans of `where` consist of, whatever the size; nothing if they have runs.
std::optional<policy> only_policy(const placement& where, const topology& machine);

}  // namespace acre::inline v1
