// The header of a segment out of arbitrary bytes. Input: the size of the object (8 bytes), then the page.
#include <acre/error.hpp>

#include "segment/segment_header.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "fuzz/fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint64_t object_bytes = 0;
  if (size < sizeof object_bytes) return 0;
  std::memcpy(&object_bytes, data, sizeof object_bytes);
  const auto rest = std::as_bytes(std::span(data, size)).subspan(sizeof object_bytes);
  acre::header_bytes page{};
  std::copy_n(rest.begin(), std::min(rest.size(), page.size()), page.begin());
  try {
    const acre::segment_header r = acre::decode(page, object_bytes);
    if (r.object_bytes != object_bytes || r.bytes > object_bytes - acre::header_size) std::abort();
  } catch (const acre::error& e) {
    if (e.code() != acre::errc::foreign_segment) std::abort();
  }
  return 0;
}
