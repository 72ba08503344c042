#include "pool/block_guard.hpp"

#include <acre/error.hpp>

#include "pool/poison.hpp"
#include "support/checking_resource.hpp"
#include "support/errors.hpp"
#include "support/failing_resource.hpp"
#include "support/print.hpp"
#include "support/sanitizers.hpp"
#include "support/text.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#if defined(ACRE_TEST_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace acre {

static std::ostream& boost_test_print_type(std::ostream& out, const block_guard::block& b) {
  return out << b.bytes << " bytes at " << b.p << " aligned to " << b.alignment;
}

}  // namespace acre

namespace acre::test {
namespace {

using block = block_guard::block;

bool is_forbidden([[maybe_unused]] const void* p) {
#if defined(ACRE_TEST_ASAN)
  return __asan_address_is_poisoned(p) != 0;
#else
  return false;
#endif
}

/// What is forbidden where AddressSanitizer watches; nothing where it does not.
bool forbidden_if_watched(const void* p) { return is_forbidden(p) == under_asan; }

template <class F>
std::string message_of(F call) {
  std::string message;
  const auto is_refusal = [&](const error& e) {
    message = e.what();
    return with_code(errc::invalid_argument)(e);
  };
  BOOST_CHECK_EXCEPTION(call(), error, is_refusal);
  return message;
}

std::string text_of(const void* p) {
  std::ostringstream text;
  text << p;
  return text.str();
}

struct guarded_memory {
  ~guarded_memory() { guard.clear(); }

  /// A block of fresh memory.
  std::byte* memory(std::size_t bytes) {
    given.push_back(std::make_unique<std::byte[]>(bytes));
    return given.back().get();
  }
  block admit(std::size_t bytes, std::size_t good) {
    const block b{memory(good), bytes, 8};
    guard.admit(b, good);
    return b;
  }
  void expect_not_live(const block& b) {
    BOOST_TEST(contains(message_of([&] { guard.retire(b, b.bytes); }), "is not a live block of this pool"));
  }

