#include <acre/plan.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <ostream>
#include <sstream>
#include <vector>

#include "plan_machines.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre {

static std::ostream& boost_test_print_type(std::ostream& out, const plan_range& r) {
  return out << r.length << " bytes at " << r.offset << ": " << r.policy;
}

}  // namespace acre

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(plan)
using acre::plan;
using boost::test_tools::assertion_result;

constexpr std::size_t page = 4096;
constexpr std::size_t huge = std::size_t{2} << 20;

policy_mode single_mode(const placement& where) {
  return where.is_hard() ? policy_mode::bind : policy_mode::prefer;
}

std::size_t up(std::size_t bytes, std::size_t page_size) {
  return bytes / page_size * page_size + (bytes % page_size != 0 ? page_size : 0);
}

bool has_chunk(const placement& where) {
  return where.strategy() == strategy::interleave || where.strategy() == strategy::weighted ||
         where.strategy() == strategy::most_free;
}

/// The chunk as bytes; of so few pages as there are here, automatic is a page.
std::size_t chunk_bytes(const placement& where, std::size_t bytes, std::size_t page_size) {
  const bool automatic = where.chunk() == chunk::automatic;
  if (where.chunk() == chunk::whole || (automatic && where.strategy() == strategy::most_free)) return bytes;
  if (where.chunk() == chunk::page || automatic) return page_size;
  return where.chunk().bytes();
}

/// In pages, at most all of them.
std::size_t chunk_pages(const placement& where, std::size_t pages, std::size_t page_size) {
  return std::min(up(chunk_bytes(where, pages * page_size, page_size), page_size) / page_size, pages);
}

bool is_dealt_out_by_kernel(const placement& where, std::size_t page_size) {
  return where.nodes().size() > 1 && !where.is_hard() && where.chunk() != chunk::whole &&
         where.chunk().bytes() <= page_size;
}

std::vector<node_weight> parts_of(const placement& where) {
  if (!where.weights().empty()) return {where.weights().begin(), where.weights().end()};
  std::vector<node_weight> parts;
  for (node_id n : where.nodes()) parts.push_back({n, 1});
  return parts;
}

std::vector<node_id> dealt_out(const placement& where, std::size_t pages, std::size_t chunk) {
  std::vector<node_id> round;
  for (const node_weight& w : parts_of(where)) round.insert(round.end(), w.weight, w.node);
  std::vector<node_id> nodes(pages);
  for (std::size_t i = 0; i < pages; ++i) nodes[i] = round[i / chunk % round.size()];
  return nodes;
}

std::vector<node_id> in_blocks(const placement& where, std::size_t pages) {
  std::size_t total = 0;
  for (const node_weight& w : where.weights()) total += w.weight;
  std::vector<node_id> nodes;
  std::size_t sum = 0;
  for (const node_weight& w : where.weights()) {
    sum += w.weight;
    while (nodes.size() < sum * pages / total) nodes.push_back(w.node);
  }
  return nodes;
}

std::vector<node_id> by_free_memory(const placement& where, std::size_t pages, std::size_t chunk,
                                    std::map<node_id, long long> free, std::size_t page_size) {
  std::vector<node_id> nodes;
  while (nodes.size() < pages) {
    node_id best = where.nodes().first();
    for (node_id n : where.nodes()) best = free[n] > free[best] ? n : best;
    for (std::size_t i = 0; i < chunk && nodes.size() < pages; ++i) {
      nodes.push_back(best);
      free[best] -= static_cast<long long>(page_size);
    }
  }
  return nodes;
}

