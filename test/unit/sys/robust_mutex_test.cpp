#include "sys/robust_mutex.hpp"

#include <boost/test/unit_test.hpp>

#include <linux/futex.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "support/print.hpp"
#include "support/sanitizers.hpp"

namespace acre::test {
namespace {

using sys::lock_outcome;
using sys::robust_mutex;
using namespace std::chrono_literals;

robust_mutex zeroes() {
  robust_mutex m;
  std::memset(static_cast<void*>(&m), 0, sizeof m);
  return m;
}

std::uint32_t word_of(const robust_mutex& m) {
  std::uint32_t word = 0;
  std::memcpy(&word, static_cast<const void*>(&m), sizeof word);
  return word;
}

robust_mutex with_word(std::uint32_t word) {
  robust_mutex m = zeroes();
  std::memcpy(static_cast<void*>(&m), &word, sizeof word);
  return m;
}

BOOST_AUTO_TEST_SUITE(a_robust_mutex)

BOOST_AUTO_TEST_CASE(of_zeroes_is_free) {
  robust_mutex m = zeroes();
  for (int i = 0; i != 3; ++i) {
    BOOST_TEST((m.lock(0ms) == lock_outcome::locked));
    BOOST_TEST(word_of(m) != 0U);
    BOOST_TEST((m.lock(0ms) == lock_outcome::timed_out));
    m.unlock();
    BOOST_TEST(word_of(m) == 0U);
  }
}

BOOST_AUTO_TEST_CASE(lets_one_in_at_a_time) {
  robust_mutex m = zeroes();
  long inside = 0;
  std::atomic<int> failed = 0;
  constexpr int rounds = sanitized ? 5000 : 100'000;
  std::vector<std::thread> threads;
  for (int t = 0; t != 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i != rounds; ++i) {
        if (m.lock(600s) != lock_outcome::locked) ++failed;
        ++inside;
        m.unlock();
      }
    });
  }
  for (std::thread& t : threads) t.join();
  BOOST_TEST(failed == 0);
  BOOST_TEST(inside == 4L * rounds);
  BOOST_TEST(word_of(m) == 0U);
}

BOOST_AUTO_TEST_CASE(says_who_holds_it) {
  robust_mutex m = zeroes();
  BOOST_TEST(m.holder().thread == 0);
  BOOST_TEST((m.lock(0ms) == lock_outcome::locked));
  BOOST_TEST(m.holder().process == ::getpid());
  BOOST_TEST(!m.holder().is_stopped);
  m.unlock();
  BOOST_TEST(m.holder().thread == 0);
}

BOOST_AUTO_TEST_CASE(that_was_left_by_the_dead_says_so_until_it_is_repaired) {
  robust_mutex m = with_word(FUTEX_OWNER_DIED);
  BOOST_TEST((m.lock(0ms) == lock_outcome::owner_died));
  m.unlock_unrepaired();
  BOOST_TEST((m.lock(0ms) == lock_outcome::owner_died));
  m.unlock();
  BOOST_TEST((m.lock(0ms) == lock_outcome::locked));
  m.unlock();
}

BOOST_AUTO_TEST_CASE(writes_to_no_address_that_others_wrote_into_it) {
  robust_mutex m = zeroes();
  std::array<std::uint64_t, 16> elsewhere{};
  auto* const parts = reinterpret_cast<std::uintptr_t*>(&m);
  BOOST_TEST_REQUIRE((m.lock(0ms) == lock_outcome::locked));
  // Behind the word and what shares eight bytes with it.
  for (std::size_t i = 1; i != sizeof m / sizeof *parts; ++i)
    parts[i] = reinterpret_cast<std::uintptr_t>(&elsewhere[8]);
  m.unlock();
  for (const std::uint64_t number : elsewhere) BOOST_TEST(number == 0U);
}

BOOST_AUTO_TEST_CASE(is_any_word_that_others_wrote) {
  std::mt19937 random(3);
  for (int i = 0; i != 10'000; ++i) {
    const auto bits = static_cast<std::uint32_t>(random());
    const std::uint32_t word = i % 2 == 0 ? bits : bits & ~static_cast<std::uint32_t>(FUTEX_TID_MASK);
    robust_mutex m = with_word(word);
    const lock_outcome outcome = m.lock(0ms);
    BOOST_TEST_CONTEXT("the word " << word) {
      if ((word & FUTEX_TID_MASK) != 0) {
        BOOST_TEST_REQUIRE((outcome == lock_outcome::timed_out));
        BOOST_TEST_REQUIRE(m.holder().process == 0);
      } else {
        const bool died = (word & FUTEX_OWNER_DIED) != 0;
        BOOST_TEST_REQUIRE((outcome == (died ? lock_outcome::owner_died : lock_outcome::locked)));
        m.unlock();
        BOOST_TEST_REQUIRE(word_of(m) == 0U);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
