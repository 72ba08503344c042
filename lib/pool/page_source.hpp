// page_source: where a pool's slabs and large mappings come from.
#pragma once

#include <acre/area.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <utility>

#include "placement/owned_ranges.hpp"

namespace acre::inline v1 {

/// What freed large blocks are good for.
enum class page_reuse {
  /// Any page serves any block: slabs, and mappings of about the size.
  any,
  /// A block is planned from its beginning (blocked, by_page, given chunks): own mappings, for the same size.
  same_size,
  /// First touch decides (local): own mappings, unmapped when freed.
  none,
};

/// The size in bytes of the aligned pieces in which pages go back to the system: whole units of a slab, whole pages,
/// and huge pages not in parts. 0: they never do (those of hugetlb stay).
std::size_t discard_granule_of(page_kind kind, std::size_t base_page) noexcept;
/// Of a slab that is too small for huge pages, from a source with the granule `large`.
std::size_t small_slab_granule(std::size_t large, std::size_t base_page) noexcept;

/// \safety all functions from any thread
class page_source {
 public:
  virtual ~page_source() = default;

  /// \param bytes a multiple of unit_bytes; \param alignment a power of two
  /// \throws what upstream throws
  virtual void* map(std::size_t bytes, std::size_t alignment) = 0;
  virtual void unmap(void* p, std::size_t bytes, std::size_t alignment) noexcept = 0;
  /// Whether unmap() ends policies too. Else upstream may use the memory again, and it goes back as it came: see
  /// put_right().
  virtual bool unmaps_policies() const noexcept = 0;
  /// Gives the pages of a part of a mapping back to the system; it stays mapped, the contents are lost.
  /// \returns false if that is not possible, as where others have locked a page: those before it may be gone then
  virtual bool discard(void* p, std::size_t bytes) noexcept = 0;
  /// Discarding less than such an aligned piece costs more than it gives (it splits a huge page). 0: nothing can be
  /// discarded.
  virtual std::size_t discard_granule() const noexcept = 0;
  /// Slabs are multiples of this and so aligned, but for a first small one.
  virtual std::size_t slab_granule() const noexcept = 0;
  /// Bytes of the largest block that is a part of a slab, where any page serves any block; larger ones have mappings
  /// of their own.
  virtual std::size_t largest_extent() const noexcept = 0;
  /// Bytes of the next slab: the more, the more are mapped.
  /// \param mapped bytes of all slabs that there are; 0: none yet
  virtual std::size_t next_slab(std::size_t mapped) const noexcept = 0;
  /// The size of the aligned pieces of a slab in which commit() is to make pages before they are handed out; 0: they
  /// come at first touch, or are there already.
  virtual std::size_t commit_piece(std::size_t slab_bytes) const noexcept = 0;
  /// Tells that pages of fresh memory will be made by commit().
  virtual void expect_commit(void* p, std::size_t bytes) noexcept = 0;
  /// Makes the pages of a part of a mapping, or of all of it, exist where they belong.
  /// \throws allocation_error errc::node_full, errc::out_of_memory; the contents are to be discarded then
  virtual void commit(void* p, std::size_t bytes) = 0;
  /// What is to be known of its mappings by who moves blocks elsewhere (migrate()).
  virtual owned_range::rules ownership() const = 0;
  /// Gives a free part of a mapping, in whole pieces of ownership(), the policy back that it had.
  /// \returns whether its pages are gone, and are to be made; else they lie where the policy says, and keep what is
  ///   in them
  /// \throws allocation_error errc::node_full where a hard policy's nodes have no room for pages that have to stay;
  ///   and what apply() throws
  virtual bool put_right(const displaced_part& part) = 0;
  virtual page_reuse reuse() const noexcept = 0;
  virtual std::pmr::memory_resource* upstream() const noexcept = 0;
};

/// Says what another source says. A base for those that do something more.
class forwarding_source : public page_source {
 public:
  explicit forwarding_source(std::unique_ptr<page_source> source) noexcept : x_source(std::move(source)) {}

  void* map(std::size_t bytes, std::size_t alignment) override { return x_source->map(bytes, alignment); }
  void unmap(void* p, std::size_t bytes, std::size_t alignment) noexcept override {
    x_source->unmap(p, bytes, alignment);
  }
  bool unmaps_policies() const noexcept final { return x_source->unmaps_policies(); }
  bool discard(void* p, std::size_t bytes) noexcept final { return x_source->discard(p, bytes); }
  std::size_t discard_granule() const noexcept final { return x_source->discard_granule(); }
  std::size_t slab_granule() const noexcept final { return x_source->slab_granule(); }
  std::size_t largest_extent() const noexcept final { return x_source->largest_extent(); }
  std::size_t next_slab(std::size_t mapped) const noexcept final { return x_source->next_slab(mapped); }
  std::size_t commit_piece(std::size_t slab_bytes) const noexcept final {
    return x_source->commit_piece(slab_bytes);
  }
  void expect_commit(void* p, std::size_t bytes) noexcept final { x_source->expect_commit(p, bytes); }
  void commit(void* p, std::size_t bytes) final { x_source->commit(p, bytes); }
  owned_range::rules ownership() const final { return x_source->ownership(); }
  bool put_right(const displaced_part& part) final { return x_source->put_right(part); }
  page_reuse reuse() const noexcept final { return x_source->reuse(); }
  std::pmr::memory_resource* upstream() const noexcept final { return x_source->upstream(); }

 protected:
  page_source& source() const noexcept { return *x_source; }

 private:
  std::unique_ptr<page_source> x_source;
};

/// page_source::largest_extent() where nothing speaks for another: rounding larger blocks up to whole huge pages
/// wastes at most an eighth.
inline constexpr std::size_t usual_largest_extent = std::size_t{16} << 20;
/// owned_range::rules::piece of base pages: what no block of a slab has less of to itself, and no page is cut by.
std::size_t least_piece() noexcept;

/// Pages of an area made for the purpose.
std::unique_ptr<page_source> make_page_source(const placement& where, const pool_options& options,
                                              const topology& machine);
/// Pages of somebody's area, which must outlive the source.
std::unique_ptr<page_source> make_page_source(area& pages);
/// Pages of any resource, which must outlive the source, also of an area. Others than new_delete_resource() and those
/// that say they are thread-safe (detail::thread_safe_resource) are called from one thread at a time.
/// \throws error errc::invalid_argument for a null pointer
std::unique_ptr<page_source> make_page_source(std::pmr::memory_resource* upstream);
/// Tells the sanitizers of all mappings of a source.
std::unique_ptr<page_source> watch(std::unique_ptr<page_source> pages);

}  // namespace acre::inline v1
