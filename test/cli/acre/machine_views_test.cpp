#include "cli/acre/nodes/machine_views.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>
#include <string>

#include "cli/acre/made_up_files.hpp"
#include "cli/common/text.hpp"

namespace acre_cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

machine_report made_up(unsigned nodes) {
  machine_report report;
  for (unsigned n = 0; n < nodes; ++n) {
    node_row row;
    row.node = n;
    row.kind = "dram";
    row.capacity = 512 * gib;
    row.free = 100 * gib;
    for (unsigned cpu = 0; cpu < 8; ++cpu) row.cpus.push_back(n * 8 + cpu);
    row.huge_pages = {{2 << 20, 0, 0}, {gib, 0, 0}};
    report.nodes.push_back(row);
    auto& distances = report.distances.emplace_back();
    for (unsigned to = 0; to < nodes; ++to) distances.push_back(to == n ? 10 : 120);
    report.bandwidth.emplace_back(nodes);
    report.latency.emplace_back(nodes);
  }
  return report;
}

std::size_t longest_line(const std::string& text) {
  std::istringstream in(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(in, line);) longest = std::max(longest, columns(line));
  return longest;
}

std::size_t count_of(const std::string& what, const std::string& text) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST(text_of_a_machine, keeps_long_node_numbers_apart) {
  machine_report report = made_up(2);
  report.nodes[0].node = 1000;
  report.nodes[1].node = 1001;
  EXPECT_THAT(to_text(report, 80, {}), HasSubstr(" 1000 1001\n"));
}

TEST(text_of_a_machine, of_one_node_is_in_the_singular) {
  machine_report report = made_up(1);
  report.nodes[0].cpus = {0};
  const std::string text = to_text(report, 80, {});
  EXPECT_THAT(text, HasSubstr("1 node, 512 GiB (100 GiB free), 1 CPU\n"));
  EXPECT_THAT(text, HasSubstr("firmware tells none"));
  EXPECT_THAT(text, HasSubstr("none are reserved (2 MiB, 1 GiB)"));
}
TEST(text_of_a_machine, has_16_nodes_in_80_columns_and_one_table_of_distances) {
  const std::string text = to_text(made_up(16), 80, {});
  EXPECT_LE(longest_line(text), 80U) << text;
  EXPECT_EQ(count_of("\n  node   15 ", text), 1U) << text;
}
TEST(text_of_a_machine, breaks_wide_tables_and_long_lists_of_cpus) {
  machine_report report = made_up(16);
  for (unsigned cpu = 0; cpu < 400; cpu += 2) report.nodes[3].cpus.push_back(1000 + cpu);
  for (auto& row : report.bandwidth) row.assign(16, 123'456'789);
  const std::string text = to_text(report, 80, {});
  EXPECT_LE(longest_line(text), 80U) << text;
  EXPECT_GT(count_of("  node   15 ", text), 2U) << text;
  EXPECT_THAT(text, HasSubstr("Latency: the firmware tells none"));
}
TEST(text_of_a_machine, tells_nodes_without_memory_without_cpus_and_forbidden_ones) {
  machine_report report = made_up(3);
  report.nodes[0].capacity = 0;
  report.nodes[0].allowed = false;
  report.nodes[1].cpus.clear();
  report.nodes[1].allowed = false;
  const std::string text = to_text(report, 80, {});
  EXPECT_THAT(text, HasSubstr("     0  no memory         -          -  -        0-7\n"));
  EXPECT_THAT(text, HasSubstr("     1  dram        512 GiB    100 GiB  no       none\n"));
  EXPECT_THAT(text, HasSubstr("     2  dram        512 GiB    100 GiB  yes      16-23\n"));
}
TEST(text_of_a_machine, has_the_pools_of_huge_pages_by_size) {
  machine_report report = made_up(2);
  report.nodes[0].huge_pages = {{2 << 20, 16, 9}};
  const std::string text = to_text(report, 80, {});
  EXPECT_THAT(text, HasSubstr("  node               2 MiB               1 GiB\n"
                              "     0             9 of 16                   -\n"
                              "     1              0 of 0              0 of 0\n"));
}
TEST(text_of_a_machine, says_what_is_not_known) {
  machine_report report = made_up(2);
  report.is_this_system = false;
  report.nodes[0].free.reset();
  report.nodes[1].free.reset();
  report.distances.assign(2, std::vector<std::optional<std::uint64_t>>(2));
  const std::string text = to_text(report, 80, {});
  EXPECT_THAT(text, HasSubstr("Not this machine"));
  EXPECT_THAT(text, HasSubstr("Distances: the machine tells none"));
  EXPECT_THAT(text, Not(HasSubstr("Huge pages:")));
}
TEST(text_of_a_machine, leaves_out_rows_that_the_firmware_does_not_know) {
  machine_report report = made_up(2);
  report.latency[0] = {90, std::nullopt};
  const std::string text = to_text(report, 80, {});
  EXPECT_THAT(text, HasSubstr("Latency in ns, from the row's CPUs to the column's memory\n"
                              "               0   1\n"
                              "  node    0   90   -\n"
                              "\nBandwidth: the firmware tells none"));
}
TEST(text_of_a_machine, has_colours_where_they_are_wanted) {
  EXPECT_THAT(to_text(made_up(2), 80, {}), Not(HasSubstr("\033")));
  EXPECT_THAT(to_text(made_up(2), 80, {.color = true}), HasSubstr("\033[1m"));
}

