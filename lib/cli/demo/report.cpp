#include "cli/demo/report.hpp"

#include <acre/bytes.hpp>

#include <fmt/format.h>

#include <stdexcept>

namespace acre_demo {

std::size_t trial_result::pages() const noexcept {
  std::size_t n = 0;
  for (const auto& s : shares) n += s.pages();
  return n;
}

std::string format_seconds(double seconds) {
  if (seconds >= 1) return fmt::format("{:.2f} s", seconds);
  if (seconds >= 0.1) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds >= 1e-3) return fmt::format("{:.1f} ms", seconds * 1e3);
  return fmt::format("{:.0f} us", seconds * 1e6);
}

void require_same_data(const report& r) {
  const trial_result* first = nullptr;
  for (const auto& t : r.trials) {
    if (!t.refused.empty()) continue;
    if (first == nullptr) first = &t;
    if (t.checksum != first->checksum)
      throw std::runtime_error(
          fmt::format("'{}' and '{}' read different data back", first->placement, t.placement));
  }
}

std::string format_known(const std::optional<std::uint64_t>& bytes) {
  return bytes ? acre::format_bytes_rounded(*bytes) : "?";
}

std::string one_node_note(const machine_summary& machine) {
  if (machine.nodes.size() != 1) return {};
  return "This machine has one memory node, so there is nothing to choose between. "
         "To see the other placements at work, run: sh cmake/bootstrap.sh demo --vm";
}

std::vector<std::string> method_notes(const report& r) {
  std::vector<std::string> notes;
  notes.push_back(
      fmt::format("Each placement gets the same data in fresh memory, one after the other: the index ({}) as "
                  "one block behind a "
                  "monotonic buffer, which frees nothing before its end, so grown vectors leave their old "
                  "copies in it; and {} "
                  "doubles ({}). Beside that the text itself ({}) stays in memory.",
                  acre::format_bytes_rounded(r.index_bytes), format_count(r.number_bytes / sizeof(double)),
                  acre::format_bytes_rounded(r.number_bytes), acre::format_bytes_rounded(r.corpus.bytes)));
  notes.push_back(fmt::format(
      "Times are wall-clock times of one thread{}: build is mapping, page faults and filling, once; scan "
      "reads every word, position and number, the best of three. They vary from run to run.",
      r.machine.here ? fmt::format(" on the CPUs of node {}", *r.machine.here) : ""));
  notes.push_back(
      "Pages were counted by the kernel after the scan (move_pages). \"As placed\" means that acre::check "
      "found the "
      "policy installed and no page elsewhere. Hard placements are committed before use, so that a full node "
      "is "
      "reported here.");
  return notes;
}

}  // namespace acre_demo
