// contains, lacks, begins, ends: what a text says, with the text in the message where it does not.
#pragma once

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <string_view>

#include "support/predicates.hpp"

namespace acre::test {

inline boost::test_tools::assertion_result contains(std::string_view text, std::string_view part) {
  if (text.find(part) != std::string_view::npos) return true;
  return wrong("\"", text, "\" does not contain \"", part, "\"");
}

/// First the one part, then the other.
inline boost::test_tools::assertion_result contains(std::string_view text, std::string_view first,
                                                    std::string_view then) {
  const std::size_t at = text.find(first);
  if (at == std::string_view::npos) return contains(text, first);
  if (text.find(then, at + first.size()) != std::string_view::npos) return true;
  return wrong("\"", text, "\" does not go on with \"", then, "\" after \"", first, "\"");
}

inline boost::test_tools::assertion_result lacks(std::string_view text, std::string_view part) {
  if (text.find(part) == std::string_view::npos) return true;
  return wrong("\"", text, "\" contains \"", part, "\"");
}

inline boost::test_tools::assertion_result begins(std::string_view text, std::string_view part) {
  if (text.starts_with(part)) return true;
  return wrong("\"", text, "\" does not begin with \"", part, "\"");
}

inline boost::test_tools::assertion_result ends(std::string_view text, std::string_view part) {
  if (text.ends_with(part)) return true;
  return wrong("\"", text, "\" does not end with \"", part, "\"");
}

}  // namespace acre::test
