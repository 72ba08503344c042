// The pages of what a page_heap hands out: made where there are none yet (commit), so that a full node is an
// exception and kills nobody, and put right where migrate() left others.
#include <algorithm>
#include <mutex>

#include "pool/page_heap.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {

/// A run of units that is used gets the pages that it is to have.
void page_heap::make_ready(const taken& run, std::size_t units) {
  const bool bare = run.displaced && put_right(*run.from, run.p, units);
  if (run.bare || bare) commit(*run.from, run.p, units);
}

/// Makes the pages of a run of units that is used: in whole pieces or, where there is no room for those, of the run
/// alone, but for pages that it begins or ends within: if some of them cannot be made, all go back.
void page_heap::commit(slab& s, void* p, std::size_t units) {
  const slab::run pieces = s.pieces_of(p, units);
  try {
    commit_part(s, pieces);
  } catch (const std::bad_alloc&) {
    const slab::run least = s.pieces_of(p, units, std::max<std::size_t>(sys::page_size() / unit_bytes, 1));
    if (pieces.count == least.count) throw;
    commit_part(s, least);
  }
}

/// Guards the pages of a run within a window.
small_mutex& page_heap::committing(const slab& s, const slab::run& r) noexcept {
  const std::size_t window = std::max(commit_window, s.piece() / unit_bytes);
  return x_committing[r.first / window % x_committing.size()];
}

void page_heap::commit_part(slab& s, const slab::run& part) {
  for (std::size_t at = part.first; at != part.first + part.count;) {
    const std::size_t end = std::min((at / commit_window + 1) * commit_window, part.first + part.count);
    // Others may be making pages of the same piece.
    const std::lock_guard alone(committing(s, {at, end - at}));
    for (;;) {
      slab::run bare;
      {
        const std::lock_guard guard(x_mutex);
        bare = s.bare_run({at, end - at});
        // Else they could be on their way back while they are made.
        x_dirty_units -= s.forget_dirty(bare);
        x_slabs.update(s);
      }
      if (bare.count == 0) break;
      try {
        x_pages->commit(s.address(bare), bare.count * unit_bytes);
      } catch (...) {
        if (!x_pages->discard(s.address(bare), bare.count * unit_bytes)) {
          const std::lock_guard guard(x_mutex);
          const std::size_t dirty = s.dirty_units();
          s.note_unsure_pages(bare);
          x_dirty_units += s.dirty_units() - dirty;
          x_slabs.update(s);
        }
        throw;
      }
      const std::lock_guard guard(x_mutex);
      const std::size_t dirty = s.dirty_units();
      s.note_pages(bare);
      x_dirty_units += s.dirty_units() - dirty;
      x_slabs.update(s);
    }
    at = end;
  }
}

/// \returns whether units of the run, which is used, are bare now
bool page_heap::put_right(slab& s, void* p, std::size_t units) {
  const slab::run all = s.run_of(p, units);
  const std::size_t end = all.first + all.count;
  for (std::size_t at = all.first; at != end;) {
    const std::size_t next = std::min((at / commit_window + 1) * commit_window, end);
    put_right_part(s, {at, next - at});
    at = next;
  }
  const std::lock_guard guard(x_mutex);
  return s.is_bare(p, units);
}

void page_heap::put_right_part(slab& s, const slab::run& part) {
  // Who makes pages beside may make those of bare units here, by the policy that is there. And where pages are larger
  // than units, another run's may be on their way back with this one's.
  const std::lock_guard alone(committing(s, part));
  for (owned_range::taken parts(s, s.address(part), part.count * unit_bytes); !parts.empty();
       parts.pop_front()) {
    const displaced_part& displaced = parts.front();
    if (!x_pages->put_right(displaced)) continue;
    // Policies may change within a unit.
    const std::size_t first = s.run_of(displaced.data(), 1).first;
    const std::size_t last = s.run_of(displaced.last(), 1).first;
    const std::lock_guard guard(x_mutex);
    s.note_no_pages({first, last - first + 1});
  }
}

}  // namespace acre::inline v1
