// mapping_store: mappings of single large blocks, live ones and ones kept for the next block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "pool/page_source.hpp"

namespace acre {

/// Books only: maps and unmaps nothing.
/// \safety none; page_heap locks
class mapping_store {
 public:
  struct mapping {
    void* p;
    std::size_t bytes;
    std::size_t alignment;
  };

  /// Makes room for one more live mapping, so that add() and keep() cannot fail.
  /// \throws std::bad_alloc
  void reserve();
  /// The room is not needed after all.
  void unreserve() noexcept { x_spare.pop_back(); }
  /// Uses reserved room.
  void add(const mapping& m) noexcept;
  /// The block ends; its mapping as it was made.
  mapping remove(const void* p) noexcept;
  /// Keeps a mapping that was removed.
  void keep(const mapping& m) noexcept;

  /// A kept mapping for a block, which uses reserved room and is live from now on; of those that fit the smallest.
  /// \param reuse any: up to an eighth larger than the block; same_size: exactly of its size and alignment
  /// \returns null if there is none
  void* reuse(std::size_t bytes, std::size_t alignment, page_reuse reuse) noexcept;

  /// Lets go of the mapping kept longest; with only_old, only if it was kept before the last age().
  std::optional<mapping> drop(bool only_old) noexcept;
  void age() noexcept { x_old = x_kept.size(); }

  /// Forgets a live one, any; nothing when there is none.
  std::optional<mapping> remove_any() noexcept;

  /// Of a live mapping.
  std::size_t bytes_of(const void* p) const noexcept { return x_live.find(p)->second.bytes; }
  std::size_t live_bytes() const noexcept { return x_live_bytes; }
  std::size_t kept_bytes() const noexcept { return x_kept_bytes; }
  /// Calls f(p, bytes) for all, live and kept.
  template <class F>
  void for_each(F f) const {
    for (const auto& [p, m] : x_live) f(p, m.bytes);
    for (const mapping& m : x_kept) f(m.p, m.bytes);
  }

 private:
  std::unordered_map<const void*, mapping> x_live;
  /// Where nodes of x_live wait that reserve() made.
  std::vector<std::unordered_map<const void*, mapping>::node_type> x_spare;
  std::vector<mapping> x_kept;  ///< the longest kept first
  std::size_t x_old = 0;        ///< so many of them were kept before the last age()
  std::size_t x_live_bytes = 0;
  std::size_t x_kept_bytes = 0;
};

}  // namespace acre
