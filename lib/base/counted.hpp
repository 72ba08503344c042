// counted: a number with what it counts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace acre::inline v1 {

/// "1 page", "2 pages", "0 pages".
/// \param one the word for one of them; many have an s
inline std::string counted(std::uint64_t n, std::string_view one) {
  std::string text = std::to_string(n);
  text.append(" ").append(one);
  if (n != 1) text += 's';
  return text;
}

}  // namespace acre::inline v1
