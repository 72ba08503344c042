#include "area/probe.hpp"

#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <iterator>

#include "area/page_kinds.hpp"
#include "placement/policy_call.hpp"
#include "sys/pages.hpp"

namespace acre {
namespace {

/// One policy that stands for the ranges the placement will have.
policy sample_policy(const placement& where, const topology& machine) {
  if (const auto only = only_policy(where, machine)) return *only;
  if (where.is_hard()) return {policy_mode::bind, where.nodes()};
  return {policy_mode::prefer, {where.nodes().first()}};
}

void probe_pages(const area_options& options, probe_result& result) {
  result.pages = options.pages;
  const std::string why = why_unavailable(options.pages, options.sharing);
  if (why.empty()) return;
  const std::string what = "no " + std::string(to_string(options.pages)) + " pages: " + why;
  if (options.fallback == page_fallback::strict) throw error(errc::no_huge_pages, "area: " + what);
  while (!why_unavailable(result.pages, options.sharing).empty()) result.pages = smaller(result.pages);
  result.downgrades.push_back({downgrade_reason::smaller_pages,
                               what + "; " + std::string(to_string(result.pages)) + " pages are used"});
}

void probe_chunk(const placement& where, probe_result& result) {
  const std::size_t page = page_size(result.pages);
  const std::size_t bytes = where.chunk().bytes();
  if (bytes % page == 0) return;
  result.downgrades.push_back({downgrade_reason::chunk_rounded_up,
                               "the chunk of " + format_bytes(bytes) +
                                   " is rounded up to a multiple of the page size " + format_bytes(page)});
}

void probe_policy(const placement& where, const area_options& options, const topology& machine,
                  probe_result& result) {
  const mapping scratch(sys::page_size(), {.sharing = options.sharing, .name = options.name});
  const policy wanted = sample_policy(where, machine);
  plan sample;
  sample.bytes = sample.page_size = scratch.size();
  sample.ranges = {{0, scratch.size(), wanted}};
  auto downgrades = apply(sample, scratch.data(), machine);
  const policy found = installed_policy(scratch.data());
  result.installed = found.to_string();
  if (found != wanted && downgrades.empty()) {
    downgrades.push_back({downgrade_reason::policy_differs, "the kernel installed '" + found.to_string() +
                                                                "' instead of '" + wanted.to_string() + "'"});
  }
  result.downgrades.insert(result.downgrades.end(), std::make_move_iterator(downgrades.begin()),
                           std::make_move_iterator(downgrades.end()));
}

}  // namespace

probe_result probe(const placement& where, const area_options& options, const topology& machine) {
  probe_result result;
  if (!machine.is_this_system()) {
    throw error(errc::foreign_topology,
                "area: the topology does not describe this machine: nothing can be bound on it");
  }
  if (!where.nodes().empty()) machine.require_usable(where.nodes());
  probe_pages(options, result);
  probe_chunk(where, result);
  if (where.strategy() == strategy::unbound) {
    const mapping scratch(sys::page_size(), {.name = options.name});  // for the name's sake
    result.installed = "unbound";
    return result;
  }
  try {
    probe_policy(where, options, machine, result);
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

}  // namespace acre
