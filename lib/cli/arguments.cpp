#include "cli/arguments.hpp"

#include "cli/terminal.hpp"

#include <acre/version.hpp>

#include <fmt/ranges.h>
#include <getopt.h>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <utility>

namespace acre_cli {
namespace {

/// Of long options, for getopt_long(3): beyond the letters of short ones.
constexpr int first_code = 256;

/// Levenshtein's distance.
std::size_t changes_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t before = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = before + (a[i] == b[j] ? 0 : 1);
      before = std::exchange(row[j + 1], std::min({row[j + 1] + 1, row[j] + 1, changed}));
    }
  }
  return row.back();
}

const command& command_named(const command& above, std::string_view name) {
  const command* nearest = nullptr;
  std::size_t changes = name.size() / 2 + 1;  // more would be another word
  for (const command& c : above.commands) {
    if (last_name(c) == name) return c;
    const std::size_t these = changes_between(last_name(c), name);
    if (c.about.empty() || these >= changes) continue;
    nearest = &c;
    changes = these;
  }
  throw input_error(fmt::format(
      "there is no command '{}'{}; see {} --help", name,
      nearest == nullptr ? "" : fmt::format(", the nearest is '{}'", last_name(*nearest)), above.name));
}

/// \param name to begin with what is wrong
void give(const taker& take, const std::string& name, const std::string& declared, const std::string& text) {
  const std::vector<std::string> choices = choices_of(declared);
  if (!choices.empty() && std::ranges::find(choices, text) == choices.end())
    throw input_error(fmt::format("{}'{}' is none of {}", name, text, fmt::join(choices, ", ")));
  try {
    take(text);
  } catch (const std::runtime_error& e) {  // acre's, of what it cannot read, too
    throw input_error(name + e.what());
  }
}

class reader {
 public:
  reader(const command& c, int argc, char** argv) : x_command(c), x_count(argc), x_arguments(argv) {
    for (std::size_t i = 0; i < c.options.size(); ++i) {
      const std::string& value = c.options[i].value;
      const int has = value.empty()          ? no_argument
                      : value.front() == '[' ? optional_argument
                                             : required_argument;
      for (const std::string& name : c.options[i].names) {
        if (name.starts_with("--"))
          x_long.push_back({name.c_str() + 2, has, nullptr, first_code + static_cast<int>(i)});
        else
          x_letters += name[1] + std::string(static_cast<std::size_t>(has), ':');
      }
    }
    x_long.push_back({});
    // '+': the first word ends the options; '-': words are given in their order. POSIXLY_CORRECT changes neither.
    // ':': a value that is missing is told from an option that is unknown.
    x_letters.insert(0, runs_another(c) || !c.commands.empty() ? "+:" : "-:");
  }

  /// \returns what is to be done, if that is to print something
  std::function<int()> read() {
    ::optind = 0;  // getopt(3): begins anew
    ::opterr = 0;  // what is wrong is said here
    for (int code = next(); code != -1; code = next()) {
      if (code == '?' || code == ':') reject(code);
      if (code == 1) {
        take_word(::optarg);
        continue;
      }
      const argument_option& o = option_of(code);
      if (!o.take) return printing(o);
      take_option(o, code);
    }
    if (x_command.commands.empty()) {
      while (::optind < x_count) take_word(x_arguments[::optind++]);
      give_open_value();
      require_words();
    }
    return {};
  }

 private:
  int next() { return ::getopt_long(x_count, x_arguments, x_letters.c_str(), x_long.data(), &x_index); }

  /// \param code getopt_long's: ':' or '?'
  [[noreturn]] void reject(int code) const {
    const bool is_short = ::optopt != 0 && ::optopt < first_code;  // glibc has bytes beyond ASCII below zero
    const std::string typed =
        is_short ? std::string{'-', static_cast<char>(::optopt)} : x_arguments[::optind - 1];
    const std::string name = is_short ? typed : typed.substr(0, typed.find('='));
    const auto meant = std::ranges::count_if(x_long, [&](const ::option& o) {
      return !is_short && o.name != nullptr && std::string("--").append(o.name).starts_with(name);
    });
    const std::string wrong = code == ':'              ? name + " has no value"
                              : ::optopt >= first_code ? name + " takes no value"
                              : meant > 1 ? fmt::format("'{}' may be one of several options", name)
                                          : fmt::format("'{}' is no option", name);
    throw input_error(fmt::format("{}; see {} --help", wrong, x_command.name));
  }

