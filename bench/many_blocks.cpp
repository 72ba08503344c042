// 8 KiB blocks, of which random ones are replaced: what a block costs must not depend on how many are live.
#include "fresh_process.hpp"

namespace {

bench::figures replace(bench::subject& s, std::size_t live, double at_least) {
  bench::live_blocks blocks(*s.memory, live, {8192, 8192}, 1);
  // Every block once, on average; but some resources would take minutes for that.
  const double begin = bench::seconds();
  for (std::size_t i = 0; i < live && bench::seconds() - begin < 10 * at_least; i += 64) blocks.replace(64);
  const bench::figures found = bench::repeated(at_least, 64, [&] { blocks.replace(64); });
  blocks.abandon();
  static_cast<void>(s.memory.release());
  return {{"seconds", found.at("seconds")}};
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  for (const std::size_t count : {1'000U, 10'000U, 200'000U}) {
    const std::size_t live = smoke ? count / 100 : count;
    // 200,000 mappings are more than the kernel allows.
    fresh_rows("many_blocks/" + std::to_string(live) + " live", count > 10'000 ? block_peers() : page_peers(),
               [=](subject& s) { return replace(s, live, smoke ? 0 : 0.02); });
  }
}
