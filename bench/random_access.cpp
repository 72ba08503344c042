// Loads from random places of a large block, each at an address that depends on the load before: what huge
// pages are worth.
#include <acre/bytes.hpp>

#include "fresh_process.hpp"

namespace {

using namespace acre::literals;

bench::figures chase(std::pmr::memory_resource& memory, std::size_t bytes, double at_least) {
  auto* const block = static_cast<std::uint64_t*>(memory.allocate(bytes));
  bench::touch(block, bytes);
  const std::size_t words = bytes / sizeof *block;
  // What the words hold does not matter: the next place is random with whatever is added to it, and has to wait
  // for the load.
  std::uint64_t at = 1;
  const bench::figures found = bench::repeated(at_least, 1000, [&] {
    for (int i = 0; i != 1000; ++i) {
      at = at * 0x5851'f42d'4c95'7f2d + 0x1405'7b7e'f767'814f;
      const std::size_t place = (at >> 20) & (words - 1) & ~std::size_t{7};
      at += static_cast<const volatile std::uint64_t*>(block)[place + 1];
    }
  });
  benchmark::DoNotOptimize(at);
  memory.deallocate(block, bytes);
  return {{"seconds", found.at("seconds")}};
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  const std::size_t bytes = smoke ? 4_MiB : 1_GiB;
  fresh_rows("random_access/" + acre::format_bytes(bytes), page_peers(),
             [=](subject& s) { return chase(*s.memory, bytes, smoke ? 0 : 0.05); });
}
