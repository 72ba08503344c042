// current_cpu: the CPU that the calling thread runs on, where a load tells.
#pragma once

#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#define ACRE_HAS_RSEQ 1
#endif

namespace acre::inline v1::detail {

/// No CPU has this number.
inline constexpr unsigned unknown_cpu = ~0U;

/// glibc registers a rseq area for each thread since 2.35, whose cpu_id the kernel keeps up to date (rseq(2),
/// <sys/rseq.h>). Where it has not (the tunable glibc.pthread.rseq=0, Valgrind) cpu_id is negative: a number beyond
/// every CPU's, as unknown_cpu, which is what there is without such areas.
inline unsigned current_cpu() noexcept {
#if defined(ACRE_HAS_RSEQ)
  const void* const area = static_cast<const char*>(__builtin_thread_pointer()) + __rseq_offset;
  return static_cast<const volatile struct rseq*>(area)->cpu_id;
#else
  return unknown_cpu;
#endif
}

}  // namespace acre::inline v1::detail
