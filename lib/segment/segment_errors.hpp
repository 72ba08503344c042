// segment_errors: what the kernel's refusals mean for segments.
#pragma once

#include <acre/error.hpp>

#include <cstdint>
#include <string>

namespace acre::inline v1 {

/// Throws errc::foreign_segment, for an object that cannot be what it should be.
[[noreturn]] void reject(const std::string& why);
/// Throws what an errno means.
/// \param what was tried on which object, for the message
[[noreturn]] void fail_call(int error, const std::string& what);
/// Throws what an errno means where there is no room for a new segment of `bytes` bytes.
[[noreturn]] void fail_room(int error, std::uint64_t bytes, bool huge);
/// Throws what prefault() says of pages that do not come as an error of an allocation.
[[noreturn]] void fail_commit(const error& why, std::uint64_t bytes, const std::string& where);

/// Calls commit(); an error of it goes through fail_commit().
template <class F>
void committing(std::uint64_t bytes, const std::string& where, F commit) {
  try {
    commit();
  } catch (const error& e) {
    fail_commit(e, bytes, where);
  }
}

}  // namespace acre::inline v1
