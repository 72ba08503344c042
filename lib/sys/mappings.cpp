#include "sys/mappings.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "sys/files.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1::sys {
namespace {

// include/uapi/linux/fs.h, Linux 6.11.
struct procmap_query {
  std::uint64_t size;
  std::uint64_t query_flags;
  std::uint64_t query_addr;
  std::uint64_t vma_start;
  std::uint64_t vma_end;
  std::uint64_t vma_flags;
  std::uint64_t vma_page_size;
  std::uint64_t vma_offset;
  std::uint64_t inode;
  std::uint32_t dev_major;
  std::uint32_t dev_minor;
  std::uint32_t vma_name_size;
  std::uint32_t build_id_size;
  std::uint64_t vma_name_addr;
  std::uint64_t build_id_addr;
};
constexpr unsigned long procmap_query_call = _IOWR('f', 17, procmap_query);
constexpr std::uint64_t covering_or_next = 0x10;

}  // namespace

std::optional<maps_line> parse_maps_line(std::string_view text) {
  maps_line line;
  const char* const last = text.data() + text.size();
  const auto [dash, e1] = std::from_chars(text.data(), last, line.begin, 16);
  if (e1 != std::errc{} || dash == last || *dash != '-') return std::nullopt;
  const auto [space, e2] = std::from_chars(dash + 1, last, line.end, 16);
  if (e2 != std::errc{} || line.end <= line.begin || last - space < 5 || *space != ' ') return std::nullopt;
  // "perms offset device inode name"
  line.permissions = {space + 1, 4};
  line.shared = line.permissions[3] == 's';
  const auto [offset_end, e3] = std::from_chars(std::min(space + 6, last), last, line.offset, 16);
  if (e3 != std::errc{} || offset_end == last) return line;
  const char* const device_end = std::find(offset_end + 1, last, ' ');
  if (device_end == last) return line;
  const char* const inode_end = std::from_chars(device_end + 1, last, line.inode).ptr;
  line.name = {std::find_if(inode_end, last, [](char c) { return c != ' '; }), last};
  return line;
}

std::optional<std::vector<map_line>> maps(std::uintptr_t begin, std::uintptr_t end) {
  std::vector<map_line> lines;
  const auto text = read_file("/proc/self/maps");
  if (!text) return std::nullopt;
  for_each_line(*text, [&](std::string_view line) {
    const auto m = parse_maps_line(line);
    if (m && m->begin < end && m->end > begin) lines.push_back(*m);
  });
  return lines;
}

std::optional<std::size_t> count_mappings() {
  const auto text = read_file("/proc/self/maps");
  if (!text) return std::nullopt;
  return static_cast<std::size_t>(std::count(text->begin(), text->end(), '\n'));
}

int query_vma(std::uintptr_t at, vma& found) noexcept {
  const int fd = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  procmap_query q{};
  q.size = sizeof q;
  q.query_flags = covering_or_next;
  q.query_addr = at;
  const int error = ::ioctl(fd, procmap_query_call, &q) == 0 ? 0 : errno;
  ::close(fd);
  if (error == 0) found = {q.vma_start, q.vma_end, q.vma_page_size};
  return error;
}

std::vector<smaps_entry> parse_smaps(std::string_view text, std::uintptr_t begin, std::uintptr_t end) {
  std::vector<smaps_entry> entries;
  bool inside = false;
  for_each_line(text, [&](std::string_view line) {
    if (const auto m = parse_maps_line(line)) {
      inside = m->begin < end && m->end > begin;
      if (inside) entries.push_back({.begin = m->begin, .end = m->end});
      return;
    }
    if (!inside) return;
    smaps_entry& entry = entries.back();
    const auto add = [&](std::string_view key, std::uint64_t& sum) {
      if (line.starts_with(key)) sum += number_after(line, key).value_or(0);
    };
    add("Rss:", entry.resident);
    add("Pss:", entry.proportional);
    for (std::string_view key : {"AnonHugePages:", "ShmemPmdMapped:", "FilePmdMapped:"})
      add(key, entry.transparent_huge);
    add("KernelPageSize:", entry.page_size);
    if (line.starts_with("VmFlags:")) {
      entry.wants_huge = line.find(" hg") != std::string_view::npos;
      entry.locked = line.find(" lo") != std::string_view::npos;
    }
  });
  return entries;
}

std::vector<smaps_entry> smaps(std::uintptr_t begin, std::uintptr_t end) {
  const auto text = read_file("/proc/self/smaps");
  return text ? parse_smaps(*text, begin, end) : std::vector<smaps_entry>();
}

std::optional<std::size_t> page_size_at(std::uintptr_t at) {
  vma v{};
  if (query_vma(at, v) == 0) return v.begin <= at ? v.page_size : page_size();
  const auto lines = maps(at, at + 1);
  if (lines && (lines->empty() || !may_be_hugetlb(lines->front()))) return page_size();
  const auto entries = smaps(at, at + 1);
  return entries.empty() ? std::nullopt : std::optional(static_cast<std::size_t>(entries.front().page_size));
}

}  // namespace acre::inline v1::sys
