#include "cli/acre/run/placement_options.hpp"

#include "cli/acre/run/system_weights.hpp"
#include "cli/common/input_error.hpp"

#include <acre/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace acre_cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using cpus = std::vector<unsigned>;

const acre::topology& machine() {
  static const acre::topology four = acre::topology::from_synthetic("numa:4 core:2 pu:1");
  return four;
}

placement_options read(const std::string& arguments) {
  CLI::App app;
  placement_options options;
  add_placement_options(app, options);
  app.parse(arguments);
  return options;
}

/// Empty ones, too, which App::parse(std::string) drops.
placement_options read_words(std::vector<std::string> arguments) {
  CLI::App app;
  placement_options options;
  add_placement_options(app, options);
  std::ranges::reverse(arguments);  // as CLI11 wants it
  app.parse(std::move(arguments));
  return options;
}

/// A directory with weights, as the kernel has it.
class weights {
 public:
  explicit weights(const std::vector<std::pair<unsigned, std::string>>& all) {
    std::string name = (fs::temp_directory_path() / "acre-weights-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    x_path = name;
    for (const auto& [node, text] : all)
      std::ofstream(x_path / ("node" + std::to_string(node))) << text << '\n';
  }
  weights(const weights&) = delete;
  weights& operator=(const weights&) = delete;
  ~weights() { fs::remove_all(x_path); }
  const fs::path& path() const { return x_path; }

 private:
  fs::path x_path;
};

std::string placed(const std::string& arguments, const fs::path& directory = "/absent") {
  const auto where = placement_of(read(arguments), machine(), directory);
  return where ? where->to_string() : "nothing";
}

std::string refused(const std::string& arguments, const fs::path& directory = "/absent") {
  try {
    return "taken as " + placed(arguments, directory);
  } catch (const std::exception& e) {
    return e.what();
  }
}

TEST(placement_options, are_placements) {
  EXPECT_EQ(placed("--bind 0-1"), "bind 0-1");
  EXPECT_EQ(placed("--prefer 2"), "prefer 2");
  EXPECT_EQ(placed("--interleave all"), "interleave 0-3");
  EXPECT_EQ(placed("--weighted-interleave !1"), "weighted_by_system 0,2-3");
  EXPECT_EQ(placed("--local"), "local");
  EXPECT_EQ(placed("--placement 'prefer 0-1'"), "prefer 0-1");
  EXPECT_EQ(placed("--cpus 1"), "nothing");
}
TEST(placement_options, have_the_spellings_of_numactl) {
  for (const char* const option : {"-m", "--membind"})
    EXPECT_EQ(placed(std::string(option) + " 1"), "bind 1");
  for (const char* const option : {"-p", "-P", "--preferred", "--preferred-many"})
    EXPECT_EQ(placed(std::string(option) + " 1"), "prefer 1");
  EXPECT_EQ(placed("-i 0,2"), "interleave 0,2");
  EXPECT_EQ(placed("-w 0,2"), "weighted_by_system 0,2");
  for (const char* const option : {"-l", "--localalloc"}) EXPECT_EQ(placed(option), "local");
}
TEST(placement_options, are_one_at_most) {
  EXPECT_THAT(refused("--bind 0 --local"), HasSubstr("one placement"));
  EXPECT_THROW(cpus_of(read("--cpus 0 --cpunodebind 0"), machine()), input_error);
  EXPECT_FALSE(read("--bind 0 --cpus 1").empty());
  EXPECT_TRUE(read("").empty());
}
TEST(placement_options, that_are_no_nodes_are_refused) {
  EXPECT_THAT(refused("--bind 0x"), HasSubstr("0x"));
  EXPECT_THAT(refused("--bind none"), HasSubstr("node"));
  EXPECT_THAT(refused("--placement nonsense"), HasSubstr("nonsense"));
}

TEST(weights_of_a_command, are_the_systems_if_their_ratio_is) {
  const weights system({{0, "6"}, {1, "9"}, {2, "2"}});
  EXPECT_EQ(placed("--weighted 0:3,2:1", system.path()), "weighted_by_system 0,2");
  EXPECT_EQ(placed("--weighted 2:2,0:6", system.path()), "weighted_by_system 0,2");
  EXPECT_EQ(placed("--placement 'weighted 0:3,2:1'", system.path()), "weighted_by_system 0,2");
  EXPECT_EQ(placed("--weighted 1:5", system.path()), "weighted_by_system 1");
}
TEST(weights_of_a_command, that_the_system_does_not_have_come_with_what_to_write) {
  const weights system({{0, "1"}, {2, "1"}});
  const std::string why = refused("--weighted 0:6,2:2", system.path());
  EXPECT_THAT(why, HasSubstr("which are 0:1,2:1"));
  EXPECT_THAT(why, HasSubstr("echo 3 > " + (system.path() / "node0").string()));
  EXPECT_THAT(why, HasSubstr("echo 1 > " + (system.path() / "node2").string()));
}
TEST(weights_of_a_command, that_no_kernel_can_have_are_refused) {
  const weights system({{0, "1"}, {2, "1"}});
  EXPECT_THAT(refused("--weighted 0:256,2:1", system.path()), HasSubstr("255"));
  EXPECT_THAT(refused("--weighted 0:3,2:1"), HasSubstr("Linux 6.9"));
  EXPECT_THAT(refused("--weighted 0:3,7:1", system.path()), HasSubstr("node 7"));
}
TEST(weights_of_a_command, with_chunks_are_left_to_thread_binding_to_refuse) {
  EXPECT_EQ(placed("--placement 'weighted 0:3,2:1 by 64KiB'"), "weighted 0:3,2:1 by 64KiB");
}

TEST(cpu_lists, are_read) {
  const cpus universe{0, 2, 4, 6};
  EXPECT_EQ(parse_cpus("3", universe), cpus{3});
  EXPECT_EQ(parse_cpus("0-2,8,1", universe), (cpus{0, 1, 2, 8}));
  EXPECT_EQ(parse_cpus("all", universe), universe);
  EXPECT_EQ(parse_cpus("!2,4", universe), (cpus{0, 6}));
  EXPECT_EQ(parse_cpus("+1-2", universe), (cpus{2, 4}));
}
TEST(cpu_lists, with_mistakes_name_the_place) {
  for (const char* const text :
       {"", "x", "1-", "-1", "2-1", "1,", "1;2", "99999999999", "65536", "!", "+4", "!0,2,4,6", " 1"}) {
    EXPECT_THROW(parse_cpus(text, {0, 2, 4, 6}), input_error) << text;
  }
}
TEST(cpu_nodes, are_their_cpus) {
  EXPECT_EQ(cpus_of(read("--cpunodebind 1,3"), machine()), (cpus{2, 3, 6, 7}));
  EXPECT_EQ(cpus_of(read("-N 0"), machine()), (cpus{0, 1}));
  EXPECT_EQ(cpus_of(read("-C 5"), machine()), cpus{5});
  EXPECT_EQ(cpus_of(read("--bind 0"), machine()), std::nullopt);
  EXPECT_THROW(cpus_of(read("-N 9"), machine()), input_error);
}
TEST(cpu_options, that_are_empty_are_mistakes) {
  const placement_options no_cpus = read_words({"-C", ""});
  const placement_options no_nodes = read_words({"-N", ""});
  EXPECT_FALSE(no_cpus.empty());
  EXPECT_THROW(cpus_of(no_cpus, machine()), input_error);
  EXPECT_THROW(cpus_of(no_nodes, machine()), acre::error);
  EXPECT_THROW(cpus_of(read_words({"-C", "0", "-N", ""}), machine()), input_error);
}

}  // namespace
}  // namespace acre_cli
