// churn: threads on every node that allocate blocks, hand them to each other and free them, for many rounds.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace acre::test {

struct placed_block {
  char* p;
  std::size_t bytes;
  unsigned node;  ///< that allocate said it is asked for
};

struct churn_options {
  std::size_t rounds = 6;
  std::size_t blocks_per_round = 400;  ///< of each thread
  std::size_t kept = 300;              ///< blocks each thread leaves live, about
  std::size_t largest = std::size_t{64} << 10;
  std::size_t huge = std::size_t{3} << 20;  ///< one block of each thread and round has up to this
  /// Runs between the rounds, while no thread is in a block's resource.
  std::function<void()> between = [] {};
};

/// One thread on the first CPU of each node that has any. Most blocks are freed by another thread than allocated them,
/// and half are first written by another one. The contents of every block are checked.
/// \param allocate runs on the allocating thread; gives a block, not yet written, and its node
/// \param deallocate runs on any
/// \returns what is live in the end, every page of it written
std::vector<placed_block> churn(const std::function<placed_block(std::size_t bytes)>& allocate,
                                const std::function<void(const placed_block&)>& deallocate,
                                const churn_options& options = {});

/// Every page of every block lies on the block's node.
void expect_all_in_place(const std::vector<placed_block>& blocks);

}  // namespace acre::test
