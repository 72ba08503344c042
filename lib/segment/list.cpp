// Finding segments.
#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <cstdio>
#include <ostream>
#include <string>
#include <utility>

#include "segment/segment_state.hpp"

namespace acre {
namespace {

/// Where its pages lie; nothing if the kernel does not tell this user.
std::optional<residency> residency_of(const segment_object& object, const segment_record& record,
                                      uid_t owner) {
  try {
    const segment_layout layout(record.bytes, record.pages);
    const mapping m = map_segment(object, layout, record.pages, {.access = access::read_only});
    map_existing_pages(m, layout.data, owner, false);
    return locate(m.data(), layout.data);
  } catch (const error&) {
    return std::nullopt;
  } catch (const allocation_error&) {  // more than this process has addresses for
    return std::nullopt;
  }
}

/// \throws error if it is none of acre's
segment_info info_of(const segment_object& object, std::string name) {
  const object_facts facts = object.facts();
  const segment_record record = identify(object, facts, {.owner = segment_owner::any}).record;
  return {.name = std::move(name),
          .backend = record.backend,
          .id = object.id(),
          .bytes = record.bytes,
          .pages = record.pages,
          .placement = describe(record),
          .owner = facts.owner,
          .mode = facts.mode,
          .creator = record.creator,
          .state = state_of_creator(record),
          .resident = residency_of(object, record, facts.owner)};
}

std::string key_text(key_t key) {
  if (key == 0) return "private";
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", static_cast<unsigned>(key));
  return text;
}

/// What is no segment of acre's, or none that may be looked at, is not listed.
template <class Open>
void add(std::vector<segment_info>& all, std::string name, Open open) {
  try {
    all.push_back(info_of(*open(), std::move(name)));
  } catch (const error&) {
  } catch (const allocation_error&) {
  }
}

}  // namespace

std::vector<segment_info> shared_segment::list() {
  std::vector<segment_info> all;
  for (std::string& name : sys::shared_names().value_or(std::vector<std::string>{})) {
    add(all, name, [&] { return open_file(segment_name(segment_backend::posix, name), false); });
  }
  for (const sys::segment_status& s : sys::segments().value_or(std::vector<sys::segment_status>{})) {
    add(all, key_text(s.key), [&] { return take_id(s.id); });
  }
  return all;
}

std::string segment_info::to_string() const {
  std::string text = name + " (" + std::string(acre::to_string(backend));
  if (id >= 0) text += " id " + std::to_string(id);
  text += "): " + format_bytes_rounded(bytes) + ", " + placement + ", creator " + std::to_string(creator) +
          " " + std::string(acre::to_string(state));
  if (resident) text += ", " + resident->to_string();
  return text;
}

std::ostream& operator<<(std::ostream& out, const segment_info& s) { return out << s.to_string(); }

}  // namespace acre
