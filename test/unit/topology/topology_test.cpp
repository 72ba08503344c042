#include <acre/error.hpp>
#include <acre/hwloc_version.hpp>
#include <acre/topology.hpp>

#include "topology/node_files.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "support/errors.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre {

static std::ostream& boost_test_print_type(std::ostream& out, const best_node& b) {
  return out << "node " << b.node << " with " << b.value;
}

}  // namespace acre

namespace acre::test {
namespace {

using cpu_list = std::vector<unsigned>;
using node_list = std::vector<node_id>;

BOOST_AUTO_TEST_SUITE(topology)
using acre::topology;

static_assert(std::is_nothrow_copy_constructible_v<topology>);

topology from_file(const std::string& name) {
  std::ifstream file(ACRE_TEST_MACHINES "/" + name + ".xml");
  return topology::from_xml(std::string(std::istreambuf_iterator<char>(file), {}));
}

node_set local(const topology& t, std::initializer_list<unsigned> cpus) {
  return t.local_nodes(std::span(cpus.begin(), cpus.size()));
}

BOOST_AUTO_TEST_CASE(of_synthetic_machines_has_their_nodes) {
  for (unsigned count : {1U, 2U, 4U, 8U}) {
    const topology t = topology::from_synthetic("numa:" + std::to_string(count) + " core:2 pu:1");
    BOOST_TEST(t.nodes().size() == count);
    BOOST_TEST(t.memory_nodes() == t.nodes());
    BOOST_TEST(t.allowed_nodes() == t.nodes());
    BOOST_TEST(t.default_nodes() == t.nodes());
    BOOST_TEST(t.cpus().size() == 2 * count);
    BOOST_TEST(!t.is_this_system());
    BOOST_TEST(t.native_handle() != nullptr);
    for (node_id n : t.nodes()) {
      BOOST_TEST(same(t.cpus(n), cpu_list{2 * n, 2 * n + 1}));
      BOOST_TEST(t.node_of_cpu(2 * n + 1) == n);
      BOOST_TEST(local(t, {2 * n}) == node_set{n});
      BOOST_TEST(t.capacity(n).value() > 0U);
      BOOST_TEST(t.kind(n) == memory_kind::dram);
    }
  }
}

BOOST_AUTO_TEST_CASE(that_is_foreign_reports_its_capacity_as_free) {
  const topology t = topology::from_synthetic("numa:2 pu:1");
  BOOST_TEST(t.memory(1)->total == t.capacity(1));
  BOOST_TEST(t.memory(1)->free == t.capacity(1));
  BOOST_CHECK_EXCEPTION((void)t.local_nodes(), error,
                        with_code(errc::foreign_topology).saying("another machine"));
}

BOOST_AUTO_TEST_CASE(that_tells_nothing_is_not_guessed) {
  const topology t = topology::from_synthetic("numa:2 pu:1");
  BOOST_TEST(t.distance(0, 1) == std::nullopt);
  BOOST_TEST(t.value(memory_attribute::bandwidth, 0, 0) == std::nullopt);
  BOOST_TEST(t.best(memory_attribute::latency, 0) == std::nullopt);
  BOOST_TEST(same(t.nearest_first(1, t.nodes()), node_list{1U, 0U}));
}

BOOST_AUTO_TEST_CASE(knows_the_capacity_without_firmware) {
  const topology t = from_file("gpu");
  BOOST_TEST(t.value(memory_attribute::capacity, 1, 0) == t.capacity(1));
  BOOST_TEST(t.best(memory_attribute::capacity, 0)->node == 0U);
}

BOOST_AUTO_TEST_CASE(that_cannot_be_loaded_says_which) {
  const auto naming = [](std::string_view which) { return with_code(errc::topology_failed).saying(which); };
  BOOST_CHECK_EXCEPTION((void)topology::from_synthetic("numa:x"), error, naming("'numa:x'"));
  BOOST_CHECK_EXCEPTION((void)topology::from_synthetic(""), error, naming("''"));
  BOOST_CHECK_EXCEPTION((void)topology::from_xml("<topology"), error, naming("XML"));
  BOOST_CHECK_EXCEPTION((void)topology::from_xml(""), error, naming("XML"));
}

BOOST_AUTO_TEST_CASE(of_a_later_hwlocs_format_says_what_reads_it) {
  const std::string readable = std::to_string(std::stoi(std::string(hwloc_version())));
  const std::string later = std::to_string(std::stoi(readable) + 1);
  const std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"
      "<topology version=\"" +
      later + ".0\">\n  <object type=\"Machine\"/>\n</topology>\n";
  BOOST_CHECK_EXCEPTION((void)topology::from_xml(xml), error,
                        with_code(errc::topology_failed)
                            .saying("the format of hwloc " + later + ", and this is hwloc " + readable)
                            .saying("--export-xml-flags v" + readable));
}

BOOST_AUTO_TEST_CASE(refuses_a_node_it_does_not_have) {
  const topology t = from_file("sparse");
  const with_code refusal =
      with_code(errc::unknown_node).saying("node 1 does not exist; the machine has nodes 0,2,250");
  BOOST_CHECK_EXCEPTION((void)t.capacity(1), error, refusal);
  BOOST_CHECK_EXCEPTION((void)t.memory(1), error, refusal);
  BOOST_CHECK_EXCEPTION((void)t.kind(1), error, refusal);
  BOOST_CHECK_EXCEPTION((void)t.cpus(1), error, refusal);
  BOOST_CHECK_EXCEPTION((void)t.distance(1, 0), error, refusal);
  BOOST_CHECK_EXCEPTION((void)t.distance(0, 1), error, refusal);
  BOOST_CHECK_EXCEPTION((void)t.nearest_first(0, node_set{1}), error, refusal);
  BOOST_CHECK_EXCEPTION((void)t.value(memory_attribute::capacity, 1, 0), error, refusal);
  BOOST_CHECK_EXCEPTION((void)t.value(memory_attribute::capacity, 0, 1), error, refusal);
  BOOST_CHECK_EXCEPTION((void)t.best(memory_attribute::capacity, 1), error, refusal);
  BOOST_CHECK_EXCEPTION(t.require_usable(node_set{0, 1}), error, refusal);
}

BOOST_AUTO_TEST_CASE(with_sparse_numbers_uses_those_of_the_system) {
  const topology t = from_file("sparse");
  BOOST_TEST(t.nodes() == (node_set{0, 2, 250}));
  BOOST_TEST(same(t.cpus(250), cpu_list{4U, 5U}));
  BOOST_TEST(t.node_of_cpu(5) == 250U);
  BOOST_TEST(t.distance(2, 250) == 30U);
  BOOST_TEST(same(t.nearest_first(250, t.nodes()), node_list{250U, 2U, 0U}));
  BOOST_TEST(t.node_of_cpu(6) == std::nullopt);
}

BOOST_AUTO_TEST_CASE(gives_cpus_of_memory_only_nodes_to_the_nodes_that_own_them) {
  for (const char* name : {"hbm_hmat", "cxl_hmat"}) {
    BOOST_TEST_CONTEXT("machine " << name) {
      const topology t = from_file(name);
      BOOST_TEST(same(t.cpus(0), cpu_list{0U, 1U}));
      BOOST_TEST(same(t.cpus(1), cpu_list{2U, 3U}));
      BOOST_TEST(same(t.cpus(2), cpu_list{}));
      BOOST_TEST(local(t, {0}) == node_set{0});
      BOOST_TEST(local(t, {0, 3}) == (node_set{0, 1}));
    }
  }
}

BOOST_AUTO_TEST_CASE(knows_the_kinds_hwloc_tells) {
  const topology hbm = from_file("hbm_hmat");
  BOOST_TEST(hbm.kind(0) == memory_kind::dram);
  BOOST_TEST(hbm.kind(3) == memory_kind::hbm);
  BOOST_TEST(from_file("cxl_hmat").kind(2) == memory_kind::cxl);
  BOOST_TEST(from_file("gpu").kind(1) == memory_kind::gpu);
}

BOOST_AUTO_TEST_CASE(finds_the_best_memory_for_an_initiator) {
  const topology t = from_file("hbm_hmat");
  BOOST_TEST(t.value(memory_attribute::bandwidth, 2, 0) == 400000U);
  BOOST_TEST(t.value(memory_attribute::latency, 0, 0) == 90U);
  BOOST_TEST(t.value(memory_attribute::bandwidth, 3, 0) == std::nullopt);
  BOOST_TEST(t.value(memory_attribute::bandwidth, 2, 2) == std::nullopt);  // no CPUs there
  BOOST_TEST(t.best(memory_attribute::bandwidth, 0)->node == 2U);
  BOOST_TEST(t.best(memory_attribute::bandwidth, 1)->node == 3U);
  BOOST_TEST(t.best(memory_attribute::latency, 1)->node == 1U);
  BOOST_TEST(t.best(memory_attribute::latency, 1)->value == 90U);
  BOOST_TEST(t.best(memory_attribute::capacity, 1)->node == 0U);
}

BOOST_AUTO_TEST_CASE(keeps_gpu_memory_out_of_the_default_set) {
  const topology t = from_file("gpu");
  BOOST_TEST(t.allowed_nodes() == (node_set{0, 1}));
  BOOST_TEST(t.default_nodes() == node_set{0});
  BOOST_CHECK_NO_THROW(t.require_usable(node_set{1}));
}

BOOST_AUTO_TEST_CASE(knows_nodes_without_memory) {
  const topology t = from_file("memoryless");
  BOOST_TEST(t.nodes() == (node_set{0, 1, 2}));
  BOOST_TEST(t.memory_nodes() == (node_set{0, 2}));
  BOOST_TEST(t.capacity(1) == 0U);
  BOOST_TEST(t.node_of_cpu(2) == 1U);
  BOOST_TEST(local(t, {2}) == node_set{2});  // the nearest by distance
  BOOST_TEST(local(t, {0, 2}) == (node_set{0, 2}));
  BOOST_CHECK_EXCEPTION(
      t.require_usable(node_set{0, 1}), error,
      with_code(errc::node_without_memory).saying("node 1 has no memory; nodes with memory are 0,2"));
}

BOOST_AUTO_TEST_CASE(knows_nodes_that_are_forbidden) {
  const topology t = from_file("disallowed");
  BOOST_TEST(t.memory_nodes() == (node_set{0, 1, 2, 3}));
  BOOST_TEST(t.allowed_nodes() == (node_set{0, 2}));
  BOOST_TEST(local(t, {2}) == node_set{0});
  BOOST_TEST(local(t, {6}) == node_set{2});
  BOOST_CHECK_EXCEPTION(t.require_usable(node_set{0, 3}), error,
                        with_code(errc::node_not_allowed)
                            .saying("node 3 is not allowed for this process; allowed nodes are 0,2"));
}

BOOST_AUTO_TEST_CASE(requires_at_least_one_node) {
  const topology t = from_file("disallowed");
  BOOST_CHECK_EXCEPTION(t.require_usable(node_set{}), error, with_code(errc::empty_node_set).saying("0,2"));
  BOOST_CHECK_NO_THROW(t.require_usable(node_set{0, 2}));
  BOOST_CHECK_EXCEPTION(t.require_usable(node_set{1, 9}), error,
                        with_code(errc::node_not_allowed).saying("node 1"));
}

BOOST_AUTO_TEST_CASE(refuses_cpus_it_does_not_have) {
  const topology t = from_file("sparse");
  BOOST_CHECK_EXCEPTION((void)local(t, {0, 99}), error,
                        with_code(errc::invalid_argument).saying("no CPU 99"));
  BOOST_CHECK_EXCEPTION((void)local(t, {}), error,
                        with_code(errc::invalid_argument).saying("at least one CPU"));
}

BOOST_AUTO_TEST_CASE(lives_as_long_as_a_copy) {
  std::optional<topology> t = from_file("sparse");
  const topology copy = *t;
  t.reset();
  BOOST_TEST(copy.distance(0, 2) == 20U);
  BOOST_TEST(copy.value(memory_attribute::capacity, 0, 0) == copy.capacity(0));
}

BOOST_AUTO_TEST_CASE(names_kinds_and_attributes) {
  BOOST_TEST(to_string(memory_kind::unknown) == "unknown");
  BOOST_TEST(to_string(memory_kind::dram) == "dram");
  BOOST_TEST(to_string(memory_kind::hbm) == "hbm");
  BOOST_TEST(to_string(memory_kind::cxl) == "cxl");
  BOOST_TEST(to_string(memory_kind::nvm) == "nvm");
  BOOST_TEST(to_string(memory_kind::gpu) == "gpu");
  BOOST_TEST(to_string(memory_attribute::capacity) == "capacity");
  BOOST_TEST(to_string(memory_attribute::bandwidth) == "bandwidth");
  BOOST_TEST(to_string(memory_attribute::latency) == "latency");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(node_files)

BOOST_AUTO_TEST_CASE(reads_the_lists_of_the_kernel) {
  BOOST_TEST(parse_kernel_list("0-3,8\n") == (cpu_list{0, 1, 2, 3, 8}));
  BOOST_TEST(parse_kernel_list("\n") == cpu_list{});
  for (const char* text : {"x", "0-", "0;1", "0-99999999", "-1", "1-0"}) {
    BOOST_TEST_INFO("'" << text << "'");
    BOOST_TEST(parse_kernel_list(text) == std::nullopt);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
