#include <acre/area.hpp>

#include <acre/bytes.hpp>
#include <acre/check.hpp>
#include <acre/prefault.hpp>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <limits>
#include <new>
#include <optional>
#include <ostream>

#include "area/exact_block.hpp"
#include "area/huge_page_fallback.hpp"
#include "area/probe.hpp"
#include "area/unmap_queue.hpp"
#include "base/code_of.hpp"
#include "base/counted.hpp"
#include "base/report_misuse.hpp"
#include "observe/exact_pages.hpp"
#include "observe/room.hpp"
#include "placement/kernel_policy.hpp"
#include "placement/planned_ranges.hpp"
#include "placement/policy_call.hpp"
#include "placement/strategies.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {
namespace {

/// Where base pages are asked for and matter, the system's setting ("always") shall not make them huge, nor khugepaged,
/// which collapses pages without looking at policies (Documentation/admin-guide/mm/transhuge.rst).
void keep_base_pages(policy_mode mode, const mapping& m) {
  if (m.page_kind() == page_kind::system && row_of(mode).goes_by_page)
    sys::refuse_huge_pages(m.data(), m.size());
}

}  // namespace

// Hidden: what is declared inside of an exported class is exported otherwise.
struct [[gnu::visibility("hidden")]] area::state {
  state(placement w, area_options o, const topology& m)
      : where(std::move(w)), text(where.to_string()), options(std::move(o)), machine(m) {}

  /// \param known becomes what is known of it
  mapping map_block(std::size_t bytes, std::size_t alignment, acre::page_kind kind, planned_mapping & known)
      const;
  bool may_place_by_making(acre::page_kind kind) const;
  bool place_by_making(const mapping& m, planned_mapping& known, std::size_t aligned) const;
  void commit_block(const plan& p, const mapping& m) const;
  void lock_block(const mapping& m) const;
  bool try_bind_whole(const mapping& m) const noexcept;
  /// After a failed attempt with pages of that kind: whether the next smaller one is to be tried.
  bool may_go_on(std::error_code failure, acre::page_kind kind) const noexcept {
    return failure == errc::no_huge_pages && options.fallback == page_fallback::smaller &&
           kind != page_kind::system;
  }
  /// Pages are made before allocate() returns, or by the pool.
  bool makes_pages() const noexcept { return options.commit == commit::eager || by_pieces || is_populated; }
  bool commits_late() const noexcept { return binds() && options.commit == commit::lazy; }
  bool binds() const noexcept { return bound && detail::binds(where); }

  /// Sizes of blocks follow from bytes, but not where fallback may have chosen other pages; ranges and chunks are as
  /// the budget was.
  bool remembers() const noexcept { return is_hugetlb(first_kind) || (binds() && !whole); }
  /// The size of the pages that a block was planned in.
  std::size_t page_of(const void* p, std::size_t bytes) const;

  const placement where;
  const std::string text;  ///< of the placement, for errors
  const area_options options;
  const topology machine;
  bool bound = true;
  bool by_pieces = false;                                ///< see area_for_pieces()
  bool is_populated = false;                             ///< by mmap(2): see policy_probe
  acre::page_kind first_kind = acre::page_kind::system;  ///< tried first
  /// For placements that need no plan.
  std::optional<policy_call> whole;
  std::string installed;
  std::vector<downgrade> downgrades;

  // Counters for status() only: relaxed, they order nothing.
  std::array<std::atomic<std::size_t>, 4> allocations{};
  std::atomic<std::size_t> live_blocks{0};
  std::atomic<std::size_t> live_bytes{0};
};

namespace {

void require_huge_pages(const std::string& why_not) {
  if (!why_not.empty()) throw error(errc::no_huge_pages, why_not);
}

std::size_t mapped_size(std::size_t bytes, page_kind kind) noexcept {
  const std::size_t unit = is_hugetlb(kind) ? page_size(kind) : sys::page_size();
  const std::size_t wanted = std::max<std::size_t>(bytes, 1);
  return wanted > std::numeric_limits<std::size_t>::max() - unit ? wanted : (wanted + unit - 1) / unit * unit;
}

/// Why the kernel takes no policy at all now.
downgrade_reason reason_of(const std::error_code& code) {
  if (code == errc::binding_denied || code == errc::binding_unsupported)
    return downgrade_reason::binding_denied;
  const bool gone =
      code == errc::node_not_allowed || code == errc::node_without_memory || code == errc::unknown_node;
  return gone ? downgrade_reason::nodes_not_allowed : downgrade_reason::policy_differs;
}

}  // namespace

std::size_t area::state::page_of(const void* p, std::size_t bytes) const {
  if (!remembers()) return planned_page(first_kind, mapped_size(bytes, first_kind));
  const auto known = planned_ranges::around(p, 1);
  if (!known || known->begin != p || known->owner != this)
    throw error(errc::not_mapped, "area: not a block of this area, or given back already");
  return known->page_size;
}

