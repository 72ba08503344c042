// forged_header: a segment's header with right checksums, whatever it says, as somebody would forge it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "segment/segment_header.hpp"

namespace acre::test {

/// FNV-1a over the bytes [from, to), stored behind them.
inline void put_sum(header_bytes& page, std::size_t from, std::size_t to) noexcept {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (std::size_t i = from; i < to; ++i)
    sum = (sum ^ std::to_integer<unsigned char>(page[i])) * 0x100000001b3;
  std::memcpy(page.data() + to, &sum, sizeof sum);
}

/// Of what create() writes once, and of what bind() writes again.
inline header_bytes with_sums(header_bytes page) noexcept {
  put_sum(page, 0, 72);
  put_sum(page, 80, header_size - sizeof(std::uint64_t));
  return page;
}

}  // namespace acre::test
