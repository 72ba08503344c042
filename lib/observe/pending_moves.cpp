#include "observe/pending_moves.hpp"

#include <acre/error.hpp>

#include <algorithm>
#include <cerrno>
#include <span>
#include <system_error>

#include "sys/policy.hpp"

namespace acre {

void pending_moves::add(std::uintptr_t page, node_id target) {
  x_pages.push_back(reinterpret_cast<void*>(page));
  x_targets.push_back(static_cast<int>(target));
}

void pending_moves::run() {
  constexpr std::size_t batch = 2048;
  x_status.assign(x_pages.size(), -EBUSY);
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
      throw error(std::error_code(static_cast<int>(r), std::system_category()), "the kernel refuses move_pages(2)");
    }
    if (const int e = sys::nodes_of(pages, std::span(x_now).subspan(at, n))) {
      throw error(std::error_code(e, std::system_category()), "the kernel refuses move_pages(2)");
    }
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
