#include "observe/pending_moves.hpp"

#include <acre/error.hpp>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <map>
#include <span>
#include <system_error>

#include "sys/pages.hpp"
#include "sys/policy.hpp"

namespace acre {
namespace {

/// No errno and no node.
constexpr int unwritten = std::numeric_limits<int>::min();

/// True if a fresh page that prefers `node` comes to lie there.
bool has_room(node_id node) noexcept {
  const std::size_t page = sys::page_size();
  const sys::map_result scratch = sys::map({.bytes = page});
  if (scratch.error != 0) return true;
  sys::node_bits bits{};
  bits[node / 64] = std::uint64_t{1} << (node % 64);
  int now = -1;
  if (sys::bind(scratch.data, page, sys::mode_preferred, bits) == 0) {
    *static_cast<volatile char*>(scratch.data) = 1;
    sys::nodes_of(std::span<void* const>(&scratch.data, 1), std::span(&now, 1));
  }
  sys::unmap(scratch.data, page);
  return now == static_cast<int>(node);
}

}  // namespace

void pending_moves::add(std::uintptr_t page, node_id target) {
  x_pages.push_back(reinterpret_cast<void*>(page));
  x_targets.push_back(static_cast<int>(target));
}

void pending_moves::run() {
  constexpr std::size_t batch = 2048;
  x_status.assign(x_pages.size(), unwritten);
  x_now.assign(x_pages.size(), -EBUSY);
  for (std::size_t at = 0; at < x_pages.size(); at += batch) {
    const std::size_t n = std::min(batch, x_pages.size() - at);
    const auto pages = std::span<void* const>(x_pages).subspan(at, n);
    const auto status = std::span(x_status).subspan(at, n);
    const long r = sys::move(pages, std::span<const int>(x_targets).subspan(at, n), status);
    // With ENOMEM the status of the batch is unwritten: what has moved shows in x_now, the rest found no
    // room.
    if (r == ENOMEM) std::fill(status.begin(), status.end(), -ENOMEM);
    if (r == EPERM || r == ENOSYS || r == EACCES || r == EINVAL) {
      throw error(std::error_code(static_cast<int>(r), std::system_category()),
                  "the kernel refuses move_pages(2)");
    }
    if (const int e = sys::nodes_of(pages, std::span(x_now).subspan(at, n))) {
      throw error(std::error_code(e, std::system_category()), "the kernel refuses move_pages(2)");
    }
  }
  explain_unwritten();
}

void pending_moves::explain_unwritten() {
  std::map<int, bool> room;
  for (std::size_t i = 0; i < x_pages.size(); ++i) {
    if (x_status[i] != unwritten || x_now[i] == x_targets[i]) continue;
    const auto [at, asked] = room.try_emplace(x_targets[i]);
    if (asked) at->second = has_room(static_cast<node_id>(x_targets[i]));
    x_status[i] = at->second ? -EBUSY : -ENOMEM;
  }
}

move_outcome pending_moves::outcome(std::size_t i) const noexcept {
  if (x_now[i] == x_targets[i]) return move_outcome::moved;
  if (x_status[i] == -EACCES) return move_outcome::shared;
  if (x_status[i] == -ENOMEM) return move_outcome::no_room;
  return move_outcome::busy;
}

std::size_t pending_moves::failed() const {
  std::size_t n = 0;
  each_outcome([&](std::uintptr_t, move_outcome o) { n += o != move_outcome::moved ? 1U : 0U; });
  return n;
}

}  // namespace acre
