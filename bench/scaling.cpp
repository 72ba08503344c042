// How work grows with threads and nodes, and what memory of another node costs; bench/scale.sh runs it. Threads have a
// CPU each, node after node. A row's time is that of one operation, all threads together: twice as many threads should
// halve it.
//
// Its name does not begin with bench-: on a large machine it would take the time of all other programs.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/topology.hpp>

#include <sched.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <string_view>

#include "channel.hpp"
#include "peers.hpp"
#include "workloads.hpp"

namespace {

using namespace acre::literals;
using cpu_list = std::vector<unsigned>;

/// Of the calling thread.
void run_on(const cpu_list& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const unsigned cpu : cpus) {
    if (cpu < CPU_SETSIZE) CPU_SET(cpu, &set);
  }
  if (::sched_setaffinity(0, sizeof set, &set) != 0)
    throw std::runtime_error("a thread cannot choose its CPU");
}

/// A thread on each of the CPUs, of which the one that makes it is the first. It may run everywhere afterwards.
class crew {
 public:
  explicit crew(const cpu_list& cpus) : x_cpus(cpus), x_team(static_cast<unsigned>(cpus.size())) {
    x_team.run([this](unsigned me) { run_on({x_cpus[me]}); });
  }
  crew(const crew&) = delete;
  crew& operator=(const crew&) = delete;
  ~crew() { run_on(acre::topology::system().cpus()); }

  std::size_t size() const { return x_cpus.size(); }
  /// Every thread calls work(index).
  template <class F>
  void run(F work) {
    x_team.run([&](unsigned me) { work(std::size_t{me}); });
  }

 private:
  cpu_list x_cpus;
  bench::team x_team;
};

// ---- allocating

void pairs(benchmark::State& state, std::pmr::memory_resource& memory, crew& threads) {
  constexpr std::size_t each = 100'000;
  const auto round = [&](std::size_t) {
    for (std::size_t i = 0; i != each; ++i) {
      void* const p = memory.allocate(64);
      bench::write_a_word(p);
      memory.deallocate(p, 64);
    }
  };
  threads.run(round);
  for (auto _ : state) threads.run(round);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(each * threads.size()));
}

void bursts(benchmark::State& state, std::pmr::memory_resource& memory, crew& threads) {
  constexpr std::size_t each = 400;
  const auto round = [&](std::size_t) {
    std::array<void*, 256> blocks{};
    for (std::size_t i = 0; i != each; ++i) {
      for (void*& b : blocks) {
        b = memory.allocate(64);
        bench::write_a_word(b);
      }
      for (auto b = blocks.rbegin(); b != blocks.rend(); ++b) memory.deallocate(*b, 64);
    }
  };
  threads.run(round);
  for (auto _ : state) threads.run(round);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(each * 256 * threads.size()));
}

void replace(benchmark::State& state, std::pmr::memory_resource& memory, crew& threads) {
  constexpr std::size_t count = 10'000;
  std::vector<std::unique_ptr<bench::live_blocks>> live(threads.size());
  threads.run([&](std::size_t me) {
    live[me] = std::make_unique<bench::live_blocks>(memory, count, bench::object_sizes, me);
    live[me]->replace(2 * count);
  });
  for (auto _ : state) threads.run([&](std::size_t me) { live[me]->replace(count); });
  threads.run([&](std::size_t me) { live[me]->free_all(); });
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count * threads.size()));
}

/// The threads of the first half allocate, each for one of the second half, which frees.
void hand_over(benchmark::State& state, std::pmr::memory_resource& memory, crew& threads) {
  constexpr std::size_t batches = 400;
  const std::size_t lines = threads.size() / 2;
  std::vector<bench::channel> channels(lines);
  const auto fill = [&](bench::batch& messages) {
    for (bench::message& m : messages) {
      m = {memory.allocate(64), 64};
      bench::write_a_word(m.at);
    }
  };
  const auto use = [&](bench::batch& messages) {
    for (const bench::message& m : messages) {
      benchmark::DoNotOptimize(*static_cast<void* volatile*>(m.at));
      memory.deallocate(m.at, m.bytes);
    }
  };
  const auto round = [&](std::size_t me) {
    bench::channel& line = channels[me % lines];
    for (std::size_t i = 0; i != batches; ++i) {
      if (me < lines) {
        line.send(fill);
      } else {
        line.receive(use);
      }
    }
  };
  threads.run(round);
  for (auto _ : state) threads.run(round);
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(batches * bench::batch_size * lines));
}

/// Of the node, as far as this process may use them.
cpu_list cpus_of(acre::node_id node) {
  const acre::topology& machine = acre::topology::system();
  const cpu_list& local = machine.cpus(node);
  const cpu_list& allowed = machine.cpus();
  cpu_list both;
  std::set_intersection(local.begin(), local.end(), allowed.begin(), allowed.end(), std::back_inserter(both));
  return both;
}

using workload = void (*)(benchmark::State&, std::pmr::memory_resource&, crew&);

void allocation_rows(const std::string& group, const std::vector<bench::peer>& who, workload work,
                     const cpu_list& cpus) {
  bench::rows(
      "scaling/" + group, who,
      [=](auto& state, bench::subject& s) {
        crew threads(cpus);
        work(state, *s.memory, threads);
      },
      [](auto* b) { b->UseRealTime(); });
}

