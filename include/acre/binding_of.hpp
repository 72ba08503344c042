/// \file
/// Where a process's memory may lie, shall lie, and lies, mapping by mapping.
#pragma once

#include <acre/export.hpp>
#include <acre/locate.hpp>
#include <acre/node_set.hpp>
#include <acre/plan.hpp>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace acre::inline v1 {

/// What a mapping is of, as /proc/PID/numa_maps and maps tell.
enum class mapping_kind {
  anonymous,  ///< private memory of no file
  file,       ///< of a file: programs, libraries, tmpfs, memfd, all shared memory
  heap,       ///< brk(2)
  stack,      ///< of the first thread
  special,    ///< the kernel's own: [vdso], [vvar]
};
/// The name of the enumerator: "anonymous".
[[nodiscard]] ACRE_API std::string_view to_string(mapping_kind kind) noexcept;

/// One mapping of a process. Pages are base pages: a huge page counts as all the base pages it covers.
struct [[nodiscard]] process_mapping {
  std::uintptr_t begin = 0;  ///< address of the first byte
  std::uintptr_t end = 0;    ///< behind the last; 0 if it came or went while /proc was read
  std::string permissions;   ///< "rw-p", as /proc/PID/maps has it; empty if `end` is 0
  mapping_kind kind = mapping_kind::anonymous;  ///< what it is of
  std::string name;                    ///< a path, "[heap]", "[anon:text]"; empty for memory without a name
  std::optional<acre::policy> policy;  ///< nothing if acre does not know its mode; see binding_of()
  std::string kernel_policy;           ///< the same in the kernel's words, with flags: "bind=static:0-1"
  std::size_t page_size = 0;           ///< bytes: a hugetlb mapping's are larger; 0 without resident pages
  bool hugetlb = false;                ///< its pages are of the reserved pool of huge pages
  std::vector<node_pages> per_node;    ///< pages mapped now, nodes in order
  std::size_t anonymous = 0;           ///< of them, private to processes and of no file
  std::size_t dirty = 0;               ///< of them, changed and not written back to their file or swap
  std::size_t swap_cache = 0;          ///< of them, in the swap cache: with a place in swap, too
  std::size_t writeback = 0;           ///< of them, being written back
  std::size_t mappers = 0;             ///< how many mappings share the page that most do; 0 without pages

  /// Base pages mapped now, on all nodes.
  [[nodiscard]] ACRE_API std::size_t pages() const noexcept;
  /// Base pages mapped now on `node`; 0 for any other number.
  [[nodiscard]] ACRE_API std::size_t on(node_id node) const noexcept;
};

/// What binding_of() finds out about a process.
struct [[nodiscard]] process_binding {
  int pid = 0;  ///< as given; of the calling process its number
  /// Of its cpuset, as /proc/PID/status says; nodes without memory may be among them.
  node_set allowed_nodes;
  /// The CPUs that the thread may run on (its affinity), as /proc/PID/status says, in increasing order.
  std::vector<unsigned> allowed_cpus;
  /// The policy of the thread; nothing where Linux does not show it. See binding_of().
  std::optional<acre::policy> own;
  std::vector<process_mapping> mappings;  ///< in order of address
  std::size_t page_size = 0;              ///< bytes of a base page
  std::vector<node_pages> per_node;       ///< base pages of all mappings

  /// Base pages of all mappings, on all nodes.
  [[nodiscard]] ACRE_API std::size_t pages() const noexcept;
  /// Base pages of all mappings on `node`; 0 for any other number.
  [[nodiscard]] ACRE_API std::size_t on(node_id node) const noexcept;
  /// "process 17: nodes 0-1 allowed, policy 'bind 1', 12 mappings: node 0: 40 pages, node 1: 512 pages"
  [[nodiscard]] ACRE_API std::string to_string() const;
  /// Writes to_string().
  ACRE_API friend std::ostream& operator<<(std::ostream& out, const process_binding& b);
};

/// Reads status, numa_maps and maps of /proc/PID. The kernel walks all page tables for it: some milliseconds
/// a GiB.
///
/// Linux shows the policy of a mapping, and for a mapping without one that of the thread whose file is read;
/// "default" (policy_mode::unbound) is where neither has one. It does not show a thread's policy as such.
/// `own` is what get_mempolicy(2) says if `pid` is the calling thread, else what is shown for [vdso] or
/// [vvar], which nobody binds. A page that several processes map counts in each.
/// \param pid of a process: its first thread's view, or, where that one has ended alone (pthread_exit() in
///   main()), that of another; or of one of its threads. As /proc has it, which may have been mounted in another
///   PID namespace. 0: the calling process
/// \throws error errc::no_such_process; errc::permission_denied (needs the rights of ptrace(2) to read: the
///   same user, no other credentials, or CAP_SYS_PTRACE); errc::binding_unsupported where the kernel has no
///   numa_maps (CONFIG_NUMA) or /proc is not mounted. A process without memory (kernel thread, zombie) has no mappings.
/// \safety any thread; a moment's truth, and not one moment: the process runs while its files are read
ACRE_API process_binding binding_of(int pid = 0);
/// The same, with the error in `ec`: a result without mappings then.
ACRE_API process_binding binding_of(int pid, std::error_code& ec) noexcept;
/// Of the calling process, with the error in `ec`: a result without mappings then.
inline process_binding binding_of(std::error_code& ec) noexcept { return binding_of(0, ec); }

}  // namespace acre::inline v1
