#include "cli/demo/bars.hpp"
#include "cli/demo/html_report.hpp"
#include "cli/demo/text_report.hpp"
#include "made_up_report.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace {

using namespace acre_demo;
using testing::HasSubstr;
using testing::Not;

class report_of : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(nodes, report_of, testing::Values(1u, 4u, 16u));

TEST_P(report_of, any_machine_fits_eighty_columns) {
  std::istringstream lines(render_text(made_up_report(GetParam()), {false, true}));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(columns(line), 80u) << line;
}

TEST_P(report_of, any_machine_is_plain_where_colours_are_off) {
  EXPECT_THAT(render_text(made_up_report(GetParam()), {}), Not(HasSubstr("\033")));
}

TEST_P(report_of, any_machine_is_a_page_without_markup_from_outside) {
  const auto page = render_html(made_up_report(GetParam()));
  EXPECT_THAT(page, HasSubstr("&lt;made up&gt; &amp; &quot;quoted&quot;"));
  EXPECT_THAT(page, Not(HasSubstr("<made up>")));
  EXPECT_THAT(page, Not(HasSubstr("http")));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  // The browser's test looks at the same page.
  if (const char* directory = std::getenv("ACRE_DEMO_PAGES"))
    std::ofstream(std::string(directory) + "/made_up_" + std::to_string(GetParam()) + ".html") << page;
}

TEST(report, says_why_a_placement_is_not_possible_and_what_differs) {
  const auto text = render_text(made_up_report(4), {});
  EXPECT_THAT(text, HasSubstr("not possible here\n    weighted_by_system: needs Linux 6.9"));
  EXPECT_THAT(text, HasSubstr("numbers: page at 4096 lies on node 0"));
}

TEST(report, of_one_node_offers_the_virtual_machine) {
  EXPECT_THAT(one_node_note(made_up_report(1).machine), HasSubstr("sh cmake/bootstrap.sh demo --vm"));
  EXPECT_EQ(one_node_note(made_up_report(2).machine), "");
}

TEST(report, of_different_data_is_refused) {
  auto r = made_up_report(2);
  r.trials[1].checksum = 1;
  EXPECT_THROW(require_same_data(r), std::runtime_error);
}

}  // namespace
