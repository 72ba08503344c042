// Names of segments: what each backend takes.
#include <acre/error.hpp>

#include <gtest/gtest.h>
#include <string>
#include <string_view>

#include "segment/segment_object.hpp"
#include "support/throws.hpp"

namespace acre {
namespace {

using test::code_thrown;

std::error_code refusal(segment_backend backend, std::string_view name) {
  return code_thrown([&] { segment_name checked(backend, name); });
}

TEST(segment_name, a_file_may_be_called_anything_that_is_one_word_of_a_path) {
  for (const std::string_view name : {"a", "...", ".hidden", "with space", "-", "\x01\xff", "a.b.c"}) {
    EXPECT_EQ(segment_name(segment_backend::posix, name).text, name);
    EXPECT_EQ(segment_name(segment_backend::posix, "/" + std::string(name)).text, name);
  }
  EXPECT_EQ(segment_name(segment_backend::posix, std::string(255, 'x')).text.size(), 255U);
  EXPECT_EQ(segment_name(segment_backend::posix, "/" + std::string(255, 'x')).text.size(), 255U);
}

TEST(segment_name, files_cannot_have_names_that_are_paths_or_none) {
  for (const std::string_view name :
       {"", "/", "//", "//a", "a/b", "/a/b", "a/", ".", "..", "/.", "/..", "../a"}) {
    EXPECT_EQ(refusal(segment_backend::posix, name), errc::invalid_name) << name;
  }
  EXPECT_EQ(refusal(segment_backend::posix, std::string(256, 'x')), errc::invalid_name);
  EXPECT_EQ(refusal(segment_backend::posix, std::string(100'000, 'x')), errc::invalid_name);
  EXPECT_EQ(refusal(segment_backend::posix, std::string_view("a\0b", 3)), errc::invalid_name);
  EXPECT_EQ(refusal(segment_backend::posix, std::string_view("\0", 1)), errc::invalid_name);
}

TEST(segment_name, a_memfd_takes_any_label) {
  for (const std::string_view name : {"", "a", "/", "a/b", "..", "with space"}) {
    EXPECT_EQ(segment_name(segment_backend::memfd, name).text, name);
  }
  EXPECT_EQ(segment_name(segment_backend::memfd, std::string(249, 'x')).text.size(), 249U);
  EXPECT_EQ(refusal(segment_backend::memfd, std::string(250, 'x')), errc::invalid_name);
  EXPECT_EQ(refusal(segment_backend::memfd, std::string_view("a\0b", 3)), errc::invalid_name);
}

TEST(segment_name, a_system_v_name_is_a_number_or_private) {
  const auto key = [](std::string_view name) { return segment_name(segment_backend::sysv, name).key; };
  EXPECT_EQ(key("1"), 1);
  EXPECT_EQ(key("4711"), 4711);
  EXPECT_EQ(key("0x41435245"), 0x41435245);
  EXPECT_EQ(key("0X41435245"), 0x41435245);
  EXPECT_EQ(key("0xabcDEF"), 0xabcdef);
  EXPECT_EQ(key("0010"), 10);
  EXPECT_EQ(key("4294967295"), -1);
  EXPECT_EQ(key("0xffffffff"), -1);
  EXPECT_EQ(key("private"), 0);
  EXPECT_EQ(segment_name(segment_backend::sysv, "0x10").text, "0x10");
}

TEST(segment_name, what_is_no_system_v_key_is_refused) {
  for (const std::string_view name :
       {"", "0", "0x0", "00", "0x", "x", "-1", "+1", " 1", "1 ", "0x1g", "1a", "1.0", "4294967296",
        "0x100000000", "0x-1", "Private", "PRIVATE", "private "}) {
    EXPECT_EQ(refusal(segment_backend::sysv, name), errc::invalid_name) << name;
  }
  EXPECT_EQ(refusal(segment_backend::sysv, std::string(100'000, '1')), errc::invalid_name);
  EXPECT_EQ(refusal(segment_backend::sysv, std::string_view("1\0", 2)), errc::invalid_name);
}

TEST(segment_name, there_are_three_backends) {
  EXPECT_EQ(refusal(static_cast<segment_backend>(3), "a"), errc::invalid_argument);
  EXPECT_EQ(to_string(segment_backend::posix), "posix");
  EXPECT_EQ(to_string(segment_backend::memfd), "memfd");
  EXPECT_EQ(to_string(segment_backend::sysv), "sysv");
}

}  // namespace
}  // namespace acre
