// Large blocks: allocated, every page touched, freed; one size again and again, and a mix.
#include <acre/bytes.hpp>

#include <array>
#include <cmath>

#include "fresh_process.hpp"
#include "workloads.hpp"

namespace {

using namespace acre::literals;

/// What it takes once it has been done `before` times.
template <class F>
bench::figures steady(int before, double at_least, F once) {
  for (int i = 0; i != before; ++i) once();
  const double faults = bench::faults();
  double times = 0;
  const double each = bench::seconds_each(at_least, 4, [&] {
    for (int i = 0; i != 4; ++i) once();
    times += 4;
  });
  return {{"seconds", each}, {"faults", (bench::faults() - faults) / times}};
}

bench::figures one_size(std::pmr::memory_resource& memory, std::size_t bytes, double at_least) {
  return steady(2, at_least, [&] {
    void* const p = memory.allocate(bytes);
    bench::touch(p, bytes);
    memory.deallocate(p, bytes);
  });
}

/// 16 live blocks, of which random ones are replaced. Each doubling of the size is as likely as another.
bench::figures mixed(std::pmr::memory_resource& memory, std::size_t most, double at_least) {
  struct block {
    void* at = nullptr;
    std::size_t bytes = 0;
  };
  std::array<block, 16> live;
  bench::random_numbers random(1);
  const double doublings = std::log2(static_cast<double>(most) / 65536.0);
  return steady(256, at_least, [&] {
    block& b = live[random.below(live.size())];
    if (b.at != nullptr) memory.deallocate(b.at, b.bytes);
    const double power = doublings * static_cast<double>(random.next()) / 4294967296.0;
    b.bytes = static_cast<std::size_t>(65536.0 * std::exp2(power));
    b.at = memory.allocate(b.bytes);
    bench::touch(b.at, b.bytes);
  });
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  const double at_least = smoke ? 0 : 0.02;
  for (const std::size_t bytes : {64_KiB, 2_MiB, 64_MiB}) {
    fresh_rows("large/" + acre::format_bytes(bytes), page_peers(),
               [=](subject& s) { return one_size(*s.memory, bytes, at_least); });
  }
  const std::size_t most = smoke ? 1_MiB : 8_MiB;
  fresh_rows("large/64KiB to " + acre::format_bytes(most), page_peers(),
             [=](subject& s) { return mixed(*s.memory, most, at_least); });
}
