// existing_pages: the pages that a segment has, whoever touched them.
#pragma once

#include <acre/mapping.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "segment/segment_object.hpp"

namespace acre::inline v1 {

/// Maps all pages that the object has in the first `bytes` bytes of a mapping of its beginning, so that the kernel
/// tells where they lie, and makes none. Hugetlb pages only if all are there: mincore(2) tells of no others' (Linux
/// 6.12).
/// \param present bytes of pages that the whole object has, if that is known
/// \throws error errc::permission_denied if the kernel does not tell this user which pages there are
void map_existing_pages(const mapping& memory, std::size_t bytes, const segment_object& object,
                        std::optional<std::uint64_t> present);

/// True if a page exists in memory in the range. Pages in swap do not count: they come back by the policy of that time.
/// Hugetlb pages count as there.
bool has_pages(const void* p, std::size_t bytes, page_kind kind);

}  // namespace acre::inline v1
