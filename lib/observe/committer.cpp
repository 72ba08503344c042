#include "observe/committer.hpp"

#include <acre/prefault.hpp>

#include <algorithm>

#include "observe/exact_pages.hpp"
#include "observe/room.hpp"
#include "placement/kernel_policy.hpp"
#include "placement/planned_ranges.hpp"
#include "placement/policy_call.hpp"
#include "sys/clock.hpp"
#include "sys/pages.hpp"
#include "sys/policy.hpp"

namespace acre::inline v1 {
namespace {

/// What is larger is worth threads, and a look at what it needs.
constexpr std::size_t largest_piece = std::size_t{4} << 20;

/// How long a look at the room holds, and which part of what was seen: others take of it, too.
constexpr std::int64_t room_milliseconds = 100;
constexpr std::uint64_t part_of_room = 8;

std::optional<policy> policy_of_all(const placement& where, bool binds, const topology& machine) {
  if (!binds) return policy{};
  return only_policy(where, machine);
}

plan plan_of(std::size_t bytes, const policy& where) {
  return {.ranges = {{0, bytes, where}}, .bytes = bytes, .page_size = sys::page_size()};
}

}  // namespace

committer::committer(const placement& where, bool binds, std::size_t page, const topology& machine)
    : x_machine(machine), x_page(page), x_only(policy_of_all(where, binds, machine)) {
  if (x_only) {
    if (!x_only->nodes.empty()) x_targets.push_back(x_only->nodes);
  } else {
    for (node_id n : where.nodes()) x_targets.push_back({n});
  }
}

void committer::expect(void* p, std::size_t bytes) const noexcept {
  if (x_only && x_only->mode == policy_mode::bind) prefer_for_now(p, bytes, x_only->nodes);
}

void committer::commit(void* p, std::size_t bytes) {
  const std::size_t page = sys::page_size();
  const auto first = reinterpret_cast<std::uintptr_t>(p);
  auto* at = reinterpret_cast<std::byte*>(first / page * page);
  auto* const end = reinterpret_cast<std::byte*>((first + bytes + page - 1) / page * page);
  while (at != end) {
    const auto rest = static_cast<std::size_t>(end - at);
    if (x_only) return commit_range(at, rest, *x_only);
    if (const auto exact = planned_ranges::exact_around(at, rest))
      return commit_exactly(*exact, exact->offset_of(at), rest);
    policy where;
    const std::size_t run = rest > largest_piece ? 0 : run_of(at, rest, where);
    // So much is worth threads; or the kernel refuses get_mempolicy(2), and prefault() knows other ways.
    if (run == 0) return prefault(at, rest, x_machine);
    commit_range(at, run, where);
    at += run;
  }
}

void committer::commit_range(void* p, std::size_t bytes, const policy& where) {
  if (bytes <= largest_piece) {
    if (!is_room_known(bytes)) look_for_room(p, plan_of(bytes, where));
    if (try_commit(p, bytes, where)) return;
  }
  prefault(p, plan_of(bytes, where), x_machine);
}

bool committer::try_commit(void* p, std::size_t bytes, const policy& where) const noexcept {
  if (where.mode != policy_mode::bind) return sys::populate(p, bytes) == 0;
  return prefer_for_now(p, bytes, where.nodes) == 0 && sys::populate(p, bytes) == 0 &&
         sys::bind(p, bytes, sys::mode_bind, to_bits(where.nodes), sys::page_moving::refused) == 0;
}

/// The bytes from `p` on, whole pages, that have one policy; 0 where the kernel does not tell.
std::size_t committer::run_of(const void* p, std::size_t bytes, policy& where) const {
  const auto* const begin = static_cast<const std::byte*>(p);
  sys::raw_policy first;
  if (sys::policy_at(p, first) != 0) return 0;
  where = from_kernel(first);
  const auto start = reinterpret_cast<std::uintptr_t>(p);
  for (std::uintptr_t at = (start / x_page + 1) * x_page; at < start + bytes; at += x_page) {
    sys::raw_policy next;
    if (sys::policy_at(begin + (at - start), next) != 0 || from_kernel(next) != where) return at - start;
  }
  return bytes;
}

void committer::commit_exactly(const planned_mapping& as, std::size_t from, std::size_t bytes) {
  if (bytes > largest_piece) {
    if (bytes == as.bytes) require_room(as.sums(x_machine), nullptr, x_machine);
  } else if (!is_room_known(bytes)) {
    look_for_room(as.begin + from, as.part(from, bytes, x_machine));
  }
  make_exact_pages(as, from, bytes, x_machine);
}

bool committer::is_room_known(std::size_t bytes) noexcept {
  const auto wanted = static_cast<std::int64_t>(bytes);
  return sys::coarse_milliseconds() < x_known_until.load(std::memory_order_relaxed) &&
         x_known_room.fetch_sub(wanted, std::memory_order_relaxed) >= wanted;
}

void committer::look_for_room(const void* p, const plan& wanted) {
  const std::int64_t now = sys::coarse_milliseconds();
  const std::uint64_t room = require_room(wanted, p, x_machine, x_targets);
  constexpr std::uint64_t most = std::uint64_t{1} << 40;
  x_known_room.store(static_cast<std::int64_t>(std::min(room / part_of_room, most)),
                     std::memory_order_relaxed);
  x_known_until.store(now + room_milliseconds, std::memory_order_relaxed);
}

}  // namespace acre::inline v1
