// Every choice of docs/choosing.md, on whatever machine this runs: mapped, touched, and proved by what the
// kernel says.
#include <acre/acre.hpp>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iostream>
#include <list>
#include <map>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "require.hpp"

namespace {

/// Asks the kernel for the policy and for every page of `data`, and says what it answers.
void prove(const auto& data, const acre::placement& where) {
  const std::span all(data);
  const acre::check_result result = acre::check(all.data(), all.size_bytes(), where);
  std::cout << where << ": " << result << '\n';
  require(result.ok(), "the policy and every page are as the placement says");
  require(result.where.untouched == 0, "all of it was touched");
}

void one_thread_and_nowhere_else() {
  const acre::node_id here = acre::topology::system().local_nodes().first();  // of this thread's CPU
  acre::area pages(acre::placement::bind({here}), {.commit = acre::commit::eager});
  std::pmr::vector<double> data(1'000'000, 0.0, &pages);

  prove(data, pages.where());
}

void one_thread_and_elsewhere_when_full() {
  const acre::node_id here = acre::topology::system().local_nodes().first();
  acre::area pages(acre::placement::prefer({here}));
  std::pmr::vector<double> data(1'000'000, 0.0, &pages);

  prove(data, pages.where());
}

void small_objects_of_one_node() {
  using entry = std::pair<const std::string, int>;
  const acre::node_id here = acre::topology::system().local_nodes().first();
  std::map<std::string, int, std::less<>, acre::numa_allocator<entry>> ages(acre::placement::bind({here}));
  ages["Ada"] = 36;

  require(acre::locate(&*ages.begin(), sizeof(entry)).on(here) == 1, "the entry lies on the node");
}

void a_device() {
  const acre::topology& machine = acre::topology::system();
  acre::node_id node = machine.default_nodes().first();
  int told = -1;  // also where the device is near to no node
  std::ifstream("/sys/class/net/eth0/device/numa_node") >> told;
  if (told >= 0 && machine.default_nodes().contains(static_cast<acre::node_id>(told)))
    node = static_cast<acre::node_id>(told);
  acre::area pages(acre::placement::bind({node}), {.commit = acre::commit::eager});
  std::pmr::vector<std::byte> buffer(1 << 20, &pages);  // exists: hand it to the device's driver

  prove(buffer, acre::placement::bind({node}));
}

void at_random() {
  acre::area pages(acre::placement::interleave(acre::topology::system().default_nodes()));
  std::pmr::vector<double> table(1'000'000, 0.0, &pages);

  prove(table, acre::placement::parse("interleave all"));
}

void huge_pages_or_long_rows() {
  using namespace acre::literals;
  const acre::node_set nodes = acre::topology::system().default_nodes();
  acre::area pages(acre::placement::interleave(nodes, 2_MiB),
                   {.page_kind = acre::page_kind::transparent_huge});
  std::pmr::vector<double> table(1'000'000, 0.0, &pages);
  std::cout << pages.status() << '\n';  // which pages it got, and why if they are smaller

  require(pages.check_block(table.data(), table.size() * sizeof(double)).ok(), "each chunk lies on its node");
}

void whoever_fills_it_first() {
  std::vector<double, acre::first_touch_allocator<double>> data(1'000'000, acre::placement::local());
  const std::size_t piece = data.size() / 4;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i != 4; ++i)  // each thread fills the piece that it works on later
    threads.emplace_back([mine = data.data() + i * piece, piece] { std::fill_n(mine, piece, 0.0); });
  for (std::thread& t : threads) t.join();

  prove(data, acre::placement::local());
}

void pieces_on_nodes_that_you_name() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  acre::area pages(acre::placement::blocked(nodes), {.commit = acre::commit::eager});
  std::pmr::vector<double> data(1'000'000, 0.0, &pages);  // the nth part of it on the nth node

  prove(data, pages.where());
}

void a_layout_of_your_own() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  const std::vector<acre::node_id> order(nodes.begin(), nodes.end());
  // Pages 0 and n - 1 lie on one node, 1 and n - 2 on the next, and so on.
  const auto folded = [order](std::size_t page, std::size_t pages) {
    return order[std::min(page, pages - 1 - page) % order.size()];
  };
  acre::area pages(acre::placement::by_page(folded, nodes), {.commit = acre::commit::eager});
  std::pmr::vector<double> triangle(1'000'000, 0.0, &pages);

  prove(triangle, pages.where());
}

void small_objects_of_many_threads() {
  acre::node_pools pools;
  std::pmr::list<int> mine({1, 2, 3}, &pools);        // on the node that this thread runs on
  std::thread([&mine] { mine.pop_front(); }).join();  // goes back to its node, whoever frees it

  require(pools.owner(&mine.front()) == acre::locate(&mine.front(), 1).nodes().first(),
          "it lies with its owner");
}

void nodes_of_unequal_bandwidth() {
  const acre::topology& machine = acre::topology::system();
  std::vector<acre::node_weight> weights;
  for (const acre::node_id node : machine.default_nodes())
    weights.push_back(
        {node, machine.cpus(node).empty() ? 1U : 3U});  // 3 parts where there are CPUs, 1 elsewhere
  acre::area pages(acre::placement::weighted(weights));
  std::pmr::vector<double> table(1'000'000, 0.0, &pages);

  prove(table, pages.where());
}

