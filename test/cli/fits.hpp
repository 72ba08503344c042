// fits: whether all lines of a text fit their columns, with those in the message that do not.
#pragma once

#include "cli/text.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <sstream>
#include <string>

namespace acre::test {

inline boost::test_tools::assertion_result fits(const std::string& text, std::size_t width) {
  boost::test_tools::assertion_result result(true);
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    const std::size_t columns = acre_cli::columns(line);
    if (columns <= width) continue;
    result = false;
    result.message() << '\n' << columns << " columns, not " << width << ": " << line;
  }
  return result;
}

}  // namespace acre::test
