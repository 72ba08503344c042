#include "cli/written_file.hpp"
#include "cli/input_error.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "support/preconditions.hpp"
#include "support/print.hpp"

namespace acre_cli {
namespace {

namespace fs = std::filesystem;

/// A directory, and where in it the file is to be.
struct empty_directory {
  empty_directory() {
    std::string name = (fs::temp_directory_path() / "acre-written-XXXXXX").string();
    directory = ::mkdtemp(name.data());
    file = directory / "page.html";
  }
  ~empty_directory() { fs::remove_all(directory); }

  static std::string text_of(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void put(const fs::path& path, const char* text) { std::ofstream(path) << text; }
  static unsigned mode_of(const fs::path& path) {
    struct stat found = {};
    ::stat(path.c_str(), &found);
    return found.st_mode & 07777U;
  }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
  }

  fs::path directory;
  fs::path file;
};

BOOST_FIXTURE_TEST_SUITE(a_written_file, empty_directory)

BOOST_AUTO_TEST_CASE(appears_as_the_umask_has_it) {
  const mode_t before = ::umask(027);
  write_file(file, "text");
  ::umask(before);
  BOOST_TEST(text_of(file) == "text");
  BOOST_TEST(mode_of(file) == 0640U);
  BOOST_TEST(files() == 1U);
}

BOOST_AUTO_TEST_CASE(keeps_the_rights_of_the_one_before) {
  put(file, "private");
  for (const mode_t mode : {0600U, 0644U, 0400U}) {
    BOOST_TEST_REQUIRE(::chmod(file.c_str(), mode) == 0);
    write_file(file, "new");
    BOOST_TEST(text_of(file) == "new");
    BOOST_TEST(mode_of(file) == mode);
  }
}

BOOST_AUTO_TEST_CASE(keeps_the_owner_of_the_one_before,
                     *boost::unit_test::precondition(acre::test::is_root)) {
  put(file, "theirs");
  BOOST_TEST_REQUIRE(::chown(file.c_str(), 12345, 23456) == 0);
  BOOST_TEST_REQUIRE(::chmod(file.c_str(), 0640) == 0);
  write_file(file, "new");
  struct stat found = {};
  BOOST_TEST_REQUIRE(::stat(file.c_str(), &found) == 0);
  BOOST_TEST(found.st_uid == 12345U);
  BOOST_TEST(found.st_gid == 23456U);
  BOOST_TEST(mode_of(file) == 0640U);
}

BOOST_AUTO_TEST_CASE(follows_no_link_that_somebody_left_beside_it) {
  put(directory / "victim", "kept");
  const fs::path guessed = file.string() + "." + std::to_string(::getpid()) + ".tmp";
  fs::create_symlink("victim", guessed);
  require_writable(file);
  write_file(file, "page");
  BOOST_TEST(text_of(directory / "victim") == "kept");
  BOOST_TEST(fs::is_symlink(guessed));
  BOOST_TEST(text_of(file) == "page");
}

BOOST_AUTO_TEST_CASE(takes_the_place_of_what_a_link_of_its_name_points_to) {
  put(directory / "target", "old");
  fs::create_symlink("target", file);
  write_file(file, "new");
  BOOST_TEST(fs::is_symlink(file));
  BOOST_TEST(text_of(directory / "target") == "new");
}

BOOST_AUTO_TEST_CASE(takes_no_place_of_a_link_that_leads_nowhere) {
  fs::create_symlink("absent", file);
  BOOST_CHECK_THROW(require_writable(file), input_error);
  BOOST_CHECK_THROW(write_file(file, "new"), input_error);
  BOOST_TEST(fs::is_symlink(file));
  BOOST_TEST(files() == 1U);
}

BOOST_AUTO_TEST_CASE(is_only_tried_before_the_work) {
  put(file, "old");
  require_writable(file);
  BOOST_TEST(text_of(file) == "old");
  BOOST_TEST(files() == 1U);
}

BOOST_AUTO_TEST_CASE(that_cannot_be_is_an_error) {
  BOOST_CHECK_THROW(require_writable(directory), input_error);
  BOOST_CHECK_THROW(require_writable(directory / "absent" / "page"), input_error);
  BOOST_CHECK_THROW(write_file("/dev/null", "x"), input_error);
  BOOST_CHECK_THROW(write_file("", "x"), input_error);
  BOOST_TEST(files() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre_cli
