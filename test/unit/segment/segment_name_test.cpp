// Names of segments: what each backend takes.
#include <acre/error.hpp>

#include "segment/segment_object.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

#include "support/errors.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(segment_name)
using acre::segment_name;

BOOST_AUTO_TEST_CASE(of_a_file_may_be_anything_that_is_one_word_of_a_path) {
  for (const std::string_view name : {"a", "...", ".hidden", "with space", "-", "\x01\xff", "a.b.c"}) {
    BOOST_TEST(segment_name(segment_backend::posix, name).text == name);
    BOOST_TEST(segment_name(segment_backend::posix, "/" + std::string(name)).text == name);
  }
  BOOST_TEST(segment_name(segment_backend::posix, std::string(255, 'x')).text.size() == 255U);
  BOOST_TEST(segment_name(segment_backend::posix, "/" + std::string(255, 'x')).text.size() == 255U);
}

BOOST_AUTO_TEST_CASE(of_a_file_is_no_path_and_not_empty) {
  for (const std::string_view name :
       {"", "/", "//", "//a", "a/b", "/a/b", "a/", ".", "..", "/.", "/..", "../a"}) {
    BOOST_TEST_INFO("'" << name << "'");
    BOOST_CHECK_EXCEPTION(segment_name(segment_backend::posix, name), error, with_code(errc::invalid_name));
  }
  BOOST_CHECK_EXCEPTION(segment_name(segment_backend::posix, std::string(256, 'x')), error,
                        with_code(errc::invalid_name));
  BOOST_CHECK_EXCEPTION(segment_name(segment_backend::posix, std::string(100'000, 'x')), error,
                        with_code(errc::invalid_name));
  BOOST_CHECK_EXCEPTION(segment_name(segment_backend::posix, std::string_view("a\0b", 3)), error,
                        with_code(errc::invalid_name));
  BOOST_CHECK_EXCEPTION(segment_name(segment_backend::posix, std::string_view("\0", 1)), error,
                        with_code(errc::invalid_name));
}

BOOST_AUTO_TEST_CASE(of_a_memfd_is_any_label) {
  for (const std::string_view name : {"", "a", "/", "a/b", "..", "with space"}) {
    BOOST_TEST(segment_name(segment_backend::memfd, name).text == name);
  }
  BOOST_TEST(segment_name(segment_backend::memfd, std::string(249, 'x')).text.size() == 249U);
  BOOST_CHECK_EXCEPTION(segment_name(segment_backend::memfd, std::string(250, 'x')), error,
                        with_code(errc::invalid_name));
  BOOST_CHECK_EXCEPTION(segment_name(segment_backend::memfd, std::string_view("a\0b", 3)), error,
                        with_code(errc::invalid_name));
}

BOOST_AUTO_TEST_CASE(of_system_v_is_a_number_or_private) {
  const auto key = [](std::string_view name) { return segment_name(segment_backend::sysv, name).key; };
  BOOST_TEST(key("1") == 1);
  BOOST_TEST(key("4711") == 4711);
  BOOST_TEST(key("0x41435245") == 0x41435245);
  BOOST_TEST(key("0X41435245") == 0x41435245);
  BOOST_TEST(key("0xabcDEF") == 0xabcdef);
  BOOST_TEST(key("0010") == 10);
  BOOST_TEST(key("4294967295") == -1);
  BOOST_TEST(key("0xffffffff") == -1);
  BOOST_TEST(key("private") == 0);
  BOOST_TEST(segment_name(segment_backend::sysv, "0x10").text == "0x10");
}

BOOST_AUTO_TEST_CASE(of_system_v_that_is_no_key_is_refused) {
  for (const std::string_view name :
       {"", "0", "0x0", "00", "0x", "x", "-1", "+1", " 1", "1 ", "0x1g", "1a", "1.0", "4294967296",
        "0x100000000", "0x-1", "Private", "PRIVATE", "private "}) {
    BOOST_TEST_INFO("'" << name << "'");
    BOOST_CHECK_EXCEPTION(segment_name(segment_backend::sysv, name), error, with_code(errc::invalid_name));
  }
  BOOST_CHECK_EXCEPTION(segment_name(segment_backend::sysv, std::string(100'000, '1')), error,
                        with_code(errc::invalid_name));
  BOOST_CHECK_EXCEPTION(segment_name(segment_backend::sysv, std::string_view("1\0", 2)), error,
                        with_code(errc::invalid_name));
}

BOOST_AUTO_TEST_CASE(is_for_one_of_three_backends) {
  BOOST_CHECK_EXCEPTION(segment_name(static_cast<segment_backend>(3), "a"), error,
                        with_code(errc::invalid_argument));
  BOOST_TEST(to_string(segment_backend::posix) == "posix");
  BOOST_TEST(to_string(segment_backend::memfd) == "memfd");
  BOOST_TEST(to_string(segment_backend::sysv) == "sysv");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
