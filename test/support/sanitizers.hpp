// sanitizers: which of them this test was compiled with.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define ACRE_TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ACRE_TEST_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define ACRE_TEST_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ACRE_TEST_TSAN 1
#endif
#endif

namespace acre::test {

#if defined(ACRE_TEST_ASAN)
inline constexpr bool under_asan = true;
#else
inline constexpr bool under_asan = false;
#endif
#if defined(ACRE_TEST_TSAN)
inline constexpr bool under_tsan = true;
#else
inline constexpr bool under_tsan = false;
#endif
/// Everything is many times slower, and memory is not returned at once.
inline constexpr bool sanitized = under_asan || under_tsan;

}  // namespace acre::test
