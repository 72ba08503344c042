// Functions that can fail by the environment have twins that report by code: for each call one with a code at its
// end, with the same result.
#include <acre/apply.hpp>
#include <acre/area.hpp>
#include <acre/binding_of.hpp>
#include <acre/bytes.hpp>
#include <acre/check.hpp>
#include <acre/error.hpp>
#include <acre/locate.hpp>
#include <acre/mapping.hpp>
#include <acre/migrate.hpp>
#include <acre/move_process.hpp>
#include <acre/plan.hpp>
#include <acre/prefault.hpp>
#include <acre/resource_for.hpp>
#include <acre/restrict_process.hpp>
#include <acre/segment_resource.hpp>
#include <acre/shared_segment.hpp>
#include <acre/thread_binding.hpp>
#include <acre/topology.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

#include "heap/heap_layout.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/print.hpp"
#include "support/segments.hpp"

/// A call without and with a code: BOTH(locate, p, bytes)() and BOTH(locate, p, bytes)(ec). What makes the arguments
/// must not throw either.
#define BOTH(function, ...)                                                                               \
  [&](auto&... code) noexcept(noexcept(function(__VA_ARGS__ __VA_OPT__(, ) code...))) -> decltype(auto) { \
    return function(__VA_ARGS__ __VA_OPT__(, ) code...);                                                  \
  }

