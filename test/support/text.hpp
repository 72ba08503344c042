// contains, lacks, begins, ends: what a text says, with the text in the message where it does not.
#pragma once

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <string_view>

namespace acre::test {

inline boost::test_tools::assertion_result told(bool holds, std::string_view text, const char* fails,
                                                std::string_view part) {
  boost::test_tools::assertion_result result(holds);
  if (!holds) result.message() << '"' << text << "\" " << fails << " \"" << part << '"';
  return result;
}

inline boost::test_tools::assertion_result contains(std::string_view text, std::string_view part) {
  return told(text.find(part) != std::string_view::npos, text, "does not contain", part);
}

/// First the one part, then the other.
inline boost::test_tools::assertion_result contains(std::string_view text, std::string_view first,
                                                    std::string_view then) {
  const std::size_t at = text.find(first);
  if (at == std::string_view::npos) return contains(text, first);
  const bool goes_on = text.find(then, at + first.size()) != std::string_view::npos;
  return told(goes_on, text, "does not go on with", then);
}

inline boost::test_tools::assertion_result lacks(std::string_view text, std::string_view part) {
  return told(text.find(part) == std::string_view::npos, text, "contains", part);
}

inline boost::test_tools::assertion_result begins(std::string_view text, std::string_view part) {
  return told(text.starts_with(part), text, "does not begin with", part);
}

inline boost::test_tools::assertion_result ends(std::string_view text, std::string_view part) {
  return told(text.ends_with(part), text, "does not end with", part);
}

}  // namespace acre::test
