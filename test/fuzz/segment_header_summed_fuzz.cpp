// The header of a segment out of bytes of somebody who knows what a header looks like: magic, version and sums are
// always right, and mostly the size, too. Input: the first bytes of the page, from the fields after the version on.
#include <acre/error.hpp>
#include <acre/placement.hpp>

#include "segment/segment_header.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "fuzz/fuzz_target.hpp"
#include "support/forged_header.hpp"

namespace {

constexpr std::size_t magic_and_version = 12;
constexpr std::size_t object_bytes_at = 32;

/// What was read goes through the writer and back unchanged.
void require_round_trip(const acre::segment_header& r) {
  const acre::header_bytes page = acre::encode(r);
  const acre::segment_header again = acre::decode(page, r.object_bytes);
  acre::test::demand(acre::encode(again) == page && again.placement == r.placement);
}

/// Of the text either an error comes, or a placement whose text says the same.
void require_placement_or_error(const std::string& text) {
  try {
    const acre::placement where = acre::placement::parse(text);
    acre::test::demand(acre::placement::parse(where.to_string()) == where);
  } catch (const acre::error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  acre::header_bytes page = acre::encode({});
  const auto bytes = std::as_bytes(std::span(data, size));
  std::copy_n(bytes.begin(), std::min(bytes.size(), page.size() - magic_and_version),
              page.begin() + magic_and_version);
  page = acre::test::with_sums(page);
  std::uint64_t object_bytes = 0;
  std::memcpy(&object_bytes, page.data() + object_bytes_at, sizeof object_bytes);
  try {
    const acre::segment_header r = acre::decode(page, object_bytes);
    acre::test::demand(r.bytes != 0 && r.object_bytes == object_bytes &&
                       r.bytes <= object_bytes - acre::header_size);
    require_round_trip(r);
    require_placement_or_error(r.placement);
  } catch (const acre::error& e) {
    acre::test::demand(e.code() == acre::errc::foreign_segment);
  }
  return 0;
}
