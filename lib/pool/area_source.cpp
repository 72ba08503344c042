// Pages of areas: what of a pool hangs on the placement is decided here.
#include "pool/page_source.hpp"

#include <acre/apply.hpp>
#include <acre/error.hpp>
#include <acre/mapping.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>

#include "area/exact_block.hpp"
#include "area/huge_page_fallback.hpp"
#include "observe/committer.hpp"
#include "placement/planned_ranges.hpp"
#include "placement/policy_call.hpp"
#include "placement/runs.hpp"
#include "placement/strategies.hpp"
#include "pool/moved_pages.hpp"
#include "pool/slab.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
/// Pages are made in pieces before they are handed out: large enough that the system calls cost less than touching
/// the pages would, and smaller ones in pools of little memory.
constexpr std::size_t large_piece = mebibyte / 8;
constexpr std::size_t small_piece = mebibyte / 16;
constexpr std::size_t large_slab = 2 * mebibyte;

/// Whether the placement goes by parts of an allocation that are smaller than a huge page, or may be.
bool is_finer_than_huge_pages(const placement& where) {
  const chunk c = where.chunk() == chunk::automatic ? detail::row_of(where.strategy()).finest : where.chunk();
  return c == chunk::page || (c.bytes() != 0 && c.bytes() < page_size(page_kind::transparent_huge));
}

page_kind default_pages(const placement& where) {
  const bool small = detail::layout_of(where) == detail::layout::toucher || is_finer_than_huge_pages(where);
  return small ? page_kind::system : page_kind::transparent_huge;
}

/// What automatic chunks are about is that a block more needs no ranges more: slabs are dealt out, not blocks.
bool is_dealt_out_by_slab(const placement& where) { return detail::has_automatic_chunks(where); }

page_reuse reuse_of(const placement& where) {
  switch (detail::layout_of(where)) {
    case detail::layout::toucher:
      return page_reuse::none;
    case detail::layout::one_policy:
      return page_reuse::any;
    case detail::layout::position:
      break;
  }
  return is_dealt_out_by_slab(where) ? page_reuse::any : page_reuse::same_size;
}

/// Bytes after which a placement by chunks begins again; slabs are so long, or small blocks would crowd on the first
/// nodes.
std::size_t round_of(const placement& where) {
  if (!detail::row_of(where.strategy()).has_chunk || where.chunk() == chunk::whole) return 1;
  if (detail::layout_of(where) != detail::layout::position) return 1;
  std::size_t parts = 0;
  if (detail::goes_in_rounds(where, sys::page_size())) {
    for (const node_weight& w : detail::parts_of(where)) parts += w.weight;
  }
  parts = std::max<std::size_t>(parts, 1);
  constexpr std::size_t most = 1024 * mebibyte;
  const std::size_t part = std::max(where.chunk().bytes(), sys::page_size());
  return part > most / parts ? most : part * parts;
}

/// Whether huge pages would reach over what lies on different nodes under one policy.
bool has_exact_base_pages(const displaced_part& part) {
  const auto exact = planned_ranges::exact_around(part.data(), part.bytes());
  return exact && !exact->goes_by_huge_pages();
}

class area_source final : public page_source {
 public:
  explicit area_source(area& pages)
      : x_pages(&pages), x_reuse(reuse_of(pages.where())), x_round(round_of(pages.where())) {}
  /// \param committed pages are made as they are handed out
  area_source(std::unique_ptr<area> pages, bool committed, const topology& machine) : area_source(*pages) {
    x_own = std::move(pages);
    x_home = only_policy(x_own->where(), machine);
    if (!committed) return;
    const std::size_t huge = page_size(page_kind::transparent_huge);
    const bool by_huge_page = x_own->page_kind() == page_kind::transparent_huge && x_round % huge == 0;
    x_committer.emplace(x_own->where(), is_bound(*x_own), by_huge_page ? huge : sys::page_size(), machine);
  }

  void* map(std::size_t bytes, std::size_t alignment) override { return x_pages->allocate(bytes, alignment); }
  void unmap(void* p, std::size_t bytes, std::size_t alignment) noexcept override {
    x_pages->deallocate(p, bytes, alignment);
  }
  bool unmaps_policies() const noexcept override { return true; }
  bool discard(void* p, std::size_t bytes) noexcept override { return sys::discard(p, bytes) == 0; }

