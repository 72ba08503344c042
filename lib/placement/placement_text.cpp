#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/placement.hpp>

#include <charconv>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "base/text_error.hpp"
#include "placement/strategies.hpp"

namespace acre::inline v1 {

namespace {

using detail::operand;
using detail::strategy_row;

constexpr std::string_view blanks = " \t\n\r\f\v";

/// "unbound, local, bind, prefer, ... or most_free"
std::string known_names() {
  const std::vector<std::string_view> names = detail::strategy_names();
  std::string text(names.front());
  for (std::size_t i = 1; i < names.size(); ++i)
    text.append(i + 1 == names.size() ? " or " : ", ").append(names[i]);
  return text;
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

class parser {
 public:
  parser(std::string_view text, const node_set* universe) : x_text(text), x_universe(universe) {}

  placement read() {
    const strategy_row& row = read_name();
    if (row.takes != operand::none) read_operand(row);
    while (!at_end()) read_option(row);
    const placement p = row.make(x_operands);
    if (!x_how && !x_soft_name) return p;
    return x_how == strictness::hard ? p.hard() : p.soft();
  }

 private:
  struct word {
    std::string_view text;
    std::size_t position;
  };

  [[noreturn]] void fail(std::size_t position, const std::string& message) const {
    throw text_error(x_text, message, position);
  }

  /// Passes on what is wrong in a part of the text, with the position in the whole.
  [[noreturn]] void fail_in(const word& part, const text_error& e) const {
    fail(part.position + e.position(), quoted(part.text) + ": " + e.mistake());
  }

  bool at_end() const { return x_text.find_first_not_of(blanks, x_at) == std::string_view::npos; }

  word next(const std::string& expected) {
    const std::size_t from = x_text.find_first_not_of(blanks, x_at);
    if (from == std::string_view::npos) fail(x_text.size(), "the text ends, expected " + expected + ",");
    x_at = std::min(x_text.find_first_of(blanks, from), x_text.size());
    return {x_text.substr(from, x_at - from), from};
  }

  const strategy_row& read_name() {
    const word w = next(known_names());
    std::string name(w.text);
    for (char& c : name) c = c == '-' ? '_' : c;
    if (name == "preferred") name = "prefer";
    if (name == "default") name = "unbound";
    for (const strategy_row& row : detail::strategies()) {
      x_soft_name = !row.soft_name.empty() && name == row.soft_name;
      if (name != row.name && !x_soft_name) continue;
      if (row.make != nullptr) return row;
      fail(w.position, name + " has a function, which no text can hold");
    }
    fail(w.position, quoted(w.text) + " is no strategy, expected " + known_names());
  }

  static std::string_view expected_by(operand what) {
    switch (what) {
      case operand::none:
        break;
      case operand::nodes:
        return "nodes, such as 0-3,8 or all";
      case operand::weights:
        return "nodes with weights, such as 0:3,2:1";
      case operand::nodes_or_weights:
        return "nodes, such as 0-3, or with weights: 0:3,2:1";
    }
    return "nothing";
  }

  void read_operand(const strategy_row& row) {
    const word w = next(std::string(expected_by(row.takes)));
    const bool weights = row.takes == operand::weights || (row.takes == operand::nodes_or_weights &&
                                                           w.text.find(':') != std::string_view::npos);
    if (weights) {
      x_operands.weights = read_weights(w);
    } else {
      x_operands.nodes = read_nodes(w);
    }
  }

  node_set read_nodes(const word& w) const {
    try {
      return x_universe != nullptr ? node_set::parse(w.text, *x_universe) : node_set::parse(w.text);
    } catch (const text_error& e) {
      fail_in(w, e);
    }
  }

  std::vector<node_weight> read_weights(const word& w) const {
    std::vector<node_weight> weights;
    std::size_t at = 0;
    for (;;) {
      const node_id node = read_number(w, at, "a node number");
      if (at == w.text.size() || w.text[at] != ':') {
        fail(w.position + at, "expected ':' and the weight of node " + std::to_string(node));
      }
      weights.push_back({node, read_number(w, ++at, "a weight")});
      if (at == w.text.size()) return weights;
      if (w.text[at] != ',') fail(w.position + at, "expected ',' and the next node, or a blank");
      ++at;
    }
  }

  unsigned read_number(const word& w, std::size_t& at, const std::string& what) const {
    unsigned value = 0;
    const char* const from = w.text.data() + at;
    const auto [end, ec] = std::from_chars(from, w.text.data() + w.text.size(), value);
    if (ec == std::errc::result_out_of_range) fail(w.position + at, "the number is too large for " + what);
    if (ec != std::errc{}) fail(w.position + at, "expected " + what);
    at += static_cast<std::size_t>(end - from);
    return value;
  }

  void read_option(const strategy_row& row) {
    const word w = next("an option");
    const bool may_have_chunk = row.has_chunk && !x_has_chunk;
    if (w.text == "by" && may_have_chunk) {
      x_operands.chunk = read_chunk();
      x_has_chunk = true;
    } else if ((w.text == "hard" || w.text == "soft") && !x_how) {
      x_how = w.text == "hard" ? strictness::hard : strictness::soft;
    } else {
      std::string expected;
      if (may_have_chunk) expected += "'by' and a chunk, ";
      if (!x_how) expected += "'hard', 'soft', ";
      fail(w.position, quoted(w.text) + " does not belong here, expected " + expected +
                           (expected.empty() ? "the end" : "or the end"));
    }
  }

  chunk read_chunk() {
    const word w = next("a chunk, such as 64KiB, page, whole or automatic");
    for (const chunk named : {chunk::page, chunk::whole, chunk::automatic}) {
      if (w.text == named.to_string()) return named;
    }
    try {
      return parse_bytes(w.text);
    } catch (const text_error& e) {
      fail_in(w, e);
    }
  }

  std::string_view x_text;
  const node_set* x_universe;
  std::size_t x_at = 0;
  bool x_soft_name = false;
  detail::operands x_operands;
  bool x_has_chunk = false;
  std::optional<strictness> x_how;
};

}  // namespace

std::string placement::to_string() const {
  const strategy_row& row = detail::row_of(x_strategy);
  const bool has_soft_name = !row.soft_name.empty();
  std::string text(has_soft_name && !is_hard() ? row.soft_name : row.name);
  if (!weights().empty()) {
    char separator = ' ';
    for (const node_weight& w : weights()) {
      text += separator + std::to_string(w.node) + ':' + std::to_string(w.weight);
      separator = ',';
    }
  } else if (!x_nodes.empty()) {
    text += ' ' + x_nodes.to_string();
  }
  if (x_chunk != acre::chunk::automatic) text += " by " + x_chunk.to_string();
  if (!has_soft_name && x_strictness != row.strictness) text += is_hard() ? " hard" : " soft";
  return text;
}

std::ostream& operator<<(std::ostream& out, const placement& p) { return out << p.to_string(); }

placement placement::parse(std::string_view text) { return parser(text, nullptr).read(); }

placement placement::parse(std::string_view text, const node_set& universe) {
  return parser(text, &universe).read();
}

}  // namespace acre::inline v1
