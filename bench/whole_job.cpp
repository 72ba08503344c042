#include "whole_job.hpp"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

namespace bench {
namespace {

/// Loads of this thread, and of those it starts from now on, whose page is not in the data TLB.
class tlb_misses {
 public:
  tlb_misses() {
    perf_event_attr what{};
    what.size = sizeof what;
    what.type = PERF_TYPE_HW_CACHE;
    what.config =
        PERF_COUNT_HW_CACHE_DTLB | PERF_COUNT_HW_CACHE_OP_READ << 8 | PERF_COUNT_HW_CACHE_RESULT_MISS << 16;
    what.inherit = 1;
    what.exclude_kernel = 1;
    what.exclude_hv = 1;
    x_file = static_cast<int>(::syscall(__NR_perf_event_open, &what, 0, -1, -1, 0));
    if (x_file < 0) x_error = errno;
  }
  ~tlb_misses() {
    if (x_file >= 0) ::close(x_file);
  }
  tlb_misses(const tlb_misses&) = delete;
  tlb_misses& operator=(const tlb_misses&) = delete;

  /// Why nothing is counted; 0: it is.
  int error() const { return x_error; }
  /// So far; nothing where it is not counted.
  std::optional<double> now() const {
    std::uint64_t count = 0;
    if (x_file < 0 || ::read(x_file, &count, sizeof count) != sizeof count) return std::nullopt;
    return static_cast<double>(count);
  }

 private:
  int x_file = -1;
  int x_error = 0;
};

void say_what_is_not_counted() {
  static const bool said = [] {
    if (const int error = tlb_misses().error(); error != 0) {
      benchmark::AddCustomContext("uncounted",
                                  std::string("dTLB misses (perf_event_open: ") + std::strerror(error) + ")");
    }
    return true;
  }();
  static_cast<void>(said);
}

/// The most bytes that were resident since forget_peak(), or the start.
double peak_bytes() {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    if (double kilobytes = 0; word == "VmHWM:" && file >> kilobytes) return kilobytes * 1024;
  }
  throw std::runtime_error("/proc/self/status tells no VmHWM");
}

void forget_peak() {
  std::ofstream file("/proc/self/clear_refs");
  file << 5 << std::flush;
  if (!file) throw std::runtime_error("/proc/self/clear_refs cannot be written to");
}

figures measured(const std::function<std::uint64_t()>& job, std::uint64_t expected) {
  const tlb_misses misses;
  forget_peak();
  const double resident = peak_bytes();
  const double faults_before = faults();
  const std::optional<double> misses_before = misses.now();
  const double begin = seconds();
  const std::uint64_t result = job();
  figures found{{"seconds", seconds() - begin}};
  const std::optional<double> misses_after = misses.now();
  found["faults"] = faults() - faults_before;
  found["peak MiB"] = (peak_bytes() - resident) / (1 << 20);
  if (misses_before && misses_after) found["dTLB misses"] = *misses_after - *misses_before;
  if (result != expected) {
    throw std::runtime_error("the result is " + std::to_string(result) + ", not " + std::to_string(expected));
  }
  return found;
}

}  // namespace

void job_rows(const std::string& group, const std::vector<peer>& of, std::uint64_t expected,
              std::size_t warm_bytes,
              const std::function<std::function<std::uint64_t()>(std::pmr::memory_resource&)>& prepare) {
  say_what_is_not_counted();
  fresh_rows(group, of, [=](subject& s) {
    const std::function<std::uint64_t()> job = prepare(*s.memory);
    warm(warm_bytes);
    return measured(job, expected);
  });
}

}  // namespace bench
