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
  const std::string text = segments_text(std::vector{s}, 80, {});
  BOOST_TEST(contains(text, "a?[31mb?  posix"));
  BOOST_TEST(contains(text, "not for this user to see"));
  BOOST_TEST(lacks(segment_text({.info = s, .check = "\033[2J"}, 80, {}), "\033"));
  BOOST_TEST(segments_json(std::vector{s})["segments"][0]["resident"] == nullptr);
}
BOOST_AUTO_TEST_CASE(show_where_their_pages_are) {
  acre::segment_info s;
  s.resident = acre::residency{.page_size = 4096, .pages = 16, .untouched = 4, .per_node = {{0, 8}, {1, 4}}};
  BOOST_TEST(contains(segments_text(std::vector{s}, 80, {}), "[000000000000000011111111]"));
  const std::string shown = segment_text({.info = s, .check = "as placed"}, 80, {});
  BOOST_TEST(contains(shown, "12 of 16 pages touched"));
  BOOST_TEST(contains(shown, "check: as placed"));
  BOOST_TEST(segment_json({.info = s, .check = {}})["resident"]["per_node"][1]["pages"] == 4);
  BOOST_TEST(segment_json({.info = s, .check = {}})["check"]["as_placed"] == nullptr);
  BOOST_TEST(segments_text({}, 80, {}) == "no segments of acre\n");
}

BOOST_AUTO_TEST_CASE(that_fail_have_advice_that_an_operator_can_follow) {
  using acre::errc;
  const segment_request posix{};
  const segment_request sysv{.backend = acre::segment_backend::sysv};
  const auto of = [](errc code, segment_request r) { return advice_on(make_error_code(code), r); };
  const auto creating = [](segment_request r) {
    r.creates = true;
    return r;
  };
  BOOST_TEST(contains(of(errc::no_space, creating(posix)), "remount,size="));
  BOOST_TEST(contains(of(errc::no_space, creating(sysv)), "kernel.shmall"));
  BOOST_TEST(contains(of(errc::name_in_use, creating(sysv)), "`acre shm remove NAME --backend sysv`"));
  const segment_request huge{.pages = acre::page_kind::huge_2mb};
  BOOST_TEST(contains(of(errc::invalid_argument, creating(huge)), "--backend sysv"));
  BOOST_TEST(of(errc::invalid_argument, creating(posix)) == "");
  BOOST_TEST(contains(of(errc::no_huge_pages, creating(huge)), "nr_hugepages"));
  const segment_request transparent{.pages = acre::page_kind::transparent_huge};
  BOOST_TEST(contains(of(errc::no_huge_pages, creating(transparent)), "huge=advise"));
  BOOST_TEST(contains(of(errc::unsupported_placement, huge), "--migrate"));
  BOOST_TEST(of(errc::unsupported_placement, posix) == "");
  BOOST_TEST(contains(of(errc::already_populated, posix), "--migrate"));
  BOOST_TEST(contains(of(errc::not_ready, sysv), "--foreign"));
  BOOST_TEST(contains(of(errc::foreign_segment, {.foreign_helps = true}), "--foreign"));
  BOOST_TEST(of(errc::foreign_segment, posix) == "");
  BOOST_TEST(contains(of(errc::binding_denied, posix), "acre doctor"));
}
BOOST_AUTO_TEST_CASE(do_not_call_untouched_what_the_kernel_does_not_tell) {
  acre::segment_info s;
  s.resident = acre::residency{.page_size = 4096, .pages = 16, .untouched = 4, .unknown = 12, .per_node = {}};
  BOOST_TEST(lacks(segments_text(std::vector{s}, 80, {}), "no page touched"));
  BOOST_TEST(contains(segment_text({.info = s, .check = {}}, 80, {}), "0 of 16 pages touched, 12 unknown"));
  BOOST_TEST(segments_json(std::vector{s})["segments"][0]["resident"]["unknown"] == 12);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre_cli
