#include "cli/acre/system_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace acre_cli {
namespace fs = std::filesystem;

/// A limit, and what counts against it.
struct limit_files {
  std::string_view limit;
  std::string_view used;
};
struct cgroup_files {
  std::string_view type;  ///< of the file system
  std::string_view usual_place;
  std::vector<limit_files> limits;
};
namespace {

/// Above memory.high the kernel makes a process wait for each further piece of memory.
const cgroup_files version_2 = {
    "cgroup2", "/sys/fs/cgroup", {{"memory.max", "memory.current"}, {"memory.high", "memory.current"}}};
const cgroup_files version_1 = {"cgroup",
                                "/sys/fs/cgroup/memory",
                                {{"memory.limit_in_bytes", "memory.usage_in_bytes"},
                                 {"memory.memsw.limit_in_bytes", "memory.memsw.usage_in_bytes"}}};

std::optional<std::uint64_t> to_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "hugepages-2048kB"
std::optional<std::uint64_t> page_size_in(std::string_view directory) {
  constexpr std::string_view before = "hugepages-";
  constexpr std::string_view after = "kB";
  if (!directory.starts_with(before) || !directory.ends_with(after)) return std::nullopt;
  directory.remove_prefix(before.size());
  directory.remove_suffix(after.size());
  const auto kilobytes = to_number(directory);
  return kilobytes ? std::optional(*kilobytes * 1024) : std::nullopt;
}

/// Whether "a,b,memory" names memory.
bool names_memory(std::string_view list) {
  return fmt::format(",{},", list).find(",memory,") != std::string::npos;
}

struct memory_group {
  const cgroup_files* files;
  std::string path;
};
/// Of "0::/path" or "4:memory:/path"; nothing for other lines.
std::optional<memory_group> memory_cgroup(std::string_view line) {
  const std::size_t first = line.find(':');
  const std::size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
  if (second == line.npos) return std::nullopt;
  const std::string_view controllers = line.substr(first + 1, second - first - 1);
  std::string path(line.substr(second + 1));
  if (line.starts_with("0::")) return memory_group{&version_2, std::move(path)};
  if (names_memory(controllers)) return memory_group{&version_1, std::move(path)};
  return std::nullopt;
}

/// Where control groups are mounted, and which of them is the topmost there.
struct group_mount {
  std::string group;
  std::string directory;
};
/// proc_pid_mountinfo(5): 36 35 98:0 /root /mount/point options [optional...] - type source super-options.
std::optional<group_mount> group_mount_in(std::string_view line, const cgroup_files& files) {
  std::istringstream words{std::string(line)};
  std::string skipped, type, source, options;
  group_mount found;
  words >> skipped >> skipped >> skipped >> found.group >> found.directory;
  while (words >> skipped && skipped != "-") {
  }
  words >> type >> source >> options;
  if (!words || type != files.type) return std::nullopt;
  return &files == &version_2 || names_memory(options) ? std::optional(found) : std::nullopt;
}

std::uint64_t room(const memory_limit& l) { return l.limit > l.used ? l.limit - l.used : 0; }

}  // namespace

fs::path system_files::at(std::string_view file) const {
  return x_root / file.substr(file.find_first_not_of('/'));
}

std::optional<std::string> system_files::line(std::string_view file) const {
  std::ifstream in(at(file));
  std::string text;
  if (!std::getline(in, text)) return std::nullopt;
  return text;
}

std::optional<std::uint64_t> system_files::number(std::string_view file) const {
  const auto text = line(file);
  return text ? to_number(*text) : std::nullopt;
}

std::optional<std::string> system_files::chosen(std::string_view file) const {
  const auto text = line(file);
  if (!text) return std::nullopt;
  const std::size_t open = text->find('[');
  const std::size_t close = text->find(']');
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  return text->substr(open + 1, close - open - 1);
}

