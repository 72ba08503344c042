#include "segment/segment_layout.hpp"

#include <acre/error.hpp>

#include <algorithm>
#include <limits>
#include <string>

#include "area/huge_page_fallback.hpp"
#include "segment/segment_record.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {
namespace {

/// Sums that cannot wrap.
class sizes {
 public:
  explicit sizes(std::size_t bytes) : x_bytes(bytes) {}

  std::size_t sum(std::size_t a, std::size_t b) const {
    if (a <= static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) - b) return a + b;
    throw error(errc::invalid_size,
                "segment: " + std::to_string(x_bytes) + " bytes are more than an address space has");
  }
  std::size_t whole(std::size_t bytes, std::size_t page) const { return sum(bytes, page - 1) / page * page; }

 private:
  std::size_t x_bytes;
};

}  // namespace

segment_layout::segment_layout(std::size_t bytes, page_kind kind) {
  if (bytes == 0) throw error(errc::invalid_size, "segment: 0 bytes");
  const sizes s(bytes);
  const bool huge = is_hugetlb(kind);
  page = huge ? page_size(kind) : sys::page_size();
  data = s.whole(bytes, page);
  object = huge ? s.whole(s.sum(bytes, record_size), page)
                : s.sum(s.whole(bytes, page_size(kind)), std::max(page, record_size));
  mapped = huge ? object : data;
}

}  // namespace acre::inline v1
