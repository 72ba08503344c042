// Making segments: everything is done before anybody can use them.
#include <acre/error.hpp>
#include <acre/prefault.hpp>

#include <cstdint>
#include <string>
#include <utility>

#include "area/huge_page_fallback.hpp"
#include "placement/strategies.hpp"
#include "segment/existing_pages.hpp"
#include "segment/segment_errors.hpp"
#include "segment/segment_state.hpp"
#include "sys/processes.hpp"
#include "sys/shared.hpp"

namespace acre::inline v1 {
namespace {

void require_options(const segment_options& o, const placement& where, const topology& machine) {
  if (!machine.is_this_system()) {
    throw error(errc::foreign_topology,
                "segment: the topology does not describe this machine: nothing can be bound on it");
  }
  if (!where.nodes().empty()) machine.require_usable(where.nodes());
  if ((o.mode & ~0777U) != 0)
    throw error(errc::invalid_argument, "segment_options::mode has other bits than permissions (0777)");
  if (!is_hugetlb(o.page_kind)) return;
  if (o.backend == segment_backend::posix) {
    throw error(errc::invalid_argument,
                "segment: files in /dev/shm have no hugetlb pages, other segments have");
  }
  if (o.commit == commit::lazy) {
    throw error(
        errc::unsupported_placement,
        "segment: the kernel keeps no placement of hugetlb pages for other processes: they must exist "
        "before (commit::eager, the default for them)");
  }
}

/// Why there can be no such pages at all; empty if there may be.
std::string why_no_pages(const segment_options& o) {
  if (o.page_kind == page_kind::transparent_huge && o.backend == segment_backend::posix) {
    // The file system's own option decides, not shmem_enabled (Documentation/admin-guide/mm/transhuge.rst).
    const std::string option = sys::shared_huge_option();
    return option == "never" ? "/dev/shm is mounted without huge=advise (or always, within_size)" : "";
  }
  return why_unavailable(o.page_kind, sharing::shared);
}

bool makes_pages(const segment_options& o) { return is_hugetlb(o.page_kind) || o.commit == commit::eager; }

std::unique_ptr<segment_object> make_object(const segment_name& name, std::uint64_t bytes,
                                            const segment_options& o) {
  switch (name.backend) {
    case segment_backend::posix:
      // All pages for nothing would be much.
      if (makes_pages(o)) require_unused(name);
      return make_file(name, bytes, o.mode);
    case segment_backend::memfd:
      return make_memory_file(name, bytes, o.page_kind, o.mode);
    case segment_backend::sysv:
      break;
  }
  return make_sysv(name, bytes, o.page_kind, o.mode);
}

/// Makes the huge page that ends with the header: who touches one that cannot be had gets a SIGBUS. If it holds no data
/// it lies rather on nodes that the data do not need.
void commit_header_page(const mapping& m, const segment_layout& layout, const placement& where,
                        const topology& machine) {
  std::byte* const last = static_cast<std::byte*>(m.data()) + (layout.mapped - layout.page);
  const node_set others = where.nodes().empty() ? node_set{} : machine.default_nodes() - where.nodes();
  if (layout.mapped > layout.data && !others.empty())
    apply(last, layout.page, placement::prefer(others), machine);
  prefault(last, layout.page, machine);
}

/// Calls make(). If there is no room, the error names the size that was asked for, not that of the object.
template <class Make>
auto naming_asked(std::size_t bytes, Make make) {
  try {
    return make();
  } catch (const allocation_error& e) {
    throw allocation_error(e.code(), bytes, "", e.reason());
  }
}

/// Installs the plan on the object, and makes its pages if that is wanted.
/// \param m of the object
std::vector<downgrade> place(const mapping& m, const segment_layout& layout, std::size_t bytes,
                             const placement& where, const plan& ranges, const segment_options& o,
                             const topology& machine) {
  std::vector<downgrade> downgrades;
  if (detail::binds(where)) downgrades = apply(m.data(), ranges, machine);
  if (!makes_pages(o)) return downgrades;
  const bool huge = is_hugetlb(o.page_kind);
  committing(bytes, where.to_string(), [&] {
    if (huge) {
      if (const std::string why = why_short(ranges, o.page_kind); !why.empty())
        throw error(errc::no_huge_pages, why);
    }
    if (huge) commit_header_page(m, layout, where, machine);
    prefault(m.data(), ranges, machine);
  });
  return downgrades;
}

segment_header new_header(std::size_t bytes, const segment_layout& layout, const placement& where,
                          const segment_options& o) {
  const sys::process_identity self = sys::own_identity();
  return {.bytes = bytes,
          .object_bytes = layout.object,
          .page_kind = o.page_kind,
          .backend = o.backend,
          .creator = self.number,
          .creator_start = self.start,
          .creator_namespace = self.where,
          .placement = where.to_string()};
}

}  // namespace

void* shared_address() noexcept {
  constexpr std::uint64_t first = 0x2000'0000'0000;
  constexpr std::uint64_t last = 0x5000'0000'0000;
  constexpr std::uint64_t step = std::uint64_t{1} << 30;
  return reinterpret_cast<void*>(first + sys::random_bits() % ((last - first) / step) * step);
}

std::unique_ptr<segment_state> create_segment(const segment_name& name, std::size_t bytes,
                                              const placement& where, const segment_options& o,
                                              const topology& machine) {
  require_options(o, where, machine);
  const segment_layout layout(bytes, o.page_kind);
  const plan ranges = plan_mapping(where, layout.data, layout.data, o.page_kind, machine);
  const std::string why = why_no_pages(o);
  if (!why.empty()) throw allocation_error(errc::no_huge_pages, bytes, where.to_string(), why);

  auto s = std::make_unique<segment_state>(
      segment_state{.object = naming_asked(bytes, [&] { return make_object(name, layout.object, o); }),
                    .header = new_header(bytes, layout, where, o),
                    .layout = layout,
                    .created = true});
  s->memory = map_segment(*s->object, layout, o.page_kind,
                          {.address = o.address == nullptr ? shared_address() : o.address,
                           .use = o.address == nullptr ? address_use::hint : address_use::exact});
  s->header.address = reinterpret_cast<std::uintptr_t>(s->memory.data());
  {
    // The ranges of a plan would make many mappings of the one that is kept.
    const mapping m = map_segment(*s->object, layout, o.page_kind, {});
    s->downgrades = place(m, layout, bytes, where, ranges, o, machine);
    naming_asked(bytes, [&] { s->object->write_header(encode(s->header), layout.object, m); });
  }
  // As with an area, nobody who was promised its pages waits for a fault, and acre::locate() finds them.
  if (makes_pages(o)) map_existing_pages(s->memory, layout.data, *s->object, layout.data);
  s->sealed = s->object->seal();
  s->object->publish();
  return s;
}

}  // namespace acre::inline v1
