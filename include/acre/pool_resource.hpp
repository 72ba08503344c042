/// \file
/// Small and large blocks out of pages that lie as a placement says.
#pragma once

#include <acre/area.hpp>
#include <acre/detail/pool_front_end.hpp>
#include <acre/export.hpp>
#include <acre/locate.hpp>
#include <acre/placement.hpp>
#include <acre/resource.hpp>
#include <acre/topology.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace acre::inline v1 {

class page_source;
class pool_core;

/// Whether a pool watches over its blocks, at the price of its speed: frees are checked (blocks that are not live, or
/// were asked for with another size, are told to the misuse handler), freed blocks are filled and rest for a while
/// (the last 1024, with up to 4 MiB), and writes to them are found, by deallocate(), by trim(), and by an allocate()
/// that finds no room. good_size() is the size itself then.
enum class guarding {
  automatic,  ///< on where AddressSanitizer or Valgrind watch the program: then they see freed blocks as such
  off,        ///< never
  on,         ///< always
};

/// What is asked of a pool beside its placement. Every default has its measurement in docs/pools.md.
struct pool_options {
  /// Nothing: transparent_huge, but system where a placement goes by less than a huge page (interleave and weighted by
  /// automatic or small chunks, most_free by small ones, weighted_by_system, by_page) or by first touch (local). Of an
  /// upstream given by the caller: whatever that one maps.
  std::optional<acre::page_kind> page_kind = std::nullopt;
  page_fallback fallback = page_fallback::smaller;  ///< where there are no pages of that kind
  /// Of the pool's own pages. eager: they are made before a block that has them is handed out, in pieces of a huge page
  /// at most, and a full node is an exception (errc::node_full). lazy: at first touch, and where a hard placement's
  /// nodes are full then, the kernel's OOM killer ends the process. Nothing: eager for hard placements, lazy for
  /// others.
  std::optional<acre::commit> commit = std::nullopt;
  acre::on_denied on_denied = acre::on_denied::fail;  ///< where the kernel refuses to bind memory
  /// See mapping_options::name.
  std::string name = {};

  /// Bytes of spans and extents (pool_statistics::used_bytes) that the pool takes at most, a quota: allocate() throws
  /// errc::pool_limit rather than take more. What it keeps beside them goes back so far that both together stay
  /// below, but for parts of huge pages, and locked ones. At least 8 KiB. Nothing: no limit.
  std::optional<std::size_t> limit = std::nullopt;
  /// Bytes of free pages that are kept for the next block; more goes back to the system at once. All pools together:
  /// set_retained_limit().
  std::size_t retained = std::size_t{1} << 30;
  /// Pages that stay free for longer than this (up to twice as long) go back to the system, at the next large
  /// block or new span; 0: at the next such call. A pool nobody calls keeps what it has: trim().
  std::chrono::milliseconds decay{10'000};
  /// Bytes of free blocks that a thread keeps for each size class, at most; two blocks if these are more. At most
  /// 16 MiB. 0: none, every block goes through the locks of the central free lists. Of threads that do not use the
  /// pool for `decay` they are taken back when small blocks need more memory.
  std::size_t cached = std::size_t{64} << 10;
  /// Larger blocks are extents of whole 8 KiB units. At most 64 KiB; rounded up to a size class. Where large
  /// blocks get mappings of their own (local, blocked, by_page, chunks that are given) it is 32 KiB at most.
  std::size_t largest_small = std::size_t{64} << 10;
  acre::guarding guarding = acre::guarding::automatic;  ///< whether blocks are watched over

  /// Compares member by member.
  friend bool operator==(const pool_options&, const pool_options&) = default;
};

/// Counted without cost to the fast path: per thread, summed when read. Blocks and bytes moving meanwhile may
/// be counted twice or not at all.
struct [[nodiscard]] pool_statistics {
  std::uint64_t allocations = 0;    ///< so far
  std::uint64_t deallocations = 0;  ///< so far
  std::uint64_t cache_hits = 0;     ///< allocations that the calling thread's cache served by itself
  std::uint64_t refills = 0;        ///< lists of blocks that threads took from the central free lists
  std::uint64_t flushes = 0;        ///< lists of blocks that threads gave to the central free lists
  /// Of node_pools only: blocks freed by a thread of another node, which is that of its CPU when it last had to be
  /// looked up: when a thread allocates on another CPU, or frees a block of yet another node.
  std::uint64_t remote_frees = 0;
  std::uint64_t trims = 0;      ///< calls of trim()
  std::size_t live_blocks = 0;  ///< allocated and not given back
  std::size_t live_bytes = 0;   ///< good_size of the live blocks
  /// Bytes of spans, which small blocks are cut from, and of extents, the large blocks.
  std::size_t used_bytes = 0;
  std::size_t used_peak = 0;       ///< the most used_bytes since the beginning or reset_peak()
  std::size_t mapped_bytes = 0;    ///< taken from upstream
  std::size_t retained_bytes = 0;  ///< of these free, and not given back since they were used
  std::size_t thread_caches = 0;   ///< threads that have a cache of free blocks of this pool now

