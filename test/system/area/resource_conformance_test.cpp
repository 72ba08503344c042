// What every memory resource of acre must do. A new resource is one more type in the list and its name beside it.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/node_pools.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>
#include <acre/resource.hpp>
#include <acre/segment_resource.hpp>
#include <acre/topology.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <limits>
#include <memory_resource>
#include <new>
#include <tuple>
#include <vector>

#include "support/checking_resource.hpp"
#include "support/errors.hpp"
#include "support/failing_resource.hpp"
#include "support/mappings.hpp"
#include "support/named_cases.hpp"
#include "support/print.hpp"
#include "support/resource_stress.hpp"

namespace acre::test {
namespace {

// Each type of the list makes a resource, and says what may be asked of it:
//   largest_alignment    supported, a power of two
//   blocks               so many may live at once at reasonable cost

class made_area {
 public:
  static constexpr std::size_t largest_alignment = 4_MiB;
  static constexpr std::size_t blocks = 100;  // each is a mapping
  std::pmr::memory_resource& resource() { return x_area; }

 private:
  area x_area{placement::bind(topology::system().default_nodes())};
};

class made_pool_over_area {
 public:
  static constexpr std::size_t largest_alignment = 4_MiB;
  static constexpr std::size_t blocks = 2000;
  std::pmr::memory_resource& resource() { return x_pool; }

 private:
  area x_area{placement::interleave(topology::system().default_nodes())};
  pool_resource x_pool{&x_area};
};

class made_node_pools {
 public:
  static constexpr std::size_t largest_alignment = 4_MiB;
  static constexpr std::size_t blocks = 2000;
  std::pmr::memory_resource& resource() { return x_pools; }

 private:
  node_pools x_pools;
};

class made_segment {
 public:
  static constexpr std::size_t largest_alignment = 4_MiB;
  static constexpr std::size_t blocks = 2000;
  std::pmr::memory_resource& resource() { return x_heap; }

 private:
  mapping x_pages = shared_pages(1_GiB);
  segment_resource x_heap{x_pages.data(), x_pages.size()};
};

enum class caching { usual, none };

/// A pool over any upstream, which nobody places.
template <guarding Guarding, caching Caching = caching::usual>
class made_pool {
 public:
  static constexpr std::size_t largest_alignment = 4_MiB;
  static constexpr std::size_t blocks = 2000;

  made_pool() : made_pool(&x_memory) {}
  explicit made_pool(std::pmr::memory_resource* upstream) : x_pool(upstream, options()) {}
  std::pmr::memory_resource& resource() { return x_pool; }

 private:
  static pool_options options() {
    pool_options result{.guarding = Guarding};
    if constexpr (Caching == caching::none) result.cached = 0;
    return result;
  }

