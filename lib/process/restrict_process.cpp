#include <acre/restrict_process.hpp>

#include <acre/error.hpp>
#include <acre/topology.hpp>

#include <cerrno>
#include <string>
#include <string_view>

#include "base/code_of.hpp"
#include "observe/numa_maps.hpp"
#include "process/process_files.hpp"
#include "sys/processes.hpp"

namespace acre::inline v1 {
namespace {

/// The control group of a process, and what is asked of it.
class group {
 public:
  explicit group(int pid) : x_pid(pid), x_path(path_of(pid)) {}

  void require_alone() const {
    const std::string own = std::to_string(x_pid) + "\n";
    const std::string members = read("cgroup.procs");
    const bool has_groups_below = read("cgroup.stat").find("nr_descendants 0\n") == std::string::npos;
    if (members == own && !has_groups_below) return;
    throw error(errc::group_shared,
                doing() + ": its control group " + x_path +
                    (has_groups_below ? " has groups below it" : " has other processes, too") +
                    "; it needs one of its own from the start, as systemd-run --scope -p AllowedMemoryNodes="
                    "... makes it");
  }

  void require_nodes(const node_set& nodes) const {
    const std::string above = x_path.substr(0, x_path.rfind('/'));
    std::string text;
    // The topmost group has the file, but for old kernels.
    if (sys::read_group_file(above, "cpuset.mems.effective", text) != 0) return;
    std::string_view rest = text;
    const auto allowed = parse_node_list(take_line(rest));
    if (!allowed || allowed->contains(nodes)) return;
    throw error(errc::node_not_allowed, doing() + " to nodes " + nodes.to_string() +
                                            ": the control group above has nodes " + allowed->to_string() +
                                            " only");
  }

  void write_nodes(const node_set& nodes) const {
    switch (const int e = sys::write_group_file(x_path, "cpuset.mems", nodes.to_string())) {
      case 0:
        return;
      case ENOENT:
        throw error(errc::binding_unsupported,
                    doing() + ": the control group " + x_path +
                        " has no cpuset; +cpuset must be written to cgroup.subtree_control of all above it");
      case EACCES:
      case EPERM:
      case EROFS:
        throw error(errc::permission_denied,
                    doing() + ": no right to write cpuset.mems of " + x_path +
                        "; it takes root, or a group that this user made below one that was delegated to it");
      default:
        throw error(std::error_code(e, std::system_category()),
                    doing() + ": cannot write cpuset.mems of " + x_path);
    }
  }

 private:
  /// The line "0::/path" of /proc/PID/cgroup.
  static std::string path_of(int pid) {
    const std::string lines = read_process_file(pid, "cgroup");
    for (std::string_view rest = lines; !rest.empty();) {
      const std::string_view line = take_line(rest);
      if (!line.starts_with("0::/") || line == "0::/" || line.starts_with("0::/..")) continue;
      return std::string(line.substr(3));
    }
    throw error(errc::binding_unsupported,
                "cannot restrict process " + std::to_string(pid) +
                    ": it is in no control group (v2) below the topmost one that can be seen from here");
  }

  std::string doing() const { return "cannot restrict process " + std::to_string(x_pid); }

  std::string read(const char* name) const {
    std::string text;
    switch (const int e = sys::read_group_file(x_path, name, text)) {
      case 0:
        return text;
      case ENOENT:
        throw error(errc::binding_unsupported,
                    doing() + ": its control group " + x_path + " is not below the mounted cgroup v2");
      default:
        throw error(std::error_code(e, std::system_category()),
                    doing() + ": cannot read " + name + " of " + x_path);
    }
  }

  int x_pid;
  std::string x_path;
};

node_set allowed_nodes_of(int pid) {
  const std::string status = read_process_file(pid, "status");
  return parse_node_list(status_value(status, "Mems_allowed_list")).value_or(node_set{});
}

}  // namespace

node_set restrict_process(int pid, const node_set& nodes) {
  if (pid == 0) pid = sys::process_number();
  topology::system().require_usable(nodes);
  require_own_numbers(pid);
  const group its(pid);
  its.require_alone();
  its.require_nodes(nodes);
  its.write_nodes(nodes);
  return allowed_nodes_of(pid);
}

node_set restrict_process(int pid, const node_set& nodes, std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return restrict_process(pid, nodes); });
}

}  // namespace acre::inline v1
