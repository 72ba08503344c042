// Every view of the command on terminals of any width: no line is wider, and from 40 columns on nothing is cut off.
#include "cli/command.hpp"
#include "cli/doctor/findings.hpp"
#include "cli/move/move_report.hpp"
#include "cli/nodes/machine_report.hpp"
#include "cli/page_bars.hpp"
#include "cli/printable.hpp"
#include "cli/run/memory_report.hpp"
#include "cli/shm/shm_report.hpp"
#include "cli/text.hpp"
#include "cli/where/where_views.hpp"

#include <acre/error.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/fits.hpp"
#include "cli/made_up_process.hpp"
#include "support/print.hpp"
#include "support/sanitizers.hpp"
#include "support/text.hpp"

namespace acre_cli {
namespace {

using acre::test::contains;
using acre::test::fits;
using acre::test::sanitized;

constexpr std::uint64_t gib = std::uint64_t{1} << 30;
constexpr std::uint64_t pib = std::uint64_t{1} << 50;
constexpr std::size_t made_for = 40;  // and everything wider

// Two columns each but for the accent, and bytes that are no text.
const std::string wide_name =
    "/srv/日本語の長い名前のファイル/e\u0301\xff/\U0001f600-" + std::string(150, 'x') + "-end";

const text_style styles[] = {{}, {.color = false, .unicode = true}};

/// Calls `check(width, style)` for terminals of all kinds.
template <class Check>
void on_any_terminal(Check check) {
  for (std::size_t width = 1; width <= 200; width += sanitized ? 7 : 1) {
    for (const text_style& style : styles) BOOST_TEST_CONTEXT(width << " columns") {
        check(width, style);
      }
  }
}

/// Lines may be broken anywhere.
std::string without_space(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
  return text;
}

std::vector<acre::node_id> many_nodes() {
  std::vector<acre::node_id> nodes;
  for (unsigned n = 0; n < 70; ++n) nodes.push_back(n < 35 ? n : 954 + n);
  return nodes;
}

machine_report large_machine() {
  machine_report report;
  const auto nodes = many_nodes();
  for (const acre::node_id node : nodes) {
    node_row row;
    row.node = node;
    row.kind = node % 3 == 0 ? "dram" : node % 3 == 1 ? "unknown" : "hbm";
    row.capacity = node == 5 ? 0 : 5 * pib + node * gib;
    row.free = node == 6 ? 0 : 1023 * pib / 1024;
    row.allowed = node % 4 != 0;
    row.cpus.emplace();
    for (unsigned cpu = 0; node != 7 && cpu < 90; ++cpu) row.cpus->push_back(node + 70 * cpu);
    row.huge_pages = std::vector<acre::huge_pool>{
        {64 << 10, 0, 0}, {2 << 20, 123'456'789, 99'999'999}, {32 << 20, 1, 1}, {16 * gib, 7, 7}};
    report.nodes.push_back(row);
    auto& distances = report.distances.emplace_back();
    auto& bandwidth = report.bandwidth.emplace_back();
    for (const acre::node_id to : nodes) {
      distances.push_back(to == node ? 10 : 254);
      bandwidth.push_back(to == node ? std::optional<std::uint64_t>(18'446'744'073'709'551'615U)
                                     : std::nullopt);
    }
    report.latency.emplace_back(nodes.size());
  }
  return report;
}

BOOST_AUTO_TEST_SUITE(on_a_terminal_of_any_width)

BOOST_AUTO_TEST_CASE(a_machine_fits) {
  const machine_report large = large_machine();
  machine_report small = large;
  small.nodes.resize(1);
  small.distances = small.bandwidth = small.latency = {{std::nullopt}};
  machine_report other = small;
  other.is_this_system = false;
  const std::vector<const machine_report*> reports = {&large, &small, &other};
  on_any_terminal([&](std::size_t width, const text_style& style) {
    for (const machine_report* const report : reports) {
      const std::string text = to_text(*report, width, style);
      BOOST_TEST(fits(text, width));
      if (width < made_for) continue;
      const std::string packed = without_space(text);
      for (const auto& row : report->nodes)
        BOOST_TEST(contains(packed, row.cpus->empty() ? "none" : format_cpus(*row.cpus)));
      BOOST_TEST(contains(packed, "5PiB"));
      BOOST_TEST(contains(packed, "1023TiB"));
      if (report != &large) continue;
      BOOST_TEST(contains(packed, "99999999of123456789"));
      BOOST_TEST(contains(text, "18446744073709551615"));
    }
  });
}

BOOST_AUTO_TEST_CASE(a_process_fits) {
  where_report large = made_up_process(many_nodes(), 40, wide_name);
  large.command = wide_name;
  large.binding.mappings[1].per_node = {{1023, std::size_t{1} << 40}};
  large.binding.mappings[2].per_node = {{1022, 1}};
  large.binding.mappings[3].page_size = std::size_t{512} << 20;
  large.binding.mappings[3].hugetlb = true;
  count(large.binding);
  const where_report one = made_up_process({1000}, 3, wide_name);
  const std::vector<const where_report*> reports = {&large, &one};
  on_any_terminal([&](std::size_t width, const text_style& style) {
    where_text_options options;
    options.columns = width;
    options.style = style;
    options.top = 30;
    for (const where_report* const report : reports) {
      options.cut = true;
      for (const std::size_t lines : {0U, 20U}) {
        options.lines = lines;
        BOOST_TEST(fits(where_text(*report, options), width));
      }
      options.lines = 0;
      const std::string text = where_text(*report, options);
      if (width < made_for) continue;
      BOOST_TEST(contains(text, report == &one ? "node 1000 " : "node 1023 "));
      BOOST_TEST(!contains(text, "node 10\n"));
      // Of mappings without names these are what tells them apart.
      BOOST_TEST(contains(text, "7f0020000000-7f0024000000"));
      if (width % 10 != 0) continue;
      options.cut = false;
      const std::string whole = where_text(*report, options);
      BOOST_TEST(contains(whole, printable(wide_name)));
      BOOST_TEST(contains(whole, "interleave=static:0,2,4,6,8,10,12,14"));
    }
  });
}

BOOST_AUTO_TEST_CASE(a_part_of_a_node_number_is_never_shown) {
  const where_report one = made_up_process({1023}, 3);
  for (std::size_t width = made_for; width <= 100; ++width) {
    where_text_options options;
    options.columns = width;
    const std::string text = where_text(one, options);
    for (const char* const part : {"node 1 ", "node 10 ", "node 102 "}) BOOST_TEST(!contains(text, part));
  }
}

BOOST_AUTO_TEST_CASE(segments_fit) {
  acre::segment_info s;
  s.name = wide_name;
  s.bytes = 5 * pib;
  s.placement = "blocked 0:1,1:2,2:3,3:4,5:6,7:8,9:10,11:12 by 64KiB hard, and so on without an end";
  acre::residency where{.page_size = 4096, .pages = std::size_t{1} << 45, .untouched = 1, .per_node = {}};
  for (const acre::node_id node : many_nodes())
    where.per_node.push_back({node, std::size_t{1} << (node % 38)});
  s.resident = where;
  acre::segment_info hidden = s;
  hidden.resident.reset();
  acre::segment_info fresh = s;
  fresh.resident->per_node.clear();
  const std::string check = "policy differs at byte 4096: 'interleave 0-34,989-1023' instead of 'bind 0'";
  on_any_terminal([&](std::size_t width, const text_style& style) {
    for (const acre::segment_info& info : {s, hidden, fresh}) {
      const std::string text = segment_text({.info = info, .check = check}, width, style);
      BOOST_TEST(fits(text, width));
      if (width < made_for) continue;
      for (const char* const part : {"日本語の長い名前のファイル", "x-end", "withoutanend", "989-1023"})
        BOOST_TEST(contains(without_space(text), part));
    }
    if (width < made_for) return;
    BOOST_TEST(contains(without_space(segment_text({.info = s}, width, style)), "node1023"));
  });
}

BOOST_AUTO_TEST_CASE(what_run_and_move_report_fits) {
  acre::process_migration moved;
  moved.pid = 4'194'304;
  for (const acre::node_id node : many_nodes()) {
    moved.moves.push_back({.from = node,
                           .to = 1023,
                           .pages = std::size_t{1} << 40,
                           .moved = 1,
                           .left = std::size_t{1} << 39,
                           .left_shared = std::size_t{1} << 38,
                           .refused = 5,
                           .error = {}});
    moved.moves.back().error = node % 2 == 0 ? make_error_code(acre::errc::node_full) : std::error_code();
  }
  memory_watch watch(::getpid());
  watch.look();
  const command_end end;
  on_any_terminal([&](std::size_t width, const text_style& style) {
    const std::string summary = move_summary(moved, width);
    BOOST_TEST(fits(summary, width));
    BOOST_TEST(fits(memory_report(wide_name, watch, end, width, style), width));
    if (width >= 6) BOOST_TEST(fits(progress_line(moved.moves.back(), 70, 70, width, style), width));
    if (width < made_for) return;
    BOOST_TEST(contains(without_space(summary), "node1023to1023:1of1099511627776pagesmoved"));
  });
}

BOOST_AUTO_TEST_CASE(findings_fit) {
  const std::vector<finding> findings = {
      {"usable", finding_level::ok, repeat("words ", 30) + std::string(100, 'x'), ""},
      {"full", finding_level::problem, "a sentence", repeat("much to do ", 30)},
  };
  on_any_terminal([&](std::size_t width, const text_style& style) {
    BOOST_TEST(fits(to_text(findings, width, style), width));
    BOOST_TEST(fits(to_text(std::vector<finding>{}, width, style), width));
  });
}

BOOST_AUTO_TEST_CASE(help_fits) {
  const command acre = acre_command();
  on_any_terminal([&](std::size_t width, const text_style&) {
    BOOST_TEST(fits(help_text(acre, width), width));
    for (const command& c : acre.commands) BOOST_TEST(fits(help_text(c, width), width));
  });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(one_page)

BOOST_AUTO_TEST_CASE(is_in_the_singular) {
  const std::vector<acre::node_pages> pages = {{0, 1}, {1, 2}};
  const std::string lines = bar_lines(pages, 4096, 80, {});
  BOOST_TEST(contains(lines, " 1 page  "));
  BOOST_TEST(contains(lines, " 2 pages "));
  BOOST_TEST(counted(0, "page") == "0 pages");
  BOOST_TEST(counted(1234, "page") == "1234 pages");
  acre::process_migration moved;
  moved.moves.push_back({.from = 0, .to = 1, .pages = 1, .moved = 1, .error = {}});
  BOOST_TEST(move_summary(moved, 80) ==
             "process 0: 1 page moved, 0 stayed\n  node 0 to 1: 1 of 1 page moved\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre_cli