/// Page by page the node it must be bound to; empty where the kernel has a policy for all of it.
std::vector<node_id> expected_nodes(const placement& where, std::size_t pages, std::size_t page_size,
                                    const std::map<node_id, long long>& free) {
  const std::size_t chunk = chunk_pages(where, pages, page_size);
  switch (where.strategy()) {
    case strategy::interleave:
      if (is_dealt_out_by_kernel(where, page_size)) return {};
      return dealt_out(where, pages, chunk);
    case strategy::weighted:
      return dealt_out(where, pages, chunk);
    case strategy::blocked:
      return in_blocks(where, pages);
    case strategy::most_free:
      return by_free_memory(where, pages, chunk, free, page_size);
    case strategy::by_page: {
      std::vector<node_id> nodes;
      for (std::size_t i = 0; i < pages; ++i) nodes.push_back(where.node_of_page(i, pages));
      return nodes;
    }
    default:
      return {};
  }
}

policy kernel_policy(const placement& where) {
  switch (where.strategy()) {
    case strategy::unbound:
      return {policy_mode::unbound, {}};
    case strategy::local:
      return {policy_mode::local, {}};
    case strategy::bind:
      return {single_mode(where), where.nodes()};
    case strategy::interleave:
      return {policy_mode::interleave, where.nodes()};
    default:
      return {policy_mode::weighted_interleave, where.nodes()};
  }
}

/// One after the other, each of whole pages, none that could be one with the range before it.
assertion_result ranges_are_well_formed(const plan& p, std::size_t page_size) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < p.ranges.size(); ++i) {
    const plan_range& r = p.ranges[i];
    if (r.offset != end) return wrong("range ", i, " begins at ", r.offset, " instead of ", end);
    if (r.length == 0) return wrong("range ", i, " is empty");
    if (r.length % page_size != 0) return wrong("range ", i, " has parts of pages: ", r.length, " bytes");
    if (i > 0 && r.policy == p.ranges[i - 1].policy) return wrong("range ", i, " is not merged: ", r.policy);
    if (&p.at(end) != &r) return wrong("range ", i, " is not at ", end);
    end += r.length;
    if (&p.at(end - 1) != &r) return wrong("range ", i, " is not at ", end - 1);
  }
  if (end != p.bytes) return wrong("the last range ends at ", end, " of ", p.bytes);
  return true;
}

void expect_well_formed(const plan& p, std::size_t bytes, std::size_t page_size) {
  BOOST_TEST_REQUIRE(!p.ranges.empty());
  BOOST_TEST(p.bytes == up(bytes, page_size));
  BOOST_TEST(p.page_size == page_size);
  BOOST_TEST_REQUIRE(ranges_are_well_formed(p, page_size));
}

void expect_chunk(const plan& p, const placement& where) {
  BOOST_TEST(p.chunk == (has_chunk(where) ? up(chunk_bytes(where, p.bytes, p.page_size), p.page_size) : 0U));
  BOOST_TEST(p.chunk_rounded == (where.chunk().bytes() % p.page_size != 0));
}

assertion_result pages_are_bound(const plan& p, std::size_t page_size, policy_mode mode,
                                 const std::vector<node_id>& nodes) {
  for (const plan_range& r : p.ranges) {
    for (std::size_t i = r.offset / page_size; i < (r.offset + r.length) / page_size; ++i) {
      const policy expected{mode, {nodes[i]}};
      if (r.policy != expected) return wrong("page ", i, ": ", r.policy, " instead of ", expected);
    }
  }
  return true;
}

void expect_as_modelled(const placement& where, std::size_t bytes, const topology& machine,
                        std::size_t page_size, const std::map<node_id, long long>& free) {
  BOOST_TEST_CONTEXT(where << ", " << bytes << " bytes in pages of " << page_size) {
    std::vector<node_bytes> named;
    for (const auto& [n, b] : free) named.push_back({n, static_cast<std::uint64_t>(b)});
    plan_options options;
    options.page_size = page_size;
    options.free = named;
    const plan p = make_plan(where, bytes, machine, options);
    expect_well_formed(p, bytes, page_size);
    expect_chunk(p, where);
    const std::vector<node_id> nodes = expected_nodes(where, p.bytes / page_size, page_size, free);
    if (nodes.empty()) {
      BOOST_TEST_REQUIRE(p.ranges.size() == 1U);
      BOOST_TEST(p.ranges[0].policy == kernel_policy(where));
    } else {
      BOOST_TEST_REQUIRE(nodes.size() == p.bytes / page_size);
      BOOST_TEST_REQUIRE(pages_are_bound(p, page_size, single_mode(where), nodes));
    }
  }
}

