#include "cli/where/where_views.hpp"
#include "made_up_process.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "support/named_cases.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

namespace {

using namespace acre_cli;
using acre::test::contains;
using acre::test::lacks;

std::size_t times(const std::string& what, const std::string& text) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

// The browser's test (where_html_check.py) looks at the same pages.
void keep(const std::string& name, const std::string& page) {
  if (const char* directory = std::getenv("ACRE_WHERE_PAGES"))
    std::ofstream(std::string(directory) + "/where_" + name + ".html") << page;
}

BOOST_AUTO_TEST_SUITE(where_page_on, *acre::test::named_cases(made_up_machines))

BOOST_DATA_TEST_CASE(any_machine_is_a_page_without_markup_from_outside, made_up_machines, m) {
  where_report r = made_up_process(m.nodes, 40, hostile_name);
  r.command = hostile_name;
  const std::string page = where_html(r);
  for (const char* bad : {"<script", "http", "\033", "\t", "\r", "\xff", "\u202e", "\u009b"})
    BOOST_TEST(lacks(page, bad));
  BOOST_TEST(contains(page, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;??"));
  BOOST_TEST(times("<svg class=\"bar\"", page) == m.nodes.size());
  BOOST_TEST(times("<svg class=\"cells\"", page) == 40U);
  keep(m.name, page);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(where_page)

BOOST_AUTO_TEST_CASE(of_many_mappings_sums_up_the_smallest) {
  const where_report r = made_up_process({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, 1000);
  const std::string page = where_html(r);
  BOOST_TEST(times("<svg class=\"cells\"", page) == most_mappings_of_a_page + 1);
  BOOST_TEST(contains(page, "500 more mappings"));
  BOOST_TEST(page.size() < (3U << 20));
  keep("many", page);
}

BOOST_AUTO_TEST_CASE(says_which_nodes_are_allowed) {
  BOOST_TEST(contains(where_html(made_up_process({0}, 1)), "<b>node 0</b>allowed"));
  BOOST_TEST(contains(where_html(made_up_process({0, 1}, 1)), "<b>nodes 0-1</b>allowed"));
}

BOOST_AUTO_TEST_CASE(of_a_kernel_thread_says_so) {
  where_report r = made_up_process({0, 1}, 0);
  BOOST_TEST(contains(where_html(r), "<tbody>\n</tbody>"));
  r.state = process_state::kernel_thread;
  const std::string page = where_html(r);
  BOOST_TEST(contains(page, "no memory of its own"));
  BOOST_TEST(lacks(page, "<table"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