  /// All but `deallocations` in one line for people.
  [[nodiscard]] ACRE_API std::string to_string() const;
  /// Writes to_string().
  ACRE_API friend std::ostream& operator<<(std::ostream& out, const pool_statistics& s);
};

/// A resource of blocks of any size and alignment, aligned as asked, from pages of a placement (or of any upstream).
/// Whoever frees a block and whoever gets it next: it comes from the pool's pages and goes back to them.
///
/// Blocks up to options().largest_small come from size classes (12.5 % more than asked at most, from 64 bytes
/// up), through a cache of the calling thread; larger ones are extents of slabs of 1 MiB and more. Above 16 MiB (512
/// MiB where automatic chunks deal out slabs: weighted, most_free, hard interleave), or where the placement depends
/// on an allocation's beginning or its first touch (local, blocked, by_page, chunks that are given), they are
/// mappings of their own. deallocate() wants the bytes (up to good_size()) and the alignment of allocate(): blocks
/// have no headers.
///
/// Freed pages are used again, wherever they were first touched: under placements that leave several nodes to the
/// toucher (unbound, bind and prefer of several), a large block may lie on any of them. local() gives large blocks
/// fresh pages.
///
/// Its own bookkeeping is in memory of operator new, which must therefore not be a pool's itself. Equal to itself only.
/// \safety all functions from any thread, but for the destructor and release(): nobody may be in another
///   function then. A thread may end with blocks in its cache, and free blocks in its thread-local destructors
///   or in static ones. fork: parent and child may go on; in the child, blocks that other threads had cached
///   are not handed out again. Fork handlers may use pools, in the thread that forks. Pages that both have are copied
///   by who writes first, under the same policy: of a hard one on a full node that is the kernel's OOM killer's
///   business, however the pool commits.
class ACRE_API pool_resource final : public detail::pool_front_end {
 public:
  /// Over pages of its own. Where the nodes of a hard placement are full allocate() throws errc::node_full, unless the
  /// options say commit::lazy.
  /// \throws failure what area's constructor throws; error errc::invalid_argument for options outside their range
  explicit pool_resource(const placement& where, pool_options options = {},
                         const topology& machine = topology::system());
  /// Over pages of another resource.
  /// \param upstream must outlive the pool. Of an area with private pages that are lazy, not locked and not hugetlb,
  ///   the pool also gives single pages back to the system; of others, only whole slabs back to upstream. Others than
  ///   acre's and new_delete_resource() need not be thread-safe, if nobody else calls them meanwhile: the pool calls
  ///   them from one thread at a time. They must not call the pool back. A child that was forked while another thread
  ///   was inside such an upstream must not use the pool: only that upstream could tell what state it is in.
  /// \param options page_kind, fallback, commit, on_denied and name are of no use: upstream maps the pages
  /// \throws error errc::invalid_argument for a null pointer, or options outside their range
  explicit pool_resource(std::pmr::memory_resource* upstream, pool_options options = {});
  pool_resource(const std::pmr::memory_resource& r, pool_options = {}) = delete;  ///< pass its address: &r
  pool_resource(const node_set&, pool_options = {}) = delete;  ///< pass a placement: placement::bind(nodes)
  pool_resource(std::nullptr_t, pool_options = {}) = delete;
  pool_resource(const pool_resource&) = delete;
  pool_resource& operator=(const pool_resource&) = delete;
  /// Gives everything upstream, live blocks too.
  ~pool_resource() override;

