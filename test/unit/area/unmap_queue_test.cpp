// unmap_queue: what munmap(2) cannot cut out waits, and is lost nowhere. The kernel is a model with few mappings.
#include "area/unmap_queue.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "support/print.hpp"
#include "sys/pages.hpp"

namespace acre::test {
namespace {

/// Pages in a row, all mapped. Pages side by side are one mapping, of which there may be only so many.
class model_kernel {
 public:
  model_kernel(std::size_t pages, std::size_t most_mappings)
      : x_memory(static_cast<std::byte*>(std::aligned_alloc(sys::page_size(), pages * sys::page_size()))),
        x_is_mapped(pages, true),
        x_most(most_mappings) {
    std::memset(x_memory.get(), 1, pages * sys::page_size());
    the_one = this;
  }
  model_kernel(const model_kernel&) = delete;
  model_kernel& operator=(const model_kernel&) = delete;
  ~model_kernel() { the_one = nullptr; }

  static unmap_queue::kernel_calls functions() {
    return {.unmap = [](void* p, std::size_t bytes) noexcept { return the_one->unmap(p, bytes); },
            .unlock = [](void*, std::size_t) noexcept { return 0; },
            .discard =
                [](void* p, std::size_t bytes) noexcept {
                  std::memset(p, 0, bytes);
                  return 0;
                }};
  }

  std::byte* page(std::size_t i) const { return x_memory.get() + i * sys::page_size(); }
  bool is_mapped(std::size_t i) const { return x_is_mapped[i]; }
  std::ptrdiff_t mapped() const { return std::ranges::count(x_is_mapped, true); }
  std::size_t unmaps() const { return x_unmaps; }

 private:
  struct free_memory {
    void operator()(std::byte* p) const noexcept { std::free(p); }
  };

  int unmap(void* p, std::size_t bytes) noexcept {
    ++x_unmaps;
    const auto first = static_cast<std::size_t>(static_cast<std::byte*>(p) - page(0)) / sys::page_size();
    const std::vector<bool> before = x_is_mapped;
    std::fill_n(x_is_mapped.begin() + static_cast<std::ptrdiff_t>(first), bytes / sys::page_size(), false);
    if (mappings() <= x_most) return 0;
    x_is_mapped = before;
    return ENOMEM;
  }
  std::size_t mappings() const {
    std::size_t n = 0;
    for (std::size_t i = 0; i != x_is_mapped.size(); ++i)
      n += x_is_mapped[i] && (i == 0 || !x_is_mapped[i - 1]) ? 1U : 0U;
    return n;
  }

  static inline model_kernel* the_one = nullptr;
  std::unique_ptr<std::byte, free_memory> x_memory;
  std::vector<bool> x_is_mapped;
  std::size_t x_most;
  std::size_t x_unmaps = 0;
};

struct few_mappings {
  explicit few_mappings(std::size_t pages, std::size_t most_mappings) : kernel(pages, most_mappings) {}

  void unmap(std::size_t first, std::size_t pages = 1) {
    queue.unmap(kernel.page(first), pages * sys::page_size());
  }

  model_kernel kernel;
  small_mutex mutex;
  unmap_queue queue{model_kernel::functions(), mutex};
};

BOOST_AUTO_TEST_SUITE(an_unmap_queue)

BOOST_AUTO_TEST_CASE(is_not_used_where_there_is_room) {
  few_mappings f(10, 2);
  f.unmap(5);
  BOOST_TEST(f.queue.waiting() == 0U);
  BOOST_TEST(!f.kernel.is_mapped(5));
  BOOST_TEST(f.kernel.unmaps() == 1U);
}

BOOST_AUTO_TEST_CASE(gives_the_pages_back_of_what_waits) {
  few_mappings f(10, 1);
  f.unmap(5, 3);
  BOOST_TEST(f.queue.waiting() == 1U);
  BOOST_TEST(f.kernel.mapped() == 10);
  for (const std::size_t i : {6U, 7U}) {
    BOOST_TEST(
        std::all_of(f.kernel.page(i), f.kernel.page(i + 1), [](std::byte b) { return b == std::byte{}; }));
  }
  BOOST_TEST((*f.kernel.page(4) == std::byte{1} && *f.kernel.page(8) == std::byte{1}));
}

BOOST_AUTO_TEST_CASE(joins_what_waits_side_by_side) {
  few_mappings f(10, 1);
  f.unmap(5);
  f.unmap(7);
  BOOST_TEST(f.queue.waiting() == 2U);
  f.unmap(6);
  BOOST_TEST(f.queue.waiting() == 1U);
  // Of the three pages only the first is still used, for the queue itself.
  for (const std::size_t i : {6U, 7U}) BOOST_TEST((*f.kernel.page(i) == std::byte{}));
  f.unmap(0, 5);
  BOOST_TEST(f.queue.waiting() == 0U);
  BOOST_TEST(f.kernel.mapped() == 2);
}

BOOST_AUTO_TEST_CASE(takes_what_waits_along_with_the_end_of_a_mapping) {
  few_mappings f(10, 1);
  f.unmap(5, 4);
  f.unmap(9);
  BOOST_TEST(f.queue.waiting() == 0U);
  BOOST_TEST(f.kernel.mapped() == 5);
}

BOOST_AUTO_TEST_CASE(lets_what_is_elsewhere_go_when_there_is_room_again) {
  few_mappings f(20, 2);
  f.unmap(4);
  f.unmap(9);
  f.unmap(14);
  BOOST_TEST(f.queue.waiting() == 2U);
  // The first mapping goes, so there may be another one.
  f.unmap(0, 4);
  BOOST_TEST(f.queue.waiting() == 1U);
  BOOST_TEST(f.kernel.mapped() == 14);
}

BOOST_AUTO_TEST_CASE(loses_nothing_in_any_order_and_asks_a_few_times) {
  constexpr std::size_t pages = 300;
  for (const unsigned seed : {1U, 2U, 3U, 4U}) {
    few_mappings f(pages, 4);
    std::vector<std::size_t> order(pages);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), std::mt19937(seed));
    std::size_t most_unmaps = 0;
    std::size_t most_waiting = 0;
    for (const std::size_t i : order) {
      const std::size_t before = f.kernel.unmaps();
      f.unmap(i);
      most_unmaps = std::max(most_unmaps, f.kernel.unmaps() - before);
      most_waiting = std::max(most_waiting, f.queue.waiting());
    }
    BOOST_TEST_CONTEXT("seed " << seed) {
      BOOST_TEST(most_waiting > 50U);
      BOOST_TEST(most_unmaps <= 8U);
      BOOST_TEST(f.queue.waiting() == 0U);
      BOOST_TEST(f.kernel.mapped() == 0);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
