#include "cli/demo/html_report.hpp"
#include "cli/demo/text_report.hpp"
#include "made_up_report.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/fits.hpp"
#include "support/named_cases.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

namespace {

using namespace acre_demo;
using acre::test::contains;
using acre::test::fits;
using acre::test::lacks;

const std::vector<unsigned> numbers_of_nodes = {1, 4, 16, 70};

BOOST_AUTO_TEST_SUITE(report_of, *acre::test::named_cases(numbers_of_nodes))

BOOST_DATA_TEST_CASE(any_machine_fits_any_terminal, numbers_of_nodes, nodes) {
  acre_demo::report r = made_up_report(nodes);
  r.corpus.source = "/srv/日本語/" + std::string(90, 'x');
  r.machine.nodes.back().node = 1023;
  r.machine.nodes.back().capacity = std::uint64_t{5} << 50;
  r.machine.nodes.back().cpus = "0,70,140,210,280,350,420,490,560,630,700,770,840,910,980,1050,1120";
  r.trials.back().placement += ":" + std::string(90, '7');
  for (std::size_t width = 1; width <= 200; ++width)
    BOOST_TEST(fits(render_text(r, width, {false, true}), width));
}

BOOST_DATA_TEST_CASE(any_machine_is_plain_where_colours_are_off, numbers_of_nodes, nodes) {
  BOOST_TEST(lacks(render_text(made_up_report(nodes), 80, {}), "\033"));
}

BOOST_DATA_TEST_CASE(any_machine_is_a_page_without_markup_from_outside, numbers_of_nodes, nodes) {
  const auto page = render_html(made_up_report(nodes));
  BOOST_TEST(contains(page, "&lt;made up&gt; &amp; &quot;quoted&quot;"));
  BOOST_TEST(lacks(page, "<made up>"));
  BOOST_TEST(lacks(page, "http"));
  BOOST_TEST(lacks(page, "<script"));
  // The browser's test looks at the same page.
  if (const char* directory = std::getenv("ACRE_DEMO_PAGES"))
    std::ofstream(std::string(directory) + "/made_up_" + std::to_string(nodes) + ".html") << page;
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(report)

BOOST_AUTO_TEST_CASE(says_why_a_placement_is_not_possible_and_what_differs) {
  const auto text = render_text(made_up_report(4), 80, {});
  BOOST_TEST(contains(text, "not possible here\n    weighted_by_system: needs Linux 6.9"));
  BOOST_TEST(contains(text, "numbers: page at 4096 lies on node 0"));
}

BOOST_AUTO_TEST_CASE(of_one_node_offers_the_virtual_machine) {
  BOOST_TEST(contains(one_node_note(made_up_report(1).machine), "sh cmake/bootstrap.sh demo --vm"));
  BOOST_TEST(one_node_note(made_up_report(2).machine) == "");
}

BOOST_AUTO_TEST_CASE(of_different_data_is_refused) {
  auto r = made_up_report(2);
  r.trials[1].checksum = 1;
  BOOST_CHECK_THROW(require_same_data(r), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
