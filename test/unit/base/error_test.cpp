#include <acre/error.hpp>

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <cstdint>
#include <new>
#include <set>
#include <string>
#include <system_error>
#include <type_traits>

#include "support/errors.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

namespace acre::test {
namespace {

constexpr int last_code = static_cast<int>(errc::group_shared);

static_assert(std::is_error_code_enum_v<errc>);

BOOST_AUTO_TEST_SUITE(error)
using acre::error;

static_assert(std::is_nothrow_copy_constructible_v<error>);
static_assert(std::is_base_of_v<std::system_error, error>);

BOOST_AUTO_TEST_CASE(has_a_category_named_acre) { BOOST_TEST(category().name() == "acre"); }

BOOST_AUTO_TEST_CASE(has_a_message_of_its_own_for_every_code) {
  std::set<std::string> messages;
  for (int value = 1; value <= last_code; ++value) {
    const std::string message = make_error_code(static_cast<errc>(value)).message();
    BOOST_TEST_CONTEXT("code " << value) {
      BOOST_TEST(message.size() > 10U);
      BOOST_TEST(message != "unknown error");
      BOOST_TEST(messages.insert(message).second, "'" << message << "' is that of another one");
    }
  }
}

BOOST_AUTO_TEST_CASE(maps_every_code_to_a_standard_condition) {
  for (int value = 1; value <= last_code; ++value) {
    const auto condition = make_error_code(static_cast<errc>(value)).default_error_condition();
    BOOST_TEST_CONTEXT("code " << value) {
      BOOST_TEST(condition.category() == std::generic_category());
      BOOST_TEST(condition.value() != 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(calls_a_value_that_is_no_code_unknown) {
  const std::error_code code(last_code + 1, category());
  BOOST_TEST(code.message() == "unknown error");
  BOOST_TEST(code.default_error_condition().category() == category());
}

BOOST_AUTO_TEST_CASE(has_codes_that_compare_with_standard_conditions) {
  const std::error_code code = errc::out_of_memory;
  BOOST_TEST(code == std::errc::not_enough_memory);
  BOOST_TEST(make_error_code(errc::invalid_text) == std::errc::invalid_argument);
  BOOST_TEST(make_error_code(errc::node_not_allowed) == std::errc::argument_out_of_domain);
  BOOST_TEST(make_error_code(errc::binding_denied) == std::errc::operation_not_permitted);
}

BOOST_AUTO_TEST_CASE(says_the_message_alone_where_the_code_is_acres) {
  const error e(errc::unknown_node, "node 7 does not exist");
  BOOST_TEST(e.what() == "node 7 does not exist");
  BOOST_TEST(e.code() == errc::unknown_node);
}

BOOST_AUTO_TEST_CASE(without_a_message_says_what_the_code_means) {
  BOOST_TEST(error(errc::not_mapped, "").what() == make_error_code(errc::not_mapped).message());
}

BOOST_AUTO_TEST_CASE(adds_the_text_of_a_foreign_code) {
  const std::error_code code(ENOSYS, std::system_category());
  const error e(code, "mbind");
  BOOST_TEST(e.what() == "mbind: " + code.message());
  BOOST_TEST(e.code() == code);
}

BOOST_AUTO_TEST_CASE(copies_and_is_caught_as_a_system_error) {
  const error original(errc::invalid_size, "text");
  const error copy = original;
  BOOST_CHECK_EXCEPTION(throw copy, std::system_error, with_code(errc::invalid_size).saying_exactly("text"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(failure)
using acre::failure;

static_assert(std::is_base_of_v<failure, acre::error>);
static_assert(std::is_base_of_v<failure, acre::allocation_error>);
static_assert(!std::is_base_of_v<std::exception, failure>);  // or std::exception were an ambiguous base

BOOST_AUTO_TEST_CASE(is_all_that_acre_throws) {
  BOOST_CHECK_EXCEPTION(throw acre::error(errc::invalid_size, "text"), failure,
                        with_code(errc::invalid_size).saying_exactly("text"));
  BOOST_CHECK_EXCEPTION(throw acre::allocation_error(errc::node_full, 4096, "bind 1", ""), failure,
                        with_code(errc::node_full).saying("4096 bytes"));
  BOOST_CHECK_EXCEPTION(throw acre::allocation_error(errc::node_full, 4096, "bind 1", ""), std::exception,
                        [](const std::exception& e) { return contains(e.what(), "4096 bytes"); });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(allocation_error)
using acre::allocation_error;

static_assert(std::is_nothrow_copy_constructible_v<allocation_error>);
static_assert(std::is_nothrow_copy_assignable_v<allocation_error>);
static_assert(std::is_base_of_v<std::bad_alloc, allocation_error>);

BOOST_AUTO_TEST_CASE(says_how_much_where_and_why) {
  const allocation_error e(errc::node_full, 4096, "bind 1", "node 1 has no room");
  BOOST_TEST(e.what() == "cannot allocate 4096 bytes (bind 1): node 1 has no room");
  BOOST_TEST(e.code() == errc::node_full);
  BOOST_TEST(e.bytes() == 4096U);
}

BOOST_AUTO_TEST_CASE(leaves_out_what_is_not_known) {
  BOOST_TEST(allocation_error(errc::out_of_memory, 1, "", "").what() == "cannot allocate 1 byte");
  BOOST_TEST(allocation_error(errc::out_of_memory, 2, "", "why").what() == "cannot allocate 2 bytes: why");
}

BOOST_AUTO_TEST_CASE(holds_the_largest_size) {
  const allocation_error e(errc::invalid_size, SIZE_MAX, "unbound", "");
  BOOST_TEST(contains(e.what(), std::to_string(SIZE_MAX)));
}

BOOST_AUTO_TEST_CASE(cuts_long_texts_to_fit) {
  const std::string text(1000, 'x');
  const allocation_error e(errc::node_full, 1, text, text);
  const std::string what = e.what();
  BOOST_TEST(what.size() == 255U);
  BOOST_TEST(begins(what, "cannot allocate 1 byte (xxx"));
}

BOOST_AUTO_TEST_CASE(does_not_keep_the_texts_it_was_made_of) {
  std::string where = "bind 1";
  const allocation_error e(errc::node_full, 8, where, "");
  where.assign("changed");
  const allocation_error copy = e;
  BOOST_TEST(copy.what() == "cannot allocate 8 bytes (bind 1)");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
