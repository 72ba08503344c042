#include "observe/populate.hpp"

#include <acre/error.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <exception>
#include <iterator>
#include <map>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "base/counted.hpp"
#include "sys/pages.hpp"
#include "sys/threads.hpp"

namespace acre::inline v1 {
namespace {

/// Bytes that pay for a thread: touching 32 MiB takes some 20 ms, starting a thread 0.1 ms.
constexpr std::size_t per_thread = std::size_t{32} << 20;
/// Pieces are smaller, so that threads of one node end together.
constexpr std::size_t per_piece = std::size_t{8} << 20;

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

int populate_piece(std::byte* data, std::size_t bytes) noexcept {
  if (kernel_populates()) return sys::populate(data, bytes);
  touch(data, bytes);
  return 0;
}

/// A job, and which of its pieces is next.
struct job_under_way {
  const populate_job* job = nullptr;
  std::atomic<std::size_t> next{0};
};

/// Takes pieces until there are none left, or one has failed.
void work(job_under_way& j, std::byte* base, std::atomic<int>& first_error) noexcept {
  for (;;) {
    const std::size_t i = j.next.fetch_add(1, std::memory_order_relaxed);
    if (i >= j.job->pieces.size() || first_error.load(std::memory_order_relaxed) != 0) return;
    const populate_piece_at& piece = j.job->pieces[i];
    if (const int e = populate_piece(base + piece.offset, piece.bytes)) {
      int none = 0;
      first_error.compare_exchange_strong(none, e, std::memory_order_relaxed);
    }
  }
}

/// Joins whatever happens; not of std::jthread, which libc++ has from 20 on.
struct joined_threads {
  std::vector<std::thread> all;

  joined_threads() = default;
  joined_threads(const joined_threads&) = delete;
  joined_threads& operator=(const joined_threads&) = delete;
  ~joined_threads() { join(); }
  void join() {
    for (std::thread& t : all) t.join();
    all.clear();
  }
};

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

}  // namespace

std::vector<populate_job> populate_jobs(const plan& p, const topology& machine,
                                        const std::vector<unsigned>& allowed, std::optional<node_id> here) {
  std::map<std::optional<node_id>, populate_job> jobs;
  const std::size_t step = std::max(per_piece, p.page_size);
  for (const plan_range& r : p.ranges) {
    populate_job& j = jobs[toucher(r.policy)];
    for (std::size_t at = 0; at < r.length; at += step)
      j.pieces.push_back({r.offset + at, std::min(step, r.length - at)});
  }
  std::vector<populate_job> all;
  for (auto& [node, j] : jobs) {
    const std::optional<node_id> on = node ? node : here;
    if (on && machine.nodes().contains(*on)) j.cpus = common(machine.cpus(*on), allowed);
    // A node without CPUs: any CPU will do.
    if (j.cpus.empty()) j.cpus = allowed;
    std::size_t bytes = 0;
    for (const populate_piece_at& piece : j.pieces) bytes += piece.bytes;
    j.threads = std::min(bytes / per_thread, std::max<std::size_t>(j.cpus.size(), 1));
    all.push_back(std::move(j));
  }
  return all;
}

int populate_parallel(const plan& p, std::byte* base, const topology& machine) {
  std::atomic<int> error{0};
  const std::vector<populate_job> jobs =
      populate_jobs(p, machine, sys::allowed_cpus(), machine.node_of_cpu(sys::current_cpu()));
  std::vector<job_under_way> all(jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) all[i].job = &jobs[i];
  joined_threads threads;
  for (job_under_way& j : all) {
    for (std::size_t i = 0; i < j.job->threads; ++i) {
      try {
        threads.all.emplace_back([&error, &j, base] {
          sys::pin(j.job->cpus);
          work(j, base, error);
        });
      } catch (const std::exception&) {
        break;  // no more threads to be had: those there are, and the caller, do the work
      }
    }
  }
  // What was too little for a thread, and what is left, the caller does; where the policy names the nodes it
  // does not matter who touches.
  for (job_under_way& j : all) work(j, base, error);
  threads.join();
  return error.load(std::memory_order_relaxed);
}

void populate_or_throw(const plan& p, std::byte* base, bool pooled, const topology& machine) {
  const int e = populate_parallel(p, base, machine);
  if (e == 0) return;
  const std::string what = "prefault of " + counted(p.bytes, "byte");
  if (e == EFAULT && pooled)
    throw error(errc::no_huge_pages, what + ": no huge page left where the policy allows one");
  if (e == EINVAL) throw error(errc::invalid_argument, what + ": the range is not writable");
  if (e == ENOMEM)
    throw error(errc::out_of_memory, what + ": no memory, or part of the range was unmapped meanwhile");
  // EFAULT: nothing behind a file mapping, or its file system is full. EHWPOISON: a memory error.
  throw error(std::error_code(e, std::system_category()), what);
}

}  // namespace acre::inline v1
