#include "cli/run/cpu_binding.hpp"

#include "cli/input_error.hpp"
#include "cli/text.hpp"
#include "process/thread_cpus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace acre_cli {

std::vector<unsigned> bound_cpus() {
  std::vector<unsigned> cpus = acre::allowed_cpus();
  if (cpus.empty()) throw std::runtime_error("the kernel does not tell the CPUs of this process");
  return cpus;
}

cpu_binding::cpu_binding(const std::vector<unsigned>& cpus) : x_before(bound_cpus()) {
  if (const int reason = acre::pin(cpus); reason != 0) {
    if (reason == EINVAL)
      throw input_error(fmt::format("this process may use none of the CPUs {}", format_cpus(cpus)));
    throw std::system_error(reason, std::generic_category(),
                            fmt::format("cannot bind to CPUs {}", format_cpus(cpus)));
  }
  // The kernel leaves out what it does not have or the cpuset forbids, and says nothing.
  std::vector<unsigned> missing;
  std::ranges::set_difference(cpus, bound_cpus(), std::back_inserter(missing));
  if (missing.empty()) return;
  acre::pin(x_before);
  throw input_error(
      fmt::format("this process may not use the CPUs {}, or there are none such", format_cpus(missing)));
}

cpu_binding::~cpu_binding() { acre::pin(x_before); }

}  // namespace acre_cli
