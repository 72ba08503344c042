// What the kernel's refusals mean for segments.
#pragma once

#include <acre/error.hpp>

#include <cstdint>
#include <string>

namespace acre::inline v1 {

/// Of an object that cannot be what it should be: errc::foreign_segment.
[[noreturn]] void reject(const std::string& why);
/// \param what was tried, of what
[[noreturn]] void fail_call(int error, const std::string& what);
/// Of a new segment of so many bytes: no room of some kind.
[[noreturn]] void fail_room(int error, std::uint64_t bytes, bool huge);
/// What prefault() says of pages that do not come, as an error of an allocation.
[[noreturn]] void fail_commit(const error& why, std::uint64_t bytes, const std::string& where);

/// Calls commit(), see fail_commit().
template <class F>
void committing(std::uint64_t bytes, const std::string& where, F commit) {
  try {
    commit();
  } catch (const error& e) {
    fail_commit(e, bytes, where);
  }
}

}  // namespace acre::inline v1
