#include <utility>

#include "pool/page_source.hpp"
#include "pool/poison.hpp"

namespace acre::inline v1 {
namespace {

class watched_source final : public page_source {
 public:
  explicit watched_source(std::unique_ptr<page_source> pages) : x_pages(std::move(pages)) {}

  void* map(std::size_t bytes, std::size_t alignment) override {
    void* const p = x_pages->map(bytes, alignment);
    poison::add_roots(p, bytes);
    return p;
  }
  void unmap(void* p, std::size_t bytes, std::size_t alignment) noexcept override {
    poison::remove_roots(p, bytes);
    poison::allow(p, bytes);  // for whoever has these addresses next
    x_pages->unmap(p, bytes, alignment);
  }
  bool discard(void* p, std::size_t bytes) noexcept override { return x_pages->discard(p, bytes); }
  std::size_t discard_granule() const noexcept override { return x_pages->discard_granule(); }
  std::size_t slab_granule() const noexcept override { return x_pages->slab_granule(); }
  std::size_t largest_extent() const noexcept override { return x_pages->largest_extent(); }
  std::size_t next_slab(std::size_t mapped) const noexcept override { return x_pages->next_slab(mapped); }
  std::size_t commit_piece(std::size_t slab_bytes) const noexcept override {
    return x_pages->commit_piece(slab_bytes);
  }
  void expect_commit(void* p, std::size_t bytes) noexcept override { x_pages->expect_commit(p, bytes); }
  void commit(void* p, std::size_t bytes) override { x_pages->commit(p, bytes); }
  owned_range::rules ownership() const override { return x_pages->ownership(); }
  bool put_right(const displaced_part& part) override { return x_pages->put_right(part); }
  page_reuse reuse() const noexcept override { return x_pages->reuse(); }
  std::pmr::memory_resource* upstream() const noexcept override { return x_pages->upstream(); }

 private:
  std::unique_ptr<page_source> x_pages;
};

}  // namespace

std::unique_ptr<page_source> watch(std::unique_ptr<page_source> pages) {
  return std::make_unique<watched_source>(std::move(pages));
}

}  // namespace acre::inline v1
