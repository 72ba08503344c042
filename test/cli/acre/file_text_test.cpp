// file_text: whole files, and those that cannot be read.
#include "cli/common/file_text.hpp"

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace acre_cli {
namespace {

BOOST_AUTO_TEST_SUITE(file_text)

BOOST_AUTO_TEST_CASE(is_all_of_a_file) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("acre-file-text-" + std::to_string(getpid()));
  std::string written(100'000, 'x');
  written += '\0';
  written += "end\n";
  std::ofstream(file, std::ios::binary) << written;
  BOOST_TEST(text_of(file) == written);
  std::filesystem::remove(file);
  BOOST_TEST(text_of(file) == "");
}

BOOST_AUTO_TEST_CASE(is_nothing_where_reading_fails) {
  BOOST_TEST(text_of("/") == "");               // EISDIR
  BOOST_TEST(text_of("/proc/self/mem") == "");  // EIO: nothing is mapped at 0
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre_cli
