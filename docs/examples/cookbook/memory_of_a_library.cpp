// Place the memory of a library.
#include <acre/apply.hpp>
#include <acre/check.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <iostream>

int main() {
  const std::size_t bytes = 4 << 20;
  const int file = memfd_create("frames", MFD_CLOEXEC);
  if (file < 0 || ftruncate(file, bytes) != 0) return 1;
  void* const frames = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (frames == MAP_FAILED) return 1;

  const acre::placement where = acre::placement::interleave(acre::topology::system().default_nodes());
  acre::apply(frames, bytes, where);  // of what a library mapped, and nobody has touched
  std::memset(frames, 1, bytes);

  const acre::check_result proof = acre::check(frames, bytes, where);
  std::cout << proof << '\n';
  return proof && proof.where.untouched == 0 ? 0 : 1;
}
