// prefault and eager commit: every page exists afterwards, where its policy wants it.
#include <acre/area.hpp>
#include <acre/check.hpp>
#include <acre/prefault.hpp>

#include <boost/test/unit_test.hpp>

#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(prefaulting)

BOOST_AUTO_TEST_CASE(fills_nodes_with_and_without_cpus) {
  for (unsigned node : usable_nodes()) {
    for (const placement& where : {placement::bind({node}), placement::prefer({node})}) {
      BOOST_TEST_CONTEXT(where) {
        area a(where);
        const std::size_t bytes = 300 * base_page();
        void* p = a.allocate(bytes);
        prefault(p, bytes);
        expect_all_on(node, p, bytes);
        BOOST_TEST(a.check_block(p, bytes));
        a.deallocate(p, bytes);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(keeps_what_is_there) {
  const unsigned node = usable_list().back();
  area a(placement::bind({node}));
  const std::size_t bytes = 64 * base_page();
  void* p = a.allocate(bytes);
  sign_pages(p, bytes / 2);
  prefault(p, bytes);
  BOOST_TEST(pages_are_signed(p, bytes / 2));
  BOOST_TEST(policy_at(p) == (kernel_policy{mpol::bind, {node}}));
  expect_all_on(node, p, bytes);
  a.deallocate(p, bytes);
}

BOOST_AUTO_TEST_CASE(commits_large_blocks_in_parallel) {
  const node_set all = to_node_set(usable_nodes());
  for (const placement& where : {placement::blocked(all), placement::interleave(all), placement::bind(all)}) {
    BOOST_TEST_CONTEXT(where) {
      area_options options;
      options.commit = commit::eager;
      area a(where, options);
      const std::size_t bytes = std::size_t{72} << 20;
      void* p = a.allocate(bytes);
      BOOST_TEST(count_untouched(p, bytes) == 0U);
      BOOST_TEST(a.check_block(p, bytes));
      a.deallocate(p, bytes);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
