// pool_resource and node_pools: blocks that stay on their node.
#include <acre/acre.hpp>

#include <iostream>
#include <list>
#include <map>
#include <thread>
#include <vector>

#include "require.hpp"

namespace {

void a_pool_of_ones_own() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  acre::pool_resource pool(acre::placement::bind({nodes.first()}));
  std::pmr::map<int, std::pmr::string> names(&pool);
  for (int i = 0; i != 10'000; ++i) names.emplace(i, "a name that is too long for the string object");
  std::cout << pool.resident() << '\n';  // all of it lies on that node

  require(pool.resident().nodes() == acre::node_set{nodes.first()}, "all of it lies on that node");
}

void its_figures() {
  acre::pool_resource pool(acre::placement::local());
  const std::pmr::list<int> numbers(1000, 7, &pool);
  const acre::pool_statistics now = pool.statistics();
  std::cout << now.live_blocks << " live blocks of " << now.live_bytes << " bytes together\n";

  require(now.live_blocks == 1000 && now.live_bytes == 1000 * pool.good_size(24, 8), "all are live");
  const acre::resource& any = pool;
  require(acre::good_size(any, 24, 8) == any.good_size(24, 8),
          "any resource can be asked what a block really gets");
  std::cout << now << '\n';
}

void what_comes_back() {
  acre::pool_resource pool(acre::placement::local());
  void* const p = pool.allocate(100);
  pool.deallocate(p, 100);
  const std::size_t gone = pool.trim();  // free blocks of all threads, free pages
  std::cout << gone << " bytes went back, " << pool.statistics().mapped_bytes << " are left\n";

  require(gone > 0 && pool.statistics().mapped_bytes == 0, "everything went back");
}

void what_all_keep() {
  acre::set_retained_limit(512 << 20);  // of all pools of the process together

  require(acre::retained_limit() == 512 << 20, "that is the limit now");
}

void all_at_once(const acre::node_set& nodes) {
  acre::pool_resource pool(acre::placement::bind(nodes));
  std::pmr::list<int>* const list =
      new (pool.allocate(sizeof(std::pmr::list<int>))) std::pmr::list<int>(&pool);
  list->assign(100'000, 1);
  pool.release();  // no destructor runs; everything goes back
  require(pool.statistics().mapped_bytes == 0, "nothing is left");
}

void move_a_block() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  acre::pool_resource pool(acre::placement::bind({nodes.first()}));
  std::pmr::vector<char> v(1 << 20, 'x', &pool);
  std::cout << acre::migrate(v.data(), v.size(), acre::placement::interleave(nodes)) << '\n';

  std::pmr::vector<char>(&pool).swap(v);
  v.assign(1 << 20, 'y');
  require(acre::locate(v.data(), v.size()).nodes() == acre::node_set{nodes.first()},
          "the next one is at home");
}

void other_options(const acre::node_set& nodes) {
  acre::pool_resource pool(acre::placement::bind(nodes), {
                                                             .page_kind = acre::page_kind::system,
                                                             .name = "index",
                                                             .retained = 64 << 20,
                                                             .decay = std::chrono::seconds(1),
                                                         });
  std::pmr::vector<int> v(1000, &pool);
}

void a_quota() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  acre::pool_resource pool(acre::placement::bind(nodes), {.limit = 64 << 20});
  try {
    std::pmr::vector<char> v(65 << 20, &pool);
  } catch (const acre::allocation_error& e) {
    std::cout << e.what() << '\n';  // errc::pool_limit; errc::node_full comes like this, too
  }
  if (const auto status = pool.status()) std::cout << *status << '\n';  // what the pages are, and why

  try {
    std::pmr::vector<char> v(65 << 20, &pool);
    require(false, "that is beyond the quota");
  } catch (const acre::allocation_error& e) {
    require(e.code() == acre::errc::pool_limit, "a quota that is reached is an exception");
  }
}

void over_an_area() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  acre::area pages(acre::placement::bind(nodes), {.commit = acre::commit::eager});
  acre::pool_resource pool(&pages);  // a full node is an exception here, too
  std::pmr::vector<int> v(1000, &pool);
}

void one_for_each_node() {
  acre::node_pools pools;
  void* const here = pools.allocate(100);                    // from the node this thread runs on
  std::cout << "of node " << *pools.owner(here) << '\n';     // found by the address
  std::thread([&] { pools.deallocate(here, 100); }).join();  // goes back to that node, whoever frees it

  for (const acre::node_id node : pools.nodes()) {
    void* const there = pools.allocate_on(node, 100);  // wherever this thread runs
    require(pools.owner(there) == node, "it is that node's");
    pools.deallocate(there, 100);
  }
}

void soft_ones() {
  acre::node_pools soft({.pool = {.name = "cache"}, .strictness = acre::strictness::soft});

  require(soft.nodes() == acre::node_pools().nodes(), "the same nodes, but full ones spill to others");
}

void mistakes_are_found() {
  acre::set_misuse_handler([](const acre::misuse& m) { std::cout << m.what << '\n'; });

  acre::pool_resource pool(acre::placement::local(), {.guarding = acre::guarding::on});
  void* const p = pool.allocate(100);
  pool.deallocate(p, 100);
  pool.deallocate(p, 100);  // is told to the handler: freed twice

  acre::set_misuse_handler(nullptr);  // a line on standard error, and the end of the program
}

void a_library_puts_the_handler_back() {
  const acre::misuse_handler before = acre::set_misuse_handler([](const acre::misuse&) {});
  acre::set_misuse_handler(before);
}

}  // namespace

int main() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  a_pool_of_ones_own();
  its_figures();
  what_comes_back();
  what_all_keep();
  all_at_once(nodes);
  move_a_block();
  other_options(nodes);
  a_quota();
  over_an_area();
  one_for_each_node();
  soft_ones();
  mistakes_are_found();
  a_library_puts_the_handler_back();
}
