// Finding segments.
#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <algorithm>
#include <ostream>
#include <string>
#include <utility>

#include "segment/existing_pages.hpp"
#include "segment/segment_state.hpp"
#include "sys/shared.hpp"
#include "sys/sysv.hpp"

namespace acre::inline v1 {
namespace {

/// Where the pages of a segment lie; nothing if the kernel does not tell this user.
std::optional<residency> residency_of(const segment_object& object, const segment_header& header) {
  try {
    const segment_layout layout(header.bytes, header.page_kind);
    const mapping m = map_segment(object, layout, header.page_kind, {.access = access::read_only});
    map_existing_pages(m, layout.data, object, object.present());
    return locate(m.data(), layout.data);
  } catch (const failure&) {
    return std::nullopt;
  }
}

/// Of a System V segment whose creator is at work on it, or died, the kernel knows no more than this.
segment_info unfinished(const segment_object& object) {
  segment_info info = info_of(object, {.bytes = object.facts().bytes, .placement = "unfinished"});
  info.state = state_of_creator(info.creator);
  return info;
}

/// Adds the segment unless it is none of acre's, or may not be looked at.
template <class Open>
void add(std::vector<segment_info>& all, Open open) {
  try {
    const auto object = open();
    const object_facts facts = object->facts();
    if (facts.stage == object_stage::foreign) return;
    if (facts.stage == object_stage::unfinished) return all.push_back(unfinished(*object));
    const segment_header header = identify(*object, facts, {.owner = segment_owner::any}).header;
    segment_info info = info_of(*object, header);
    info.resident = residency_of(*object, header);
    all.push_back(std::move(info));
  } catch (const failure&) {
    // Nobody's sparse file of a petabyte shall keep the others from being listed.
  }
}

/// File names may have anything in them, also what terminals obey.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

}  // namespace

segment_info info_of(const segment_object& object, const segment_header& header) {
  const object_facts facts = object.facts();
  segment_info info{.name = object.name(),
                    .backend = object.backend(),
                    .id = object.id(),
                    .bytes = header.bytes,
                    .page_kind = header.page_kind,
                    .placement = describe(header),
                    .owner = facts.owner,
                    .mode = facts.mode,
                    .creator = object.creator()};
  if (header.creator != 0) {
    info.creator = header.creator;
    info.state = state_of_creator(header);
  }
  return info;
}

std::vector<segment_info> shared_segment::list() {
  std::vector<segment_info> all;
  for (const std::string& name : sys::shared_names().value_or(std::vector<std::string>{})) {
    add(all, [&] { return open_file(segment_name(segment_backend::posix, name), intent::look); });
  }
  for (const sys::segment_status& s : sys::segments().value_or(std::vector<sys::segment_status>{})) {
    if (!s.removed) add(all, [&] { return take_id(s.id, intent::look); });
  }
  return all;
}

std::string segment_info::to_string() const {
  std::string text = name.empty() ? "" : printable(name) + " ";
  text += "(" + std::string(acre::to_string(backend));
  if (id >= 0) text += " id " + std::to_string(id);
  text += "): " + format_bytes_rounded(bytes);
  if (!placement.empty()) text += ", " + placement;
  if (creator != 0)
    text += ", creator " + std::to_string(creator) + " " + std::string(acre::to_string(state));
  if (resident) text += ", " + resident->to_string();
  return text;
}

std::ostream& operator<<(std::ostream& out, const segment_info& s) { return out << s.to_string(); }

}  // namespace acre::inline v1
