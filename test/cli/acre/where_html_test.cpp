#include "cli/acre/where/where_html.hpp"
#include "made_up_process.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

namespace {

using namespace acre_cli;
using testing::HasSubstr;
using testing::Not;

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

struct machine {
  std::string name;
  std::vector<acre::node_id> nodes;
  friend std::ostream& operator<<(std::ostream& out, const machine& m) { return out << m.name; }
};
class where_page_on : public testing::TestWithParam<machine> {};
INSTANTIATE_TEST_SUITE_P(machines, where_page_on,
                         testing::Values(machine{"one", {0}}, machine{"two", {0, 1}},
                                         machine{"sixteen",
                                                 {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
                                         machine{"sparse", {0, 8, 16, 250, 251, 252, 253, 254, 255, 1023}}),
                         [](const auto& p) { return p.param.name; });

TEST_P(where_page_on, any_machine_is_a_page_without_markup_from_outside) {
  where_report r = made_up_process(GetParam().nodes, 40, hostile_name);
  r.command = hostile_name;
  const std::string page = where_html(r);
  for (const char* bad : {"<script", "http", "\033", "\t", "\r", "\xff", "\u202e", "\u009b"})
    EXPECT_THAT(page, Not(HasSubstr(bad)));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;??"));
  EXPECT_EQ(times("<svg class=\"bar\"", page), GetParam().nodes.size());
  EXPECT_EQ(times("<svg class=\"cells\"", page), 40U);
  keep(GetParam().name, page);
}

TEST(where_page, of_many_mappings_sums_up_the_smallest) {
  const where_report r = made_up_process({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, 1000);
  const std::string page = where_html(r);
  EXPECT_EQ(times("<svg class=\"cells\"", page), most_mappings_of_a_page + 1);
  EXPECT_THAT(page, HasSubstr("500 more mappings"));
  EXPECT_LT(page.size(), 3U << 20);
  keep("many", page);
}

TEST(where_page, of_a_kernel_thread_says_so) {
  where_report r = made_up_process({0, 1}, 0);
  EXPECT_THAT(where_html(r), HasSubstr("<tbody>\n</tbody>"));
  r.state = process_state::kernel_thread;
  const std::string page = where_html(r);
  EXPECT_THAT(page, HasSubstr("no memory of its own"));
  EXPECT_THAT(page, Not(HasSubstr("<table")));
}

}  // namespace
