#include "observe/interleaving.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "sys/files.hpp"

namespace acre::inline v1 {
namespace {

/// More turns than this are not followed: the work grows with their square.
constexpr std::size_t most_turns = 4096;

/// The shifts with which a unit lies right are those of its node's turns, less its own.
class fits {
 public:
  fits(std::span<const placed_unit> units, std::span<const node_id> turns)
      : x_turns(turns), x_counts(turns.size()) {
    std::map<std::pair<std::uint64_t, node_id>, std::size_t> alike;
    for (const placed_unit& u : units) ++alike[{u.turn % turns.size(), u.node}];
    for (const auto& [unit, count] : alike) {
      for (std::size_t turn = 0; turn < turns.size(); ++turn) {
        if (turns[turn] == unit.second) x_counts[(turn + turns.size() - unit.first) % turns.size()] += count;
      }
    }
  }

  std::size_t best() const {
    return static_cast<std::size_t>(std::max_element(x_counts.begin(), x_counts.end()) - x_counts.begin());
  }
  std::size_t count(std::size_t shift) const { return x_counts[shift]; }

 private:
  std::span<const node_id> x_turns;
  std::vector<std::size_t> x_counts;  ///< by shift: units that lie right with it
};

}  // namespace

std::vector<node_id> turns_of(const policy& p) {
  if (p.mode == policy_mode::interleave) return {p.nodes.begin(), p.nodes.end()};
  if (p.mode != policy_mode::weighted_interleave) return {};
  std::vector<node_id> turns;
  for (node_id n : p.nodes) {
    const std::optional<unsigned> weight = sys::interleave_weight(n);
    if (!weight || *weight > most_turns - turns.size()) return {};
    turns.insert(turns.end(), *weight, n);
  }
  return turns;
}

std::uint64_t turn_of(const sys::map_line& m, std::uintptr_t at, std::size_t unit, std::size_t page_size) {
  const std::uint64_t first = m.inode != 0 ? m.offset : m.begin;
  return (m.shared ? m.inode : 0) + first / page_size / (unit / page_size) + (at - m.begin) / unit;
}

std::uint64_t shift_of(std::span<const placed_unit> units, std::span<const node_id> turns) {
  const fits f(units, turns);
  const std::size_t best = f.best();
  return f.count(0) == f.count(best) ? 0 : best;
}

std::optional<std::uint64_t> certain_shift_of(std::span<const placed_unit> units,
                                              std::span<const node_id> turns) {
  if (units.size() < 2 * turns.size()) return std::nullopt;
  for (node_id n : turns) {
    if (std::none_of(units.begin(), units.end(), [&](const placed_unit& u) { return u.node == n; }))
      return std::nullopt;
  }
  const fits f(units, turns);
  const std::size_t best = f.best();
  return f.count(best) == units.size() ? std::optional<std::uint64_t>(best) : std::nullopt;
}

std::vector<std::size_t> out_of_turn(std::span<const placed_unit> units, std::span<const node_id> turns) {
  std::vector<std::size_t> wrong;
  const std::size_t enough = 2 * turns.size();
  std::uint64_t shift = shift_of(units.first(std::min(units.size(), enough)), turns);
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (turns[(units[i].turn + shift) % turns.size()] == units[i].node) continue;
    const auto anew = certain_shift_of(units.subspan(i, std::min(units.size() - i, enough)), turns);
    if (anew) {
      shift = *anew;
    } else {
      wrong.push_back(i);
    }
  }
  return wrong;
}

}  // namespace acre::inline v1
