// kernel_policy: acre's policies and the kernel's are the same ones.
#include "placement/kernel_policy.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>

#include "support/print.hpp"

namespace acre::test {
namespace {

policy read_back(int number, const node_set& nodes) { return from_kernel({number, to_bits(nodes)}); }

BOOST_AUTO_TEST_SUITE(a_kernel_policy)

BOOST_AUTO_TEST_CASE(is_found_by_its_mode) {
  for (std::size_t i = 0; i != kernel_policies().size(); ++i) {
    BOOST_TEST((kernel_policies()[i].mode == static_cast<policy_mode>(i)));
    BOOST_TEST(&row_of(static_cast<policy_mode>(i)) == &kernel_policies()[i]);
    BOOST_TEST(to_string(static_cast<policy_mode>(i)) == kernel_policies()[i].name);
  }
  BOOST_TEST(to_string(static_cast<policy_mode>(kernel_policies().size())) == "invalid");
}

BOOST_AUTO_TEST_CASE(comes_back_from_the_kernel_as_it_went) {
  const node_set nodes{0, 3, 70};
  for (const kernel_policy& k : kernel_policies()) {
    const policy went{k.mode, k.has_nodes ? nodes : node_set{}};
    BOOST_TEST((read_back(k.number, went.nodes) == went), k.name);
    BOOST_TEST((read_back(k.number | 0x8000, went.nodes) == went), k.name << " with a flag");
  }
}

BOOST_AUTO_TEST_CASE(of_several_preferred_nodes_is_prefer) {
  BOOST_TEST((read_back(sys::mode_preferred_many, {1, 2}) == policy{policy_mode::prefer, {1, 2}}));
}

BOOST_AUTO_TEST_CASE(that_prefers_no_node_is_local) {
  BOOST_TEST((read_back(sys::mode_preferred, {}) == policy{policy_mode::local, {}}));
}

BOOST_AUTO_TEST_CASE(that_no_acre_knows_counts_as_local) {
  BOOST_TEST((read_back(99, {1}) == policy{policy_mode::local, {}}));
}

BOOST_AUTO_TEST_CASE(of_one_of_the_preferred_nodes_is_what_old_kernels_install) {
  const policy wanted{policy_mode::prefer, {1, 2}};
  BOOST_TEST(is_installed({sys::mode_preferred_many, to_bits({1, 2})}, wanted));
  BOOST_TEST(is_installed({sys::mode_preferred, to_bits({1})}, wanted));
  BOOST_TEST(!is_installed({sys::mode_preferred, to_bits({2})}, wanted));
  BOOST_TEST(!is_installed({sys::mode_bind, to_bits({1, 2})}, wanted));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
