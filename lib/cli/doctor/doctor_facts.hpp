// doctor_facts: what `acre doctor` found out, before anything is made of it.
#pragma once

#include "cli/nodes/machine_report.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace acre_cli {

/// How an attempt ended. Up to `elsewhere` the kernel took the policy, wherever the pages lie.
enum class outcome {
  works,
  less,         ///< done, and less than what was asked, or than can be proved
  elsewhere,    ///< bound, and the page lies on another node: this one is full
  denied,       ///< the kernel refuses the call: seccomp, container
  unsupported,  ///< the kernel has no such thing
  failed,       ///< anything else
  untried,      ///< it would make no sense here
};

struct trial {
  outcome result = outcome::works;
  std::string why = {};  ///< what the system said; empty if it works

  bool fell_short() const { return result != outcome::works && result != outcome::untried; }
};

struct shm_facts {
  std::uint64_t size = 0;  ///< bytes; 0: no limit
  std::uint64_t free = 0;  ///< bytes, for this user
};

/// Nothing, and null in JSON: it could not be found out, or was not tried.
struct doctor_facts {
  std::string kernel;  ///< uname -r
  std::string hwloc;   ///< acre::hwloc_version()
  machine_report machine;
  std::map<acre::node_id, trial> binding;  ///< a page bound to each node that may be used
  /// By names that are keys in JSON: "prefer_one", "prefer_several", "interleave", "weighted_by_system",
  /// "thread_binding", "locate", "migrate", "move_process", "other_processes", "shared_segment".
  std::map<std::string, trial> trials;
  /// The kernel's, by names that are keys in JSON: numbers, words, true or false.
  nlohmann::ordered_json settings = nlohmann::ordered_json::object();

  trial tried(const char* name) const {
    const auto found = trials.find(name);
    return found == trials.end() ? trial{outcome::untried} : found->second;
  }
  nlohmann::ordered_json setting(const char* name) const {
    return settings.value(name, nlohmann::ordered_json());
  }

  bool has_proc = true;  ///< /proc tells of this process
  bool proc_is_own =
      true;             ///< and its numbers are those of system calls: it was mounted in this PID namespace
  bool has_sys = true;  ///< /sys tells of the kernel
  bool group_is_seen = true;  ///< else the control group may have limits that nobody here knows of
  std::optional<acre::memory_limit> memory_limit;
  std::optional<shm_facts> shm;  ///< the file system at /dev/shm
};

/// Reads and tries. Binds a few scratch pages of this process, and its calling thread for a moment; moves
/// pages of this process from one node to another; makes a segment in /dev/shm and removes it.
doctor_facts collect_facts(const acre::topology& machine, const acre::system_files& files);

}  // namespace acre_cli
