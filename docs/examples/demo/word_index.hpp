// word_index: which words stand on which lines, in standard containers. They take their memory where `memory` says;
// nothing here knows of acre.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace demo {

/// From each word to the lines it stands on. The words are parts of the text, which must outlive the index.
using word_index = std::pmr::unordered_map<std::string_view, std::pmr::vector<std::size_t>>;

/// A word is a run of letters, digits and underscores that does not begin with a digit; all bytes of UTF-8's longer
/// characters count as letters.
constexpr bool begins_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
constexpr bool continues_word(char c) noexcept { return begins_word(c) || (c >= '0' && c <= '9'); }

/// Lines count from 1, through all files.
inline word_index index_of(std::string_view text, std::pmr::memory_resource* memory) {
  word_index index(memory);
  std::size_t line = 1;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    while (at < text.size() && continues_word(text[at])) ++at;
    if (at == begin) {
      line += text[at++] == '\n';
    } else if (begins_word(text[begin])) {
      index[text.substr(begin, at - begin)].push_back(line);
    }
  }
  return index;
}

/// Reads every word and every line number. The same text gives the same sum wherever it and its index lie.
inline std::uint64_t sum_of(const word_index& index) {
  std::uint64_t sum = 0;
  for (const auto& [word, lines] : index) {
    std::uint64_t of_word = 0;
    for (const char c : word) of_word = of_word * 31 + static_cast<unsigned char>(c);
    for (const std::size_t line : lines) of_word = of_word * 31 + line;
    sum += of_word;
  }
  return sum;
}

}  // namespace demo