std::vector<placement> placements_on(const node_set& nodes, std::size_t page_size) {
  std::vector<node_weight> weights;
  for (node_id n : nodes)
    weights.insert(weights.begin(), {n, 1 + static_cast<std::uint32_t>(weights.size() * 2)});
  const std::vector<node_id> list(nodes.begin(), nodes.end());
  std::vector<placement> all = {placement::unbound(), placement::local(),
                                placement::weighted_by_system(nodes)};
  const auto both = [&](const placement& p) {
    all.push_back(p.soft());
    all.push_back(p.hard());
  };
  both(placement::bind(nodes));
  both(placement::interleave(nodes));
  both(placement::blocked(nodes));
  both(placement::blocked(weights));
  for (const acre::chunk& by :
       std::vector<acre::chunk>{chunk::automatic, chunk::page, 1, 100, page_size, page_size + 1,
                                3 * page_size, 16 * page_size, chunk::whole}) {
    both(placement::interleave(nodes, by));
    both(placement::weighted(weights, by));
    both(placement::most_free(nodes, by));
  }
  both(placement::by_page([list](std::size_t i, std::size_t) { return list[i / 3 * i % list.size()]; },
                          nodes));
  return all;
}

void expect_all_as_modelled(const topology& machine, const node_set& nodes) {
  std::map<node_id, long long> free;
  for (node_id n : nodes) free[n] = static_cast<long long>((n * 37 + 11) % 23 * page * 3 + n);
  // Those of all kernels: base pages of 16 and 64 KiB are aarch64's.
  for (std::size_t page_size : {page, 4 * page, 16 * page, huge}) {
    for (const placement& where : placements_on(nodes, page_size)) {
      for (std::size_t bytes :
           {std::size_t{1}, page_size - 1, page_size, page_size + 1, 2 * page_size, 7 * page_size,
            8 * page_size - 1, 61 * page_size, 128 * page_size + 1, std::size_t{1000003}}) {
        expect_as_modelled(where, bytes, machine, page_size, free);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(is_as_modelled_page_by_page_on_plain_machines) {
  for (unsigned count : {1U, 2U, 4U, 8U}) {
    const topology machine = plain_machine(count);
    node_set all;
    for (unsigned n = 0; n < count; ++n) all.insert(n);
    expect_all_as_modelled(machine, all);
    expect_all_as_modelled(machine, {count - 1});
  }
}

BOOST_AUTO_TEST_CASE(is_as_modelled_on_a_machine_with_sparse_and_cpuless_nodes) {
  const topology machine = odd_machine();
  expect_all_as_modelled(machine, {0, 2, 5, 250});
  expect_all_as_modelled(machine, {250});
  expect_all_as_modelled(machine, {2, 250});
}

std::map<node_id, std::size_t> pages_of(const plan& p) {
  std::map<node_id, std::size_t> pages;
  for (const plan_range& r : p.ranges) pages[r.policy.nodes.first()] += r.length / p.page_size;
  return pages;
}

using counts = std::map<node_id, std::size_t>;

BOOST_AUTO_TEST_CASE(interleaved_gives_each_node_its_pages_exactly) {
  const topology machine = plain_machine(4);
  const placement where = placement::interleave({0, 1, 2, 3}).hard();
  BOOST_TEST(same(pages_of(make_plan(where, 8 * page, machine)), counts{{0, 2}, {1, 2}, {2, 2}, {3, 2}}));
  BOOST_TEST(same(pages_of(make_plan(where, 10 * page, machine)), counts{{0, 3}, {1, 3}, {2, 2}, {3, 2}}));
}

BOOST_AUTO_TEST_CASE(blocked_cuts_at_the_exact_share_rounded_down) {
  const topology machine = plain_machine(4);
  const plan even = make_plan(placement::blocked({0, 1, 2, 3}), 10 * page, machine);
  BOOST_TEST(same(pages_of(even), counts{{0, 2}, {1, 3}, {2, 2}, {3, 3}}));
  const plan uneven = make_plan(placement::blocked({{2, 3}, {0, 1}}), 8 * page, machine);
  BOOST_TEST_REQUIRE(uneven.ranges.size() == 2U);
  BOOST_TEST(uneven.ranges[0] == (plan_range{0, 6 * page, {policy_mode::bind, {2}}}));
  BOOST_TEST(uneven.ranges[1] == (plan_range{6 * page, 2 * page, {policy_mode::bind, {0}}}));
}

BOOST_AUTO_TEST_CASE(blocked_skips_nodes_whose_share_is_no_page) {
  const topology machine = plain_machine(4);
  BOOST_TEST(make_plan(placement::blocked({0, 1, 2, 3}), 1, machine).ranges.size() == 1U);
  const plan p = make_plan(placement::blocked({{0, 1000}, {1, 1}, {2, 1000}}), 3 * page, machine);
  BOOST_TEST(same(pages_of(p), counts{{0, 1}, {2, 2}}));
}

BOOST_AUTO_TEST_CASE(most_free_counts_what_it_has_placed) {
  const topology machine = plain_machine(3);
  const std::vector<node_bytes> free = {{0, 3 * page}, {1, 5 * page}, {2, 3 * page}};
  plan_options options;
  options.free = free;
  const plan p = make_plan(placement::most_free({0, 1, 2}, page), 5 * page, machine, options);
  BOOST_TEST_REQUIRE(p.ranges.size() == 4U);  // 1 1, then all have 3: 0 1 2
  BOOST_TEST(p.ranges[0] == (plan_range{0, 2 * page, {policy_mode::prefer, {1}}}));
  BOOST_TEST(p.ranges[1].policy.nodes == node_set{0});
  BOOST_TEST(p.ranges[2].policy.nodes == node_set{1});
  BOOST_TEST(p.ranges[3].policy.nodes == node_set{2});
}

BOOST_AUTO_TEST_CASE(most_free_asks_the_machine_for_nodes_that_are_not_named) {
  const topology machine = odd_machine();  // node 2 has twice the memory
  BOOST_TEST(make_plan(placement::most_free({0, 2, 5}), page, machine).ranges[0].policy.nodes == node_set{2});
  const std::vector<node_bytes> free = {{2, 0}};
  plan_options options;
  options.free = free;
  BOOST_TEST(make_plan(placement::most_free({0, 2, 5}), page, machine, options).ranges[0].policy.nodes ==
             node_set{0});
}

BOOST_AUTO_TEST_CASE(by_page_asks_each_page_once_in_order) {
  const topology machine = plain_machine(2);
  std::vector<std::size_t> asked;
  const auto function = [&](std::size_t i, std::size_t pages) {
    BOOST_TEST(pages == 6U);
    asked.push_back(i);
    return i < 4 ? 1U : 0U;
  };
  const plan p = make_plan(placement::by_page(function, {0, 1}), 5 * page + 1, machine);
  BOOST_TEST(same(asked, std::vector<std::size_t>{0, 1, 2, 3, 4, 5}));
  BOOST_TEST_REQUIRE(p.ranges.size() == 2U);
  BOOST_TEST(p.ranges[0] == (plan_range{0, 4 * page, {policy_mode::bind, {1}}}));
}

BOOST_AUTO_TEST_CASE(has_policies_with_text) {
  std::ostringstream out;
  out << policy{policy_mode::bind, {0, 1}} << ", " << policy{};
  BOOST_TEST(out.str() == "bind 0-1, unbound");
  BOOST_TEST(to_string(policy_mode::local) == "local");
  BOOST_TEST(to_string(policy_mode::prefer) == "prefer");
  BOOST_TEST(to_string(policy_mode::interleave) == "interleave");
  BOOST_TEST(to_string(policy_mode::weighted_interleave) == "weighted_interleave");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
