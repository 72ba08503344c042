#include "pool/mapping_store.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "support/print.hpp"

namespace acre::test {
namespace {

using mapping = mapping_store::mapping;

/// The same, by looking at all that are kept.
struct model {
  struct kept {
    void* p;
    std::size_t bytes;
    std::size_t alignment;
    bool old = false;
  };
  std::vector<kept> all;  ///< the longest kept first
  page_reuse how;

  std::vector<kept>::iterator best(std::size_t bytes, std::size_t alignment) {
    auto found = all.end();
    for (auto at = all.begin(); at != all.end(); ++at) {
      const bool fits = how == page_reuse::any ? at->bytes >= bytes && at->bytes - bytes <= bytes / 8 &&
                                                     reinterpret_cast<std::uintptr_t>(at->p) % alignment == 0
                                               : at->bytes == bytes && at->alignment == alignment;
      if (!fits) continue;
      if (found == all.end() || at->bytes < found->bytes ||
          (at->bytes == found->bytes && at->alignment <= found->alignment))
        found = at;
    }
    return found;
  }
};

void end_all(mapping_store& store) {
  while (store.drop(false)) continue;
  while (store.remove_any()) continue;
}

BOOST_AUTO_TEST_SUITE(a_mapping_store)

BOOST_AUTO_TEST_CASE(uses_again_what_fits_best_and_was_used_last) {
  for (const page_reuse how : {page_reuse::any, page_reuse::same_size}) {
    mapping_store store(how);
    model kept{{}, how};
    std::vector<void*> live;
    std::size_t live_bytes = 0;
    std::mt19937 random(1);
    std::uintptr_t next = std::uintptr_t{1} << 40;
    for (int i = 0; i != 30'000; ++i) {
      const std::size_t bytes = (8 + random() % 20) << 20;
      const std::size_t alignment = std::size_t{4096} << random() % 12;
      switch (random() % 5) {
        case 0: {
          next = (next + alignment - 1) / alignment * alignment;
          auto m = std::make_unique<mapping>();
          m->p = reinterpret_cast<void*>(next);
          m->bytes = bytes;
          m->alignment = alignment;
          live.push_back(m->p);
          live_bytes += bytes;
          store.add(std::move(m));
          next += bytes;
          break;
        }
        case 1:
        case 2: {
          if (live.empty()) break;
          std::swap(live[random() % live.size()], live.back());
          mapping* const m = store.find(live.back());
          BOOST_TEST_REQUIRE(m != nullptr);
          BOOST_TEST_REQUIRE(m->p == live.back());
          live.pop_back();
          live_bytes -= m->bytes;
          kept.all.push_back({m->p, m->bytes, m->alignment});
          store.keep(*m);
          BOOST_TEST_REQUIRE(store.find(kept.all.back().p) == nullptr);
          break;
        }
        case 3: {
          const auto expected = kept.best(bytes, alignment);
          mapping* const m = store.reuse(bytes, alignment);
          BOOST_TEST_REQUIRE((m == nullptr) == (expected == kept.all.end()));
          if (m == nullptr) break;
          BOOST_TEST_REQUIRE(m->p == expected->p);
          kept.all.erase(expected);
          live.push_back(m->p);
          live_bytes += m->bytes;
          break;
        }
        default: {
          if (random() % 50 == 0) {
            store.age();
            for (auto& k : kept.all) k.old = true;
          }
          if (random() % 4 != 0) break;
          const bool only_old = random() % 2 == 0;
          const std::unique_ptr<mapping> m = store.drop(only_old);
          const bool any = !kept.all.empty() && (!only_old || kept.all.front().old);
          BOOST_TEST_REQUIRE((m != nullptr) == any);
          if (!any) break;
          BOOST_TEST_REQUIRE(m->p == kept.all.front().p);
          kept.all.erase(kept.all.begin());
        }
      }
      std::size_t kept_bytes = 0;
      for (const auto& k : kept.all) kept_bytes += k.bytes;
      BOOST_TEST_REQUIRE(store.kept_bytes() == kept_bytes);
      BOOST_TEST_REQUIRE(store.live_bytes() == live_bytes);
    }
    std::size_t seen = 0;
    store.for_each([&](const void*, std::size_t) { ++seen; });
    BOOST_TEST(seen == live.size() + kept.all.size());
    end_all(store);
  }
}

BOOST_AUTO_TEST_CASE(knows_only_the_beginnings_of_live_ones) {
  mapping_store store(page_reuse::any);
  auto m = std::make_unique<mapping>();
  m->p = reinterpret_cast<void*>(std::uintptr_t{1} << 30);
  m->bytes = 1 << 20;
  auto* const p = static_cast<std::byte*>(m->p);
  store.add(std::move(m));
  BOOST_TEST(store.find(p) != nullptr);
  BOOST_TEST(store.find(p + 4096) == nullptr);
  BOOST_TEST(store.find(p - 1) == nullptr);
  BOOST_TEST(store.find(nullptr) == nullptr);
  end_all(store);
  BOOST_TEST(store.find(p) == nullptr);
}

/// Nothing lies there: a store does not touch its mappings.
std::unique_ptr<mapping> mapping_at(std::uintptr_t address, std::size_t bytes, std::size_t alignment = 4096) {
  auto m = std::make_unique<mapping>();
  m->p = reinterpret_cast<void*>(address);
  m->bytes = bytes;
  m->alignment = alignment;
  return m;
}

/// The address of a mapping that is live from now on.
void* reused(mapping_store& store, std::size_t bytes, std::size_t alignment = 4096) {
  const mapping* const m = store.reuse(bytes, alignment);
  return m == nullptr ? nullptr : m->p;
}

BOOST_AUTO_TEST_CASE(serves_blocks_that_are_up_to_an_eighth_smaller) {
  mapping_store store(page_reuse::any);
  store.add(mapping_at(1 << 30, 9 << 20));
  void* const p = reinterpret_cast<void*>(1 << 30);
  store.keep(*store.find(p));
  BOOST_TEST(reused(store, (9 << 20) + 1) == nullptr);
  BOOST_TEST(reused(store, (8 << 20) - 1) == nullptr);
  BOOST_TEST(reused(store, 8 << 20) == p);
  BOOST_TEST(reused(store, 8 << 20) == nullptr);
  end_all(store);
}

BOOST_AUTO_TEST_CASE(serves_a_larger_alignment_where_the_address_happens_to_have_it) {
  mapping_store store(page_reuse::any);
  constexpr std::uintptr_t odd = (std::uintptr_t{1} << 30) + 4096;
  constexpr std::uintptr_t even = std::uintptr_t{1} << 32;
  for (const std::uintptr_t at : {odd, even}) {
    store.add(mapping_at(at, 1 << 20));
    store.keep(*store.find(reinterpret_cast<void*>(at)));
  }
  BOOST_TEST(reused(store, 1 << 20, std::size_t{1} << 33) == nullptr);
  BOOST_TEST(reused(store, 1 << 20, std::size_t{1} << 32) == reinterpret_cast<void*>(even));
  BOOST_TEST(reused(store, 1 << 20, 8192) == nullptr);
  BOOST_TEST(reused(store, 1 << 20, 4096) == reinterpret_cast<void*>(odd));
  end_all(store);
}

// Where pages lie was decided for a block of that size and alignment.
BOOST_AUTO_TEST_CASE(serves_nothing_but_the_very_size_and_alignment_where_blocks_are_planned) {
  mapping_store store(page_reuse::same_size);
  void* const p = reinterpret_cast<void*>(std::uintptr_t{1} << 32);
  store.add(mapping_at(std::uintptr_t{1} << 32, 1 << 20, 8192));
  store.keep(*store.find(p));
  BOOST_TEST(reused(store, (1 << 20) - 4096, 8192) == nullptr);
  BOOST_TEST(reused(store, 1 << 20, 4096) == nullptr);
  BOOST_TEST(reused(store, 1 << 20, 16'384) == nullptr);
  BOOST_TEST(reused(store, 1 << 20, 8192) == p);
  end_all(store);
}

BOOST_AUTO_TEST_CASE(drops_what_was_kept_longest_and_as_old_only_what_was_there_at_the_last_look) {
  mapping_store store(page_reuse::any);
  const auto keep = [&](std::uintptr_t at) {
    store.add(mapping_at(at << 30, 1 << 20));
    store.keep(*store.find(reinterpret_cast<void*>(at << 30)));
  };
  keep(2);
  keep(1);
  BOOST_TEST(store.drop(true) == nullptr);
  store.age();
  keep(3);
  BOOST_TEST(store.drop(true)->p == reinterpret_cast<void*>(std::uintptr_t{2} << 30));
  BOOST_TEST(store.drop(true)->p == reinterpret_cast<void*>(std::uintptr_t{1} << 30));
  BOOST_TEST(store.drop(true) == nullptr);
  BOOST_TEST(store.drop(false)->p == reinterpret_cast<void*>(std::uintptr_t{3} << 30));
  BOOST_TEST(store.drop(false) == nullptr);
  BOOST_TEST(store.kept_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(lets_live_ones_go) {
  mapping_store store(page_reuse::none);
  for (const std::uintptr_t at : {1U, 2U, 3U}) store.add(mapping_at(at << 30, 1 << 20));
  const std::unique_ptr<mapping> gone = store.remove(*store.find(reinterpret_cast<void*>(2UL << 30)));
  BOOST_TEST(gone->p == reinterpret_cast<void*>(2UL << 30));
  BOOST_TEST(store.find(gone->p) == nullptr);
  BOOST_TEST(store.live_bytes() == 2U << 20);
  BOOST_TEST(store.remove_any() != nullptr);
  BOOST_TEST(store.remove_any() != nullptr);
  BOOST_TEST(store.remove_any() == nullptr);
  BOOST_TEST(store.live_bytes() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
