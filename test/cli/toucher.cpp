// toucher: a program that knows nothing of acre. Maps memory, fills it with a pattern, says "ready" and waits for the
// end of its standard input; then it says whether the pattern is still there.
//   toucher MIB [FILE]    exit status: 0, 1 the contents differ, 2 bad arguments
// The memory, FILE's or its own, is one mapping of base pages, told by its size in /proc/PID/numa_maps.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

std::uint64_t pattern(std::size_t i) { return (i + 1) * 0x9e3779b97f4a7c15U; }

bool fill_and_check(std::uint64_t* words, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) words[i] = pattern(i);
  std::puts("ready");
  std::fflush(stdout);
  char ignored = 0;
  while (::read(STDIN_FILENO, &ignored, 1) > 0) {
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (words[i] != pattern(i)) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned long mib = argc == 2 || argc == 3 ? std::strtoul(argv[1], nullptr, 10) : 0;
  if (mib == 0) return 2;
  const std::size_t bytes = std::size_t{mib} << 20;
  const int file = argc == 3 ? ::open(argv[2], O_RDWR) : -1;
  if (argc == 3 && file < 0) return 2;
  const int kind = argc == 3 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, kind, file, 0);
  if (memory == MAP_FAILED) return 2;
  ::madvise(memory, bytes, MADV_NOHUGEPAGE);
  const bool kept = fill_and_check(static_cast<std::uint64_t*>(memory), bytes / sizeof(std::uint64_t));
  std::puts(kept ? "kept" : "lost");
  return kept ? 0 : 1;
}
