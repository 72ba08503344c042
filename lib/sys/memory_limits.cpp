#include "sys/memory_limits.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

#include "base/small_mutex.hpp"

#include "sys/clock.hpp"
#include "sys/files.hpp"

namespace acre::inline v1::sys {
namespace {

/// A limit, and what counts against it.
struct limit_files {
  std::string limit;
  std::string used;
};

/// What a hierarchy of groups has for a resource.
struct resource_files {
  std::string_view controller;  ///< of version 1
  std::vector<limit_files> version_2;
  std::vector<limit_files> version_1;
  bool has_cache;  ///< page cache counts, and can make room
};

resource_files memory_files() {
  return {"memory",
          {{"memory.max", "memory.current"}, {"memory.high", "memory.current"}},
          {{"memory.limit_in_bytes", "memory.usage_in_bytes"},
           {"memory.memsw.limit_in_bytes", "memory.memsw.usage_in_bytes"}},
          true};
}

/// The kernel's name of a page size: "2MB", "1GB", "64KB" (mem_fmt() in mm/hugetlb_cgroup.c).
std::string size_name(unsigned shift) {
  if (shift >= 30) return std::to_string(std::uint64_t{1} << (shift - 30)) + "GB";
  if (shift >= 20) return std::to_string(std::uint64_t{1} << (shift - 20)) + "MB";
  return std::to_string(std::uint64_t{1} << (shift - 10)) + "KB";
}

resource_files huge_page_files(unsigned shift) {
  const std::string name = "hugetlb." + size_name(shift);
  return {"hugetlb",
          {{name + ".max", name + ".current"}},
          {{name + ".limit_in_bytes", name + ".usage_in_bytes"}},
          false};
}

/// A hierarchy as mountinfo tells it: the group that is seen at a directory.
struct mounted_groups {
  std::string group;      ///< "/" or, where a part is mounted, its path
  std::string directory;  ///< where
};

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    if (end != 0) words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (list.substr(0, end) == word) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

/// The path below the mounted group; nothing if the group is not below it: then it cannot be seen here.
std::optional<std::string> path_below(std::string_view path, std::string_view mounted) {
  if (mounted == "/") mounted = "";
  // A group outside of the cgroup namespace is shown as "/../x".
  if (!path.starts_with(mounted) || path.find("/..") != path.npos) return std::nullopt;
  path.remove_prefix(mounted.size());
  if (!path.empty() && path.front() != '/') return std::nullopt;
  return std::string(path == "/" ? "" : path);
}

/// proc_pid_mountinfo(5): 36 35 98:0 /root /mount/point options [optional...] - type source super-options. Parts of a
/// hierarchy may be mounted, and mounted elsewhere, too: of the mounts where the group is seen, the one that shows most
/// of what is above it, and of those the last, which hides others.
std::optional<mounted_groups> find_mount(std::string_view mountinfo, bool version_2,
                                         std::string_view controller, std::string_view path) {
  std::optional<mounted_groups> found;
  for_each_line(mountinfo, [&](std::string_view line) {
    const auto words = words_of(line);
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 6 || words.end() - dash < 4) return;
    const bool right =
        version_2 ? dash[1] == "cgroup2" : dash[1] == "cgroup" && has_word(dash[3], controller);
    if (!right || !path_below(path, words[3])) return;
    if (!found || words[3].size() <= found->group.size())
      found = {std::string(words[3]), std::string(words[4])};
  });
  return found;
}

/// The group of this process: "0::/path" of version 2, "4:memory,cpu:/path" of version 1. Nothing if there is none.
std::optional<std::string> group_path(std::string_view groups, bool version_2, std::string_view controller) {
  std::optional<std::string> path;
  for_each_line(groups, [&](std::string_view line) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) return;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    if (version_2 ? line.starts_with("0::") : has_word(controllers, controller))
      path = line.substr(second + 1);
  });
  return path;
}

/// A limit that is set, by the process's group itself or by one above it.
struct set_limit {
  std::string group;
  limit_files files;
  bool itself;
};

/// What was found the last time.
struct known_limits {
  std::string groups;
  std::string name_space;
  std::vector<set_limit> set;
  bool all_seen = true;
  std::int64_t until = 0;  ///< milliseconds
};

class group_reader {
 public:
  group_reader(const resource_files& files, std::uint64_t wanted, std::string root)
      : x_files(files), x_wanted(wanted), x_root(std::move(root)) {}

  /// Most groups have no limit, and their files are many: while the process stays in its group, they are looked for
  /// again after a tenth of a second. What is used of those that were found is read each time.
  group_limits read(known_limits& known) {
    const auto groups = read_file((x_root + "/proc/self/cgroup").c_str());
    const std::int64_t now = coarse_milliseconds();
    if (groups && now < known.until && *groups == known.groups && x_namespace == known.name_space) {
      x_result.all_seen = known.all_seen;
      for (const set_limit& limit : known.set) look_at_limit(limit.group, limit.files, limit.itself);
      return std::move(x_result);
    }
    known.until = 0;
    group_limits found = read(groups);
    if (groups) known = {*groups, x_namespace, std::move(x_set), found.all_seen, now + 100};
    return found;
  }

