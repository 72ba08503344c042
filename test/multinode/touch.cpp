#include "multinode/touch.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <vector>

#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {

void touch_in_turn(void* p, std::size_t bytes, std::size_t page_size) {
  const std::vector<unsigned> cpus = one_cpu_per_node();
  for (std::size_t k = 0; k < cpus.size(); ++k) {
    const pinned here(cpus[k]);
    for (std::size_t at = k * page_size; at < bytes; at += cpus.size() * page_size) {
      touch(static_cast<char*>(p) + at, std::min(page_size, bytes - at));
    }
  }
}

unsigned toucher_of(std::size_t index) {
  static const std::vector<unsigned> touchers = [] {
    std::vector<unsigned> of;
    for (unsigned cpu : one_cpu_per_node()) of.push_back(node_of_cpu(cpu));
    return of;
  }();
  return touchers[index % touchers.size()];
}

// Writes at once: a read fault would map the huge zero page, whose later write splits it into base pages, which
// khugepaged may join again on one node.
void touch(void* p, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; at += base_page()) {
    const std::atomic_ref<unsigned char> byte(static_cast<unsigned char*>(p)[at]);
    unsigned char now = 0;
    while (!byte.compare_exchange_strong(now, now)) {
    }
  }
}

void sign_pages(void* p, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; at += base_page()) {
    const std::uint64_t value = at * 31 + 7;
    std::memcpy(static_cast<char*>(p) + at, &value, sizeof value);
  }
}

bool pages_are_signed(const void* p, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; at += base_page()) {
    std::uint64_t value = 0;
    std::memcpy(&value, static_cast<const char*>(p) + at, sizeof value);
    if (value != at * 31 + 7) return false;
  }
  return true;
}

}  // namespace acre::test
