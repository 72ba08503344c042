// word_index: from each word to all its positions, in containers that live wherever their resource says.
#pragma once

#include "cli/demo/corpus.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory_resource>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace acre_demo {

struct position {
  std::uint32_t file;
  std::uint32_t line;
  friend bool operator==(const position&, const position&) = default;
};

/// Calls `use(word, line)` for each word of `text`. A word is a run of letters, digits and underscores that
/// does not start with a digit; bytes of UTF-8 sequences count as letters. Lines count from 1.
template <class Use>
void for_each_word(std::string_view text, Use&& use);

/// Lets the index be asked for a std::string_view without making a pmr::string, which would live on the
/// index's arena for nothing.
struct word_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view word) const noexcept { return std::hash<std::string_view>{}(word); }
};

using word_index =
    std::pmr::unordered_map<std::pmr::string, std::pmr::vector<position>, word_hash, std::equal_to<>>;

/// Builds the index of `files` in `resource`.
word_index build_index(const std::vector<text_file>& files, std::pmr::memory_resource* resource);

std::size_t count_positions(const word_index& index);

/// Reads every word and every position. The same index gives the same value wherever it lies.
std::uint64_t scan_index(const word_index& index);

constexpr bool is_word_start(unsigned char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}
constexpr bool is_word_part(unsigned char c) noexcept { return is_word_start(c) || (c >= '0' && c <= '9'); }

template <class Use>
void for_each_word(std::string_view text, Use&& use) {
  std::uint32_t line = 1;
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (!is_word_part(c)) {
      line += c == '\n';
      ++i;
      continue;
    }
    const std::size_t begin = i;
    while (i < text.size() && is_word_part(static_cast<unsigned char>(text[i]))) ++i;
    if (is_word_start(c)) use(text.substr(begin, i - begin), line);
  }
}

}  // namespace acre_demo
