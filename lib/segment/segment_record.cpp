#include "segment/segment_record.hpp"

#include <acre/error.hpp>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "segment/segment_errors.hpp"

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
  std::array<char, record_size - 96> text;
  std::uint64_t placement_sum;  ///< of partly_rebound, length and text
};
static_assert(sizeof(layout) == record_size);
static_assert(std::is_trivially_copyable_v<layout> && std::has_unique_object_representations_v<layout>);

/// FNV-1a: against accidents. Who writes a nonsense record on purpose can write its sum, too.
std::uint64_t sum_of(const void* data, std::size_t bytes) noexcept {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const unsigned char c : std::span(static_cast<const unsigned char*>(data), bytes)) {
    sum = (sum ^ c) * 0x100000001b3;
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

void read_placement(const layout& l, segment_record& record) {
  if (l.placement_sum != placement_sum(l) || l.length > l.text.size() || l.partly_rebound > 1) return;
  const std::string_view text(l.text.data(), l.length);
  if (!is_printable(text)) return;
  record.placement = text;
  record.partly_rebound = l.partly_rebound != 0;
}

}  // namespace

record_bytes encode(const segment_record& record) {
  layout l{};
  l.magic = magic;
  l.version = version;
  l.page_kind = static_cast<std::uint32_t>(record.page_kind);
  l.backend = static_cast<std::uint32_t>(record.backend);
  l.bytes = record.bytes;
  l.object_bytes = record.object_bytes;
  l.address = record.address;
  l.creator = static_cast<std::uint64_t>(record.creator);
  l.creator_start = record.creator_start;
  l.creator_namespace = record.creator_namespace;
  std::string text = record.placement;
  if (text.size() > l.text.size()) text.replace(l.text.size() - 3, std::string::npos, "...");
  l.partly_rebound = record.partly_rebound ? 1 : 0;
  l.length = static_cast<std::uint32_t>(text.size());
  std::copy(text.begin(), text.end(), l.text.begin());
  record_bytes page;
  std::memcpy(page.data(), &l, sizeof l);
  return with_sums(page);
}

record_bytes with_sums(const record_bytes& page) noexcept {
  layout l;
  std::memcpy(&l, page.data(), sizeof l);
  l.fixed_sum = fixed_sum(l);
  l.placement_sum = placement_sum(l);
  record_bytes summed;
  std::memcpy(summed.data(), &l, sizeof l);
  return summed;
}

segment_record decode(const record_bytes& page, std::uint64_t object_bytes) {
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
  if (l.bytes == 0 || object_bytes < record_size || l.bytes > object_bytes - record_size)
    reject("its header speaks of " + std::to_string(l.bytes) + " bytes of data");
  if (l.page_kind > static_cast<std::uint32_t>(page_kind::huge_1gb))
    reject("its header names an unknown kind of pages");
  if (l.reserved != 0 || l.backend > static_cast<std::uint32_t>(segment_backend::sysv))
    reject("its header is damaged");
  if (l.creator > 0x7fffffff) reject("its header names a process that cannot be");
  segment_record record{.bytes = l.bytes,
                        .object_bytes = l.object_bytes,
                        .page_kind = static_cast<page_kind>(l.page_kind),
                        .backend = static_cast<segment_backend>(l.backend),
                        .address = l.address,
                        .creator = static_cast<pid_t>(l.creator),
                        .creator_start = l.creator_start,
                        .creator_namespace = l.creator_namespace};
  read_placement(l, record);
  return record;
}

}  // namespace acre::inline v1
