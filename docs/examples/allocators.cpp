// numa_allocator in standard containers: propagation, nesting, the default.
#include <acre/acre.hpp>

#include <iostream>
#include <scoped_allocator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "require.hpp"

namespace {

template <class T>
using numa_vector = std::vector<T, acre::numa_allocator<T>>;

void made_from_a_placement_or_a_resource(const acre::node_set& nodes) {
  const acre::placement where = acre::placement::bind(nodes);
  numa_vector<int> a(where);  // the process-wide pool of this placement
  numa_vector<int> b(acre::resource_for(where));
  require(a.get_allocator() == b.get_allocator(), "there is one pool for a placement");
  numa_vector<int> d(acre::resource_for(where, {.commit = acre::commit::eager}));
  require(d.get_allocator() != a.get_allocator(), "other options are another pool");

  acre::area pages(where);
  numa_vector<int> c(1000, &pages);  // each block a mapping of its own
  require(c.get_allocator() != a.get_allocator(), "another resource is another allocator");
  require(acre::check(c.data(), c.size() * sizeof(int), where).ok(), "the elements lie as placed");
}

void propagation(const acre::node_set& nodes) {
  numa_vector<int> here(1000, 1, acre::placement::bind(nodes));
  numa_vector<int> there(1000, 2, acre::placement::local());
  const auto bound = here.get_allocator();
  const auto local = there.get_allocator();
  const int* const data = here.data();

  there = here;  // copies elements, stays where it is
  require(there.get_allocator() == local && there.front() == 1, "copy assignment keeps the target's");
  there.swap(here);  // O(1), never undefined
  require(there.get_allocator() == bound && there.data() == data, "swap carries the allocators");
  here = std::move(there);  // O(1), never undefined
  require(here.get_allocator() == bound && here.data() == data, "a move carries the allocator");
  const numa_vector<int> copy = here;  // the same placement
  require(copy.get_allocator() == bound, "copy construction keeps the source's");
}

void nesting(const acre::node_set& nodes) {
  using string = std::basic_string<char, std::char_traits<char>, acre::numa_allocator<char>>;
  using strings = std::vector<string, std::scoped_allocator_adaptor<acre::numa_allocator<string>>>;
  strings words(acre::numa_allocator<string>(acre::placement::bind(nodes)));
  words.emplace_back("a word that is too long to lie within the string itself");
  require(words.back().get_allocator() == words.get_allocator(), "elements get the vector's allocator");
}

void the_default() {
  acre::area pages(acre::placement::local());
  std::pmr::memory_resource* const before = acre::set_default_resource(&pages);
  {
    const numa_vector<int> v(10);
    require(v.get_allocator().resource() == &pages, "default-constructed allocators take the default");
  }
  acre::set_default_resource(before);
}

void at_least() {
  acre::numa_allocator<int> allocator(acre::placement::local());
  const auto block = allocator.allocate_at_least(1001);
  std::cout << "asked for 1001, got " << block.count << '\n';
  require(block.count >= 1001, "at least what was asked for");
  allocator.deallocate(block.ptr, block.count);
}

void with_std_pmr(const acre::node_set& nodes) {
  acre::area pages(acre::placement::bind(nodes));
  std::pmr::monotonic_buffer_resource arena(&pages);  // any std::pmr resource stacks on an area
  std::pmr::set<int> numbers({3, 1, 2}, &arena);
  require(nodes.contains(acre::locate(&*numbers.begin(), sizeof(int)).nodes()), "the nodes lie on the nodes");
}

}  // namespace

int main() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  made_from_a_placement_or_a_resource(nodes);
  propagation(nodes);
  nesting(nodes);
  the_default();
  at_least();
  with_std_pmr(nodes);
}