  std::size_t discard_granule() const noexcept override {
    const area_options& o = x_pages->options();
    // Eager: they would come back at first touch, where a full node is the end of the process.
    if (o.sharing == sharing::shared || o.lock == page_lock::on || o.commit == commit::eager) return 0;
    return discard_granule_of(x_pages->page_kind(), sys::page_size());
  }
  std::size_t commit_piece(std::size_t slab_bytes) const noexcept override {
    if (!x_committer) return 0;
    if (slab_bytes < large_slab) return small_piece;
    return x_pages->page_kind() == page_kind::transparent_huge ? page_size(page_kind::transparent_huge)
                                                               : large_piece;
  }
  void expect_commit(void* p, std::size_t bytes) noexcept override {
    if (!x_committer) return;
    // Else a piece brings a huge page, and khugepaged makes one of what is handed out and what is not.
    if (x_pages->page_kind() == page_kind::system) sys::refuse_huge_pages(p, bytes);
    x_committer->expect(p, bytes);
  }
  void commit(void* p, std::size_t bytes) override {
    if (!x_committer) return;
    try {
      x_committer->commit(p, bytes);
    } catch (const error& e) {
      throw allocation_error(e.code(), bytes, x_pages->where().to_string(), e.what());
    }
  }
  owned_range::rules ownership() const override {
    const page_kind kind = x_pages->page_kind();
    return {.home = x_home, .piece = is_hugetlb(kind) ? page_size(kind) : least_piece()};
  }
  bool put_right(const displaced_part& part) override {
    try {
      // What moved block by block is no huge page any more, and may have been told not to become one.
      if (x_pages->page_kind() == page_kind::transparent_huge && !has_exact_base_pages(part))
        sys::want_huge_pages(part.data(), part.bytes());
      if (!are_parts_alone() || !discard(part.data(), part.bytes())) {
        bring_home(part, x_committer ? commit::eager : x_pages->options().commit);
        return false;
      }
      const plan all{
          .ranges = {{0, part.bytes(), part.was}}, .bytes = part.bytes(), .page_size = sys::page_size()};
      apply(part.data(), all, topology::system());
      return true;
    } catch (const error& e) {
      throw allocation_error(e.code(), part.bytes(), x_pages->where().to_string(), e.what());
    }
  }
  std::size_t slab_granule() const noexcept override {
    const page_kind kind = x_pages->page_kind();
    const std::size_t page =
        is_hugetlb(kind) ? page_size(kind) : discard_granule_of(page_kind::system, sys::page_size());
    return (x_round + page - 1) / page * page;
  }
  std::size_t largest_extent() const noexcept override {
    return is_dealt_out_by_slab(x_pages->where()) ? 512 * mebibyte : usual_largest_extent;
  }
  std::size_t next_slab(std::size_t mapped) const noexcept override {
    const std::size_t doubled = std::max(std::bit_floor(mapped), 2 * mebibyte);
    // Small blocks crowd at the beginning of a slab, which lies on the first nodes.
    if (x_reuse == page_reuse::same_size)
      return std::min(doubled, std::max(std::bit_floor(mapped / 16), 4 * mebibyte));
    // Eager ones take their pages at once.
    if (x_pages->options().commit == commit::eager) return std::min(doubled, 64 * mebibyte);
    // Each slab costs mappings of the kernel: 1 TiB is some 50 slabs.
    return std::min(doubled, std::max(std::bit_floor(mapped / 8), 1024 * mebibyte));
  }
  page_reuse reuse() const noexcept override { return x_reuse; }
  std::pmr::memory_resource* upstream() const noexcept override { return x_pages; }

 private:
  /// Whether parts of slabs share no page with others, and their pages can be made again.
  bool are_parts_alone() const noexcept { return sys::page_size() <= unit_bytes && discard_granule() != 0; }

  std::unique_ptr<area> x_own;
  area* x_pages;
  page_reuse x_reuse;
  std::size_t x_round;
  std::optional<committer> x_committer;
  std::optional<policy> x_home;  ///< of all pages, where it is known
};

}  // namespace

std::size_t discard_granule_of(page_kind kind, std::size_t base_page) noexcept {
  if (is_hugetlb(kind)) return 0;
  const std::size_t least = std::max(unit_bytes, base_page);
  return kind == page_kind::transparent_huge ? std::max(page_size(kind), least) : least;
}

std::size_t small_slab_granule(std::size_t large, std::size_t base_page) noexcept {
  return std::min(large, std::max(unit_bytes, base_page));
}

std::unique_ptr<page_source> make_page_source(const placement& where, const pool_options& options,
                                              const topology& machine) {
  area_options pages{
      .page_kind = options.page_kind.value_or(default_pages(where)),
      .fallback = options.fallback,
      .on_denied = options.on_denied,
      .name = options.name,
  };
  const bool eager = options.commit.value_or(where.is_hard() ? commit::eager : commit::lazy) == commit::eager;
  auto made = eager ? area_for_pieces(where, pages, machine) : std::make_unique<area>(where, pages, machine);
  if (!eager || !is_hugetlb(made->page_kind()))
    return std::make_unique<area_source>(std::move(made), eager, machine);
  // Whether there are hugetlb pages is known when a slab is mapped, and then smaller ones may do.
  pages.commit = commit::eager;
  return std::make_unique<area_source>(std::make_unique<area>(where, pages, machine), false, machine);
}

std::unique_ptr<page_source> make_page_source(area& pages) { return std::make_unique<area_source>(pages); }

}  // namespace acre::inline v1
