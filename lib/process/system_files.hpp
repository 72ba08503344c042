// system_files: small texts of /proc and /sys, read as what they mean.
#pragma once

#include <acre/node_set.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace acre::inline v1 {

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
  std::uint64_t used = 0;   ///< bytes
  friend bool operator==(const memory_limit&, const memory_limit&) = default;
};

/// Everything is nothing where the file is missing, may not be read, or says something else.
class system_files {
 public:
  /// \param root what stands for "/", for tests
  explicit system_files(std::string root = {}) : x_root(std::move(root)) {}

  std::optional<std::string> line(const std::string& file) const;  ///< the first
  /// The number that a file begins with.
  std::optional<std::uint64_t> number(const std::string& file) const;
  /// The word in brackets: "always [madvise] never".
  std::optional<std::string> chosen(const std::string& file) const;
  /// The value of "name:   4096 kB" or "name:   2", kB made bytes.
  std::optional<std::uint64_t> field(const std::string& file, const std::string& name) const;
  std::optional<std::size_t> count_lines(const std::string& file) const;

  bool has(const std::string& file) const;

  /// In order of page size.
  std::vector<huge_pool> huge_pools_of(node_id node) const;
  /// Of all limits on the way from this process's control group to the root, the one that leaves least.
  std::optional<memory_limit> memory_limit_of_self() const;
  /// False where that group, or one above it, may have limits that cannot be seen here.
  bool shows_group_of_self() const;

 private:
  std::string x_root;
};

}  // namespace acre::inline v1
