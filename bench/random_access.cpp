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
  std::uint64_t at = 1;
  const bench::figures found =
      bench::repeated(at_least, 1000, [&] { at = bench::load_from_random_places(block, words, at, 1000); });
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
