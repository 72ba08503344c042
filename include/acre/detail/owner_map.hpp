// owner_map: which owner an address belongs to, in two loads.
#pragma once

#include <acre/export.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>

namespace acre::inline v1::detail {

/// A radix tree of two levels over the granules of a 48-bit address space. Each granule has one owner at most:
/// who registers ranges begins them at multiples of granule_bytes. Where a range ends within a granule, the
/// addresses beyond its last 4 KiB page are nobody's.
///
/// \safety all functions from any thread, but for set() and clear() of ranges that overlap; fork: nothing is
///   locked, and a leaf being made by another thread is lost to the child
class ACRE_API owner_map {
 public:
  using owner = std::uint16_t;
  static constexpr owner nobody = 0xffff;

  static constexpr unsigned granule_bits = 20;
  static constexpr std::size_t granule_bytes = std::size_t{1} << granule_bits;
  static constexpr unsigned address_bits = 48;

  /// \param memory for leaves: 128 KiB for each 32 GiB of addresses in use
  explicit owner_map(std::pmr::memory_resource* memory = std::pmr::new_delete_resource());
  owner_map(const owner_map&) = delete;
  owner_map& operator=(const owner_map&) = delete;
  ~owner_map();

  /// \param p a multiple of granule_bytes; the range does not wrap
  /// \throws std::bad_alloc; allocation_error errc::invalid_size where the range ends beyond 48 bits. Nothing has
  ///   changed then.
  void set(const void* p, std::size_t bytes, owner who);
  /// \param p, bytes as given to set()
  void clear(const void* p, std::size_t bytes) noexcept;

  /// The owner of an address, any address.
  std::optional<owner> find(const void* p) const noexcept {
    const entry e = entry_of(p);
    if (page_of(p) >= (e & pages_mask)) return std::nullopt;
    return static_cast<owner>(e >> owner_shift);
  }

  /// What is known of a granule: the owner above, below how many of its pages are the owner's. 0 where nobody owns any.
  using entry = std::uint32_t;
  /// Of a granule that is the owner's from end to end. \param who not `nobody`
  static constexpr entry whole(owner who) noexcept { return entry{who} << owner_shift | granule_pages; }
  /// What is known of the granule of an address, any address.
  entry entry_of(const void* p) const noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(p);
    const std::uintptr_t index = address >> (granule_bits + leaf_bits);
    if (index >= root_entries) [[unlikely]]
      return 0;
    // acquire, with the release in make_leaf(): who finds a leaf finds it filled with zeroes.
    const leaf* const l = x_root[index].load(std::memory_order_acquire);
    if (l == nullptr) [[unlikely]]
      return 0;
    // relaxed: whoever holds a block got its address after the block's pages were registered, from the thread that
    // allocated it if not by itself, and that hand-over orders this load after that store.
    return l->granules[address >> granule_bits & (leaf_entries - 1)].load(std::memory_order_relaxed);
  }

 private:
  static constexpr unsigned owner_shift = 16;
  static constexpr entry pages_mask = (entry{1} << owner_shift) - 1;
  static constexpr unsigned page_bits = 12;
  static constexpr entry granule_pages = granule_bytes >> page_bits;

  static constexpr unsigned leaf_bits = 15;
  static constexpr std::size_t leaf_entries = std::size_t{1} << leaf_bits;
  static constexpr std::size_t root_entries = std::size_t{1} << (address_bits - granule_bits - leaf_bits);

  struct leaf {
    std::array<std::atomic<entry>, leaf_entries> granules{};
  };

  static entry page_of(const void* p) noexcept {
    return reinterpret_cast<std::uintptr_t>(p) >> page_bits & (granule_pages - 1);
  }
  void make_leaf(std::size_t index);
  std::atomic<entry>& granule(std::uintptr_t address) noexcept;

  std::pmr::memory_resource* x_memory;
  std::unique_ptr<std::atomic<leaf*>[]> x_root;
};

}  // namespace acre::inline v1::detail
