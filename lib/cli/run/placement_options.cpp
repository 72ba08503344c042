#include "cli/run/placement_options.hpp"

#include "cli/input_error.hpp"
#include "cli/message.hpp"
#include "cli/run/number_list.hpp"
#include "cli/run/system_weights.hpp"
#include "cli/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace acre_cli {
namespace {

constexpr const char* where_it_lies = "Where memory lies, at most one";
constexpr const char* where_it_runs = "Where it runs, at most one";

void choose(placement_options& options, const char* option, const std::string& text) {
  if (!options.option.empty()) throw input_error("memory has one placement at most, and this is the second");
  options.option = option;
  options.text = text;
}

/// \param option how placement_of() knows it
argument_option placement(placement_options& options, const char* option, std::vector<std::string> names,
                          const char* value, const char* help) {
  return {std::move(names), value, help,
          [&options, option](const std::string& text) { choose(options, option, text); }, where_it_lies};
}

/// One option for both, so that numactl's users may abbreviate theirs, as --weighted is.
void choose_weighted(placement_options& options, const std::string& text) {
  choose(options, text.find(':') == text.npos ? "--weighted-interleave" : "--weighted", text);
}

acre::node_set nodes_with_memory(std::string_view text, const acre::topology& machine) {
  const acre::node_set& all = machine.default_nodes();
  const acre::node_set& usable = machine.allowed_nodes();
  const numbered nodes{
      "nodes", {all.begin(), all.end()}, {usable.begin(), usable.end()}, [&machine](unsigned node) {
        machine.require_usable({node});
      }};
  acre::node_set chosen;
  for (const unsigned node : read_list(text, nodes)) chosen.insert(node);
  return chosen;
}

acre::placement parsed(const placement_options& options, const acre::topology& machine) {
  const acre::node_set& all = machine.default_nodes();
  const std::string& option = options.option;
  if (option == "--local") return acre::placement::local();
  if (option == "--placement") return acre::placement::parse(options.text, all);
  if (option == "--weighted") return acre::placement::parse("weighted " + options.text, all);
  const acre::node_set nodes = nodes_with_memory(options.text, machine);
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

numbered nodes_with_cpus(const acre::topology& machine) {
  const acre::node_set with_cpus = nodes_of(machine.cpus(), machine);
  const std::vector<unsigned> all(with_cpus.begin(), with_cpus.end());
  return {"nodes", all, all, [&machine, with_cpus](unsigned node) {
            if (!machine.nodes().contains(node)) {
              throw input_error(
                  fmt::format("there is no node {}; there are {}", node, machine.nodes().to_string()));
            }
            if (!with_cpus.contains(node)) {
              throw input_error(fmt::format("node {} has no CPU that may be used; nodes {} have some", node,
                                            with_cpus.to_string()));
            }
          }};
}

}  // namespace

std::vector<argument_option> placement_options_of(placement_options& o) {
  return {
      placement(o, "--bind", {"-m", "--bind", "--membind"}, "NODES", "only on these nodes"),
      placement(o, "--prefer", {"-p", "-P", "--prefer", "--preferred", "--preferred-many"}, "NODES",
                "on these nodes while they have room"),
      placement(o, "--interleave", {"-i", "--interleave"}, "NODES", "page by page round robin"),
      {{"-w", "--weighted", "--weighted-interleave"},
       "NODES|NODE:WEIGHT,...",
       "round robin by the system's weights (Linux 6.9); with WEIGHT, if they have this ratio",
       [&o](const std::string& text) { choose_weighted(o, text); },
       where_it_lies},
      placement(o, "--local", {"-l", "--local", "--localalloc"}, "",
                "on the node of the CPU that touches a page first"),
      placement(o, "--placement", {"--placement"}, "PLACEMENT",
                "as the library writes it: 'prefer 0-1'; nothing with chunks"),
      {{"-t", "--strict"},
       "",
       "has no meaning for a process, and is taken for numactl's users",
       [](const std::string&) { complain("note: --strict is ignored: processes have no such policy"); },
       where_it_lies},
      {{"-C", "--cpus", "--physcpubind"},
       "CPUS",
       "on these CPUs: 0-3,8, all, !1, +0-1",
       into(o.cpus),
       where_it_runs},
      {{"-N", "-c", "--cpunodebind", "--cpubind", "--nodes-cpus"},
       "NODES",
       "on the CPUs of these nodes",
       into(o.cpu_nodes),
       where_it_runs},
  };
}

std::optional<acre::placement> placement_of(const placement_options& options, const acre::topology& machine,
                                            const std::filesystem::path& weights_directory) {
  if (options.option.empty()) return std::nullopt;
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
  if (options.cpus && options.cpu_nodes)
    throw input_error("it runs on a list of CPUs (-C) or on those of nodes (-N), not both");
  if (options.cpus) return parse_cpus(*options.cpus, may_run_on);
  if (!options.cpu_nodes) return std::nullopt;
  std::vector<unsigned> found;
  for (const unsigned node : read_list(*options.cpu_nodes, nodes_with_cpus(machine))) {
    std::ranges::copy_if(machine.cpus(node), std::back_inserter(found),
                         [&](unsigned cpu) { return std::ranges::binary_search(machine.cpus(), cpu); });
  }
  std::ranges::sort(found);
  return found;
}

std::vector<unsigned> parse_cpus(std::string_view text, const std::vector<unsigned>& may_run_on) {
  return read_list(text, {"CPUs", may_run_on, may_run_on, [&](unsigned cpu) {
                            if (std::ranges::binary_search(may_run_on, cpu)) return;
                            throw input_error(fmt::format("CPUs '{}': this process may run on {}, not on {}",
                                                          text, format_cpus(may_run_on), cpu));
                          }});
}

}  // namespace acre_cli
