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

/// Blocks made beforehand, and a stack of those that are free: what only touching them costs.
class ready_blocks final : public std::pmr::memory_resource {
 public:
  explicit ready_blocks(std::size_t count) {
    // The check at the beginning of a row writes to more than one.
    auto* const all = static_cast<std::byte*>(bench::map_bound((count + 4) * 8192, 4096));
    for (std::size_t i = 0; i != count; ++i) x_free.push_back(all + i * 8192);
  }

 private:
  void* do_allocate(std::size_t, std::size_t) override {
    void* const p = x_free.back();
    x_free.pop_back();
    return p;
  }
  void do_deallocate(void* p, std::size_t, std::size_t) override { x_free.push_back(p); }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  std::vector<void*> x_free;
};

bench::peer ready(std::size_t live) {
  const auto make = [=] {
    return bench::subject{std::make_unique<ready_blocks>(live + 16), bench::is_bound, {}};
  };
  return {.who = bench::floor_who, .make = make};
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  for (const std::size_t count : {1'000U, 10'000U, 200'000U}) {
    const std::size_t live = smoke ? count / 100 : count;
    const bool many = count > 10'000;
    // A mapping each is more than the kernel allows then.
    std::vector<peer> who = many ? block_peers() : page_peers();
    who.push_back(ready(live));
    fresh_rows("many_blocks/" + std::to_string(live) + " live", who,
               [=](subject& s) { return replace(s, live, smoke ? 0 : 0.02); });
  }
}
