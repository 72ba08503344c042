#include "cli/common/written_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "cli/common/input_error.hpp"

namespace acre_cli {
namespace {

namespace fs = std::filesystem;

class a_written_file : public testing::Test {
 protected:
  a_written_file() {
    std::string name = testing::TempDir() + "acre-written-XXXXXX";
    directory = ::mkdtemp(name.data());
    file = directory / "page.html";
  }
  ~a_written_file() override { fs::remove_all(directory); }

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

TEST_F(a_written_file, appears_as_the_umask_has_it) {
  const mode_t before = ::umask(027);
  write_file(file, "text");
  ::umask(before);
  EXPECT_EQ(text_of(file), "text");
  EXPECT_EQ(mode_of(file), 0640U);
  EXPECT_EQ(files(), 1U);
}

TEST_F(a_written_file, keeps_the_rights_of_the_one_before) {
  put(file, "private");
  for (const mode_t mode : {0600U, 0644U, 0400U}) {
    ASSERT_EQ(::chmod(file.c_str(), mode), 0);
    write_file(file, "new");
    EXPECT_EQ(text_of(file), "new");
    EXPECT_EQ(mode_of(file), mode);
  }
}

TEST_F(a_written_file, keeps_the_owner_of_the_one_before) {
  if (::getuid() != 0) return;  // not a skip: root's runs have it
  put(file, "theirs");
  ASSERT_EQ(::chown(file.c_str(), 12345, 23456), 0);
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  write_file(file, "new");
  struct stat found = {};
  ASSERT_EQ(::stat(file.c_str(), &found), 0);
  EXPECT_EQ(found.st_uid, 12345U);
  EXPECT_EQ(found.st_gid, 23456U);
  EXPECT_EQ(mode_of(file), 0640U);
}

TEST_F(a_written_file, follows_no_link_that_somebody_left_beside_it) {
  put(directory / "victim", "kept");
  const fs::path guessed = file.string() + "." + std::to_string(::getpid()) + ".tmp";
  fs::create_symlink("victim", guessed);
  require_writable(file);
  write_file(file, "page");
  EXPECT_EQ(text_of(directory / "victim"), "kept");
  EXPECT_TRUE(fs::is_symlink(guessed));
  EXPECT_EQ(text_of(file), "page");
}

TEST_F(a_written_file, takes_the_place_of_what_a_link_of_its_name_points_to) {
  put(directory / "target", "old");
  fs::create_symlink("target", file);
  write_file(file, "new");
  EXPECT_TRUE(fs::is_symlink(file));
  EXPECT_EQ(text_of(directory / "target"), "new");
}

TEST_F(a_written_file, takes_no_place_of_a_link_that_leads_nowhere) {
  fs::create_symlink("absent", file);
  EXPECT_THROW(require_writable(file), input_error);
  EXPECT_THROW(write_file(file, "new"), input_error);
  EXPECT_TRUE(fs::is_symlink(file));
  EXPECT_EQ(files(), 1U);
}

TEST_F(a_written_file, is_only_tried_before_the_work) {
  put(file, "old");
  require_writable(file);
  EXPECT_EQ(text_of(file), "old");
  EXPECT_EQ(files(), 1U);
}

TEST_F(a_written_file, that_cannot_be_is_an_error) {
  EXPECT_THROW(require_writable(directory), input_error);
  EXPECT_THROW(require_writable(directory / "absent" / "page"), input_error);
  EXPECT_THROW(write_file("/dev/null", "x"), input_error);
  EXPECT_THROW(write_file("", "x"), input_error);
  EXPECT_EQ(files(), 0U);
}

}  // namespace
}  // namespace acre_cli
