// memory_watch: where the memory of a process and its descendants lies, looked at now and then.
#pragma once

#include <acre/locate.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace acre_cli {

using watch_clock = std::chrono::steady_clock;

/// The moment when most pages were seen.
struct memory_peak {
  std::vector<acre::node_pages> per_node;  ///< base pages; one that N processes map counts 1/N in each
  std::size_t page_size = 0;
  std::size_t pages = 0;   ///< the sum of the above
  std::size_t mapped = 0;  ///< where a page counts in full in each process
  std::size_t processes = 0;
  std::string policy;  ///< of the first process; empty where the kernel does not show it
  watch_clock::duration at{};
};

/// When to look again: often in the beginning, then ten times a second; and never so often that looking takes more CPU
/// time than a fiftieth of the time, beside 20 ms in the beginning; but always when five times the time has
/// passed: there are few such looks, and without them a slow first one would be the only one.
/// \param elapsed since the start
/// \param spent on looking
/// \returns how long to wait from now on
watch_clock::duration until_next_look(watch_clock::duration elapsed, watch_clock::duration spent);

class memory_watch {
 public:
  explicit memory_watch(int pid);

  watch_clock::duration due() const;  ///< 0 or less: now
  void look();

  /// False where /proc has other numbers, and would show another process.
  bool can_see() const { return x_can_see; }
  const std::optional<memory_peak>& peak() const { return x_peak; }
  std::size_t looks() const { return x_looks; }
  /// The most bytes that one process mapped in any look.
  std::uint64_t largest() const { return x_largest; }
  watch_clock::duration elapsed() const { return watch_clock::now() - x_start; }
  /// Of the last look at the first process that failed for another reason than its end.
  const std::error_code& error() const { return x_error; }

 private:
  int x_pid;
  bool x_can_see;
  watch_clock::time_point x_start = watch_clock::now();
  watch_clock::time_point x_next = x_start;
  watch_clock::duration x_spent{};
  std::size_t x_looks = 0;
  std::uint64_t x_largest = 0;
  std::optional<memory_peak> x_peak;
  std::error_code x_error;
};

}  // namespace acre_cli
