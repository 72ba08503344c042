#include <acre/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <string>
#include <type_traits>

namespace {

using acre::allocation_error;
using acre::errc;
using acre::error;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int last_code = static_cast<int>(errc::group_shared);

static_assert(std::is_error_code_enum_v<errc>);
static_assert(std::is_nothrow_copy_constructible_v<error>);
static_assert(std::is_nothrow_copy_constructible_v<allocation_error>);
static_assert(std::is_nothrow_copy_assignable_v<allocation_error>);
static_assert(std::is_base_of_v<std::bad_alloc, allocation_error>);
static_assert(std::is_base_of_v<std::system_error, error>);

TEST(error, category_is_named_acre) { EXPECT_STREQ(acre::category().name(), "acre"); }

TEST(error, every_code_has_a_message_of_its_own) {
  std::set<std::string> messages;
  for (int value = 1; value <= last_code; ++value) {
    const std::string message = make_error_code(static_cast<errc>(value)).message();
    EXPECT_GT(message.size(), 10U) << value;
    EXPECT_NE(message, "unknown error") << value;
    EXPECT_TRUE(messages.insert(message).second) << message;
  }
}

TEST(error, every_code_maps_to_a_standard_condition) {
  for (int value = 1; value <= last_code; ++value) {
    const auto condition = make_error_code(static_cast<errc>(value)).default_error_condition();
    EXPECT_EQ(condition.category(), std::generic_category()) << value;
    EXPECT_NE(condition.value(), 0) << value;
  }
}

TEST(error, a_value_that_is_no_code_is_unknown) {
  const std::error_code code(last_code + 1, acre::category());
  EXPECT_EQ(code.message(), "unknown error");
  EXPECT_EQ(code.default_error_condition().category(), acre::category());
}

TEST(error, codes_compare_with_standard_conditions) {
  const std::error_code code = errc::out_of_memory;
  EXPECT_EQ(code, std::errc::not_enough_memory);
  EXPECT_EQ(make_error_code(errc::invalid_text), std::errc::invalid_argument);
  EXPECT_EQ(make_error_code(errc::node_not_allowed), std::errc::argument_out_of_domain);
  EXPECT_EQ(make_error_code(errc::binding_denied), std::errc::operation_not_permitted);
}

TEST(error, says_the_message_alone_where_the_code_is_acres) {
  const error e(errc::unknown_node, "node 7 does not exist");
  EXPECT_STREQ(e.what(), "node 7 does not exist");
  EXPECT_EQ(e.code(), errc::unknown_node);
}

TEST(error, without_a_message_says_what_the_code_means) {
  EXPECT_EQ(error(errc::not_mapped, "").what(), make_error_code(errc::not_mapped).message());
}

TEST(error, adds_the_text_of_a_foreign_code) {
  const std::error_code code(ENOSYS, std::system_category());
  const error e(code, "mbind");
  EXPECT_EQ(e.what(), "mbind: " + code.message());
  EXPECT_EQ(e.code(), code);
}

TEST(error, copies_and_is_caught_as_a_system_error) {
  try {
    const error original(errc::invalid_size, "text");
    const error copy = original;
    throw copy;
  } catch (const std::system_error& e) {
    EXPECT_STREQ(e.what(), "text");
    EXPECT_EQ(e.code(), errc::invalid_size);
  }
}

TEST(allocation_error, says_how_much_where_and_why) {
  const allocation_error e(errc::node_full, 4096, "bind 1", "node 1 has no room");
  EXPECT_STREQ(e.what(), "acre: cannot allocate 4096 bytes (bind 1): node 1 has no room");
  EXPECT_EQ(e.code(), errc::node_full);
  EXPECT_EQ(e.bytes(), 4096U);
}

TEST(allocation_error, leaves_out_what_is_not_known) {
  EXPECT_STREQ(allocation_error(errc::out_of_memory, 1, "", "").what(), "acre: cannot allocate 1 byte");
  EXPECT_STREQ(allocation_error(errc::out_of_memory, 2, "", "why").what(),
               "acre: cannot allocate 2 bytes: why");
}

TEST(allocation_error, holds_the_largest_size) {
  const allocation_error e(errc::invalid_size, SIZE_MAX, "unbound", "");
  EXPECT_THAT(e.what(), HasSubstr(std::to_string(SIZE_MAX)));
}

TEST(allocation_error, cuts_long_texts_to_fit) {
  const std::string text(1000, 'x');
  const allocation_error e(errc::node_full, 1, text, text);
  const std::string what = e.what();
  EXPECT_EQ(what.size(), 255U);
  EXPECT_THAT(what, StartsWith("acre: cannot allocate 1 byte (xxx"));
}

TEST(allocation_error, does_not_keep_the_texts_it_was_made_of) {
  std::string where = "bind 1";
  const allocation_error e(errc::node_full, 8, where, "");
  where.assign("changed");
  const allocation_error copy = e;
  EXPECT_STREQ(copy.what(), "acre: cannot allocate 8 bytes (bind 1)");
}

}  // namespace
