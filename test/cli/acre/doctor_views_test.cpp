#include "cli/acre/doctor/doctor_views.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>
#include <string>

#include "cli/acre/made_up_facts.hpp"
#include "cli/common/text.hpp"

namespace acre_cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::vector<finding> mixed = {
    {"kernel", finding_level::ok, "Linux has it.", ""},
    {"shm", finding_level::note, "A note.", "Do this."},
    {"full", finding_level::warning, repeat("many words ", 30), repeat("do much ", 30)},
};

TEST(text_of_the_doctor, begins_with_the_verdict) {
  EXPECT_THAT(to_text({mixed[0], mixed[1]}, 80, {}), StartsWith("Placement works here.\n\n"));
  EXPECT_THAT(to_text(mixed, 80, {}), StartsWith("Placement works here, with 1 warning.\n\n"));
  EXPECT_EQ(verdict_on({mixed[2], mixed[2]}), "Placement works here, with 2 warnings.");
  EXPECT_EQ(verdict_on({mixed[2], {"x", finding_level::problem, "No.", "Yes."}}),
            "Placement does not work here.");
}
TEST(text_of_the_doctor, has_level_sentence_and_remedy_in_80_columns) {
  const std::string text = to_text(mixed, 80, {});
  EXPECT_THAT(text, HasSubstr("  ok       Linux has it.\n  note     A note.\n           > Do this.\n"
                              "  warning  many words"));
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) EXPECT_LE(columns(line), 80U) << line;
}
TEST(text_of_the_doctor, has_colours_where_they_are_wanted) {
  EXPECT_THAT(to_text(mixed, 80, {}), Not(HasSubstr("\033")));
  EXPECT_THAT(to_text(mixed, 80, {.color = true}), HasSubstr("\033[33mwarning\033[0m"));
}

TEST(json_of_the_doctor, has_verdict_findings_and_facts) {
  doctor_facts facts = healthy_facts();
  facts.nodes[1].binding = trial{outcome::denied, "no"};
  facts.memory_limit = memory_limit{gib, 5};
  const auto json = to_json(facts, mixed);
  EXPECT_EQ(json["usable"], true);
  EXPECT_EQ(json["findings"].size(), 3U);
  EXPECT_TRUE(json["findings"][0]["remedy"].is_null());
  EXPECT_EQ(json["findings"][1]["level"], "note");
  EXPECT_EQ(json["findings"][1]["remedy"], "Do this.");
  EXPECT_EQ(json["facts"]["nodes"][1]["binding"]["outcome"], "denied");
  EXPECT_EQ(json["facts"]["trials"]["migrate"]["outcome"], "works");
  EXPECT_EQ(json["facts"]["settings"]["max_map_count"], 65530);
  EXPECT_EQ(json["facts"]["memory_limit"]["limit"], gib);
}
TEST(json_of_the_doctor, has_nulls_for_what_is_not_known) {
  const auto json = to_json({}, {});
  EXPECT_TRUE(json["facts"]["memory_limit"].is_null());
  EXPECT_TRUE(json["facts"]["dev_shm"].is_null());
  for (const auto& group : {"trials", "settings"})
    for (const auto& [key, value] : json["facts"][group].items()) EXPECT_TRUE(value.is_null()) << key;
}

}  // namespace
}  // namespace acre_cli
