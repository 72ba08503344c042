// A guarded pool finds mistakes; under AddressSanitizer every pool of default options does.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>
#include <acre/resource_for.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory_resource>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/misuse.hpp"
#include "support/print.hpp"
#include "support/sanitizers.hpp"
#include "support/text.hpp"

#if defined(ACRE_TEST_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#endif

namespace acre::test {
namespace {

// Small, an extent, a mapping that is too large to rest.
constexpr std::size_t sizes[] = {1, 40, 5000, 100_KiB, 3_MiB, 17_MiB};

struct guarded_pool {
  pool_resource pool{placement::unbound(), {.guarding = guarding::on}};
};

BOOST_FIXTURE_TEST_SUITE(a_guarded_pool, guarded_pool)

BOOST_AUTO_TEST_CASE(says_that_a_block_is_freed_twice) {
  for (const std::size_t bytes : sizes) {
    void* const p = pool.allocate(bytes, 8);
    pool.deallocate(p, bytes, 8);
    const char* const what = bytes < 17_MiB ? "is freed twice" : "is not a live block of this pool";
    BOOST_TEST_INFO(bytes << " bytes");
    BOOST_TEST(contains(misuse_in([&] { pool.deallocate(p, bytes, 8); }), what));
  }
}

BOOST_AUTO_TEST_CASE(says_that_a_block_is_freed_with_another_size) {
  for (const std::size_t bytes : sizes) {
    void* const p = pool.allocate(bytes, 8);
    const std::string one_less = "was allocated with " + std::to_string(bytes) + " bytes and is freed with " +
                                 std::to_string(bytes - 1);
    BOOST_TEST(contains(misuse_in([&] { pool.deallocate(p, bytes - 1, 8); }), one_less));
    BOOST_TEST(contains(misuse_in([&] { pool.deallocate(p, 100 * bytes, 8); }), "and is freed with"));
    BOOST_TEST(contains(misuse_in([&] { pool.deallocate(p, bytes, 16); }), "was allocated with alignment 8"));
    pool.deallocate(p, bytes, 8);
  }
  BOOST_TEST(pool.statistics().live_blocks == 0U);
}

BOOST_AUTO_TEST_CASE(says_that_a_block_is_not_its_own) {
  pool_resource other(placement::unbound(), {.guarding = guarding::on});
  for (const std::size_t bytes : sizes) {
    void* const p = other.allocate(bytes, 8);
    BOOST_TEST(
        contains(misuse_in([&] { pool.deallocate(p, bytes, 8); }), "is not a live block of this pool"));
    BOOST_TEST(contains(misuse_in([&] { other.deallocate(static_cast<std::byte*>(p) + 8, bytes, 8); }),
                        "is not a live block of this pool"));
    other.deallocate(p, bytes, 8);
  }
  int local = 0;
  BOOST_TEST(contains(misuse_in([&] { pool.deallocate(&local, sizeof local, alignof(int)); }),
                      "is not a live block of this pool"));
}

BOOST_AUTO_TEST_CASE(gives_freed_blocks_to_nobody_for_a_while) {
  for (const std::size_t bytes : {std::size_t{40}, 100_KiB}) {
    void* const p = pool.allocate(bytes, 8);
    pool.deallocate(p, bytes, 8);
    for (int i = 0; i != 30; ++i) BOOST_TEST(pool.allocate(bytes, 8) != p);
  }
}

BOOST_AUTO_TEST_CASE(gives_freed_blocks_to_others_in_the_end) {
  for (int i = 0; i != 20'000; ++i) pool.deallocate(pool.allocate(5000, 8), 5000, 8);
  BOOST_TEST(pool.statistics().used_bytes <= 16_MiB);
  pool.trim();
  BOOST_TEST(pool.statistics().used_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(says_of_no_more_bytes_than_were_asked_for) {
  for (const std::size_t bytes : sizes) BOOST_TEST(pool.good_size(bytes, 8) == bytes);
  numa_allocator<char> a(&pool);
  const auto [p, count] = a.allocate_at_least(41);
  std::memset(p, 1, count);
  a.deallocate(p, 41);
}

BOOST_AUTO_TEST_CASE(serves_threads_that_free_each_others_blocks) {
  std::vector<void*> blocks(5000);
  std::thread([&] {
    for (void*& p : blocks) p = pool.allocate(100, 8);
  }).join();
  std::thread([&] {
    for (void* const p : blocks) pool.deallocate(p, 100, 8);
  }).join();
  BOOST_TEST(contains(misuse_in([&] { pool.deallocate(blocks.back(), 100, 8); }), "the block at"));
}

#if !defined(ACRE_TEST_ASAN)  // which would end the program at the write
BOOST_AUTO_TEST_CASE(says_that_a_freed_block_was_written_to) {
  for (const std::size_t bytes : {std::size_t{40}, std::size_t{5000}, 100_KiB}) {
    auto* const p = static_cast<unsigned char*>(pool.allocate(bytes, 8));
    pool.deallocate(p, bytes, 8);
    std::memset(p + 8, 1, 1);
    BOOST_TEST(contains(misuse_in([&] { pool.trim(); }), "was written to after it was freed, at offset 8"));
    pool.trim();
    // The block is not lost.
    BOOST_TEST(pool.statistics().used_bytes == 0U);

    auto* const again = static_cast<unsigned char*>(pool.allocate(bytes, 8));
    pool.deallocate(again, bytes, 8);
    std::memset(again, 0, 1);
    const auto free_many = [&] {
      for (int i = 0; i != 2000; ++i) pool.deallocate(pool.allocate(16, 8), 16, 8);
    };
    BOOST_TEST(contains(misuse_in([&] { free_many(); }), "was written to after it was freed, at offset 0"));
    pool.trim();
    BOOST_TEST(pool.statistics().used_bytes == 0U);
  }
}
#endif

BOOST_AUTO_TEST_SUITE_END()

#if !defined(ACRE_TEST_ASAN)
BOOST_AUTO_TEST_SUITE(a_pool_of_default_options)

BOOST_AUTO_TEST_CASE(is_not_guarded) {
  pool_resource pool(placement::unbound());
  BOOST_TEST(pool.good_size(41, 8) > 41U);
}

BOOST_AUTO_TEST_SUITE_END()
#else

struct watched_pool {
  pool_resource pool{placement::unbound()};
};

volatile char sink;

bool exited_with(int code, int status) { return WIFEXITED(status) && WEXITSTATUS(status) == code; }

/// AddressSanitizer ends a child that does this, and says first the one, then the other.
void expect_report(const std::function<void()>& body, std::string_view first, std::string_view then = "") {
  constexpr int exit_code_of_sanitizers = 1;  // unless ASAN_OPTIONS says otherwise
  const child_end end = end_of_child(body);
  BOOST_TEST(exited_with(exit_code_of_sanitizers, end.status), "status " << end.status);
  BOOST_TEST(contains(end.said, first, then));
}

// Not inlined: no copy of a pointer shall stay in the caller's frame or registers.
[[gnu::noinline]] void make_objects(std::pmr::vector<int*>& objects) {
  for (int i = 0; i != 100; ++i) objects.push_back(new int(i));
}
[[gnu::noinline]] void overwrite_stack() {
  volatile char junk[16'384];
  for (volatile char& c : junk) c = 0;
}

BOOST_FIXTURE_TEST_SUITE(a_watched_pool, watched_pool)

BOOST_AUTO_TEST_CASE(is_guarded_by_default) { BOOST_TEST(pool.good_size(41, 8) == 41U); }

BOOST_AUTO_TEST_CASE(reading_a_freed_block_is_reported) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{40}, std::size_t{5000}, 100_KiB, 3_MiB}) {
    const auto read = [&](std::size_t offset) {
      auto* const p = static_cast<char*>(pool.allocate(bytes, 8));
      pool.deallocate(p, bytes, 8);
      sink = p[offset];
    };
    BOOST_TEST_CONTEXT("a block of " << bytes << " bytes") {
      expect_report([&] { read(0); }, "use-after-poison", "READ of size 1");
      expect_report([&] { read(bytes - 1); }, "use-after-poison");
    }
  }
}

BOOST_AUTO_TEST_CASE(writing_to_a_freed_block_is_reported) {
  const auto write = [&] {
    auto* const p = static_cast<char*>(pool.allocate(40, 8));
    pool.deallocate(p, 40, 8);
    p[39] = 1;
  };
  expect_report(write, "use-after-poison", "WRITE of size 1");
}

BOOST_AUTO_TEST_CASE(writing_past_the_end_of_a_block_is_reported) {
  // Those of 16 and 48 bytes would fill a block of their class.
  for (const std::size_t bytes : {0U, 1U, 13U, 16U, 41U, 48U, 5000U, 30'000U, 102'401U}) {
    const auto write = [&] { static_cast<char*>(pool.allocate(bytes, 8))[bytes] = 1; };
    BOOST_TEST_CONTEXT("a block of " << bytes << " bytes") {
      expect_report(write, "use-after-poison", "WRITE of size 1");
    }
  }
}

BOOST_AUTO_TEST_CASE(using_all_of_a_block_is_right) {
  for (const std::size_t bytes : sizes) {
    for (int i = 0; i != 3; ++i) {
      void* const p = pool.allocate(bytes, 8);
      std::memset(p, 1, bytes);
      pool.deallocate(p, bytes, 8);
    }
  }
}

BOOST_AUTO_TEST_CASE(freeing_twice_through_an_allocator_ends_the_program) {
  const auto free_twice = [] {
    numa_allocator<int> a(placement::local());
    int* const p = a.allocate(10);
    a.deallocate(p, 10);
    a.deallocate(p, 10);
  };
  // deallocate() of an allocator is noexcept.
  const child_end end = end_of_child(free_twice);
  BOOST_TEST((WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGABRT), "status " << end.status);
  BOOST_TEST(contains(end.said, "of 40 bytes is freed twice"));
}

BOOST_AUTO_TEST_CASE(a_container_that_outgrew_an_iterator_is_found) {
  const auto use_old = [&] {
    std::pmr::vector<int> v({1, 2, 3}, &pool);
    const int& first = v.front();
    v.resize(1000);
    sink = static_cast<char>(first);
  };
  expect_report(use_old, "use-after-poison", "READ of size 4");
}

BOOST_AUTO_TEST_CASE(leaves_addresses_allowed_when_it_goes) {
  std::vector<std::byte> buffer(4_MiB);
  std::pmr::monotonic_buffer_resource upstream(buffer.data(), buffer.size());
  for (const bool released : {false, true}) {
    pool_resource mine(&upstream);
    std::vector<void*> live;
    for (int i = 0; i != 100; ++i) live.push_back(mine.allocate(41, 8));
    for (int i = 0; i != 50; ++i) mine.deallocate(live[static_cast<std::size_t>(i)], 41, 8);
    if (released) mine.release();
  }
  BOOST_TEST(__asan_region_is_poisoned(buffer.data(), buffer.size()) == nullptr);
}

BOOST_AUTO_TEST_CASE(keeps_what_its_blocks_point_to_from_being_taken_for_leaks) {
  // A body that returns or throws would end with 0.
  constexpr int no_leaks = 2;
  constexpr int leaks = 3;
  const auto check = [](bool forgotten) {
    pool_resource mine(placement::unbound());
    std::pmr::vector<int*> objects(&mine);
    make_objects(objects);
    if (forgotten) std::fill(objects.begin(), objects.end(), nullptr);
    overwrite_stack();
    _exit(__lsan_do_recoverable_leak_check() == 0 ? no_leaks : leaks);
  };
  const child_end kept = end_of_child([&] { check(false); });
  BOOST_TEST(exited_with(no_leaks, kept.status), "status " << kept.status << ": " << kept.said);
  const child_end forgot = end_of_child([&] { check(true); });
  BOOST_TEST(exited_with(leaks, forgot.status), "status " << forgot.status << ": " << forgot.said);
  BOOST_TEST(contains(forgot.said, "LeakSanitizer: detected memory leaks"));
}

BOOST_AUTO_TEST_SUITE_END()
#endif

}  // namespace
}  // namespace acre::test
