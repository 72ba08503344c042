// Strings in vectors in a map: all of them take the map's placement.
#include <acre/check.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/topology.hpp>

#include <functional>
#include <iostream>
#include <scoped_allocator>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../require.hpp"

int main() {
  const acre::placement where = acre::placement::bind({acre::topology::system().default_nodes().first()});

  using std::scoped_allocator_adaptor, acre::numa_allocator;
  using text = std::basic_string<char, std::char_traits<char>, numa_allocator<char>>;
  using texts = std::vector<text, scoped_allocator_adaptor<numa_allocator<text>>>;
  using entry = std::pair<const int, texts>;
  using entries = scoped_allocator_adaptor<numa_allocator<entry>>;
  std::unordered_map<int, texts, std::hash<int>, std::equal_to<>, entries> answers(
      numa_allocator<entry>{where});
  answers[42].emplace_back("a text that is too long to lie inside the string object");

  const text& answer = answers[42].front();
  std::cout << acre::check(answer.data(), answer.size(), where) << '\n';
  require(acre::check(answer.data(), answer.size(), where).ok(), "characters lie as the map");
  require(acre::check(&answer, sizeof answer, where).ok(), "so does the string");
  require(acre::check(&*answers.begin(), sizeof(entry), where).ok(), "and the entry");
}
