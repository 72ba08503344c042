// Uses a pool rightly, or makes the mistake it is told to: for Valgrind to find.
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>

#include <cstddef>
#include <cstring>
#include <memory_resource>
#include <string_view>
#include <thread>
#include <vector>

namespace {

volatile char sink;

void work(acre::pool_resource& pool) {
  std::vector<char*> live;
  for (std::size_t i = 0; i != 400; ++i) {
    const std::size_t bytes = i % 40 == 0 ? 100'000 : i * 7;
    live.push_back(static_cast<char*>(pool.allocate(bytes, 8)));
    std::memset(live.back(), 1, bytes);
  }
  for (std::size_t i = 0; i != 400; ++i) pool.deallocate(live[i], i % 40 == 0 ? 100'000 : i * 7, 8);
}

void be_right(acre::pool_resource& pool) {
  for (int i = 0; i != 5; ++i) work(pool);
  std::thread([&] { work(pool); }).join();
  pool.trim();
  work(pool);
  std::pmr::vector<int> v(&pool);
  for (int i = 0; i != 10'000; ++i) v.push_back(i);
  // Known to the pool's memory only, and so no leak.
  auto* const objects = static_cast<int**>(pool.allocate(sizeof(int*), alignof(int*)));
  *objects = new int(1);
}

void be_wrong(acre::pool_resource& pool, std::string_view mistake) {
  auto* const p = static_cast<char*>(pool.allocate(41, 8));
  if (mistake == "read-undefined") {
    if (p[3] == 1) sink = 1;
    return;
  }
  std::memset(p, 1, 41);
  if (mistake == "write-past-end") p[41] = 1;
  pool.deallocate(p, 41, 8);
  if (mistake == "read-freed") sink = p[40];
  if (mistake == "write-freed") p[0] = 1;
}

}  // namespace

int main(int argc, char** argv) {
  // There still when Valgrind looks for leaks.
  static auto& pool = *new acre::pool_resource(acre::placement::unbound());
  work(pool);
  if (argc == 1) {
    be_right(pool);
  } else {
    be_wrong(pool, argv[1]);
  }
  return 0;
}
