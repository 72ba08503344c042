#include "process/system_files.hpp"

#include <algorithm>

#include "sys/files.hpp"
#include "sys/memory_limits.hpp"

namespace acre::inline v1 {

std::optional<std::string> system_files::line(const std::string& file) const {
  const auto text = sys::read_file((x_root + file).c_str());
  if (!text || text->empty()) return std::nullopt;
  return text->substr(0, text->find('\n'));
}

std::optional<std::uint64_t> system_files::number(const std::string& file) const {
  return sys::number_in(x_root + file);
}

std::optional<std::string> system_files::chosen(const std::string& file) const {
  const auto text = line(file);
  const std::string_view word = text ? sys::chosen_in(*text) : std::string_view();
  return word.empty() ? std::nullopt : std::optional<std::string>(word);
}

std::optional<std::uint64_t> system_files::field(const std::string& file, const std::string& name) const {
  const auto text = sys::read_file((x_root + file).c_str());
  return text ? sys::number_after("\n" + *text, "\n" + name + ":") : std::nullopt;
}

std::optional<std::size_t> system_files::count_lines(const std::string& file) const {
  const auto text = sys::read_file((x_root + file).c_str());
  if (!text) return std::nullopt;
  return static_cast<std::size_t>(std::ranges::count(*text, '\n'));
}

bool system_files::has(const std::string& file) const { return sys::exists((x_root + file).c_str()); }

std::vector<huge_pool> system_files::huge_pools_of(node_id node) const {
  std::vector<huge_pool> pools;
  const std::string directory = sys::node_directory(node) + "hugepages/";
  for (const std::string& name : sys::entries_of(x_root + directory)) {
    const auto kilobytes = sys::number_after(name, "hugepages-");
    const auto total = number(directory + name + "/nr_hugepages");
    const auto free = number(directory + name + "/free_hugepages");
    if (kilobytes && total && free) pools.push_back({*kilobytes << 10, *total, *free});
  }
  std::ranges::sort(pools, {}, &huge_pool::page_size);
  return pools;
}

// Nothing is wanted, so page cache counts as used: what the files say is shown.
std::optional<memory_limit> system_files::memory_limit_of_self() const {
  const auto tightest = sys::memory_group_limits(0, x_root).tightest;
  return tightest ? std::optional(memory_limit{tightest->limit, tightest->used}) : std::nullopt;
}

bool system_files::shows_group_of_self() const { return sys::memory_group_limits(0, x_root).all_seen; }

}  // namespace acre::inline v1
