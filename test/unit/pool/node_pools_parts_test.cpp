#include "pool/node_pools_parts.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "support/errors.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

/// Gives addresses that nobody may touch, and writes down what it is asked for.
class made_up_source final : public page_source {
 public:
  struct call {
    std::string what;
    void* p;
    std::size_t bytes;
    std::size_t alignment;
    friend bool operator==(const call&, const call&) = default;
    friend std::ostream& operator<<(std::ostream& out, const call& c) {
      return out << c.what << ' ' << c.p << ", " << c.bytes << " bytes aligned to " << c.alignment;
    }
  };
  made_up_source(std::uintptr_t address, std::vector<call>& log) : x_address(address), x_log(log) {}

  void* map(std::size_t bytes, std::size_t alignment) override {
    void* const p = reinterpret_cast<void*>(x_address);
    x_log.push_back({"map", p, bytes, alignment});
    return p;
  }
  void unmap(void* p, std::size_t bytes, std::size_t alignment) noexcept override {
    x_log.push_back({"unmap", p, bytes, alignment});
  }
  bool unmaps_policies() const noexcept override { return true; }
  bool discard(void* p, std::size_t bytes) noexcept override {
    x_log.push_back({"discard", p, bytes, 0});
    return true;
  }
  std::size_t discard_granule() const noexcept override { return 4096; }
  std::size_t slab_granule() const noexcept override { return 12'288; }
  std::size_t largest_extent() const noexcept override { return 3'000'000; }
  std::size_t next_slab(std::size_t mapped) const noexcept override { return 2 * mapped; }
  std::size_t commit_piece(std::size_t) const noexcept override { return 0; }
  void expect_commit(void*, std::size_t) noexcept override {}
  void commit(void*, std::size_t) override {}
  owned_range::rules ownership() const override { return {}; }
  bool put_right(const displaced_part&) override { return false; }
  page_reuse reuse() const noexcept override { return page_reuse::same_size; }
  std::pmr::memory_resource* upstream() const noexcept override { return std::pmr::null_memory_resource(); }

 private:
  std::uintptr_t x_address;
  std::vector<call>& x_log;
};

using detail::owner_map;

constexpr std::size_t granule = owner_map::granule_bytes;

struct made_up_pages {
  using call = made_up_source::call;
  acre::owned_pages make(std::uintptr_t address, owner_map& map) {
    return {std::make_unique<made_up_source>(address, log), map, 3};
  }
  std::vector<call> log;
  owner_map owners;
};

BOOST_FIXTURE_TEST_SUITE(owned_pages, made_up_pages)

BOOST_AUTO_TEST_CASE(are_registered_as_long_as_they_are_mapped) {
  auto pages = make(5 * granule, owners);
  void* const p = pages.map(65'536, 4096);
  BOOST_TEST(owners.find(p) == 3);
  pages.unmap(p, 65'536, 4096);
  BOOST_TEST(owners.find(p) == std::nullopt);
}

BOOST_AUTO_TEST_CASE(begin_at_granules_and_keep_larger_alignments) {
  auto pages = make(8 * granule, owners);
  void* const p = pages.map(65'536, 4096);
  pages.unmap(p, 65'536, 4096);
  pages.unmap(pages.map(granule, 8 * granule), granule, 8 * granule);
  const std::vector<call> expected{{"map", p, 65'536, granule},
                                   {"unmap", p, 65'536, granule},
                                   {"map", p, granule, 8 * granule},
                                   {"unmap", p, granule, 8 * granule}};
  BOOST_TEST(same(log, expected));
}

BOOST_AUTO_TEST_CASE(are_unmapped_if_the_map_has_no_memory) {
  owner_map full(std::pmr::null_memory_resource());
  auto pages = make(granule, full);
  BOOST_CHECK_THROW(pages.map(4096, 4096), std::bad_alloc);
  BOOST_TEST_REQUIRE(log.size() == 2U);
  BOOST_TEST(log[1] == (call{"unmap", log[0].p, 4096, granule}));
}

BOOST_AUTO_TEST_CASE(are_unmapped_where_no_owner_can_be_registered) {
  auto pages = make(std::uintptr_t{1} << 50, owners);
  BOOST_CHECK_EXCEPTION(pages.map(4096, 4096), allocation_error, with_code(errc::invalid_size));
  BOOST_TEST(log.back().what == "unmap");
}

BOOST_AUTO_TEST_CASE(are_for_the_rest_what_the_source_says) {
  auto pages = make(granule, owners);
  BOOST_TEST(pages.discard(this, 4096));
  BOOST_TEST(log.back() == (call{"discard", this, 4096, 0}));
  BOOST_TEST(pages.discard_granule() == 4096U);
  BOOST_TEST(pages.slab_granule() == 12'288U);
  BOOST_TEST(pages.largest_extent() == 3'000'000U);
  BOOST_TEST(pages.next_slab(65'536) == 131'072U);
  BOOST_TEST(pages.reuse() == page_reuse::same_size);
  BOOST_TEST(pages.unmaps_policies());
  BOOST_TEST(pages.upstream() == std::pmr::null_memory_resource());
}

BOOST_AUTO_TEST_SUITE_END()

using boost::test_tools::per_element;
using nodes = std::vector<std::optional<node_id>>;

topology from_file(const std::string& name) {
  std::ifstream file(ACRE_TEST_MACHINES "/" + name + ".xml");
  return topology::from_xml(std::string(std::istreambuf_iterator<char>(file), {}));
}

BOOST_AUTO_TEST_SUITE(the_served_node_of_each_cpu)

BOOST_AUTO_TEST_CASE(is_its_own) {
  const topology t = topology::from_synthetic("numa:3 core:2 pu:1");
  BOOST_TEST(served_node_of_each_cpu(t, {0, 1, 2}, 0) == (nodes{0, 0, 1, 1, 2, 2}), per_element());
}

BOOST_AUTO_TEST_CASE(is_one_that_has_a_pool) {
  const topology t = topology::from_synthetic("numa:3 core:2 pu:1");
  BOOST_TEST(served_node_of_each_cpu(t, {1}, 0) == (nodes{1, 1, 1, 1, 1, 1}), per_element());
  BOOST_TEST(served_node_of_each_cpu(t, {0, 2}, 0).at(4) == 2U);
}

BOOST_AUTO_TEST_CASE(is_unknown_of_cpus_that_are_not_there_yet) {
  const topology t = topology::from_synthetic("numa:2 core:1 pu:1");
  BOOST_TEST(served_node_of_each_cpu(t, {0, 1}, 4) == (nodes{0, 1, std::nullopt, std::nullopt}),
             per_element());
}

BOOST_AUTO_TEST_CASE(is_the_nearest_by_the_machines_distances) {
  for (const char* machine : {"memoryless", "cxl_hmat", "hbm_hmat", "sparse"}) {
    BOOST_TEST_CONTEXT("machine " << machine) {
      const topology t = from_file(machine);
      const node_set served = t.memory_nodes();
      const nodes table = served_node_of_each_cpu(t, served, 0);
      for (const unsigned cpu : t.cpus()) {
        BOOST_TEST_REQUIRE(cpu < table.size());
        const node_id own = t.node_of_cpu(cpu).value();
        BOOST_TEST_INFO("CPU " << cpu);
        BOOST_TEST(table[cpu] == (served.contains(own) ? own : t.nearest_first(own, served).front()));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
