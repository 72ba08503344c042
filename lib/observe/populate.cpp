#include "observe/populate.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <exception>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "sys/pages.hpp"
#include "sys/threads.hpp"

namespace acre::inline v1 {
namespace {

/// Bytes that pay for a thread: touching 32 MiB takes some 20 ms, starting a thread 0.1 ms.
constexpr std::size_t per_thread = std::size_t{32} << 20;
/// Pieces are smaller, so that threads of one node end together.
constexpr std::size_t per_piece = std::size_t{8} << 20;

struct piece {
  std::byte* data;
  std::size_t bytes;
};

/// Pieces that want to be touched from one node's CPUs (no node: from the caller's).
struct job {
  std::vector<piece> pieces;
  std::size_t bytes = 0;
  std::vector<unsigned> cpus;
  std::atomic<std::size_t> next{0};
};

/// Linux < 5.14 has no MADV_POPULATE_WRITE; its EINVAL would look like that of memory that cannot be written.
bool kernel_populates() noexcept {
  static const bool does = [] {
    const sys::map_result scratch = sys::map({.bytes = sys::page_size()});
    if (scratch.error != 0) return true;
    const int e = sys::populate(scratch.data, sys::page_size());
    sys::unmap(scratch.data, sys::page_size());
    return e == 0;
  }();
  return does;
}

/// Writes each page and keeps what others write: a compiler may make a mere read of an addition of nothing, but not of
/// an exchange. Nothing is read before: a read fault would map the zero page, and a huge one is split when it is
/// written to.
void touch(std::byte* data, std::size_t bytes) noexcept {
  for (std::size_t at = 0; at < bytes; at += sys::page_size()) {
    const std::atomic_ref<unsigned char> first(reinterpret_cast<unsigned char&>(data[at]));
    unsigned char now = 0;
    while (!first.compare_exchange_strong(now, now, std::memory_order_relaxed)) {
    }
  }
}

int populate_piece(const piece& p) noexcept {
  if (kernel_populates()) return sys::populate(p.data, p.bytes);
  touch(p.data, p.bytes);
  return 0;
}

/// Takes pieces until there are none or somebody failed. `first_error` needs no order: it is read after the
/// joins.
void work(job& j, std::atomic<int>& first_error) noexcept {
  for (;;) {
    const std::size_t i = j.next.fetch_add(1, std::memory_order_relaxed);
    if (i >= j.pieces.size() || first_error.load(std::memory_order_relaxed) != 0) return;
    if (const int e = populate_piece(j.pieces[i])) {
      int none = 0;
      first_error.compare_exchange_strong(none, e, std::memory_order_relaxed);
    }
  }
}

/// The node whose CPUs should touch a range; nothing if the caller's.
std::optional<node_id> toucher(const policy& p) {
  if (p.nodes.size() == 1) return p.nodes.first();
  return std::nullopt;
}

std::vector<unsigned> common(const std::vector<unsigned>& a, const std::vector<unsigned>& b) {
  std::vector<unsigned> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

std::map<std::optional<node_id>, job> jobs_of(const plan& p, std::byte* base) {
  std::map<std::optional<node_id>, job> jobs;
  const std::size_t step = std::max(per_piece, p.page_size);
  for (const plan_range& r : p.ranges) {
    job& j = jobs[toucher(r.policy)];
    for (std::size_t at = 0; at < r.length; at += step) {
      j.pieces.push_back({base + r.offset + at, std::min(step, r.length - at)});
    }
    j.bytes += r.length;
  }
  return jobs;
}

}  // namespace

int populate_parallel(const plan& p, std::byte* base, const topology& machine) {
  std::atomic<int> error{0};
  auto jobs = jobs_of(p, base);
  const std::vector<unsigned> allowed = sys::allowed_cpus();
  const std::optional<node_id> here = machine.node_of_cpu(sys::current_cpu());
  std::vector<std::jthread> threads;  // joins whatever happens
  for (auto& [node, j] : jobs) {
    const std::optional<node_id> on = node ? node : here;
    j.cpus =
        on && machine.nodes().contains(*on) ? common(machine.cpus(*on), allowed) : std::vector<unsigned>{};
    // A node without CPUs: any CPU will do.
    if (j.cpus.empty()) j.cpus = allowed;
    const std::size_t wanted = std::min(j.bytes / per_thread, std::max<std::size_t>(j.cpus.size(), 1));
    for (std::size_t i = 0; i < wanted; ++i) {
      try {
        threads.emplace_back([&error, &job = j] {
          sys::pin(job.cpus);
          work(job, error);
        });
      } catch (const std::exception&) {
        break;  // no more threads to be had: those there are, and the caller, do the work
      }
    }
  }
  // What was too little for a thread, and what is left, the caller does; where the policy names the nodes it
  // does not matter who touches.
  for (auto& [node, j] : jobs) work(j, error);
  threads.clear();
  return error.load(std::memory_order_relaxed);
}

}  // namespace acre::inline v1
