// segment_record: what the last page of a segment says about it. Pure: bytes from anybody to a record, or an error.
#pragma once

#include <acre/mapping.hpp>
#include <acre/shared_segment.hpp>

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace acre::inline v1 {

/// Bytes that the record takes, at the very end of the object, whatever the page size.
constexpr std::size_t record_size = 4096;

struct segment_record {
  std::uint64_t bytes = 0;         ///< of data, as asked for
  std::uint64_t object_bytes = 0;  ///< of all
  acre::page_kind page_kind = acre::page_kind::system;
  segment_backend backend = segment_backend::posix;
  std::uint64_t address = 0;  ///< where the creator has it mapped
  pid_t creator = 0;
  std::uint64_t creator_start = 0;      ///< see sys::process_start(); 0: unknown
  std::uint64_t creator_namespace = 0;  ///< see sys::process_namespace(); 0: unknown
  std::string placement = {};           ///< as text
  bool partly_rebound = false;          ///< parts of it were placed anew since
};

using record_bytes = std::array<std::byte, record_size>;

/// A placement text that is too long (weights of more than some 300 nodes) is cut and ends in "...".
record_bytes encode(const segment_record& record);

/// The page with both checksums right for what it says, as somebody would forge it.
record_bytes with_sums(const record_bytes& page) noexcept;

/// \param object_bytes of the object the page was read from
/// \throws error errc::foreign_segment with what is wrong. Two checksums, of what never changes and of the placement:
///   where only the latter is wrong (two processes that bind() at once) the placement is empty.
segment_record decode(const record_bytes& page, std::uint64_t object_bytes);

}  // namespace acre::inline v1
