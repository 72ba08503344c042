// locate, check, prefault, migrate: what the kernel really did.
#include <acre/acre.hpp>

#include <cstring>
#include <iostream>
#include <memory_resource>
#include <optional>
#include <vector>

#include "require.hpp"

namespace {

using namespace acre::literals;

void look_without_touching() {
  acre::mapping pages(8 << 20);
  const acre::residency now = acre::locate(pages.data(), pages.size());
  std::cout << now << '\n';  // now.untouched == now.pages: looking makes no page

  require(now.untouched == now.pages, "looking makes no page");
  std::memset(pages.data(), 1, 2_MiB);
  const acre::residency then = acre::locate(pages.data(), pages.size());
  std::cout << then << '\n';
  // Transparent huge pages may bring more than was touched.
  require(then.resident() * then.page_size >= 2_MiB && then.untouched != 0, "what was touched is there");
}

void make_all_pages() {
  acre::mapping pages(8 << 20);
  acre::prefault(pages.data(), pages.size());

  require(acre::locate(pages.data(), pages.size()).untouched == 0, "all pages are there");
}

void tell(const acre::check_result& result) {
  if (const std::optional<acre::differing_policy>& policy = result.policy)
    std::cout << "from byte " << policy->offset << " on: " << policy->actual << ", not " << policy->expected
              << '\n';
  if (const std::optional<acre::misplaced_page>& page = result.page)
    std::cout << "from byte " << page->offset << " on: node " << page->actual << ", not " << page->expected
              << '\n';
}

void check_asks_the_kernel() {
  const acre::placement bound = acre::placement::bind(acre::topology::system().default_nodes());
  acre::area area(bound);
  std::pmr::vector<char> data(1 << 20, 'x', &area);
  acre::apply(data.data(), data.size(), acre::placement::local());  // somebody changes the policy

  const acre::check_result after = acre::check(data.data(), data.size(), bound);
  std::cout << after << '\n';  // after.policy says which; after.page is empty: the pages are where they were

  tell(after);
  require(after.policy.has_value(), "the policy is another one");
  require(!after.page.has_value(), "the pages are where they were");
}

void move_and_count() {
  std::vector<int> data(1 << 20, 5);
  const acre::node_id node = acre::topology::system().default_nodes().first();
  const acre::placement where = acre::placement::prefer({node});
  const acre::migration moved = acre::migrate(data.data(), data.size() * sizeof(int), where);
  std::cout << "to node " << node << ": " << moved << '\n';
  if (moved.failed() != 0) std::cout << "first at byte " << *moved.first_failed << '\n';

  require(moved.failed() == 0, "nothing pins these pages and the node has room");
}

}  // namespace

int main() {
  look_without_touching();
  make_all_pages();
  check_asks_the_kernel();
  move_and_count();
}