  /// As std::pmr::memory_resource's, with the same parameters, without a virtual call where the static type is
  /// pool_resource.
  /// \throws allocation_error errc::invalid_alignment, errc::pool_limit; what upstream throws, after retained memory
  ///   was given back and the request tried again. Nothing is lost then.
  using detail::pool_front_end::allocate;
  /// As std::pmr::memory_resource's, with the same parameters, noexcept, and without a virtual call where the static
  /// type is pool_resource. Of a null pointer: nothing, whatever the bytes.
  using detail::pool_front_end::deallocate;

  /// Of small blocks the bytes of their size class, of others whole 8 KiB units, or whole pages, base or huge. Where
  /// the pool watches over its blocks (guarding) the size itself.
  [[nodiscard]] std::size_t good_size(std::size_t bytes, std::size_t alignment) const noexcept override;

  /// Gives everything upstream, live blocks too, as std::pmr's pools do. The pool can be used again.
  /// \safety nobody may be in another function
  void release();
  /// Gives all free memory back: cached blocks of threads that are not inside the pool at this moment (needs
  /// membarrier(2), Linux 4.14; without it only the caller's), spans without live blocks, retained pages. About
  /// 0.1 us for each free block.
  /// \returns the bytes that went back to the system or upstream
  std::size_t trim();

  /// What was counted so far, and what is there now.
  pool_statistics statistics() const;
  /// used_peak starts again from what is used now.
  void reset_peak() noexcept;
  /// Where all mapped pages lie (see locate() for its cost).
  residency resident() const;
  /// What the pool's pages were asked for, what the kernel installs now, and why if that differs, huge pages that
  /// were not to be had included: area::status() of its own area, or of the area that it was given. Of another
  /// upstream nobody knows: nothing.
  [[nodiscard]] std::optional<area_status> status() const;

  /// As given to the constructor; valid as long as the pool.
  [[nodiscard]] const pool_options& options() const noexcept;
  /// The given upstream, or the pool's own area.
  [[nodiscard]] std::pmr::memory_resource* upstream_resource() const noexcept;

 private:
  friend class node_pools;
  friend class detail::pool_front_end;
  explicit pool_resource(std::unique_ptr<page_source> pages, pool_options options);

  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  std::unique_ptr<pool_core> x_core;
};

static_assert(std::is_base_of_v<resource, pool_resource>);
static_assert(noexcept(std::declval<pool_resource&>().deallocate(nullptr, 0)));
static_assert(!std::is_copy_constructible_v<pool_resource> && !std::is_copy_assignable_v<pool_resource>);

/// Bytes of free pages that all pools of the process together keep for the next block (the sum of their
/// pool_statistics::retained_bytes). At first a quarter of the machine's memory, or of what the process's control group
/// leaves, when the first pool is made. A pool that has free pages while there are more in all gives its own back,
/// down to 1 MiB; pools that nobody calls keep what they have: trim().
/// \safety any thread
[[nodiscard]] ACRE_API std::size_t retained_limit() noexcept;
/// Sets it. Pools that have more give it back as they are used.
/// \param bytes 0: each pool keeps 1 MiB; SIZE_MAX: only pool_options::retained limits
/// \returns the limit before
/// \safety any thread
ACRE_API std::size_t set_retained_limit(std::size_t bytes) noexcept;

}  // namespace acre::inline v1
