#include "multinode/model.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "support/machine.hpp"

namespace acre::test {
namespace {

using list = std::vector<unsigned>;

nodes to_set(const list& wanted) { return {wanted.begin(), wanted.end()}; }
list first_of(const list& usable, std::size_t count) {
  return {usable.begin(), usable.begin() + static_cast<std::ptrdiff_t>(std::min(count, usable.size()))};
}
list last_of(const list& usable) { return {usable.back()}; }

nodes nearest_to_toucher(const unit& u, const nodes& candidates) {
  return u.toucher ? nearest(*u.toucher, candidates) : candidates;
}

/// Strategies that the kernel has a mode for.
expectation one_policy(placement where, mpol mode, const nodes& named, const nodes& candidates) {
  return {std::move(where),
          [candidates](const unit& u) { return nearest_to_toucher(u, candidates); },
          [mode, named](const unit&) {
            return std::vector<kernel_policy>{{mode, named}};
          },
          {},
          0};
}

expectation bind_to(const list& wanted) {
  const nodes set = to_set(wanted);
  return one_policy(placement::bind(to_node_set(set)), mpol::bind, set, set);
}

expectation prefer(const list& wanted) {
  const nodes set = to_set(wanted);
  return one_policy(placement::prefer(to_node_set(set)), mpol::preferred_many, set, set);
}

expectation spread(placement where, mpol mode, const list& wanted) {
  const nodes set = to_set(wanted);
  expectation e{std::move(where), [set](const unit&) { return set; },
                [mode, set](const unit&) {
                  std::vector<kernel_policy> may{{mode, set}};
                  if (set.size() == 1) may.push_back({mpol::preferred_many, set});
                  return may;
                },
                set, 0};
  return e;
}

/// Strategies that name the node of every page.
expectation exact(placement where,
                  const std::function<unsigned(std::size_t index, std::size_t count)>& node) {
  const mpol mode = where.is_hard() ? mpol::bind : mpol::preferred_many;
  return {std::move(where),
          [node](const unit& u) { return nodes{node(u.index, u.count)}; },
          [node, mode](const unit& u) {
            return std::vector<kernel_policy>{{mode, {node(u.index, u.count)}}};
          },
          {},
          0};
}

expectation in_turn(placement where, const list& turn, std::size_t units_per_chunk) {
  return exact(std::move(where), [turn, units_per_chunk](std::size_t i, std::size_t) {
    return turn[i / units_per_chunk % turn.size()];
  });
}

std::vector<node_weight> some_weights(const list& usable) {
  std::vector<node_weight> weights;
  for (std::size_t i = 0; i < usable.size(); ++i) {
    weights.push_back({usable[i], 1 + static_cast<std::uint32_t>(i * 2 % 3)});
  }
  std::ranges::reverse(weights);  // the order given counts, not the nodes' order
  return weights;
}

list round_of(const std::vector<node_weight>& weights) {
  list round;
  for (const node_weight& w : weights) round.insert(round.end(), w.weight, w.node);
  return round;
}

/// A run ends where the exact shares of it and of those before it end, rounded down.
expectation runs(placement where, const std::vector<node_weight>& weights) {
  const list parts = round_of(weights);
  return exact(std::move(where), [parts](std::size_t index, std::size_t count) {
    std::size_t part = 0;
    while ((part + 1) * count / parts.size() <= index) ++part;
    return parts[part];
  });
}

std::vector<node_weight> equal_weights(const list& usable) {
  std::vector<node_weight> weights;
  for (unsigned n : usable) weights.push_back({n, 1});
  return weights;
}

expectation most_free(placement where, const list& usable, std::size_t together) {
  const mpol mode = where.is_hard() ? mpol::bind : mpol::preferred_many;
  const nodes set = to_set(usable);
  return {std::move(where),
          [set](const unit&) { return set; },
          [set, mode](const unit&) {
            std::vector<kernel_policy> may;
            for (unsigned n : set) may.push_back({mode, {n}});
            return may;
          },
          {},
          together};
}

unsigned odd_node(const list& usable, std::size_t index, std::size_t pages) {
  return index + 1 == pages ? usable.front() : usable[(index * index + index / 3) % usable.size()];
}

expectation by_page(const list& usable, bool hard) {
  const placement where = placement::by_page(
      [usable](std::size_t index, std::size_t pages) { return odd_node(usable, index, pages); },
      to_node_set(to_set(usable)));
  return exact(hard ? where : where.soft(),
               [usable](std::size_t index, std::size_t pages) { return odd_node(usable, index, pages); });
}

constexpr std::size_t everything = SIZE_MAX;

node_set all(const list& usable) { return to_node_set(to_set(usable)); }

std::vector<sample> make_samples() {
  using sz = std::size_t;
  return {
      {"unbound",
       [](const list& u, sz) { return one_policy(placement::unbound(), mpol::unbound, {}, to_set(u)); }},
      {"local", [](const list& u, sz) { return one_policy(placement::local(), mpol::local, {}, to_set(u)); }},
      {"bind_first", [](const list& u, sz) { return bind_to(first_of(u, 1)); }},
      {"bind_last", [](const list& u, sz) { return bind_to(last_of(u)); }},
      {"bind_two", [](const list& u, sz) { return bind_to(first_of(u, 2)); }},
      {"bind_all", [](const list& u, sz) { return bind_to(u); }},
      {"prefer_last", [](const list& u, sz) { return prefer(last_of(u)); }},
      {"prefer_two", [](const list& u, sz) { return prefer(first_of(u, 2)); }},
      {"interleave_two",
       [](const list& u, sz) {
         return spread(placement::interleave(all(first_of(u, 2))), mpol::interleave, first_of(u, 2));
       }},
      {"interleave_all",
       [](const list& u, sz) { return spread(placement::interleave(all(u)), mpol::interleave, u); }},
      {"interleave_hard",
       [](const list& u, sz) { return in_turn(placement::interleave(all(u), chunk::page).hard(), u, 1); }},
      {"interleave_chunk",
       [](const list& u, sz page) { return in_turn(placement::interleave(all(u), 2 * page), u, 2); }},
      {"interleave_chunk_hard",
       [](const list& u, sz page) { return in_turn(placement::interleave(all(u), 2 * page).hard(), u, 2); }},
      {"weighted",
       [](const list& u, sz) {
         return in_turn(placement::weighted(some_weights(u), chunk::page), round_of(some_weights(u)), 1);
       }},
      {"weighted_hard",
       [](const list& u, sz) {
         return in_turn(placement::weighted(some_weights(u), chunk::page).hard(), round_of(some_weights(u)),
                        1);
       }},
      {"weighted_chunk",
       [](const list& u, sz page) {
         return in_turn(placement::weighted(some_weights(u), 2 * page), round_of(some_weights(u)), 2);
       }},
      {"weighted_by_system",
       [](const list& u, sz) { return spread(placement::weighted_by_system(all(u)), mpol::weighted, u); }},
      {"blocked", [](const list& u, sz) { return runs(placement::blocked(all(u)), equal_weights(u)); }},
      {"blocked_soft",
       [](const list& u, sz) { return runs(placement::blocked(all(u)).soft(), equal_weights(u)); }},
      {"blocked_weights",
       [](const list& u, sz) { return runs(placement::blocked(some_weights(u)), some_weights(u)); }},
      {"most_free", [](const list& u,
                       sz) { return most_free(placement::most_free(all(u), chunk::whole), u, everything); }},
      {"most_free_chunk_hard",
       [](const list& u, sz page) { return most_free(placement::most_free(all(u), 2 * page).hard(), u, 2); }},
      {"by_page", [](const list& u, sz) { return by_page(u, true); }},
      {"by_page_soft", [](const list& u, sz) { return by_page(u, false); }},
  };
}

}  // namespace

const std::vector<sample>& samples() {
  static const std::vector<sample> all_of_them = make_samples();
  return all_of_them;
}

}  // namespace acre::test