/// acre's pools as they come, and those that are made for many threads.
std::vector<bench::peer> allocators() {
  constexpr std::string_view names[] = {
      "glibc malloc",        "mimalloc",        "snmalloc", "tcmalloc", "jemalloc", "TBB scalable_malloc",
      "acre::pool_resource", "acre::node_pools"};
  std::vector<bench::peer> chosen = bench::peers([&](const bench::peer& p) {
    return std::find(std::begin(names), std::end(names), p.who) != std::end(names);
  });
  chosen.push_back(bench::nothing());
  return chosen;
}

// ---- memory of nodes

std::string plural(std::size_t n, const std::string& of) {
  return std::to_string(n) + ' ' + of + (n == 1 ? "" : "s");
}

/// Memory of a node whose pages are there.
class bound_block {
 public:
  bound_block(acre::node_id node, std::size_t bytes)
      : x_area(acre::placement::bind({node}),
               {.page_kind = acre::page_kind::transparent_huge, .commit = acre::commit::eager}),
        x_bytes(bytes) {
    try {
      x_words = static_cast<std::uint64_t*>(x_area.allocate(bytes));
    } catch (const acre::allocation_error& e) {
      throw bench::missing(e.what());
    }
  }
  bound_block(const bound_block&) = delete;
  bound_block& operator=(const bound_block&) = delete;
  ~bound_block() { x_area.deallocate(x_words, x_bytes); }

  const volatile std::uint64_t* words() const { return x_words; }
  std::size_t size() const { return x_bytes / sizeof *x_words; }

 private:
  acre::area x_area;
  std::size_t x_bytes;
  std::uint64_t* x_words = nullptr;
};

/// One thread loads from random places.
void latency(benchmark::State& state, acre::node_id of, std::size_t bytes, const cpu_list& cpus) {
  crew alone({cpus.front()});
  const bound_block block(of, bytes);
  std::uint64_t at = 1;
  for (auto _ : state) at = bench::load_from_random_places(block.words(), block.size(), at, 1000);
  benchmark::DoNotOptimize(at);
  state.SetItemsProcessed(state.iterations() * 1000);
}

/// A thread on each CPU reads a part; the time is that of 1 GiB.
void read_all(benchmark::State& state, acre::node_id of, std::size_t bytes, const cpu_list& cpus) {
  crew threads(cpus);
  const bound_block block(of, bytes);
  const std::size_t part = block.size() / threads.size();
  for (auto _ : state) {
    threads.run([&](std::size_t me) {
      const auto* const words = const_cast<const std::uint64_t*>(block.words()) + me * part;
      std::uint64_t sum = 0;
      for (std::size_t i = 0; i != part; ++i) sum += words[i];
      benchmark::DoNotOptimize(sum);
    });
  }
  const double read = static_cast<double>(part * threads.size() * sizeof(std::uint64_t));
  state.counters["GiB/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * read / static_cast<double>(1_GiB),
                         benchmark::Counter::kIsRate);
}

void memory_rows(const std::string& what, std::size_t bytes,
                 void (*work)(benchmark::State&, acre::node_id, std::size_t, const cpu_list&)) {
  const acre::topology& machine = acre::topology::system();
  for (const acre::node_id of : machine.default_nodes()) {
    for (const acre::node_id from : machine.nodes()) {
      const cpu_list cpus = cpus_of(from);
      if (cpus.empty()) continue;
      bench::row(
          "scaling/" + what + ", memory of node " + std::to_string(of) + "/CPUs of node " +
              std::to_string(from),
          [=](benchmark::State& state) { bench::attempt(state, [&] { work(state, of, bytes, cpus); }); })
          ->UseRealTime();
    }
  }
}

/// 1, 2, 4 and so on, and the last one.
std::vector<std::size_t> steps_to(std::size_t last) {
  std::vector<std::size_t> all;
  for (std::size_t n = 1; n < last; n *= 2) all.push_back(n);
  all.push_back(last);
  return all;
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  // Node after node, and where nodes do not tell which are theirs, all at once.
  cpu_list cpus;
  std::vector<std::size_t> ends;
  for (const acre::node_id node : acre::topology::system().nodes()) {
    const cpu_list local = cpus_of(node);
    cpus.insert(cpus.end(), local.begin(), local.end());
    if (!local.empty()) ends.push_back(cpus.size());
  }
  if (cpus.empty()) {
    cpus = acre::topology::system().cpus();
    ends.push_back(cpus.size());
  }
  const auto first = [&](std::size_t n) {
    return cpu_list(cpus.begin(), cpus.begin() + static_cast<std::ptrdiff_t>(n));
  };
  const std::vector<peer> who = allocators();
  const struct {
    const char* name;
    workload work;
    bool in_twos;
  } workloads[] = {{"pair, 64 B", pairs, false},
                   {"burst of 256, 64 B", bursts, false},
                   {"replace", replace, false},
                   {"handover, 64 B", hand_over, true}};
  for (const auto& w : workloads) {
    for (const std::size_t n : steps_to(cpus.size())) {
      if (!w.in_twos || n % 2 == 0)
        allocation_rows(std::string(w.name) + ", " + plural(n, "thread"), who, w.work, first(n));
    }
  }
  // Of one node it would be the same again.
  for (const auto& w : workloads) {
    for (const std::size_t n : steps_to(ends.size())) {
      if (ends.size() > 1 && (!w.in_twos || ends[n - 1] % 2 == 0))
        allocation_rows(std::string(w.name) + ", all CPUs of " + plural(n, "node"), who, w.work,
                        first(ends[n - 1]));
    }
  }
  memory_rows("latency", smoke ? 4_MiB : 512_MiB, latency);
  memory_rows("bandwidth", smoke ? 4_MiB : 1_GiB, read_all);
}