  group_limits read() { return read(read_file((x_root + "/proc/self/cgroup").c_str())); }

 private:
  group_limits read(const std::optional<std::string>& groups) {
    if (!groups) {
      // Without /proc: what containers mount there is the process's own group, or one above it.
      x_result.all_seen = false;
      look_at("/sys/fs/cgroup", "", true);
      look_at("/sys/fs/cgroup/" + std::string(x_files.controller), "", false);
      return std::move(x_result);
    }
    for (const bool version_2 : {true, false}) {
      const auto path = group_path(*groups, version_2, x_files.controller);
      if (!path) continue;
      const bool seen = look_below_mount(*path, version_2);
      // The topmost group of all has no limit, wherever it is mounted.
      x_result.all_seen = x_result.all_seen && (seen || (*path == "/" && in_first_namespace()));
    }
    return std::move(x_result);
  }

  /// \returns whether the group can be seen
  bool look_below_mount(const std::string& path, bool version_2) {
    if (!x_mounts) x_mounts = read_file((x_root + "/proc/self/mountinfo").c_str()).value_or("");
    const auto mount = find_mount(*x_mounts, version_2, x_files.controller, path);
    return mount && look_at(mount->directory, *path_below(path, mount->group), version_2);
  }

  /// From the group itself up to the mounted one. \returns whether the group can be seen
  bool look_at(const std::string& directory, std::string below, bool version_2) {
    const bool seen = exists((x_root + directory + below + "/cgroup.procs").c_str());
    for (bool itself = true;; itself = false) {
      const std::string group = x_root + directory + below + "/";
      for (const limit_files& f : version_2 ? x_files.version_2 : x_files.version_1)
        look_at_limit(group, f, itself);
      if (below.empty()) break;
      below.resize(below.rfind('/'));
    }
    return seen;
  }

  /// Of control groups: PROC_CGROUP_INIT_INO of include/linux/proc_ns.h. In any other one the topmost group that is
  /// shown is one with others above it.
  bool in_first_namespace() const { return x_namespace == "cgroup:[4026531835]"; }

  void look_at_limit(const std::string& group, const limit_files& f, bool itself) {
    const auto limit = number_in(group + f.limit);
    // Without a limit version 1 shows the largest number of pages.
    constexpr std::uint64_t none = std::uint64_t{1} << 60;
    if (!limit || *limit >= none) return;
    x_set.push_back({group, f, itself});
    // Until Linux 5.11 groups of version 1 could be told not to count what is below them.
    if (!itself && number_in(group + "memory.use_hierarchy") == std::uint64_t{0}) return;
    const auto used = number_in(group + f.used);
    if (!used) return;
    const auto left_beside = [&](std::uint64_t taken) { return *limit > taken ? *limit - taken : 0; };
    std::uint64_t left = left_beside(*used);
    // More may be used than memory.high allows.
    if (left < x_wanted && x_files.has_cache) left = left_beside(*used - std::min(cache_of(group), *used));
    if (!x_result.tightest || left < x_result.tightest->bytes)
      x_result.tightest = {left, group.substr(x_root.size()) + f.limit, *limit, *used};
  }

  /// Of the group and those below it: version 2 counts so, version 1 in fields of their own.
  static std::uint64_t cache_of(const std::string& group) {
    const auto stat = read_file((group + "memory.stat").c_str());
    if (!stat) return 0;
    const auto total = number_after(*stat, "\ntotal_inactive_file");
    return total ? *total : number_after(*stat, "\ninactive_file").value_or(0);
  }

  const resource_files& x_files;
  std::uint64_t x_wanted;
  std::string x_root;
  std::string x_namespace = link_target((x_root + "/proc/self/ns/cgroup").c_str());
  group_limits x_result;
  std::vector<set_limit> x_set;
  std::optional<std::string> x_mounts;
};

}  // namespace

group_limits memory_group_limits(std::uint64_t wanted, const std::string& root) {
  static const resource_files files = memory_files();
  group_reader reader(files, wanted, root);
  if (!root.empty()) return reader.read();
  // Never destroyed: static and thread-local destructors may allocate. Who comes while another thread is here, or was
  // when this process was forked, looks by himself.
  static small_mutex mutex;
  static known_limits& known = *new known_limits;
  const std::unique_lock alone(mutex, std::try_to_lock);
  return alone ? reader.read(known) : reader.read();
}

group_limits huge_page_group_limits(unsigned shift, const std::string& root) {
  const resource_files files = huge_page_files(shift);
  return group_reader(files, 0, root).read();
}

}  // namespace acre::inline v1::sys
