// What run, move and shm say.
#include <acre/error.hpp>

#include "cli/move/move_report.hpp"
#include "cli/run/memory_watch.hpp"
#include "cli/shm/shm_report.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include "cli/fits.hpp"
#include "cli/print_json.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

BOOST_TEST_DONT_PRINT_LOG_VALUE(acre_cli::memory_peak)

namespace acre_cli {
namespace {

using namespace std::chrono_literals;
using acre::test::contains;
using acre::test::fits;
using acre::test::lacks;

acre::process_migration migration_of(const acre::process_move& move) {
  acre::process_migration m;
  m.pid = 17;
  m.moves.push_back(move);
  return m;
}

BOOST_AUTO_TEST_SUITE(progress_of_a_move)

BOOST_AUTO_TEST_CASE(fits_its_width) {
  const acre::process_move step{.from = 10, .to = 12, .pages = 1'000'000, .moved = 999'000, .error = {}};
  for (std::size_t width = 5; width < 120; ++width) {
    const std::string line = progress_line(step, 1, 3, width, {.unicode = true});
    BOOST_TEST(fits(line, width));
    BOOST_TEST(lacks(line, "\n"));
  }
  BOOST_TEST(progress_line(step, 1, 2, 80, {}) ==
             "[################### ]  99 %  node 10 to 12 (1 of 2): 999000 of 1000000 pages");
  const acre::process_move half{.from = 0, .to = 1, .pages = 4'000, .moved = 2'000, .error = {}};
  BOOST_TEST(progress_line(half, 1, 1, 80, {}) ==
             "[##########          ]  50 %  node 0 to 1: 2000 of 4000 pages");
  BOOST_TEST(progress_line(half, 1, 1, 45, {}) == "[##########          ]  50 %  node 0 to 1");
  BOOST_TEST(progress_line(half, 1, 1, 10, {}) == " 50 %");
  const acre::process_move none{.from = 0, .to = 1, .error = {}};
  BOOST_TEST(contains(progress_line(none, 3, 3, 80, {}), "[####################] 100 %"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_move)

BOOST_AUTO_TEST_CASE(is_whole_when_only_shared_pages_stayed) {
  const auto shared = migration_of(
      {.from = 0, .to = 1, .pages = 520, .moved = 512, .left = 8, .left_shared = 8, .error = {}});
  BOOST_TEST(all_moved(shared));
  BOOST_TEST(contains(move_summary(shared, 80), "8 stayed: in mappings that other processes share"));
  BOOST_TEST(move_json(shared)["all_moved"] == true);
  BOOST_TEST(move_json(shared)["moves"][0]["error"] == nullptr);
}
BOOST_AUTO_TEST_CASE(is_not_whole_when_others_stayed) {
  const auto busy =
      migration_of({.pages = 520, .moved = 510, .left = 10, .left_shared = 8, .refused = 2, .error = {}});
  BOOST_TEST(!all_moved(busy));
  BOOST_TEST(contains(move_summary(busy, 80), "2 stayed: the kernel could not move them"));
  const auto full = migration_of({.pages = 520, .moved = 20, .left = 500, .error = acre::errc::node_full});
  BOOST_TEST(!all_moved(full));
  BOOST_TEST(contains(move_summary(full, 80), "500 stayed: "));
  BOOST_TEST(move_json(full)["moves"][0]["error"].is_string());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(looking)

BOOST_AUTO_TEST_CASE(costs_a_fiftieth_at_most) {
  // Each look takes 3 ms, for ten seconds; 20 ms go without.
  watch_clock::duration now{};
  watch_clock::duration spent{};
  int looks = 0;
  for (; now < 10s; ++looks) {
    spent += 3ms;
    now += 3ms;
    now += until_next_look(now, spent);
  }
  BOOST_TEST(spent <= 10'000ms / 50 + 23ms);
  BOOST_TEST(looks >= 50);
}
BOOST_AUTO_TEST_CASE(is_frequent_in_the_beginning_and_ten_times_a_second_later) {
  BOOST_TEST(until_next_look(0ms, 0ms) == 1ms);
  BOOST_TEST(until_next_look(40ms, 1ms) == 10ms);
  BOOST_TEST(until_next_look(100s, 1ms) == 100ms);
}
BOOST_AUTO_TEST_CASE(waits_until_it_has_been_paid_for) { BOOST_TEST(until_next_look(1s, 120ms) == 4s); }
BOOST_AUTO_TEST_CASE(finds_this_process) {
  memory_watch watch(::getpid());
  watch.look();
  BOOST_TEST_REQUIRE(watch.peak());
  BOOST_TEST(watch.peak()->pages > 0U);
  BOOST_TEST(watch.looks() == 1U);
  BOOST_TEST(watch.error() == std::error_code());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(segments)

BOOST_AUTO_TEST_CASE(are_told_without_what_terminals_obey) {
  acre::segment_info s;
  s.name = "a\033[31mb\xff";
  s.placement = "bind 0";
  const std::string text = segment_text({.info = s, .check = "\033[2J"}, 80, {});
  BOOST_TEST(contains(text, "a?[31mb?  posix"));
  BOOST_TEST(contains(text, "not for this user to see"));
  BOOST_TEST(lacks(text, "\033"));
  BOOST_TEST(segment_json({.info = s})["resident"] == nullptr);
}
BOOST_AUTO_TEST_CASE(show_where_their_pages_are) {
  acre::segment_info s;
  s.resident = acre::residency{.page_size = 4096, .pages = 16, .untouched = 4, .per_node = {{0, 8}, {1, 4}}};
  const std::string shown = segment_text({.info = s, .check = "as placed"}, 80, {});
  BOOST_TEST(contains(shown, "12 of 16 pages touched"));
  BOOST_TEST(contains(shown, "node 1 "));
  BOOST_TEST(contains(shown, "check: as placed"));
  BOOST_TEST(lacks(segment_text({.info = s}, 80, {}), "check"));
  BOOST_TEST(segment_json({.info = s})["resident"]["per_node"][1]["pages"] == 4);
  BOOST_TEST(segment_json({.info = s, .check = "there is none"})["check"]["as_placed"] == nullptr);
  BOOST_TEST(!segment_json({.info = s}).contains("check"));
}
BOOST_AUTO_TEST_CASE(are_not_said_to_have_what_is_not_known) {
  acre::segment_info s{.name = "foreign", .bytes = 4096, .owner = 1234567, .mode = 0640};
  const std::string text = segment_text({.info = s}, 80, {});
  BOOST_TEST(contains(text, "  4 KiB, system pages\n  owner 1234567, mode 0640\n"));
  for (const char* const key : {"id", "placement", "creator", "creator_state"})
    BOOST_TEST(segment_json({.info = s})[key] == nullptr);
  s.creator = 17;
  s.state = acre::creator_state::gone;
  BOOST_TEST(contains(segment_text({.info = s}, 80, {}), "mode 0640, creator 17 gone\n"));
  BOOST_TEST(segment_json({.info = s})["creator"] == 17);
}

BOOST_AUTO_TEST_CASE(do_not_call_untouched_what_the_kernel_does_not_tell) {
  acre::segment_info s;
  s.resident = acre::residency{.page_size = 4096, .pages = 16, .untouched = 4, .unknown = 12, .per_node = {}};
  BOOST_TEST(contains(segment_text({.info = s}, 80, {}), "0 of 16 pages touched, 12 unknown"));
  BOOST_TEST(segment_json({.info = s})["resident"]["unknown"] == 12);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre_cli
