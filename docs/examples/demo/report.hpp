// report: the outcomes as text.
#pragma once

#include <acre/bytes.hpp>
#include <acre/topology.hpp>

#include <cmath>
#include <cstddef>
#include <iomanip>
#include <ostream>
#include <string>

#include "choices.hpp"
#include "trial.hpp"

namespace demo {

/// Names of files may hold what would move a terminal's cursor.
inline std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  return text;
}

inline void print_machine(std::ostream& out, const acre::topology& machine, acre::node_id here) {
  for (const acre::node_id node : machine.nodes()) {
    const std::size_t cpus = machine.cpus(node).size();
    out << "  node " << node << ": " << to_string(machine.kind(node)) << ", " << cpus
        << (cpus == 1 ? " CPU" : " CPUs");
    if (const auto memory = machine.memory(node))  // nothing where a sandbox hides /sys
      out << ", " << acre::format_bytes_rounded(memory->total) << ", "
          << acre::format_bytes_rounded(memory->free) << " free";
    if (node == here) {
      out << " (this program's)";
    } else if (!machine.memory_nodes().contains(node)) {
      out << " (no memory)";
    } else if (!machine.allowed_nodes().contains(node)) {
      out << " (not for this process)";
    }
    out << '\n';
  }
}

inline void print_times(std::ostream& out, const outcome& result) {
  out << std::fixed << std::setprecision(1) << "  built in " << result.build_seconds * 1e3 << " ms, read in "
      << result.read_seconds * 1e3 << " ms\n";
}

inline void print(std::ostream& out, const choice& asked, const outcome& result) {
  out << '\n' << asked.where << ": " << asked.meaning << '\n';
  if (!result.refused.empty()) {
    out << "  cannot be had here: " << printable(result.refused) << '\n';
    return;
  }
  print_times(out, result);
  for (const auto& [node, pages] : result.pages.per_node) {
    const double share = static_cast<double>(pages) / static_cast<double>(result.pages.resident());
    out << "  node " << std::left << std::setw(4) << node << std::right << std::setw(8) << pages << " pages "
        << std::setw(5) << share * 100 << " %  "
        << std::string(static_cast<std::size_t>(std::lround(share * 40)), '#') << '\n';
  }
  for (const acre::downgrade& less : result.downgrades) out << "  less than asked: " << less.text << '\n';
  if (result.holds()) {
    out << "  holds: all " << result.pages.resident()
        << " pages lie as asked and have this policy, by the kernel's word";
    if (result.pages.unknown != 0) out << ", which does not tell of " << result.pages.unknown << " others";
    out << '\n';
  } else {
    out << "  DOES NOT HOLD: " << result.difference << '\n';
  }
}

}  // namespace demo
