// What migrate() did to blocks is put right before others have the memory.
#include <acre/area.hpp>

#include <exception>
#include <mutex>

#include "pool/page_heap.hpp"

namespace acre::inline v1 {

/// \returns whether units of the run, which is used, are bare now
bool page_heap::put_right(slab& s, void* p, std::size_t units) {
  // One at a time: where pages are larger than units, another run's may be just on their way back with this one's.
  const std::lock_guard alone(x_committing.front());
  bool bare = false;
  for (owned_range::taken parts(s, p, units * unit_bytes); !parts.empty(); parts.pop_front()) {
    const displaced_part& part = parts.front();
    if (!x_pages->put_right(part)) continue;
    const std::lock_guard guard(x_mutex);
    const slab::run r = s.run_of(part.data(), part.bytes() / unit_bytes);
    s.note_no_pages(r);
    bare = bare || s.is_bare(part.data(), r.count);
  }
  return bare;
}

// Others' memory goes back as it came. What an area unmaps, policies and all, needs no care.
void page_heap::give_up(owned_range& range, void* p, std::size_t bytes) noexcept {
  const auto is_area = [](const auto* r) { return dynamic_cast<const area*>(r) != nullptr; };
  if (range.has_displaced() && !is_area(x_pages->upstream())) {
    try {
      for (owned_range::taken parts(range, p, bytes); !parts.empty(); parts.pop_front())
        x_pages->put_right(parts.front());
    } catch (const std::exception&) {  // it cannot be kept either
    }
  }
  range.end();
}

void page_heap::unmap(mapping_store::mapping& m) noexcept {
  give_up(m.range, m.p, m.bytes);
  x_pages->unmap(m.p, m.bytes, m.alignment);
}

void page_heap::unmap(slab& s) noexcept {
  give_up(s, s.base(), s.bytes());
  x_pages->unmap(s.base(), s.bytes(), s.alignment());
}

}  // namespace acre::inline v1
