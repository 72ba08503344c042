#include "cli/arguments.hpp"
#include "cli/printable.hpp"
#include "cli/text.hpp"

#include <fmt/ranges.h>

namespace acre_cli {
namespace {

/// What it is called, and what it is beside that, or below where there is no room.
std::string entry(const std::string& name, const std::string& help, std::size_t width) {
  const std::size_t column = width < 60 ? 6 : 22;
  const std::string begin = wrap(name, width, 2, 4);
  const std::string rest = wrap(help, width, column);
  if (rest.empty() || columns(name) + 4 > column) return begin + rest;
  return padded("  " + name, column) + rest.substr(column);
}

std::string usage_of(const command& c) {
  std::string line = fmt::format("Usage: {} [OPTION]...", c.name);
  if (!c.commands.empty()) line += " COMMAND ...";
  for (const argument_word& word : c.words) line += " " + word.name;
  return line;
}

}  // namespace

std::string help_text(const command& c, std::size_t width) {
  std::string text = wrap(c.about, width, 0) + wrap(usage_of(c), width, 0, 4);
  if (!c.commands.empty()) text += "\nCommands:\n";
  for (const command& below : c.commands) {
    if (!below.about.empty()) text += entry(std::string(last_name(below)), below.about, width);
  }
  if (!c.words.empty()) text += "\nArguments:\n";
  for (const argument_word& word : c.words) text += entry(word.name, word.help, width);
  std::string_view group;
  for (const argument_option& o : c.options) {
    if (o.group.empty()) continue;
    if (o.group != group) text += "\n" + wrap(o.group + ":", width, 0);
    group = o.group;
    const std::string value = o.value.empty() ? "" : " " + o.value;
    text += entry(fmt::format("{}{}", fmt::join(o.names, ", "), value), o.help, width);
  }
  if (!c.notes.empty()) text += '\n';
  for (const std::string& note : c.notes) text += wrap(note, width, 0);
  return cut_lines(text, width);
}

}  // namespace acre_cli
