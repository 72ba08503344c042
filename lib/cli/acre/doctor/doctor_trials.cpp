#include "cli/acre/doctor/doctor_trials.hpp"

#include <acre/apply.hpp>
#include <acre/error.hpp>
#include <acre/locate.hpp>
#include <acre/mapping.hpp>
#include <acre/migrate.hpp>
#include <acre/move_process.hpp>
#include <acre/placement.hpp>
#include <acre/thread_binding.hpp>

#include <fmt/format.h>

#include <iterator>
#include <system_error>

namespace acre_cli {
namespace {

using acre::placement;

class scratch_memory {
 public:
  scratch_memory() : x_pages(4 * acre::page_size(acre::page_kind::system)) {}

  std::vector<acre::downgrade> apply(const placement& where, const acre::topology& machine) {
    return acre::apply(x_pages.data(), x_pages.size(), where, machine);
  }
  void touch() {
    volatile char* const bytes = static_cast<char*>(x_pages.data());
    for (std::size_t at = 0; at < x_pages.size(); at += page()) bytes[at] = 1;
  }
  acre::residency locate() const { return acre::locate(x_pages.data(), x_pages.size()); }
  acre::migration migrate(const placement& where, const acre::topology& machine) {
    return acre::migrate(x_pages.data(), x_pages.size(), where, machine);
  }

 private:
  static std::size_t page() { return acre::page_size(acre::page_kind::system); }

  acre::mapping x_pages;
};

outcome outcome_of(const std::error_code& code) {
  if (code == acre::errc::binding_denied || code == acre::errc::permission_denied ||
      code == std::errc::operation_not_permitted || code == std::errc::permission_denied)
    return outcome::denied;
  if (code == acre::errc::binding_unsupported || code == acre::errc::unsupported_placement ||
      code == std::errc::function_not_supported)
    return outcome::unsupported;
  return outcome::failed;
}

template <class Attempt>
trial tried(Attempt attempt) {
  try {
    return attempt();
  } catch (const acre::error& e) {
    return {outcome_of(e.code()), e.what()};
  } catch (const std::exception& e) {
    return {outcome::failed, e.what()};
  }
}

trial try_policy(const placement& where, const acre::topology& machine) {
  return tried([&]() -> trial {
    scratch_memory memory;
    const auto downgrades = memory.apply(where, machine);
    if (downgrades.empty()) return {};
    return {outcome::less, downgrades.front().text};
  });
}

trial try_locating() {
  return tried([]() -> trial {
    scratch_memory memory;
    memory.touch();
    const acre::residency where = memory.locate();
    if (where.per_mapping)
      return {outcome::less,
              "move_pages(2) and get_mempolicy(2) are refused, and told is what each mapping has"};
    if (where.resident() == where.pages) return {};
    return {outcome::failed,
            fmt::format("of {} touched pages only {} were found", where.pages, where.resident())};
  });
}

trial try_thread(acre::node_id node, const acre::topology& machine) {
  return tried([&]() -> trial {
    acre::thread_binding binding(placement::prefer({node}), machine);
    if (const auto code = binding.restore()) return {outcome::failed, code.message()};
    return {};
  });
}

/// From one node to the other, or, where there is one only, to where the pages lie.
trial try_migrating(const acre::node_set& nodes, const acre::topology& machine) {
  return tried([&]() -> trial {
    const acre::node_id from = nodes.first();
    acre::node_set others = nodes;
    others.erase(from);
    scratch_memory memory;
    memory.apply(placement::prefer({from}), machine);
    memory.touch();
    const auto done = memory.migrate(placement::prefer({others.empty() ? from : others.first()}), machine);
    if (done.failed() == 0) return {};
    return {outcome::less, done.to_string()};
  });
}

/// With this very process.
trial try_moving_processes(acre::node_id from, acre::node_id to) {
  return tried([&]() -> trial {
    acre::move_process(0, {from}, {to});
    return {};
  });
}

}  // namespace

trial try_binding(acre::node_id node, const acre::topology& machine) {
  return tried([&]() -> trial {
    scratch_memory memory;
    memory.apply(placement::bind({node}), machine);
    // A touch of hard memory on a full node would end in the OOM killer.
    memory.apply(placement::prefer({node}), machine);
    memory.touch();
    acre::residency where;
    const trial seen = tried([&]() -> trial {
      where = memory.locate();
      return {};
    });
    if (seen.result != outcome::works) return {outcome::unseen, seen.why};
    if (where.on(node) == where.pages) return {};
    return {outcome::elsewhere, where.to_string()};
  });
}

void try_the_rest(doctor_facts& facts, const acre::node_set& nodes, const acre::topology& machine) {
  const acre::node_id first = nodes.first();
  acre::node_set two = {first};
  for (const auto node : nodes)
    if (two.size() < 2) two.insert(node);
  facts.home_node = try_policy(placement::prefer({first}), machine);
  if (two.size() == 2) {
    facts.prefer_many = try_policy(placement::prefer(two), machine);
    // Over one node it would be another policy.
    facts.interleave = try_policy(placement::interleave(nodes), machine);
    const acre::node_id second = *std::next(two.begin());
    facts.moving_processes = try_moving_processes(first, second);
  }
  facts.weighted_interleave = try_policy(placement::weighted_by_system(nodes), machine);
  facts.thread_binding = try_thread(first, machine);
  facts.locating = try_locating();
  facts.migrating = try_migrating(nodes, machine);
}

}  // namespace acre_cli
