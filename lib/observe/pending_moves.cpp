#include "observe/pending_moves.hpp"

#include <acre/error.hpp>

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <span>
#include <string>
#include <system_error>

#include "observe/page_range.hpp"
#include "sys/pages.hpp"
#include "sys/policy.hpp"

namespace acre::inline v1 {
namespace {

/// True if a fresh page that prefers `node` comes to lie there, or if nothing tells.
bool has_room(node_id node) noexcept {
  const std::size_t page = sys::page_size();
  const sys::map_result scratch = sys::map({.bytes = page});
  if (scratch.error != 0) return true;
  sys::node_bits bits{};
  bits[node / 64] = std::uint64_t{1} << (node % 64);
  int now = static_cast<int>(node);
  if (sys::bind(scratch.data, page, sys::mode_preferred, bits) == 0) {
    *static_cast<volatile char*>(scratch.data) = 1;
    if (sys::nodes_of(std::span<void* const>(&scratch.data, 1), std::span(&now, 1)) != 0 &&
        sys::node_at(scratch.data, now) != 0)
      now = static_cast<int>(node);
  }
  sys::unmap(scratch.data, page);
  return now == static_cast<int>(node);
}

std::uintptr_t huge_page_of(const void* p) noexcept {
  return reinterpret_cast<std::uintptr_t>(p) / huge_page;
}

/// How many entries a call of move_pages(2) that failed is done with: those that it told of, and the row that it
/// stopped at.
/// \param r what sys::move() returned
std::size_t done_with(std::span<void* const> pages, std::span<const int> targets, std::span<int> status,
                      long r) {
  const std::size_t all = status.size();
  std::size_t i = 0;
  while (i != all && status[i] != no_status) ++i;
  if (i == all) return all;
  const int target = targets[i];
  if (r == EACCES || r == EINVAL || r == ENODEV) {
    throw error(std::error_code(static_cast<int>(r), std::system_category()),
                "move_pages(2) does not take node " + std::to_string(target) + " for a target");
  }
  for (; i != all && targets[i] == target && status[i] == no_status; ++i) {
    if (r == ENOMEM) status[i] = -ENOMEM;
  }
  // The other pages of a huge page that is held. One of them that is tried anew would bring all of it again.
  if (i != all && status[i] == -EBUSY) {
    const auto held = huge_page_of(pages[i - 1]);
    while (i != all && targets[i] == target && huge_page_of(pages[i]) == held) ++i;
  }
  return i;
}

}  // namespace

void pending_moves::add(std::uintptr_t page, node_id target) {
  x_pages.push_back(reinterpret_cast<void*>(page));
  x_targets.push_back(static_cast<int>(target));
  x_status.push_back(no_status);
}

// The kernel goes by rows of pages with one target. Of a row that does not move whole the status stays unwritten, and
// what comes after it is not tried (mm/migrate.c, do_pages_move, Linux 4.17). So there are few rows, and the rest is
// tried again behind such a one.
int pending_moves::run() {
  const std::size_t all = x_pages.size();
  std::vector<std::size_t> order(all);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return x_targets[a] < x_targets[b]; });
  std::vector<void*> pages(all);
  std::vector<int> targets(all);
  std::vector<int> status(all, no_status);
  for (std::size_t k = 0; k < all; ++k) {
    pages[k] = x_pages[order[k]];
    targets[k] = x_targets[order[k]];
  }
  constexpr std::size_t batch = 2048;
  int refused = 0;
  for (std::size_t at = 0; at < all && refused == 0;) {
    const std::size_t n = std::min(batch, all - at);
    const auto these = std::span<void* const>(pages).subspan(at, n);
    const auto to = std::span<const int>(targets).subspan(at, n);
    const auto told = std::span(status).subspan(at, n);
    // Entries that this call does not come to shall not have an earlier one's.
    std::ranges::fill(told, no_status);
    const long r = sys::move(these, to, told);
    if (r == EPERM || r == ENOSYS) refused = static_cast<int>(r);
    at += r == 0 ? n : done_with(these, to, told, r);
  }
  for (std::size_t k = 0; k < all; ++k) x_status[order[k]] = status[k];
  return refused;
}

move_failure failure_teller::why(int status, node_id target) {
  if (status == -EACCES) return move_failure::shared;
  if (status == -ENOMEM) return move_failure::no_room;
  if (status != no_status) return move_failure::busy;
  // A full node leaves the status unwritten, with ENOMEM or, on newer kernels, with a count of pages for result.
  auto known = std::find_if(x_room.begin(), x_room.end(), [&](const auto& r) { return r.first == target; });
  if (known == x_room.end()) known = x_room.insert(known, {target, has_room(target)});
  return known->second ? move_failure::busy : move_failure::no_room;
}

node_id nearest_of(const topology& machine, node_id now, const node_set& nodes) {
  if (nodes.size() == 1 || !machine.nodes().contains(now)) return nodes.first();
  return machine.nearest_first(now, nodes).front();
}

}  // namespace acre::inline v1
