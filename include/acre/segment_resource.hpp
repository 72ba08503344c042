/// \file
/// Blocks out of memory that several processes map, with all bookkeeping in that memory.
#pragma once

#include <acre/export.hpp>
#include <acre/resource.hpp>

#include <atomic>
#include <cstddef>
#include <memory_resource>
#include <system_error>
#include <type_traits>

namespace acre::inline v1 {

class segment_heap;

/// A resource that is a heap inside a range of bytes: of a shared mapping, a memfd, POSIX or SysV shared memory. Every
/// process that maps the same bytes makes a segment_resource of its own over them, at whatever address, and all of them
/// allocate and free together: a block may be freed by another process than the one that took it. Nothing in the range
/// is an address; the pointers that one process gets mean nothing to another, unless both map the range at the same
/// place. What one wants to tell the others it stores as an offset, and where the first such thing lies is root().
///
/// The heap stays when the resource goes, and when all processes are gone: who maps the bytes again finds it with all
/// its live blocks. There is no function that empties it; zero bytes at its head are a new heap.
///
/// Blocks have 8 bytes of overhead and take 32 at least, in steps of 16. They are aligned as asked in the process that
/// asks; in others, as far as their mappings begin at the same multiple. Free neighbours are joined at once.
/// deallocate() finds the size by itself; a library built with ACRE_CHECKED compares it with the one it is told.
///
/// Death: all functions work under one lock in the range, of which the kernel knows while it is held. A thread or
/// process that ends at any instant inside any of them, the constructor too, leaves a heap that the next one who
/// comes puts in order, in some nanoseconds for each block. What was live stays live, also blocks that only the dead
/// one knew of: they are lost until the range is made anew. No such order is kept when the machine stops and the
/// bytes are on a disk.
///
/// Waiting: one at a time is inside. Who is inside and does not go on (stopped by a signal, a debugger, a frozen
/// control group) is waited for ten seconds, by all functions alike; then they throw the system's ETIMEDOUT, which
/// names the holder. Only deallocate() does not: the block is freed by the next function of this resource that gets
/// the lock, and as long as there are such blocks deallocate() does not wait again. What is left when the resource is
/// destroyed stays allocated.
///
/// Trust: who may write the range may damage it, and make others wait. Damage that is found is errc::foreign_segment.
/// There are no addresses in the range, neither ours nor the C library's or the kernel's; numbers found in it are
/// read once, checked, and not followed out of it, whoever writes at the same time. But damaged bookkeeping may give
/// bytes to two owners.
///
/// \throws allocation_error from allocate(): errc::invalid_alignment; errc::out_of_memory: no free block is large
///   enough; errc::foreign_segment: damaged; the system's ETIMEDOUT
///
/// deallocate() throws nothing. Of null, and of a damaged heap: nothing is done. What is not a live block of this heap
///   (found but for one in 65536) is told to the misuse handler, and the heap is as it was. Where others may damage the
///   range, they can make a live block look like none: a program that shall outlive that sets a handler that returns.
///
/// Equal to resources over the same range at the same address of this process.
/// \safety all functions from any thread of any process; not from signal handlers. fork: the child goes on with a
///   shared mapping as another process would, and waits for threads of the parent that are inside.
class ACRE_API segment_resource final : public resource {
 public:
  /// Opens the heap in the range. Zero bytes at its head (2 KiB) become a new heap; of any number of processes that
  /// come at the same time, one makes it.
  /// \param memory a multiple of 64, readable and writable, in MAP_SHARED memory if others are to see it; must stay
  ///   mapped as long as the resource is used
  /// \param bytes 4 KiB to 128 TiB; the same for everybody
  /// \throws error errc::invalid_argument (null), errc::invalid_alignment, errc::invalid_size;
  ///   errc::foreign_segment: other bytes than a heap of this version and size, or a damaged one;
  ///   the system's ETIMEDOUT
  segment_resource(void* memory, std::size_t bytes);
  segment_resource(const segment_resource&) = delete;
  segment_resource& operator=(const segment_resource&) = delete;
  /// Leaves the heap as it is.
  ~segment_resource() override;

  /// Where the range begins in this process, as given to the constructor.
  [[nodiscard]] void* data() const noexcept { return x_memory; }
  /// Of the range.
  [[nodiscard]] std::size_t bytes() const noexcept { return x_bytes; }

  /// The bytes of all free blocks, with their overhead. They need not be in one piece: largest_free().
  /// \throws error errc::foreign_segment: damaged; the system's ETIMEDOUT
  [[nodiscard]] std::size_t free_bytes() const;
  /// The bytes of the largest block that allocate() could give, aligned to 16 bytes; 0 if there is none.
  /// \throws error errc::foreign_segment: damaged; the system's ETIMEDOUT
  [[nodiscard]] std::size_t largest_free() const;
  /// How many live blocks there are, of all processes.
  /// \throws error errc::foreign_segment: damaged; the system's ETIMEDOUT
  [[nodiscard]] std::size_t blocks() const;
  /// The same, with the error in `ec`: 0 then.
  [[nodiscard]] std::size_t free_bytes(std::error_code& ec) const noexcept;
  /// The same, with the error in `ec`: 0 then.
  [[nodiscard]] std::size_t largest_free(std::error_code& ec) const noexcept;
  /// The same, with the error in `ec`: 0 then.
  [[nodiscard]] std::size_t blocks(std::error_code& ec) const noexcept;

  /// Makes p what root() returns in every process; null: nothing. What was written to it before is seen by who gets it.
  /// \param p in the range, not where it begins: there is the heap's head
  /// \throws error errc::invalid_argument: outside the range
  void set_root(void* p);
  /// The same, if there is none: of several that try, one succeeds.
  /// \param p in the range, not where it begins; null changes nothing
  /// \returns whether there was none
  /// \throws error errc::invalid_argument: outside the range
  bool try_set_root(void* p);
  /// Where this process finds what set_root() was given, by whichever process; null at first.
  /// \throws error errc::foreign_segment: damaged
  [[nodiscard]] void* root() const;
  /// The same, with the error in `ec`: null then.
  [[nodiscard]] void* root(std::error_code& ec) const noexcept;

  /// Looks at every block and every list.
  /// \returns false: the heap is damaged
  /// \throws error the system's ETIMEDOUT
  [[nodiscard]] bool check() const;
  /// The same, with the error in `ec`: false then.
  [[nodiscard]] bool check(std::error_code& ec) const noexcept;

  /// The bytes that a block has for its user: 24 at least, in steps of 16. The alignment changes nothing.
  [[nodiscard]] std::size_t good_size(std::size_t bytes, std::size_t alignment) const noexcept override;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept override;
  bool give_back(void* p, std::size_t bytes);
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override;

  struct late_free;

  template <class F>
  auto inside(F f) const;
  void make_up_for_late_frees(segment_heap& heap) const noexcept;
  void forget_late_frees() noexcept;
  void free_later(void* p) noexcept;

  void* x_memory;
  std::size_t x_bytes;
  mutable std::atomic<late_free*> x_late = nullptr;
};

static_assert(std::is_base_of_v<resource, segment_resource>);
static_assert(!std::is_copy_constructible_v<segment_resource> &&
              !std::is_copy_assignable_v<segment_resource>);

}  // namespace acre::inline v1