  std::vector<std::unique_ptr<std::byte[]>> given;
  block_guard guard;  // goes first
};

BOOST_FIXTURE_TEST_SUITE(a_block_guard, guarded_memory)

BOOST_AUTO_TEST_CASE(lets_freed_blocks_rest_and_wakes_the_oldest_first) {
  const block first = admit(40, 48);
  const block second = admit(100, 104);
  BOOST_TEST(guard.retire(first, 48) == std::nullopt);
  BOOST_TEST(guard.retire(second, 104) == std::nullopt);
  for (const block& expected : {first, second}) {
    const std::optional<block> b = guard.wake();
    BOOST_TEST_REQUIRE(b);
    BOOST_TEST(b->p == expected.p);
    BOOST_TEST(b->bytes == expected.bytes);
    BOOST_TEST(b->alignment == expected.alignment);
  }
  BOOST_TEST(guard.wake() == std::nullopt);
}

BOOST_AUTO_TEST_CASE(takes_sizes_from_the_one_asked_for_to_the_good_one) {
  for (const std::size_t freed : {40U, 41U, 48U}) {
    block b = admit(40, 48);
    b.bytes = freed;
    BOOST_TEST(guard.retire(b, 48) == std::nullopt);
    // The size it was asked with, not the one it was freed with.
    BOOST_TEST(guard.wake().value().bytes == 40U);
  }
}

BOOST_AUTO_TEST_CASE(says_which_sizes_do_not_agree) {
  struct {
    std::size_t freed;
    std::size_t good;
  } const cases[] = {{39, 48}, {49, 48}, {0, 48}, {49, 1000}, {41, 40}};
  for (const auto& c : cases) {
    const block b = admit(40, 48);
    const block other{b.p, c.freed, 8};
    BOOST_TEST(message_of([&] { guard.retire(other, c.good); }) ==
               "pool: the block at " + text_of(b.p) + " was allocated with 40 bytes and is freed with " +
                   std::to_string(c.freed));
    // It is live still.
    BOOST_TEST(guard.retire(b, 48) == std::nullopt);
  }
}

BOOST_AUTO_TEST_CASE(says_which_alignments_do_not_agree) {
  const block b = admit(40, 48);
  const block other{b.p, 40, 16};
  BOOST_TEST(message_of([&] { guard.retire(other, 48); }) ==
             "pool: the block at " + text_of(b.p) + " was allocated with alignment 8 and is freed with 16");
  // It is live still.
  BOOST_TEST(guard.retire(b, 48) == std::nullopt);
}

BOOST_AUTO_TEST_CASE(says_that_a_block_is_freed_twice) {
  const block b = admit(40, 48);
  guard.retire(b, 48);
  BOOST_TEST(message_of([&] { guard.retire(b, 48); }) ==
             "pool: the block at " + text_of(b.p) + " of 40 bytes is freed twice");
  // It rests still, and only once.
  BOOST_TEST(guard.wake());
  BOOST_TEST(guard.wake() == std::nullopt);
}

BOOST_AUTO_TEST_CASE(says_that_it_does_not_know_a_block) {
  const block b = admit(40, 48);
  const block inside{static_cast<std::byte*>(b.p) + 8, 40, 8};
  BOOST_TEST(message_of([&] { guard.retire(inside, 48); }) ==
             "pool: the block at " + text_of(inside.p) +
                 ", freed with 40 bytes, is not a live block of this pool");
  guard.retire(b, 48);
  guard.wake();
  expect_not_live(b);
  guard.admit(b, 48);  // the pool gave it to somebody again
  BOOST_TEST(guard.retire(b, 48) == std::nullopt);
}

// Where AddressSanitizer watches it ends the program at such writes.
void write_unseen(const block& b, std::size_t offset, std::size_t good) {
  poison::allow(b.p, good);
  static_cast<std::byte*>(b.p)[offset] = std::byte{1};
}

BOOST_AUTO_TEST_CASE(finds_writes_to_freed_blocks_when_they_wake) {
  for (const std::size_t offset : {0U, 17U, 47U}) {
    const block b = admit(40, 48);
    const block next = admit(100, 104);
    guard.retire(b, 48);
    guard.retire(next, 104);
    write_unseen(b, offset, 48);
    BOOST_TEST(message_of([&] { guard.wake(); }) ==
               "pool: the block at " + text_of(b.p) +
                   " of 40 bytes was written to after it was freed, at offset " + std::to_string(offset));
    // It is said once; then the block is good enough for others.
    BOOST_TEST(guard.wake().value().p == b.p);
    BOOST_TEST(guard.wake().value().p == next.p);
    BOOST_TEST(guard.wake() == std::nullopt);
  }
}

BOOST_AUTO_TEST_CASE(finds_writes_to_the_filled_beginning_of_large_blocks) {
  constexpr std::size_t bytes = 3 * block_guard::filled_bytes;
  const block b = admit(bytes, bytes);
  guard.retire(b, bytes);
  write_unseen(b, block_guard::filled_bytes, bytes);
  // Beyond what is looked at.
  BOOST_TEST(guard.wake());
  guard.admit(b, bytes);
  guard.retire(b, bytes);
  write_unseen(b, block_guard::filled_bytes - 1, bytes);
  BOOST_TEST(contains(message_of([&] { guard.wake(); }), "at offset 4095"));
}

BOOST_AUTO_TEST_CASE(reports_a_write_from_the_free_that_wakes_the_block) {
  const block written = admit(16, 16);
  guard.retire(written, 16);
  for (std::size_t i = 1; i != block_guard::most_resting; ++i) guard.retire(admit(16, 16), 16);
  write_unseen(written, 3, 16);
  const block last = admit(16, 16);
  BOOST_TEST(contains(message_of([&] { guard.retire(last, 16); }), "written to after it was freed"));
  // It was freed all the same.
  BOOST_TEST(contains(message_of([&] { guard.retire(last, 16); }), "freed twice"));
  BOOST_TEST(guard.wake_surplus().value().p == written.p);
  BOOST_TEST(guard.wake_surplus() == std::nullopt);
  for (std::size_t i = 0; i != block_guard::most_resting; ++i) BOOST_TEST(guard.wake());
  BOOST_TEST(guard.wake() == std::nullopt);
}

BOOST_AUTO_TEST_CASE(lets_only_so_many_blocks_rest) {
  std::vector<block> freed;
  for (std::size_t i = 0; i != block_guard::most_resting; ++i) {
    freed.push_back(admit(16, 16));
    BOOST_TEST_REQUIRE(guard.retire(freed.back(), 16) == std::nullopt);
  }
  for (std::size_t i = 0; i != 10; ++i) {
    BOOST_TEST(guard.retire(admit(16, 16), 16).value().p == freed[i].p);
    BOOST_TEST(guard.wake_surplus() == std::nullopt);
  }
}

BOOST_AUTO_TEST_CASE(lets_only_so_many_bytes_rest) {
  constexpr std::size_t half = block_guard::most_resting_bytes / 2;
  std::vector<block> small;
  for (std::size_t i = 0; i != 10; ++i) small.push_back(admit(16, 16));
  const block first = admit(half, half);
  const block second = admit(half, half);
  for (const block& b : small) BOOST_TEST(guard.retire(b, 16) == std::nullopt);
  BOOST_TEST(guard.retire(first, half) == std::nullopt);
  // All small ones are older and have to go before it fits.
  BOOST_TEST(guard.retire(second, half).value().p == small[0].p);
  for (std::size_t i = 1; i != 10; ++i) BOOST_TEST(guard.wake_surplus().value().p == small[i].p);
  BOOST_TEST(guard.wake_surplus() == std::nullopt);
  BOOST_TEST(guard.wake().value().p == first.p);
  BOOST_TEST(guard.wake().value().p == second.p);
}

BOOST_AUTO_TEST_CASE(lets_a_block_of_too_many_bytes_pass_through) {
  constexpr std::size_t good = block_guard::most_resting_bytes + 8192;
  const block b = admit(good - 100, good);
  const std::optional<block> back = guard.retire({b.p, good, 8}, good);
  BOOST_TEST_REQUIRE(back);
  BOOST_TEST(back->p == b.p);
  BOOST_TEST(back->bytes == good - 100);
  BOOST_TEST(!is_forbidden(static_cast<std::byte*>(b.p) + good - 1));
  BOOST_TEST(guard.wake() == std::nullopt);
  expect_not_live(b);
}

BOOST_AUTO_TEST_CASE(forbids_the_slack_of_live_blocks_and_all_of_resting_ones) {
  const block b = admit(13, 24);
  auto* const p = static_cast<std::byte*>(b.p);
  for (std::size_t i = 0; i != 13; ++i) BOOST_TEST(!is_forbidden(p + i), "byte " << i << " is forbidden");
  for (std::size_t i = 13; i != 24; ++i)
    BOOST_TEST(forbidden_if_watched(p + i), "byte " << i << " is allowed");
  guard.retire(b, 24);
  for (std::size_t i = 0; i != 24; ++i)
    BOOST_TEST(forbidden_if_watched(p + i), "byte " << i << " is allowed");
  guard.wake();
  poison::allow_contents(p, 24);  // Valgrind: nobody should rely on what a woken block has in it
  for (std::size_t i = 0; i != 24; ++i) {
    BOOST_TEST(!is_forbidden(p + i), "byte " << i << " is forbidden");
    BOOST_TEST(p[i] == std::byte{block_guard::fill}, "byte " << i << " is " << std::to_integer<int>(p[i]));
  }
}

BOOST_AUTO_TEST_CASE(forbids_blocks_of_no_bytes) {
  const block b = admit(0, 16);
  BOOST_TEST(forbidden_if_watched(b.p));
  BOOST_TEST(guard.retire(b, 16) == std::nullopt);
  BOOST_TEST(guard.wake().value().bytes == 0U);
}

BOOST_AUTO_TEST_CASE(counts_blocks_and_the_bytes_asked_for) {
  const auto expect = [&](std::size_t live, std::size_t bytes, std::size_t resting) {
    const block_guard::counts c = guard.count();
    BOOST_TEST(c.live == live);
    BOOST_TEST(c.live_bytes == bytes);
    BOOST_TEST(c.resting == resting);
  };
  const block one = admit(40, 48);
  const block two = admit(100, 104);
  expect(2, 140, 0);
  guard.retire({one.p, 48, 8}, 48);
  expect(1, 100, 1);
  BOOST_CHECK_EXCEPTION(guard.retire(one, 48), error, with_code(errc::invalid_argument));
  expect(1, 100, 1);
  guard.wake();
  expect(1, 100, 0);
  guard.clear();
  expect(0, 0, 0);
  guard.admit(two, 104);
  expect(1, 100, 0);
}

BOOST_AUTO_TEST_CASE(allows_and_forgets_everything_when_cleared) {
  const block live = admit(13, 24);
  const block resting = admit(13, 24);
  guard.retire(resting, 24);
  guard.clear();
  for (const block& b : {live, resting}) {
    for (std::size_t i = 0; i != 24; ++i) {
      BOOST_TEST(!is_forbidden(static_cast<std::byte*>(b.p) + i), "byte " << i << " is forbidden");
    }
    expect_not_live(b);
  }
  BOOST_TEST(guard.wake() == std::nullopt);
  // The same memory again, as after pool_resource::release().
  guard.admit(live, 24);
  BOOST_TEST(guard.retire(live, 24) == std::nullopt);
  BOOST_TEST(guard.wake().value().p == live.p);
}

BOOST_AUTO_TEST_CASE(does_not_know_a_block_that_it_had_no_memory_to_admit) {
  const block b{memory(24), 13, 8};
  const std::size_t points = for_each_failure_point([&](std::pmr::memory_resource& tables) {
    block_guard poor(&tables);
    try {
      poor.admit(b, 24);
    } catch (const std::bad_alloc&) {
      BOOST_TEST(!is_forbidden(static_cast<std::byte*>(b.p) + 13));
      BOOST_CHECK_EXCEPTION(poor.retire(b, 24), error, with_code(errc::invalid_argument));
      poor.admit(b, 24);
    }
    BOOST_TEST(poor.retire(b, 24) == std::nullopt);
    BOOST_TEST(poor.wake());
  });
  BOOST_TEST(points > 0U);
}

BOOST_AUTO_TEST_CASE(needs_no_memory_to_let_blocks_rest_and_wake) {
  checking_resource tables;
  block_guard frugal(&tables);
  const block b{memory(24), 13, 8};
  frugal.admit(b, 24);
  const std::size_t before = tables.allocations();
  frugal.retire(b, 24);
  frugal.wake();
  BOOST_TEST(tables.allocations() == before);
}

BOOST_AUTO_TEST_CASE(serves_many_threads) {
  const auto work = [this](std::byte* own) {
    for (std::size_t i = 0; i != 3000; ++i) {
      const block b{own + i * 16, 16, 8};
      guard.admit(b, 16);
      guard.retire(b, 16);
      if (i % 7 == 0) guard.wake();
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i != 4; ++i) threads.emplace_back(work, memory(3000 * 16));
  for (std::thread& t : threads) t.join();
  std::size_t woken = 0;
  while (guard.wake()) ++woken;
  BOOST_TEST(woken <= block_guard::most_resting);
  BOOST_TEST(woken > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(poison)

BOOST_AUTO_TEST_CASE(is_watched_under_address_sanitizer) {
  BOOST_TEST((acre::poison::watched() || !under_asan));
}

BOOST_AUTO_TEST_CASE(takes_roots_back) {
  const auto memory = std::make_unique<std::byte[]>(4096);
  acre::poison::add_roots(memory.get(), 4096);
  acre::poison::remove_roots(memory.get(), 4096);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
