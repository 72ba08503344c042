#include "topology/node_files.hpp"

#include <charconv>
#include <string>

#include "sys/files.hpp"

namespace acre {
namespace {

// More CPUs than any kernel has: a text beyond it is no list of CPUs or nodes.
constexpr unsigned largest_number = 1U << 16;

std::optional<std::string> file_of(node_id node, const char* name) {
  return sys::read_node_file("node" + std::to_string(node) + "/" + name);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

std::optional<unsigned> take_number(std::string_view& text) {
  unsigned n = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (failure != std::errc{} || n > largest_number) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return n;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<std::vector<unsigned>> parse_kernel_list(std::string_view text) {
  text = trimmed(text);
  std::vector<unsigned> numbers;
  while (!text.empty()) {
    const auto first = take_number(text);
    if (!first) return std::nullopt;
    const auto last = take(text, '-') ? take_number(text) : first;
    if (!last) return std::nullopt;
    for (unsigned n = *first; n <= *last; ++n) numbers.push_back(n);
    if (!text.empty() && !take(text, ',')) return std::nullopt;
  }
  return numbers;
}

std::optional<std::vector<unsigned>> online_nodes() {
  const auto text = sys::read_node_file("online");
  return text ? parse_kernel_list(*text) : std::nullopt;
}

std::optional<std::vector<unsigned>> cpus_of_node(node_id node) {
  const auto text = file_of(node, "cpulist");
  return text ? parse_kernel_list(*text) : std::nullopt;
}

std::optional<std::vector<unsigned>> distances_of_node(node_id node) {
  const auto text = file_of(node, "distance");
  if (!text) return std::nullopt;
  std::vector<unsigned> numbers;
  std::string_view rest = trimmed(*text);
  while (!rest.empty()) {
    const auto n = take_number(rest);
    if (!n) return std::nullopt;
    numbers.push_back(*n);
    take(rest, ' ');
  }
  return numbers;
}

}  // namespace acre
