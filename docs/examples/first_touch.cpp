// A vector whose pages lie where the threads that fill it run.
#include <acre/acre.hpp>

#include <algorithm>
#include <iostream>
#include <thread>
#include <vector>

#include "require.hpp"

int main() {
  using numbers = std::vector<double, acre::first_touch_allocator<double>>;
  numbers v(4 << 20, acre::placement::local());  // 32 MiB of addresses, not one page

  const std::size_t bytes = v.size() * sizeof(double);
  const acre::residency fresh = acre::locate(v.data(), bytes);
  require(fresh.untouched == fresh.pages, "the vector touches nothing");

  const std::size_t threads = std::max(2U, std::thread::hardware_concurrency());
  std::vector<std::jthread> workers;
  for (std::size_t i = 0; i < threads; ++i) {
    workers.emplace_back([&v, i, threads] {
      const std::size_t first = v.size() * i / threads;
      const std::size_t last = v.size() * (i + 1) / threads;
      std::fill(v.data() + first, v.data() + last, 1.0);
    });
  }
  workers.clear();  // joins

  std::cout << acre::locate(v.data(), bytes) << '\n';
  require(acre::locate(v.data(), bytes).untouched == 0, "the workers touched everything");
  require(acre::check(v.data(), bytes, acre::placement::local()).ok(), "local is the policy");
}
