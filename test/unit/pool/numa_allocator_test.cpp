#include <acre/error.hpp>
#include <acre/numa_allocator.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <memory_resource>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/checking_resource.hpp"
#include "support/errors.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

struct incomplete;

template <template <class> class A>
constexpr bool meets_the_requirements() {
  using alloc = A<int>;
  using traits = std::allocator_traits<alloc>;
  static_assert(std::is_same_v<typename traits::value_type, int>);
  static_assert(std::is_same_v<typename traits::pointer, int*>);
  static_assert(std::is_same_v<typename traits::size_type, std::size_t>);
  static_assert(std::is_same_v<typename traits::difference_type, std::ptrdiff_t>);
  static_assert(std::is_same_v<typename traits::template rebind_alloc<long>, A<long>>);
  static_assert(!traits::propagate_on_container_copy_assignment::value);
  static_assert(traits::propagate_on_container_move_assignment::value);
  static_assert(traits::propagate_on_container_swap::value);
  static_assert(!traits::is_always_equal::value);
  static_assert(std::is_nothrow_copy_constructible_v<alloc> && std::is_nothrow_move_constructible_v<alloc>);
  static_assert(std::is_nothrow_copy_assignable_v<alloc> && std::is_nothrow_move_assignable_v<alloc>);
  static_assert(std::is_nothrow_swappable_v<alloc>);
  static_assert(std::is_default_constructible_v<alloc> && std::is_nothrow_destructible_v<alloc>);
  static_assert(std::is_nothrow_constructible_v<alloc, const A<long>&>);
  static_assert(std::is_nothrow_constructible_v<alloc, const A<void>&>);
  static_assert(std::is_nothrow_constructible_v<A<void>, const alloc&>);
  static_assert(std::is_nothrow_constructible_v<A<incomplete>, const alloc&>);
  static_assert(std::is_convertible_v<std::pmr::memory_resource*, alloc>);
  static_assert(std::is_convertible_v<const placement&, alloc>);
  static_assert(noexcept(std::declval<alloc&>() == std::declval<const A<long>&>()));
  static_assert(noexcept(std::declval<alloc&>() != std::declval<const A<long>&>()));
  static_assert(noexcept(std::declval<alloc&>().deallocate(nullptr, 1)));
  static_assert(alloc::max_size() == PTRDIFF_MAX / sizeof(int));
  static_assert(!std::uses_allocator_v<int, alloc>);
  return true;
}
static_assert(meets_the_requirements<numa_allocator>());
static_assert(meets_the_requirements<first_touch_allocator>());
static_assert(std::is_nothrow_constructible_v<first_touch_allocator<int>, const numa_allocator<int>&>);
static_assert(std::is_nothrow_constructible_v<numa_allocator<int>, const first_touch_allocator<int>&>);
static_assert(std::is_nothrow_constructible_v<first_touch_allocator<int>, const numa_allocator<long>&>);

BOOST_AUTO_TEST_SUITE(numa_allocator)
using acre::numa_allocator;

BOOST_AUTO_TEST_CASE(asks_its_resource_for_the_size_and_alignment_of_the_type) {
  checking_resource memory;
  numa_allocator<double> a(&memory);
  double* const p = a.allocate(5);
  BOOST_TEST(memory.live_bytes() == 5 * sizeof(double));
  a.deallocate(p, 5);
  BOOST_TEST(a.resource() == &memory);
}

BOOST_AUTO_TEST_CASE(allocates_no_objects) {
  checking_resource memory;
  numa_allocator<double> a(&memory);
  a.deallocate(a.allocate(0), 0);
  BOOST_TEST(memory.live_blocks() == 0U);
}

