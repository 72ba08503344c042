// Whole programs as rows: a job that is done once, in a process of its own, and whose result is known.
#pragma once

#include <cstdint>
#include <functional>

#include "fresh_process.hpp"

namespace bench {

/// A row for each peer, of a job that `prepare` makes ready: it returns what is then done once and measured. Figures
/// are "seconds", by the clock; and, of the job alone and all its threads, "faults" that needed no disk, "peak MiB"
/// that were resident beyond what was before, and "dTLB misses" of loads, outside the kernel, where the CPU counts
/// them: where it does not, Google Benchmark's context says so.
/// A job whose result is not `expected` is an error.
/// \param warm_bytes about what the job needs; see warm()
void job_rows(const std::string& group, const std::vector<peer>& of, std::uint64_t expected,
              std::size_t warm_bytes,
              const std::function<std::function<std::uint64_t()>(std::pmr::memory_resource&)>& prepare);

}  // namespace bench
