#include "cli/acre/run/placement_options.hpp"

#include "cli/acre/run/system_weights.hpp"
#include "cli/common/input_error.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <set>

namespace acre_cli {
namespace {

constexpr unsigned most_cpus = 65536;

constexpr const char* where_it_lies = "Where memory lies, at most one";
constexpr const char* where_it_runs = "Where it runs, at most one";

void choose(placement_options& options, const char* option, const std::string& text) {
  (options.option.empty() ? options.option : options.second) = option;
  options.text = text;
}

void add_placement(CLI::App& command, placement_options& options, const char* names, const char* option,
                   const char* value, const std::string& help) {
  command
      .add_option_function<std::string>(
          names, [&options, option](const std::string& text) { choose(options, option, text); }, help)
      ->type_name(value)
      ->group(where_it_lies);
}

/// CLI11 itself would take an empty text for none.
void add_cpus(CLI::App& command, std::optional<std::string>& value, const char* names, const char* type,
              const std::string& help) {
  command
      .add_option_function<std::string>(
          names, [&value](const std::string& text) { value = text; }, help)
      ->type_name(type)
      ->group(where_it_runs);
}

acre::placement parsed(const placement_options& options, const acre::topology& machine) {
  const acre::node_set& all = machine.default_nodes();
  const std::string& option = options.option;
  if (option == "--local") return acre::placement::local();
  if (option == "--placement") return acre::placement::parse(options.text, all);
  if (option == "--weighted") return acre::placement::parse("weighted " + options.text, all);
  const acre::node_set nodes = acre::node_set::parse(options.text, all);
  if (option == "--bind") return acre::placement::bind(nodes);
  if (option == "--prefer") return acre::placement::prefer(nodes);
  if (option == "--interleave") return acre::placement::interleave(nodes);
  return acre::placement::weighted_by_system(nodes);
}

/// Where nodes are named for their CPUs it does not matter which have memory.
acre::node_set nodes_of(const std::vector<unsigned>& cpus, const acre::topology& machine) {
  acre::node_set nodes;
  for (const unsigned cpu : cpus) {
    if (const auto node = machine.node_of_cpu(cpu)) nodes.insert(*node);
  }
  return nodes;
}

class cpu_list_reader {
 public:
  cpu_list_reader(std::string_view text, std::string_view whole) : x_rest(text), x_whole(whole) {}

  std::vector<unsigned> read() {
    std::set<unsigned> found;
    for (bool more = true; more;) {
      const unsigned first = number();
      const unsigned last = skip('-') ? number() : first;
      if (last < first) reject("ranges go upwards");
      for (unsigned cpu = first; cpu <= last; ++cpu) found.insert(cpu);
      more = skip(',');
    }
    if (!x_rest.empty()) reject("',' or '-' or the end was expected");
    return {found.begin(), found.end()};
  }

 private:
  bool skip(char c) {
    if (!x_rest.starts_with(c)) return false;
    x_rest.remove_prefix(1);
    return true;
  }

  unsigned number() {
    unsigned value = 0;
    const auto done = std::from_chars(x_rest.data(), x_rest.data() + x_rest.size(), value);
    if (done.ec == std::errc::invalid_argument) reject("a number was expected");
    if (done.ec != std::errc{} || value >= most_cpus) reject("no machine has such a CPU");
    x_rest.remove_prefix(static_cast<std::size_t>(done.ptr - x_rest.data()));
    return value;
  }

  [[noreturn]] void reject(std::string_view why) const {
    throw input_error(
        fmt::format("CPUs '{}', position {}: {}", x_whole, x_whole.size() - x_rest.size(), why));
  }

