#include "segment/segment_state.hpp"

#include <acre/error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "area/page_kinds.hpp"
#include "sys/pages.hpp"

namespace acre {
namespace {

std::size_t checked_sum(std::size_t a, std::size_t b, std::size_t bytes) {
  if (a > static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) - b) {
    throw error(errc::invalid_size,
                "segment: " + std::to_string(bytes) + " bytes are more than an address space has");
  }
  return a + b;
}

std::size_t whole(std::size_t bytes, std::size_t page, std::size_t asked) {
  return checked_sum(bytes, page - 1, asked) / page * page;
}

/// Linux < 5.14 has no MADV_POPULATE_READ.
void read_each(const std::byte* p, std::size_t bytes) noexcept {
  for (std::size_t at = 0; at < bytes; at += sys::page_size())
    static_cast<void>(*const_cast<const volatile std::byte*>(p + at));
}

void map_for_reading(std::byte* p, std::size_t bytes) {
  const int e = sys::populate_for_reading(p, bytes);
  if (e == EINVAL) return read_each(p, bytes);
  // EFAULT: shrunk by somebody meanwhile. What cannot be mapped does not lie anywhere.
  if (e != 0 && e != EFAULT)
    throw error(std::error_code(e, std::system_category()), "segment: mapping its pages");
}

}  // namespace

segment_layout::segment_layout(std::size_t bytes, page_kind pages) {
  if (bytes == 0) throw error(errc::invalid_size, "segment: 0 bytes");
  const bool huge = is_hugetlb(pages);
  page = huge ? page_size(pages) : sys::page_size();
  data = whole(bytes, page, bytes);
  object = huge ? whole(checked_sum(bytes, record_size, bytes), page, bytes)
                : checked_sum(data, std::max(page, record_size), bytes);
  mapped = huge ? object : data;
}

void segment_state::require_intact() const {
  const std::uint64_t now = object->facts().bytes;
  if (now == record.object_bytes) return;
  throw error(errc::foreign_segment, "segment: somebody changed its size from " +
                                         std::to_string(record.object_bytes) + " bytes to " +
                                         std::to_string(now));
}

mapping map_segment(const segment_object& object, const segment_layout& layout, page_kind pages,
                    const map_wish& wish) {
  mapping m = object.map(layout.mapped, pages, wish);
  // Where shmem_enabled says "always" the kernel would round the placement to huge pages.
  if (pages == page_kind::system) sys::refuse_huge_pages(m.data(), m.size());
  return m;
}

creator_state state_of_creator(const segment_record& record) {
  if (record.creator_start == 0 || record.creator_namespace == 0 ||
      record.creator_namespace != sys::process_namespace())
    return creator_state::unknown;
  return sys::process_start(record.creator) == record.creator_start ? creator_state::alive
                                                                    : creator_state::gone;
}

std::string describe(const segment_record& record) {
  return record.partly_rebound ? record.placement + ", parts bound anew" : record.placement;
}

segment_record current_record(const segment_state& s) {
  segment_record record = s.record;
  if (s.foreign) return record;
  try {
    segment_record now = decode(s.object->read_record(), s.record.object_bytes);
    record.placement = std::move(now.placement);
    record.partly_rebound = now.partly_rebound;
  } catch (const error&) {
    // Damaged by somebody: what it said when it was attached.
  }
  return record;
}

void fail_commit(const error& why, std::size_t bytes, const std::string& where) {
  const std::error_code code = why.code();
  if (code == std::error_code(EFAULT, std::system_category()))
    throw allocation_error(errc::no_space, bytes, where, "/dev/shm is full");
  if (code == errc::node_full || code == errc::out_of_memory || code == errc::no_huge_pages)
    throw allocation_error(code, bytes, where, why.what());
  throw why;
}

void map_existing_pages(const mapping& memory, std::size_t bytes, uid_t owner, bool writable) {
  auto* const base = static_cast<std::byte*>(memory.data());
  if (is_hugetlb(memory.pages())) return map_for_reading(base, bytes);
  // mincore(2) says "all" to others since Linux 5.2.
  if (!writable && owner != sys::own_user() && sys::own_user() != 0) {
    throw error(errc::permission_denied,
                "segment: the kernel tells which pages exist only to the owner and to those who may write");
  }
  const std::size_t page = sys::page_size();
  std::array<unsigned char, 4096> present;
  const std::size_t pages = bytes / page;
  for (std::size_t first = 0; first < pages; first += present.size()) {
    const auto batch = std::span(present).first(std::min(present.size(), pages - first));
    if (sys::present_pages(base + first * page, batch) != 0) return;
    for (auto at = batch.begin(); at != batch.end();) {
      const auto begin = std::find(at, batch.end(), 1);
      const auto end = std::find(begin, batch.end(), 0);
      if (begin != end) {
        map_for_reading(base + (first + static_cast<std::size_t>(begin - batch.begin())) * page,
                        static_cast<std::size_t>(end - begin) * page);
      }
      at = end;
    }
  }
}

bool has_pages(const void* p, std::size_t bytes, page_kind pages) {
  return is_hugetlb(pages) || sys::present_bytes(p, bytes) != 0;
}

}  // namespace acre
