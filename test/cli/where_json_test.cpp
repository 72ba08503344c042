#include "cli/where/where_views.hpp"
#include "made_up_process.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <cstddef>
#include <set>
#include <string>

#include "cli/print_json.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

namespace {

using namespace acre_cli;
using acre::test::contains;
using acre::test::same;
using nlohmann::json;
using names = std::set<std::string>;

names keys_of(const json& object) {
  names keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

BOOST_AUTO_TEST_SUITE(where_json)
using acre_cli::where_json;

BOOST_AUTO_TEST_CASE(has_the_keys_that_are_documented) {
  const json j = json::parse(where_json(made_up_process({0, 2}, 3), json_layout::indented));
  BOOST_TEST(same(keys_of(j), names{"time_ms", "pid", "command", "state", "allowed_nodes", "allowed_cpus",
                                    "thread_policy", "page_size", "pages", "bytes", "transparent_huge",
                                    "nodes", "mappings"}));
  BOOST_TEST(same(keys_of(j["mappings"][0]),
                  names{"begin", "end", "size", "permissions", "kind", "name", "policy", "page_size",
                        "hugetlb", "pages", "bytes", "transparent_huge", "anonymous", "dirty", "swap_cache",
                        "writeback", "mappers", "nodes"}));
  BOOST_TEST(same(keys_of(j["nodes"][0]), names{"node", "pages"}));
  BOOST_TEST(j["time_ms"] == 1'700'000'000'000);
  BOOST_TEST(j["allowed_nodes"] == json({0, 2}));
  BOOST_TEST(j["state"] == "has_memory");
}

BOOST_AUTO_TEST_CASE(has_all_mappings_and_their_sum) {
  const json j = json::parse(where_json(made_up_process({0, 1, 5}, 700), json_layout::one_line));
  BOOST_TEST_REQUIRE(j["mappings"].size() == 700U);
  std::size_t pages = 0, bytes = 0;
  for (const auto& m : j["mappings"]) {
    pages += m["pages"].get<std::size_t>();
    bytes += m["bytes"].get<std::size_t>();
  }
  BOOST_TEST(j["pages"] == pages);
  BOOST_TEST(j["bytes"] == bytes);
  BOOST_TEST(bytes == pages * 4096);
}

BOOST_AUTO_TEST_CASE(on_one_line_is_one_line) {
  const std::string text = where_json(made_up_process({0}, 9, hostile_name), json_layout::one_line);
  BOOST_TEST(text.find('\n') == text.size() - 1);
}

BOOST_AUTO_TEST_CASE(of_hostile_names_can_be_read) {
  const json j = json::parse(where_json(made_up_process({0}, 1, hostile_name), json_layout::indented));
  BOOST_TEST(contains(j["mappings"][0]["name"].get<std::string>(), "\033[2J\r\n"));
}

BOOST_AUTO_TEST_CASE(tells_transparent_huge_pages_where_they_are_known) {
  where_report r = made_up_process({0, 1}, 3);
  BOOST_TEST(json::parse(where_json(r, json_layout::one_line))["transparent_huge"] == nullptr);
  r.smaps[r.binding.mappings[1].begin].transparent_huge = 2 << 20;
  const json j = json::parse(where_json(r, json_layout::one_line));
  BOOST_TEST(j["transparent_huge"] == (2 << 20));
  BOOST_TEST(j["mappings"][0]["transparent_huge"] == 0);
  BOOST_TEST(j["mappings"][1]["transparent_huge"] == (2 << 20));
}

BOOST_AUTO_TEST_CASE(without_a_known_policy_has_null) {
  where_report r = made_up_process({0}, 0);
  r.binding.own.reset();
  r.state = process_state::kernel_thread;
  const json j = json::parse(where_json(r, json_layout::indented));
  BOOST_TEST(j["thread_policy"] == nullptr);
  BOOST_TEST(j["state"] == "kernel_thread");
  BOOST_TEST(j["mappings"] == json::array());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
