#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "fidelity.hpp"

namespace fidelity {
namespace {

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

void run_on(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0) throw std::runtime_error("sched_setaffinity failed");
}

std::size_t some_size(std::mt19937_64& random, std::size_t smallest, bool large) {
  const double low = large ? 128 << 10 : static_cast<double>(smallest);
  const double high = large ? 2 << 20 : 64 << 10;
  return static_cast<std::size_t>(low * std::pow(high / low, std::uniform_real_distribution<>()(random)));
}

void write(const block& b) {
  auto* const bytes = static_cast<volatile char*>(b.p);
  for (std::size_t at = 0; at < b.bytes; at += page_size()) bytes[at] = 1;
  bytes[b.bytes - 1] = 1;
}

struct inbox {
  std::mutex mutex;
  std::vector<block> blocks;
};

std::size_t group_of(std::size_t bytes) { return bytes <= 1024 ? 0 : bytes <= 65'536 ? 1 : 2; }

/// By move_pages(2) without target nodes: the kernel's own word.
void count(const contestant& who, const block& b, outcome& sums) {
  const auto address = reinterpret_cast<std::uintptr_t>(b.p);
  const std::uintptr_t first = address / page_size() * page_size();
  std::vector<void*> pages;
  for (std::uintptr_t at = first; at < address + b.bytes; at += page_size()) {
    pages.push_back(reinterpret_cast<void*>(at));
  }
  std::vector<int> nodes(pages.size(), -1);
  if (::syscall(SYS_move_pages, 0, pages.size(), pages.data(), nullptr, nodes.data(), 0) != 0) {
    throw std::runtime_error("move_pages failed");
  }
  share& sum = sums[group_of(b.bytes)];
  for (std::size_t i = 0; i != pages.size(); ++i) {
    const std::uintptr_t begin = std::max(first + i * page_size(), address);
    const std::uintptr_t end = std::min(first + (i + 1) * page_size(), address + b.bytes);
    sum.bytes += end - begin;
    if (nodes[i] >= 0 && static_cast<acre::node_id>(nodes[i]) == who.wanted(b, i))
      sum.in_place += end - begin;
  }
}

}  // namespace

outcome churn(contestant& who, const amount& much, std::size_t smallest) {
  const std::size_t threads = homes().size();
  std::vector<inbox> inboxes(threads);
  std::vector<std::vector<block>> live(threads);
  std::barrier all_are_here(static_cast<std::ptrdiff_t>(threads));

  const auto work = [&](std::size_t me, unsigned generation) {
    run_on(homes()[me].cpu);
    std::mt19937_64 random(generation * threads + me);
    for (unsigned round = 0; round != much.rounds; ++round) {
      for (unsigned i = 0; i != much.blocks; ++i) {
        const std::size_t bytes = some_size(random, smallest, i % 100 == 99);
        const block b{static_cast<char*>(who.allocate(me, bytes)), bytes, me};
        write(b);
        inbox& to = inboxes[random() % threads];
        const std::lock_guard lock(to.mutex);
        to.blocks.push_back(b);
      }
      all_are_here.arrive_and_wait();
      const std::vector<block> got = std::exchange(inboxes[me].blocks, {});
      live[me].insert(live[me].end(), got.begin(), got.end());
      std::ranges::shuffle(live[me], random);
      while (live[me].size() > much.kept) {
        who.deallocate(live[me].back());
        live[me].pop_back();
      }
      all_are_here.arrive_and_wait();
    }
  };
  for (unsigned generation = 0; generation != much.generations; ++generation) {
    std::vector<std::thread> running;
    for (std::size_t t = 0; t != threads; ++t) running.emplace_back(work, t, generation);
    for (std::thread& t : running) t.join();
  }

  outcome sums;
  for (const std::vector<block>& of_thread : live) {
    for (const block& b : of_thread) count(who, b, sums);
  }
  for (const std::vector<block>& of_thread : live) {
    for (const block& b : of_thread) who.deallocate(b);
  }
  return sums;
}

}  // namespace fidelity
