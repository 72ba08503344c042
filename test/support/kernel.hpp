// kernel: the kernel's own word on pages and policies, by raw system calls, without acre, hwloc or libnuma. A call that
// the kernel refuses is a std::system_error, where nothing else is said.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace acre::test {

using nodes = std::set<unsigned>;

/// The numbers of include/uapi/linux/mempolicy.h, written down again: a wrong number in the library must
/// show.
enum class mpol {
  unbound = 0,
  preferred = 1,
  bind = 2,
  interleave = 3,
  local = 4,
  preferred_many = 5,
  weighted = 6
};

struct kernel_policy {
  mpol mode = mpol::unbound;
  test::nodes nodes;
  friend bool operator==(const kernel_policy&, const kernel_policy&) = default;
  friend std::ostream& operator<<(std::ostream& out, const kernel_policy& p);
};

std::size_t base_page();

/// The node of each base page of the range, or the negative errno of a page that is not there.
std::vector<int> page_nodes(const void* p, std::size_t bytes);
std::map<unsigned, std::size_t> count_pages(const void* p, std::size_t bytes);
std::size_t count_untouched(const void* p, std::size_t bytes);

/// The same for the pages of another process at the same addresses.
std::map<unsigned, std::size_t> count_pages_of(int pid, const void* p, std::size_t bytes);

kernel_policy policy_at(const void* p);
/// The node of a page that is there, by get_mempolicy: where move_pages is refused.
int node_by_policy_call(const void* p);
/// 0 or errno.
int set_policy(void* p, std::size_t bytes, const kernel_policy& policy);
bool knows_policy(mpol mode);

/// The calling thread's own policy as bare numbers: the mode with its flags.
struct thread_policy {
  int mode = 0;
  test::nodes nodes;
  friend bool operator==(const thread_policy&, const thread_policy&) = default;
  friend std::ostream& operator<<(std::ostream& out, const thread_policy& p);
};
constexpr int static_nodes = 1 << 15;
constexpr int relative_nodes = 1 << 14;
thread_policy own_policy();
/// 0 or errno.
int set_own_policy(const thread_policy& policy);
/// The node the page lies on afterwards, or a negative errno.
int move_page(void* p, unsigned node);

/// Lines of /proc/self/maps.
std::size_t count_mappings();

/// The calling thread runs on one CPU for the life of this.
class pinned {
 public:
  explicit pinned(unsigned cpu);
  ~pinned();
  pinned(const pinned&) = delete;
  pinned& operator=(const pinned&) = delete;

 private:
  std::vector<unsigned> x_before;
};
std::vector<unsigned> runnable_cpus();

/// What a seccomp filter answers.
enum class answer { eperm, enosys, kill };
/// From now on these system calls of the process are refused. Cannot be undone.
void refuse_calls(std::span<const long> numbers, answer how);
/// From now on the kernel is as before Linux 6.11, which has no PROCMAP_QUERY; other ioctls are not refused. Cannot be
/// undone.
void refuse_procmap_query();
/// mbind and set_mempolicy_home_node.
std::span<const long> binding_calls();
/// Those of the mempolicy family that Docker's default profile refuses.
std::span<const long> container_refused_calls();

}  // namespace acre::test
