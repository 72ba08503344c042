#include "area/probe.hpp"

#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <algorithm>
#include <cstdint>

#include "area/huge_page_fallback.hpp"
#include "observe/policy_look.hpp"
#include "placement/policy_call.hpp"
#include "placement/strategies.hpp"
#include "sys/pages.hpp"
#include "topology/node_files.hpp"

namespace acre::inline v1 {
namespace {

/// One policy that stands for the ranges the placement will have.
policy sample_policy(const placement& where, const topology& machine) {
  if (const auto only = only_policy(where, machine)) return *only;
  if (where.is_hard()) return {policy_mode::bind, where.nodes()};
  return {policy_mode::prefer, {where.nodes().first()}};
}

void probe_pages(const area_options& options, probe_result& result) {
  result.page_kind = options.page_kind;
  const std::string why = why_unavailable(options.page_kind, options.sharing);
  if (why.empty()) return;
  const std::string what = "no " + std::string(to_string(options.page_kind)) + " pages: " + why;
  if (options.fallback == page_fallback::strict) throw error(errc::no_huge_pages, "area: " + what);
  while (!why_unavailable(result.page_kind, options.sharing).empty())
    result.page_kind = smaller(result.page_kind);
  result.downgrades.push_back({downgrade_reason::smaller_pages,
                               what + "; " + std::string(to_string(result.page_kind)) + " pages are used"});
}

/// Notes nodes that may not be used: of a soft placement with many policies only one policy was tried.
void note_forbidden_nodes(const placement& where, std::vector<downgrade>& downgrades) {
  const auto is_told = [](const downgrade& d) { return d.reason == downgrade_reason::nodes_not_allowed; };
  if (where.nodes().empty() || std::ranges::any_of(downgrades, is_told)) return;
  const auto allowed = allowed_now();
  if (!allowed || allowed->contains(where.nodes())) return;
  const node_set gone = where.nodes() - *allowed;
  downgrades.push_back({downgrade_reason::nodes_not_allowed,
                        "'" + where.to_string() + "' goes on with what is left of its nodes: " +
                            no_longer_usable(gone.first(), *allowed).what()});
}

void probe_chunk(const placement& where, probe_result& result) {
  const std::size_t page = page_size(result.page_kind);
  const std::size_t bytes = where.chunk().bytes();
  if (bytes % page == 0) return;
  result.downgrades.push_back({downgrade_reason::chunk_rounded_up,
                               "the chunk of " + format_bytes(bytes) +
                                   " is rounded up to a multiple of the page size " + format_bytes(page)});
}

/// What the kernel says that it installed; where it refuses to say anything, what it took without an error.
policy read_back(const void* p, const policy& wanted) {
  try {
    return policy_looker().at(reinterpret_cast<std::uintptr_t>(p)).value_or(wanted);
  } catch (const error&) {
    return wanted;
  }
}

}  // namespace

policy_probe probe_policy(const placement& where, const area_options& options, const topology& machine) {
  const mapping scratch(sys::page_size(), {.sharing = options.sharing, .name = options.name});
  policy_probe result;
  result.is_populated = sys::present_bytes(scratch.data(), scratch.size()) != 0;
  if (!detail::binds(where)) {  // mapped for the name's sake
    result.installed = "unbound";
    return result;
  }
  const policy wanted = sample_policy(where, machine);
  plan sample;
  sample.bytes = sample.page_size = scratch.size();
  sample.ranges = {{0, scratch.size(), wanted}};
  result.downgrades = apply(scratch.data(), sample, machine);
  const policy found = read_back(scratch.data(), wanted);
  result.installed = found.to_string();
  note_forbidden_nodes(where, result.downgrades);
  if (found != wanted && result.downgrades.empty()) {
    result.downgrades.push_back(
        {downgrade_reason::policy_differs,
         "the kernel installed '" + found.to_string() + "' instead of '" + wanted.to_string() + "'"});
  }
  return result;
}

probe_result probe(const placement& where, const area_options& options, const topology& machine) {
  probe_result result;
  if (!machine.is_this_system()) {
    throw error(errc::foreign_topology,
                "area: the topology does not describe this machine: nothing can be bound on it");
  }
  if (!where.nodes().empty()) machine.require_usable(where.nodes());
  probe_pages(options, result);
  probe_chunk(where, result);
  try {
    result.is_populated = probe_policy(where, options, machine).is_populated;
  } catch (const error& e) {
    const bool denied = e.code() == errc::binding_denied || e.code() == errc::binding_unsupported;
    if (!denied || options.on_denied == on_denied::fail) throw;
    result.bound = false;
    result.installed = "unbound";
    result.downgrades.push_back(
        {downgrade_reason::binding_denied, "'" + where.to_string() + "' went unbound: " + e.what()});
  }
  return result;
}

}  // namespace acre::inline v1
