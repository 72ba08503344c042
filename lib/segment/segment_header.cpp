#include "segment/segment_header.hpp"

#include <acre/error.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string_view>
#include <type_traits>

#include "area/huge_page_fallback.hpp"
#include "segment/segment_errors.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {
namespace {

constexpr std::array<char, 8> magic = {'a', 'c', 'r', 'e', 's', 'e', 'g', '\n'};
constexpr std::uint32_t version = 1;

/// The page as it lies in memory, in this machine's byte order: segments do not leave the machine.
struct layout {
  // What create() writes once.
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t page_kind;
  std::uint32_t backend;
  std::uint32_t reserved;  ///< 0
  std::uint64_t bytes;
  std::uint64_t object_bytes;
  std::uint64_t address;
  std::uint64_t creator;
  std::uint64_t creator_start;
  std::uint64_t creator_namespace;
  std::uint64_t fixed_sum;  ///< of all above
  // What bind() writes again.
  std::uint32_t partly_rebound;
  std::uint32_t length;  ///< of the text
  std::array<char, header_size - 96> text;
  std::uint64_t placement_sum;  ///< of partly_rebound, length and text
};
static_assert(sizeof(layout) == header_size);
static_assert(std::is_trivially_copyable_v<layout> && std::has_unique_object_representations_v<layout>);

/// FNV-1a: against accidents. Who writes a nonsense header on purpose can write its sum, too.
std::uint64_t sum_of(const void* data, std::size_t bytes) noexcept {
  constexpr std::uint64_t prime = 0x100000001b3;
  const std::span all(static_cast<const unsigned char*>(data), bytes);
  // Most of the page are the zeroes behind the text. Each only multiplies, so all at once are a power.
  constexpr std::array<unsigned char, 256> blank{};
  std::size_t used = bytes;
  for (const std::size_t step : {blank.size(), sizeof(std::uint64_t)}) {
    while (used >= step && std::memcmp(all.data() + used - step, blank.data(), step) == 0) used -= step;
  }
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const unsigned char c : all.first(used)) sum = (sum ^ c) * prime;
  std::uint64_t power = prime;
  for (std::size_t zeroes = bytes - used; zeroes != 0; zeroes /= 2) {
    if (zeroes % 2 != 0) sum *= power;
    power *= power;
  }
  return sum;
}

std::uint64_t fixed_sum(const layout& l) noexcept { return sum_of(&l, offsetof(layout, fixed_sum)); }
std::uint64_t placement_sum(const layout& l) noexcept {
  return sum_of(&l.partly_rebound, offsetof(layout, placement_sum) - offsetof(layout, partly_rebound));
}

/// A text that all terminals can stand.
bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

void read_placement(const layout& l, segment_header& header) {
  if (l.placement_sum != placement_sum(l) || l.length > l.text.size() || l.partly_rebound > 1) return;
  const std::string_view text(l.text.data(), l.length);
  if (!is_printable(text)) return;
  header.placement = text;
  header.partly_rebound = l.partly_rebound != 0;
}

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
  object = huge ? s.whole(s.sum(bytes, header_size), page)
                : s.sum(s.whole(bytes, page_size(kind)), std::max(page, header_size));
  mapped = huge ? object : data;
}

header_bytes encode(const segment_header& header) {
  layout l{};
  l.magic = magic;
  l.version = version;
  l.page_kind = static_cast<std::uint32_t>(header.page_kind);
  l.backend = static_cast<std::uint32_t>(header.backend);
  l.bytes = header.bytes;
  l.object_bytes = header.object_bytes;
  l.address = header.address;
  l.creator = static_cast<std::uint64_t>(header.creator);
  l.creator_start = header.creator_start;
  l.creator_namespace = header.creator_namespace;
  std::string text = header.placement;
  if (text.size() > l.text.size()) text.replace(l.text.size() - 3, std::string::npos, "...");
  l.partly_rebound = header.partly_rebound ? 1 : 0;
  l.length = static_cast<std::uint32_t>(text.size());
  std::copy(text.begin(), text.end(), l.text.begin());
  l.fixed_sum = fixed_sum(l);
  l.placement_sum = placement_sum(l);
  header_bytes page;
  std::memcpy(page.data(), &l, sizeof l);
  return page;
}

segment_header decode(const header_bytes& page, std::uint64_t object_bytes) {
  layout l;
  std::memcpy(&l, page.data(), sizeof l);
  if (l.magic != magic) reject("it has no header of acre's: not made by acre, or truncated");
  if (l.version != version) {
    reject("its header has version " + std::to_string(l.version) + ", this acre knows version " +
           std::to_string(version));
  }
  if (l.fixed_sum != fixed_sum(l)) reject("its header is damaged");
  if (l.object_bytes != object_bytes) {
    reject("its header speaks of " + std::to_string(l.object_bytes) + " bytes, it has " +
           std::to_string(object_bytes));
  }
  if (l.bytes == 0 || object_bytes < header_size || l.bytes > object_bytes - header_size)
    reject("its header speaks of " + std::to_string(l.bytes) + " bytes of data");
  if (l.page_kind > static_cast<std::uint32_t>(page_kind::huge_1gb))
    reject("its header names an unknown kind of pages");
  if (l.reserved != 0 || l.backend > static_cast<std::uint32_t>(segment_backend::sysv))
    reject("its header is damaged");
  if (l.creator > 0x7fffffff) reject("its header names a process that cannot be");
  segment_header header{.bytes = l.bytes,
                        .object_bytes = l.object_bytes,
                        .page_kind = static_cast<page_kind>(l.page_kind),
                        .backend = static_cast<segment_backend>(l.backend),
                        .address = l.address,
                        .creator = static_cast<pid_t>(l.creator),
                        .creator_start = l.creator_start,
                        .creator_namespace = l.creator_namespace};
  read_placement(l, header);
  return header;
}

}  // namespace acre::inline v1
