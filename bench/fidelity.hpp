// The placement fidelity bench: how many of the bytes that live after much churn lie on the node that they were asked
// for. Not a matter of time, so it does without Google Benchmark.
#pragma once

#include <acre/node_set.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace fidelity {

/// Where a thread runs, and where it wants its memory. Threads, and what each has, are numbered as homes() are.
struct home {
  acre::node_id node;
  unsigned cpu;
};
/// One for each node that has memory and a CPU.
const std::vector<home>& homes();

struct block {
  char* p;
  std::size_t bytes;
  std::size_t home;  ///< whose thread asked for it
};

/// An allocator.
class contestant {
 public:
  virtual ~contestant() = default;
  /// Called by a thread of that home.
  virtual void* allocate(std::size_t home, std::size_t bytes) = 0;
  /// Called by any thread.
  virtual void deallocate(const block& b) = 0;
  /// The node that a page of the block was asked for.
  /// \param page counted from that which the block begins in
  virtual acre::node_id wanted(const block& b, std::size_t page) const {
    static_cast<void>(page);
    return homes()[b.home].node;
  }
};

struct row {
  std::string who;
  std::string preload;       ///< a library whose malloc replaces the program's; empty: none
  std::string malloc_is_of;  ///< part of the name of the file that malloc comes from then
  bool acre;                 ///< one byte astray is an error
  std::size_t smallest;      ///< of the blocks asked for
  unsigned part;             ///< of the usual number of blocks, where so many more would be too many
  std::function<std::unique_ptr<contestant>()> make;
};
const std::vector<row>& rows();
/// \throws bench::missing
std::unique_ptr<contestant> make_tbb();

struct share {
  std::size_t bytes = 0;
  std::size_t in_place = 0;
};
/// Blocks up to 1 KiB, up to 64 KiB, and above.
constexpr std::size_t sizes = 3;
using outcome = std::array<share, sizes>;

struct amount {
  unsigned generations;  ///< of threads, one after the other
  unsigned rounds;       ///< of each
  unsigned blocks;       ///< that each thread asks for in a round
  unsigned kept;         ///< blocks live for each thread between rounds
};

/// In each round, every thread allocates blocks (16 B to 64 KiB, as many of each magnitude; one of a hundred 128 KiB
/// to 2 MiB), writes them, and gives each to a thread drawn at random; then all free what they have got until `kept`
/// are left, in random order.
outcome churn(contestant& who, const amount& much, std::size_t smallest);

}  // namespace fidelity
