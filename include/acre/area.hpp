/// \file
/// A std::pmr::memory_resource that maps pages with a placement. One allocation is one mapping.
#pragma once

#include <acre/apply.hpp>
#include <acre/check.hpp>
#include <acre/error.hpp>
#include <acre/export.hpp>
#include <acre/mapping.hpp>
#include <acre/placement.hpp>
#include <acre/plan.hpp>
#include <acre/resource.hpp>
#include <acre/topology.hpp>

#include <array>
#include <cstddef>
#include <iosfwd>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

namespace acre::inline v1 {

/// When pages come into existence.
enum class commit {
  lazy,   ///< at first touch
  eager,  ///< before allocate() returns, in parallel for large blocks
};

/// What if there are no pages of the asked kind.
enum class page_fallback {
  strict,   ///< errc::no_huge_pages
  smaller,  ///< the next smaller kind: 1 GiB, 2 MiB, transparent huge, system
};

/// What if the kernel refuses to bind memory (seccomp filters of containers).
enum class on_denied {
  fail,     ///< errc::binding_denied from the constructor
  unbound,  ///< go on unbound; status() records it
};

/// Whether pages stay in memory.
enum class page_lock {
  off,  ///< the kernel may swap them out
  on,   ///< never swapped out (mlock; with lazy commit each from its first touch on, MLOCK_ONFAULT)
};

/// What is asked of an area beside its placement.
struct area_options {
  acre::page_kind page_kind = acre::page_kind::system;  ///< tried first
  page_fallback fallback = page_fallback::smaller;      ///< where there are no pages of that kind
  acre::sharing sharing = acre::sharing::process;       ///< shared: with children made by fork(2)
  acre::commit commit = acre::commit::lazy;             ///< when pages come into existence
  page_lock lock = page_lock::off;                      ///< beyond RLIMIT_MEMLOCK: errc::lock_limit
  acre::on_denied on_denied = acre::on_denied::fail;    ///< where the kernel refuses to bind memory
  /// See mapping_options::name.
  std::string name = {};
};

/// What an area was asked for, what it got, and why if that differs.
struct [[nodiscard]] area_status {
  placement asked;  ///< as the area was made with
  /// The policy that a scratch page gets now, read back from the kernel, as text ("bind 1"): of a placement of several
  /// ranges that of the first. "nothing" if the kernel refuses it now, which a downgrade tells.
  std::string installed;
  bool bound = true;                  ///< false if binding was denied and the area went unbound
  std::vector<downgrade> downgrades;  ///< what is less than was asked; empty in most cases
  /// Made so far, by the kind of pages got: indexed by the value of page_kind.
  std::array<std::size_t, 4> allocations{};
  std::size_t blocks = 0;  ///< live now
  std::size_t bytes = 0;   ///< of live blocks, in whole pages
  /// True if everything is as asked.
  [[nodiscard]] bool as_asked() const noexcept { return bound && downgrades.empty(); }
  /// "asked: bind 1; installed: bind 1; 2 live blocks, together 8 MiB", and behind it the text of each downgrade.
  [[nodiscard]] ACRE_API std::string to_string() const;
  /// Writes to_string().
  ACRE_API friend std::ostream& operator<<(std::ostream& out, const area_status& s);
};

/// A resource that maps pages, page-granular by design: use a pool or an arena above it for small objects. The
/// constructor validates everything that can be validated, by binding a scratch page and reading its policy back.
///
/// allocate(): one mmap, one mbind for each range of the plan. Alignments up to and above the page size. With
/// commit::eager a hard placement of several ranges has each page where the plan says when allocate() returns, and
/// then, for private memory without hugetlb pages, one policy, bind to all its nodes: one mapping of the kernel
/// however fine the chunks are (ranges of some 4 MiB of base pages and more keep a policy each). What is swapped out,
/// or copied after fork(), may come back on another node of the set; check() tells.
///
/// \throws allocation_error errc::out_of_memory, errc::no_huge_pages, errc::lock_limit, errc::invalid_alignment;
///   errc::too_many_ranges: the process's budget of mappings, or a million ranges (by_page, most_free: a quarter of
///   that) where pages are made under one policy; every other error of apply() and make_plan(), with its own code.
///   What a by_page function throws passes through. With commit::eager errc::node_full for a hard placement whose
///   nodes have no room, never a signal. allocate(0) gives a page. With commit::lazy a hard placement whose nodes are
///   full ends at first touch in the kernel's OOM killer (SIGKILL; hugetlb: SIGBUS): the kernel reserves nothing per
///   node. Where mlockall(2) with MCL_FUTURE makes pages before anybody can say where, an area made after that call
///   places them as with commit::eager.
///
/// deallocate() unmaps, and throws nothing; sizes and alignment must be those of allocate(). Null: nothing. A block
/// that is not one is told to the misuse handler, where the area knows its blocks (hugetlb pages; placements of several
/// ranges), and in a library built with ACRE_CHECKED also one that is not mapped (any more). The destructor does not
/// unmap live blocks. Equal to itself only.
/// \safety all functions from any thread. fork: children get copies of private pages, as the kernel does
///   it.
class ACRE_API area final : public resource {
 public:
  /// Maps a scratch page, binds it as the placement says, reads its policy back, and unmaps it.
  /// \param where the placement of all blocks
  /// \param options see area_options
  /// \param machine this one: topology::system() or topology::load()
  /// \throws error what topology::require_usable() throws, errc::foreign_topology, errc::unsupported_placement,
  ///   errc::binding_denied, errc::binding_unsupported, errc::no_huge_pages (strict, and the kernel has none
  ///   of the kind at all), errc::invalid_argument (name); allocation_error errc::out_of_memory, errc::lock_limit if
  ///   the scratch page cannot be mapped; what else apply() throws
  explicit area(placement where, area_options options = {}, const topology& machine = topology::system());
  area(const area&) = delete;
  area& operator=(const area&) = delete;
  /// Does not unmap live blocks.
  ~area() override;

