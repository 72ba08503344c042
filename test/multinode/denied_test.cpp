// Seccomp filters that refuse to bind memory, as containers have them.
#include <acre/area.hpp>
#include <acre/check.hpp>
#include <acre/locate.hpp>
#include <acre/migrate.hpp>
#include <acre/pool_resource.hpp>
#include <acre/prefault.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/syscall.h>

#include <algorithm>
#include <ostream>
#include <span>
#include <vector>

#include "multinode/touch.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/named_cases.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t bytes = 100'000;

void expect_refusal(std::span<const long> calls) {
  refuse_calls(calls, answer::eperm);
  BOOST_CHECK_EXCEPTION(area a(placement::bind({usable_list().back()})), error,
                        with_code(errc::binding_denied));
  BOOST_CHECK_EXCEPTION(area a(placement::interleave(to_node_set(usable_nodes()))), error,
                        with_code(errc::binding_denied));
}

void expect_unbound(std::span<const long> calls) {
  refuse_calls(calls, answer::eperm);
  area_options options;
  options.on_denied = on_denied::unbound;
  area a(placement::bind({usable_list().back()}), options);
  const area_status status = a.status();
  BOOST_TEST(!status.bound);
  BOOST_TEST(!status.as_asked());
  BOOST_TEST(std::ranges::count(status.downgrades, downgrade_reason::binding_denied, &downgrade::reason) ==
             1);
  void* p = a.allocate(bytes);
  touch(p, bytes);
  BOOST_TEST(count_untouched(p, bytes) == 0U);
  a.deallocate(p, bytes);
}

void use_unbound_memory() {
  for (commit when : {commit::lazy, commit::eager}) {
    area_options options;
    options.commit = when;
    area a(placement::unbound(), options);
    void* p = a.allocate(bytes);
    touch(p, bytes);
    BOOST_TEST(a.status().as_asked(), a.status());
    a.deallocate(p, bytes);
  }
}

// Alone: there the topology is loaded under the filter, as in a container, and not before.
BOOST_AUTO_TEST_SUITE(denied_binding, *boost::unit_test::label("alone"))

BOOST_AUTO_TEST_CASE(is_an_error) {
  in_child([] { expect_refusal(binding_calls()); });
}
BOOST_AUTO_TEST_CASE(is_an_error_where_policies_cannot_be_read_either) {
  in_child([] { expect_refusal(container_refused_calls()); });
}
BOOST_AUTO_TEST_CASE(can_go_on_unbound_and_is_recorded) {
  in_child([] { expect_unbound(binding_calls()); });
}
BOOST_AUTO_TEST_CASE(can_go_on_unbound_where_policies_cannot_be_read_either) {
  in_child([] { expect_unbound(container_refused_calls()); });
}

BOOST_AUTO_TEST_SUITE_END()

// What proves is refused, what places is not: as in a container with SYS_NICE.
struct refusal {
  const char* name;
  answer how;
  std::vector<long> calls;
  friend std::ostream& operator<<(std::ostream& out, const refusal& r) { return out << r.name; }
};

const std::vector<refusal> all_refusals{
    {"move_pages_is_not_permitted", answer::eperm, {SYS_move_pages, SYS_migrate_pages}},
    {"move_pages_is_not_there", answer::enosys, {SYS_move_pages, SYS_migrate_pages}},
    {"nothing_looks_at_pages", answer::eperm, {SYS_move_pages, SYS_get_mempolicy}},
    {"nothing_looks_at_pages_nor_is_there", answer::enosys, {SYS_move_pages, SYS_get_mempolicy}},
};

bool can_look_at_pages(const refusal& r) {
  return std::ranges::find(r.calls, SYS_get_mempolicy) == r.calls.end();
}

void expect_all_told_on(const refusal& r, unsigned node, const void* p, std::size_t size) {
  const residency where = locate(p, size);
  BOOST_TEST_CONTEXT(where) {
    BOOST_TEST(where.on(node) == size / base_page());
    BOOST_TEST(where.per_mapping == !can_look_at_pages(r));
    if (where.per_mapping) return;
    for (std::size_t at = 0; at < size; at += base_page())
      BOOST_TEST_REQUIRE(node_by_policy_call(static_cast<const char*>(p) + at) == static_cast<int>(node));
  }
}

BOOST_AUTO_TEST_SUITE(refused_looks, *named_cases(all_refusals))

