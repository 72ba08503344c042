#include "cli/run/number_list.hpp"

#include "cli/input_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <set>
#include <string>

namespace acre_cli {
namespace {

/// What is taken and what is not was seen from numactl 2.0.16 and 2.0.19; beside_numactl.list has where this differs.
class list_reader {
 public:
  list_reader(std::string_view text, const numbered& numbers) : x_text(text), x_numbers(numbers) {}

  std::vector<unsigned> read() {
    const bool others = skip('!');
    x_relative = skip('+');
    do item();
    while (skip(','));
    if (x_at != x_text.size()) reject("',' or '-' or the end was expected");
    std::vector<unsigned> chosen;
    if (others) {
      std::ranges::set_difference(x_numbers.all, x_found, std::back_inserter(chosen));
    } else {
      chosen.assign(x_found.begin(), x_found.end());
    }
    if (chosen.empty()) throw input_error(fmt::format("{} '{}': none is left", x_numbers.what, x_text));
    return chosen;
  }

 private:
  void item() {
    if (std::string_view(x_text).substr(x_at) == "all") {
      x_found.insert(x_numbers.all.begin(), x_numbers.all.end());
      x_at = x_text.size();
      return;
    }
    const std::size_t start = x_at;
    const unsigned first = number();
    const unsigned last = skip('-') ? number() : first;
    if (last < first) reject("ranges go upwards", start);
    for (const unsigned end : {first, last}) {
      x_numbers.require(end);
      x_found.insert(end);
    }
    std::ranges::copy_if(x_numbers.usable, std::inserter(x_found, x_found.end()),
                         [&](unsigned between) { return first < between && between < last; });
  }

  unsigned number() {
    const std::size_t digits = std::min(x_text.find_first_not_of(" \t\n", x_at), x_text.size());
    if (std::isdigit(static_cast<unsigned char>(x_text[digits])) == 0)
      reject("a number was expected, or 'all' at the end", digits);
    char* end = nullptr;
    const unsigned long value = std::strtoul(&x_text[digits], &end, 0);
    const std::size_t start = x_at;
    x_at = static_cast<std::size_t>(end - x_text.data());
    if (x_relative) {
      if (value < x_numbers.all.size()) return x_numbers.all[value];
      reject(fmt::format("+{} is beyond the {} that may be used", value, x_numbers.all.size()), start);
    }
    if (value > std::numeric_limits<unsigned>::max()) reject("no machine has such a number", start);
    return static_cast<unsigned>(value);
  }

  bool skip(char c) {
    if (x_text[x_at] != c) return false;  // the end is a zero
    ++x_at;
    return true;
  }

  [[noreturn]] void reject(std::string_view why) const { reject(why, x_at); }
  [[noreturn]] void reject(std::string_view why, std::size_t position) const {
    throw input_error(fmt::format("{} '{}', position {}: {}", x_numbers.what, x_text, position, why));
  }

  std::string x_text;
  const numbered& x_numbers;
  std::size_t x_at = 0;
  bool x_relative = false;
  std::set<unsigned> x_found;
};

}  // namespace

std::vector<unsigned> read_list(std::string_view text, const numbered& numbers) {
  return list_reader(text, numbers).read();
}

}  // namespace acre_cli
