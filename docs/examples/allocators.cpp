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

void made_from_a_placement_or_a_resource() {
  using numbers = std::vector<int, acre::numa_allocator<int>>;
  const acre::placement where = acre::placement::bind(acre::topology::system().default_nodes());

  numbers a(where);                      // from the pool that the process has for this placement
  numbers b(acre::resource_for(where));  // from the same one: a.get_allocator() == b.get_allocator()
  numbers c(acre::resource_for(where, {.commit = acre::commit::eager}));  // other options, another pool

  acre::area pages(where);
  numbers d(1000, 0, &pages);  // each block a mapping of its own

  require(a.get_allocator() == b.get_allocator(), "there is one pool for a placement");
  require(a.get_allocator() != c.get_allocator(), "other options are another pool");
  require(a.get_allocator() != d.get_allocator(), "another resource is another allocator");
  require(acre::check(d.data(), d.size() * sizeof(int), where).ok(), "the elements lie as placed");
}

void propagation() {
  using numbers = std::vector<int, acre::numa_allocator<int>>;
  const acre::node_set nodes = acre::topology::system().default_nodes();
  numbers here(1000, 1, acre::placement::bind(nodes));
  numbers there(1000, 2, acre::placement::local());

  there = here;               // copies elements, which lie where those of there lay
  there.swap(here);           // O(1), never undefined: swaps allocators, too
  here = std::move(there);    // O(1), never undefined: the allocator comes along
  const numbers copy = here;  // the same placement as here

  const auto bound = numbers(acre::placement::bind(nodes)).get_allocator();
  const auto local = numbers(acre::placement::local()).get_allocator();
  require(here.get_allocator() == bound && here.front() == 1, "swap and move carried it there and back");
  require(copy.get_allocator() == bound, "copy construction keeps the source's");
  numbers target(acre::placement::local());
  target = here;
  require(target.get_allocator() == local && target == here, "copy assignment keeps the target's");
  const int* const data = here.data();
  target.swap(here);
  require(target.get_allocator() == bound && target.data() == data, "swap moves no element");
  here = std::move(target);
  require(here.get_allocator() == bound && here.data() == data, "nor does a move");
}

void nesting() {
  using string = std::basic_string<char, std::char_traits<char>, acre::numa_allocator<char>>;
  using strings = std::vector<string, std::scoped_allocator_adaptor<acre::numa_allocator<string>>>;

  const acre::placement where = acre::placement::bind(acre::topology::system().default_nodes());
  strings words(acre::numa_allocator<string>{where});
  words.emplace_back("a word that is too long to lie within the string itself");  // in the vector's pool

  require(words.back().get_allocator() == words.get_allocator(), "elements get the vector's allocator");
}

void the_default() {
  acre::area pages(acre::placement::local());
  std::pmr::memory_resource* const before = acre::set_default_resource(&pages);
  {
    const std::vector<int, acre::numa_allocator<int>> v(10);
    require(v.get_allocator().resource() == &pages, "default-constructed allocators take the default");
    require(acre::default_resource() == &pages && acre::default_first_touch_resource() == &pages,
            "all of them");
  }
  acre::set_default_resource(before);
}

void at_least() {
  acre::numa_allocator<int> allocator(acre::placement::local());
  const acre::allocation_result<int*> block = allocator.allocate_at_least(1001);
  std::cout << "asked for 1001, got " << block.count << '\n';
  require(block.count >= 1001, "at least what was asked for");
  allocator.deallocate(block.ptr, block.count);
}

void with_std_pmr() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  acre::area pages(acre::placement::bind(nodes));
  std::pmr::monotonic_buffer_resource arena(&pages);  // any std::pmr resource stacks on an area
  std::pmr::set<int> numbers({3, 1, 2}, &arena);

  require(nodes.contains(acre::locate(&*numbers.begin(), sizeof(int)).nodes()), "the nodes lie on the nodes");
}

}  // namespace

int main() {
  made_from_a_placement_or_a_resource();
  propagation();
  nesting();
  the_default();
  at_least();
  with_std_pmr();
}
