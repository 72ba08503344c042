#include <acre/shared_segment.hpp>

#include <acre/error.hpp>
#include <acre/prefault.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "area/huge_page_fallback.hpp"
#include "placement/strategies.hpp"
#include "segment/existing_pages.hpp"
#include "segment/segment_errors.hpp"
#include "segment/segment_state.hpp"
#include "sys/shared.hpp"

namespace acre::inline v1 {
namespace {

std::unique_ptr<segment_object> open_object(const segment_name& name, intent what_for) {
  switch (name.backend) {
    case segment_backend::posix:
      return open_file(name, what_for);
    case segment_backend::memfd:
      throw error(errc::invalid_argument,
                  "segment: memfd segments have no names; attach() takes their descriptor");
    case segment_backend::sysv:
      break;
  }
  return open_sysv(name, what_for);
}

intent intent_of(const attach_options& o) noexcept {
  return o.access == access::read_write ? intent::attach_to_write : intent::attach_to_read;
}

/// How long open_or_create() waits for a creator of a System V segment that is at work, and tries where others make and
/// remove the segment all the time.
constexpr std::chrono::seconds patience{60};
/// How often open_or_create() tries to create where there is no room: each of several processes that create at once may
/// have filled it with what it has to drop.
constexpr int tries_for_room = 4;

/// create(), and where a dead creator left an unfinished System V segment, once more without that.
std::unique_ptr<segment_state> create_or_replace(const segment_name& name, std::size_t bytes,
                                                 const placement& where, const segment_options& o,
                                                 const topology& machine) {
  try {
    return create_segment(name, bytes, where, o, machine);
  } catch (const error& e) {
    if (e.code() != errc::name_in_use || !remove_unfinished(name.key)) throw;
  }
  return create_segment(name, bytes, where, o, machine);
}

/// A random time, longer with each try.
void wait_a_little(int tries) {
  const auto most = std::uint64_t{10} << tries;
  std::this_thread::sleep_for(std::chrono::milliseconds(1 + sys::random_bits() % most));
}

/// \throws error as shared_segment::remove() does
bool remove_object(const segment_object& object, const attach_options& o, const std::string& name) {
  const object_facts facts = object.facts();
  // Whatever it is, if that is accepted.
  if (o.foreign == foreign_memory::accept || (facts.stage == object_stage::unfinished &&
                                              state_of_creator(object.creator()) == creator_state::gone)) {
    require_owner(facts, o);
  } else {
    identify(object, facts, o);
  }
  return object.id() >= 0 ? acre::remove_id(object.id()) : unlink_file(name);
}

/// What find() finds is removed.
template <class F>
bool remove_found(F find, const attach_options& o, const std::string& name) {
  try {
    return remove_object(*find(), o, name);
  } catch (const error& e) {
    if (e.code() != errc::no_such_segment) throw;
    return false;
  }
}

/// The state of an object that is attached.
segment_state& attached(const std::unique_ptr<segment_state>& s) {
  if (s == nullptr) throw error(errc::invalid_argument, "segment: this object is attached to nothing");
  return *s;
}

/// All pages there are, in a mapping that ends with the look: pages that this process has mapped are harder to move.
mapping map_to_look(const segment_state& s) {
  s.require_intact();
  mapping m = map_segment(*s.object, s.layout, s.header.page_kind, {.access = access::read_only});
  map_existing_pages(m, s.layout.data, *s.object, s.object->present());
  return m;
}

}  // namespace

std::string_view to_string(segment_backend backend) noexcept {
  switch (backend) {
    case segment_backend::posix:
      return "posix";
    case segment_backend::memfd:
      return "memfd";
    case segment_backend::sysv:
      return "sysv";
  }
  return "unknown";
}

std::string_view to_string(creator_state state) noexcept {
  switch (state) {
    case creator_state::alive:
      return "alive";
    case creator_state::gone:
      return "gone";
    case creator_state::unknown:
      break;
  }
  return "unknown";
}

shared_segment::shared_segment() noexcept = default;
shared_segment::shared_segment(shared_segment&&) noexcept = default;
shared_segment& shared_segment::operator=(shared_segment&&) noexcept = default;
shared_segment::~shared_segment() = default;
shared_segment::shared_segment(std::unique_ptr<segment_state> s) noexcept : x_state(std::move(s)) {}

shared_segment shared_segment::create(std::string_view name, std::size_t bytes, const placement& where,
                                      const segment_options& options, const topology& machine) {
  return shared_segment(
      create_or_replace(segment_name(options.backend, name), bytes, where, options, machine));
}

shared_segment shared_segment::open(std::string_view name, const attach_options& o) {
  return shared_segment(attach_segment(open_object(segment_name(o.backend, name), intent_of(o)), o));
}

shared_segment shared_segment::open_or_create(std::string_view name, std::size_t bytes,
                                              const placement& where, const segment_options& options,
                                              const attach_options& attach_as, const topology& machine) {
  attach_options as = attach_as;
  as.backend = options.backend;
  const auto end = std::chrono::steady_clock::now() + patience;
  for (int tries = 0;;) {
    try {
      shared_segment found = open(name, as);
      if (found.size() == bytes) return found;
      throw error(errc::size_differs, "segment '" + std::string(name) + "' exists with " +
                                          std::to_string(found.size()) + " bytes, not " +
                                          std::to_string(bytes));
    } catch (const error& e) {
      const bool waits = e.code() == errc::not_ready && std::chrono::steady_clock::now() < end;
      if (e.code() != errc::no_such_segment && !waits) throw;
    }
    try {
      return create(name, bytes, where, options, machine);
    } catch (const error& e) {
      if (e.code() != errc::name_in_use || std::chrono::steady_clock::now() >= end) throw;
      wait_a_little(0);
    } catch (const allocation_error&) {
      if (++tries == tries_for_room) throw;
      wait_a_little(tries);
    }
  }
}

shared_segment shared_segment::attach(int file, const attach_options& o) {
  return shared_segment(attach_segment(take_file(file, intent_of(o)), o));
}

shared_segment shared_segment::attach_id(int shmid, const attach_options& o) {
  return shared_segment(attach_segment(take_id(shmid, intent_of(o)), o));
}

bool shared_segment::remove(std::string_view name, const attach_options& o) {
  const segment_name checked(o.backend, name);
  return remove_found([&] { return open_object(checked, intent::look); }, o, checked.text);
}

bool shared_segment::remove_id(int shmid, const attach_options& o) {
  return remove_found([&] { return take_id(shmid, intent::look); }, o, "");
}

void* shared_segment::data() const noexcept { return x_state == nullptr ? nullptr : x_state->memory.data(); }
std::size_t shared_segment::size() const noexcept { return x_state == nullptr ? 0 : x_state->header.bytes; }
segment_backend shared_segment::backend() const noexcept {
  return x_state == nullptr ? segment_backend::posix : x_state->header.backend;
}
page_kind shared_segment::page_kind() const noexcept {
  return x_state == nullptr ? page_kind::system : x_state->header.page_kind;
}
bool shared_segment::created() const noexcept { return x_state != nullptr && x_state->created; }
bool shared_segment::is_foreign() const noexcept { return x_state != nullptr && x_state->foreign; }
bool shared_segment::is_sealed() const noexcept { return x_state != nullptr && x_state->sealed; }
void* shared_segment::creator_address() const noexcept {
  return x_state == nullptr ? nullptr : reinterpret_cast<void*>(x_state->header.address);
}
bool shared_segment::at_creator_address() const noexcept {
  return data() != nullptr && data() == creator_address();
}
int shared_segment::native_handle() const noexcept {
  return x_state == nullptr ? -1 : x_state->object->file();
}
int shared_segment::id() const noexcept { return x_state == nullptr ? -1 : x_state->object->id(); }
std::vector<downgrade> shared_segment::downgrades() const { return attached(x_state).downgrades; }
void shared_segment::detach() noexcept { x_state.reset(); }

std::string shared_segment::where_text() const { return describe(attached(x_state).current_header()); }

std::optional<placement> shared_segment::where() const {
  const segment_header now = attached(x_state).current_header();
  if (now.partly_rebound || now.placement.empty()) return std::nullopt;
  try {
    return placement::parse(now.placement);
  } catch (const error&) {
    return std::nullopt;
  }
}

residency shared_segment::resident() const {
  const segment_state& s = attached(x_state);
  const mapping m = map_to_look(s);
  return locate(m.data(), s.layout.data);
}

segment_info shared_segment::info() const {
  const segment_state& s = attached(x_state);
  segment_info info = info_of(*s.object, s.current_header());
  info.backend = backend();  // of a file that was attached by its descriptor the object does not know it
  try {
    info.resident = resident();
  } catch (const failure&) {
    // Not for this user to see, or shorter than it was. The rest is true.
  }
  return info;
}

check_result shared_segment::check(const topology& machine) const {
  const segment_state& s = attached(x_state);
  const std::optional<placement> wanted = where();
  if (!wanted) {
    const std::string text = where_text();
    throw error(errc::unsupported_placement,
                text.empty()
                    ? "segment: there is no placement to be checked"
                    : "segment: its placement '" + text + "' cannot be checked: the text does not say all");
  }
  const mapping m = map_to_look(s);
  const bool huge = is_hugetlb(s.header.page_kind);
  // What was decided is read off the policies, which huge pages have not.
  const bool undecided =
      huge && detail::row_of(wanted->strategy()).depends_on == detail::dependence::free_memory;
  check_result result =
      acre::check(m.data(), s.layout.data, undecided ? placement::prefer(wanted->nodes()) : *wanted,
                  {.page_size = planned_page(s.header.page_kind, s.layout.data)}, machine);
  // This mapping never had one.
  if (huge) result.policy.reset();
  return result;
}

void shared_segment::prefault(const topology& machine) {
  const segment_state& s = attached(x_state);
  if (!s.writable)
    throw error(errc::permission_denied, "segment: attached for reading only, it cannot get pages");
  s.require_intact();
  committing(s.header.bytes, where_text(), [&] {
    // In a mapping of its own, see segment_bind.cpp.
    const mapping m = map_segment(*s.object, s.layout, s.header.page_kind, {});
    acre::prefault(m.data(), s.layout.data, machine);
  });
  map_existing_pages(s.memory, s.layout.data, *s.object, s.object->present());
}

}  // namespace acre::inline v1
