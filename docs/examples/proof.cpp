// locate, check, prefault: what the kernel really did.
#include <acre/acre.hpp>

#include <cstring>
#include <iostream>

#include "require.hpp"

namespace {

using namespace acre::literals;

void look_without_touching(const acre::node_set& nodes) {
  acre::area pages(acre::placement::bind(nodes));
  void* const p = pages.allocate(8_MiB);
  acre::residency now = acre::locate(p, 8_MiB);
  require(now.untouched == now.pages, "looking makes no page");
  std::memset(p, 1, 2_MiB);
  now = acre::locate(p, 8_MiB);
  std::cout << now << '\n';
  // Transparent huge pages may bring more than was touched.
  require(now.resident() * now.page_size >= 2_MiB && now.untouched != 0, "what was touched is there");
  acre::prefault(p, 8_MiB);
  now = acre::locate(p, 8_MiB);
  std::cout << now << '\n';
  require(now.untouched == 0 && nodes.contains(now.nodes()), "all pages lie on the nodes");
  pages.deallocate(p, 8_MiB);
}

void check_asks_the_kernel(const acre::node_set& nodes) {
  const acre::placement bound = acre::placement::bind(nodes);
  acre::area pages(bound, {.commit = acre::commit::eager});
  void* const p = pages.allocate(1_MiB);
  require(acre::check(p, 1_MiB, bound).ok(), "the block is placed");

  acre::apply(p, 1_MiB, acre::placement::local());  // somebody changes the policy
  const acre::check_result after = acre::check(p, 1_MiB, bound);
  std::cout << after << '\n';
  require(after.policy.has_value(), "the policy is another one");
  require(!after.page.has_value(), "the pages are where they were");
  pages.deallocate(p, 1_MiB);
}

}  // namespace

int main() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  look_without_touching(nodes);
  check_asks_the_kernel(nodes);
}
