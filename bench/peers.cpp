#include "peers.hpp"

#include <array>
#include <atomic>

namespace bench {
namespace {

constexpr std::size_t part = std::size_t{4} << 20;
constexpr std::size_t parts = 4;
alignas(4096) std::array<std::byte, part * parts> buffer;
std::atomic<std::size_t> threads_so_far{0};

struct round_and_round {
  static void* allocate(std::size_t bytes, std::size_t alignment) {
    static thread_local std::byte* const mine = buffer.data() + threads_so_far++ % parts * part;
    static thread_local std::size_t used = 0;
    std::size_t at = (used + alignment - 1) & ~(alignment - 1);
    if (at + bytes > part) at = 0;
    used = at + bytes;
    return mine + at;
  }
  static void deallocate(void*, std::size_t, std::size_t) {}
};

// No larger block: glibc keeps more free memory from then on if one that it mapped by itself is freed.
void check(const peer& p, const subject& s) {
  for (const std::size_t bytes : {64U, 32768U}) {
    void* const block = s.memory->allocate(bytes);
    touch(block, bytes);
    const bool right = s.owns(block);
    s.memory->deallocate(block, bytes);
    if (!right) throw std::runtime_error("not a block of " + p.who);
  }
}

}  // namespace

peer nothing() {
  return {.who = floor_who, .make = [] {
            return subject{adapt(round_and_round{}), [](const void*) { return true; }, {}};
          }};
}

subject make_checked(const peer& p) {
  subject s = p.make();
  check(p, s);
  return s;
}

std::vector<peer> peers(const std::function<bool(const peer&)>& wanted) {
  std::vector<peer> chosen;
  for (auto* const family :
       {malloc_peers, jemalloc_peers, tbb_peers, standard_peers, binding_peers, acre_peers}) {
    for (peer& p : family()) {
      if (wanted(p)) chosen.push_back(std::move(p));
    }
  }
  return chosen;
}

std::vector<peer> block_peers(unsigned threads) {
  return peers([&](const peer& p) { return !p.pages && (threads == 1 || !p.one_thread); });
}

std::vector<peer> page_peers() {
  return peers([](const peer&) { return true; });
}

std::vector<peer> own_peers() {
  return peers([](const peer& p) { return p.own; });
}

}  // namespace bench