BOOST_DATA_TEST_CASE(make_hard_eager_memory_none_the_less, all_refusals, refused) {
  in_child([&] {
    topology::system();
    refuse_calls(refused.calls, refused.how);
    for (unsigned node : usable_list()) {
      area a(placement::bind({node}), {.commit = commit::eager});
      const std::size_t size = 64 * base_page();
      void* p = a.allocate(size);
      expect_all_told_on(refused, node, p, size);
      const check_result found = a.check_block(p, size);
      BOOST_TEST_INFO(found);
      BOOST_TEST(found.ok());
      const check_result wrong = check(
          p, size,
          placement::bind({usable_list().front() == node ? usable_list().back() : usable_list().front()}));
      BOOST_TEST(wrong.ok() == (usable_list().size() == 1));
      a.deallocate(p, size);
    }
  });
}

BOOST_DATA_TEST_CASE(prefault_what_is_bound, all_refusals, refused) {
  in_child([&] {
    const unsigned node = usable_list().back();
    area a(placement::bind({node}));
    const std::size_t size = 64 * base_page();
    void* p = a.allocate(size);
    touch(p, size / 2);
    refuse_calls(refused.calls, refused.how);
    prefault(p, size);
    expect_all_told_on(refused, node, p, size);
    a.deallocate(p, size);
  });
}

BOOST_DATA_TEST_CASE(move_pages_none_the_less, all_refusals, refused) {
  in_child([&] {
    const unsigned from = usable_list().front();
    const unsigned to = usable_list().back();
    area a(placement::bind({from}));
    const std::size_t size = 64 * base_page();
    char* p = static_cast<char*>(a.allocate(size));
    sign_pages(p, size);
    refuse_calls(refused.calls, refused.how);
    const migration done = migrate(p, size, placement::bind({to}));
    BOOST_TEST_INFO(done);
    BOOST_TEST(done.moved == (from == to ? 0U : 64U));
    BOOST_TEST(done.failed() == 0U);
    expect_all_told_on(refused, to, p, size);
    if (can_look_at_pages(refused)) {
      const placement turns = placement::interleave(to_node_set(usable_nodes()));
      BOOST_TEST(migrate(p, size, turns).failed() == 0U);
      BOOST_TEST(check(p, size, turns));
    }
    BOOST_TEST(pages_are_signed(p, size));
    a.deallocate(p, size);
  });
}

BOOST_DATA_TEST_CASE(put_moved_blocks_of_pools_right, all_refusals, refused) {
  const unsigned from = usable_list().front();
  const unsigned to = usable_list().back();
  const std::size_t size = 64 * base_page();
  // Of the second nothing but /proc tells which policies there are.
  for (const placement& where : {placement::bind({from}), placement::weighted({{from, 1}, {to, 3}}).hard()}) {
    in_child([&] {
      pool_resource pool(where, {.page_kind = page_kind::system});
      void* const p = pool.allocate(size);
      sign_pages(p, size);
      const auto before = count_pages(p, size);
      refuse_calls(refused.calls, refused.how);
      BOOST_TEST(migrate(p, size, placement::bind({to})).failed() == 0U);
      expect_all_told_on(refused, to, p, size);
      pool.deallocate(p, size);
      BOOST_TEST(pool.allocate(size) == p);
      if (before.size() == 1) return expect_all_told_on(refused, from, p, size);
      if (!can_look_at_pages(refused)) return;
      for (const auto& [node, pages] : before) BOOST_TEST(locate(p, size).on(node) == pages);
    });
  }
}

BOOST_DATA_TEST_CASE(tell_zero_pages_and_holes_from_memory, all_refusals, refused) {
  in_child([&] {
    const unsigned node = usable_list().back();
    area a(placement::bind({node}));
    const std::size_t size = 32 * base_page();
    char* p = static_cast<char*>(a.allocate(size));
    touch(p, size / 4);
    for (std::size_t at = size / 2; at < size; at += base_page())
      static_cast<void>(*static_cast<volatile char*>(p + at));
    refuse_calls(refused.calls, refused.how);
    const residency where = locate(p, size);
    BOOST_TEST_INFO(where);
    BOOST_TEST(where.on(node) == 8U);
    BOOST_TEST(where.untouched + where.unknown == 24U);
    BOOST_TEST(where.untouched >= 8U);
    a.deallocate(p, size);
  });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(unbound_memory)

// Alone for the same reason.
BOOST_AUTO_TEST_CASE(is_there_where_binding_is_denied, *boost::unit_test::label("alone")) {
  in_child([] {
    refuse_calls(container_refused_calls(), answer::eperm);
    use_unbound_memory();
  });
}

BOOST_AUTO_TEST_CASE(asks_for_no_binding) {
  in_child([] {
    // Loading binds a scratch page once, which stops a race inside hwloc.
    topology::system();
    refuse_calls(binding_calls(), answer::kill);
    use_unbound_memory();
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
