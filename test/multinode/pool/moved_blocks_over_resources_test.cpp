// Blocks that migrate() moved, of pools over memory of others: areas whose pages stay, other pools, resources that know
// nothing of placements. What goes back to them is as they gave it.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/migrate.hpp>
#include <acre/pool_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <memory_resource>
#include <utility>

#include "multinode/touch.hpp"
#include "multinode/two_nodes.hpp"
#include "multinode/verify.hpp"
#include "support/kernel.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

/// Pages that cannot be given back are moved back.
void expect_put_right_over(std::pmr::memory_resource& upstream, const two_nodes& n, std::size_t bytes) {
  pool_resource pool(&upstream);
  void* const p = pool.allocate(bytes);
  sign_pages(p, bytes);
  const auto home = policies_of(p, bytes);
  BOOST_TEST(migrate(p, bytes, placement::bind({n.first})).failed() == 0U);
  expect_all_on(n.first, p, bytes);
  pool.deallocate(p, bytes);
  void* const q = pool.allocate(bytes);
  BOOST_TEST((q == p || bytes > 16_MiB));
  sign_pages(q, bytes);
  expect_policies(home, q, bytes);
  migrate(q, bytes, placement::bind({n.first}));
  pool.deallocate(q, bytes);
}

/// Remembers where it gave memory, and looks at it when it comes back.
class looking_resource final : public std::pmr::memory_resource {
 public:
  looking_resource(std::pmr::memory_resource& from, kernel_policy wanted)
      : x_from(from), x_wanted(std::move(wanted)) {}
  std::size_t wrong = 0;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return x_from.allocate(bytes, alignment);
  }
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
    for (const kernel_policy& found : policies_of(p, bytes)) wrong += found != x_wanted ? 1U : 0U;
    x_from.deallocate(p, bytes, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  std::pmr::memory_resource& x_from;
  kernel_policy x_wanted;
};

BOOST_FIXTURE_TEST_SUITE(migration_of_pool_blocks, two_nodes)

BOOST_AUTO_TEST_CASE(of_pools_over_areas_whose_pages_stay_is_put_right) {
  const placement home = placement::bind({second});
  for (const std::size_t bytes : {200_KiB, 3_MiB}) {
    for (const page_kind kind : {page_kind::system, page_kind::transparent_huge}) {
      area eager(home, {.page_kind = kind, .commit = commit::eager});
      expect_put_right_over(eager, *this, bytes);
      area locked(home, {.page_kind = kind, .lock = page_lock::on});
      expect_put_right_over(locked, *this, bytes);
    }
    area shared(home, {.sharing = sharing::shared});
    expect_put_right_over(shared, *this, bytes);
    area turns(placement::interleave({first, second}), {.commit = commit::eager});
    expect_put_right_over(turns, *this, bytes);
  }
}

BOOST_AUTO_TEST_CASE(of_pools_over_others_memory_is_put_right_before_that_goes_back) {
  area pages(placement::bind({second}));
  looking_resource looks(pages, {mpol::bind, {second}});
  for (const std::size_t bytes : {200_KiB, 3_MiB, 17_MiB}) expect_put_right_over(looks, *this, bytes);
  BOOST_TEST(looks.wrong == 0U);
  // A pool over a pool.
  pool_resource below(placement::bind({second}));
  for (const std::size_t bytes : {200_KiB, 3_MiB, 17_MiB}) expect_put_right_over(below, *this, bytes);
  for (const std::size_t bytes : {200_KiB, 3_MiB, 17_MiB}) {
    void* const p = below.allocate(bytes);
    touch(p, bytes);
    expect_all_on(second, p, bytes);
    below.deallocate(p, bytes);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