TEST(json_of_a_machine, has_bytes_as_integers_and_nulls_for_the_unknown) {
  machine_report report = made_up(2);
  report.nodes[1].free.reset();
  report.latency[0] = {90, std::nullopt};
  const auto json = to_json(report);
  EXPECT_EQ(json["nodes"][0]["capacity"], 512 * gib);
  EXPECT_EQ(json["nodes"][0]["huge_pages"][1],
            (nlohmann::ordered_json{{"page_size", gib}, {"total", 0}, {"free", 0}}));
  EXPECT_TRUE(json["nodes"][1]["free"].is_null());
  EXPECT_EQ(json["distances"]["nodes"], (nlohmann::ordered_json{0, 1}));
  EXPECT_EQ(json["distances"]["rows"][0], (nlohmann::ordered_json{10, 120}));
  EXPECT_TRUE(json["bandwidth_mib_per_s"].is_null());
  EXPECT_EQ(json["latency_ns"]["rows"][0], (nlohmann::ordered_json{90, nullptr}));
}

TEST(description_of_a_machine, that_is_another_knows_neither_free_memory_nor_huge_pages) {
  made_up_files files;
  const auto report =
      describe(acre::topology::from_synthetic("numa:2 core:2 pu:1"), system_files(files.root()));
  EXPECT_FALSE(report.is_this_system);
  ASSERT_EQ(report.nodes.size(), 2U);
  EXPECT_EQ(report.nodes[0].free, std::nullopt);
  EXPECT_EQ(report.nodes[1].cpus, (std::vector<unsigned>{2, 3}));
  EXPECT_TRUE(to_json(report)["nodes"][0]["huge_pages"].is_null());
}
TEST(description_of_a_machine, has_the_pools_of_this_system) {
  made_up_files files;
  const auto& machine = acre::topology::system();
  const auto node = machine.nodes().first();
  const std::string pool =
      "/sys/devices/system/node/node" + std::to_string(node) + "/hugepages/hugepages-2048kB/";
  files.write(pool + "nr_hugepages", "7\n");
  files.write(pool + "free_hugepages", "5\n");
  const auto report = describe(machine, system_files(files.root()));
  EXPECT_EQ(report.nodes[0].huge_pages, (std::vector<huge_pool>{{2 << 20, 7, 5}}));
  EXPECT_EQ(report.nodes[0].capacity, machine.capacity(node));
}

}  // namespace
}  // namespace acre_cli
