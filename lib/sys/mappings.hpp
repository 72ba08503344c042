// mappings: the mappings of a process, out of the files maps and smaps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace acre::inline v1::sys {

/// A mapping, as /proc/PID/maps has it.
struct map_line {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  bool shared = false;
  std::uint64_t offset = 0;  ///< of the begin in the file, in bytes
  std::uint64_t inode = 0;   ///< 0: no file, or the System V segment with the id 0
};
/// Whether it may have hugetlb pages. Those have a file, if only the kernel's own; as inode of a System V segment,
/// which is always shared, the kernel tells its id (ipc/shm.c), and the first one's is 0.
inline bool may_be_hugetlb(const map_line& m) noexcept { return m.shared || m.inode != 0; }
/// With the parts of the text that was read.
struct maps_line : map_line {
  std::string_view permissions;  ///< "rw-p"
  std::string_view name;         ///< path as it stands there, "[heap]", "[anon:text]"; empty without a name
};
/// Also the first line of each mapping in smaps. Nothing for another text.
std::optional<maps_line> parse_maps_line(std::string_view text);

/// The mappings that overlap [begin, end), in order; nothing if /proc cannot be read.
std::optional<std::vector<map_line>> maps(std::uintptr_t begin, std::uintptr_t end);

/// How many mappings this process has; nothing if /proc cannot be read.
std::optional<std::size_t> count_mappings();

/// The first mapping that ends above `at`, by PROCMAP_QUERY (Linux 6.11): one cheap call.
struct vma {
  std::uintptr_t begin;
  std::uintptr_t end;
  std::size_t page_size;
};
/// 0, or errno: ENOENT if there is none above, ENOTTY if the kernel has no PROCMAP_QUERY.
int query_vma(std::uintptr_t at, vma& found) noexcept;

/// What /proc/PID/smaps says of a mapping, in bytes; hugetlb pages count in page_size alone.
struct smaps_entry {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  std::uint64_t resident = 0;          ///< Rss
  std::uint64_t proportional = 0;      ///< Pss: a page that N processes map counts 1/N
  std::uint64_t transparent_huge = 0;  ///< AnonHugePages + ShmemPmdMapped + FilePmdMapped
  std::uint64_t page_size = 0;         ///< KernelPageSize
  bool wants_huge = false;             ///< MADV_HUGEPAGE
  bool locked = false;                 ///< mlock(2)

  friend bool operator==(const smaps_entry&, const smaps_entry&) = default;
};
/// Those of the mappings that overlap [begin, end).
std::vector<smaps_entry> parse_smaps(std::string_view text, std::uintptr_t begin = 0,
                                     std::uintptr_t end = UINTPTR_MAX);
/// The mappings of this process that overlap [begin, end), in order; none if /proc/self/smaps cannot be read.
std::vector<smaps_entry> smaps(std::uintptr_t begin, std::uintptr_t end);

/// The size of the pages that the mapping at an address is made of: that of base pages, or of its hugetlb pages; of
/// base pages also where nothing is mapped. Cheap on Linux >= 6.11, and of private memory that is no file's; else a
/// walk through /proc/self/smaps, for which the kernel looks at each page of the process. Nothing if that cannot be
/// read.
std::optional<std::size_t> page_size_at(std::uintptr_t at);

}  // namespace acre::inline v1::sys
