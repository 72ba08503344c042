// More than one pool: used in turn by one thread, made and ended again and again, and alive at the same time.
#include <array>

#include "fresh_process.hpp"

namespace {

/// A pair in one pool after the other.
bench::figures in_turn(const bench::peer& p, bench::subject& first, std::size_t count, double at_least) {
  std::vector<bench::subject> others;
  std::vector<std::pmr::memory_resource*> pools{first.memory.get()};
  for (std::size_t i = 1; i != count; ++i) pools.push_back(others.emplace_back(p.make()).memory.get());
  const auto round = [&] {
    for (int times = 0; times != 16; ++times) {
      for (std::pmr::memory_resource* const pool : pools) {
        void* const block = pool->allocate(64);
        bench::write_a_word(block);
        pool->deallocate(block, 64);
      }
    }
  };
  return {{"seconds", bench::repeated(at_least, 16 * count, round).at("seconds")}};
}

void use(std::pmr::memory_resource& memory) {
  std::array<void*, 100> blocks{};
  for (void*& b : blocks) {
    b = memory.allocate(64);
    bench::write_a_word(b);
  }
  for (void* const b : blocks) memory.deallocate(b, 64);
}

/// Made, used, ended.
bench::figures cycles(const bench::peer& p, std::size_t count) {
  const std::size_t part = count / 100;
  std::vector<double> at{bench::cpu_seconds()};
  double early = 0;
  for (std::size_t i = 0; i != count; ++i) {
    const bench::subject s = p.make();
    use(*s.memory);
    if ((i + 1) % part == 0) at.push_back(bench::cpu_seconds());
    if (i + 1 == part) early = bench::resident_bytes();
  }
  const double each = static_cast<double>(part);
  return {{"seconds", (at.back() - at.front()) / static_cast<double>(count)},
          {"first 1% us", (at[1] - at[0]) / each * 1e6},
          {"last 1% us", (at.back() - at[at.size() - 2]) / each * 1e6},
          {"MiB more", (bench::resident_bytes() - early) / (1 << 20)}};
}

/// As many at once as are wanted, or as there can be.
bench::figures at_once(const bench::peer& p, std::size_t count) {
  std::vector<bench::subject> pools;
  const double before = bench::resident_bytes();
  const double begin = bench::cpu_seconds();
  try {
    while (pools.size() != count) {
      bench::subject s = p.make();
      use(*s.memory);
      pools.push_back(std::move(s));
    }
  } catch (const std::exception&) {
    if (p.who.starts_with("acre::")) throw;
  }
  const double n = static_cast<double>(pools.size());
  const double took = bench::cpu_seconds() - begin;
  bench::figures found{
      {"seconds", took / n}, {"alive", n}, {"KiB each", (bench::resident_bytes() - before) / n / 1024}};
  // The process ends anyway: here only what making them costs is of interest.
  for (bench::subject& s : pools) static_cast<void>(s.memory.release());
  return found;
}

}  // namespace

void bench::declare(bool smoke) {
  baseline("pmr::synchronized_pool");
  for (const peer& p : own_peers()) {
    for (const std::size_t count : {1U, 64U}) {
      const std::string group =
          "many_pools/pairs, " + std::to_string(count) + (count == 1 ? " pool" : " in turn");
      fresh_rows(group, {p}, [=](subject& s) { return in_turn(p, s, count, smoke ? 0 : 0.02); });
    }
    const std::size_t cycle_count = smoke ? 100 : 10'000;
    fresh_rows("many_pools/" + std::to_string(cycle_count) + " cycles", {p},
               [=](subject&) { return cycles(p, cycle_count); });
    const std::size_t most = smoke ? 40 : 4'000;
    fresh_rows("many_pools/" + std::to_string(most) + " at once", {p},
               [=](subject&) { return at_once(p, most); });
  }
}
