// A whole program: an inverted index of the words of a text is built, asked, and freed.
#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "whole_job.hpp"

namespace {

struct posting {
  std::uint32_t document;
  std::uint32_t count;
};
using postings = std::pmr::vector<posting>;

struct hash {
  using is_transparent = void;
  // Not noexcept: libstdc++ computes one that is again and again, for each word it passes.
  std::size_t operator()(std::string_view word) const { return std::hash<std::string_view>()(word); }
};
using word_index = std::pmr::unordered_map<std::pmr::string, postings, hash, std::equal_to<>>;

/// The word that is so often the most frequent: the rarer, the longer.
void write_word(std::string& to, std::size_t rank) {
  static constexpr std::string_view consonants = "tnsrhldcmfpgwybvkxjz";
  static constexpr std::string_view vowels = "eaoiu";
  std::size_t left = rank;
  do {
    to += consonants[left % 20];
    to += vowels[left / 20 % 5];
    left /= 100;
  } while (left != 0);
  if (rank > 2000) to.append("nessesations", rank % 13);
}

/// Frequencies are like a natural language's (Zipf's law): the n-th of a million words is there 1 / n^1.1 times as
/// often as the first. Here words are equally frequent from one power of two to the next.
std::size_t some_rank(bench::random_numbers& random) {
  static constexpr std::size_t powers = 20;
  static const auto until = [] {
    std::array<std::size_t, powers> sums{};
    for (std::size_t power = 0, all = 0, these = 1 << 20; power != powers; these = these * 933 / 1000) {
      sums[power++] = all += these;
    }
    return sums;
  }();
  const std::size_t where = random.below(until.back());
  std::size_t power = 0;
  while (where >= until[power]) ++power;
  return (std::size_t{1} << power) + random.below(std::size_t{1} << power) - 1;
}

/// A document a line.
std::string write_text(std::size_t bytes) {
  std::string text;
  text.reserve(bytes + 64);
  bench::random_numbers random(1);
  while (text.size() < bytes) {
    for (std::size_t left = 50 + random.below(700); left != 0 && text.size() < bytes; --left) {
      write_word(text, some_rank(random));
      text += left == 1 ? '\n' : ' ';
    }
  }
  text.back() = '\n';
  return text;
}

word_index build(std::string_view text, std::pmr::memory_resource& memory) {
  word_index index(&memory);
  std::uint32_t document = 0;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of(" \n");
    const std::string_view word = text.substr(0, end);
    auto at = index.find(word);
    if (at == index.end()) {
      at = index.emplace(std::piecewise_construct, std::tuple(word), std::tuple()).first;
    }
    postings& of = at->second;
    if (of.empty() || of.back().document != document) of.push_back({document, 0});
    ++of.back().count;
    if (text[end] == '\n') ++document;
    text.remove_prefix(end + 1);
  }
  return index;
}

/// The documents that have both words, the ten with most of them first.
postings ask(const word_index& index, std::string_view one, std::string_view other,
             std::pmr::memory_resource& memory) {
  postings found(&memory);
  const auto a = index.find(one);
  const auto b = index.find(other);
  if (a == index.end() || b == index.end()) return found;
  auto y = b->second.begin();
  for (const posting x : a->second) {
    while (y != b->second.end() && y->document < x.document) ++y;
    if (y == b->second.end()) break;
    if (y->document == x.document) found.push_back({x.document, std::min(x.count, y->count)});
  }
  const auto best = found.begin() + std::min<std::ptrdiff_t>(10, std::ssize(found));
  std::partial_sort(found.begin(), best, found.end(), [](posting left, posting right) {
    return std::tuple(right.count, left.document) < std::tuple(left.count, right.document);
  });
  return found;
}

std::uint64_t run(std::string_view text, std::size_t questions, std::pmr::memory_resource& memory) {
  const word_index index = build(text, memory);
  std::uint64_t sum = index.size();
  bench::random_numbers random(2);
  std::string words[2];
  for (std::size_t i = 0; i != questions; ++i) {
    for (std::string& word : words) {
      word.clear();
      // Nobody asks for the most frequent ones.
      write_word(word, random.below(std::size_t{64} << random.below(12)) + 64);
    }
    const postings found = ask(index, words[0], words[1], memory);
    sum += found.size();
    for (std::size_t n = 0; n != std::min(found.size(), std::size_t{10}); ++n) {
      sum = sum * 31 + found[n].document + found[n].count;
    }
  }
  return sum;
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  const std::size_t bytes = smoke ? 1'000'000 : 60'000'000;
  const std::size_t questions = smoke ? 20 : 1000;
  job_rows("word_index/build, ask, free", block_peers(), smoke ? 6760903593156393481U : 14777679870924815179U,
           bytes * 2, [=](std::pmr::memory_resource& memory) {
             const auto text = std::make_shared<const std::string>(write_text(bytes));
             return [=, &memory] { return run(*text, questions, memory); };
           });
}
