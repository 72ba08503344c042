#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/placement.hpp>

#include <charconv>
#include <optional>
#include <ostream>
#include <string>

namespace acre {

namespace {

constexpr std::string_view blanks = " \t\n\r\f\v";

struct arguments {
  node_set nodes;
  std::vector<node_weight> weights;
  std::optional<std::size_t> chunk;
  std::optional<strictness> how;
};

enum class needs { nothing, nodes, weights, either };
enum class chunks { none, allowed };

/// One way to write a placement.
struct form {
  std::string_view name;
  needs what;
  chunks chunk;
  placement (*make)(const arguments&);
};

constexpr form forms[] = {
    {"unbound", needs::nothing, chunks::none, [](const arguments&) { return placement::unbound(); }},
    {"local", needs::nothing, chunks::none, [](const arguments&) { return placement::local(); }},
    {"bind", needs::nodes, chunks::none, [](const arguments& a) { return placement::bind(a.nodes); }},
    {"prefer", needs::nodes, chunks::none, [](const arguments& a) { return placement::prefer(a.nodes); }},
    {"interleave", needs::nodes, chunks::allowed,
     [](const arguments& a) {
       return placement::interleave(a.nodes, a.chunk.value_or(placement::one_page));
     }},
    {"weighted", needs::weights, chunks::allowed,
     [](const arguments& a) {
       return placement::weighted(a.weights, a.chunk.value_or(placement::one_page));
     }},
    {"weighted_by_system", needs::nodes, chunks::none,
     [](const arguments& a) { return placement::weighted_by_system(a.nodes); }},
    {"blocked", needs::either, chunks::none,
     [](const arguments& a) {
       return a.weights.empty() ? placement::blocked(a.nodes) : placement::blocked(a.weights);
     }},
    {"most_free", needs::nodes, chunks::allowed,
     [](const arguments& a) { return placement::most_free(a.nodes, a.chunk.value_or(placement::whole)); }},
};

constexpr std::string_view known_names =
    "unbound, local, bind, prefer, interleave, weighted, weighted_by_system, blocked or most_free";

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

class parser {
 public:
  parser(std::string_view text, const node_set* universe) : x_text(text), x_universe(universe) {}

  placement read() {
    const form& f = read_form();
    arguments a;
    if (f.what != needs::nothing) read_what(f, a);
    while (!at_end()) read_option(f, a);
    const placement p = f.make(a);
    if (!a.how) return p;
    return *a.how == strictness::hard ? p.hard() : p.soft();
  }

 private:
  struct word {
    std::string_view text;
    std::size_t position;
  };

  [[noreturn]] void fail(std::size_t position, const std::string& message) const {
    throw error(errc::invalid_text,
                quoted(x_text) + ": " + message + " at position " + std::to_string(position));
  }

  /// Passes on what is wrong in a part of the text, with the position in the whole.
  [[noreturn]] void fail_in(const word& part, const error& e) const {
    if (e.code() != errc::invalid_text) throw e;
    constexpr std::string_view mark = " at position ";
    const std::string message = e.what();
    const std::size_t at = message.rfind(mark);
    std::size_t position = 0;
    if (at != std::string::npos) {
      std::from_chars(message.data() + at + mark.size(), message.data() + message.size(), position);
    }
    fail(part.position + position, message.substr(0, at));
  }

  bool at_end() const { return x_text.find_first_not_of(blanks, x_at) == std::string_view::npos; }

  word next(const std::string& expected) {
    const std::size_t from = x_text.find_first_not_of(blanks, x_at);
    if (from == std::string_view::npos) fail(x_text.size(), "the text ends, expected " + expected + ",");
    x_at = std::min(x_text.find_first_of(blanks, from), x_text.size());
    return {x_text.substr(from, x_at - from), from};
  }

  const form& read_form() {
    const word w = next(std::string(known_names));
    std::string name(w.text);
    for (char& c : name) c = c == '-' ? '_' : c;
    if (name == "preferred") name = "prefer";
    if (name == "default") name = "unbound";
    if (name == "by_page") {
      fail(w.position, "by_page has a function, which no text can hold: make it with placement::by_page()");
    }
    for (const form& f : forms) {
      if (f.name == name) return f;
    }
    fail(w.position, quoted(w.text) + " is no strategy, expected " + std::string(known_names));
  }

