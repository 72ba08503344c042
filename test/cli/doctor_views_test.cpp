#include "cli/doctor/findings.hpp"
#include "cli/text.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

#include "cli/fits.hpp"
#include "cli/made_up_facts.hpp"
#include "cli/print_json.hpp"
#include "support/made_up_files.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

namespace acre_cli {
namespace {

using acre::test::begins;
using acre::test::contains;
using acre::test::fits;
using acre::test::lacks;

const std::vector<finding> mixed = {
    {"kernel", finding_level::ok, "Linux has it.", ""},
    {"shm", finding_level::note, "A note.", "Do this."},
    {"full", finding_level::warning, repeat("many words ", 30), repeat("do much ", 30)},
};

BOOST_AUTO_TEST_SUITE(text_of_the_doctor)

BOOST_AUTO_TEST_CASE(begins_with_the_verdict) {
  BOOST_TEST(begins(to_text({mixed[0], mixed[1]}, 80, {}), "Placement works here.\n\n"));
  BOOST_TEST(begins(to_text(mixed, 80, {}), "Placement works here, with 1 warning.\n\n"));
  BOOST_TEST(verdict_on({mixed[2], mixed[2]}) == "Placement works here, with 2 warnings.");
  BOOST_TEST(verdict_on({mixed[2], {"x", finding_level::problem, "No.", "Yes."}}) ==
             "Placement does not work here.");
}
BOOST_AUTO_TEST_CASE(has_level_sentence_and_remedy_in_80_columns) {
  const std::string text = to_text(mixed, 80, {});
  BOOST_TEST(contains(text,
                      "  ok       Linux has it.\n  note     A note.\n           > Do this.\n"
                      "  warning  many words"));
  BOOST_TEST(fits(text, 80));
}
BOOST_AUTO_TEST_CASE(has_colours_where_they_are_wanted) {
  BOOST_TEST(lacks(to_text(mixed, 80, {}), "\033"));
  BOOST_TEST(contains(to_text(mixed, 80, {.color = true}), "\033[33mwarning\033[0m"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(json_of_the_doctor)

BOOST_AUTO_TEST_CASE(has_verdict_findings_and_facts) {
  doctor_facts facts = healthy_facts();
  facts.binding[1] = {outcome::denied, "no"};
  facts.memory_limit = acre::memory_limit{gib, 5};
  const auto json = to_json(facts, mixed);
  BOOST_TEST(json["usable"] == true);
  BOOST_TEST(json["findings"].size() == 3U);
  BOOST_TEST(json["findings"][0]["remedy"] == nullptr);
  BOOST_TEST(json["findings"][1]["level"] == "note");
  BOOST_TEST(json["findings"][1]["remedy"] == "Do this.");
  BOOST_TEST(json["facts"]["nodes"][1]["capacity"] == gib);
  BOOST_TEST(json["facts"]["nodes"][1]["binding"]["outcome"] == "denied");
  BOOST_TEST(json["facts"]["trials"]["migrate"]["outcome"] == "works");
  BOOST_TEST(json["facts"]["settings"]["max_map_count"] == 65530);
  BOOST_TEST(json["facts"]["memory_limit"]["limit"] == gib);
}
BOOST_AUTO_TEST_CASE(has_nulls_for_what_is_not_known) {
  // Of another machine, without /proc and /sys.
  const acre::test::made_up_files nothing;
  const auto machine = acre::topology::from_synthetic("numa:2 core:2 pu:1");
  const auto json = to_json(collect_facts(machine, acre::system_files(nothing.root())), {});
  BOOST_TEST(json["facts"]["memory_limit"] == nullptr);
  BOOST_TEST(json["facts"]["nodes"][1]["binding"] == nullptr);
  for (const auto& [group, size] : {std::pair("trials", 10U), {"settings", 9U}}) {
    BOOST_TEST(json["facts"][group].size() == size);
    for (const auto& [key, value] : json["facts"][group].items()) {
      BOOST_TEST_INFO("key " << key);
      BOOST_TEST(value == nullptr);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre_cli
