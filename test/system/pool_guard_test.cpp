// A guarded pool finds mistakes; under AddressSanitizer every pool of default options does.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>
#include <acre/resource_for.hpp>

#include "support/sanitizers.hpp"
#include "support/throws.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory_resource>
#include <string>
#include <thread>
#include <vector>

#if defined(ACRE_TEST_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#endif

namespace acre::test {
namespace {

using testing::HasSubstr;

template <class F>
std::string message_of(F call) {
  try {
    call();
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::invalid_argument);
    return e.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

// Small, an extent, a mapping that is too large to rest.
constexpr std::size_t sizes[] = {1, 40, 5000, 100_KiB, 3_MiB, 17_MiB};

class a_guarded_pool : public testing::Test {
 protected:
  pool_resource pool{placement::unbound(), {.guarding = guarding::on}};
};

TEST_F(a_guarded_pool, says_that_a_block_is_freed_twice) {
  for (const std::size_t bytes : sizes) {
    void* const p = pool.allocate(bytes, 8);
    pool.deallocate(p, bytes, 8);
    EXPECT_THAT(message_of([&] { pool.deallocate(p, bytes, 8); }),
                HasSubstr(bytes < 17_MiB ? "is freed twice" : "is not a live block of this pool"))
        << bytes;
  }
}

TEST_F(a_guarded_pool, says_that_a_block_is_freed_with_another_size) {
  for (const std::size_t bytes : sizes) {
    void* const p = pool.allocate(bytes, 8);
    EXPECT_THAT(message_of([&] { pool.deallocate(p, bytes - 1, 8); }),
                HasSubstr("was allocated with " + std::to_string(bytes) + " bytes and is freed with " +
                          std::to_string(bytes - 1)));
    EXPECT_THAT(message_of([&] { pool.deallocate(p, 100 * bytes, 8); }), HasSubstr("and is freed with"));
    EXPECT_THAT(message_of([&] { pool.deallocate(p, bytes, 16); }),
                HasSubstr("was allocated with alignment 8"));
    pool.deallocate(p, bytes, 8);
  }
  EXPECT_EQ(pool.statistics().live_blocks, 0U);
}

TEST_F(a_guarded_pool, says_that_a_block_is_not_its_own) {
  pool_resource other(placement::unbound(), {.guarding = guarding::on});
  for (const std::size_t bytes : sizes) {
    void* const p = other.allocate(bytes, 8);
    EXPECT_THAT(message_of([&] { pool.deallocate(p, bytes, 8); }),
                HasSubstr("is not a live block of this pool"));
    EXPECT_THAT(message_of([&] { other.deallocate(static_cast<std::byte*>(p) + 8, bytes, 8); }),
                HasSubstr("is not a live block of this pool"));
    other.deallocate(p, bytes, 8);
  }
  int local = 0;
  EXPECT_THAT(message_of([&] { pool.deallocate(&local, sizeof local, alignof(int)); }),
              HasSubstr("is not a live block of this pool"));
}

TEST_F(a_guarded_pool, gives_freed_blocks_to_nobody_for_a_while) {
  for (const std::size_t bytes : {std::size_t{40}, 100_KiB}) {
    void* const p = pool.allocate(bytes, 8);
    pool.deallocate(p, bytes, 8);
    for (int i = 0; i != 30; ++i) EXPECT_NE(pool.allocate(bytes, 8), p);
  }
}

TEST_F(a_guarded_pool, gives_freed_blocks_to_others_in_the_end) {
  for (int i = 0; i != 20'000; ++i) pool.deallocate(pool.allocate(5000, 8), 5000, 8);
  EXPECT_LE(pool.statistics().used_bytes, 16_MiB);
  pool.trim();
  EXPECT_EQ(pool.statistics().used_bytes, 0U);
}

TEST_F(a_guarded_pool, says_of_no_more_bytes_than_were_asked_for) {
  for (const std::size_t bytes : sizes) EXPECT_EQ(pool.good_size(bytes, 8), bytes);
  numa_allocator<char> a(&pool);
  const auto [p, count] = a.allocate_at_least(41);
  std::memset(p, 1, count);
  a.deallocate(p, 41);
}

TEST_F(a_guarded_pool, serves_threads_that_free_each_others_blocks) {
  std::vector<void*> blocks(5000);
  std::thread([&] {
    for (void*& p : blocks) p = pool.allocate(100, 8);
  }).join();
  std::thread([&] {
    for (void* const p : blocks) pool.deallocate(p, 100, 8);
  }).join();
  EXPECT_EQ(code_thrown([&] { pool.deallocate(blocks.back(), 100, 8); }), errc::invalid_argument);
}

#if !defined(ACRE_TEST_ASAN)  // which would end the program at the write
TEST_F(a_guarded_pool, says_that_a_freed_block_was_written_to) {
  for (const std::size_t bytes : {std::size_t{40}, std::size_t{5000}, 100_KiB}) {
    auto* const p = static_cast<unsigned char*>(pool.allocate(bytes, 8));
    pool.deallocate(p, bytes, 8);
    std::memset(p + 8, 1, 1);
    EXPECT_THAT(message_of([&] { pool.trim(); }),
                HasSubstr("was written to after it was freed, at offset 8"));
    pool.trim();
    EXPECT_EQ(pool.statistics().used_bytes, 0U) << "the block is not lost";

    auto* const again = static_cast<unsigned char*>(pool.allocate(bytes, 8));
    pool.deallocate(again, bytes, 8);
    std::memset(again, 0, 1);
    EXPECT_THAT(message_of([&] {
                  for (int i = 0; i != 2000; ++i) pool.deallocate(pool.allocate(16, 8), 16, 8);
                }),
                HasSubstr("was written to after it was freed, at offset 0"));
    pool.trim();
    EXPECT_EQ(pool.statistics().used_bytes, 0U);
  }
}

TEST(a_pool_of_default_options, is_not_guarded) {
  pool_resource pool(placement::unbound());
  EXPECT_GT(pool.good_size(41, 8), 41U);
}
#else

class a_watched_pool : public testing::Test {
 protected:
  a_watched_pool() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
  pool_resource pool{placement::unbound()};
};

volatile char sink;

TEST_F(a_watched_pool, is_guarded_by_default) { EXPECT_EQ(pool.good_size(41, 8), 41U); }

TEST_F(a_watched_pool, reading_a_freed_block_is_reported) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{40}, std::size_t{5000}, 100_KiB, 3_MiB}) {
    const auto read = [&](std::size_t offset) {
      auto* const p = static_cast<char*>(pool.allocate(bytes, 8));
      pool.deallocate(p, bytes, 8);
      sink = p[offset];
    };
    EXPECT_DEATH(read(0), "use-after-poison.*(\n.*)*READ of size 1") << bytes;
    EXPECT_DEATH(read(bytes - 1), "use-after-poison") << bytes;
  }
}

TEST_F(a_watched_pool, writing_to_a_freed_block_is_reported) {
  const auto write = [&] {
    auto* const p = static_cast<char*>(pool.allocate(40, 8));
    pool.deallocate(p, 40, 8);
    p[39] = 1;
  };
  EXPECT_DEATH(write(), "use-after-poison.*(\n.*)*WRITE of size 1");
}

TEST_F(a_watched_pool, writing_past_the_end_of_a_block_is_reported) {
  // Those of 16 and 48 bytes would fill a block of their class.
  for (const std::size_t bytes : {0U, 1U, 13U, 16U, 41U, 48U, 5000U, 30'000U, 102'401U}) {
    const auto write = [&] { static_cast<char*>(pool.allocate(bytes, 8))[bytes] = 1; };
    EXPECT_DEATH(write(), "use-after-poison.*(\n.*)*WRITE of size 1") << bytes;
  }
}

TEST_F(a_watched_pool, using_all_of_a_block_is_right) {
  for (const std::size_t bytes : sizes) {
    for (int i = 0; i != 3; ++i) {
      void* const p = pool.allocate(bytes, 8);
      std::memset(p, 1, bytes);
      pool.deallocate(p, bytes, 8);
    }
  }
}

TEST_F(a_watched_pool, freeing_twice_through_an_allocator_ends_the_program) {
  const auto free_twice = [] {
    numa_allocator<int> a(placement::local());
    int* const p = a.allocate(10);
    a.deallocate(p, 10);
    a.deallocate(p, 10);
  };
  EXPECT_DEATH(free_twice(), "of 40 bytes is freed twice");
}

TEST_F(a_watched_pool, a_container_that_outgrew_an_iterator_is_found) {
  const auto use_old = [&] {
    std::pmr::vector<int> v({1, 2, 3}, &pool);
    const int& first = v.front();
    v.resize(1000);
    sink = static_cast<char>(first);
  };
  EXPECT_DEATH(use_old(), "use-after-poison.*(\n.*)*READ of size 4");
}

TEST_F(a_watched_pool, leaves_addresses_allowed_when_it_goes) {
  std::vector<std::byte> buffer(4_MiB);
  std::pmr::monotonic_buffer_resource upstream(buffer.data(), buffer.size());
  for (const bool released : {false, true}) {
    pool_resource mine(&upstream);
    std::vector<void*> live;
    for (int i = 0; i != 100; ++i) live.push_back(mine.allocate(41, 8));
    for (int i = 0; i != 50; ++i) mine.deallocate(live[static_cast<std::size_t>(i)], 41, 8);
    if (released) mine.release();
  }
  EXPECT_EQ(__asan_region_is_poisoned(buffer.data(), buffer.size()), nullptr);
}

// Not inlined: no copy of a pointer shall stay in the caller's frame or registers.
[[gnu::noinline]] void make_objects(std::pmr::vector<int*>& objects) {
  for (int i = 0; i != 100; ++i) objects.push_back(new int(i));
}
[[gnu::noinline]] void overwrite_stack() {
  volatile char junk[16'384];
  for (volatile char& c : junk) c = 0;
}

TEST_F(a_watched_pool, keeps_what_its_blocks_point_to_from_being_taken_for_leaks) {
  const auto check = [](bool forgotten) {
    pool_resource mine(placement::unbound());
    std::pmr::vector<int*> objects(&mine);
    make_objects(objects);
    if (forgotten) std::fill(objects.begin(), objects.end(), nullptr);
    overwrite_stack();
    const int leaks = __lsan_do_recoverable_leak_check();
    _exit(leaks == 0 ? 0 : 1);
  };
  EXPECT_EXIT(check(false), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(check(true), testing::ExitedWithCode(1), "LeakSanitizer: detected memory leaks");
}
#endif

}  // namespace
}  // namespace acre::test