BOOST_AUTO_TEST_CASE(of_no_resource_is_an_error) {
  BOOST_CHECK_EXCEPTION(numa_allocator<int>(static_cast<std::pmr::memory_resource*>(nullptr)), error,
                        with_code(errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(is_equal_by_resource_never_by_type) {
  checking_resource one;
  checking_resource two;
  const numa_allocator<int> a(&one);
  const first_touch_allocator<double> b(&one);
  const numa_allocator<int> c(&two);
  BOOST_TEST((a == b));
  BOOST_TEST((b == a));
  BOOST_TEST((b == first_touch_allocator<char>(&one)));
  BOOST_TEST((a == numa_allocator<void>(&one)));
  BOOST_TEST((a != c));
  BOOST_TEST((b != c));
}

struct two_faces : std::pmr::memory_resource {
  void* do_allocate(std::size_t, std::size_t) override { throw std::bad_alloc(); }
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  bool do_is_equal(const std::pmr::memory_resource& o) const noexcept override {
    return dynamic_cast<const two_faces*>(&o) != nullptr;
  }
};

BOOST_AUTO_TEST_CASE(is_equal_if_the_resources_say_so) {
  two_faces one;
  two_faces two;
  BOOST_TEST((numa_allocator<int>(&one) == numa_allocator<int>(&two)));
}

BOOST_AUTO_TEST_CASE(converts_between_types_and_back) {
  checking_resource memory;
  const numa_allocator<int> a(&memory);
  const numa_allocator<void> v = a;
  const first_touch_allocator<int> f = a;
  const first_touch_allocator<long> g = f;
  const numa_allocator<int> back = g;
  BOOST_TEST((a == v));
  BOOST_TEST((a == f));
  BOOST_TEST((a == g));
  BOOST_TEST((a == back));
  const numa_allocator deduced(f);
  static_assert(std::is_same_v<decltype(deduced), const numa_allocator<int>>);
}

template <class T>
void throws_bad_array_new_length(std::size_t n) {
  checking_resource memory;
  BOOST_TEST_CONTEXT(n << " objects of " << sizeof(T) << " bytes") {
    BOOST_CHECK_THROW(static_cast<void>(numa_allocator<T>(&memory).allocate(n)), std::bad_array_new_length);
    BOOST_CHECK_THROW(static_cast<void>(numa_allocator<T>(&memory).allocate_at_least(n)),
                      std::bad_array_new_length);
    BOOST_TEST(memory.allocations() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(takes_sizes_that_overflow_for_bad_array_lengths) {
  constexpr std::size_t max = std::numeric_limits<std::size_t>::max();
  throws_bad_array_new_length<double>((std::size_t{1} << 61) + 1);
  throws_bad_array_new_length<double>(max);
  throws_bad_array_new_length<double>(std::size_t{1} << 60);
  throws_bad_array_new_length<char>(max);
  throws_bad_array_new_length<char>(max / 2 + 1);
  checking_resource memory;
  BOOST_CHECK_THROW(static_cast<void>(numa_allocator<char>(&memory).allocate(max / 2)), std::bad_alloc);
}

/// Gives whole multiples of 100 bytes.
class generous_resource final : public resource {
 public:
  explicit generous_resource(std::pmr::memory_resource* upstream) : x_upstream(upstream) {}
  std::size_t good_size(std::size_t bytes, std::size_t) const noexcept override {
    return (bytes + 99) / 100 * 100;
  }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return x_upstream->allocate(good_size(bytes, alignment), alignment);
  }
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
    x_upstream->deallocate(p, good_size(bytes, alignment), alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource& o) const noexcept override { return this == &o; }
  std::pmr::memory_resource* x_upstream;
};

BOOST_AUTO_TEST_CASE(tells_what_fits_and_takes_back_any_count_between) {
  checking_resource memory;
  generous_resource generous(&memory);
  numa_allocator<double> a(&generous);
  for (const std::size_t back : {3U, 7U, 12U}) {
    const auto [p, count] = a.allocate_at_least(3);
    BOOST_TEST(count == 12U);
    for (std::size_t i = 0; i != count; ++i) std::construct_at(p + i, 1.0);
    a.deallocate(p, back);
  }
  const auto [p, count] = a.allocate_at_least(13);
  BOOST_TEST(count == 25U);
  a.deallocate(p, 20);
}

BOOST_AUTO_TEST_CASE(tells_the_count_itself_over_foreign_resources) {
  checking_resource memory;
  numa_allocator<double> a(&memory);
  const auto [p, count] = a.allocate_at_least(7);
  BOOST_TEST(count == 7U);
  a.deallocate(p, count);
}

template <std::size_t Alignment>
struct alignas(Alignment) over_aligned {
  char c = 'c';
};

template <std::size_t Alignment>
void stays_aligned() {
  checking_resource memory;
  std::vector<over_aligned<Alignment>, numa_allocator<over_aligned<Alignment>>> v(&memory);
  for (int i = 0; i != 20; ++i) {
    v.emplace_back();
    BOOST_TEST_REQUIRE(reinterpret_cast<std::uintptr_t>(&v.back()) % Alignment == 0U);
  }
}

BOOST_AUTO_TEST_CASE(aligns_over_aligned_types) {
  stays_aligned<64>();
  stays_aligned<4096>();
}

BOOST_AUTO_TEST_CASE(makes_shared_pointers) {
  checking_resource memory;
  const auto p = std::allocate_shared<double>(numa_allocator<double>(&memory), 3.5);
  BOOST_TEST(*p == 3.5);
  BOOST_TEST(memory.live_blocks() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