area::area(placement where, area_options options, const topology& machine)
    : x_state(std::make_unique<state>(std::move(where), std::move(options), machine)) {
  unmap_queue::of_process();  // its fork handlers, before anybody holds a lock of an area
  probe_result found = probe(x_state->where, x_state->options, x_state->machine);
  x_state->bound = found.bound;
  x_state->first_kind = found.page_kind;
  x_state->installed = std::move(found.installed);
  x_state->downgrades = std::move(found.downgrades);
  if (!x_state->binds()) return;
  x_state->is_populated = found.is_populated;
  if (const auto only = only_policy(x_state->where, x_state->machine))
    x_state->whole.emplace(*only, x_state->machine);
}

area::~area() = default;

std::unique_ptr<area> area_for_pieces(const placement& where, const area_options& options,
                                      const topology& machine) {
  auto made = std::make_unique<area>(where, options, machine);
  made->x_state->by_pieces = true;
  return made;
}

bool is_bound(const area& pages) noexcept { return pages.x_state->bound; }

const placement& area::where() const noexcept { return x_state->where; }
const area_options& area::options() const noexcept { return x_state->options; }
page_kind area::page_kind() const noexcept { return x_state->first_kind; }

area_status area::status() const {
  area_status s{.asked = x_state->where,
                .installed = x_state->installed,
                .bound = x_state->bound,
                .downgrades = x_state->downgrades};
  if (s.bound) {
    try {
      policy_probe now = probe_policy(x_state->where, x_state->options, x_state->machine);
      s.installed = std::move(now.installed);
      if (now.is_populated && !x_state->is_populated && x_state->commits_late()) {
        s.downgrades.push_back(
            {downgrade_reason::policy_differs,
             "pages exist before they can be placed: mlockall(2) with MCL_FUTURE was called after "
             "the area was made"});
      }
      s.downgrades.insert(s.downgrades.end(), now.downgrades.begin(), now.downgrades.end());
    } catch (const error& e) {
      s.installed = "nothing";
      s.downgrades.push_back({reason_of(e.code()), e.what()});
    } catch (const allocation_error& e) {
      s.installed = "nothing";
      s.downgrades.push_back({reason_of(e.code()), e.what()});
    }
  }
  for (std::size_t i = 0; i < s.allocations.size(); ++i) {
    s.allocations[i] = x_state->allocations[i].load(std::memory_order_relaxed);
    if (s.allocations[i] != 0 && i < static_cast<std::size_t>(x_state->first_kind)) {
      s.downgrades.push_back({downgrade_reason::smaller_pages,
                              std::to_string(s.allocations[i]) + " allocations got " +
                                  std::string(acre::to_string(static_cast<acre::page_kind>(i))) +
                                  " pages: there were no free " +
                                  std::string(acre::to_string(x_state->first_kind)) + " pages for them"});
    }
  }
  s.blocks = x_state->live_blocks.load(std::memory_order_relaxed);
  s.bytes = x_state->live_bytes.load(std::memory_order_relaxed);
  return s;
}

void* area::do_allocate(std::size_t bytes, std::size_t alignment) {
  state& s = *x_state;
  if (!std::has_single_bit(alignment)) {
    throw allocation_error(errc::invalid_alignment, bytes, s.text, "the alignment is not a power of two");
  }
  acre::page_kind kind = s.first_kind;
  for (;;) {
    try {
      planned_mapping known;
      mapping m = s.map_block(std::max<std::size_t>(bytes, 1), alignment, kind, known);
      if (s.remembers()) planned_ranges::add(std::move(known));
      s.allocations[static_cast<std::size_t>(kind)].fetch_add(1, std::memory_order_relaxed);
      s.live_blocks.fetch_add(1, std::memory_order_relaxed);
      s.live_bytes.fetch_add(m.size(), std::memory_order_relaxed);
      return m.release();
    } catch (const allocation_error& e) {
      if (!s.may_go_on(e.code(), kind)) throw allocation_error(e.code(), bytes, s.text, e.reason());
    } catch (const error& e) {
      if (!s.may_go_on(e.code(), kind)) throw allocation_error(e.code(), bytes, s.text, e.what());
    } catch (const std::bad_alloc&) {
      throw allocation_error(errc::out_of_memory, bytes, s.text, "no memory for the plan");
    }
    kind = smaller(kind);
  }
}

