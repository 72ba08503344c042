// What became of a placement: what a plan would do, what the kernel was told, what it did instead and why.
#include <acre/acre.hpp>

#include <cstring>
#include <iostream>
#include <vector>

#include "require.hpp"

namespace {

using namespace acre::literals;
using acre::placement;

/// Of a machine that does not exist: nothing is touched.
void what_would_be_done() {
  const acre::topology two = acre::topology::from_synthetic("numa:2 core:1 pu:1");
  const std::vector<acre::node_bytes> free = {{0, 16_MiB}, {1, 48_MiB}};
  const acre::plan_options options = {.free = free};
  const acre::plan plan = acre::make_plan(placement::most_free({0, 1}, 8_MiB), 48_MiB, two, options);
  for (const acre::plan_range& range : plan.ranges) {
    std::cout << acre::format_bytes(range.offset) << " and on: " << range.policy << '\n';
  }
  require(plan.at(0).policy.nodes == acre::node_set{1}, "the node with most free memory comes first");
}

void what_the_kernel_was_told(const acre::node_set& nodes) {
  const placement where = placement::interleave(nodes);
  require(where.strategy() == acre::strategy::interleave && where.strictness() == acre::strictness::soft,
          "a placement can be asked what it is");
  acre::mapping pages(1_MiB);
  for (const acre::downgrade& less : acre::apply(pages.data(), pages.size(), where)) {
    if (less.reason == acre::downgrade_reason::nodes_not_allowed) std::cout << "the cpuset changed: ";
    std::cout << less.text << '\n';
  }

  const acre::policy told = acre::installed_policy(pages.data());
  std::cout << where << " is for the kernel: " << told << '\n';
  require(told.mode == (nodes.size() == 1 ? acre::policy_mode::prefer : acre::policy_mode::interleave),
          "over one node there is nothing to interleave");
}

void what_it_did(const acre::node_set& nodes) {
  acre::mapping pages(1_MiB);
  std::memset(pages.data(), 1, pages.size());  // before it was placed
  const placement where = placement::bind({nodes.first()});
  acre::apply(pages.data(), pages.size(), where);
  const acre::check_result result = acre::check(pages.data(), pages.size(), where, acre::check_options{});
  std::cout << result << '\n';
  for (const acre::node_pages& there : result.where.per_node) {
    std::cout << there.pages << " pages on node " << there.node << '\n';
  }
  if (!result.ok()) acre::migrate(pages.data(), pages.size(), where);
  require(acre::check(pages.data(), pages.size(), where).ok(), "what lay wrong was moved");
}

void what_an_area_got(const acre::node_set& nodes) {
  acre::area pages(placement::prefer({nodes.first()}),
                   {.page_kind = acre::page_kind::huge_2mb, .fallback = acre::page_fallback::smaller});
  void* const p = pages.allocate(4_MiB);
  const acre::area_status status = pages.status();
  for (const acre::downgrade& less : status.downgrades) {
    std::cout << acre::to_string(less.reason) << ": " << less.text << '\n';
  }
  require(status.blocks == 1 && status.bytes == 4_MiB, "of whichever pages, a block is there");
  pages.deallocate(p, 4_MiB);
}

}  // namespace

int main() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  what_would_be_done();
  what_the_kernel_was_told(nodes);
  what_it_did(nodes);
  what_an_area_got(nodes);
}
