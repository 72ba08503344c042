#include "process/process_files.hpp"

#include <acre/error.hpp>

#include <cerrno>
#include <sstream>

namespace acre::inline v1 {
namespace {

std::string process(int pid) { return pid == 0 ? "this process" : "process " + std::to_string(pid); }

constexpr const char* rights = "it takes the same user and no raised credentials, or CAP_SYS_PTRACE";

// Where ptrace(2)'s rights are missing the files themselves say EACCES; /proc says EPERM of the whole directory if
// it is mounted with hidepid=noaccess, and that there is none with invisible or ptraceable (proc(5)).
[[noreturn]] void fail_hidden(int pid) {
  throw error(errc::permission_denied, "/proc hides " + process(pid) + " (its mount option hidepid): " +
                                           rights + ", or the group of the option gid");
}

[[noreturn]] void cannot_read(int pid, const std::string& name, int e) {
  if (e == EPERM) fail_hidden(pid);
  if (e == EACCES)
    throw error(errc::permission_denied, "no right to read " + name + " of " + process(pid) + ": " + rights);
  throw error(std::error_code(e, std::system_category()), "cannot read " + name + " of " + process(pid));
}

}  // namespace

void require_process(int pid) {
  if (pid < 0) throw error(errc::no_such_process, process(pid) + ": numbers of processes are not negative");
  if (sys::has_process(pid)) return;
  if (!sys::has_process(0))
    throw error(errc::binding_unsupported, "nothing is known of " + process(pid) +
                                               ": /proc is not mounted, or was in another PID namespace");
  if (sys::proc_has_own_numbers() && sys::state_of_process(pid) == sys::process_state::alive)
    fail_hidden(pid);
  throw error(errc::no_such_process, "there is no " + process(pid));
}

void require_own_numbers(int pid) {
  const bool there = sys::has_process(0) || sys::has_process(pid);
  if (pid >= 0 && there && !sys::proc_has_own_numbers()) {
    throw error(errc::binding_unsupported,
                "which " + process(pid) +
                    " is cannot be told: /proc was mounted in another PID namespace, "
                    "where numbers are of other processes");
  }
  require_process(pid);
}

std::string read_process_file(int pid, const char* name) {
  require_process(pid);
  std::string text;
  switch (const int e = sys::read_process_file(pid, name, text)) {
    case 0:
      return text;
    case ESRCH:
      throw error(errc::no_such_process, process(pid) + " has ended");
    case ENOENT:
      require_process(pid);
      throw error(errc::binding_unsupported, "the kernel shows no " + std::string(name) + " of " +
                                                 process(pid) +
                                                 ": it is built without NUMA support (CONFIG_NUMA)");
    default:
      cannot_read(pid, name, e);
  }
}

std::optional<std::string> read_thread_file(int pid, int thread, const char* name) {
  const std::string file = "task/" + std::to_string(thread) + "/" + name;
  std::string text;
  switch (const int e = sys::read_process_file(pid, file.c_str(), text)) {
    case 0:
      return text;
    case ESRCH:
    case ENOENT:
      return std::nullopt;
    default:
      cannot_read(pid, file, e);
  }
}

std::vector<int> process_tree(int pid) {
  std::vector<int> found{pid};
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const int thread : sys::threads_of(found[i])) {
      std::string text;
      sys::read_process_file(found[i], ("task/" + std::to_string(thread) + "/children").c_str(), text);
      std::istringstream children(text);
      for (int child = 0; children >> child;) found.push_back(child);
    }
  }
  return found;
}

}  // namespace acre::inline v1
