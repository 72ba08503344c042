#include "observe/numa_maps.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "placement/kernel_policy.hpp"
#include "topology/node_files.hpp"

namespace acre::inline v1 {
namespace {

struct kernels_word {
  const kernel_policy* policy = nullptr;  ///< null: the text begins with no policy that is known
  std::size_t length = 0;
};
/// The policy whose name, in the kernel's words, the text begins with.
kernels_word kernels_word_in(std::string_view text) {
  for (const kernel_policy& k : kernel_policies()) {
    if (!text.starts_with(k.kernels_name)) continue;
    constexpr std::string_view many = " (many)";  // MPOL_PREFERRED_MANY
    const std::size_t length = k.kernels_name.size();
    const bool is_many = k.mode == policy_mode::prefer && text.substr(length).starts_with(many);
    return {&k, is_many ? length + many.size() : length};
  }
  return {};
}

/// The kernel cuts what does not fit into char[64], within a node's number if need be.
constexpr std::size_t most_policy_text = 63;

/// The whole text as a number; nothing if it is none or too large.
template <class Number>
std::optional<Number> to_number(std::string_view text, int base = 10) {
  Number value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value, base);
  if (error != std::errc{} || end != last) return std::nullopt;
  return value;
}

std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  return word;
}

/// What seq_path() writes as a backslash and three octal digits in numa_maps, and of these in maps
/// (fs/proc/task_mmu.c). A backslash is written as it is, so that a name with digits behind one reads like an escape.
constexpr std::string_view escaped_in_numa_maps = "\n\t= ";
constexpr std::string_view escaped_in_maps = "\n";

std::string escape_of(char c) {
  const auto digit = [&](int place) { return static_cast<char>('0' + ((c >> place) & 7)); };
  return {'\\', digit(6), digit(3), digit(0)};
}

std::string escaped(std::string_view name, std::string_view which) {
  std::string text;
  for (const char c : name) which.find(c) == which.npos ? text += c : text += escape_of(c);
  return text;
}

std::string unescaped(std::string_view text, std::string_view which) {
  std::string name;
  while (!text.empty()) {
    const auto* const found =
        std::find_if(which.begin(), which.end(), [&](char c) { return text.starts_with(escape_of(c)); });
    name += found == which.end() ? text.front() : *found;
    text.remove_prefix(found == which.end() ? 1 : escape_of(*found).size());
  }
  return name;
}

/// The text up to which a policy reaches: one word, but for those with a space in their names.
std::string_view take_policy(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  const std::size_t end = std::min(text.find_first_of(" \t", kernels_word_in(text).length), text.size());
  const std::string_view policy = text.substr(0, end);
  text.remove_prefix(end);
  return policy;
}

void add_pages(std::vector<node_pages>& nodes, node_id node, std::size_t pages) {
  const auto at = std::lower_bound(nodes.begin(), nodes.end(), node,
                                   [](const node_pages& n, node_id wanted) { return n.node < wanted; });
  if (at != nodes.end() && at->node == node) {
    at->pages = pages;
  } else {
    nodes.insert(at, {node, pages});
  }
}

void read_count(std::string_view key, std::uint64_t value, numa_maps_line& line) {
  if (key == "anon") {
    line.anonymous = value;
  } else if (key == "dirty") {
    line.dirty = value;
  } else if (key == "mapmax") {
    line.mappers = value;
  } else if (key == "swapcache") {
    line.swap_cache = value;
  } else if (key == "writeback") {
    line.writeback = value;
  } else if (key == "kernelpagesize_kB") {
    if (value <= std::numeric_limits<std::uint64_t>::max() / 1024) line.page_size = value * 1024;
  } else if (key.starts_with('N')) {
    const auto node = to_number<node_id>(key.substr(1));
    if (node && *node < node_set::max_nodes && value != 0) add_pages(line.nodes, *node, value);
  }
}

void read_word(std::string_view word, numa_maps_line& line) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) {
    line.heap = line.heap || word == "heap";
    line.stack = line.stack || word == "stack";
    line.huge = line.huge || word == "huge";
    return;
  }
  const std::string_view key = word.substr(0, equals);
  const std::string_view value = word.substr(equals + 1);
  if (key == "file") {
    line.file = value;
  } else if (const auto number = to_number<std::uint64_t>(value)) {
    read_count(key, *number, line);
  }
}

}  // namespace

std::optional<node_set> parse_node_list(std::string_view text) {
  const auto numbers = parse_kernel_list(text);
  if (!numbers || numbers->empty()) return std::nullopt;
  node_set nodes;
  for (const node_id n : *numbers) {
    if (n >= node_set::max_nodes) return std::nullopt;
    nodes.insert(n);
  }
  return nodes;
}

std::optional<policy> parse_kernel_policy(std::string_view text) {
  const auto [known, length] = kernels_word_in(text);
  if (known == nullptr) return std::nullopt;
  text.remove_prefix(length);
  if (text.starts_with('=')) text.remove_prefix(std::min(text.find(':'), text.size()));
  if (text.empty()) {
    // Linux < 5.14 writes a preference of no node, which is local, as "local" or as "prefer".
    if (known->mode == policy_mode::prefer) return policy{policy_mode::local, {}};
    return known->has_nodes ? std::nullopt : std::optional(policy{known->mode, {}});
  }
  if (!known->has_nodes || !text.starts_with(':')) return std::nullopt;
  const auto nodes = parse_node_list(text.substr(1));
  return nodes ? std::optional(policy{known->mode, *nodes}) : std::nullopt;
}

std::optional<numa_maps_line> parse_numa_maps_line(std::string_view text) {
  numa_maps_line line;
  const auto begin = to_number<std::uintptr_t>(take_word(text), 16);
  if (!begin) return std::nullopt;
  line.begin = *begin;
  line.policy_text = take_policy(text);
  if (line.policy_text.empty()) return std::nullopt;
  if (line.policy_text.size() < most_policy_text) line.policy = parse_kernel_policy(line.policy_text);
  for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) read_word(word, line);
  if (!line.nodes.empty() && line.mappers == 0) line.mappers = 1;
  return line;
}

file_name name_of_file(std::string_view in_numa_maps, std::string_view in_maps) {
  if (in_numa_maps.find('\\') == std::string_view::npos) return {std::string(in_numa_maps)};
  // Written by maps, newlines are already escaped.
  const bool same = escaped(in_maps, escaped_in_numa_maps) == in_numa_maps;
  const std::string_view text = same ? in_maps : in_numa_maps;
  file_name name{unescaped(text, same ? escaped_in_maps : escaped_in_numa_maps)};
  name.sure = name.text == text;
  return name;
}

bool is_written_as(std::string_view name, std::string_view in_numa_maps) {
  return escaped(name, escaped_in_numa_maps) == in_numa_maps;
}

std::string_view status_value(std::string_view status, std::string_view key) {
  while (!status.empty()) {
    std::string_view line = take_line(status);
    if (!line.starts_with(key) || !line.substr(key.size()).starts_with(':')) continue;
    line.remove_prefix(key.size() + 1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return line.substr(0, line.find_last_not_of(" \t") + 1);
  }
  return {};
}

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

}  // namespace acre::inline v1
