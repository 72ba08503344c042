// The grammar of libnuma's numa_parse_nodestring, without its I/O affinity words and without its leniency:
//   set  = "none" | ["!"] list
//   list = ["+"] range {"," range}  |  item {"," item}
//   item = "all" | range
//   range = number ["-" number]
#include <acre/node_set.hpp>
#include <acre/topology.hpp>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text_error.hpp"

namespace acre::inline v1 {
namespace {

class parser {
 public:
  /// Without a universe the machine is asked, when it is needed.
  parser(std::string_view text, const node_set* universe) : x_text(text), x_universe(universe) {}

  node_set run() {
    if (x_text.empty()) refuse("a set of nodes is missing (\"none\" is the empty set)");
    if (x_text == "none") return {};
    const bool inverted = take("!");
    x_relative = take("+");
    do item();
    while (take(","));
    if (x_at != x_text.size()) refuse("expected ',' or the end");
    return inverted ? universe() - x_found : x_found;
  }

 private:
  void item() {
    refuse_words_of_numactl();
    if (!x_relative && take("all")) {
      x_found |= universe();
      return;
    }
    const std::size_t start = x_at;
    const node_id first = number();
    const node_id last = take("-") ? number() : first;
    if (last < first) refuse("the range is reversed", start);
    for (node_id n = first; n <= last; ++n) x_found.insert(x_relative ? nth(n, start) : n);
  }

  node_id number() {
    node_id n = 0;
    const char* const begin = x_text.data() + x_at;
    const auto [end, failure] = std::from_chars(begin, x_text.data() + x_text.size(), n);
    if (failure == std::errc::invalid_argument) refuse("expected a node number");
    if (failure == std::errc::result_out_of_range || n >= node_set::max_nodes)
      refuse("node numbers go up to " + std::to_string(node_set::max_nodes - 1));
    x_at += static_cast<std::size_t>(end - begin);
    return n;
  }

  node_id nth(node_id n, std::size_t start) const {
    const node_set& all = universe();
    if (n >= all.size())
      refuse("there is no relative node " + std::to_string(n) + " among the " + std::to_string(all.size()) +
                 " of " + all.to_string(),
             start);
    return *std::next(all.begin(), n);
  }

  void refuse_words_of_numactl() const {
    constexpr std::array<std::string_view, 5> affinities = {"netdev:", "file:", "ip:", "block:", "pci:"};
    const std::string_view rest = x_text.substr(x_at);
    for (std::string_view word : affinities)
      if (rest.starts_with(word))
        refuse("numactl's '" + std::string(word) + "' is not supported, name the nodes");
    if (rest.starts_with("same")) refuse("numactl's 'same' is not supported, name the nodes");
  }

  bool take(std::string_view token) {
    if (!x_text.substr(x_at).starts_with(token)) return false;
    x_at += token.size();
    return true;
  }

  const node_set& universe() const { return x_universe ? *x_universe : topology::system().default_nodes(); }

  [[noreturn]] void refuse(const std::string& mistake) const { refuse(mistake, x_at); }
  [[noreturn]] void refuse(const std::string& mistake, std::size_t position) const {
    throw text_error(x_text, mistake, position);
  }

  std::string_view x_text;
  const node_set* x_universe;
  std::size_t x_at = 0;
  bool x_relative = false;
  node_set x_found;
};

}  // namespace

node_set node_set::parse(std::string_view text) { return parser(text, nullptr).run(); }

node_set node_set::parse(std::string_view text, const node_set& universe) {
  return parser(text, &universe).run();
}

}  // namespace acre::inline v1
