// Attaching segments: nothing that is found is believed before it was checked.
#include <acre/error.hpp>

#include <string>
#include <utility>

#include "area/huge_page_fallback.hpp"
#include "segment/segment_errors.hpp"
#include "segment/segment_state.hpp"
#include "sys/pages.hpp"
#include "sys/processes.hpp"

namespace acre::inline v1 {
namespace {

void require_options(const attach_options& o) {
  if (o.access == access::none)
    throw error(errc::invalid_argument,
                "attach_options::access none: a segment is attached to be read at least");
  if (o.at == attach_at::creator_address && o.address != nullptr)
    throw error(errc::invalid_argument,
                "attach_options::address and attach_at::creator_address exclude each other");
}

[[noreturn]] void fail_not_ready(pid_t creator) {
  const std::string who = "segment: its creator, process " + std::to_string(creator);
  switch (sys::state_of_process(creator)) {
    case sys::process_state::alive:
      throw error(errc::not_ready, who + ", is still at work on it");
    case sys::process_state::gone:
      throw error(errc::not_ready,
                  who + ", died before it was done; it can be removed, or, if it has a key, created anew");
    case sys::process_state::unknown:
      break;
  }
  throw error(
      errc::not_ready,
      "segment: its creator, in another PID namespace, is at work on it, or died, which cannot be told "
      "from here; it is removed only as memory that acre did not make");
}

/// What acre wrote must fit together, and the object.
void require_fit(const segment_header& header, const segment_object& object) {
  const std::size_t huge = is_hugetlb(header.page_kind) ? page_size(header.page_kind) : 0;
  if (huge != object.huge_page()) reject("its header speaks of other pages than it has");
  if ((header.backend == segment_backend::sysv) != (object.backend() == segment_backend::sysv))
    reject("its header speaks of another backend");
  if (segment_layout(header.bytes, header.page_kind).object != header.object_bytes)
    reject("its header speaks of sizes that do not fit together");
}

page_kind kind_of(std::size_t huge_page) {
  for (const page_kind kind : {page_kind::huge_2mb, page_kind::huge_1gb}) {
    if (huge_page == page_size(kind)) return kind;
  }
  if (huge_page != 0)
    reject("its pages have " + std::to_string(huge_page) + " bytes, which acre does not know");
  return page_kind::system;
}

segment_header foreign_header(const segment_object& object, std::uint64_t bytes) {
  if (bytes == 0) reject("it has no bytes");
  return {.bytes = bytes,
          .object_bytes = bytes,
          .page_kind = kind_of(object.huge_page()),
          .backend = object.backend()};
}

/// The header of a segment that is not acre's: all of it is data.
segment_layout foreign_layout(const segment_header& header) {
  segment_layout layout(header.bytes, header.page_kind);
  layout.object = layout.mapped = layout.data;
  return layout;
}

/// \throws error errc::foreign_segment
segment_header header_of(const segment_object& object, const object_facts& facts) {
  if (facts.stage == object_stage::foreign) reject("it is none of acre's");
  segment_header header = decode(object.read_header(facts.bytes), facts.bytes);
  try {
    require_fit(header, object);
  } catch (const error& e) {
    reject(std::string("its header says the impossible: ") + e.what());
  }
  return header;
}

map_wish wish_of(const segment_header& header, const attach_options& o) {
  map_wish wish{.access = o.access, .address = o.address};
  if (o.at == attach_at::creator_address) {
    wish.address = reinterpret_cast<void*>(header.address);
    if (header.address == 0) reject("the address at its creator is not known");
    if (header.address % sys::page_size() != 0) reject("its header names an address between two pages");
  }
  if (wish.address != nullptr) wish.use = address_use::exact;
  return wish;
}

}  // namespace

void require_owner(const object_facts& facts, const attach_options& o) {
  if (o.owner == segment_owner::any) return;
  const uid_t self = sys::own_user();
  for (const uid_t user : {facts.owner, facts.maker}) {
    if (user == self) continue;
    throw error(errc::permission_denied, "segment: it belongs to user " + std::to_string(user) +
                                             "; segment_owner::any would accept that");
  }
}

identified identify(const segment_object& object, const object_facts& facts, const attach_options& o) {
  require_owner(facts, o);
  if (facts.stage == object_stage::unfinished) fail_not_ready(object.creator());
  try {
    return {header_of(object, facts), false};
  } catch (const error& e) {
    if (e.code() != errc::foreign_segment || o.foreign == foreign_memory::refuse) throw;
    return {foreign_header(object, facts.bytes), true};
  }
}

std::unique_ptr<segment_state> attach_segment(std::unique_ptr<segment_object> object,
                                              const attach_options& o) {
  require_options(o);
  auto [header, foreign] = identify(*object, object->facts(), o);
  const bool sealed = foreign ? object->is_sealed() : object->seal();
  // Since it was looked at it may have been shrunk; sealed it cannot be any more.
  if (object->facts().bytes != header.object_bytes) reject("its size changes");
  if (o.shrinking == shrinking::refuse && !sealed) {
    throw error(
        errc::not_sealed,
        "segment: others could shrink it, which would make touching it a SIGBUS: it has no F_SEAL_SHRINK");
  }
  const segment_layout layout =
      foreign ? foreign_layout(header) : segment_layout(header.bytes, header.page_kind);
  mapping memory = map_segment(*object, layout, header.page_kind, wish_of(header, o));
  return std::make_unique<segment_state>(segment_state{.object = std::move(object),
                                                       .header = std::move(header),
                                                       .layout = layout,
                                                       .memory = std::move(memory),
                                                       .writable = o.access == access::read_write,
                                                       .foreign = foreign,
                                                       .sealed = sealed});
}

}  // namespace acre::inline v1
