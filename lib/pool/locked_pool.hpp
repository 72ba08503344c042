// locked_pool_resource: blocks of any size from an upstream that gives pages, under one mutex.
#pragma once

#include <acre/resource.hpp>

#include <array>
#include <cstddef>
#include <memory_resource>
#include <mutex>
#include <vector>

namespace acre {

/// Small blocks from size classes (at most 25 % more than asked from 64 bytes up), each with a list of free
/// blocks and slabs of 64 KiB to 1 MiB from upstream; larger blocks straight from upstream. Every block is
/// aligned as asked. Slabs go back upstream with the pool itself. Equal to itself only. \safety all functions
/// from any thread, if upstream is so too; fork: parent and child may go on using it, but
///   upstream has to take care of itself.
class locked_pool_resource final : public resource {
 public:
  /// Blocks above this, or aligned to more, are upstream's.
  static constexpr std::size_t largest_small = std::size_t{16} << 10;

  /// \param upstream must outlive the pool
  /// \throws std::system_error if the fork handlers cannot be installed
  explicit locked_pool_resource(std::pmr::memory_resource* upstream);
  locked_pool_resource(const locked_pool_resource&) = delete;
  locked_pool_resource& operator=(const locked_pool_resource&) = delete;
  /// Live small blocks go away, live large ones stay upstream's.
  ~locked_pool_resource() override;

  std::size_t good_size(std::size_t bytes, std::size_t alignment) const noexcept override;

  /// Installs the handlers that hold all pools still during fork(), once. Who locks a mutex before making a
  /// pool installs handlers for it after this call: fork's prepare handlers run last installed first. \throws
  /// std::system_error
  static void install_fork_handlers();

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  struct free_block {
    free_block* next;
  };
  struct size_class {
    free_block* free = nullptr;
    std::byte* unused = nullptr;  ///< the part of the newest slab that was never handed out
    std::size_t unused_bytes = 0;
    std::size_t next_slab = std::size_t{64} << 10;
  };
  struct slab {
    void* p;
    std::size_t bytes;
    std::size_t alignment;
  };

  void add_slab(size_class& c, std::size_t block_bytes);

  static void before_fork();
  static void after_fork();

  std::pmr::memory_resource* x_upstream;
  std::mutex x_mutex;
  std::array<size_class, 37> x_classes;
  std::vector<slab> x_slabs;
  // All pools there are, for the fork handlers.
  locked_pool_resource* x_previous = nullptr;
  locked_pool_resource* x_next = nullptr;
};

}  // namespace acre
