// Placing segments anew.
#include <acre/error.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include "area/huge_page_fallback.hpp"
#include "observe/page_mover.hpp"
#include "segment/existing_pages.hpp"
#include "segment/segment_state.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {
namespace {

struct part {
  std::size_t offset;
  std::size_t bytes;
};

/// \param size of the data as they were asked for
part part_of(const segment_layout& layout, std::size_t size, const segment_bind_options& o) {
  if (o.offset % layout.page != 0) {
    throw error(errc::invalid_alignment, "segment: the offset " + std::to_string(o.offset) +
                                             " is not a multiple of the page size " +
                                             std::to_string(layout.page));
  }
  if (o.offset >= layout.data) {
    throw error(errc::invalid_size, "segment: the offset " + std::to_string(o.offset) +
                                        " is not within its " + std::to_string(size) + " bytes");
  }
  if (o.bytes > layout.data - o.offset) {
    throw error(errc::invalid_size, "segment: " + std::to_string(o.bytes) + " bytes from " +
                                        std::to_string(o.offset) + " on reach beyond its " +
                                        std::to_string(size));
  }
  const std::size_t bytes = o.bytes == 0 ? layout.data - o.offset : o.bytes;
  return {o.offset, (bytes + layout.page - 1) / layout.page * layout.page};
}

/// Installs the policies through a mapping that ends here, see create.cpp. No other would do: the kernel looks at the
/// policy a mapping itself set last, whatever others have made of the object's since. Setting the same again changes
/// nothing, and where neighbouring mappings come to have the same they are joined and it is set on all of them
/// (mbind_range() of Linux 6.1 and 6.12).
std::vector<downgrade> place_part(const segment_state& s, const part& where_to, const plan& ranges,
                                  const topology& machine) {
  const mapping m = map_segment(*s.object, s.layout, s.header.page_kind, {});
  auto* const all = static_cast<std::byte*>(m.data());
  std::byte* const begin = all + where_to.offset;
  // "None" is what a new mapping has: so another before, and neighbours of another kind.
  if (ranges.ranges.front().policy.mode == policy_mode::unbound) {
    std::byte* const end = begin + where_to.bytes;
    for (const auto& [rest, bytes] :
         {std::pair(all, where_to.offset), std::pair(end, m.size() - where_to.offset - where_to.bytes)}) {
      if (bytes == 0) continue;
      if (const int e = sys::forbid_writing(rest, bytes))
        throw error(std::error_code(e, std::system_category()), "segment: dividing a mapping");
    }
    apply(begin, where_to.bytes, placement::local(), machine);
  }
  return apply(begin, ranges, machine);
}

/// The header in the object may be newer than this process's.
void write_placement(segment_state& s, const part& changed, const placement& where) {
  if (s.foreign) return;
  segment_header header = decode(s.object->read_header(s.header.object_bytes), s.header.object_bytes);
  if (changed.bytes == s.layout.data) {
    header.placement = where.to_string();
    header.partly_rebound = false;
  } else {
    header.partly_rebound = true;
  }
  s.object->write_header(encode(header), s.header.object_bytes,
                         map_segment(*s.object, s.layout, s.header.page_kind, {}));
  s.header = std::move(header);
}

}  // namespace

migration shared_segment::bind(const placement& where, const segment_bind_options& o,
                               const topology& machine) {
  if (x_state == nullptr) throw error(errc::invalid_argument, "segment: this object is attached to nothing");
  segment_state& s = *x_state;
  if (!s.writable)
    throw error(errc::permission_denied,
                "segment: attached for reading only, its placement is others' to change");
  s.require_intact();
  const part range = part_of(s.layout, s.header.bytes, o);
  std::byte* const begin = s.data() + range.offset;
  const plan ranges = plan_mapping(where, range.bytes, range.bytes, s.header.page_kind, machine);
  migration result;
  if (o.existing == existing_pages::migrate) {
    std::vector<downgrade> downgrades;
    // Of hugetlb pages others would not see it.
    if (!is_hugetlb(s.header.page_kind)) downgrades = place_part(s, range, ranges, machine);
    map_existing_pages(s.memory, s.layout.data, *s.object, s.object->present());
    result = move_to_plan(begin, ranges, machine);
    result.downgrades = std::move(downgrades);
  } else {
    if (is_hugetlb(s.header.page_kind)) {
      throw error(errc::unsupported_placement,
                  "segment: the kernel keeps no placement of hugetlb pages for other processes; only "
                  "those that exist "
                  "can be placed, by moving them");
    }
    if (has_pages(begin, range.bytes, s.header.page_kind)) {
      throw error(errc::already_populated,
                  "segment: pages exist there already, which only moving them would place");
    }
    result.downgrades = place_part(s, range, ranges, machine);
    result.untouched = range.bytes / sys::page_size();
  }
  write_placement(s, range, where);
  return result;
}

}  // namespace acre::inline v1
