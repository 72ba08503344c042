// number_list: lists of nodes and of CPUs as numactl(8) takes them, which are more than acre::node_set::parse() does.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

namespace acre_cli {

/// What the numbers of a list stand for. Both sets are in increasing order.
struct numbered {
  const char* what;                       ///< "CPUs", for messages
  std::vector<unsigned> all;              ///< "all", "!" and "+" choose among these
  std::vector<unsigned> usable;           ///< of what is between the ends of a range, these are taken
  std::function<void(unsigned)> require;  ///< throws if this number, which was named, may not be
};

/// Reads "0-3,8", "all", "!1" (all but 1), "+0-1" (the first two of all), "!+0". Numbers are as in C: 0x10, 010; blanks
/// may stand before them.
/// \returns in increasing order, each once, one at least
/// \throws input_error with the position of the mistake; whatever `require` throws
std::vector<unsigned> read_list(std::string_view text, const numbered& numbers);

}  // namespace acre_cli
