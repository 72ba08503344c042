// The conformance suite over real pages: areas, and the pools of placements.
#include <acre/area.hpp>
#include <acre/placement.hpp>
#include <acre/resource_for.hpp>
#include <acre/topology.hpp>

#include <acre/pool_resource.hpp>
#include "support/resource_conformance.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory_resource>

namespace acre::test {
namespace {

class area_factory {
 public:
  static constexpr std::size_t largest_alignment = 4U << 20;
  static constexpr std::size_t blocks = 100;  // each is a mapping
  std::pmr::memory_resource& resource() { return x_area; }

 private:
  area x_area{placement::bind(topology::system().default_nodes())};
};

class pool_over_area_factory {
 public:
  static constexpr std::size_t largest_alignment = 4U << 20;
  static constexpr std::size_t blocks = 2000;
  std::pmr::memory_resource& resource() { return x_pool; }

 private:
  area x_area{placement::interleave(topology::system().default_nodes())};
  pool_resource x_pool{&x_area};
};

INSTANTIATE_TYPED_TEST_SUITE_P(area, resource_conformance, area_factory);
INSTANTIATE_TYPED_TEST_SUITE_P(pool_over_area, resource_conformance, pool_over_area_factory);

}  // namespace
}  // namespace acre::test
