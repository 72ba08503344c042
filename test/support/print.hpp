// print: how Boost.Test writes values that have no operator<<, in the message of an assertion that fails. Every test
// includes it: what is written by one source in one way and by another otherwise is one function to the linker.
#pragma once

#include <acre/node_set.hpp>

#include <boost/mpl/bool.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <concepts>
#include <optional>
#include <ostream>
#include <ranges>
#include <system_error>
#include <type_traits>
#include <utility>

namespace acre::test {

template <class T>
concept printable = requires(std::ostream& out, const T& value) {
  out << value;
};

template <class T>
concept named_enum = std::is_enum_v<T> && requires(T value) {
  to_string(value);
};

}  // namespace acre::test

/// A set of nodes is written as one value. Of collections, Boost.Test writes elements that differ, and only when it is
/// asked to compare them: BOOST_TEST(a == b, boost::test_tools::per_element()).
template <>
struct boost::unit_test::is_forward_iterable<acre::node_set> : boost::mpl::false_ {};

namespace boost::test_tools::tt_detail {

template <>
struct print_log_value<std::error_code> {
  void operator()(std::ostream& out, const std::error_code& code) {
    out << code << " (" << code.message() << ')';
  }
};

template <class T>
requires(std::is_enum_v<T> &&
         (!acre::test::printable<T> || std::is_error_code_enum_v<T>)) struct print_log_value<T> {
  void operator()(std::ostream& out, T value) {
    if constexpr (acre::test::named_enum<T>) {
      out << to_string(value);
    } else if constexpr (std::is_error_code_enum_v<T>) {
      out << print_helper(make_error_code(value));
    } else if constexpr (std::is_error_condition_enum_v<T>) {
      out << make_error_condition(value).category().name() << ':' << make_error_condition(value).value()
          << " (" << make_error_condition(value).message() << ')';
    } else {
      out << +static_cast<std::underlying_type_t<T>>(value);
    }
  }
};

template <class T>
requires(std::ranges::range<const T> && !acre::test::printable<T>) struct print_log_value<T> {
  void operator()(std::ostream& out, const T& values) {
    out << '{';
    const char* before = "";
    for (const auto& value : values) {
      out << before << print_helper(value);
      before = ", ";
    }
    out << '}';
  }
};

template <class First, class Second>
struct print_log_value<std::pair<First, Second>> {
  void operator()(std::ostream& out, const std::pair<First, Second>& value) {
    out << '(' << print_helper(value.first) << ", " << print_helper(value.second) << ')';
  }
};

template <class T>
struct print_log_value<std::optional<T>> {
  void operator()(std::ostream& out, const std::optional<T>& value) {
    if (value) {
      out << print_helper(*value);
    } else {
      out << "nothing";
    }
  }
};

template <>
struct print_log_value<std::error_category> {
  void operator()(std::ostream& out, const std::error_category& category) { out << category.name(); }
};

template <class Rep, class Period>
struct print_log_value<std::chrono::duration<Rep, Period>> {
  void operator()(std::ostream& out, const std::chrono::duration<Rep, Period>& value) {
    out << std::chrono::duration<double>(value).count() << " s";
  }
};

template <>
struct print_log_value<std::nullopt_t> {
  void operator()(std::ostream& out, std::nullopt_t) { out << "nothing"; }
};

}  // namespace boost::test_tools::tt_detail
