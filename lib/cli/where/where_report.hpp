// where_report: what `acre where` shows, as data; the renderers are functions of it alone.
#pragma once

#include "process/process_smaps.hpp"

#include <acre/binding_of.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace acre_cli {

enum class process_state { has_memory, kernel_thread, zombie, without_memory };

struct where_report {
  std::chrono::system_clock::time_point time;
  std::string command;  ///< as it is: not yet printable
  process_state state = process_state::has_memory;
  acre::process_binding binding;  ///< mappings with the most resident bytes first
  /// All nodes the process may have memory on, and those where it has some; with their pages, 0 included.
  std::vector<acre::node_pages> totals;
  acre::process_smaps smaps;  ///< empty where Linux does not tell
};

/// Sorts the mappings, and adds up.
/// \param memory_nodes the machine's
where_report make_report(acre::process_binding binding, const acre::node_set& memory_nodes);

/// \throws what acre::binding_of() throws
where_report look_at(int pid);

/// Bytes of its addresses; 0 if they are not known.
std::size_t size_of(const acre::process_mapping& m) noexcept;

/// "64 MiB", "?"
std::string size_words(const acre::process_mapping& m);

/// Its name, else its addresses; printable.
std::string label_of(const acre::process_mapping& m);

/// "7f5c1c000000-7f5c1c021000"
std::string addresses_of(const acre::process_mapping& m);

/// How many of the resident bytes of a mapping, or of the process, are in transparent huge pages; nothing if
/// that is not known.
std::optional<std::size_t> transparent_huge(const where_report& r, const acre::process_mapping& m);
std::optional<std::size_t> transparent_huge(const where_report& r);

/// Its policy as acre writes it, "bind 0-1"; as the kernel does where acre has no word for it: for another
/// mode, and for flags ("bind=static:0-1").
std::string policy_words(const acre::process_mapping& m);

/// "4 KiB pages", "97% huge" (transparent ones), "2 MiB hugetlb"; empty without pages.
std::string page_words(const where_report& r, const acre::process_mapping& m);

/// Of a process by what it is: one that has memory may still have no mappings.
process_state state_of(int pid);

/// Why there is nothing to show; empty for process_state::has_memory.
std::string_view explanation(process_state state) noexcept;

/// The pages of those that are not shown one by one, as a mapping named "3 more mappings".
acre::process_mapping sum_of(std::span<const acre::process_mapping> mappings);

}  // namespace acre_cli
