#include "cli/acre/where/where_json.hpp"
#include "made_up_process.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace {

using namespace acre_cli;
using nlohmann::json;

std::vector<std::string> keys_of(const json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

TEST(where_json, has_the_keys_that_are_documented) {
  const json j = json::parse(where_json(made_up_process({0, 2}, 3), json_layout::indented));
  EXPECT_THAT(keys_of(j), testing::UnorderedElementsAre("time_ms", "pid", "command", "state", "allowed_nodes",
                                                        "allowed_cpus", "thread_policy", "page_size", "pages",
                                                        "bytes", "transparent_huge", "nodes", "mappings"));
  EXPECT_THAT(
      keys_of(j["mappings"][0]),
      testing::UnorderedElementsAre("begin", "end", "size", "permissions", "kind", "name", "policy",
                                    "page_size", "hugetlb", "pages", "bytes", "transparent_huge", "anonymous",
                                    "dirty", "swap_cache", "writeback", "mappers", "nodes"));
  EXPECT_THAT(keys_of(j["nodes"][0]), testing::UnorderedElementsAre("node", "pages"));
  EXPECT_EQ(j["time_ms"], 1'700'000'000'000);
  EXPECT_EQ(j["allowed_nodes"], json({0, 2}));
  EXPECT_EQ(j["state"], "has_memory");
}

TEST(where_json, has_all_mappings_and_their_sum) {
  const json j = json::parse(where_json(made_up_process({0, 1, 5}, 700), json_layout::one_line));
  ASSERT_EQ(j["mappings"].size(), 700U);
  std::size_t pages = 0, bytes = 0;
  for (const auto& m : j["mappings"]) {
    pages += m["pages"].get<std::size_t>();
    bytes += m["bytes"].get<std::size_t>();
  }
  EXPECT_EQ(j["pages"], pages);
  EXPECT_EQ(j["bytes"], bytes);
  EXPECT_EQ(bytes, pages * 4096);
}

TEST(where_json, on_one_line_is_one_line) {
  const std::string text = where_json(made_up_process({0}, 9, hostile_name), json_layout::one_line);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
}

TEST(where_json, of_hostile_names_can_be_read) {
  const json j = json::parse(where_json(made_up_process({0}, 1, hostile_name), json_layout::indented));
  EXPECT_THAT(j["mappings"][0]["name"].get<std::string>(), testing::HasSubstr("\033[2J\r\n"));
}

TEST(where_json, tells_transparent_huge_pages_where_they_are_known) {
  where_report r = made_up_process({0, 1}, 3);
  EXPECT_TRUE(json::parse(where_json(r, json_layout::one_line))["transparent_huge"].is_null());
  r.smaps[r.binding.mappings[1].begin].transparent_huge = 2 << 20;
  const json j = json::parse(where_json(r, json_layout::one_line));
  EXPECT_EQ(j["transparent_huge"], 2 << 20);
  EXPECT_EQ(j["mappings"][0]["transparent_huge"], 0);
  EXPECT_EQ(j["mappings"][1]["transparent_huge"], 2 << 20);
}

TEST(where_json, without_a_known_policy_has_null) {
  where_report r = made_up_process({0}, 0);
  r.binding.own.reset();
  r.state = process_state::kernel_thread;
  const json j = json::parse(where_json(r, json_layout::indented));
  EXPECT_TRUE(j["thread_policy"].is_null());
  EXPECT_EQ(j["state"], "kernel_thread");
  EXPECT_EQ(j["mappings"], json::array());
}

}  // namespace