  void read_what(const form& f, arguments& a) {
    const std::string expected = f.what == needs::nodes     ? "nodes, such as 0-3,8 or all"
                                 : f.what == needs::weights ? "nodes with weights, such as 0:3,2:1"
                                                            : "nodes, such as 0-3, or with weights: 0:3,2:1";
    const word w = next(expected);
    if (f.what == needs::weights || (f.what == needs::either && w.text.find(':') != std::string_view::npos)) {
      a.weights = read_weights(w);
    } else {
      a.nodes = read_nodes(w);
    }
  }

  node_set read_nodes(const word& w) const {
    try {
      return x_universe != nullptr ? node_set::parse(w.text, *x_universe) : node_set::parse(w.text);
    } catch (const error& e) {
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

  void read_option(const form& f, arguments& a) {
    const word w = next("an option");
    if (w.text == "by" && f.chunk == chunks::allowed && !a.chunk) {
      a.chunk = read_chunk();
    } else if ((w.text == "hard" || w.text == "soft") && !a.how) {
      a.how = w.text == "hard" ? strictness::hard : strictness::soft;
    } else {
      std::string expected;
      if (f.chunk == chunks::allowed && !a.chunk) expected += "'by' and a chunk, ";
      if (!a.how) expected += "'hard', 'soft', ";
      fail(w.position, quoted(w.text) + " does not belong here, expected " + expected +
                           (expected.empty() ? "the end" : "or the end"));
    }
  }

  std::size_t read_chunk() {
    const word w = next("a chunk, such as 64KiB, page or whole");
    if (w.text == "page") return placement::one_page;
    if (w.text == "whole") return placement::whole;
    try {
      return parse_bytes(w.text);
    } catch (const error& e) {
      fail_in(w, e);
    }
  }

  std::string_view x_text;
  const node_set* x_universe;
  std::size_t x_at = 0;
};

std::string_view name_of(const placement& p) {
  switch (p.strategy()) {
    case strategy::unbound:
      return "unbound";
    case strategy::local:
      return "local";
    case strategy::bind:
      return p.is_hard() ? "bind" : "prefer";
    case strategy::interleave:
      return "interleave";
    case strategy::weighted:
      return "weighted";
    case strategy::weighted_by_system:
      return "weighted_by_system";
    case strategy::blocked:
      return "blocked";
    case strategy::most_free:
      return "most_free";
    case strategy::by_page:
      return "by_page";
  }
  return "invalid";
}

std::string chunk_text(const placement& p) {
  const bool chunked = p.strategy() == strategy::interleave || p.strategy() == strategy::weighted ||
                       p.strategy() == strategy::most_free;
  const std::size_t usual = p.strategy() == strategy::most_free ? placement::whole : placement::one_page;
  if (!chunked || p.chunk() == usual) return "";
  if (p.chunk() == placement::one_page) return " by page";
  if (p.chunk() == placement::whole) return " by whole";
  return " by " + format_bytes(p.chunk());
}

std::string_view strictness_text(const placement& p) {
  switch (p.strategy()) {
    case strategy::bind:
      return "";  // the name says it
    case strategy::blocked:
    case strategy::by_page:
      return p.is_hard() ? "" : " soft";
    default:
      return p.is_hard() ? " hard" : "";
  }
}

}  // namespace

std::string placement::to_string() const {
  std::string text(name_of(*this));
  if (!weights().empty()) {
    char separator = ' ';
    for (const node_weight& w : weights()) {
      text += separator + std::to_string(w.node) + ':' + std::to_string(w.weight);
      separator = ',';
    }
  } else if (!x_nodes.empty()) {
    text += ' ' + x_nodes.to_string();
  }
  text += chunk_text(*this);
  text += strictness_text(*this);
  return text;
}

std::ostream& operator<<(std::ostream& out, const placement& p) { return out << p.to_string(); }

placement placement::parse(std::string_view text) { return parser(text, nullptr).read(); }

placement placement::parse(std::string_view text, const node_set& universe) {
  return parser(text, &universe).read();
}

}  // namespace acre
