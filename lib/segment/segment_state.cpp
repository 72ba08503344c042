#include "segment/segment_state.hpp"

#include <acre/error.hpp>

#include "sys/pages.hpp"
#include "sys/processes.hpp"

namespace acre::inline v1 {

void segment_state::require_intact() const {
  const object_facts now = object->facts();
  if (now.bytes == header.object_bytes) return;
  throw error(errc::foreign_segment, "segment: somebody changed its size from " +
                                         std::to_string(header.object_bytes) + " bytes to " +
                                         std::to_string(now.bytes));
}

segment_header segment_state::current_header() const {
  segment_header latest = header;
  if (foreign) return latest;
  try {
    const segment_header now = decode(object->read_header(header.object_bytes), header.object_bytes);
    latest.placement = now.placement;
    latest.partly_rebound = now.partly_rebound;
  } catch (const error&) {
    // Damaged by somebody: what it said when it was attached.
  }
  return latest;
}

mapping map_segment(const segment_object& object, const segment_layout& layout, page_kind kind,
                    const map_wish& wish) {
  mapping m = object.map(layout.mapped, kind, wish);
  // Where shared memory gets transparent huge pages unasked the kernel would round the placement to those.
  if (kind == page_kind::system) sys::refuse_huge_pages(m.data(), m.size());
  return m;
}

creator_state state_of_creator(pid_t creator) {
  switch (sys::state_of_process(creator)) {
    case sys::process_state::alive:
      return creator_state::alive;
    case sys::process_state::gone:
      return creator_state::gone;
    case sys::process_state::unknown:
      break;
  }
  return creator_state::unknown;
}

creator_state state_of_creator(const segment_header& header) {
  if (header.creator_start == 0 || header.creator_namespace == 0 ||
      header.creator_namespace != sys::process_namespace())
    return creator_state::unknown;
  const creator_state state = state_of_creator(header.creator);
  if (state != creator_state::alive) return state;
  const auto start = sys::process_start(header.creator);
  if (!start) return creator_state::unknown;
  return *start == header.creator_start ? creator_state::alive : creator_state::gone;
}

std::string describe(const segment_header& header) {
  return header.partly_rebound ? header.placement + ", parts bound anew" : header.placement;
}

}  // namespace acre::inline v1
