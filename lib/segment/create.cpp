// Making segments: everything is done before anybody can see them.
#include <acre/error.hpp>
#include <acre/prefault.hpp>

#include <cerrno>
#include <random>
#include <string>
#include <utility>

#include "area/page_kinds.hpp"
#include "segment/segment_state.hpp"

namespace acre {
namespace {

void require_options(const segment_options& o, const placement& where, const topology& machine) {
  if (!machine.is_this_system()) {
    throw error(errc::foreign_topology,
                "segment: the topology does not describe this machine: nothing can be bound on it");
  }
  if (!where.nodes().empty()) machine.require_usable(where.nodes());
  if ((o.mode & ~0777U) != 0)
    throw error(errc::invalid_argument, "segment_options::mode has other bits than permissions (0777)");
  if (!is_hugetlb(o.pages)) return;
  if (o.backend == segment_backend::posix) {
    throw error(errc::invalid_argument,
                "segment: /dev/shm has no hugetlb pages; the backends memfd and sysv have");
  }
  if (o.commit == commit::lazy) {
    throw error(
        errc::unsupported_placement,
        "segment: the kernel keeps no placement of hugetlb pages for other processes: they must exist "
        "before (commit::eager, the default for them)");
  }
}

void require_pages(page_kind pages, std::size_t bytes, const placement& where) {
  const std::string why = why_unavailable(pages, sharing::shared);
  if (!why.empty()) throw allocation_error(errc::no_huge_pages, bytes, where.to_string(), why);
}

/// An address for all processes: from a range where the kernel puts nothing by itself (programs lie above 0x55..., maps
/// below the stack at 0x7f..., sanitizers' shadows elsewhere), at random, so that segments do not meet. A hint: on
/// machines without such addresses the kernel chooses another.
void* shared_address() {
  constexpr std::uint64_t first = 0x2000'0000'0000;
  constexpr std::uint64_t last = 0x5000'0000'0000;
  constexpr std::uint64_t step = std::uint64_t{1} << 30;
  std::random_device random;
  std::uniform_int_distribution<std::uint64_t> place(0, (last - first) / step - 1);
  return reinterpret_cast<void*>(first + place(random) * step);
}

std::unique_ptr<segment_object> make_object(const segment_name& name, const segment_layout& layout,
                                            const segment_options& o) {
  switch (name.backend) {
    case segment_backend::posix:
      return make_file(name, layout.object, o.mode);
    case segment_backend::memfd:
      return make_memory_file(name, layout.object, o.pages);
    case segment_backend::sysv:
      break;
  }
  return make_sysv(name, layout.object, o.pages, o.mode);
}

/// Installs the plan on the object, and makes its pages if that is wanted, through a mapping that ends here: the ranges
/// of a plan would make many mappings of the one that is kept.
std::vector<downgrade> place(segment_object& object, const segment_layout& layout, const placement& where,
                             const plan& ranges, const segment_options& o, const topology& machine) {
  const mapping m = map_segment(object, layout, o.pages, {});
  std::vector<downgrade> downgrades;
  if (where.strategy() != strategy::unbound) downgrades = apply(ranges, m.data(), machine);
  if (is_hugetlb(o.pages) || o.commit == commit::eager) {
    committing(layout.data, where.to_string(), [&] {
      if (is_hugetlb(o.pages) && !pools_hold(ranges, o.pages))
        throw error(errc::no_huge_pages, "the nodes have not enough free huge pages");
      prefault(ranges, m.data(), machine);
      if (layout.mapped > layout.data)
        prefault(static_cast<std::byte*>(m.data()) + layout.data, layout.mapped - layout.data, machine);
    });
  }
  return downgrades;
}

segment_record new_record(std::size_t bytes, const segment_layout& layout, const placement& where,
                          const segment_options& o) {
  const pid_t self = sys::own_process();
  return {.bytes = bytes,
          .object_bytes = layout.object,
          .pages = o.pages,
          .backend = o.backend,
          .creator = self,
          .creator_start = sys::process_start(self).value_or(0),
          .creator_namespace = sys::process_namespace(),
          .placement = where.to_string()};
}

}  // namespace

std::unique_ptr<segment_state> create_segment(std::string_view name, std::size_t bytes,
                                              const placement& where, const segment_options& o,
                                              const topology& machine) {
  const segment_name checked(o.backend, name);
  require_options(o, where, machine);
  const segment_layout layout(bytes, o.pages);
  const plan ranges = plan_mapping(where, layout.data, layout.data, o.pages, machine);
  require_pages(o.pages, bytes, where);

  // Before others can see an object without it.
  segment_record record = new_record(bytes, layout, where, o);
  auto object = make_object(checked, layout, o);
  if (object->is_visible()) {
    record.ready = false;
    object->write_record(encode(record));
  }
  auto downgrades = place(*object, layout, where, ranges, o, machine);
  mapping memory = map_segment(*object, layout, o.pages,
                               {.address = o.address == nullptr ? shared_address() : o.address,
                                .use = o.address == nullptr ? address_use::hint : address_use::exact});
  record.ready = true;
  record.address = reinterpret_cast<std::uintptr_t>(memory.data());
  object->write_record(encode(record));
  object->seal();
  object->publish();
  const object_facts facts = object->facts();
  return std::make_unique<segment_state>(segment_state{.object = std::move(object),
                                                       .record = std::move(record),
                                                       .layout = layout,
                                                       .backend = o.backend,
                                                       .memory = std::move(memory),
                                                       .created = true,
                                                       .sealed = facts.sealed,
                                                       .owner = facts.owner,
                                                       .downgrades = std::move(downgrades)});
}

}  // namespace acre
