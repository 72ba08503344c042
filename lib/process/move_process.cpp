#include <acre/move_process.hpp>

#include <acre/binding_of.hpp>
#include <acre/error.hpp>
#include <acre/topology.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <future>
#include <ostream>

#include "base/code_of.hpp"
#include "base/counted.hpp"
#include "placement/kernel_policy.hpp"
#include "process/migration_steps.hpp"
#include "process/process_files.hpp"
#include "sys/policy.hpp"
#include "sys/processes.hpp"

namespace acre::inline v1 {
namespace {

void require_known(const node_set& from) {
  const topology& machine = topology::system();
  if (from.empty()) throw error(errc::empty_node_set, "move_process: no nodes to move pages from");
  if (const node_set unknown = from - machine.nodes(); !unknown.empty()) {
    throw error(errc::unknown_node, "node " + std::to_string(unknown.first()) +
                                        " does not exist; the machine has nodes " +
                                        machine.nodes().to_string());
  }
}

[[noreturn]] void fail(int error_number, const process_binding& process, const migration_step& step) {
  const std::string doing = "cannot move pages of process " + std::to_string(process.pid) + " from node " +
                            std::to_string(step.from) + " to " + std::to_string(step.to);
  switch (error_number) {
    case ESRCH:
      throw error(errc::no_such_process, doing + ": it has ended");
    case EINVAL:
      if (!process.mappings.empty()) break;
      throw error(errc::no_such_process,
                  doing + ": it has no memory, as kernel threads and processes that have ended");
    case EPERM:
    case EACCES:
      if (!process.allowed_nodes.contains(step.to)) {
        throw error(errc::node_not_allowed, doing + ": its cpuset allows nodes " +
                                                process.allowed_nodes.to_string() +
                                                " only, moving elsewhere takes CAP_SYS_NICE");
      }
      throw error(errc::permission_denied,
                  doing +
                      ": it takes the same user or CAP_SYS_PTRACE, and no seccomp filter that refuses"
                      " migrate_pages(2)");
    case ENOSYS:
      throw error(errc::binding_unsupported, doing + ": this kernel has no migrate_pages(2)");
    default:
      break;
  }
  throw error(std::error_code(error_number, std::system_category()), doing);
}

std::size_t shared_on(const process_binding& process, node_id node) {
  std::size_t pages = 0;
  for (const process_mapping& m : process.mappings) {
    if (m.mappers > 1) pages += m.on(node);
  }
  return pages;
}

/// Told how many pages are left.
using listener = std::function<void(std::size_t left)>;

/// A look walks the page tables of the process: they are made rarer as they get dearer.
constexpr std::chrono::milliseconds shortest_pause{40};
constexpr int pause_per_look = 5;

/// migrate_pages(2). The first thread of a process may have ended alone, and the kernel then knows of no memory
/// (EINVAL): any other thread's number does as well.
long migrate_at_once(int pid, const sys::node_bits& from, const sys::node_bits& to) {
  long refused = sys::migrate(pid, from, to);
  if (refused != -EINVAL) return refused;
  for (const int thread : sys::threads_of(pid)) {
    refused = sys::migrate(thread, from, to);
    if (refused != -EINVAL && refused != -ESRCH) return refused;
  }
  return -EINVAL;
}

/// migrate_at_once(), by a thread of its own if there is somebody to tell how far it is.
long migrate(int pid, const migration_step& step, const listener& tell) {
  const auto call = [&] { return migrate_at_once(pid, to_bits({step.from}), to_bits({step.to})); };
  if (!tell) return call();
  std::future<long> refused;
  try {
    refused = std::async(std::launch::async, call);
  } catch (const std::system_error&) {  // no further thread is allowed: then nobody is told
    return call();
  }
  std::chrono::nanoseconds pause = shortest_pause;
  while (refused.wait_for(pause) != std::future_status::ready) {
    const auto begin = std::chrono::steady_clock::now();
    std::size_t left = 0;
    if (code_of([&] { left = binding_of(pid).on(step.from); })) break;  // it ends: the kernel says so too
    pause = std::max<std::chrono::nanoseconds>(shortest_pause,
                                               pause_per_look * (std::chrono::steady_clock::now() - begin));
    tell(left);
  }
  return refused.get();
}

/// \param process as it is before, and after
/// \param tell what was done so far
process_move move_one(const migration_step& step, process_binding& process,
                      const std::function<void(const process_move&)>& tell) {
  process_move done;
  done.from = step.from;
  done.to = step.to;
  done.pages = process.on(step.from);
  const auto leave = [&](std::size_t left) {
    done.left = left;
    done.moved = done.pages > left ? done.pages - left : 0;
  };
  listener told;
  if (tell) {
    told = [&](std::size_t left) {
      leave(left);
      tell(done);
    };
  }
  const long refused = migrate(process.pid, step, told);
  if (refused == -ENOMEM) {
    done.error = errc::node_full;
  } else if (refused < 0) {
    fail(static_cast<int>(-refused), process, step);
  } else {
    done.refused = static_cast<std::size_t>(refused);
  }
  process = binding_of(process.pid);
  leave(process.on(step.from));
  done.left_shared = shared_on(process, step.from);
  if (tell) tell(done);
  return done;
}

}  // namespace

process_migration move_process(int pid, const node_set& from, const node_set& to,
                               const move_options& options) {
  require_known(from);
  topology::system().require_usable(to);
  require_own_numbers(pid == 0 ? sys::process_number() : pid);
  process_binding process = binding_of(pid);
  process_migration result;
  result.pid = process.pid;
  result.before = process.per_node;
  const std::vector<migration_step> steps = migration_steps(from, to);
  for (const migration_step& step : steps) {
    std::function<void(const process_move&)> tell;
    if (options.progress) {
      tell = [&](const process_move& done) { options.progress(done, result.moves.size() + 1, steps.size()); };
    }
    result.moves.push_back(move_one(step, process, tell));
  }
  result.after = std::move(process.per_node);
  return result;
}

process_migration move_process(int pid, const node_set& from, const node_set& to, const move_options& options,
                               std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return move_process(pid, from, to, options); });
}
process_migration move_process(int pid, const node_set& from, const node_set& to,
                               std::error_code& ec) noexcept {
  return move_process(pid, from, to, {}, ec);
}

std::size_t process_migration::moved() const noexcept {
  std::size_t pages = 0;
  for (const process_move& m : moves) pages += m.moved;
  return pages;
}

std::size_t process_migration::left() const noexcept {
  std::size_t pages = 0;
  for (const process_move& m : moves) pages += m.left;
  return pages;
}

std::string process_migration::to_string() const {
  std::string text = "process " + std::to_string(pid) + ":";
  if (moves.empty()) return text + " nothing to move";
  for (const process_move& m : moves) {
    if (&m != &moves.front()) text += ';';
    text += " node " + std::to_string(m.from) + " to " + std::to_string(m.to) + ": " +
            std::to_string(m.moved) + " of " + counted(m.pages, "page") + " moved";
    if (m.left != 0) text += ", " + std::to_string(m.left) + " left";
    if (m.left_shared != 0)
      text += " (" + std::to_string(m.left_shared) + " in mappings shared with other processes)";
    if (m.error) text += ", no room on node " + std::to_string(m.to);
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const process_migration& m) { return out << m.to_string(); }

}  // namespace acre::inline v1
