// random_memory: memory of a random kind, owner, size and history, for tests that compare reports with the kernel's
// word.
#pragma once

#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <ostream>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "multinode/two_nodes.hpp"
#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/require.hpp"

namespace acre::test {

/// Who made and touched the memory. `forked`: a child maps the same private pages. `others`: shared memory that a child
/// touched, and unmapped; `held`: that it maps still. `pooled`: a block of a pool that counts from where a slab begins.
enum class owner { own, forked, shared, memfd, others, held, pooled };

inline const std::vector<owner> all_owners{owner::own,    owner::forked, owner::shared, owner::memfd,
                                           owner::others, owner::held,   owner::pooled};

inline std::string to_string(owner o) {
  switch (o) {
    case owner::own:
      return "own";
    case owner::forked:
      return "forked";
    case owner::shared:
      return "shared";
    case owner::memfd:
      return "memfd";
    case owner::others:
      return "others";
    case owner::held:
      return "held";
    case owner::pooled:
      return "pooled";
  }
  return "";
}

inline std::ostream& operator<<(std::ostream& out, owner o) { return out << to_string(o); }

inline bool is_shared(owner o) { return o != owner::own && o != owner::forked && o != owner::pooled; }

enum class kind { plain, wants_huge, refuses_huge, hugetlb };

constexpr std::size_t huge = std::size_t{2} << 20;

class dice {
 public:
  explicit dice(std::uint64_t seed) : x_engine(seed) {}
  std::size_t below(std::size_t n) { return x_engine() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <class T>
  const T& of(const std::vector<T>& all) {
    return all[below(all.size())];
  }
  node_set nodes() {
    node_set some;
    for (unsigned n : usable_nodes()) {
      if (one_in(2)) some.insert(n);
    }
    if (some.empty()) some.insert(of(usable_list()));
    return some;
  }
  /// One that counts from where a mapping begins, of ranges with one node each.
  placement by_position() {
    const node_set some = nodes();
    std::vector<node_weight> weights;
    for (node_id n : some) weights.push_back({n, static_cast<unsigned>(1 + below(4))});
    const chunk parts = one_in(2) ? chunk::automatic : chunk((1 + below(one_in(2) ? 8 : 600)) * base_page());
    const placement all[] = {placement::weighted(weights, parts), placement::blocked(weights),
                             placement::interleave(some, parts).hard(), placement::most_free(some, parts)};
    const placement one = all[below(std::size(all))];
    return one_in(2) ? one.hard() : one.strategy() == strategy::interleave ? one : one.soft();
  }
  placement where() {
    const node_set some = nodes();
    const std::size_t chunk = (1 + below(one_in(2) ? 40 : 1000)) * base_page();
    std::vector<node_weight> weights;
    for (node_id n : some) weights.push_back({n, static_cast<unsigned>(1 + below(4))});
    switch (below(10)) {
      case 0:
        return placement::bind(some);
      case 1:
        return placement::prefer(some);
      case 2:
      case 3:
        return placement::interleave(some);
      case 4:
        return placement::interleave(some, chunk);
      case 5:
        return placement::weighted(weights, chunk);
      case 6:
        return placement::blocked(weights);
      case 7: {
        const std::vector<node_id> list(some.begin(), some.end());
        return placement::by_page(
            [list](std::size_t i, std::size_t) { return list[i * 7 / 3 % list.size()]; }, some);
      }
      case 8:
        if (knows_policy(mpol::weighted)) return placement::weighted_by_system(some);
        return placement::bind(some);
      default:
        return one_in(2) ? placement::local() : placement::unbound();
    }
  }

 private:
  std::mt19937_64 x_engine;
};

struct touching {
  unsigned cpu;
  std::size_t first;
  std::size_t pages;
};

/// Random runs of pages, from the CPUs of random nodes.
inline std::vector<touching> some_touching(dice& random, std::size_t pages) {
  const std::vector<unsigned> cpus = one_cpu_per_node();
  std::vector<touching> runs(1 + random.below(4));
  for (touching& r : runs) {
    r.cpu = random.of(cpus);
    r.first = random.below(pages);
    r.pages = random.one_in(3) ? pages - r.first : 1 + random.below(pages - r.first);
  }
  return runs;
}

/// What a page holds. Not zeros: Linux 6.12 gives those back when it divides a huge page.
inline std::uint64_t sign_of(std::size_t page) { return page * 31 + 7; }

class random_memory {
 public:
  random_memory(dice& random, owner who) : x_who(who) {
    if (who == owner::pooled) {
      take_of_pool(random);
      return;
    }
    x_kind = static_cast<kind>(random.below(4));
    x_unit = x_kind == kind::hugetlb ? huge : base_page();
    x_bytes = x_kind == kind::hugetlb ? (1 + random.below(2)) * huge
                                      : (1 + random.below(random.one_in(2) ? 100 : 1500)) * base_page();
    if (!map()) {
      x_kind = kind::plain;
      x_unit = base_page();
      require(map(), "mmap");
    }
    const std::size_t lead =
        x_kind == kind::hugetlb ? 0 : (random.one_in(2) ? 0 : random.below(512)) * base_page();
    x_data =
        reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(x_mapped) + huge - 1) / huge * huge) + lead;
    if (x_kind == kind::wants_huge) madvise(x_mapped, x_mapped_bytes, MADV_HUGEPAGE);
    if (x_kind == kind::refuses_huge) madvise(x_mapped, x_mapped_bytes, MADV_NOHUGEPAGE);
    if (random.one_in(2)) {
      const node_set some = random.nodes();
      const nodes raw(some.begin(), some.end());
      set_policy(x_data, x_bytes, {random.one_in(2) ? mpol::interleave : mpol::preferred_many, raw});
    }
    x_signed.resize(x_bytes / x_unit);
    const std::vector<touching> runs = some_touching(random, x_signed.size());
    const auto touch_now = [&] { touch(runs); };
    if (who == owner::others) {
      in_child(touch_now);
    } else if (who == owner::held) {
      x_holder = std::make_unique<companion>(touch_now);
    } else {
      touch_now();
    }
    if (who == owner::forked) x_holder = std::make_unique<companion>([] {});
    if (who == owner::forked && random.one_in(2)) touch_some(random);
    note(runs);
  }
  ~random_memory() {
    if (x_holder) BOOST_TEST(x_holder->end_well());
    if (x_pool) {
      x_pool->deallocate(x_data, x_bytes);
      return;
    }
    munmap(x_mapped, x_mapped_bytes);
    if (x_file >= 0) close(x_file);
  }
  random_memory(const random_memory&) = delete;
  random_memory& operator=(const random_memory&) = delete;

