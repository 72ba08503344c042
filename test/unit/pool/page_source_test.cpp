#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/detail/thread_safe_resource.hpp>
#include <acre/error.hpp>
#include <acre/locate.hpp>
#include <acre/node_pools.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>
#include <acre/topology.hpp>

#include "pool/page_source.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <thread>
#include <type_traits>
#include <vector>

#include "support/comes_true.hpp"
#include "support/errors.hpp"
#include "support/print.hpp"
#include "sys/pages.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(page_source)

BOOST_AUTO_TEST_CASE(discards_whole_units_and_whole_pages) {
  struct {
    std::size_t base_page, granule;
  } const cases[] = {{4_KiB, 8_KiB}, {8_KiB, 8_KiB}, {16_KiB, 16_KiB}, {64_KiB, 64_KiB}};
  for (const auto& c : cases) {
    BOOST_TEST_CONTEXT("pages of " << c.base_page << " bytes") {
      BOOST_TEST(discard_granule_of(page_kind::system, c.base_page) == c.granule);
      BOOST_TEST(discard_granule_of(page_kind::transparent_huge, c.base_page) == 2_MiB);
      BOOST_TEST(discard_granule_of(page_kind::huge_2mb, c.base_page) == 0U);
      BOOST_TEST(discard_granule_of(page_kind::huge_1gb, c.base_page) == 0U);
      BOOST_TEST(small_slab_granule(2_MiB, c.base_page) == c.granule);
      BOOST_TEST(small_slab_granule(c.granule, c.base_page) == c.granule);
      BOOST_TEST(small_slab_granule(0, c.base_page) == 0U);  // nothing can be discarded
    }
  }
}

/// Tells whether more than one thread was ever inside, and gives each the time to meet others.
class lonely_resource final : public std::pmr::memory_resource {
 public:
  bool was_shared() const { return x_shared; }

 private:
  void stay() {
    if (x_inside.fetch_add(1) != 0) x_shared = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    x_inside.fetch_sub(1);
  }
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    stay();
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
    stay();
    std::pmr::new_delete_resource()->deallocate(p, bytes, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  std::atomic<int> x_inside = 0;
  std::atomic<bool> x_shared = false;
};

BOOST_AUTO_TEST_CASE(calls_upstream_from_one_thread_at_a_time) {
  lonely_resource upstream;
  const auto pages = make_page_source(&upstream);
  std::vector<std::thread> threads;
  for (int t = 0; t != 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i != 10; ++i) pages->unmap(pages->map(64_KiB, 64), 64_KiB, 64);
    });
  }
  for (std::thread& t : threads) t.join();
  BOOST_TEST(!upstream.was_shared());
}

/// Lets nobody out before two threads are inside.
class meeting_resource final : public detail::thread_safe_resource {
 public:
  bool have_met() const { return x_met; }

 private:
  std::size_t good_size(std::size_t bytes, std::size_t) const noexcept override { return bytes; }
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    ++x_inside;
    if (!comes_true([&] { return x_inside == 2; })) x_met = false;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
    std::pmr::new_delete_resource()->deallocate(p, bytes, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  std::atomic<int> x_inside = 0;
  std::atomic<bool> x_met = true;
};

BOOST_AUTO_TEST_CASE(calls_upstream_from_any_thread_where_it_says_that_it_is_thread_safe) {
  meeting_resource upstream;
  const auto pages = make_page_source(&upstream);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t != 2; ++t)
      threads.emplace_back([&] { pages->unmap(pages->map(64_KiB, 64), 64_KiB, 64); });
  }
  BOOST_TEST(upstream.have_met());
}

BOOST_AUTO_TEST_CASE(knows_acres_pools_as_thread_safe) {
  static_assert(std::is_base_of_v<detail::thread_safe_resource, pool_resource>);
  static_assert(std::is_base_of_v<detail::thread_safe_resource, node_pools>);
  BOOST_TEST((!std::is_base_of_v<detail::thread_safe_resource, area>));  // which has a source of its own
}

BOOST_AUTO_TEST_CASE(refuses_an_upstream_that_is_null) {
  BOOST_CHECK_EXCEPTION(static_cast<void>(make_page_source(static_cast<std::pmr::memory_resource*>(nullptr))),
                        error, with_code(errc::invalid_argument).saying("upstream is null"));
}

