#include <acre/shared_segment.hpp>

#include <acre/error.hpp>
#include <acre/prefault.hpp>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "area/page_kinds.hpp"
#include "base/code_of.hpp"
#include "segment/segment_state.hpp"

namespace acre {
namespace {

std::unique_ptr<segment_object> open_object(const segment_name& name, bool writable) {
  switch (name.backend) {
    case segment_backend::posix:
      return open_file(name, writable);
    case segment_backend::memfd:
      throw error(errc::invalid_argument,
                  "segment: memfd segments have no names; attach() takes their descriptor");
    case segment_backend::sysv:
      break;
  }
  return open_sysv(name);
}

bool is_writable(const attach_options& o) noexcept { return o.access == access::read_write; }

/// How long open_or_create() waits for a creator of a System V segment that is at work.
constexpr std::chrono::seconds patience{30};

/// create(), and where a dead creator left an unfinished System V segment, once more without that.
std::unique_ptr<segment_state> create_or_replace(std::string_view name, std::size_t bytes,
                                                 const placement& where, const segment_options& o,
                                                 const topology& machine) {
  try {
    return create_segment(name, bytes, where, o, machine);
  } catch (const error& e) {
    if (e.code() != errc::name_in_use || o.backend != segment_backend::sysv || !remove_unfinished(name))
      throw;
  }
  return create_segment(name, bytes, where, o, machine);
}

/// Whether it may go.
void require_removable(const segment_object& object, const attach_options& o) {
  try {
    identify(object, object.facts(), o);
  } catch (const error& e) {
    const bool damaged = e.code() == errc::foreign_segment && o.foreign == foreign_memory::accept;
    if (e.code() != errc::not_ready && !damaged) throw;
  }
}

template <class F>
shared_segment segment_or_code(std::error_code& ec, F make) noexcept {
  shared_segment result;
  ec = code_of([&] { result = make(); });
  return result;
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
  return shared_segment(create_or_replace(name, bytes, where, options, machine));
}

shared_segment shared_segment::open(std::string_view name, const attach_options& o) {
  return shared_segment(attach_segment(open_object(segment_name(o.backend, name), is_writable(o)), o));
}

shared_segment shared_segment::open_or_create(std::string_view name, std::size_t bytes,
                                              const placement& where, const segment_options& options,
                                              const attach_options& attach_as, const topology& machine) {
  attach_options as = attach_as;
  as.backend = options.backend;
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    std::error_code why_not_open;
    try {
      shared_segment found = open(name, as);
      if (found.size() == bytes) return found;
      throw error(errc::size_differs, "segment '" + std::string(name) + "' exists with " +
                                          std::to_string(found.size()) + " bytes, not " +
                                          std::to_string(bytes));
    } catch (const error& e) {
      if (e.code() != errc::no_such_segment && e.code() != errc::not_ready) throw;
      why_not_open = e.code();
    }
    try {
      return create(name, bytes, where, options, machine);
    } catch (const error& e) {
      if (e.code() != errc::name_in_use) throw;
      if (std::chrono::steady_clock::now() > end) throw;
    }
    if (why_not_open == errc::not_ready) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

shared_segment shared_segment::attach(int file, const attach_options& o) {
  return shared_segment(attach_segment(take_file(file, is_writable(o)), o));
}

shared_segment shared_segment::attach_id(int shmid, const attach_options& o) {
  return shared_segment(attach_segment(take_id(shmid), o));
}

bool shared_segment::remove(std::string_view name, const attach_options& o) {
  const segment_name checked(o.backend, name);
  try {
    const auto object = open_object(checked, false);
    require_removable(*object, o);
    return object->id() >= 0 ? acre::remove_id(object->id()) : unlink_file(checked.text);
  } catch (const error& e) {
    if (e.code() != errc::no_such_segment) throw;
    return false;
  }
}

bool shared_segment::remove_id(int shmid, const attach_options& o) {
  try {
    require_removable(*take_id(shmid), o);
    return acre::remove_id(shmid);
  } catch (const error& e) {
    if (e.code() != errc::no_such_segment) throw;
    return false;
  }
}

shared_segment shared_segment::create(std::string_view name, std::size_t bytes, const placement& where,
                                      const segment_options& options, std::error_code& ec) noexcept {
  return segment_or_code(ec, [&] { return create(name, bytes, where, options); });
}
shared_segment shared_segment::open(std::string_view name, const attach_options& o,
                                    std::error_code& ec) noexcept {
  return segment_or_code(ec, [&] { return open(name, o); });
}
shared_segment shared_segment::attach(int file, const attach_options& o, std::error_code& ec) noexcept {
  return segment_or_code(ec, [&] { return attach(file, o); });
}
shared_segment shared_segment::attach_id(int shmid, const attach_options& o, std::error_code& ec) noexcept {
  return segment_or_code(ec, [&] { return attach_id(shmid, o); });
}
bool shared_segment::remove(std::string_view name, const attach_options& o, std::error_code& ec) noexcept {
  bool removed = false;
  ec = code_of([&] { removed = remove(name, o); });
  return removed;
}
void shared_segment::bind(const placement& where, const segment_bind_options& o,
                          std::error_code& ec) noexcept {
  ec = code_of([&] { bind(where, o); });
}

void* shared_segment::data() const noexcept { return x_state == nullptr ? nullptr : x_state->memory.data(); }
std::size_t shared_segment::size() const noexcept { return x_state == nullptr ? 0 : x_state->record.bytes; }
segment_backend shared_segment::backend() const noexcept { return x_state->backend; }
page_kind shared_segment::pages() const noexcept { return x_state->record.pages; }
bool shared_segment::created() const noexcept { return x_state->created; }
bool shared_segment::is_foreign() const noexcept { return x_state->foreign; }
bool shared_segment::is_sealed() const noexcept { return x_state->sealed; }
void* shared_segment::creator_address() const noexcept {
  return reinterpret_cast<void*>(x_state->record.address);
}
bool shared_segment::at_creator_address() const noexcept { return data() == creator_address(); }
int shared_segment::native_handle() const noexcept { return x_state->object->file(); }
int shared_segment::id() const noexcept { return x_state->object->id(); }
const std::vector<downgrade>& shared_segment::downgrades() const noexcept { return x_state->downgrades; }
void shared_segment::detach() noexcept { x_state.reset(); }

std::string shared_segment::where_text() const { return describe(current_record(*x_state)); }

std::optional<placement> shared_segment::where() const {
  const segment_record now = current_record(*x_state);
  if (now.partly_rebound || now.placement.empty()) return std::nullopt;
  try {
    return placement::parse(now.placement);
  } catch (const error&) {
    return std::nullopt;
  }
}

residency shared_segment::resident() const {
  const segment_state& s = *x_state;
  s.require_intact();
  map_existing_pages(s.memory, s.layout.data, s.owner, s.writable);
  return locate(s.data(), s.layout.data);
}

check_result shared_segment::check(const topology& machine) const {
  const segment_state& s = *x_state;
  const std::optional<placement> wanted = where();
  if (!wanted) {
    throw error(errc::unsupported_placement,
                "segment: its placement '" + where_text() + "' cannot be checked: the text does not say all");
  }
  s.require_intact();
  map_existing_pages(s.memory, s.layout.data, s.owner, s.writable);
  check_result result = acre::check(*wanted, s.data(), s.layout.data,
                                    {.page_size = planned_page(s.record.pages, s.layout.data)}, machine);
  // This mapping never had one.
  if (is_hugetlb(s.record.pages)) result.policy.reset();
  return result;
}

void shared_segment::prefault(const topology& machine) {
  const segment_state& s = *x_state;
  s.require_intact();
  committing(s.layout.data, where_text(), [&] { acre::prefault(s.data(), s.layout.data, machine); });
}

}  // namespace acre