namespace acre::test {
namespace {

constexpr int nobody_has = 0x7fff'fff0;

template <class T>
std::string text_of(const T& value) {
  if constexpr (std::is_same_v<T, shared_segment>) {
    return value ? std::to_string(value.size()) : "none";
  } else if constexpr (std::is_same_v<T, process_binding>) {
    return value.allowed_nodes.to_string();  // mappings come and go
  } else if constexpr (std::is_same_v<T, std::vector<downgrade>>) {
    return std::to_string(value.size());
  } else {
    std::ostringstream out;
    out << boost::test_tools::tt_detail::print_helper(value);
    return out.str();
  }
}

/// Both give the same, and the code is cleared.
template <class Both>
void succeed(Both both) {
  std::error_code ec = errc::invalid_text;
  static_assert(noexcept(both(ec)));
  static_assert(std::is_same_v<decltype(both(ec)), decltype(both())>);
  if constexpr (std::is_void_v<decltype(both())>) {
    both();
    both(ec);
  } else {
    const auto expected = both();
    const auto got = both(ec);
    BOOST_TEST(text_of(got) == text_of(expected));
  }
  BOOST_TEST(ec == std::error_code());
}

/// One throws what the other reports, with an empty result.
template <class Both>
void fail(std::error_code code, Both both) {
  std::error_code ec;
  static_assert(noexcept(both(ec)));
  BOOST_TEST(code_thrown([&] { static_cast<void>(both()); }) == code);
  if constexpr (std::is_void_v<decltype(both())>) {
    both(ec);
  } else {
    const auto got = both(ec);
    BOOST_TEST(text_of(got) == text_of(std::remove_const_t<decltype(got)>{}));
  }
  BOOST_TEST(ec == code);
}

struct fixture {
  const topology& machine = topology::system();
  topology other = topology::from_synthetic("numa:2 core:1 pu:1");
  node_set nodes = machine.default_nodes();
  placement where = placement::bind({nodes.first()});
  placement nowhere = placement::bind({node_set::max_nodes - 1});
  mapping pages{64_KiB, {.alignment = 2_MiB}};
  char* p = static_cast<char*>(pages.data());
  std::size_t n = pages.size();
  placement unbound = placement::unbound();
  placement rounded = placement::interleave(nodes, 6000);
  check_options base_pages{.page_size = base_page()};
  check_options odd_pages{.page_size = 3};
  plan ranges = make_plan(where, n, machine);
  const void* unmapped = nullptr;
};

BOOST_FIXTURE_TEST_SUITE(error_code_twins, fixture)

BOOST_AUTO_TEST_CASE(of_apply) {
  succeed(BOTH(acre::apply, p, n, where));
  succeed(BOTH(acre::apply, p, n, where, machine));
  succeed(BOTH(acre::apply, p, n, rounded, machine));  // rounded up: a downgrade
  succeed(BOTH(acre::apply, p, ranges));
  succeed(BOTH(acre::apply, p, ranges, machine));
  succeed(BOTH(acre::installed_policy, p));
  fail(errc::unknown_node, BOTH(acre::apply, p, n, nowhere));
  fail(errc::foreign_topology, BOTH(acre::apply, p, n, where, other));
  fail(errc::invalid_alignment, BOTH(acre::apply, p + 1, ranges));
  fail(errc::foreign_topology, BOTH(acre::apply, p, ranges, other));
  fail(errc::not_mapped, BOTH(acre::installed_policy, unmapped));
}

BOOST_AUTO_TEST_CASE(of_what_looks) {
  std::memset(p, 1, n);
  succeed(BOTH(acre::locate, p, n));
  succeed(BOTH(acre::locate_pages, p, n));
  succeed(BOTH(acre::check, p, n, unbound));
  succeed(BOTH(acre::check, p, n, where));  // another policy
  succeed(BOTH(acre::check, p, n, unbound, base_pages));
  succeed(BOTH(acre::check, p, n, unbound, {}, machine));
  fail(errc::not_mapped, BOTH(acre::locate, unmapped, n));
  fail(errc::not_mapped, BOTH(acre::locate_pages, unmapped, n));
  fail(errc::not_mapped, BOTH(acre::check, unmapped, n, where));
  fail(errc::invalid_alignment, BOTH(acre::check, p, n, where, odd_pages));
  fail(errc::unknown_node, BOTH(acre::check, p, n, nowhere, {}, machine));
}

BOOST_AUTO_TEST_CASE(of_check_are_not_ok_where_they_failed) {
  std::error_code ec;
  const check_result failed = acre::check(unmapped, n, where, ec);
  BOOST_TEST(!failed.ok());
  BOOST_TEST(failed.to_string() == "not checked");
  BOOST_TEST(!check_result{}.ok());
}

BOOST_AUTO_TEST_CASE(of_migrate_and_prefault) {
  succeed(BOTH(acre::prefault, p, n));
  succeed(BOTH(acre::prefault, p, n, machine));
  succeed(BOTH(acre::prefault, p, ranges));
  succeed(BOTH(acre::prefault, p, ranges, machine));
  succeed(BOTH(acre::migrate, p, n, where));
  succeed(BOTH(acre::migrate, p, n, where, machine));
  fail(errc::not_mapped, BOTH(acre::prefault, nullptr, n));
  fail(errc::not_mapped, BOTH(acre::prefault, nullptr, n, machine));
  fail(errc::invalid_size, BOTH(acre::prefault, p, plan{}));
  fail(errc::foreign_topology, BOTH(acre::prefault, p, ranges, other));
  fail(errc::unknown_node, BOTH(acre::migrate, p, n, nowhere));
  fail(errc::foreign_topology, BOTH(acre::migrate, p, n, where, other));
}

BOOST_AUTO_TEST_CASE(of_areas_and_mappings) {
  area a(where);
  void* const block = a.allocate(n);
  succeed(BOTH(a.check_block, block, n));
  fail(errc::not_mapped, BOTH(a.check_block, unmapped, n));
  a.deallocate(block, n);
  std::error_code ec = errc::invalid_text;
  static_assert(noexcept(pages.unmap(ec)));
  pages.unmap(ec);
  BOOST_TEST(ec == std::error_code());
  BOOST_TEST(!pages);
  fail(errc::not_mapped, BOTH(pages.unmap));
}

BOOST_AUTO_TEST_CASE(of_pools_of_the_process) {
  const pool_options named{.name = "twins"};
  const pool_options wrong{.cached = 1_GiB};
  succeed(BOTH(acre::resource_for, where));
  succeed(BOTH(acre::resource_for, where, named));
  succeed(BOTH(acre::default_resource));
  succeed(BOTH(acre::default_first_touch_resource));
  succeed(BOTH(acre::set_default_resource, nullptr));
  fail(errc::unknown_node, BOTH(acre::resource_for, nowhere));
  fail(errc::invalid_argument, BOTH(acre::resource_for, where, wrong));
}

BOOST_AUTO_TEST_CASE(of_threads_and_processes) {
  const node_set first{nodes.first()};
  const node_set third{2};
  succeed(BOTH(acre::current_binding));
  succeed(BOTH(acre::binding_of));
  succeed(BOTH(acre::binding_of, 0));
  succeed(BOTH(acre::move_process, 0, first, first));
  succeed(BOTH(acre::move_process, 0, first, first, move_options{}));
  fail(errc::no_such_process, BOTH(acre::binding_of, nobody_has));
  fail(errc::no_such_process, BOTH(acre::move_process, nobody_has, first, first));
  fail(errc::empty_node_set, BOTH(acre::move_process, 0, first, node_set{}, move_options{}));
  fail(errc::empty_node_set, BOTH(acre::restrict_process, 0, node_set{}));
  succeed(BOTH(machine.require_usable, first));
  fail(errc::unknown_node, BOTH(other.require_usable, third));
}

BOOST_AUTO_TEST_CASE(of_shared_heaps) {
  segment_resource heap(p, n);
  void* const block = heap.allocate(100);
  heap.set_root(block);
  succeed(BOTH(heap.free_bytes));
  succeed(BOTH(heap.largest_free));
  succeed(BOTH(heap.blocks));
  succeed(BOTH(heap.root));
  succeed(BOTH(heap.check));
  auto& damaged = *static_cast<heap_header*>(heap.data());
  damaged.root = damaged.free_bytes = n;
  ++damaged.free_bytes;
  damaged.filled.fill(~std::uint64_t{0});
  damaged.bins.fill(n);
  fail(errc::foreign_segment, BOTH(heap.free_bytes));
  fail(errc::foreign_segment, BOTH(heap.largest_free));
  fail(errc::foreign_segment, BOTH(heap.root));
  succeed(BOTH(heap.check));  // it is not sound, which is no error
}

BOOST_AUTO_TEST_CASE(of_making_and_finding_segments) {
  using s = shared_segment;
  const own_name own;
  const own_name other_own(way::posix, 100);
  const std::string_view name = own;
  const std::string_view absent = other_own;
  const std::string_view label;
  const segment_options unnamed{.backend = segment_backend::memfd};
  const attach_options reading{.access = access::read_only};
  fail(errc::invalid_size, BOTH(s::create, name, 0, where));
  succeed(BOTH(s::create, label, n, where, unnamed));
  succeed(BOTH(s::create, label, n, where, unnamed, machine));
  fail(errc::invalid_size, BOTH(s::create, label, 0, where, unnamed));
  fail(errc::foreign_topology, BOTH(s::create, label, n, where, unnamed, other));
  std::error_code ec = errc::invalid_text;
  const shared_segment made = s::create(name, n, where, ec);
  BOOST_TEST(ec == std::error_code());
  fail(errc::name_in_use, BOTH(s::create, name, n, where));
  succeed(BOTH(s::open, name));
  succeed(BOTH(s::open, name, reading));
  succeed(BOTH(s::open_or_create, name, n, where));
  succeed(BOTH(s::open_or_create, name, n, where, {}));
  succeed(BOTH(s::open_or_create, name, n, where, segment_options{}, reading));
  succeed(BOTH(s::open_or_create, name, n, where, segment_options{}, reading, machine));
  succeed(BOTH(s::attach, made.native_handle()));
  succeed(BOTH(s::attach, made.native_handle(), reading));
  fail(errc::no_such_segment, BOTH(s::open, absent));
  fail(errc::no_such_segment, BOTH(s::open, absent, reading));
  fail(errc::size_differs, BOTH(s::open_or_create, name, 2 * n, where));
  fail(errc::size_differs, BOTH(s::open_or_create, name, 2 * n, where, segment_options{}));
  fail(errc::size_differs, BOTH(s::open_or_create, name, 2 * n, where, segment_options{}, reading));
  fail(errc::foreign_topology, BOTH(s::open_or_create, absent, n, where, segment_options{}, reading, other));
  fail(errc::invalid_argument, BOTH(s::attach, -1));
  fail(errc::invalid_argument, BOTH(s::attach, -1, reading));
  fail(errc::no_such_segment, BOTH(s::attach_id, -1));
  fail(errc::no_such_segment, BOTH(s::attach_id, -1, reading));
  segment_maker with_id(way::sysv_private);
  const shared_segment known_by_id = with_id.make(n);
  succeed(BOTH(s::attach_id, known_by_id.id()));
  succeed(BOTH(s::attach_id, known_by_id.id(), reading));
}

BOOST_AUTO_TEST_CASE(of_removing_segments) {
  using s = shared_segment;
  const own_name own;
  const own_name other_own(way::posix, 100);
  write_file(other_own.path(), "not acre's");
  const std::string_view name = own;
  const std::string_view foreign = other_own;
  succeed(BOTH(s::remove, name));
  succeed(BOTH(s::remove, name, attach_options{}));
  succeed(BOTH(s::remove_id, -1));
  succeed(BOTH(s::remove_id, -1, attach_options{}));
  fail(errc::foreign_segment, BOTH(s::remove, foreign));
  fail(errc::foreign_segment, BOTH(s::remove, foreign, attach_options{}));
  const shared_segment made = s::create(name, n, where);
  std::error_code ec = errc::invalid_text;
  BOOST_TEST(s::remove(name, ec));
  BOOST_TEST(ec == std::error_code());
  segment_maker with_id(way::sysv_private);
  BOOST_TEST(s::remove_id(with_id.make(n).id(), ec));
  BOOST_TEST(ec == std::error_code());
}

BOOST_AUTO_TEST_CASE(of_segments) {
  shared_segment s = shared_segment::create("", n, where, {.backend = segment_backend::memfd});
  shared_segment none;
  const segment_bind_options inside{.offset = base_page()};
  succeed(BOTH(s.bind, where));
  succeed(BOTH(s.bind, where, inside));
  succeed(BOTH(s.bind, where, segment_bind_options{}, machine));
  succeed(BOTH(s.info));
  succeed(BOTH(s.resident));
  succeed(BOTH(s.check));
  succeed(BOTH(s.check, machine));
  fail(errc::foreign_topology, BOTH(s.bind, where, inside, other));
  succeed(BOTH(s.prefault));
  succeed(BOTH(s.prefault, machine));
  fail(errc::already_populated, BOTH(s.bind, where));
  fail(errc::already_populated, BOTH(s.bind, where, inside));
  fail(errc::invalid_argument, BOTH(none.info));
  fail(errc::invalid_argument, BOTH(none.resident));
  fail(errc::invalid_argument, BOTH(none.check));
  fail(errc::invalid_argument, BOTH(none.check, machine));
  fail(errc::invalid_argument, BOTH(none.prefault));
  fail(errc::invalid_argument, BOTH(none.prefault, machine));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
