// cpu_binding: a scope in which the calling thread, and what it starts, runs on some CPUs only.
#pragma once

#include <vector>

namespace acre_cli {

class cpu_binding {
 public:
  /// \throws input_error where the system does not have all of `cpus` for this process; nothing is changed then
  explicit cpu_binding(const std::vector<unsigned>& cpus);
  cpu_binding(const cpu_binding&) = delete;
  cpu_binding& operator=(const cpu_binding&) = delete;
  /// The CPUs that were there before, as far as they still are.
  ~cpu_binding();

 private:
  std::vector<unsigned> x_before;
};

/// The CPUs that the calling thread may run on.
std::vector<unsigned> bound_cpus();

}  // namespace acre_cli
