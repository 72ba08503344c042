// The twins of shared_segment's functions that report errors by code.
#include <acre/shared_segment.hpp>

#include "base/code_of.hpp"

namespace acre::inline v1 {

shared_segment shared_segment::create(std::string_view name, std::size_t bytes, const placement& where,
                                      std::error_code& ec) noexcept {
  return create(name, bytes, where, {}, ec);
}
shared_segment shared_segment::create(std::string_view name, std::size_t bytes, const placement& where,
                                      const segment_options& options, std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return create(name, bytes, where, options); });
}
shared_segment shared_segment::create(std::string_view name, std::size_t bytes, const placement& where,
                                      const segment_options& options, const topology& machine,
                                      std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return create(name, bytes, where, options, machine); });
}

shared_segment shared_segment::open(std::string_view name, std::error_code& ec) noexcept {
  return open(name, {}, ec);
}
shared_segment shared_segment::open(std::string_view name, const attach_options& options,
                                    std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return open(name, options); });
}

shared_segment shared_segment::open_or_create(std::string_view name, std::size_t bytes,
                                              const placement& where, std::error_code& ec) noexcept {
  return open_or_create(name, bytes, where, {}, {}, ec);
}
shared_segment shared_segment::open_or_create(std::string_view name, std::size_t bytes,
                                              const placement& where, const segment_options& options,
                                              std::error_code& ec) noexcept {
  return open_or_create(name, bytes, where, options, {}, ec);
}
shared_segment shared_segment::open_or_create(std::string_view name, std::size_t bytes,
                                              const placement& where, const segment_options& options,
                                              const attach_options& attach_as, std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return open_or_create(name, bytes, where, options, attach_as); });
}
shared_segment shared_segment::open_or_create(std::string_view name, std::size_t bytes,
                                              const placement& where, const segment_options& options,
                                              const attach_options& attach_as, const topology& machine,
                                              std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return open_or_create(name, bytes, where, options, attach_as, machine); });
}

shared_segment shared_segment::attach(int file, std::error_code& ec) noexcept { return attach(file, {}, ec); }
shared_segment shared_segment::attach(int file, const attach_options& options, std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return attach(file, options); });
}
shared_segment shared_segment::attach_id(int shmid, std::error_code& ec) noexcept {
  return attach_id(shmid, {}, ec);
}
shared_segment shared_segment::attach_id(int shmid, const attach_options& options,
                                         std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return attach_id(shmid, options); });
}

bool shared_segment::remove(std::string_view name, std::error_code& ec) noexcept {
  return remove(name, {}, ec);
}
bool shared_segment::remove(std::string_view name, const attach_options& options,
                            std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return remove(name, options); });
}
bool shared_segment::remove_id(int shmid, std::error_code& ec) noexcept { return remove_id(shmid, {}, ec); }
bool shared_segment::remove_id(int shmid, const attach_options& options, std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return remove_id(shmid, options); });
}

migration shared_segment::bind(const placement& where, std::error_code& ec) noexcept {
  return bind(where, {}, ec);
}
migration shared_segment::bind(const placement& where, const segment_bind_options& options,
                               std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return bind(where, options); });
}
migration shared_segment::bind(const placement& where, const segment_bind_options& options,
                               const topology& machine, std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return bind(where, options, machine); });
}

segment_info shared_segment::info(std::error_code& ec) const noexcept {
  return value_or_code(ec, [&] { return info(); });
}
residency shared_segment::resident(std::error_code& ec) const noexcept {
  return value_or_code(ec, [&] { return resident(); });
}
check_result shared_segment::check(std::error_code& ec) const noexcept {
  return value_or_code(ec, [&] { return check(); });
}
check_result shared_segment::check(const topology& machine, std::error_code& ec) const noexcept {
  return value_or_code(ec, [&] { return check(machine); });
}
void shared_segment::prefault(std::error_code& ec) noexcept {
  ec = code_of([&] { prefault(); });
}
void shared_segment::prefault(const topology& machine, std::error_code& ec) noexcept {
  ec = code_of([&] { prefault(machine); });
}

}  // namespace acre::inline v1
