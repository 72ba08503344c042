// What run, move and shm say.
#include "cli/acre/move/move_report.hpp"
#include "cli/acre/run/memory_watch.hpp"
#include "cli/acre/run/shared_pages.hpp"
#include "cli/acre/shm/shm_report.hpp"
#include "cli/common/text.hpp"

#include <acre/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

namespace acre_cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

acre::process_migration migration_of(const acre::process_move& move) {
  acre::process_migration m;
  m.pid = 17;
  m.moves.push_back(move);
  return m;
}

TEST(progress_of_a_move, fits_its_width) {
  const acre::process_move step{.from = 10, .to = 12, .pages = 1'000'000, .moved = 999'000, .error = {}};
  for (std::size_t width = 5; width < 120; ++width)
    EXPECT_LE(columns(progress_line(step, 1, 3, width, {.unicode = true})), width);
  EXPECT_EQ(progress_line(step, 1, 2, 80, {}),
            "[################### ]  99 %  node 10 to 12 (1 of 2): 999 000 of 1 000 000 pages");
  const acre::process_move half{.from = 0, .to = 1, .pages = 4'000, .moved = 2'000, .error = {}};
  EXPECT_EQ(progress_line(half, 1, 1, 80, {}),
            "[##########          ]  50 %  node 0 to 1: 2 000 of 4 000 pages");
  EXPECT_EQ(progress_line(half, 1, 1, 45, {}), "[##########          ]  50 %  node 0 to 1");
  EXPECT_EQ(progress_line(half, 1, 1, 10, {}), " 50 %");
  const acre::process_move none{.from = 0, .to = 1, .error = {}};
  EXPECT_THAT(progress_line(none, 3, 3, 80, {}), HasSubstr("[####################] 100 %"));
}

TEST(a_move, is_whole_when_only_shared_pages_stayed) {
  const auto shared = migration_of(
      {.from = 0, .to = 1, .pages = 520, .moved = 512, .left = 8, .left_shared = 8, .error = {}});
  EXPECT_TRUE(all_moved(shared));
  EXPECT_THAT(move_summary(shared), HasSubstr("8 stayed: in mappings that other processes share"));
  EXPECT_TRUE(move_json(shared)["all_moved"]);
  EXPECT_TRUE(move_json(shared)["moves"][0]["error"].is_null());
}
TEST(a_move, is_not_whole_when_others_stayed) {
  const auto busy =
      migration_of({.pages = 520, .moved = 510, .left = 10, .left_shared = 8, .refused = 2, .error = {}});
  EXPECT_FALSE(all_moved(busy));
  EXPECT_THAT(move_summary(busy), HasSubstr("2 stayed: the kernel could not move them"));
  const auto full = migration_of({.pages = 520, .moved = 20, .left = 500, .error = acre::errc::node_full});
  EXPECT_FALSE(all_moved(full));
  EXPECT_THAT(move_summary(full), HasSubstr("500 stayed: "));
  EXPECT_TRUE(move_json(full)["moves"][0]["error"].is_string());
}

TEST(looking, costs_a_fiftieth_at_most) {
  // Each look takes 3 ms, for ten seconds; 20 ms go without.
  watch_clock::duration now{};
  watch_clock::duration spent{};
  int looks = 0;
  for (; now < 10s; ++looks) {
    spent += 3ms;
    now += 3ms;
    now += until_next_look(now, spent);
  }
  EXPECT_LE(spent, 10'000ms / 50 + 23ms);
  EXPECT_GE(looks, 50);
}
TEST(looking, is_frequent_in_the_beginning_and_ten_times_a_second_later) {
  EXPECT_EQ(until_next_look(0ms, 0ms), 1ms);
  EXPECT_EQ(until_next_look(40ms, 1ms), 10ms);
  EXPECT_EQ(until_next_look(100s, 1ms), 100ms);
}
TEST(looking, waits_until_it_has_been_paid_for) { EXPECT_EQ(until_next_look(1s, 120ms), 4s); }
TEST(looking, finds_this_process) {
  memory_watch watch(::getpid());
  watch.look();
  ASSERT_TRUE(watch.peak());
  EXPECT_GT(watch.peak()->pages, 0U);
  EXPECT_EQ(watch.looks(), 1U);
  EXPECT_FALSE(watch.error());
}

acre::process_mapping mapping_at(std::uintptr_t begin, std::size_t mappers, std::size_t pages) {
  acre::process_mapping m;
  m.begin = begin;
  m.mappers = mappers;
  m.per_node = {{0, pages}, {1, 2 * pages}};
  return m;
}

TEST(shared_pages, are_weighed) {
  acre::process_binding process;
  process.mappings = {mapping_at(0x1000, 1, 100), mapping_at(0x2000, 10, 100), mapping_at(0x3000, 5, 100)};
  const process_pages pages = pages_of(process, {{0x1000, {800, 400, 0}}, {0x2000, {800, 200, 0}}});
  EXPECT_EQ(pages.mapped, 900U);
  ASSERT_EQ(pages.per_node.size(), 2U);
  EXPECT_EQ(pages.per_node[0].pages, 100U + 25U + 20U);
  EXPECT_EQ(pages.per_node[1].pages, 200U + 50U + 40U);
}

TEST(segments, are_told_without_what_terminals_obey) {
  acre::segment_info s;
  s.name = "a\033[31mb\xff";
  s.placement = "bind 0";
  const std::string text = segments_text(std::vector{s}, {});
  EXPECT_THAT(text, HasSubstr("a?[31mb?  posix"));
  EXPECT_THAT(text, HasSubstr("not for this user to see"));
  EXPECT_TRUE(segments_json(std::vector{s})["segments"][0]["resident"].is_null());
}
TEST(segments, show_where_their_pages_are) {
  acre::segment_info s;
  s.resident = acre::residency{.page_size = 4096, .pages = 16, .untouched = 4, .per_node = {{0, 8}, {1, 4}}};
  EXPECT_THAT(segments_text(std::vector{s}, {}), HasSubstr("[000000000000000011111111]"));
  const std::string shown = segment_text({.info = s, .check = "as placed"}, 80, {});
  EXPECT_THAT(shown, HasSubstr("12 of 16 pages touched"));
  EXPECT_THAT(shown, HasSubstr("check: as placed"));
  EXPECT_EQ(segment_json({.info = s, .check = {}})["resident"]["per_node"][1]["pages"], 4);
  EXPECT_TRUE(segment_json({.info = s, .check = {}})["check"]["as_placed"].is_null());
  EXPECT_EQ(segments_text({}, {}), "no segments of acre\n");
}

}  // namespace
}  // namespace acre_cli
