// held_pages: pages that somebody refers to, who is no process: they do not move.
#pragma once

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstddef>

#include "support/require.hpp"

namespace acre::test {

/// Holds pages in a pipe (vmsplice(2)).
class held_pages {
 public:
  /// \param bytes up to 16 pages
  held_pages(void* begin, std::size_t bytes) {
    require(::pipe(x_ends.data()) == 0, "pipe");
    const iovec part{begin, bytes};
    require(::vmsplice(x_ends[1], &part, 1, 0) == static_cast<ssize_t>(bytes), "vmsplice");
  }
  held_pages(const held_pages&) = delete;
  held_pages& operator=(const held_pages&) = delete;
  ~held_pages() {
    for (const int end : x_ends) ::close(end);
  }

 private:
  std::array<int, 2> x_ends{};
};

}  // namespace acre::test
