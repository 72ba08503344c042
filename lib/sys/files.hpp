// files: what /proc and /sys tell, as numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace acre::inline v1::sys {

/// The whole text of a file: 0 or errno.
int read_text(const char* path, std::string& text);
/// The whole text of a file; nothing if it cannot be read.
std::optional<std::string> read_file(const char* path);

bool exists(const char* path) noexcept;
/// What a symbolic link says; empty if there is none.
std::string link_target(const char* path);

/// The names in a directory, in no order; none where it cannot be read.
std::vector<std::string> entries_of(const std::string& directory);

/// The number after `key` and spaces, times 1024 if "kB" follows.
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view key);
/// The number that a file begins with.
std::optional<std::uint64_t> number_in(const std::string& path);

/// Calls f(line) for each line of the text.
template <class F>
void for_each_line(std::string_view text, F f) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    f(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

/// "/sys/devices/system/node/node0/"
std::string node_directory(unsigned node);
/// A file below /sys/devices/system/node: "online", "node0/cpulist".
std::optional<std::string> read_node_file(const std::string& name);

/// Bytes of memory of a node (/sys/devices/system/node/nodeN/meminfo).
struct node_meminfo {
  std::uint64_t total = 0;
  std::uint64_t free = 0;
  std::uint64_t file = 0;    ///< page cache
  std::uint64_t shared = 0;  ///< the part of `file` that is tmpfs: not reclaimable without swap
  std::uint64_t slab_reclaimable = 0;
};
std::optional<node_meminfo> node_memory(unsigned node);

/// The nodes that the calling thread's cpuset allows, as text ("0-1"), out of /proc/thread-self/status: for where
/// get_mempolicy(2) is refused.
std::optional<std::string> allowed_node_list();

/// The sum of the high watermarks of a node's zones in pages, without what they are raised by for a while, out of the
/// text of /proc/zoneinfo.
std::uint64_t high_watermarks(std::string_view zoneinfo, unsigned node);
/// /proc/zoneinfo; nothing if it cannot be read.
std::optional<std::string> zoneinfo();

/// MemAvailable of /proc/meminfo in bytes.
std::optional<std::uint64_t> available_memory();

/// Hugetlb pages of 2^shift bytes: of a node, or of the whole machine. Nothing if the kernel has no such
/// size.
struct huge_pool {
  std::uint64_t pages = 0;
  std::uint64_t free = 0;
  std::uint64_t surplus_allowed = 0;  ///< nr_overcommit_hugepages; whole machine only
};
std::optional<huge_pool> huge_pages(unsigned shift);
std::optional<huge_pool> huge_pages(unsigned shift, unsigned node);

/// Whether /sys tells of the kernel's memory (/sys/kernel/mm): where a sandbox hides it, a missing file says nothing.
bool tells_of_memory() noexcept;

/// The word in brackets of "always [madvise] never"; empty without one.
std::string_view chosen_in(std::string_view text);
/// The choice in brackets of /sys/kernel/mm/transparent_hugepage/<file> ("enabled", "shmem_enabled"); empty
/// without THP.
std::string thp_setting(const char* file);
/// Bytes of a transparent huge page, one that a page table's upper entry maps; nothing if the kernel does not tell.
std::optional<std::uint64_t> transparent_huge_bytes();

/// vm.max_map_count, 65530 if it cannot be read.
std::size_t max_map_count();

/// True if the process has memory locked (VmLck), or if that cannot be read.
bool has_locked_memory();

/// The weight of a node in MPOL_WEIGHTED_INTERLEAVE (/sys/kernel/mm/mempolicy/weighted_interleave); nothing if it
/// cannot be read.
std::optional<unsigned> interleave_weight(unsigned node);

/// /proc/self/numa_maps; nothing if it cannot be read.
std::optional<std::string> numa_maps();

}  // namespace acre::inline v1::sys
