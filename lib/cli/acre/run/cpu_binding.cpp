#include "cli/acre/run/cpu_binding.hpp"

#include "cli/common/input_error.hpp"
#include "cli/common/text.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <memory>
#include <system_error>

namespace acre_cli {
namespace {

/// As many CPUs as asked for: cpu_set_t ends at 1024.
class cpu_mask {
 public:
  explicit cpu_mask(std::size_t cpus) : x_size(CPU_ALLOC_SIZE(cpus)), x_set(CPU_ALLOC(cpus), free_set{}) {
    if (!x_set) throw std::bad_alloc();
    CPU_ZERO_S(x_size, x_set.get());
  }
  cpu_set_t* data() const { return x_set.get(); }
  std::size_t bytes() const { return x_size; }
  void insert(std::size_t cpu) { CPU_SET_S(cpu, x_size, x_set.get()); }
  bool contains(std::size_t cpu) const { return CPU_ISSET_S(cpu, x_size, x_set.get()); }

 private:
  struct free_set {
    void operator()(cpu_set_t* set) const { CPU_FREE(set); }
  };
  std::size_t x_size;
  std::unique_ptr<cpu_set_t, free_set> x_set;
};

bool set(const std::vector<unsigned>& cpus) {
  cpu_mask mask(*std::ranges::max_element(cpus) + 1);
  for (const unsigned cpu : cpus) mask.insert(cpu);
  return ::sched_setaffinity(0, mask.bytes(), mask.data()) == 0;
}

}  // namespace

std::vector<unsigned> bound_cpus() {
  for (std::size_t room = 1024; room <= (1U << 20); room *= 2) {
    const cpu_mask mask(room);
    if (::sched_getaffinity(0, mask.bytes(), mask.data()) != 0) {
      if (errno == EINVAL) continue;  // the kernel has more CPUs
      break;
    }
    std::vector<unsigned> cpus;
    for (unsigned cpu = 0; cpu < room; ++cpu) {
      if (mask.contains(cpu)) cpus.push_back(cpu);
    }
    return cpus;
  }
  throw std::system_error(errno, std::generic_category(), "cannot tell the CPUs of this process");
}

cpu_binding::cpu_binding(const std::vector<unsigned>& cpus) : x_before(bound_cpus()) {
  if (!set(cpus)) {
    const int reason = errno;
    if (reason == EINVAL)
      throw input_error(fmt::format("this process may use none of the CPUs {}", format_cpus(cpus)));
    throw std::system_error(reason, std::generic_category(),
                            fmt::format("cannot bind to CPUs {}", format_cpus(cpus)));
  }
  // The kernel leaves out what it does not have or the cpuset forbids, and says nothing.
  std::vector<unsigned> missing;
  std::ranges::set_difference(cpus, bound_cpus(), std::back_inserter(missing));
  if (missing.empty()) return;
  set(x_before);
  throw input_error(
      fmt::format("this process may not use the CPUs {}, or there are none such", format_cpus(missing)));
}

cpu_binding::~cpu_binding() { set(x_before); }

}  // namespace acre_cli
