#include <acre/pool_resource.hpp>

#include <acre/error.hpp>

#include <bit>
#include <utility>

#include "base/resource_cast.hpp"
#include "pool/page_source.hpp"
#include "pool/pool_core.hpp"

namespace acre::inline v1 {
namespace {

/// No pool has it: the fast path is never taken where every block is watched.
constexpr std::uint64_t no_id = ~std::uint64_t{0};

std::uint64_t fast_id(const pool_core& core) noexcept { return core.is_guarded() ? no_id : core.id(); }

}  // namespace

detail::thread_safe_resource::~thread_safe_resource() = default;
detail::pool_front_end::~pool_front_end() = default;

pool_resource::pool_resource(std::unique_ptr<page_source> pages, pool_options options)
    : x_core(std::make_unique<pool_core>(std::move(pages), std::move(options))) {
  x_id = fast_id(*x_core);
}

pool_resource::pool_resource(const placement& where, pool_options options, const topology& machine)
    : pool_resource(make_page_source(where, options, machine), options) {}

pool_resource::pool_resource(std::pmr::memory_resource* upstream, pool_options options)
    : pool_resource(make_page_source(upstream), std::move(options)) {}

pool_resource::~pool_resource() = default;

void* pool_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  return allocate(bytes, alignment);
}

void pool_resource::do_deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  deallocate(p, bytes, alignment);
}

void* detail::pool_front_end::allocate_slowly(std::size_t bytes, std::size_t alignment) {
  const size_class c = class_of(bytes, alignment);
  // From another pool, or here already, where there is nothing to take.
  if (this_thread.pool_id.load(owner_order) != x_id && take_up(x_id)) {
    cache_bin& bin = this_thread.bins[c];
    if (bin.head != nullptr) {
      void* const p = bin.pop();
      leave();
      return p;
    }
  }
  pool_core& core = *static_cast<pool_resource*>(this)->x_core;
  if (!core.is_guarded() && core.has_class(c)) return core.allocate_small(c);
  leave();
  return allocate_large(bytes, alignment);
}

void detail::pool_front_end::deallocate_slowly(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  if (p == nullptr) return leave();
  const size_class c = class_of(bytes, alignment);
  if (this_thread.pool_id.load(owner_order) != x_id && take_up(x_id)) {
    cache_bin& bin = this_thread.bins[c];
    if (bin.has_room()) {
      bin.push(p);
      leave();
      return;
    }
  }
  pool_core& core = *static_cast<pool_resource*>(this)->x_core;
  if (!core.is_guarded() && core.has_class(c)) return core.deallocate_small(p, c);
  leave();
  deallocate_large(p, bytes, alignment);
}

void* detail::pool_front_end::allocate_large(std::size_t bytes, std::size_t alignment) {
  if (!std::has_single_bit(alignment)) {
    throw allocation_error(errc::invalid_alignment, bytes, "pool", "the alignment is not a power of two");
  }
  pool_core& core = *static_cast<pool_resource*>(this)->x_core;
  return core.is_guarded() ? core.allocate_guarded(bytes, alignment) : core.allocate_large(bytes, alignment);
}

void detail::pool_front_end::deallocate_large(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  if (p == nullptr) return;
  pool_core& core = *static_cast<pool_resource*>(this)->x_core;
  if (core.is_guarded()) return core.deallocate_guarded(p, bytes, alignment);
  core.heap().deallocate(p, bytes, alignment);
}

std::size_t pool_resource::good_size(std::size_t bytes, std::size_t alignment) const noexcept {
  return x_core->good_size(bytes, alignment);
}

void pool_resource::release() {
  x_core->release();
  x_id = fast_id(*x_core);
}

std::size_t pool_resource::trim() { return x_core->trim(); }

pool_statistics pool_resource::statistics() const { return x_core->statistics(); }

void pool_resource::reset_peak() noexcept { x_core->heap().reset_peak(); }

residency pool_resource::resident() const { return x_core->heap().resident(); }

std::optional<area_status> pool_resource::status() const {
  const auto* const pages = resource_cast<area>(upstream_resource());
  return pages == nullptr ? std::nullopt : std::optional<area_status>(pages->status());
}

const pool_options& pool_resource::options() const noexcept { return x_core->options(); }

std::pmr::memory_resource* pool_resource::upstream_resource() const noexcept {
  return x_core->heap().pages().upstream();
}

}  // namespace acre::inline v1
