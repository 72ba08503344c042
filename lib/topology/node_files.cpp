#include "topology/node_files.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <new>
#include <string>

#include "sys/files.hpp"
#include "sys/policy.hpp"
#include "sys/threads.hpp"

namespace acre::inline v1 {
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
    if (!last || *first > *last) return std::nullopt;
    for (unsigned n = *first; n <= *last; ++n) numbers.push_back(n);
    if (!text.empty() && !take(text, ',')) return std::nullopt;
  }
  return numbers;
}

std::optional<std::vector<unsigned>> online_nodes() {
  const auto text = sys::read_node_file("online");
  return text ? parse_kernel_list(*text) : std::nullopt;
}

std::optional<unsigned> distance_now(node_id from, node_id to) {
  const auto online = online_nodes();
  const auto row = distances_of_node(from);
  if (!online || !row || row->size() != online->size()) return std::nullopt;
  const auto at = std::ranges::find(*online, to);
  if (at == online->end()) return std::nullopt;
  return (*row)[static_cast<std::size_t>(at - online->begin())];
}

std::optional<node_set> allowed_now() {
  node_set nodes;
  sys::node_bits bits;
  if (sys::allowed_nodes(bits) == 0) {
    for (std::size_t word = 0; word != bits.size(); ++word) {
      for (std::uint64_t rest = bits[word]; rest != 0; rest &= rest - 1)
        nodes.insert(static_cast<node_id>(64 * word) + static_cast<node_id>(std::countr_zero(rest)));
    }
    return nodes;
  }
  const auto text = sys::allowed_node_list();
  const auto list = text ? parse_kernel_list(*text) : std::nullopt;
  if (!list) return std::nullopt;
  for (const unsigned n : *list) {
    if (n < node_set::max_nodes) nodes.insert(n);
  }
  return nodes;
}

error no_longer_usable(node_id node, const node_set& allowed) {
  const auto lacks = [node](const std::optional<std::string>& text) {
    const auto list = text ? parse_kernel_list(*text) : std::nullopt;
    return list && std::find(list->begin(), list->end(), node) == list->end();
  };
  const std::string name = "node " + std::to_string(node);
  const std::string usable = "; nodes that this process may use now: " + allowed.to_string();
  if (lacks(sys::read_node_file("online"))) return {errc::unknown_node, name + " is not online" + usable};
  if (lacks(sys::read_node_file("has_memory")))
    return {errc::node_without_memory, name + " has no memory" + usable};
  return {errc::node_not_allowed, name + " is not allowed for this process" + usable};
}

std::optional<std::vector<unsigned>> cpus_of_node(node_id node) {
  const auto text = file_of(node, "cpulist");
  return text ? parse_kernel_list(*text) : std::nullopt;
}

std::optional<node_id> node_of_cpu_now(unsigned cpu) noexcept {
  if (const auto here = sys::current_place(); here && here->cpu == cpu) return here->node;
  try {
    for (const node_id node : online_nodes().value_or(std::vector<unsigned>{})) {
      const auto cpus = cpus_of_node(node);
      if (cpus && std::ranges::find(*cpus, cpu) != cpus->end()) return node;
    }
  } catch (const std::bad_alloc&) {
  }
  return std::nullopt;
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

}  // namespace acre::inline v1
