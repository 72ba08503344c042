// segment_layout: how large the parts of a segment are. Pure but for the base page size.
#pragma once

#include <acre/mapping.hpp>

#include <cstddef>

namespace acre::inline v1 {

/// The record has the end of the object. In base pages it has a page of its own; where pages may be transparent huge
/// ones it begins a huge page, for else the data's end would come into existence with it; in hugetlb pages it has the
/// end of the last one.
struct segment_layout {
  std::size_t page;    ///< base or hugetlb
  std::size_t data;    ///< whole pages
  std::size_t object;  ///< all
  std::size_t mapped;  ///< what processes see: data, in hugetlb pages all

  /// For so many bytes of data.
  /// \throws error errc::invalid_size
  segment_layout(std::size_t bytes, page_kind kind);
};

}  // namespace acre::inline v1