  const argument_option& option_of(int code) const {
    if (code >= first_code) return x_command.options[static_cast<std::size_t>(code - first_code)];
    const std::string name{'-', static_cast<char>(code)};
    return *std::ranges::find_if(x_command.options, [&](const argument_option& o) {
      return std::ranges::find(o.names, name) != o.names.end();
    });
  }

  std::function<int()> printing(const argument_option& o) const {
    return [text = o.names.back() == "--version" ? fmt::format("{} {}\n", x_command.name, acre::version())
                                                 : help_text(x_command, size_of_stdout().columns)] {
      std::fwrite(text.data(), 1, text.size(), stdout);
      return 0;
    };
  }

  void take_option(const argument_option& o, int code) {
    const std::string name = code < first_code
                                 ? std::string{'-', static_cast<char>(code)}
                                 : fmt::format("--{}", x_long[static_cast<std::size_t>(x_index)].name);
    if (::optarg != nullptr && *::optarg == '\0') throw input_error(name + " has no value");
    if (::optarg == nullptr && o.value.starts_with('[') && ::optind < x_count &&
        *x_arguments[::optind] != '-') {
      give_open_value();
      x_open = {&o, name, x_arguments[::optind++]};
      return;
    }
    give(o.take, name + ": ", o.value, ::optarg == nullptr ? "" : ::optarg);
  }

  /// What stood behind an option whose value may be missing was that, unless it is a word that would be missing now.
  void give_open_value() {
    const open_value open = std::exchange(x_open, {});
    if (open.option == nullptr) return;
    const auto& words = x_command.words;
    const bool is_word = x_taken < words.size() && !words[x_taken].name.starts_with('[');
    if (!is_word && *open.text == '\0') throw input_error(open.name + " has no value");
    give(open.option->take, open.name + ": ", open.option->value, is_word ? "" : open.text);
    if (is_word) take_word(open.text);
  }

  void take_word(const std::string& text) {
    const auto& words = x_command.words;
    if (x_taken >= words.size() && (words.empty() || !is_repeated(words.back().name)))
      throw input_error(fmt::format("'{}' is a word too many; see {} --help", text, x_command.name));
    const argument_word& word = words[std::min(x_taken++, words.size() - 1)];
    const bool is_choice = !choices_of(word.name).empty();
    give(word.take, is_choice ? "" : fmt::format("{}: ", bare_name(word.name)), word.name, text);
  }

  void require_words() const {
    if (x_taken < x_command.words.size() && !x_command.words[x_taken].name.starts_with('['))
      throw input_error(fmt::format("{} is required; see {} --help", bare_name(x_command.words[x_taken].name),
                                    x_command.name));
  }

  struct open_value {
    const argument_option* option = nullptr;
    std::string name;
    const char* text = nullptr;
  };

  const command& x_command;
  int x_count;
  char** x_arguments;
  std::vector<::option> x_long;
  std::string x_letters;
  int x_index = 0;  // in x_long, of the last long option
  std::size_t x_taken = 0;
  open_value x_open;
};

}  // namespace

std::string_view last_name(const command& c) {
  return std::string_view(c.name).substr(c.name.rfind(' ') + 1);
}

std::string_view bare_name(std::string_view name) {
  const std::size_t begin = name.starts_with('[') ? 1 : 0;
  return name.substr(begin, name.find_first_of("].", begin) - begin);
}

std::vector<std::string> choices_of(std::string_view name) {
  std::vector<std::string> choices;
  if (name.empty() || name.front() < 'a' || name.front() > 'z') return choices;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('|', at), name.size());
    choices.emplace_back(name.substr(at, end - at));
    at = end + 1;
  }
  return choices;
}

bool runs_another(const command& c) { return !c.words.empty() && c.words.front().name == "COMMAND..."; }

std::function<int()> read_arguments(const command& program, int argc, char** argv, const command*& reached) {
  for (reached = &program;;) {
    const command& c = *reached;
    if (auto printing = reader(c, argc, argv).read()) return printing;
    if (c.commands.empty()) return c.act;
    if (::optind >= argc) throw input_error(fmt::format("{} needs a command; see {} --help", c.name, c.name));
    reached = &command_named(c, argv[::optind]);
    argc -= ::optind;
    argv += ::optind;
  }
}

}  // namespace acre_cli
