#include "pool/pools_in_fork.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

#include "support/child.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

/// Writes down what fork does with it.
class noted_pool final : private pool_in_fork {
 public:
  explicit noted_pool(std::string& log) : x_log(log) { be_held_in_fork(); }
  ~noted_pool() { be_forgotten_by_fork(); }

 private:
  void lock_for_fork() noexcept override { x_log += "locked "; }
  void unlock_after_fork() noexcept override { x_log += "unlocked "; }
  void forget_other_threads() noexcept override { x_log += "alone "; }

  std::string& x_log;
};

BOOST_AUTO_TEST_SUITE(a_pool_in_fork)

BOOST_AUTO_TEST_CASE(is_held_and_let_go_in_both_processes_and_alone_in_the_child) {
  std::string log;
  const noted_pool pool(log);
  in_child([&] { BOOST_TEST(log == "locked alone unlocked "); });
  BOOST_TEST(log == "locked unlocked ");
}

BOOST_AUTO_TEST_CASE(is_one_of_many) {
  std::string first;
  std::string second;
  std::string third;
  const noted_pool a(first);
  {
    const noted_pool b(second);
    const noted_pool c(third);
    in_child([] {});
  }
  in_child([] {});
  BOOST_TEST(first == "locked unlocked locked unlocked ");
  BOOST_TEST(second == "locked unlocked ");
  BOOST_TEST(third == "locked unlocked ");
}

BOOST_AUTO_TEST_CASE(is_unknown_once_it_was_forgotten_in_whatever_order) {
  std::string kept;
  std::string gone;
  {
    auto* const a = new noted_pool(gone);
    const noted_pool b(kept);
    delete a;
    in_child([] {});
  }
  in_child([] {});
  BOOST_TEST(gone == "");
  BOOST_TEST(kept == "locked unlocked ");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
