#include "sys/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <memory>
#include <utility>

namespace acre::inline v1::sys {
namespace {

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

int read_text(const char* path, std::string& text) {
  // Most files are small: what is read into costs a fault for each page, and the end of the file is read, too. The
  // kernel tells large ones by the page at least.
  constexpr std::size_t least_batch = 4096;
  constexpr std::size_t largest_batch = 65536;
  text.clear();
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  for (;;) {
    const std::size_t had = text.size();
    const std::size_t size = std::clamp(had, least_batch, largest_batch);
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

std::optional<std::uint64_t> transparent_huge_bytes() {
  return number_in("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
}

std::size_t max_map_count() {
  return static_cast<std::size_t>(number_in("/proc/sys/vm/max_map_count").value_or(65530));
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

}  // namespace acre::inline v1::sys
