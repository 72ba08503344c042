#include "cli/nodes/machine_report.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

#include "cli/fits.hpp"
#include "cli/print_json.hpp"
#include "support/made_up_files.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/print_huge_pool.hpp"
#include "support/text.hpp"

namespace acre_cli {
namespace {

using acre::test::contains;
using acre::test::fits;
using acre::test::lacks;
using acre::test::made_up_files;
using acre::test::same;

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

/// Files of a machine that hides nothing, as far as they say why something is not known.
const made_up_files& readable_files() {
  static const made_up_files files;
  files.write("/sys/kernel/mm/ksm/run", "0\n");
  for (const std::string name : {"meminfo", "cpulist", "distance"})
    files.write("/sys/devices/system/node/node0/" + name, "0\n");
  return files;
}

std::string text_of(machine_report report, std::size_t width = 80,
                    const acre::system_files& files = acre::system_files(readable_files().root())) {
  report.unknown = what_is_unknown(report, files);
  return to_text(report, width, {});
}

node_table nothing_known(std::size_t nodes) {
  return node_table(nodes, std::vector<std::optional<std::uint64_t>>(nodes));
}

/// Every other CPU from 1000 on: a list without ranges.
void add_cpus(node_row& row, unsigned count) {
  for (unsigned cpu = 0; cpu < count; ++cpu) row.cpus->push_back(1000 + 2 * cpu);
}

machine_report made_up(unsigned nodes) {
  machine_report report;
  for (unsigned n = 0; n < nodes; ++n) {
    node_row row;
    row.node = n;
    row.kind = "dram";
    row.capacity = 512 * gib;
    row.free = 100 * gib;
    row.cpus.emplace();
    for (unsigned cpu = 0; cpu < 8; ++cpu) row.cpus->push_back(n * 8 + cpu);
    row.huge_pages = {{{2 << 20, 0, 0}, {gib, 0, 0}}};
    report.nodes.push_back(row);
    auto& distances = report.distances.emplace_back();
    for (unsigned to = 0; to < nodes; ++to) distances.push_back(to == n ? 10 : 120);
  }
  report.bandwidth = report.latency = nothing_known(nodes);
  return report;
}

std::size_t count_of(const std::string& what, const std::string& text) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

BOOST_AUTO_TEST_SUITE(text_of_a_machine)

BOOST_AUTO_TEST_CASE(keeps_long_node_numbers_apart) {
  machine_report report = made_up(2);
  report.nodes[0].node = 1000;
  report.nodes[1].node = 1001;
  BOOST_TEST(contains(text_of(report), " 1000 1001\n"));
}

BOOST_AUTO_TEST_CASE(of_one_node_is_in_the_singular) {
  machine_report report = made_up(1);
  report.nodes[0].cpus = {{0}};
  const std::string text = text_of(report);
  BOOST_TEST(contains(text, "1 node, 512 GiB (100 GiB free), 1 CPU\n"));
  BOOST_TEST(contains(text, "firmware tells none"));
  BOOST_TEST(contains(text, "none are reserved (2 MiB, 1 GiB)"));
}
BOOST_AUTO_TEST_CASE(has_16_nodes_in_80_columns_and_one_table_of_distances) {
  const std::string text = text_of(made_up(16));
  BOOST_TEST(fits(text, 80));
  BOOST_TEST_INFO(text);
  BOOST_TEST(count_of("\n  node   15 ", text) == 1U);
}
BOOST_AUTO_TEST_CASE(breaks_wide_tables_and_long_lists_of_cpus) {
  machine_report report = made_up(16);
  add_cpus(report.nodes[3], 200);
  for (auto& row : report.bandwidth) row.assign(16, 123'456'789);
  const std::string text = text_of(report);
  BOOST_TEST(fits(text, 80));
  BOOST_TEST_INFO(text);
  BOOST_TEST(count_of("  node   15 ", text) > 2U);
  BOOST_TEST(contains(text, "Latency: the firmware tells none"));
}
BOOST_AUTO_TEST_CASE(has_a_line_for_each_node_where_nothing_limits_lines) {
  machine_report report = made_up(40);
  add_cpus(report.nodes[3], 200);
  const std::string text = text_of(report, std::size_t{1} << 30);
  for (const char* const end : {"  24-31, 1000, ", ", 1398\n"}) BOOST_TEST(contains(text, end));
  BOOST_TEST(count_of("\n  node   15 ", text) == 1U);
  // Both tables have a head and a line for each node: none goes on in another.
  BOOST_TEST(count_of("\n  ", text) == 2 * (1U + 40U));
}
BOOST_AUTO_TEST_CASE(has_lists_of_cpus_below_their_head) {
  machine_report report = made_up(2);
  add_cpus(report.nodes[1], 30);
  for (const std::size_t width : {45U, 61U, 80U, 120U}) {
    const std::string text = text_of(report, width);
    BOOST_TEST(fits(text, width));
    BOOST_TEST_INFO(text);
    const std::size_t title = text.find("  CPUs\n") + 2;
    const std::size_t head = title - text.rfind('\n', title);
    const std::size_t further = text.find("10", text.find('\n', text.find("8-15")));
    BOOST_TEST(further - text.rfind('\n', further) == head);
  }
}
BOOST_AUTO_TEST_CASE(has_columns_below_where_there_is_no_room_beside) {
  machine_report report = made_up(2);
  report.nodes[1].capacity = 0;
  report.nodes[1].allowed = false;
  BOOST_TEST(contains(text_of(report, 44),
                      "\n"
                      "  node  kind       capacity     free\n"
                      "     0  dram        512 GiB  100 GiB\n"
                      "     1  no memory         -        -\n"
                      "  node  allowed  CPUs\n"
                      "     0  yes      0-7\n"
                      "     1  -        8-15\n"));
}
BOOST_AUTO_TEST_CASE(tells_nodes_without_memory_without_cpus_and_forbidden_ones) {
  machine_report report = made_up(3);
  report.nodes[0].capacity = 0;
  report.nodes[0].allowed = false;
  report.nodes[1].cpus->clear();
  report.nodes[1].allowed = false;
  const std::string text = text_of(report);
  BOOST_TEST(contains(text, "     0  no memory         -        -  -        0-7\n"));
  BOOST_TEST(contains(text, "     1  dram        512 GiB  100 GiB  no       none\n"));
  BOOST_TEST(contains(text, "     2  dram        512 GiB  100 GiB  yes      16-23\n"));
  BOOST_TEST(contains(to_text(report, 80, {.color = true}), "  \033[33mno     \033[0m  none\n"));
}
BOOST_AUTO_TEST_CASE(says_where_sys_is_hidden) {
  machine_report report = made_up(2);
  for (auto& row : report.nodes) row = {.node = row.node, .kind = row.kind};
  report.distances = nothing_known(2);
  const made_up_files nothing;
  const std::string text = text_of(report, 80, acre::system_files(nothing.root()));
  BOOST_TEST(contains(text, "2 nodes, memory unknown, CPUs unknown\n"));
  BOOST_TEST(contains(text, "     1  dram         ?     ?  yes      ?\n"));
  BOOST_TEST(contains(text,
                      "\nCapacity, free memory, CPUs, huge pages, distances, bandwidth, latency: not\n"
                      "known, /sys cannot be read.\n"));
  BOOST_TEST(lacks(text, "tells none"));
  const auto json = to_json(report);
  BOOST_TEST(json["nodes"][0]["capacity"].is_null());
  BOOST_TEST(json["nodes"][0]["cpus"].is_null());
  BOOST_TEST(json["nodes"][0]["huge_pages"].is_null());
  BOOST_TEST(json["nodes"][0]["has_memory"] == true);
}
BOOST_AUTO_TEST_CASE(names_the_file_that_would_tell_what_is_not_known) {
  machine_report report = made_up(2);
  report.nodes[1].free.reset();
  report.distances = nothing_known(2);
  const made_up_files files;
  files.write("/sys/kernel/mm/ksm/run", "0\n");
  files.write("/sys/devices/system/node/node0/meminfo", "0\n");
  files.write("/sys/devices/system/node/node0/distance", "");  // as one that may not be read
  const std::string text = text_of(report, 200, acre::system_files(files.root()));
  BOOST_TEST(
      contains(text, "\nFree memory: not known, there is no /sys/devices/system/node/node1/meminfo.\n"));
  BOOST_TEST(
      contains(text, "\nDistances: not known, /sys/devices/system/node/node0/distance cannot be read.\n"));
  BOOST_TEST(lacks(text, "Capacity"));
  BOOST_TEST(contains(text, "\nBandwidth, latency: the firmware tells none.\n"));
}
BOOST_AUTO_TEST_CASE(has_the_pools_of_huge_pages_by_size) {
  machine_report report = made_up(2);
  report.nodes[0].huge_pages = {{{2 << 20, 16, 9}}};
  const std::string text = text_of(report);
  BOOST_TEST(contains(text,
                      "                2 MiB   1 GiB\n"
                      "  node    0   9 of 16       -\n"
                      "  node    1    0 of 0  0 of 0\n"));
}
BOOST_AUTO_TEST_CASE(says_what_is_not_known) {
  machine_report report = made_up(2);
  report.is_this_system = false;
  for (auto& row : report.nodes) {
    row.free.reset();
    row.huge_pages.reset();
  }
  report.distances = nothing_known(2);
  const std::string text = text_of(report);
  BOOST_TEST(contains(text, "Not this machine"));
  BOOST_TEST(contains(text, "Distances, bandwidth, latency: its description tells none"));
  BOOST_TEST(lacks(text, "Huge pages:"));
}
BOOST_AUTO_TEST_CASE(leaves_out_rows_that_the_firmware_does_not_know) {
  machine_report report = made_up(2);
  report.latency[0] = {90, std::nullopt};
  const std::string text = text_of(report);
  BOOST_TEST(contains(text,
                      "Latency in ns, from the row's CPUs to the column's memory\n"
                      "               0   1\n"
                      "  node    0   90   -\n"
                      "\nBandwidth: the firmware tells none"));
}
BOOST_AUTO_TEST_CASE(has_colours_where_they_are_wanted) {
  BOOST_TEST(lacks(to_text(made_up(2), 80, {}), "\033"));
  BOOST_TEST(contains(to_text(made_up(2), 80, {.color = true}), "\033[1m"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(json_of_a_machine)

BOOST_AUTO_TEST_CASE(has_bytes_as_integers_and_nulls_for_the_unknown) {
  machine_report report = made_up(2);
  report.nodes[1].free.reset();
  report.latency[0] = {90, std::nullopt};
  const auto json = to_json(report);
  BOOST_TEST(json["nodes"][0]["capacity"] == 512 * gib);
  BOOST_TEST(json["nodes"][0]["huge_pages"][1] ==
             (nlohmann::ordered_json{{"page_size", gib}, {"total", 0}, {"free", 0}}));
  BOOST_TEST(json["nodes"][1]["free"] == nullptr);
  BOOST_TEST(json["distances"]["nodes"] == (nlohmann::ordered_json{0, 1}));
  BOOST_TEST(json["distances"]["rows"][0] == (nlohmann::ordered_json{10, 120}));
  BOOST_TEST(json["bandwidth_mib_per_s"] == nullptr);
  BOOST_TEST(json["latency_ns"]["rows"][0] == (nlohmann::ordered_json{90, nullptr}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(description_of_a_machine)

BOOST_AUTO_TEST_CASE(that_is_another_knows_neither_free_memory_nor_huge_pages) {
  acre::test::made_up_files files;
  const auto report =
      describe(acre::topology::from_synthetic("numa:2 core:2 pu:1"), acre::system_files(files.root()));
  BOOST_TEST(!report.is_this_system);
  BOOST_TEST_REQUIRE(report.nodes.size() == 2U);
  BOOST_TEST(report.nodes[0].free == std::nullopt);
  BOOST_TEST(same(report.nodes[1].cpus.value(), std::vector<unsigned>{2, 3}));
  BOOST_TEST(to_json(report)["nodes"][0]["huge_pages"] == nullptr);
}
BOOST_AUTO_TEST_CASE(has_the_pools_of_this_system) {
  acre::test::made_up_files files;
  const auto& machine = acre::topology::system();
  const auto node = machine.nodes().first();
  const std::string pool =
      "/sys/devices/system/node/node" + std::to_string(node) + "/hugepages/hugepages-2048kB/";
  files.write(pool + "nr_hugepages", "7\n");
  files.write(pool + "free_hugepages", "5\n");
  const auto report = describe(machine, acre::system_files(files.root()));
  BOOST_TEST(same(report.nodes[0].huge_pages.value(), std::vector<acre::huge_pool>{{2 << 20, 7, 5}}));
  BOOST_TEST(report.nodes[0].capacity == machine.capacity(node));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre_cli
