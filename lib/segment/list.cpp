// Finding segments.
#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <algorithm>
#include <cstdio>
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
std::optional<residency> residency_of(const segment_object& object, const segment_header& header,
                                      const object_facts& facts) {
  try {
    const segment_layout layout(header.bytes, header.page_kind);
    const mapping m = map_segment(object, layout, header.page_kind, {.access = access::read_only});
    map_existing_pages(m, layout.data, object, facts.present);
    return locate(m.data(), layout.data);
  } catch (const error&) {
    return std::nullopt;
  } catch (const allocation_error&) {
    return std::nullopt;
  }
}

/// A System V segment whose creator is at work on it, or died: the kernel knows no more of it.
segment_info unfinished(const segment_object& object, const object_facts& facts) {
  return {.backend = object.backend(),
          .bytes = facts.bytes,
          .placement = "unfinished",
          .creator = object.creator(),
          .state = state_of_creator(object.creator())};
}

segment_info finished(const segment_object& object, const object_facts& facts) {
  const segment_header header = identify(object, {.owner = segment_owner::any}).header;
  return {.backend = object.backend(),
          .bytes = header.bytes,
          .page_kind = header.page_kind,
          .placement = describe(header),
          .creator = header.creator,
          .state = state_of_creator(header),
          .resident = residency_of(object, header, facts)};
}

/// Adds the segment unless it is none of acre's, or may not be looked at.
template <class Open>
void add(std::vector<segment_info>& all, std::string name, Open open) {
  try {
    const auto object = open();
    if (object->stage() == object_stage::foreign) return;
    const object_facts facts = object->facts();
    const bool done = object->stage() != object_stage::unfinished;
    segment_info info = done ? finished(*object, facts) : unfinished(*object, facts);
    info.name = std::move(name);
    info.id = object->id();
    info.owner = facts.owner;
    info.mode = facts.mode;
    all.push_back(std::move(info));
  } catch (const error&) {
  } catch (const allocation_error&) {
    // Nobody's sparse file of a petabyte shall keep the others from being listed.
  }
}

std::string key_text(key_t key) {
  if (key == 0) return "private";
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", static_cast<unsigned>(key));
  return text;
}

/// File names may have anything in them, also what terminals obey.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

}  // namespace

std::vector<segment_info> shared_segment::list() {
  std::vector<segment_info> all;
  for (const std::string& name : sys::shared_names().value_or(std::vector<std::string>{})) {
    add(all, name, [&] { return open_file(segment_name(segment_backend::posix, name), false); });
  }
  for (const sys::segment_status& s : sys::segments().value_or(std::vector<sys::segment_status>{})) {
    if (!s.removed) add(all, key_text(s.key), [&] { return take_id(s.id); });
  }
  return all;
}

std::string segment_info::to_string() const {
  std::string text = printable(name) + " (" + std::string(acre::to_string(backend));
  if (id >= 0) text += " id " + std::to_string(id);
  text += "): " + format_bytes_rounded(bytes) + ", " + placement + ", creator " + std::to_string(creator) +
          " " + std::string(acre::to_string(state));
  if (resident) text += ", " + resident->to_string();
  return text;
}

std::ostream& operator<<(std::ostream& out, const segment_info& s) { return out << s.to_string(); }

}  // namespace acre::inline v1
