#include <acre/area.hpp>
#include <acre/node_pools.hpp>
#include <acre/placement.hpp>
#include <acre/plan.hpp>
#include <acre/pool_resource.hpp>
#include <acre/topology.hpp>

#include <cstdlib>
#include <deque>
#include <memory_resource>
#include <new>
#include <utility>

#include "fidelity.hpp"

namespace fidelity {
namespace {

/// The program's malloc: its threads ask for memory of their node by writing to it first.
class first_touch final : public contestant {
 public:
  void* allocate(std::size_t, std::size_t bytes) override {
    void* const p = std::malloc(bytes);
    if (p == nullptr) throw std::bad_alloc();
    return p;
  }
  void deallocate(const block& b) override { std::free(b.p); }
};

/// A resource for each node.
template <class Resource>
class per_node final : public contestant {
 public:
  per_node() {
    for (const home& h : homes()) x_resources.emplace_back(acre::placement::bind({h.node}));
  }
  void* allocate(std::size_t home, std::size_t bytes) override {
    return x_resources[home].get().allocate(bytes);
  }
  void deallocate(const block& b) override { x_resources[b.home].get().deallocate(b.p, b.bytes); }

 private:
  std::deque<Resource> x_resources;
};

class standard_pool {
 public:
  explicit standard_pool(const acre::placement& where) : x_pages(where), x_blocks(&x_pages) {}
  std::pmr::memory_resource& get() { return x_blocks; }

 private:
  acre::area x_pages;
  std::pmr::synchronized_pool_resource x_blocks;
};

class acre_pool {
 public:
  explicit acre_pool(const acre::placement& where) : x_blocks(where) {}
  acre::pool_resource& get() { return x_blocks; }

 private:
  acre::pool_resource x_blocks;
};

class node_pools final : public contestant {
 public:
  void* allocate(std::size_t, std::size_t bytes) override { return x_pools.allocate(bytes); }
  void deallocate(const block& b) override { x_pools.deallocate(b.p, b.bytes); }

 private:
  acre::node_pools x_pools;
};

acre::node_set all_homes() {
  acre::node_set nodes;
  for (const home& h : homes()) nodes.insert(h.node);
  return nodes;
}

/// One pool whose blocks lie on several nodes: each page has its own.
class spread final : public contestant {
 public:
  // In base pages, which the plan below is made of.
  explicit spread(acre::placement where)
      : x_where(std::move(where)), x_pool(x_where, {.page_kind = acre::page_kind::system}) {}
  void* allocate(std::size_t, std::size_t bytes) override { return x_pool.allocate(bytes); }
  void deallocate(const block& b) override { x_pool.deallocate(b.p, b.bytes); }
  acre::node_id wanted(const block& b, std::size_t page) const override {
    const std::size_t bytes = x_pool.good_size(b.bytes, alignof(std::max_align_t));
    const acre::plan p = acre::make_plan(x_where, bytes, acre::topology::system());
    return p.at(page * p.page_size).policy.nodes.first();
  }

 private:
  acre::placement x_where;
  acre::pool_resource x_pool;
};

acre::node_id scattered(std::size_t page, std::size_t) {
  return homes()[(page * page + page / 3) % homes().size()].node;
}

template <class Contestant>
std::unique_ptr<contestant> make() {
  return std::make_unique<Contestant>();
}

}  // namespace

const std::vector<home>& homes() {
  static const std::vector<home> all = [] {
    std::vector<home> found;
    const acre::topology& machine = acre::topology::system();
    for (const acre::node_id node : machine.default_nodes()) {
      if (!machine.cpus(node).empty()) found.push_back({node, machine.cpus(node).front()});
    }
    return found;
  }();
  return all;
}

const std::vector<row>& rows() {
  constexpr std::size_t any = 16;
  // Smaller blocks share a span, whose pages are placed as a whole. And blocks of many kernel ranges each would be more
  // than vm.max_map_count allows.
  constexpr std::size_t extents = std::size_t{40} << 10;
  static const std::vector<row> all{
      {"glibc malloc", "", "libc.so", false, any, 1, make<first_touch>},
      {"jemalloc", "libjemalloc.so.2", "jemalloc", false, any, 1, make<first_touch>},
      {"mimalloc", "libmimalloc.so.2.0", "mimalloc", false, any, 1, make<first_touch>},
      {"tcmalloc", "libtcmalloc_minimal.so.4", "tcmalloc", false, any, 1, make<first_touch>},
      {"TBB memory pool per node", "", "libc.so", false, any, 1, make_tbb},
      {"libstdc++ synchronized_pool_resource per node", "", "libc.so", false, any, 1,
       make<per_node<standard_pool>>},
      {"acre pool_resource per node", "", "libc.so", true, any, 1, make<per_node<acre_pool>>},
      {"acre node_pools", "", "libc.so", true, any, 1, make<node_pools>},
      {"acre pool_resource, blocked", "", "libc.so", true, extents, 5,
       [] { return std::make_unique<spread>(acre::placement::blocked(all_homes())); }},
      {"acre pool_resource, by_page", "", "libc.so", true, extents, 5,
       [] { return std::make_unique<spread>(acre::placement::by_page(scattered, all_homes())); }},
  };
  return all;
}

}  // namespace fidelity
