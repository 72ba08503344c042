#include "bench.hpp"

#include <acre/topology.hpp>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace bench {
namespace {

constexpr int mpol_bind = 2;
constexpr std::size_t page = 4096;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(2);
}

}  // namespace

void baseline(const std::string& who) { benchmark::AddCustomContext("baseline", who); }

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

void unmap_raw(void* p, std::size_t bytes) {
  if (::munmap(p, bytes) != 0) die("munmap");
}

void touch(void* p, std::size_t bytes) {
  auto* const b = static_cast<volatile std::byte*>(p);
  for (std::size_t at = 0; at < bytes; at += page) b[at] = std::byte{1};
}

}  // namespace bench
