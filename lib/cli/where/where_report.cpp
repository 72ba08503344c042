#include "cli/where/where_report.hpp"

#include "cli/printable.hpp"
#include "cli/text.hpp"
#include "process/process_files.hpp"
#include "process/process_name.hpp"

#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/topology.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace acre_cli {
namespace {

// A machine that hwloc cannot describe still has processes.
acre::node_set machine_nodes() {
  try {
    return acre::topology::system().memory_nodes();
  } catch (const acre::error&) {
    return {};
  }
}

}  // namespace

process_state state_of(int pid) {
  const auto stat = acre::stat_of(pid);
  if (stat && stat->has_ended()) return process_state::zombie;
  return stat && stat->is_kernel_thread() ? process_state::kernel_thread : process_state::has_memory;
}

where_report make_report(acre::process_binding binding, const acre::node_set& memory_nodes) {
  where_report r;
  r.binding = std::move(binding);
  r.totals = r.binding.per_node;
  for (const acre::node_id node : memory_nodes& r.binding.allowed_nodes) {
    if (r.binding.on(node) == 0) r.totals.push_back({node, 0});
  }
  std::ranges::sort(r.totals, {}, &acre::node_pages::node);
  // Equal ones stay in order of address, so that a redrawn list does not flicker.
  std::ranges::stable_sort(r.binding.mappings, std::ranges::greater(), &acre::process_mapping::pages);
  return r;
}

where_report look_at(int pid) {
  where_report r = make_report(acre::binding_of(pid), machine_nodes());
  r.time = std::chrono::system_clock::now();
  r.command = acre::command_line_of(pid);
  if (!r.binding.mappings.empty()) {
    r.smaps = acre::smaps_of(pid);
  } else if (r.state = state_of(pid); r.state == process_state::has_memory) {
    r.state = process_state::without_memory;
  }
  return r;
}

std::size_t size_of(const acre::process_mapping& m) noexcept { return m.end > m.begin ? m.end - m.begin : 0; }

std::string size_words(const acre::process_mapping& m) {
  return size_of(m) == 0 ? "?" : acre::format_bytes_rounded(size_of(m));
}

std::string addresses_of(const acre::process_mapping& m) {
  return m.end == 0 ? fmt::format("{:x}-?", m.begin) : fmt::format("{:x}-{:x}", m.begin, m.end);
}

std::string label_of(const acre::process_mapping& m) {
  return m.name.empty() ? addresses_of(m) : printable(m.name);
}

std::optional<std::size_t> transparent_huge(const where_report& r, const acre::process_mapping& m) {
  if (r.smaps.empty()) return std::nullopt;
  const auto found = r.smaps.find(m.begin);
  if (found == r.smaps.end()) return 0;
  // They were counted after the pages were.
  return std::min(found->second.transparent_huge, m.pages() * r.binding.page_size);
}

std::optional<std::size_t> transparent_huge(const where_report& r) {
  if (r.smaps.empty()) return std::nullopt;
  std::size_t sum = 0;
  for (const auto& m : r.binding.mappings) sum += transparent_huge(r, m).value_or(0);
  return sum;
}

std::string policy_words(const acre::process_mapping& m) {
  const bool has_flags = m.kernel_policy.find('=') != std::string::npos;
  return m.policy && !has_flags ? m.policy->to_string() : m.kernel_policy;
}

std::string page_words(const where_report& r, const acre::process_mapping& m) {
  if (m.page_size == 0) return m.hugetlb ? "hugetlb" : "";
  const std::size_t bytes = m.pages() * r.binding.page_size;
  if (const std::size_t huge = transparent_huge(r, m).value_or(0); huge != 0) {
    const double part = 100 * static_cast<double>(huge) / static_cast<double>(bytes);
    return huge == bytes ? "all huge" : fmt::format("{:.0f}% huge", std::clamp(part, 1.0, 99.0));
  }
  return acre::format_bytes_rounded(m.page_size) + (m.hugetlb ? " hugetlb" : " pages");
}

std::string_view explanation(process_state state) noexcept {
  constexpr std::array<std::string_view, 4> texts = {
      "", "It is a thread of the kernel: it has no memory of its own.",
      "It has ended, and its parent has not waited for it: it has no memory any more.", "It has no memory."};
  return texts[static_cast<std::size_t>(state)];
}

acre::process_mapping sum_of(std::span<const acre::process_mapping> mappings) {
  acre::residency all;
  for (const auto& m : mappings) all += acre::residency{.per_node = m.per_node};
  acre::process_mapping sum;
  sum.name = counted(mappings.size(), "more mapping");
  sum.per_node = std::move(all.per_node);
  return sum;
}

}  // namespace acre_cli
