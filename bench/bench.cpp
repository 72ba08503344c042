#include "bench.hpp"

#include <acre/topology.hpp>

#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace bench {
namespace {

constexpr int mpol_bind = 2;
constexpr unsigned long mpol_f_addr = 2;
constexpr std::size_t page = 4096;
constexpr std::size_t huge_page = std::size_t{2} << 20;

std::string the_baseline;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(2);
}

}  // namespace

void baseline(std::string who) { the_baseline = std::move(who); }
const std::string& baseline() { return the_baseline; }

void make_room_for_libraries(char** argv) {
  static constexpr std::string_view name = "GLIBC_TUNABLES";
  static constexpr std::string_view room = "glibc.rtld.optional_static_tls";
  const char* const now = std::getenv(name.data());
  std::string tunables = now == nullptr ? "" : now;
  if (tunables.find(room) != std::string::npos) return;
  if (!tunables.empty()) tunables += ':';
  tunables.append(room).append("=32768");
  if (::setenv(name.data(), tunables.c_str(), 1) == 0) ::execv("/proc/self/exe", argv);
  std::perror("cannot run itself again");
}

acre::node_id node() {
  static const acre::node_id first = acre::topology::system().default_nodes().first();
  return first;
}

void* map_raw(std::size_t bytes) {
  void* const p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) die("mmap");
  return p;
}

void bind_raw(void* p, std::size_t bytes) {
  std::array<unsigned long, 16> nodes{};
  nodes[node() / 64] = 1UL << (node() % 64);
  if (::syscall(__NR_mbind, p, bytes, mpol_bind, nodes.data(), nodes.size() * 64 + 1, 0U) != 0) die("mbind");
}

void* map_bound(std::size_t bytes, std::size_t alignment) {
  bytes = (bytes + page - 1) & ~(page - 1);
  const std::size_t spare = alignment > page ? alignment : 0;
  auto* const begin = static_cast<std::byte*>(map_raw(bytes + spare));
  const std::size_t over = reinterpret_cast<std::uintptr_t>(begin) & (alignment - 1);
  std::byte* const p = over == 0 ? begin : begin + (alignment - over);
  if (p != begin) unmap_raw(begin, static_cast<std::size_t>(p - begin));
  if (p + bytes != begin + bytes + spare) {
    unmap_raw(p + bytes, static_cast<std::size_t>(begin + spare - p));
  }
  bind_raw(p, bytes);
  return p;
}

bool is_bound(const void* p) {
  int policy = 0;
  std::array<unsigned long, 16> nodes{};
  const long result = ::syscall(__NR_get_mempolicy, &policy, nodes.data(), nodes.size() * 64, p, mpol_f_addr);
  return result == 0 && policy == mpol_bind && nodes[node() / 64] == 1UL << (node() % 64);
}

void unmap_raw(void* p, std::size_t bytes) {
  if (::munmap(p, bytes) != 0) die("munmap");
}

void touch(void* p, std::size_t bytes) {
  auto* const b = static_cast<volatile std::byte*>(p);
  for (std::size_t at = 0; at < bytes; at += page) b[at] = std::byte{1};
}

void populate_raw(void* p, std::size_t bytes) {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) die("sched_getaffinity");
  cpu_set_t near;
  CPU_ZERO(&near);
  for (const unsigned cpu : acre::topology::system().cpus(node())) {
    if (CPU_ISSET(cpu, &allowed)) CPU_SET(cpu, &near);
  }
  if (CPU_COUNT(&near) == 0) near = allowed;
  const auto threads = static_cast<std::size_t>(CPU_COUNT(&near));
  const std::size_t part = (bytes / threads + huge_page - 1) / huge_page * huge_page;
  std::vector<std::thread> all;
  for (std::size_t at = 0; at < bytes; at += part) {
    all.emplace_back([=] {
      ::sched_setaffinity(0, sizeof near, &near);
      std::byte* const begin = static_cast<std::byte*>(p) + at;
      const std::size_t length = std::min(part, bytes - at);
      if (::madvise(begin, length, MADV_POPULATE_WRITE) != 0) touch(begin, length);
    });
  }
  for (std::thread& t : all) t.join();
}

void warm(std::size_t bytes) {
  void* const p = map_bound(bytes, huge_page);
  ::madvise(p, bytes, MADV_HUGEPAGE);
  touch(p, bytes);
  unmap_raw(p, bytes);
}

}  // namespace bench
