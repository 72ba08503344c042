#include <acre/error.hpp>
#include <acre/topology.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <type_traits>

#include "topology/node_files.hpp"

namespace {

using acre::errc;
using acre::memory_attribute;
using acre::memory_kind;
using acre::node_id;
using acre::node_set;
using acre::topology;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

static_assert(std::is_nothrow_copy_constructible_v<topology>);

topology from_file(const std::string& name) {
  std::ifstream file(ACRE_TEST_MACHINES "/" + name + ".xml");
  return topology::from_xml(std::string(std::istreambuf_iterator<char>(file), {}));
}

template <class F>
void expect_error(errc code, const std::string& text, F f) {
  try {
    f();
    ADD_FAILURE() << "no error: " << text;
  } catch (const acre::error& e) {
    EXPECT_EQ(e.code(), code);
    EXPECT_THAT(e.what(), HasSubstr(text));
  }
}

node_set local(const topology& t, std::initializer_list<unsigned> cpus) {
  return t.local_nodes(std::span(cpus.begin(), cpus.size()));
}

TEST(topology, of_synthetic_machines_has_their_nodes) {
  for (unsigned count : {1U, 2U, 4U, 8U}) {
    const topology t = topology::from_synthetic("numa:" + std::to_string(count) + " core:2 pu:1");
    EXPECT_EQ(t.nodes().size(), count);
    EXPECT_EQ(t.memory_nodes(), t.nodes());
    EXPECT_EQ(t.allowed_nodes(), t.nodes());
    EXPECT_EQ(t.default_nodes(), t.nodes());
    EXPECT_EQ(t.cpus().size(), 2 * count);
    EXPECT_FALSE(t.is_this_system());
    EXPECT_NE(t.native_handle(), nullptr);
    for (node_id n : t.nodes()) {
      EXPECT_THAT(t.cpus(n), ElementsAre(2 * n, 2 * n + 1));
      EXPECT_EQ(t.node_of_cpu(2 * n + 1), n);
      EXPECT_EQ(local(t, {2 * n}), node_set{n});
      EXPECT_GT(t.capacity(n), 0U);
      EXPECT_EQ(t.kind(n), memory_kind::dram);
    }
  }
}

TEST(topology, that_is_foreign_reports_its_capacity_as_free) {
  const topology t = topology::from_synthetic("numa:2 pu:1");
  EXPECT_EQ(t.memory(1).total, t.capacity(1));
  EXPECT_EQ(t.memory(1).free, t.capacity(1));
  expect_error(errc::foreign_topology, "another machine", [&] { (void)t.local_nodes(); });
}

TEST(topology, that_tells_nothing_is_not_guessed) {
  const topology t = topology::from_synthetic("numa:2 pu:1");
  EXPECT_EQ(t.distance(0, 1), std::nullopt);
  EXPECT_EQ(t.value(memory_attribute::bandwidth, 0, 0), std::nullopt);
  EXPECT_EQ(t.best(memory_attribute::latency, 0), std::nullopt);
  EXPECT_THAT(t.nearest_first(1, t.nodes()), ElementsAre(1U, 0U));
}

TEST(topology, knows_the_capacity_without_firmware) {
  const topology t = from_file("gpu");
  EXPECT_EQ(t.value(memory_attribute::capacity, 1, 0), t.capacity(1));
  EXPECT_EQ(t.best(memory_attribute::capacity, 0)->node, 0U);
}

TEST(topology, that_cannot_be_loaded_says_which) {
  expect_error(errc::topology_failed, "'numa:x'", [] { topology::from_synthetic("numa:x"); });
  expect_error(errc::topology_failed, "''", [] { topology::from_synthetic(""); });
  expect_error(errc::topology_failed, "XML", [] { topology::from_xml("<topology"); });
  expect_error(errc::topology_failed, "XML", [] { topology::from_xml(""); });
}

TEST(topology, refuses_a_node_it_does_not_have) {
  const topology t = from_file("sparse");
  const auto refused = [](auto f) {
    expect_error(errc::unknown_node, "node 1 does not exist; the machine has nodes 0,2,250", f);
  };
  refused([&] { (void)t.capacity(1); });
  refused([&] { (void)t.memory(1); });
  refused([&] { (void)t.kind(1); });
  refused([&] { (void)t.cpus(1); });
  refused([&] { (void)t.distance(1, 0); });
  refused([&] { (void)t.distance(0, 1); });
  refused([&] { (void)t.nearest_first(0, node_set{1}); });
  refused([&] { (void)t.value(memory_attribute::capacity, 1, 0); });
  refused([&] { (void)t.value(memory_attribute::capacity, 0, 1); });
  refused([&] { (void)t.best(memory_attribute::capacity, 1); });
  refused([&] { t.require_usable(node_set{0, 1}); });
}

TEST(topology, with_sparse_numbers_uses_those_of_the_system) {
  const topology t = from_file("sparse");
  EXPECT_EQ(t.nodes(), (node_set{0, 2, 250}));
  EXPECT_THAT(t.cpus(250), ElementsAre(4U, 5U));
  EXPECT_EQ(t.node_of_cpu(5), 250U);
  EXPECT_EQ(t.distance(2, 250), 30U);
  EXPECT_THAT(t.nearest_first(250, t.nodes()), ElementsAre(250U, 2U, 0U));
  EXPECT_EQ(t.node_of_cpu(6), std::nullopt);
}

TEST(topology, gives_cpus_of_memory_only_nodes_to_the_nodes_that_own_them) {
  for (const char* name : {"hbm_hmat", "cxl_hmat"}) {
    const topology t = from_file(name);
    EXPECT_THAT(t.cpus(0), ElementsAre(0U, 1U)) << name;
    EXPECT_THAT(t.cpus(1), ElementsAre(2U, 3U)) << name;
    EXPECT_THAT(t.cpus(2), IsEmpty()) << name;
    EXPECT_EQ(local(t, {0}), node_set{0}) << name;
    EXPECT_EQ(local(t, {0, 3}), (node_set{0, 1})) << name;
  }
}

TEST(topology, knows_the_kinds_hwloc_tells) {
  const topology hbm = from_file("hbm_hmat");
  EXPECT_EQ(hbm.kind(0), memory_kind::dram);
  EXPECT_EQ(hbm.kind(3), memory_kind::hbm);
  EXPECT_EQ(from_file("cxl_hmat").kind(2), memory_kind::cxl);
  EXPECT_EQ(from_file("gpu").kind(1), memory_kind::gpu);
}

TEST(topology, finds_the_best_memory_for_an_initiator) {
  const topology t = from_file("hbm_hmat");
  EXPECT_EQ(t.value(memory_attribute::bandwidth, 2, 0), 400000U);
  EXPECT_EQ(t.value(memory_attribute::latency, 0, 0), 90U);
  EXPECT_EQ(t.value(memory_attribute::bandwidth, 3, 0), std::nullopt);
  EXPECT_EQ(t.value(memory_attribute::bandwidth, 2, 2), std::nullopt) << "no CPUs there";
  EXPECT_EQ(t.best(memory_attribute::bandwidth, 0)->node, 2U);
  EXPECT_EQ(t.best(memory_attribute::bandwidth, 1)->node, 3U);
  EXPECT_EQ(t.best(memory_attribute::latency, 1)->node, 1U);
  EXPECT_EQ(t.best(memory_attribute::latency, 1)->value, 90U);
  EXPECT_EQ(t.best(memory_attribute::capacity, 1)->node, 0U);
}

TEST(topology, keeps_gpu_memory_out_of_the_default_set) {
  const topology t = from_file("gpu");
  EXPECT_EQ(t.allowed_nodes(), (node_set{0, 1}));
  EXPECT_EQ(t.default_nodes(), node_set{0});
  EXPECT_NO_THROW(t.require_usable(node_set{1}));
}

TEST(topology, knows_nodes_without_memory) {
  const topology t = from_file("memoryless");
  EXPECT_EQ(t.nodes(), (node_set{0, 1, 2}));
  EXPECT_EQ(t.memory_nodes(), (node_set{0, 2}));
  EXPECT_EQ(t.capacity(1), 0U);
  EXPECT_EQ(t.node_of_cpu(2), 1U);
  EXPECT_EQ(local(t, {2}), node_set{2}) << "the nearest by distance";
  EXPECT_EQ(local(t, {0, 2}), (node_set{0, 2}));
  expect_error(errc::node_without_memory, "node 1 has no memory; nodes with memory are 0,2", [&] {
    t.require_usable(node_set{0, 1});
  });
}

TEST(topology, knows_nodes_that_are_forbidden) {
  const topology t = from_file("disallowed");
  EXPECT_EQ(t.memory_nodes(), (node_set{0, 1, 2, 3}));
  EXPECT_EQ(t.allowed_nodes(), (node_set{0, 2}));
  EXPECT_EQ(local(t, {2}), node_set{0});
  EXPECT_EQ(local(t, {6}), node_set{2});
  expect_error(errc::node_not_allowed, "node 3 is not allowed for this process; allowed nodes are 0,2", [&] {
    t.require_usable(node_set{0, 3});
  });
}

TEST(topology, requires_at_least_one_node) {
  const topology t = from_file("disallowed");
  expect_error(errc::empty_node_set, "0,2", [&] { t.require_usable(node_set{}); });
  EXPECT_NO_THROW(t.require_usable(node_set{0, 2}));
  expect_error(errc::node_not_allowed, "node 1", [&] { t.require_usable(node_set{1, 9}); });
}

TEST(topology, refuses_cpus_it_does_not_have) {
  const topology t = from_file("sparse");
  expect_error(errc::invalid_argument, "no CPU 99", [&] { (void)local(t, {0, 99}); });
  expect_error(errc::invalid_argument, "at least one CPU", [&] { (void)local(t, {}); });
}

TEST(topology, lives_as_long_as_a_copy) {
  std::optional<topology> t = from_file("sparse");
  const topology copy = *t;
  t.reset();
  EXPECT_EQ(copy.distance(0, 2), 20U);
  EXPECT_EQ(copy.value(memory_attribute::capacity, 0, 0), copy.capacity(0));
}

TEST(topology, names_kinds_and_attributes) {
  EXPECT_EQ(to_string(memory_kind::unknown), "unknown");
  EXPECT_EQ(to_string(memory_kind::dram), "dram");
  EXPECT_EQ(to_string(memory_kind::hbm), "hbm");
  EXPECT_EQ(to_string(memory_kind::cxl), "cxl");
  EXPECT_EQ(to_string(memory_kind::nvm), "nvm");
  EXPECT_EQ(to_string(memory_kind::gpu), "gpu");
  EXPECT_EQ(to_string(memory_attribute::capacity), "capacity");
  EXPECT_EQ(to_string(memory_attribute::bandwidth), "bandwidth");
  EXPECT_EQ(to_string(memory_attribute::latency), "latency");
}

TEST(node_files, reads_the_lists_of_the_kernel) {
  using list = std::vector<unsigned>;
  EXPECT_EQ(acre::parse_kernel_list("0-3,8\n"), (list{0, 1, 2, 3, 8}));
  EXPECT_EQ(acre::parse_kernel_list("\n"), list{});
  for (const char* text : {"x", "0-", "0;1", "0-99999999", "-1"})
    EXPECT_EQ(acre::parse_kernel_list(text), std::nullopt) << text;
}

}  // namespace
