// thread_caches: the calling thread's caches, one of each pool it uses, from its first block to its end.
#pragma once

#include "pool/cached_pool.hpp"

namespace acre::inline v1 {

/// The calling thread's cache of the pool, from now on at hand in this_thread. The thread is busy (detail::enter)
/// before and after. When the thread ends, its caches are given back.
/// \returns null if there can be none: the thread's thread-local objects are destroyed already, or there is no memory
/// \safety any thread
thread_cache* cache_of(cached_pool& pool) noexcept;

}  // namespace acre::inline v1
