#include "bench.hpp"

#include <acre/topology.hpp>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace bench {
namespace {

constexpr int mpol_bind = 2;
constexpr unsigned long mpol_f_addr = 2;
constexpr std::size_t page = 4096;

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

void warm(std::size_t bytes) {
  void* const p = map_bound(bytes, std::size_t{2} << 20);
  ::madvise(p, bytes, MADV_HUGEPAGE);
  touch(p, bytes);
  unmap_raw(p, bytes);
}

}  // namespace bench