BOOST_AUTO_TEST_CASE(of_any_resource_discards_nothing_and_makes_nothing) {
  const auto pages = make_page_source(std::pmr::new_delete_resource());
  BOOST_TEST(pages->upstream() == std::pmr::new_delete_resource());
  BOOST_TEST(pages->reuse() == page_reuse::any);
  BOOST_TEST(pages->discard_granule() == 0U);
  BOOST_TEST(pages->commit_piece(1_GiB) == 0U);
  BOOST_TEST(!pages->unmaps_policies());
  void* const p = pages->map(64_KiB, 64);
  BOOST_TEST(!pages->discard(p, 64_KiB));
  pages->commit(p, 64_KiB);
  pages->unmap(p, 64_KiB, 64);
  // Slabs double, between limits.
  BOOST_TEST(pages->next_slab(0) == 2_MiB);
  BOOST_TEST(pages->next_slab(3_MiB) == 2_MiB);
  BOOST_TEST(pages->next_slab(33_MiB) == 32_MiB);
  BOOST_TEST(pages->next_slab(1_GiB) == 64_MiB);
}

BOOST_AUTO_TEST_CASE(of_an_area_goes_by_its_placement) {
  struct {
    placement where;
    page_reuse reuse;
  } const cases[] = {{placement::unbound(), page_reuse::any}, {placement::local(), page_reuse::none}};
  for (const auto& c : cases) {
    BOOST_TEST_CONTEXT(c.where) {
      area own(c.where);
      const auto pages = make_page_source(&own);
      BOOST_TEST(pages->upstream() == &own);
      BOOST_TEST(pages->reuse() == c.reuse);
      BOOST_TEST(pages->unmaps_policies());
      BOOST_TEST(pages->commit_piece(1_GiB) == 0U);
      BOOST_TEST(pages->largest_extent() == 16_MiB);
      void* const p = pages->map(64_KiB, 64);
      *static_cast<char*>(p) = 1;
      BOOST_TEST(pages->discard(p, 64_KiB));
      pages->unmap(p, 64_KiB, 64);
      // From 8 GiB on an eighth of what there is.
      BOOST_TEST(pages->next_slab(0) == 2_MiB);
      BOOST_TEST(pages->next_slab(1_GiB) == 1_GiB);
      BOOST_TEST(pages->next_slab(16_GiB) == 2_GiB);
    }
  }
}

BOOST_AUTO_TEST_CASE(of_an_eager_area_discards_nothing_and_grows_by_little) {
  area eager(placement::unbound(), {.commit = commit::eager});
  const auto pages = make_page_source(&eager);
  BOOST_TEST(pages->discard_granule() == 0U);
  BOOST_TEST(pages->next_slab(1_GiB) == 64_MiB);
}

BOOST_AUTO_TEST_CASE(of_a_pool_that_commits_makes_pages_in_larger_pieces_of_larger_slabs) {
  const auto pages = make_page_source(
      placement::unbound(), {.page_kind = page_kind::system, .commit = commit::eager}, topology::system());
  BOOST_TEST(pages->commit_piece(1_MiB) == 64_KiB);
  BOOST_TEST(pages->commit_piece(2_MiB) == 128_KiB);
  void* const p = pages->map(1_MiB, 64_KiB);
  pages->expect_commit(p, 1_MiB);
  pages->commit(p, 64_KiB);
  BOOST_TEST(locate(p, 64_KiB).untouched == 0U);
  BOOST_TEST(locate(static_cast<std::byte*>(p) + 64_KiB, 64_KiB).untouched * sys::page_size() == 64_KiB);
  pages->unmap(p, 1_MiB, 64_KiB);
}

BOOST_AUTO_TEST_CASE(that_is_watched_says_what_it_said) {
  const auto plain = make_page_source(std::pmr::new_delete_resource());
  const auto watched = watch(make_page_source(std::pmr::new_delete_resource()));
  BOOST_TEST(watched->upstream() == plain->upstream());
  BOOST_TEST(watched->next_slab(1_GiB) == plain->next_slab(1_GiB));
  BOOST_TEST(watched->unmaps_policies() == plain->unmaps_policies());
  watched->unmap(watched->map(64_KiB, 64), 64_KiB, 64);
}

BOOST_AUTO_TEST_CASE(lets_go_of_upstream_that_throws) {
  const auto pages = make_page_source(std::pmr::null_memory_resource());
  for (int i = 0; i != 2; ++i) BOOST_CHECK_THROW(pages->map(64_KiB, 64), std::bad_alloc);
}

BOOST_AUTO_TEST_CASE(makes_pools_over_a_monotonic_buffer_safe_for_threads) {
  std::pmr::monotonic_buffer_resource upstream;
  pool_resource pool(&upstream, {.guarding = guarding::off});
  std::atomic<unsigned> overwritten = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t != 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i != 20; ++i) {
        auto* const p = static_cast<char*>(pool.allocate(20_MiB + 1));
        *p = p[20_MiB] = static_cast<char>(t);
        std::this_thread::yield();
        if (*p != t) ++overwritten;
        if (p[20_MiB] != t) ++overwritten;
        pool.deallocate(p, 20_MiB + 1);
      }
    });
  }
  for (std::thread& t : threads) t.join();
  BOOST_TEST(overwritten == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
