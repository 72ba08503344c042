// restrict_process: a running process is left with some nodes only, if its control group is its own.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <acre/binding_of.hpp>
#include <acre/restrict_process.hpp>

#include <cerrno>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "multinode/thread_policies.hpp"
#include "support/child.hpp"

namespace acre::test {
namespace {

const std::string top = "/sys/fs/cgroup";

bool write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

/// A control group below the topmost, until this ends. Needs root.
class control_group {
 public:
  explicit control_group(const std::string& name) : x_path(top + "/" + name) {
    EXPECT_EQ(mkdir(x_path.c_str(), 0755), 0) << x_path;
  }
  ~control_group() {
    // A killed process leaves its group a little later.
    for (int tries = 0; tries < 100 && rmdir(x_path.c_str()) != 0; ++tries) usleep(10'000);
  }
  control_group(const control_group&) = delete;
  control_group& operator=(const control_group&) = delete;
  void take(int pid) const { EXPECT_TRUE(write_text(x_path + "/cgroup.procs", std::to_string(pid))); }

 private:
  std::string x_path;
};

/// Needs two usable nodes, and root.
class restricting : public testing::Test {
 protected:
  std::vector<unsigned> usable = usable_list();
  unsigned first = usable.at(0);
  unsigned second = usable.at(1);
  plain_memory memory;
};

TEST_F(restricting, moves_pages_and_lets_none_be_touched_elsewhere) {
  const plain_memory later;
  const control_group own("acre-restricted");
  companion child(
      [&] {
        ASSERT_EQ(set_policy(memory.data(), memory.size(), {mpol::preferred, {first}}), 0);
        sign_pages(memory.data(), memory.size());
        expect_all_on(first, memory.data(), memory.size());
      },
      [&] {
        if (set_policy(later.data(), later.size(), {mpol::preferred, {first}}) != EINVAL) return false;
        touch(later.data(), later.size());
        const std::map<unsigned, std::size_t> wanted{{second, later.size() / base_page()}};
        return count_pages(later.data(), later.size()) == wanted &&
               pages_are_signed(memory.data(), memory.size());
      });
  own.take(child.pid());
  EXPECT_EQ(restrict_process(child.pid(), {second}), node_set{second});
  EXPECT_EQ(binding_of(child.pid()).allowed_nodes, node_set{second});
  EXPECT_EQ(count_pages_of(child.pid(), memory.data(), memory.size()),
            (std::map<unsigned, std::size_t>{{second, memory.size() / base_page()}}));
  EXPECT_TRUE(child.end_well());
}

TEST_F(restricting, can_be_taken_back) {
  const control_group own("acre-restricted");
  const companion child([] {});
  own.take(child.pid());
  EXPECT_EQ(restrict_process(child.pid(), {second}), node_set{second});
  const node_set all = to_node_set(usable_nodes());
  EXPECT_EQ(restrict_process(child.pid(), all), all);
}

TEST_F(restricting, refuses_groups_with_other_processes) {
  const control_group shared("acre-shared");
  const companion one([] {});
  const companion other([] {});
  shared.take(one.pid());
  shared.take(other.pid());
  try {
    restrict_process(one.pid(), {second});
    ADD_FAILURE() << "two processes were restricted";
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::group_shared) << e.what();
    EXPECT_NE(std::string(e.what()).find("/acre-shared has other processes"), std::string::npos) << e.what();
  }
  EXPECT_TRUE(binding_of(other.pid()).allowed_nodes.contains({first, second}));
}

TEST_F(restricting, refuses_groups_with_groups_below) {
  const control_group outer("acre-outer");
  const control_group inner("acre-outer/inner");
  const companion child([] {});
  outer.take(child.pid());
  EXPECT_EQ(code_of([&] { restrict_process(child.pid(), {second}); }), errc::group_shared);
}

TEST_F(restricting, needs_the_controller) {
  const control_group outer("acre-outer");
  const control_group inner("acre-outer/inner");
  const companion child([] {});
  inner.take(child.pid());
  EXPECT_EQ(code_of([&] { restrict_process(child.pid(), {second}); }), errc::binding_unsupported);
}

TEST_F(restricting, needs_a_group_below_the_topmost) {
  const companion child([] {});
  ASSERT_TRUE(write_text(top + "/cgroup.procs", std::to_string(child.pid())));
  EXPECT_EQ(code_of([&] { restrict_process(child.pid(), {second}); }), errc::binding_unsupported);
}

TEST_F(restricting, needs_the_right_to_write) {
  const control_group own("acre-restricted");
  const companion child([] {});
  own.take(child.pid());
  const int pid = child.pid();
  in_child([&] {
    ASSERT_EQ(setgid(65534), 0);
    ASSERT_EQ(setuid(65534), 0);
    EXPECT_EQ(code_of([&] { restrict_process(pid, {second}); }), errc::permission_denied);
  });
}

TEST_F(restricting, refuses_nodes_and_processes_that_do_not_exist) {
  EXPECT_EQ(code_of([] { restrict_process(0, {}); }), errc::empty_node_set);
  EXPECT_EQ(code_of([] { restrict_process(0, {*online_nodes().rbegin() + 1}); }), errc::unknown_node);
  std::error_code ec;
  restrict_process(-1, {first}, ec);
  EXPECT_EQ(ec, errc::no_such_process);
}

}  // namespace
}  // namespace acre::test
