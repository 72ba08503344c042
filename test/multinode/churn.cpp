#include "multinode/churn.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {
namespace {

/// What the block's bytes should be; depends on the block.
char fill_of(const placed_block& b) {
  return static_cast<char>(reinterpret_cast<std::uintptr_t>(b.p) / 16 % 251 + 1);
}

template <class Action>
void at_some_bytes(const placed_block& b, Action act) {
  for (std::size_t at = 0; at < b.bytes; at += 1024) act(b.p[at]);
  if (b.bytes != 0) act(b.p[b.bytes - 1]);
}

void write(const placed_block& b) {
  at_some_bytes(b, [fill = fill_of(b)](char& c) { c = fill; });
}

bool is_as_written(const placed_block& b) {
  bool right = true;
  at_some_bytes(b, [&right, fill = fill_of(b)](const char& c) { right = right && c == fill; });
  return right;
}

/// Small ones are common, as in programs.
std::size_t some_size(std::mt19937& random, std::size_t largest) {
  const std::size_t limit = std::max<std::size_t>(largest >> random() % 12, 16);
  return 1 + random() % limit;
}

struct handed_block {
  placed_block block;
  bool written;
};

struct inbox {
  std::mutex mutex;
  std::vector<handed_block> blocks;
};

}  // namespace

std::vector<placed_block> churn(const std::function<placed_block(std::size_t bytes)>& allocate,
                                const std::function<void(const placed_block&)>& deallocate,
                                const churn_options& options) {
  const std::vector<unsigned> cpus = one_cpu_per_node();
  std::vector<inbox> inboxes(cpus.size());
  std::vector<std::vector<placed_block>> kept(cpus.size());
  std::barrier all_allocated(static_cast<std::ptrdiff_t>(cpus.size()));
  std::barrier all_freed(static_cast<std::ptrdiff_t>(cpus.size()), [&]() noexcept { options.between(); });
  std::atomic<std::size_t> wrong = 0;

  const auto work = [&](std::size_t me) {
    const pinned here(cpus[me]);
    std::mt19937 random(static_cast<unsigned>(me) + 1);
    std::vector<placed_block>& live = kept[me];
    for (std::size_t round = 0; round != options.rounds; ++round) {
      for (std::size_t i = 0; i != options.blocks_per_round; ++i) {
        const placed_block b = allocate(some_size(random, i == 0 ? options.huge : options.largest));
        const bool write_now = random() % 2 == 0;
        if (write_now) write(b);
        inbox& to = inboxes[random() % inboxes.size()];
        const std::lock_guard lock(to.mutex);
        to.blocks.push_back({b, write_now});
      }
      all_allocated.arrive_and_wait();
      for (const auto& [b, written] : std::exchange(inboxes[me].blocks, {})) {
        if (!written) write(b);
        live.push_back(b);
      }
      std::ranges::shuffle(live, random);
      while (live.size() > options.kept) {
        if (!is_as_written(live.back())) wrong.fetch_add(1);
        deallocate(live.back());
        live.pop_back();
      }
      all_freed.arrive_and_wait();
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t != cpus.size(); ++t) threads.emplace_back(work, t);
  for (std::thread& t : threads) t.join();

  std::vector<placed_block> live;
  for (const auto& of_thread : kept) live.insert(live.end(), of_thread.begin(), of_thread.end());
  for (const placed_block& b : live) wrong.fetch_add(is_as_written(b) ? 0 : 1);
  BOOST_TEST(wrong == 0U, wrong << " blocks were overwritten");
  return live;
}

void expect_all_in_place(const std::vector<placed_block>& blocks) {
  std::size_t pages = 0;
  std::size_t elsewhere = 0;
  for (const placed_block& b : blocks) {
    for (const int node : page_nodes(b.p, std::max<std::size_t>(b.bytes, 1))) {
      ++pages;
      if (node == static_cast<int>(b.node)) continue;
      if (++elsewhere == 1) {
        BOOST_ERROR("the block of " << b.bytes << " bytes at " << static_cast<void*>(b.p)
                                    << ", asked for on node " << b.node << ", has a page on " << node);
      }
    }
  }
  BOOST_TEST(elsewhere == 0U, elsewhere << " of " << pages << " pages lie elsewhere");
}

}  // namespace acre::test