  void touch_some(dice& random) {
    const std::vector<touching> runs = some_touching(random, x_signed.size());
    touch(runs);
    note(runs);
  }
  bool holds_what_it_held() const {
    for (std::size_t i = 0; i < x_signed.size(); ++i) {
      std::uint64_t value = 0;
      std::memcpy(&value, x_data + i * x_unit, sizeof value);
      if (value != (x_signed[i] ? sign_of(i) : 0)) return false;
    }
    return true;
  }

  char* data() const { return x_data; }
  std::size_t size() const { return x_bytes; }
  std::size_t unit() const { return x_unit; }
  kind pages() const { return x_kind; }

  /// The pool's placement; nothing where there is no pool.
  const std::optional<placement>& made_as() const { return x_made_as; }
  /// The node of each page as it was decided when the pool made it.
  std::span<const unsigned> homes(const char* p, std::size_t bytes) const {
    return std::span(x_homes).subspan(static_cast<std::size_t>(p - x_data) / base_page(),
                                      bytes / base_page());
  }

  /// Where the pages lie by move_pages alone; those of objects that this process has no entry for are mapped for that,
  /// which changes none.
  std::vector<int> truth(const char* p, std::size_t bytes) const {
    std::vector<int> where = page_nodes(p, bytes);
    if (!is_shared(x_who) || x_kind == kind::hugetlb) return where;
    std::vector<unsigned char> present(where.size());
    require(mincore(const_cast<char*>(p), bytes, present.data()) == 0, "mincore");
    for (std::size_t i = 0; i < where.size(); ++i) {
      if (where[i] < 0 && (present[i] & 1) != 0)
        static_cast<void>(*static_cast<const volatile char*>(p + i * base_page()));
    }
    return page_nodes(p, bytes);
  }

