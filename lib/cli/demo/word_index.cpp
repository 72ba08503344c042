#include "cli/demo/word_index.hpp"

namespace acre_demo {

word_index build_index(const std::vector<text_file>& files, std::pmr::memory_resource* resource) {
  word_index index(resource);
  for (std::uint32_t file = 0; file < files.size(); ++file) {
    for_each_word(files[file].text, [&](std::string_view word, std::uint32_t line) {
      auto found = index.find(word);
      if (found == index.end()) found = index.try_emplace(std::pmr::string(word, resource)).first;
      found->second.push_back({file, line});
    });
  }
  return index;
}

std::size_t count_positions(const word_index& index) {
  std::size_t n = 0;
  for (const auto& [word, positions] : index) n += positions.size();
  return n;
}

std::uint64_t scan_index(const word_index& index) {
  std::uint64_t sum = 0;
  for (const auto& [word, positions] : index) {
    std::uint64_t of_word = 0;
    for (const char c : word) of_word = of_word * 31 + static_cast<unsigned char>(c);
    for (const auto& p : positions) of_word += std::uint64_t{p.file} * 1'000'003 + p.line;
    sum ^= of_word * 0x9e3779b97f4a7c15u;
  }
  return sum;
}

}  // namespace acre_demo
