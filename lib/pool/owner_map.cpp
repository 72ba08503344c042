#include <acre/detail/owner_map.hpp>

#include <acre/error.hpp>

#include <algorithm>

namespace acre::inline v1::detail {

owner_map::owner_map(std::pmr::memory_resource* memory)
    : x_memory(memory), x_root(std::make_unique<std::atomic<leaf*>[]>(root_entries)) {}

owner_map::~owner_map() {
  for (std::size_t i = 0; i != root_entries; ++i) {
    // relaxed: nobody else is here any more, and whatever told the destroying thread so orders their stores.
    leaf* const l = x_root[i].load(std::memory_order_relaxed);
    if (l != nullptr) std::pmr::polymorphic_allocator<>(x_memory).delete_object(l);
  }
}

void owner_map::make_leaf(std::size_t index) {
  // relaxed: only whether there is one matters here.
  if (x_root[index].load(std::memory_order_relaxed) != nullptr) return;
  std::pmr::polymorphic_allocator<> allocator(x_memory);
  leaf* const made = allocator.new_object<leaf>();
  leaf* expected = nullptr;
  // release: who loads the pointer with acquire sees the leaf's zeroes. A thread that was faster made as good a one.
  if (!x_root[index].compare_exchange_strong(expected, made, std::memory_order_release,
                                             std::memory_order_relaxed)) {
    allocator.delete_object(made);
  }
}

std::atomic<owner_map::entry>& owner_map::granule(std::uintptr_t address) noexcept {
  // acquire: the zeroes of a leaf that another thread made come before what is stored into it now.
  leaf* const l = x_root[address >> (granule_bits + leaf_bits)].load(std::memory_order_acquire);
  return l->granules[address >> granule_bits & (leaf_entries - 1)];
}

// Stores here and in clear() are relaxed: find() says why it sees the last of them. Two stores to one granule are
// ordered by the kernel, which gives addresses away again only after they were unmapped, and thus cleared.
void owner_map::set(const void* p, std::size_t bytes, owner who) {
  const auto begin = reinterpret_cast<std::uintptr_t>(p);
  if (bytes == 0) return;
  const std::uintptr_t last = begin + bytes - 1;
  if (last >> address_bits != 0) {
    throw allocation_error(errc::invalid_size, bytes, "node_pools",
                           "the system mapped it beyond the 48 bits of address that blocks can have");
  }
  constexpr unsigned root_shift = granule_bits + leaf_bits;
  for (std::size_t i = begin >> root_shift; i <= last >> root_shift; ++i) make_leaf(i);
  for (std::size_t at = 0; at < bytes; at += granule_bytes) {
    constexpr std::size_t page_bytes = std::size_t{1} << page_bits;
    const std::size_t pages = (std::min(bytes - at, granule_bytes) + page_bytes - 1) / page_bytes;
    granule(begin + at)
        .store(entry{who} << owner_shift | static_cast<entry>(pages), std::memory_order_relaxed);
  }
}

void owner_map::clear(const void* p, std::size_t bytes) noexcept {
  const auto begin = reinterpret_cast<std::uintptr_t>(p);
  for (std::size_t at = 0; at < bytes; at += granule_bytes) {
    granule(begin + at).store(0, std::memory_order_relaxed);
  }
}

}  // namespace acre::inline v1::detail
