// Huge pages where the system has them, smaller ones where it has not.
#include <acre/area.hpp>
#include <acre/topology.hpp>

#include <iostream>
#include <memory_resource>
#include <vector>

#include "../require.hpp"

int main() {
  const acre::node_id node = acre::topology::system().default_nodes().first();
  acre::area pages(acre::placement::prefer({node}), {.page_kind = acre::page_kind::huge_2mb});
  std::pmr::vector<char> table(8 << 20, 'x', &pages);

  const acre::area_status status = pages.status();
  if (!status.as_asked()) std::cout << status << '\n';  // smaller pages, and why
  std::cout << to_string(pages.page_kind()) << ": " << acre::locate(table.data(), table.size()) << '\n';

  const bool hugetlb = acre::locate(table.data(), table.size()).hugetlb != 0;
  require(hugetlb || !status.as_asked(), "smaller pages are told");
  require(pages.check_block(table.data(), table.size()).ok(), "whatever their size, they lie as placed");
}
