// owned_pages: a page source whose pages are known to an owner_map.
#pragma once

#include <acre/detail/owner_map.hpp>

#include <cstddef>
#include <memory>
#include <memory_resource>

#include "pool/page_source.hpp"

namespace acre::inline v1 {

/// Passes everything on to another source. Mappings begin at granules of the map, so that no two share one, and are
/// registered as long as they live.
class owned_pages final : public page_source {
 public:
  /// \param owners must outlive this
  owned_pages(std::unique_ptr<page_source> source, detail::owner_map& owners, detail::owner_map::owner who)
      : x_source(std::move(source)), x_owners(owners), x_who(who) {}

  /// \throws also what detail::owner_map::set() throws; nothing is mapped then
  void* map(std::size_t bytes, std::size_t alignment) override;
  void unmap(void* p, std::size_t bytes, std::size_t alignment) noexcept override;
  bool discard(void* p, std::size_t bytes) noexcept override { return x_source->discard(p, bytes); }
  std::size_t discard_granule() const noexcept override { return x_source->discard_granule(); }
  std::size_t slab_granule() const noexcept override { return x_source->slab_granule(); }
  std::size_t largest_extent() const noexcept override { return x_source->largest_extent(); }
  std::size_t next_slab(std::size_t mapped) const noexcept override { return x_source->next_slab(mapped); }
  std::size_t commit_piece(std::size_t slab_bytes) const noexcept override {
    return x_source->commit_piece(slab_bytes);
  }
  void expect_commit(void* p, std::size_t bytes) noexcept override { x_source->expect_commit(p, bytes); }
  void commit(void* p, std::size_t bytes) override { x_source->commit(p, bytes); }
  owned_range::rules ownership() const override { return x_source->ownership(); }
  bool put_right(const displaced_part& part) override { return x_source->put_right(part); }
  page_reuse reuse() const noexcept override { return x_source->reuse(); }
  std::pmr::memory_resource* upstream() const noexcept override { return x_source->upstream(); }

 private:
  std::unique_ptr<page_source> x_source;
  detail::owner_map& x_owners;
  detail::owner_map::owner x_who;
};

}  // namespace acre::inline v1