void weights_of_the_administrator() {
  try {
    acre::area pages(acre::placement::weighted_by_system(acre::topology::system().default_nodes()));
    std::pmr::vector<double> table(1'000'000, 0.0, &pages);
    std::cout << pages.check_block(table.data(), table.size() * sizeof(double)) << '\n';
  } catch (const acre::error& e) {
    if (e.code() != acre::errc::unsupported_placement) throw;
    std::cout << e.what() << '\n';  // Linux before 6.9 has no such policy
  }
}

void fast_memory() {
  const acre::topology& machine = acre::topology::system();
  const acre::node_id here = machine.local_nodes().first();
  const auto fastest = machine.best(acre::memory_attribute::bandwidth, here);  // nothing where none is told
  acre::area pages(acre::placement::prefer({fastest ? fastest->node : here}));
  std::pmr::vector<double> hot(1'000'000, 0.0, &pages);

  prove(hot, pages.where());
}

void slow_memory() {
  const acre::topology& machine = acre::topology::system();
  const acre::node_id near = machine.local_nodes().first();
  const acre::node_id far = machine.nearest_first(near, machine.default_nodes()).back();
  acre::area pages(acre::placement::prefer({far}));
  std::pmr::vector<double> data(1'000'000, 0.0, &pages);
  // When it is used more often:
  const acre::placement where = acre::placement::prefer({near});
  const acre::migration moved = acre::migrate(data.data(), data.size() * sizeof(double), where);
  std::cout << moved << '\n';

  require(moved.failed() == 0, "nobody holds these pages");
  prove(data, where);
}

void anywhere_with_room() {
  acre::area pages(acre::placement::most_free(acre::topology::system().default_nodes()));
  std::pmr::vector<double> data(1'000'000, 0.0, &pages);

  prove(data, pages.where());
}

void several_processes() {
  const acre::placement where = acre::placement::interleave(acre::topology::system().default_nodes());
  acre::shared_segment prices = acre::shared_segment::open_or_create("acre-example-choosing", 8 << 20, where);
  static_cast<double*>(prices.data())[0] = 1.5;  // whoever touches a page first
  std::cout << prices.check() << '\n';
  acre::shared_segment::remove("acre-example-choosing");  // the name; the memory ends with its last user

  require(prices.check().ok(), "it lies as the placement says");
}

void memory_that_acre_did_not_map() {
  const acre::placement here = acre::placement::bind({acre::topology::system().local_nodes().first()});
  std::vector<double> data;
  {
    const acre::thread_binding scope(here);
    data.resize(1'000'000);  // makes pages under the thread's policy
  }
  // Pages that were there before:
  std::cout << acre::migrate(data.data(), data.size() * sizeof(double), here) << '\n';

  const acre::residency now = acre::locate(data.data(), data.size() * sizeof(double));
  require(now.on(here.nodes().first()) + 2 >= now.pages,
          "all but perhaps the first and the last page lie there");
}

void no_opinion() {
  std::pmr::vector<double> data(1'000'000, 0.0, &acre::default_area());

  prove(data, acre::placement::unbound());
}

void held_in_an_area() {
  acre::area pages(acre::placement::interleave(acre::topology::system().default_nodes()));
  std::pmr::vector<double> matrix(1'000'000, 0.0, &pages);

  prove(matrix, pages.where());
}

void held_in_a_pool() {
  acre::pool_resource pool(acre::placement::bind({acre::topology::system().local_nodes().first()}));
  std::pmr::map<int, std::pmr::string> names(&pool);
  names.emplace(1, "a name that is too long for the string object");

  require(pool.resident().nodes().size() == 1, "all of the pool lies on one node");
}

void held_by_an_allocator() {
  const acre::placement here = acre::placement::bind({acre::topology::system().local_nodes().first()});
  std::vector<int, acre::numa_allocator<int>> numbers(here);
  numbers.assign(1000, 1);

  prove(numbers, here);
}

void held_fresh() {
  std::vector<double, acre::first_touch_allocator<double>> data(1'000'000, acre::placement::local());
  const acre::residency fresh = acre::locate(data.data(), data.size() * sizeof(double));
  std::cout << fresh << '\n';  // no page yet

  require(fresh.untouched == fresh.pages, "nobody has touched it");
}

void held_in_a_segment() {
  const acre::placement where = acre::placement::interleave(acre::topology::system().default_nodes());
  const acre::segment_options options{.backend = acre::segment_backend::memfd};
  acre::shared_segment mine = acre::shared_segment::create("prices", 8 << 20, where, options);
  // Another process, which got the descriptor by a socket:
  acre::shared_segment theirs = acre::shared_segment::attach(mine.native_handle());
  acre::segment_resource heap(theirs.data(), theirs.size());  // blocks inside, for all of them
  heap.deallocate(heap.allocate(100), 100);

  require(theirs.check().ok(), "it lies as the placement says");
}

}  // namespace

int main() {
  one_thread_and_nowhere_else();
  one_thread_and_elsewhere_when_full();
  small_objects_of_one_node();
  a_device();
  at_random();
  huge_pages_or_long_rows();
  whoever_fills_it_first();
  pieces_on_nodes_that_you_name();
  a_layout_of_your_own();
  small_objects_of_many_threads();
  nodes_of_unequal_bandwidth();
  weights_of_the_administrator();
  fast_memory();
  slow_memory();
  anywhere_with_room();
  several_processes();
  memory_that_acre_did_not_map();
  no_opinion();
  held_in_an_area();
  held_in_a_pool();
  held_by_an_allocator();
  held_fresh();
  held_in_a_segment();
}
