#include "base/misuse.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace acre::detail {

void misuse(const char* what, const void* p, std::size_t bytes) noexcept {
  char line[200];
  const int size =
      std::snprintf(line, sizeof line, "acre: %s: the block at %p, freed with %zu bytes\n", what, p, bytes);
  if (size > 0) {
    const auto all = static_cast<std::size_t>(size);
    [[maybe_unused]] const ssize_t written =
        ::write(STDERR_FILENO, line, all < sizeof line ? all : sizeof line - 1);
  }
  std::abort();
}

}  // namespace acre::detail