  /// As given to the constructor; valid as long as the area.
  [[nodiscard]] const placement& where() const noexcept;
  /// As given to the constructor; valid as long as the area. See page_kind() for the pages it has.
  [[nodiscard]] const area_options& options() const noexcept;
  /// What a block would get now, and what blocks got so far. Asks the kernel, with a scratch page (some 10 us): the
  /// cpuset may have changed since the area was made.
  area_status status() const;
  /// The kind of pages tried first: the largest this system may have, of those allowed (options().page_kind, or with
  /// fallback a smaller one, found out by the constructor). A single block may get smaller ones still: see
  /// status().
  [[nodiscard]] acre::page_kind page_kind() const noexcept;

  /// Asks the kernel whether a block of this area lies as its placement says (acre::check with the page
  /// size the block was planned with).
  /// \param p a block of this area, as allocate() gave it
  /// \param bytes as given to allocate()
  /// \throws error what acre::check throws; errc::not_mapped if it is no block of this area (any more), where the
  ///   area knows its blocks
  check_result check_block(const void* p, std::size_t bytes) const;
  /// The same, with the error in `ec`: a result that is not ok() then.
  check_result check_block(const void* p, std::size_t bytes, std::error_code& ec) const noexcept;

  /// Whole pages: hugetlb pages if those were asked for with page_fallback::strict, else base pages, because a block
  /// may have got those. The alignment changes nothing. 0 bytes: one page.
  [[nodiscard]] std::size_t good_size(std::size_t bytes, std::size_t alignment) const noexcept override;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  friend std::unique_ptr<area> area_for_pieces(const placement& where, const area_options& options,
                                               const topology& machine);
  friend bool is_bound(const area& pages) noexcept;

  struct state;
  std::unique_ptr<state> x_state;
};

static_assert(std::is_base_of_v<resource, area>);
static_assert(!std::is_copy_constructible_v<area> && !std::is_copy_assignable_v<area>);

/// The area of placement::unbound() with all options at their defaults: private memory of page_kind::system, whose
/// pages come into existence at first touch. The area is made at the first call, and never destroyed.
/// \throws failure what area's constructor throws, at the first call only
/// \safety any thread
[[nodiscard]] ACRE_API area& default_area();

}  // namespace acre::inline v1
