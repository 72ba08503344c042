// What the kernel writes into /proc/PID/numa_maps, maps and status, read line by line. Pure: text in, values
// out; whatever the text is, nothing worse comes of it than no value.
#pragma once

#include <acre/locate.hpp>
#include <acre/plan.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace acre::inline v1 {

/// A line of numa_maps (fs/proc/task_mmu.c, show_numa_map). Counts are in pages of page_size bytes. Views are of the
/// text that was read.
struct numa_maps_line {
  std::uintptr_t begin = 0;
  std::string policy_text;             ///< "prefer (many)=static:0-1"
  std::optional<acre::policy> policy;  ///< nothing for a mode that acre does not know, or a text that was cut
  std::string_view file;               ///< as it stands there; see name_of_file()
  bool heap = false;
  bool stack = false;
  bool huge = false;  ///< of hugetlb pages
  std::uint64_t anonymous = 0;
  std::uint64_t dirty = 0;
  std::uint64_t swap_cache = 0;
  std::uint64_t writeback = 0;
  std::uint64_t mappers = 0;  ///< of the page that most mappings share; 1 if none is shared, 0 without pages
  std::uint64_t page_size = 0;    ///< 0 without pages
  std::vector<node_pages> nodes;  ///< in order, each node once
};

/// \returns nothing for a text that does not begin with an address and a policy; words that acre does not
///   know are passed over
std::optional<numa_maps_line> parse_numa_maps_line(std::string_view line);

/// "bind:0-1", "prefer (many)=static:0-1", "default". The nodes of "=relative" policies are positions.
std::optional<policy> parse_kernel_policy(std::string_view text);

/// The kernel's list of nodes, "0-3,8"; nothing for another text, or nodes that no node_set can have.
std::optional<node_set> parse_node_list(std::string_view text);

/// The name of a mapped file.
struct file_name {
  std::string text;
  bool sure =
      true;  ///< false: the file's name may have a backslash and digits where `text` has another character
};

/// What the two files show of one name. numa_maps writes space, tab, newline and '=' as a backslash and three octal
/// digits, maps the newline alone, and neither the backslash.
/// \param in_maps of the same address; passed over where it is another name: the mapping was changed meanwhile
file_name name_of_file(std::string_view in_numa_maps, std::string_view in_maps);

/// Whether numa_maps would write `name` so.
bool is_written_as(std::string_view name, std::string_view in_numa_maps);

/// The text after "key:" in status, without spaces around it; empty if there is none.
std::string_view status_value(std::string_view status, std::string_view key);

/// Takes the next line off the text, without its end.
std::string_view take_line(std::string_view& text);

}  // namespace acre::inline v1