mapping area::state::map_block(std::size_t bytes, std::size_t alignment, acre::page_kind kind,
                               planned_mapping& known) const {
  const bool may_make = may_place_by_making(kind);
  const std::size_t chunks = may_make ? chunk_alignment(where, bytes, kind) : 1;
  mapping m(bytes, {.page_kind = kind,
                    .sharing = options.sharing,
                    .alignment = std::max(alignment, chunks),
                    .name = options.name});
  if (remembers()) {
    known.begin = static_cast<std::byte*>(m.data());
    known.bytes = m.size();
    known.asked = bytes;
    known.page_size = planned_page(kind, m.size());
    known.owner = this;
    if (binds()) known.where = where;
  }
  if (!binds() && options.commit == commit::lazy) {
    if (is_hugetlb(kind)) require_huge_pages(why_group_is_short(m.size(), kind));
    lock_block(m);
    return m;
  }
  if (try_bind_whole(m) || (may_make && place_by_making(m, known, std::max(alignment, chunks)))) {
    lock_block(m);
    return m;
  }
  // What mmap(2) has populated lies anywhere: it is given back, and made again where it belongs.
  if (is_populated && options.sharing == sharing::process && !is_hugetlb(kind)) {
    sys::unlock(m.data(), m.size());
    sys::discard(m.data(), m.size());
  }
  const plan p = plan_mapping(binds() ? where : placement::unbound(), bytes, m.size(), kind, machine);
  known.note(p);
  keep_base_pages(p.ranges.front().policy.mode, m);
  if (is_hugetlb(kind)) require_huge_pages(why_short(p, kind));
  if (is_hugetlb(kind) && are_pools_hidden(p, kind)) {
    prefault(m.data(), p, machine);
  } else {
    commit_block(p, m);
  }
  lock_block(m);
  return m;
}

bool area::state::may_place_by_making(acre::page_kind kind) const {
  return binds() && !whole && where.is_hard() && makes_pages() && options.sharing == sharing::process &&
         !is_hugetlb(kind);
}

/// \returns false where each range is to have its policy
bool area::state::place_by_making(const mapping& m, planned_mapping& known, std::size_t aligned) const {
  if (!plan_exact_block(known, aligned, machine)) return false;
  if (is_populated) {
    sys::unlock(m.data(), m.size());
    sys::discard(m.data(), m.size());
  }
  prepare_exact_pages(known, machine);
  if (by_pieces && !is_populated) return true;
  require_room(known.sums(machine), nullptr, machine);
  make_exact_pages(known, 0, known.bytes, machine);
  return true;
}

/// The short way of most blocks: one range under one policy, known since the constructor. What goes wrong on
/// it is found again, and named, on the long way.
bool area::state::try_bind_whole(const mapping& m) const noexcept {
  if (!whole || !commits_late() || is_populated || is_hugetlb(m.page_kind())) return false;
  keep_base_pages(whole->policy().mode, m);
  return whole->install(m.data(), m.size());
}

void area::state::commit_block(const plan& p, const mapping& m) const {
  if (options.commit == commit::lazy && !is_populated) {
    apply(m.data(), p, machine);
  } else {
    prefault(m.data(), p, machine);
  }
}

void area::state::lock_block(const mapping& m) const {
  if (options.lock == page_lock::off && !is_populated) return;
  if (const int e = sys::lock(m.data(), m.size(), options.commit == commit::lazy && !is_populated)) {
    throw error(e == EAGAIN || e == ENOMEM || e == EPERM ? make_error_code(errc::lock_limit)
                                                         : std::error_code(e, std::system_category()),
                "the pages cannot be locked (RLIMIT_MEMLOCK)");
  }
}

void area::do_deallocate(void* p, std::size_t bytes, [[maybe_unused]] std::size_t alignment) noexcept {
  if (p == nullptr) return;
  state& s = *x_state;
  std::size_t size = mapped_size(bytes, s.first_kind);
  if (s.remembers()) {
    const auto known = planned_ranges::remove(p, &s);
    if (!known) return report_no_block("area", p, bytes);
    size = known->bytes;
  }
#ifdef ACRE_CHECKED
  if (!sys::is_mapped(p, size)) return report_no_block("area", p, bytes);
#endif
  unmap_queue::of_process().unmap(p, size);
  s.live_blocks.fetch_sub(1, std::memory_order_relaxed);
  s.live_bytes.fetch_sub(size, std::memory_order_relaxed);
}

std::size_t area::good_size(std::size_t bytes, std::size_t) const noexcept {
  // With fallback only the smallest kind of pages is certain.
  const bool sure = x_state->options.fallback == page_fallback::strict;
  return mapped_size(bytes, sure ? x_state->first_kind : page_kind::system);
}

check_result area::check_block(const void* p, std::size_t bytes) const {
  return check(p, std::max<std::size_t>(bytes, 1), x_state->where, {.page_size = x_state->page_of(p, bytes)},
               x_state->machine);
}

check_result area::check_block(const void* p, std::size_t bytes, std::error_code& ec) const noexcept {
  return value_or_code(ec, [&] { return check_block(p, bytes); });
}

std::string area_status::to_string() const {
  std::string text = "asked: " + asked.to_string() + "; installed: " + installed;
  text += "; " + counted(blocks, "live block") + ", together " + format_bytes_rounded(bytes);
  for (const downgrade& d : downgrades) text += "; " + d.text;
  return text;
}

std::ostream& operator<<(std::ostream& out, const area_status& s) { return out << s.to_string(); }

area& default_area() {
  // Never destroyed: containers of static storage duration may give blocks back after any destructor here.
  alignas(area) static unsigned char storage[sizeof(area)];
  static area* const only = ::new (static_cast<void*>(storage)) area(placement::unbound());
  return *only;
}

}  // namespace acre::inline v1
