// control_group: a control group (v2) that a test makes and changes. Needs root.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <string>

#include "support/require.hpp"

namespace acre::test {

inline const std::string top_group = "/sys/fs/cgroup";

inline bool write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

/// A control group below the topmost, until this ends.
class control_group {
 public:
  control_group() : control_group("acre-" + std::to_string(getpid())) {}
  explicit control_group(const std::string& name) : x_name(name), x_path(top_group + "/" + name) {
    require(mkdir(x_path.c_str(), 0755) == 0, x_path.c_str());
  }
  ~control_group() {
    // A killed process leaves its group a little later.
    for (int tries = 0; tries < 100 && rmdir(x_path.c_str()) != 0; ++tries) usleep(10'000);
  }
  control_group(const control_group&) = delete;
  control_group& operator=(const control_group&) = delete;
  control_group below() const { return control_group(x_name + "/inner"); }

  const std::string& name() const { return x_name; }
  void take(int pid) const { write("cgroup.procs", std::to_string(pid)); }
  void write(const std::string& file, const std::string& text) const {
    BOOST_TEST_REQUIRE(write_text(x_path + "/" + file, text), file << " does not take " << text);
  }

 private:
  std::string x_name;
  std::string x_path;
};

/// The calling process in a group, until this ends.
class moved_into {
 public:
  explicit moved_into(const control_group& group) {
    std::ifstream file("/proc/self/cgroup");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("0::")) x_before = line.substr(3);
    }
    group.take(getpid());
  }
  ~moved_into() { write_text(top_group + x_before + "/cgroup.procs", std::to_string(getpid())); }
  moved_into(const moved_into&) = delete;
  moved_into& operator=(const moved_into&) = delete;

 private:
  std::string x_before;
};

}  // namespace acre::test
