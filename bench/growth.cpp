// Vectors that grow by push_back, in a process that has not used the allocator before: the first time, and once
// the memory of vectors before is there.
#include <acre/numa_allocator.hpp>

#include <memory>

#include "fresh_process.hpp"

namespace {

template <class Make>
bench::figures grow(Make make, std::size_t count, bool first) {
  const auto once = [&] {
    auto vector = make();
    for (std::size_t i = 0; i != count; ++i) vector.push_back(static_cast<double>(i));
    benchmark::DoNotOptimize(vector.data());
  };
  bench::warm(count * sizeof(double) * 4);
  if (!first) once();
  return bench::repeated(0, count, once);
}

/// std::vector<double> with an allocator whose type says all.
template <class Allocator>
void typed_row(const std::string& name, std::size_t count, bool first, Allocator (*allocator)()) {
  const auto body = [=](benchmark::State& state) {
    bench::attempt(state, [&] {
      const bench::report found = bench::in_fresh_process([&] {
        const Allocator a = allocator();
        return bench::report{grow([&] { return std::vector<double, Allocator>(a); }, count, first)};
      });
      for (auto _ : state) state.SetIterationTime(found.counted.at("seconds"));
      state.counters["faults"] = found.counted.at("faults");
    });
  };
  bench::row(name, body)->Iterations(1)->UseManualTime();
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  const std::size_t count = smoke ? 100'000 : std::size_t{64} << 20;
  for (const bool first : {true, false}) {
    const std::string when = first ? ", first time" : ", again";
    const std::string group = "growth/pmr::vector<double>" + when;
    fresh_rows(group, page_peers(), [=](subject& s) {
      return grow([&] { return std::pmr::vector<double>(s.memory.get()); }, count, first);
    });
    const std::string typed = "growth/std::vector<double, A>" + when + "/";
    typed_row<std::allocator<double>>(typed + glibc, count, first, [] { return std::allocator<double>(); });
    typed_row<acre::numa_allocator<double>>(typed + "acre::numa_allocator", count, first, [] {
      return acre::numa_allocator<double>(acre::placement::bind({node()}));
    });
  }
}
