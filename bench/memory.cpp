// How much memory live objects take, and what stays once they are freed. Each figure is of a process of its own:
// resident bytes are the process's.
#include <algorithm>

#include "fresh_process.hpp"

namespace {

bench::figures replace(bench::subject& s, std::size_t count, unsigned threads, std::size_t rounds) {
  std::vector<bench::live_blocks> live;
  live.reserve(threads);
  double begin = 0;
  double taken = 0;
  double alive = 0;
  double operations = 0;
  // The tables of what is live are no blocks.
  const double tables = static_cast<double>(count * sizeof(void*) * 2);
  const double before = bench::resident_bytes();
  double resident = 0;
  {
    bench::team workers(threads);
    for (unsigned i = 0; i != threads; ++i) {
      workers.run([&](unsigned me) {
        if (me == i) live.emplace_back(*s.memory, count / threads, bench::object_sizes, i);
      });
    }
    begin = bench::seconds();
    workers.run([&](unsigned me) { live[me].replace(count / threads * rounds); });
    taken = bench::seconds() - begin;
    operations = static_cast<double>(count * rounds);
    for (const bench::live_blocks& l : live) alive += static_cast<double>(l.bytes());
    resident = bench::resident_bytes() - before - tables;
    workers.run([&](unsigned me) { live[me].free_all(); });
  }
  // The threads have ended.
  const double freed = bench::resident_bytes() - before - tables;
  if (s.trim) s.trim();
  const double trimmed = bench::resident_bytes() - before - tables;
  bench::figures found{{"seconds", taken / operations},
                       {"resident/live", resident / alive},
                       {"stays after free", std::max(0.0, freed / resident)}};
  if (s.trim) found["after trim"] = std::max(0.0, trimmed / resident);
  return found;
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  const std::size_t count = smoke ? 2000 : 100'000;
  const std::size_t rounds = smoke ? 1 : 20;
  for (const unsigned threads : {1U, 2U}) {
    fresh_rows("memory/replace, " + std::to_string(threads) + (threads == 1 ? " thread" : " threads"),
               block_peers(threads), [=](subject& s) { return replace(s, count, threads, rounds); });
  }
}
