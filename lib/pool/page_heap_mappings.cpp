// Large blocks of a page_heap that have mappings of their own.
#include <memory>
#include <mutex>
#include <utility>

#include "base/report_misuse.hpp"
#include "pool/page_heap.hpp"

namespace acre::inline v1 {

void* page_heap::allocate_mapping(std::size_t bytes, std::size_t alignment) {
  void* kept = nullptr;
  chores todo;
  bool is_refused = false;
  {
    const std::lock_guard guard(x_mutex);
    is_refused = is_beyond_limit(bytes);
    if (!is_refused) {
      if (const auto* const m = x_mappings.reuse(bytes, alignment)) {
        kept = m->p;
        count_use(m->bytes);
        count_block(m->bytes);
      } else {
        x_coming += bytes;
      }
    }
    todo = look_for_chores();
  }
  tend(todo);
  if (is_refused) fail_limit(bytes);
  if (kept != nullptr) return kept;
  std::unique_ptr<mapping_store::mapping> made;
  try {
    made = map_block(bytes, alignment);
  } catch (...) {
    const std::lock_guard guard(x_mutex);
    count_arrival(bytes);
    throw;
  }
  void* const p = made->p;
  const std::lock_guard guard(x_mutex);
  count_arrival(bytes);
  count_use(bytes);
  count_block(bytes);
  x_mappings.add(std::move(made));
  return p;
}

std::unique_ptr<mapping_store::mapping> page_heap::map_block(std::size_t bytes, std::size_t alignment) {
  auto made = std::make_unique<mapping_store::mapping>();
  const owned_range::rules how = x_pages->ownership();
  made->p = x_pages->map(bytes, alignment);
  made->bytes = bytes;
  made->alignment = alignment;
  made->range.enter(made->p, bytes, how);
  try {
    x_pages->commit(made->p, bytes);
  } catch (...) {
    unmap(*made);
    throw;
  }
  return made;
}

/// Whether the mapping may be that of a block that is freed with `bytes`.
bool page_heap::may_be_block(const mapping_store::mapping& m, std::size_t bytes) const noexcept {
  if (bytes > m.bytes) return false;
  const std::size_t needs = mapping_bytes(bytes);
  return m.bytes == needs || (x_reuse == page_reuse::any && m.bytes - needs <= needs / 8);
}

void page_heap::deallocate_mapping(void* p, std::size_t bytes) noexcept {
  chores todo;
  std::unique_ptr<mapping_store::mapping> gone;
  bool is_live = false;
  {
    const std::lock_guard guard(x_mutex);
    mapping_store::mapping* const m = x_mappings.find(p);
    is_live = m != nullptr && may_be_block(*m, bytes);
    if (is_live) {
      count_end(m->bytes, use::block);
      // One that migrate() left elsewhere is good for no other block.
      if (x_reuse == page_reuse::none || m->range.has_displaced()) {
        gone = x_mappings.remove(*m);
      } else {
        x_mappings.keep(*m);
      }
      todo = look_for_chores();
    }
  }
  if (!is_live) return report_no_block("pool", p, bytes);
  if (gone) unmap(*gone);
  tend(todo);
}

}  // namespace acre::inline v1
