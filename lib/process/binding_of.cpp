#include <acre/binding_of.hpp>

#include <acre/error.hpp>

#include <algorithm>
#include <cerrno>
#include <ostream>
#include <utility>

#include "base/code_of.hpp"
#include "base/counted.hpp"
#include "observe/numa_maps.hpp"
#include "placement/kernel_policy.hpp"
#include "process/process_files.hpp"
#include "sys/mappings.hpp"
#include "sys/pages.hpp"
#include "sys/policy.hpp"
#include "sys/processes.hpp"
#include "topology/node_files.hpp"

namespace acre::inline v1 {
namespace {

std::size_t on_node(const std::vector<node_pages>& nodes, node_id node) noexcept {
  for (const node_pages& n : nodes) {
    if (n.node == node) return n.pages;
  }
  return 0;
}

std::size_t sum(const std::vector<node_pages>& nodes) noexcept {
  std::size_t pages = 0;
  for (const node_pages& n : nodes) pages += n.pages;
  return pages;
}

void add(const std::vector<node_pages>& more, std::vector<node_pages>& sums) {
  residency total;
  total.per_node = std::move(sums);
  residency part;
  part.per_node = more;
  total += part;
  sums = std::move(total.per_node);
}

bool is_special(std::string_view name) { return name.starts_with("[v"); }

mapping_kind kind_of(const process_mapping& m, const numa_maps_line& line) {
  if (line.heap) return mapping_kind::heap;
  if (line.stack) return mapping_kind::stack;
  if (!line.file.empty()) return mapping_kind::file;
  return is_special(m.name) ? mapping_kind::special : mapping_kind::anonymous;
}

process_mapping to_mapping(const numa_maps_line& line, std::size_t base_page) {
  process_mapping m;
  m.begin = line.begin;
  m.policy = line.policy;
  m.kernel_policy = line.policy_text;
  m.page_size = line.page_size;
  m.hugetlb = line.huge;
  // Of pages larger than base pages the kernel counts hugetlb ones only.
  const std::size_t unit = std::max<std::size_t>(line.page_size / base_page, 1);
  for (const node_pages& n : line.nodes) m.per_node.push_back({n.node, n.pages * unit});
  m.anonymous = line.anonymous * unit;
  m.dirty = line.dirty * unit;
  m.swap_cache = line.swap_cache * unit;
  m.writeback = line.writeback * unit;
  m.mappers = line.mappers;
  return m;
}

/// The link that the kernel has for each mapped file is asked only where the texts do not tell a name for sure.
std::string name_of_file(int pid, const process_mapping& m, std::string_view in_numa_maps) {
  file_name name = acre::name_of_file(in_numa_maps, m.name);
  if (name.sure || m.end == 0) return std::move(name.text);
  std::string linked = sys::mapped_file(pid, m.begin, m.end);
  return is_written_as(linked, in_numa_maps) ? linked : std::move(name.text);
}

/// Adds what maps knows: ranges, permissions, names.
class maps_reader {
 public:
  explicit maps_reader(std::string_view text) : x_text(text) { next(); }

  /// Mappings must come in order of address.
  void complete(process_mapping& m) {
    while (x_line && x_line->begin < m.begin) next();
    if (!x_line || x_line->begin != m.begin) return;
    m.end = x_line->end;
    m.permissions = x_line->permissions;
    m.name = x_line->name;
  }

 private:
  void next() {
    do {
      x_line.reset();
      if (x_text.empty()) return;
      x_line = sys::parse_maps_line(take_line(x_text));
    } while (!x_line);
  }

  std::string_view x_text;
  std::optional<sys::maps_line> x_line;
};

struct process_texts {
  std::string status;
  std::string numa_maps;
  std::string maps;
};

/// Nothing if the thread has ended, or does so.
std::optional<process_texts> texts_of_thread(int pid, int thread) {
  auto status = read_thread_file(pid, thread, "status");
  auto numa_maps = read_thread_file(pid, thread, "numa_maps");
  auto maps = read_thread_file(pid, thread, "maps");
  if (!status || !numa_maps || numa_maps->empty() || !maps) return std::nullopt;
  return process_texts{std::move(*status), std::move(*numa_maps), std::move(*maps)};
}

process_texts texts_of(int pid) {
  process_texts first{read_process_file(pid, "status"), read_process_file(pid, "numa_maps"),
                      read_process_file(pid, "maps")};
  if (!first.numa_maps.empty()) return first;
  for (const int thread : sys::threads_of(pid)) {
    if (auto texts = texts_of_thread(pid, thread)) return std::move(*texts);
  }
  return first;
}

void read_status(const std::string& status, process_binding& b) {
  b.allowed_nodes = parse_node_list(status_value(status, "Mems_allowed_list")).value_or(node_set{});
  b.allowed_cpus =
      parse_kernel_list(status_value(status, "Cpus_allowed_list")).value_or(std::vector<unsigned>{});
}

void read_mappings(int pid, const process_texts& texts, process_binding& b) {
  maps_reader ranges(texts.maps);
  for (std::string_view rest = texts.numa_maps; !rest.empty();) {
    auto line = parse_numa_maps_line(take_line(rest));
    if (!line) continue;
    process_mapping m = to_mapping(*line, b.page_size);
    ranges.complete(m);
    m.kind = kind_of(m, *line);
    if (m.kind == mapping_kind::file) m.name = name_of_file(pid, m, line->file);
    add(m.per_node, b.per_node);
    b.mappings.push_back(std::move(m));
  }
}

std::optional<policy> own_policy(int pid, const process_binding& b) {
  sys::raw_policy raw;
  const bool is_this_thread = b.pid == sys::thread_number() && (pid == 0 || sys::proc_has_own_numbers());
  if (is_this_thread && sys::thread_policy(raw) == 0) return from_kernel(raw);
  for (const process_mapping& m : b.mappings) {
    if (m.kind == mapping_kind::special) return m.policy;
  }
  return std::nullopt;
}

}  // namespace

process_binding binding_of(int pid) {
  process_binding b;
  b.pid = pid == 0 ? sys::process_number() : pid;
  b.page_size = sys::page_size();
  const process_texts texts = texts_of(pid);
  read_status(texts.status, b);
  read_mappings(pid, texts, b);
  b.own = own_policy(pid, b);
  return b;
}

process_binding binding_of(int pid, std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return binding_of(pid); });
}

std::string_view to_string(mapping_kind kind) noexcept {
  switch (kind) {
    case mapping_kind::anonymous:
      return "anonymous";
    case mapping_kind::file:
      return "file";
    case mapping_kind::heap:
      return "heap";
    case mapping_kind::stack:
      return "stack";
    case mapping_kind::special:
      return "special";
  }
  return "unknown";
}

std::size_t process_mapping::pages() const noexcept { return sum(per_node); }
std::size_t process_mapping::on(node_id node) const noexcept { return on_node(per_node, node); }
std::size_t process_binding::pages() const noexcept { return sum(per_node); }
std::size_t process_binding::on(node_id node) const noexcept { return on_node(per_node, node); }

std::string process_binding::to_string() const {
  std::string text =
      "process " + std::to_string(pid) + ": nodes " + allowed_nodes.to_string() + " allowed, policy ";
  text += own ? "'" + own->to_string() + "'" : "unknown";
  text += ", " + counted(mappings.size(), "mapping");
  residency where;
  where.per_node = per_node;
  const std::string pages_text = where.to_string();
  if (!pages_text.empty()) text += ": " + pages_text;
  return text;
}

std::ostream& operator<<(std::ostream& out, const process_binding& b) { return out << b.to_string(); }

}  // namespace acre::inline v1
