// What is no area's: pages of any other resource, and pages that the sanitizers are told of.
#include "pool/page_source.hpp"

#include <acre/detail/thread_safe_resource.hpp>
#include <acre/error.hpp>

#include <algorithm>
#include <bit>
#include <mutex>
#include <utility>

#include "base/resource_cast.hpp"
#include "base/small_mutex.hpp"
#include "pool/moved_pages.hpp"
#include "pool/poison.hpp"
#include "pool/slab.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {
namespace {

bool locks_for_itself(const std::pmr::memory_resource* r) noexcept {
  return r == std::pmr::new_delete_resource() || resource_cast<detail::thread_safe_resource>(r) != nullptr;
}

class upstream_source final : public page_source {
 public:
  explicit upstream_source(std::pmr::memory_resource* upstream)
      : x_upstream(upstream), x_locks(!locks_for_itself(upstream)) {}

  void* map(std::size_t bytes, std::size_t alignment) override {
    const auto lock = one_at_a_time();
    return x_upstream->allocate(bytes, alignment);
  }
  void unmap(void* p, std::size_t bytes, std::size_t alignment) noexcept override {
    const auto lock = one_at_a_time();
    x_upstream->deallocate(p, bytes, alignment);
  }
  bool unmaps_policies() const noexcept override { return false; }
  bool discard(void*, std::size_t) noexcept override { return false; }
  std::size_t discard_granule() const noexcept override { return 0; }
  std::size_t commit_piece(std::size_t) const noexcept override { return 0; }
  void expect_commit(void*, std::size_t) noexcept override {}
  void commit(void*, std::size_t) override {}
  std::size_t slab_granule() const noexcept override { return unit_bytes; }
  std::size_t largest_extent() const noexcept override { return usual_largest_extent; }
  std::size_t next_slab(std::size_t mapped) const noexcept override {
    return std::clamp(std::bit_floor(mapped), std::size_t{2} << 20, std::size_t{64} << 20);
  }
  owned_range::rules ownership() const override { return {.home = {}, .piece = least_piece()}; }
  bool put_right(const displaced_part& part) override {
    try {
      bring_home(part, commit::lazy);
      return false;
    } catch (const error& e) {
      throw allocation_error(e.code(), part.bytes(), "pool", e.what());
    }
  }
  page_reuse reuse() const noexcept override { return page_reuse::any; }
  std::pmr::memory_resource* upstream() const noexcept override { return x_upstream; }

 private:
  std::unique_lock<small_mutex> one_at_a_time() noexcept {
    return x_locks ? std::unique_lock(x_mutex) : std::unique_lock<small_mutex>();
  }

  std::pmr::memory_resource* x_upstream;
  bool x_locks;
  /// Not locked by the fork handlers: what lies behind upstream may wait for locks that they hold already.
  small_mutex x_mutex;
};

class watched_source final : public forwarding_source {
 public:
  using forwarding_source::forwarding_source;

  void* map(std::size_t bytes, std::size_t alignment) override {
    void* const p = source().map(bytes, alignment);
    poison::add_roots(p, bytes);
    return p;
  }
  void unmap(void* p, std::size_t bytes, std::size_t alignment) noexcept override {
    poison::remove_roots(p, bytes);
    poison::allow(p, bytes);  // for whoever has these addresses next
    source().unmap(p, bytes, alignment);
  }
};

}  // namespace

std::size_t least_piece() noexcept { return std::max(unit_bytes, sys::page_size()); }

std::unique_ptr<page_source> make_page_source(std::pmr::memory_resource* upstream) {
  if (upstream == nullptr) throw error(errc::invalid_argument, "pool_resource: the upstream is null");
  if (auto* const pages = resource_cast<area>(upstream)) return make_page_source(*pages);
  return std::make_unique<upstream_source>(upstream);
}

std::unique_ptr<page_source> watch(std::unique_ptr<page_source> pages) {
  return std::make_unique<watched_source>(std::move(pages));
}

}  // namespace acre::inline v1
