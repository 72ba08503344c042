#include "sys/files.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "support/made_up_files.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(a_file)

BOOST_AUTO_TEST_CASE(is_read_whole) {
  const made_up_files files;
  std::string written(100'000, 'x');
  written += '\0';
  written += "end\n";
  files.write("/file", written);
  BOOST_TEST((sys::read_file((files.root() / "file").c_str()) == written));
}

BOOST_AUTO_TEST_CASE(is_nothing_where_reading_fails) {
  BOOST_TEST((sys::read_file("/absent/file") == std::nullopt));
  BOOST_TEST((sys::read_file("/") == std::nullopt));               // EISDIR
  BOOST_TEST((sys::read_file("/proc/self/mem") == std::nullopt));  // EIO: nothing is mapped at 0
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_directory)

BOOST_AUTO_TEST_CASE(has_its_entries) {
  const made_up_files files;
  files.write("/b/file", "");
  files.write("/a", "");
  std::vector<std::string> names = sys::entries_of(files.root().string());
  std::erase_if(names, [](const std::string& name) { return name.starts_with('.'); });
  std::ranges::sort(names);
  BOOST_TEST(same(names, std::vector<std::string>{"a", "b"}));
  BOOST_TEST(sys::entries_of((files.root() / "absent").string()).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
