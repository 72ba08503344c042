// text_error: what is wrong in a text, and where, for who parses a part of a text and knows the whole.
#pragma once

#include <acre/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace acre::inline v1 {

/// To users an error with errc::invalid_text: "'0-x': expected a node number at position 2".
class text_error : public error {
 public:
  /// \param position of the mistake, in bytes from the beginning of the text
  text_error(std::string_view text, const std::string& mistake, std::size_t position)
      : error(errc::invalid_text,
              "'" + shown(text) + "': " + mistake + " at position " + std::to_string(position)),
        x_position(position),
        x_begin(shown(text).size() + 4),
        x_length(mistake.size()) {}

  std::size_t position() const noexcept { return x_position; }
  /// "expected a node number"
  std::string mistake() const { return std::string(what() + x_begin, x_length); }

 private:
  /// what() ends at a zero byte: for every reader of C strings, and in libc++ for good.
  static std::string shown(std::string_view text) {
    std::string all;
    for (const char c : text) {
      if (c == '\0')
        all += "\\0";
      else
        all += c;
    }
    return all;
  }

  std::size_t x_position;
  std::size_t x_begin;  ///< of the mistake, in what()
  std::size_t x_length;
};

}  // namespace acre::inline v1
