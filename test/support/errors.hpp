// errors: what an exception of acre must say, for BOOST_CHECK_EXCEPTION:
//   BOOST_CHECK_EXCEPTION(area(placement::bind({1023})), error, with_code(errc::unknown_node));
#pragma once

#include <acre/error.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace acre::test {

class with_code {
 public:
  template <class Code>
  explicit with_code(Code code) : x_code(make_error_code(code)) {}
  explicit with_code(std::error_code code) : x_code(code) {}
  /// what() has this in it, too; said again, that as well.
  with_code saying(std::string_view part) && {
    x_parts.emplace_back(part);
    return std::move(*this);
  }
  /// what() is this.
  with_code saying_exactly(std::string_view text) && {
    x_parts = {std::string(text)};
    x_exactly = true;
    return std::move(*this);
  }

  template <class Exception>
  boost::test_tools::assertion_result operator()(const Exception& e) const {
    const std::string_view what = e.what();
    const bool says = std::ranges::all_of(x_parts, [&](const std::string& part) {
      return x_exactly ? what == part : what.find(part) != std::string_view::npos;
    });
    boost::test_tools::assertion_result result(e.code() == x_code && says);
    result.message() << e.code() << ", \"" << what << "\" instead of " << x_code << " (" << x_code.message()
                     << ")";
    const char* before = " saying ";
    for (const std::string& part : x_parts) {
      result.message() << before << '"' << part << '"';
      before = " and ";
    }
    return result;
  }

 private:
  std::error_code x_code;
  std::vector<std::string> x_parts;
  bool x_exactly = false;
};

/// The code of the exception of acre's that `call` throws, or none if it throws nothing: for calls with more than one
/// right outcome.
template <class F>
std::error_code code_thrown(F call) {
  try {
    call();
  } catch (const std::system_error& e) {
    return e.code();
  } catch (const allocation_error& e) {
    return e.code();
  }
  return {};
}

}  // namespace acre::test
