#include "observe/page_range.hpp"

#include <acre/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>

#include "sys/mappings.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {

namespace {

std::string hole_text(const page_range& range) {
  std::uintptr_t at = range.begin;
  for (const sys::map_line& m : sys::maps(range.begin, range.end).value_or(std::vector<sys::map_line>{})) {
    if (m.begin > at) break;
    at = std::max(at, m.end);
  }
  if (at >= range.end) return "part of the range is not mapped";
  char address[2 * sizeof at + 3];
  std::snprintf(address, sizeof address, "%#" PRIxPTR, at);
  return "the range is not mapped from " + std::string(address) + " on, byte " +
         std::to_string(at - range.begin) + " of " + std::to_string(range.bytes());
}

}  // namespace

page_range require_mapped(const void* p, std::size_t bytes, const char* caller) {
  const std::size_t page = sys::page_size();
  const auto first = reinterpret_cast<std::uintptr_t>(p);
  if (bytes == 0) throw error(errc::invalid_size, std::string(caller) + ": a range of 0 bytes");
  constexpr std::uintptr_t most = std::numeric_limits<std::uintptr_t>::max();
  if (first > most - page || bytes > most - page - first) {
    throw error(errc::invalid_size, std::string(caller) + ": a range of " + std::to_string(bytes) +
                                        " bytes reaches beyond the address space");
  }
  const std::uintptr_t begin = first / page * page;
  const std::uintptr_t end = (first + bytes + page - 1) / page * page;
  if (!sys::is_mapped(reinterpret_cast<void*>(begin), end - begin)) {
    throw error(errc::not_mapped, std::string(caller) + ": " + hole_text({begin, end, page}));
  }
  return {begin, end, page};
}

std::vector<sys::map_line> whole_mappings_of(const page_range& range) {
  auto lines = sys::maps(range.begin, range.end);
  if (!lines) return {{range.begin, range.end, true}};
  // The kernel tells the file in pieces: what is merged meanwhile may come twice.
  std::uintptr_t done = range.begin;
  std::erase_if(*lines, [&](const sys::map_line& m) {
    if (m.end <= done) return true;
    done = m.end;
    return false;
  });
  return std::move(*lines);
}

std::vector<sys::map_line> mappings_of(const page_range& range) {
  std::vector<sys::map_line> lines = whole_mappings_of(range);
  std::uintptr_t done = range.begin;
  for (sys::map_line& m : lines) {
    const std::uintptr_t begin = std::max(m.begin, done);
    m.offset += begin - m.begin;
    m.begin = begin;
    m.end = std::min(m.end, range.end);
    done = m.end;
  }
  return lines;
}

bool wants_huge_pages(const page_range& range) {
  const auto entries = sys::smaps(range.begin, range.end);
  return std::any_of(entries.begin(), entries.end(), [](const sys::smaps_entry& e) { return e.wants_huge; });
}

std::size_t kernel_page_size(const void* p) {
  const auto size = sys::page_size_at(reinterpret_cast<std::uintptr_t>(p));
  if (size) return *size;
  throw error(
      std::error_code(ENOENT, std::system_category()),
      "the size of pages cannot be read: neither /proc/self/maps nor smaps tell it; is /proc mounted?");
}

}  // namespace acre::inline v1
