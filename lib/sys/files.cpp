#include "sys/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <memory>
#include <utility>

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

std::optional<huge_pool> pool_in(const std::string& directory, unsigned shift) {
  const std::string base =
      directory + "hugepages-" + std::to_string((std::uint64_t{1} << shift) >> 10) + "kB/";
  const auto pages = number_in(base + "nr_hugepages");
  const auto free = number_in(base + "free_hugepages");
  if (!pages || !free) return std::nullopt;
  const auto over = number_in(base + "nr_overcommit_hugepages").value_or(0);
  const auto surplus = number_in(base + "surplus_hugepages").value_or(0);
  return huge_pool{*pages, *free, over > surplus ? over - surplus : 0};
}

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

int read_text(const char* path, std::string& text) {
  // Most files are small, and the kernel tells large ones by the page at least.
  constexpr std::size_t first_batch = 4096;
  constexpr std::size_t batch = 65536;
  text.clear();
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  for (;;) {
    const std::size_t had = text.size();
    const std::size_t size = had == 0 ? first_batch : batch;
    text.resize(had + size);
    const ssize_t n = ::read(fd, text.data() + had, size);
    const int error = errno;
    text.resize(had + static_cast<std::size_t>(n > 0 ? n : 0));
    if (n > 0 || (n < 0 && error == EINTR)) continue;
    ::close(fd);
    return n == 0 ? 0 : error;
  }
}

std::optional<std::string> read_file(const char* path) {
  std::string text;
  return read_text(path, text) == 0 ? std::optional(std::move(text)) : std::nullopt;
}

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + key.size());
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  return rest.starts_with(" kB") ? value << 10 : value;
}

std::optional<std::uint64_t> number_in(const std::string& path) {
  const auto text = read_file(path.c_str());
  return text ? number_after(*text, "") : std::nullopt;
}

bool exists(const char* path) noexcept { return ::access(path, F_OK) == 0; }

std::string link_target(const char* path) {
  char text[PATH_MAX];
  const ssize_t n = ::readlink(path, text, sizeof text);
  return n > 0 ? std::string(text, static_cast<std::size_t>(n)) : std::string();
}

std::vector<std::string> entries_of(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (!open) return names;
  while (const dirent* const entry = ::readdir(open.get())) names.emplace_back(entry->d_name);
  return names;
}

bool tells_of_memory() noexcept { return exists("/sys/kernel/mm"); }

std::string node_directory(unsigned node) {
  return "/sys/devices/system/node/node" + std::to_string(node) + "/";
}

std::optional<std::string> read_node_file(const std::string& name) {
  return read_file(("/sys/devices/system/node/" + name).c_str());
}

std::optional<node_meminfo> node_memory(unsigned node) {
  const auto text = read_node_file("node" + std::to_string(node) + "/meminfo");
  if (!text) return std::nullopt;
  const auto total = number_after(*text, "MemTotal:");
  if (!total) return std::nullopt;
  node_meminfo m;
  m.total = *total;
  m.free = number_after(*text, "MemFree:").value_or(0);
  m.file = number_after(*text, "FilePages:").value_or(0);
  m.shared = number_after(*text, "Shmem:").value_or(0);
  m.slab_reclaimable = number_after(*text, "SReclaimable:").value_or(0);
  return m;
}

std::uint64_t high_watermarks(std::string_view zoneinfo, unsigned node) {
  const std::string head = "Node " + std::to_string(node) + ",";
  std::uint64_t sum = 0;
  std::uint64_t raised = 0;
  bool inside = false;
  for_each_line(zoneinfo, [&](std::string_view line) {
    if (line.starts_with("Node ")) {
      inside = line.starts_with(head);
      raised = 0;
    }
    if (!inside) return;
    // Lists of pages of each CPU have a "high:", too.
    if (const auto n = number_after(line, " boost ")) raised = *n;
    if (const auto n = number_after(line, " high ")) sum += *n - std::min(*n, raised);
  });
  return sum;
}

std::optional<std::string> zoneinfo() { return read_file("/proc/zoneinfo"); }

std::optional<std::string> allowed_node_list() {
  const auto text = read_file("/proc/thread-self/status");
  constexpr std::string_view key = "\nMems_allowed_list:\t";
  const std::size_t at = text ? text->find(key) : std::string::npos;
  if (at == std::string::npos) return std::nullopt;
  const std::size_t begin = at + key.size();
  return text->substr(begin, text->find('\n', begin) - begin);
}

std::optional<std::uint64_t> available_memory() {
  const auto text = read_file("/proc/meminfo");
  return text ? number_after(*text, "MemAvailable:") : std::nullopt;
}

std::optional<huge_pool> huge_pages(unsigned shift) { return pool_in("/sys/kernel/mm/hugepages/", shift); }

std::optional<huge_pool> huge_pages(unsigned shift, unsigned node) {
  return pool_in(node_directory(node) + "hugepages/", shift);
}

std::string_view chosen_in(std::string_view text) {
  const std::size_t open = text.find('[');
  const std::size_t close = text.find(']');
  if (open == text.npos || close == text.npos || close < open) return {};
  return text.substr(open + 1, close - open - 1);
}

std::string thp_setting(const char* file) {
  const auto text = read_file((std::string("/sys/kernel/mm/transparent_hugepage/") + file).c_str());
  if (!text) return {};
  return std::string(chosen_in(*text));
}

std::size_t max_map_count() {
  return static_cast<std::size_t>(number_in("/proc/sys/vm/max_map_count").value_or(65530));
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

bool has_locked_memory() {
  const auto text = read_file("/proc/self/status");
  return !text || number_after(*text, "VmLck:").value_or(1) != 0;
}

std::optional<unsigned> interleave_weight(unsigned node) {
  const auto weight = number_in("/sys/kernel/mm/mempolicy/weighted_interleave/node" + std::to_string(node));
  return weight ? std::optional(static_cast<unsigned>(*weight)) : std::nullopt;
}

std::optional<std::string> numa_maps() { return read_file("/proc/self/numa_maps"); }

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
  const auto entries = smaps(at, at + 1);
  return entries.empty() ? std::nullopt : std::optional(static_cast<std::size_t>(entries.front().page_size));
}

}  // namespace acre::inline v1::sys