std::optional<std::uint64_t> system_files::field(std::string_view file, std::string_view name) const {
  std::ifstream in(at(file));
  for (std::string text; std::getline(in, text);) {
    if (!text.starts_with(name) || text.size() <= name.size() || text[name.size()] != ':') continue;
    std::string_view value = std::string_view(text).substr(name.size() + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    const bool kilobytes = value.ends_with(" kB");
    if (kilobytes) value.remove_suffix(3);
    const auto number = to_number(value);
    return number ? std::optional(*number * (kilobytes ? 1024 : 1)) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::size_t> system_files::count_lines(std::string_view file) const {
  std::ifstream in(at(file));
  if (!in) return std::nullopt;
  std::size_t lines = 0;
  for (std::string text; std::getline(in, text);) ++lines;
  return lines;
}

std::vector<huge_pool> system_files::huge_pools_of(acre::node_id node) const {
  const std::string directory = fmt::format("/sys/devices/system/node/node{}/hugepages", node);
  std::vector<huge_pool> pools;
  std::error_code ec;
  for (fs::directory_iterator entry(at(directory), ec), end; !ec && entry != end; entry.increment(ec)) {
    const std::string name = entry->path().filename().string();
    const auto size = page_size_in(name);
    const auto total = number(fmt::format("{}/{}/nr_hugepages", directory, name));
    const auto free = number(fmt::format("{}/{}/free_hugepages", directory, name));
    if (size && total && free) pools.push_back({*size, *total, *free});
  }
  std::ranges::sort(pools, {}, &huge_pool::page_size);
  return pools;
}

bool system_files::has(std::string_view file) const {
  std::error_code ec;
  return fs::exists(at(file), ec);
}

std::vector<system_files::group_directory> system_files::memory_groups_of_self() const {
  std::vector<group_directory> found;
  std::ifstream in(at("/proc/self/cgroup"));
  for (std::string text; std::getline(in, text);) {
    const auto group = memory_cgroup(text);
    if (!group) continue;
    group_directory& d = found.emplace_back(group_directory{group->files, {}, {}, group->path == "/"});
    std::ifstream mounts(at("/proc/self/mountinfo"));
    if (!mounts) {
      d.mounted = group->files->usual_place;
      d.path = group->path;
    }
    for (std::string line; std::getline(mounts, line);) {
      const auto mount = group_mount_in(line, *group->files);
      if (!mount) continue;
      const std::string top = mount->group == "/" ? "" : mount->group;
      // Of several mounts where the group is seen, the one that shows most of what is above it.
      const bool below = group->path.starts_with(top + "/") || group->path == top;
      if (!below || (!d.mounted.empty() && top.size() > group->path.size() - d.path.size())) continue;
      d.mounted = mount->directory;
      d.path = group->path.substr(top.size());
    }
  }
  return found;
}

std::optional<memory_limit> system_files::memory_limit_of_self() const {
  // Above this the kernel means none (version 1 writes a very large number).
  constexpr std::uint64_t no_limit = std::uint64_t{1} << 60;
  std::optional<memory_limit> tightest;
  for (const group_directory& group : memory_groups_of_self()) {
    for (fs::path part = fs::path(group.path).relative_path();; part = part.parent_path()) {
      const std::string directory = (fs::path(group.mounted) / part).string();
      for (const limit_files& files : group.files->limits) {
        const auto limit = number(fmt::format("{}/{}", directory, files.limit));
        if (!limit || *limit >= no_limit) continue;
        const memory_limit found{*limit, number(fmt::format("{}/{}", directory, files.used)).value_or(0)};
        if (!tightest || room(found) < room(*tightest)) tightest = found;
      }
      if (part.empty()) break;
    }
  }
  return tightest;
}

bool system_files::shows_group_of_self() const {
  std::error_code ec;
  const bool first_namespace =
      fs::read_symlink(at("/proc/self/ns/cgroup"), ec).string() == "cgroup:[4026531835]";
  const auto groups = memory_groups_of_self();
  return has("/proc/self/cgroup") && std::ranges::all_of(groups, [&](const group_directory& group) {
           const auto directory = fs::path(group.mounted) / fs::path(group.path).relative_path();
           return (!group.mounted.empty() && has((directory / "cgroup.procs").string())) ||
                  (group.is_topmost && first_namespace);
         });
}

}  // namespace acre_cli
