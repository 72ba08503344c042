// Attaching segments: nothing that is found is believed before it was checked.
#include <acre/error.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "area/page_kinds.hpp"
#include "segment/segment_state.hpp"

namespace acre {
namespace {

[[noreturn]] void reject(const std::string& why) { throw error(errc::foreign_segment, "segment: " + why); }

void require_options(const attach_options& o) {
  if (o.access == access::none)
    throw error(errc::invalid_argument,
                "attach_options::access none: a segment is attached to be read at least");
  if (o.at == attach_at::creator_address && o.address != nullptr)
    throw error(errc::invalid_argument,
                "attach_options::address and attach_at::creator_address exclude each other");
}

/// The segment's creator as the kernel has it, where it has one. A record that is not there yet has none.
bool creator_at_work(const segment_object& object) {
  sys::segment_status s;
  return object.id() >= 0 && sys::status_of_segment(object.id(), s) == 0 && sys::process_start(s.creator);
}

[[noreturn]] void fail_not_ready(const std::string& why) { throw error(errc::not_ready, "segment: " + why); }

/// The record; where its creator is writing it, what it has become. He is done soon, unless others have the processor.
record_bytes settled_record(const segment_object& object) {
  constexpr int looks = 100;
  record_bytes page = object.read_record();
  for (int n = 1; n < looks && is_torn(page) && creator_at_work(object); ++n) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    page = object.read_record();
  }
  return page;
}

/// What acre wrote must fit together, and the object.
void require_fit(const segment_record& record, const segment_object& object, const object_facts& facts) {
  if ((record.backend == segment_backend::sysv) != (object.id() >= 0))
    reject("its header speaks of another backend than it has");
  const std::size_t huge = is_hugetlb(record.pages) ? page_size(record.pages) : 0;
  if (huge != facts.huge_page) reject("its header speaks of other pages than it has");
  if (segment_layout(record.bytes, record.pages).object != record.object_bytes)
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

segment_record foreign_record(const segment_object& object, const object_facts& facts) {
  if (facts.bytes == 0) reject("it has no bytes");
  return {.bytes = facts.bytes,
          .object_bytes = facts.bytes,
          .pages = kind_of(facts.huge_page),
          .backend = object.id() >= 0 ? segment_backend::sysv : segment_backend::memfd};
}

/// All of it is data.
segment_layout foreign_layout(const segment_record& record) {
  segment_layout layout(record.bytes, record.pages);
  layout.object = layout.mapped = layout.data;
  return layout;
}

map_wish wish_of(const segment_record& record, const attach_options& o) {
  map_wish wish{.access = o.access, .address = o.address};
  if (o.at == attach_at::creator_address) {
    wish.address = reinterpret_cast<void*>(record.address);
    if (record.address == 0) reject("the address at its creator is not known");
    if (record.address % segment_layout(record.bytes, record.pages).page != 0)
      reject("its header speaks of an address where no page begins");
  }
  if (wish.address != nullptr) wish.use = address_use::exact;
  return wish;
}

}  // namespace

identified identify(const segment_object& object, const object_facts& facts, const attach_options& o) {
  if (o.owner == segment_owner::self && facts.owner != sys::own_user()) {
    throw error(errc::permission_denied, "segment: it belongs to user " + std::to_string(facts.owner) +
                                             "; segment_owner::any would accept that");
  }
  const record_bytes page = settled_record(object);
  try {
    segment_record record = decode(page, facts.bytes);
    if (!record.ready) {
      fail_not_ready(state_of_creator(record) == creator_state::gone
                         ? "its creator, process " + std::to_string(record.creator) +
                               ", died before it was done; create() replaces it"
                         : "process " + std::to_string(record.creator) + " is still at work on it");
    }
    require_fit(record, object, facts);
    return {std::move(record), false};
  } catch (const error& e) {
    if (e.code() != errc::foreign_segment && e.code() != errc::invalid_size) throw;
    if (o.foreign == foreign_memory::accept) return {foreign_record(object, facts), true};
    if (is_blank(page) && creator_at_work(object))
      fail_not_ready("it has no header yet: its creator is still at work, or it is not one of acre's");
    reject(std::string(e.what()).substr(std::string_view("segment: ").size()));
  }
}

std::unique_ptr<segment_state> attach_segment(std::unique_ptr<segment_object> object,
                                              const attach_options& o) {
  require_options(o);
  auto [record, foreign] = identify(*object, object->facts(), o);
  if (!foreign) object->seal();
  // Since it was looked at it may have been shrunk; sealed it cannot be any more.
  const object_facts facts = object->facts();
  if (facts.bytes != record.object_bytes) reject("its size changes");
  if (o.shrinking == shrinking::refuse && !facts.sealed) {
    throw error(
        errc::not_sealed,
        "segment: others could shrink it, which would make touching it a SIGBUS: it has no F_SEAL_SHRINK");
  }
  const segment_layout layout = foreign ? foreign_layout(record) : segment_layout(record.bytes, record.pages);
  mapping memory = map_segment(*object, layout, record.pages, wish_of(record, o));
  const segment_backend backend = record.backend;
  return std::make_unique<segment_state>(segment_state{.object = std::move(object),
                                                       .record = std::move(record),
                                                       .layout = layout,
                                                       .backend = backend,
                                                       .memory = std::move(memory),
                                                       .writable = o.access == access::read_write,
                                                       .foreign = foreign,
                                                       .sealed = facts.sealed,
                                                       .owner = facts.owner});
}

}  // namespace acre
