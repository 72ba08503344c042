// system_files: small texts of /proc and /sys, read as what they mean.
#pragma once

#include <acre/node_set.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace acre_cli {

/// Reserved hugetlb pages of one size.
struct huge_pool {
  std::uint64_t page_size = 0;  ///< bytes
  std::uint64_t total = 0;      ///< pages
  std::uint64_t free = 0;       ///< pages
  friend bool operator==(const huge_pool&, const huge_pool&) = default;
};

/// How much memory control groups let this process use.
struct memory_limit {
  std::uint64_t limit = 0;  ///< bytes
  std::uint64_t used = 0;   ///< bytes; 0 where it is not told
  friend bool operator==(const memory_limit&, const memory_limit&) = default;
};

struct cgroup_files;

/// Everything is nothing where the file is missing, may not be read, or says something else.
class system_files {
 public:
  /// \param root what stands for "/", for tests
  explicit system_files(std::filesystem::path root = "/") : x_root(std::move(root)) {}

  std::optional<std::string> line(std::string_view file) const;  ///< the first
  std::optional<std::uint64_t> number(std::string_view file) const;
  /// The word in brackets: "always [madvise] never".
  std::optional<std::string> chosen(std::string_view file) const;
  /// The value of "name:   4096 kB" or "name:   2", kB made bytes.
  std::optional<std::uint64_t> field(std::string_view file, std::string_view name) const;
  std::optional<std::size_t> count_lines(std::string_view file) const;

  bool has(std::string_view file) const;

  /// In order of page size.
  std::vector<huge_pool> huge_pools_of(acre::node_id node) const;
  /// Of all limits on the way from this process's control group to the root, the one that leaves least.
  std::optional<memory_limit> memory_limit_of_self() const;
  /// Whether that group can be seen here. The topmost group of the first cgroup namespace needs not be: it has no limit.
  bool shows_group_of_self() const;

 private:
  struct group_directory {
    const cgroup_files* files;
    std::string mounted;  ///< where groups are mounted; empty: they are not
    std::string path;     ///< below it, as far as it can be seen there
    bool is_topmost;
  };
  std::vector<group_directory> memory_groups_of_self() const;
  std::filesystem::path at(std::string_view file) const;

  std::filesystem::path x_root;
};

}  // namespace acre_cli
