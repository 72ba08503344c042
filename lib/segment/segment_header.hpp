// segment_header: the page in which a segment says what it is: where it lies, its bytes, and what is read out of
// bytes from anybody. Pure, but for the size of base pages.
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

/// Bytes of the header, whatever the page size. It lies at the very end of the object, so that the data begin where a
/// mapping does.
constexpr std::size_t header_size = 4096;

/// How large the parts of a segment are. In base pages the header has a page of its own; where pages may be transparent
/// huge ones it begins a huge page, for else the data's end would come into existence with it; in hugetlb pages it has
/// the end of the last one.
struct segment_layout {
  std::size_t page;    ///< base or hugetlb
  std::size_t data;    ///< whole pages
  std::size_t object;  ///< all
  std::size_t mapped;  ///< what processes see: data, in hugetlb pages all

  /// For so many bytes of data.
  /// \throws error errc::invalid_size
  segment_layout(std::size_t bytes, page_kind kind);
};

struct segment_header {
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

using header_bytes = std::array<std::byte, header_size>;

/// A placement text that is too long (weights of more than some 300 nodes) is cut and ends in "...".
header_bytes encode(const segment_header& header);

/// \param object_bytes of the object the page was read from
/// \throws error errc::foreign_segment with what is wrong. Two checksums, of what never changes and of the placement:
///   where only the latter is wrong (two processes that bind() at once) the placement is empty.
segment_header decode(const header_bytes& page, std::uint64_t object_bytes);

}  // namespace acre::inline v1
