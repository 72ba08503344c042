// segment_share: which units of a segment which peer touches, and what it writes: agreed on between processes by a
// seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace acre::test {

/// What acre_segment_peer says when it ends.
enum class peer_status {
  well = 0,
  bad_arguments = 64,
  cannot_pin,
  cannot_attach,
  cannot_read_policy,
};

/// All units in random order, the same in every process.
inline std::vector<std::size_t> order_of(std::uint64_t seed, std::size_t units) {
  std::vector<std::size_t> order(units);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937_64 random(seed);
  for (std::size_t left = units; left > 1; --left) std::swap(order[left - 1], order[random() % left]);
  return order;
}

/// Those that share `share` of `shares` touches, in its order: all are dealt out like cards.
inline std::vector<std::size_t> share_of(std::uint64_t seed, std::size_t units, std::size_t share,
                                         std::size_t shares) {
  const std::vector<std::size_t> order = order_of(seed, units);
  std::vector<std::size_t> mine;
  for (std::size_t i = share; i < units; i += shares) mine.push_back(order[i]);
  return mine;
}

/// The share that touches each unit.
inline std::vector<std::size_t> sharers(std::uint64_t seed, std::size_t units, std::size_t shares) {
  const std::vector<std::size_t> order = order_of(seed, units);
  std::vector<std::size_t> share(units);
  for (std::size_t i = 0; i < units; ++i) share[order[i]] = i % shares;
  return share;
}

/// The first eight bytes of the base page at `offset`.
inline std::uint64_t signature(std::uint64_t seed, std::size_t offset) {
  return seed * 1'000'003 + offset + 7;
}

}  // namespace acre::test