  checking_resource x_memory;
  pool_resource x_pool;
};

using pool = made_pool<guarding::off>;
using guarded_pool = made_pool<guarding::on>;
using uncached_pool = made_pool<guarding::off, caching::none>;

using resources = std::tuple<pool, guarded_pool, uncached_pool, made_area, made_pool_over_area,
                             made_node_pools, made_segment>;
const std::vector<std::string> names_of_resources{"pool",           "guarded_pool", "uncached_pool", "area",
                                                  "pool_over_area", "node_pools",   "segment"};

constexpr std::size_t interesting_sizes[] = {
    0,      1,      7,      8,      9,      15,     16,      17,    24,        40,    48,       100,  127,
    128,    129,    255,    257,    512,    1000,   1024,    1025,  3000,      4095,  4096,     4097, 8192,
    12'000, 16'383, 16'384, 16'385, 65'536, 65'537, 262'145, 1_MiB, 2_MiB - 1, 2_MiB, 4_MiB + 1};

BOOST_AUTO_TEST_SUITE(resource_conformance, *named_cases(names_of_resources))

BOOST_AUTO_TEST_CASE_TEMPLATE(every_size_and_alignment_gives_an_aligned_block_of_its_own, Made, resources) {
  Made made;
  for (std::size_t alignment = 1; alignment <= Made::largest_alignment; alignment *= 2) {
    block_list live(made.resource());
    for (const std::size_t bytes : interesting_sizes) {
      live.add(bytes, alignment);
      if (bytes < 1024) live.add(bytes, alignment);
    }
    live.check_all();
    live.check_distinct();
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(no_bytes_give_distinct_blocks, Made, resources) {
  Made made;
  block_list live(made.resource());
  for (int i = 0; i != 10; ++i) live.add(0, 1);
  for (int i = 0; i != 10; ++i) live.add(0, 64);
  live.check_all();
  live.check_distinct();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(blocks_are_used_again, Made, resources) {
  Made made;
  for (int round = 0; round != 3; ++round) {
    block_list live(made.resource());
    for (std::size_t i = 0; i != Made::blocks; ++i) live.add(i * 37 % 5000, std::size_t{1} << i % 8);
    live.check_all();
    live.check_distinct();
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_block_may_be_given_back_with_its_good_size, Made, resources) {
  Made made;
  std::pmr::memory_resource& r = made.resource();
  for (std::size_t alignment = 1; alignment <= Made::largest_alignment; alignment *= 4) {
    for (const std::size_t bytes : interesting_sizes) {
      const std::size_t good = good_size(r, bytes, alignment);
      BOOST_TEST_CONTEXT(bytes << " bytes aligned to " << alignment) {
        BOOST_TEST_REQUIRE(good >= bytes);
        BOOST_TEST(good_size(r, good, alignment) == good);
      }
      for (const std::size_t back : {good, bytes + (good - bytes) / 2}) {
        block_list live(r);
        live.add(bytes, alignment, good);
        live.check_all();
        live.remove(0, back);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(impossible_sizes_throw_bad_alloc, Made, resources) {
  Made made;
  std::pmr::memory_resource& r = made.resource();
  constexpr std::size_t max = std::numeric_limits<std::size_t>::max();
  for (const std::size_t bytes : {max, max - 7, max - 4095, max / 2, max / 2 + 1, max - 4_MiB}) {
    for (std::size_t alignment = 1; alignment <= Made::largest_alignment; alignment *= 8) {
      BOOST_TEST_CONTEXT(bytes << " bytes aligned to " << alignment) {
        BOOST_CHECK_THROW(static_cast<void>(r.allocate(bytes, alignment)), std::bad_alloc);
        BOOST_TEST(good_size(r, bytes, alignment) >= bytes);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_alignment_that_is_no_power_of_two_is_an_error, Made, resources) {
  Made made;
  constexpr std::size_t max = std::numeric_limits<std::size_t>::max();
  for (const std::size_t alignment :
       {std::size_t{0}, std::size_t{3}, std::size_t{24}, std::size_t{4097}, max}) {
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{100'000}}) {
      BOOST_TEST_CONTEXT(bytes << " bytes aligned to " << alignment) {
        BOOST_CHECK_EXCEPTION(static_cast<void>(made.resource().allocate(bytes, alignment)), allocation_error,
                              with_code(errc::invalid_alignment));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_resource_equals_itself_only, Made, resources) {
  Made made;
  Made other;
  std::pmr::memory_resource& r = made.resource();
  BOOST_TEST(r.is_equal(r));
  BOOST_TEST(!r.is_equal(other.resource()));
  BOOST_TEST(!r.is_equal(*std::pmr::new_delete_resource()));
  BOOST_TEST(!std::pmr::new_delete_resource()->is_equal(r));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(threads_allocate_and_free_each_others_blocks, Made, resources) {
  Made made;
  stress(made.resource(), {.blocks_per_thread = Made::blocks, .largest_alignment = Made::largest_alignment});
}

BOOST_AUTO_TEST_SUITE_END()

/// Of resources over any upstream: what they do to it.
using over_upstream = std::tuple<pool, guarded_pool, uncached_pool>;

BOOST_AUTO_TEST_SUITE(upstream_conformance, *named_cases(names_of_resources))

BOOST_AUTO_TEST_CASE_TEMPLATE(everything_goes_back_upstream_in_the_end, Made, over_upstream) {
  checking_resource upstream;
  {
    Made made(&upstream);
    block_list live(made.resource());
    for (std::size_t i = 0; i != Made::blocks; ++i) live.add(i * 97 % 40'000, std::size_t{1} << i % 14);
    live.check_all();
    BOOST_TEST(upstream.live_blocks() > 0U);
  }
  BOOST_TEST(upstream.live_blocks() == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_failure_upstream_loses_nothing, Made, over_upstream) {
  const std::size_t points = for_each_failure_point([](std::pmr::memory_resource& upstream) {
    Made made(&upstream);
    block_list live(made.resource());
    for (std::size_t i = 0; i != 300; ++i) {
      const std::size_t bytes = i * 131 % 20'000;
      const std::size_t alignment = std::size_t{1} << i % 13;
      try {
        live.add(bytes, alignment);
      } catch (const std::bad_alloc&) {
        // Only one upstream call fails: the same request works now.
        live.add(bytes, alignment);
      }
    }
    live.check_all();
    live.check_distinct();
  });
  BOOST_TEST(points > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
