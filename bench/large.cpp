// Large blocks: allocated, every page touched, freed; one size again and again, and a mix.
#include <acre/bytes.hpp>

#include <array>
#include <cmath>

#include "fresh_process.hpp"

namespace {

using namespace acre::literals;

bench::figures one_size(std::pmr::memory_resource& memory, std::size_t bytes, double at_least) {
  const auto use = [&] {
    void* const p = memory.allocate(bytes);
    bench::touch(p, bytes);
    memory.deallocate(p, bytes);
  };
  for (int i = 0; i != 2; ++i) use();
  return bench::repeated(at_least, 1, use);
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
  const auto replace = [&] {
    block& b = live[random.below(live.size())];
    if (b.at != nullptr) memory.deallocate(b.at, b.bytes);
    const double power = doublings * static_cast<double>(random.next()) / 4294967296.0;
    b.bytes = static_cast<std::size_t>(65536.0 * std::exp2(power));
    b.at = memory.allocate(b.bytes);
    bench::touch(b.at, b.bytes);
  };
  for (int i = 0; i != 1000; ++i) replace();
  return bench::repeated(at_least, 1, replace);
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