 private:
  void take_of_pool(dice& random) {
    const bool wants_huge = random.one_in(3);
    x_kind = wants_huge ? kind::wants_huge : kind::plain;
    x_unit = base_page();
    x_bytes = (20 + random.below(random.one_in(2) ? 100 : 1500)) * base_page();
    x_made_as = random.by_position();
    x_pool = std::make_unique<pool_resource>(
        *x_made_as, pool_options{.page_kind = wants_huge ? page_kind::transparent_huge : page_kind::system});
    // Neighbours, so that it does not begin where its slab does.
    for (std::size_t i = random.below(4); i != 0; --i)
      static_cast<void>(x_pool->allocate((1 + random.below(100)) * base_page()));
    x_data = static_cast<char*>(x_pool->allocate(x_bytes));
    const std::vector<int> made = page_nodes(x_data, x_bytes);
    for (std::size_t i = 0; i < made.size(); ++i) {
      // Hard memory has its pages when the pool hands it out, and may be under one policy.
      const nodes told = policy_at(x_data + i * base_page()).nodes;
      require(told.size() == 1 || made[i] >= 0, "get_mempolicy");
      x_homes.push_back(told.size() == 1 ? *told.begin() : static_cast<unsigned>(made[i]));
    }
    x_signed.resize(x_bytes / x_unit);
    touch_some(random);
  }
  void touch(const std::vector<touching>& runs) const {
    for (const touching& r : runs) {
      const pinned here(r.cpu);
      for (std::size_t i = r.first; i < r.first + r.pages; ++i) {
        const std::uint64_t value = sign_of(i);
        std::memcpy(x_data + i * x_unit, &value, sizeof value);
      }
    }
  }
  void note(const std::vector<touching>& runs) {
    for (const touching& r : runs)
      std::fill_n(x_signed.begin() + static_cast<std::ptrdiff_t>(r.first), r.pages, true);
  }
  bool map() {
    x_mapped_bytes = x_bytes + 3 * huge;
    if (x_kind == kind::hugetlb) x_mapped_bytes = x_bytes;
    int flags = is_shared(x_who) ? MAP_SHARED : MAP_PRIVATE;
    if (x_kind == kind::hugetlb) flags |= MAP_HUGETLB;
    if (x_who == owner::memfd) {
      if (x_file >= 0) close(x_file);
      x_file = memfd_create("reports", x_kind == kind::hugetlb ? MFD_HUGETLB : 0U);
      if (x_file < 0 || ftruncate(x_file, static_cast<off_t>(x_mapped_bytes)) != 0) return false;
      flags &= ~MAP_HUGETLB;
    } else {
      flags |= MAP_ANONYMOUS;
    }
    x_mapped = mmap(nullptr, x_mapped_bytes, PROT_READ | PROT_WRITE, flags, x_file, 0);
    return x_mapped != MAP_FAILED;
  }

  owner x_who;
  kind x_kind;
  std::size_t x_unit;
  std::size_t x_bytes;
  std::size_t x_mapped_bytes = 0;
  void* x_mapped = nullptr;
  int x_file = -1;
  char* x_data = nullptr;
  std::vector<bool> x_signed;  ///< by unit
  std::unique_ptr<companion> x_holder;
  std::unique_ptr<pool_resource> x_pool;
  std::optional<placement> x_made_as;
  std::vector<unsigned> x_homes;  ///< by page, of a pool's
};

}  // namespace acre::test