  std::string_view x_rest;
  std::string_view x_whole;
};

}  // namespace

void add_placement_options(CLI::App& command, placement_options& options) {
  add_placement(command, options, "-m,--bind,--membind", "--bind", "NODES", "only on these nodes");
  add_placement(command, options, "-p,-P,--prefer,--preferred,--preferred-many", "--prefer", "NODES",
                "on these nodes while they have room");
  add_placement(command, options, "-i,--interleave", "--interleave", "NODES", "page by page round robin");
  add_placement(command, options, "--weighted", "--weighted", "NODE:WEIGHT,...",
                "round robin in this ratio, if the system's weights have it (Linux 6.9)");
  add_placement(command, options, "-w,--weighted-interleave", "--weighted-interleave", "NODES",
                "round robin by the system's weights (Linux 6.9)");
  command
      .add_flag_callback(
          "-l,--local,--localalloc", [&options] { choose(options, "--local", ""); },
          "on the node of the CPU that touches a page first")
      ->group(where_it_lies);
  add_placement(command, options, "--placement", "--placement", "TEXT",
                "as the library writes it: 'prefer 0-1'; nothing with chunks");
  add_cpus(command, options.cpus, "-C,--cpus,--physcpubind", "LIST", "on these CPUs: 0-3,8, all, !1, +0-1");
  add_cpus(command, options.cpu_nodes, "-N,--cpunodebind,--nodes-cpus", "NODES",
           "on the CPUs of these nodes");
}

std::optional<acre::placement> placement_of(const placement_options& options, const acre::topology& machine,
                                            const std::filesystem::path& weights_directory) {
  if (options.option.empty()) return std::nullopt;
  if (!options.second.empty()) {
    throw input_error(
        fmt::format("{} and {}: memory has one placement at most", options.option, options.second));
  }
  const acre::placement where = parsed(options, machine);
  // Weights by page are all that a thread can have; thread_binding says what is wrong with others.
  if (where.strategy() != acre::strategy::weighted || where.is_hard() ||
      (where.chunk() != acre::chunk::automatic && where.chunk() != acre::chunk::page))
    return where;
  machine.require_usable(where.nodes());
  require_system_weights(where.weights(), weights_directory);
  return acre::placement::weighted_by_system(where.nodes());
}

std::optional<std::vector<unsigned>> cpus_of(const placement_options& options, const acre::topology& machine,
                                             const std::vector<unsigned>& may_run_on) {
  if (options.cpus && options.cpu_nodes) throw input_error("--cpus and --cpunodebind: one of them at most");
  if (options.cpus) return parse_cpus(*options.cpus, may_run_on);
  if (!options.cpu_nodes) return std::nullopt;
  const acre::node_set nodes = acre::node_set::parse(*options.cpu_nodes, nodes_of(may_run_on, machine));
  if (nodes.empty())
    throw input_error(fmt::format("--cpunodebind '{}': no node with a CPU is left", *options.cpu_nodes));
  const acre::node_set with_cpus = nodes_of(machine.cpus(), machine);
  std::vector<unsigned> found;
  for (const acre::node_id node : nodes) {
    if (!machine.nodes().contains(node)) {
      throw input_error(fmt::format("there is no node {}; there are {}", node, machine.nodes().to_string()));
    }
    if (!with_cpus.contains(node)) {
      throw input_error(fmt::format("node {} has no CPU that may be used; nodes {} have some", node,
                                    with_cpus.to_string()));
    }
    std::ranges::copy_if(machine.cpus(node), std::back_inserter(found),
                         [&](unsigned cpu) { return std::ranges::binary_search(machine.cpus(), cpu); });
  }
  std::ranges::sort(found);
  return found;
}

std::vector<unsigned> parse_cpus(std::string_view text, const std::vector<unsigned>& universe) {
  if (text == "all") return universe;
  const bool others = text.starts_with('!');
  const bool relative = text.starts_with('+');
  const std::vector<unsigned> named = cpu_list_reader(text.substr(others || relative ? 1 : 0), text).read();
  std::vector<unsigned> cpus;
  if (relative) {
    for (const unsigned position : named) {
      if (position >= universe.size()) {
        throw input_error(
            fmt::format("CPUs '{}': +{} is beyond the {} CPUs", text, position, universe.size()));
      }
      cpus.push_back(universe[position]);
    }
  } else if (others) {
    std::ranges::set_difference(universe, named, std::back_inserter(cpus));
    if (cpus.empty()) throw input_error(fmt::format("CPUs '{}': none is left", text));
  } else {
    cpus = named;
  }
  return cpus;
}

}  // namespace acre_cli
