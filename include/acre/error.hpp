/// \file
/// Errors: one enumeration, its std::error_category, and the exceptions that every part of acre throws.
#pragma once

#include <acre/export.hpp>

#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace acre::inline v1 {

/// What went wrong, as far as acre itself can tell. Errors of the kernel or of hwloc that acre does not
/// interpret keep their errno value in std::system_category().
enum class errc {
  invalid_text = 1,       ///< a text (node set, placement, size) cannot be parsed
  empty_node_set,         ///< a placement needs at least one node
  unknown_node,           ///< the machine has no such node
  node_without_memory,    ///< the node exists but has no memory
  node_not_allowed,       ///< the node exists but the process's cpuset forbids it
  invalid_chunk,          ///< a chunk of zero bytes, or more than PTRDIFF_MAX
  invalid_weights,        ///< no weights, a weight of zero or above max_weight, a node named twice
  invalid_function,       ///< by_page without a function, or a function that names a node outside its set
  invalid_size,           ///< bytes that no mapping can have, or that do not fit the range they belong to
  invalid_alignment,      ///< alignment not a power of two, or an address or offset not aligned to pages
  invalid_argument,       ///< any other argument outside its stated range
  address_in_use,         ///< the exact address asked for is taken
  not_mapped,             ///< the range is not (or no longer) mapped
  unsupported_placement,  ///< the kernel cannot keep this combination of strategy and strictness
  too_many_ranges,        ///< the placement needs more kernel ranges than the limit
  foreign_topology,       ///< the topology does not describe this machine, nothing can be bound on it
  binding_denied,         ///< the kernel refuses to bind memory (seccomp, container)
  binding_unsupported,    ///< the kernel or hwloc cannot bind memory here at all
  node_full,              ///< a hard placement cannot be kept: its nodes have no room
  out_of_memory,          ///< the machine, the cgroup or the address space has no room
  no_huge_pages,          ///< the asked page kind is not available
  pool_limit,             ///< pool_options::limit is reached
  lock_limit,             ///< RLIMIT_MEMLOCK forbids locking that much
  topology_failed,        ///< hwloc could not load the topology
  invalid_name,           ///< a name that a segment of this backend cannot have
  name_in_use,            ///< a segment of that name exists
  no_such_segment,        ///< there is no segment of that name or id
  not_ready,              ///< the segment is still being created
  foreign_segment,        ///< the segment is not one of acre's, or damaged
  size_differs,           ///< the segment exists with another size
  not_sealed,             ///< the segment could be shrunk by others
  already_populated,      ///< pages exist where memory was to be placed before its first touch
  no_space,               ///< the file system or the kernel's limits have no room for the segment
  permission_denied,      ///< the process has not the right to do this
  no_such_process,        ///< no process or thread has this number (any more)
  wrong_thread,           ///< a thread_binding is the business of the thread that made it
  group_shared,           ///< other processes are in the control group that was to be restricted
};

/// The category of errc; every code maps to the nearest std::errc through default_error_condition.
[[nodiscard]] ACRE_API const std::error_category& category() noexcept;

/// `e` in category(). Called where an errc becomes a std::error_code, and where the two are compared.
[[nodiscard]] inline std::error_code make_error_code(errc e) noexcept {
  return {static_cast<int>(e), category()};
}

/// What error and allocation_error share: `catch (const acre::failure& f)` catches all that acre throws by itself, but
/// for numa_allocator's std::bad_array_new_length. (What else leaves its functions are exceptions of the caller's own
/// functions, and std::bad_alloc where there is no memory for acre's own bookkeeping.) Not a std::exception: error and
/// allocation_error are that already.
class ACRE_API failure {
 public:
  /// An errc, or an errno value in std::system_category().
  [[nodiscard]] virtual std::error_code code() const noexcept = 0;
  /// One sentence for people, which lives as long as the exception.
  [[nodiscard]] virtual const char* what() const noexcept = 0;

 protected:
  failure() = default;
  /// Copied as the base of error and allocation_error only.
  failure(const failure&) = default;
  /// Assigned as the base of error and allocation_error only.
  failure& operator=(const failure&) = default;
  virtual ~failure();
};

/// Thrown for every error but a failed allocation (prefault(), which allocates nothing, throws it for full nodes, too).
/// what() names the argument, its value and what would be right.
class ACRE_API error : public std::system_error, public failure {
 public:
  /// what() is `message`; code.message() follows it for codes that are not acre's, and stands for an empty
  /// one.
  error(std::error_code code, const std::string& message);
  error(errc code, const std::string& message);  ///< the same for a code of acre's

  [[nodiscard]] std::error_code code() const noexcept override { return std::system_error::code(); }
  [[nodiscard]] const char* what() const noexcept override { return x_text.what(); }

 private:
  std::runtime_error x_text;  // a string that copies without throwing
};

/// Thrown when an allocation fails. Derives from std::bad_alloc, allocates nothing, copies without throwing:
/// the text is composed into a buffer of its own, and cut to fit.
class ACRE_API allocation_error : public std::bad_alloc, public failure {
 public:
  /// what() is "cannot allocate 4096 bytes (bind 1): " and the reason, cut to 255 characters.
  /// \param code an errc, or an errno value in std::system_category()
  /// \param bytes what was asked for
  /// \param where the placement as text, copied; may be empty
  /// \param reason what was missing, as text, copied; may be empty
  allocation_error(std::error_code code, std::size_t bytes, std::string_view where,
                   std::string_view reason) noexcept;

  [[nodiscard]] const char* what() const noexcept override { return x_text; }
  [[nodiscard]] std::error_code code() const noexcept override { return x_code; }
  /// The bytes that were asked for.
  [[nodiscard]] std::size_t bytes() const noexcept { return x_bytes; }
  /// What was missing: the end of what(), valid as long as the exception.
  [[nodiscard]] std::string_view reason() const noexcept { return x_text + x_reason; }

 private:
  std::error_code x_code;
  std::size_t x_bytes;
  std::size_t x_reason;  // where it starts in x_text
  char x_text[256];
};

static_assert(std::is_nothrow_copy_constructible_v<error> && std::is_nothrow_copy_assignable_v<error>);
static_assert(std::is_nothrow_copy_constructible_v<allocation_error> &&
              std::is_nothrow_copy_assignable_v<allocation_error>);

}  // namespace acre::inline v1

/// An errc becomes a std::error_code by itself: `e.code() == acre::errc::node_full`.
template <>
struct std::is_error_code_enum<acre::errc> : std::true_type {};
