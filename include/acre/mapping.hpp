/// \file
/// A range of pages that unmaps itself. The piece custom areas are made of.
#pragma once

#include <acre/export.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace acre::inline v1 {

/// The pages memory consists of.
enum class page_kind {
  system,            ///< base pages, 4 KiB on x86-64; whatever the system's THP setting makes of them
  transparent_huge,  ///< MADV_HUGEPAGE: 2 MiB pages where the kernel finds them; areas take no larger ones
  huge_2mb,          ///< hugetlb pages of 2 MiB, from the reserved pool
  huge_1gb,          ///< hugetlb pages of 1 GiB, from the reserved pool
};
/// The name of the enumerator: "transparent_huge".
[[nodiscard]] ACRE_API std::string_view to_string(page_kind kind) noexcept;
/// Bytes: the base page size, 2 MiB, 2 MiB, 1 GiB.
[[nodiscard]] ACRE_API std::size_t page_size(page_kind kind) noexcept;

/// Who sees the pages: this process, or its children and everybody who maps the same file too.
enum class sharing {
  process,  ///< this process; after fork(2) each has its own copy of what it writes (MAP_PRIVATE)
  shared,   ///< all that map the same memory (MAP_SHARED)
};

/// How mapping_options::address is meant.
enum class address_use {
  hint,   ///< a wish; the kernel may choose another
  exact,  ///< exactly there, or errc::address_in_use; never over an existing mapping (MAP_FIXED_NOREPLACE)
};

/// What the pages may be used for.
enum class access {
  read_write,  ///< reading and writing
  read_only,   ///< reading; a write is a SIGSEGV
  none,        ///< nothing: addresses are taken, and each use is a SIGSEGV (PROT_NONE)
};

/// What is asked of a mapping beside its size.
struct mapping_options {
  /// Of hugetlb kinds nothing smaller is taken where there are none; with a file, they are for files of hugetlbfs.
  acre::page_kind page_kind = acre::page_kind::system;
  acre::sharing sharing = acre::sharing::process;  ///< who sees the pages
  acre::access access = acre::access::read_write;  ///< what they may be used for
  /// Bytes, a power of two. 0, or less than a page of the kind: a page. Mappings of 2 MiB and more with
  /// page_kind::transparent_huge begin at a multiple of 2 MiB in any case.
  std::size_t alignment = 0;
  void* address = nullptr;  ///< where to map; null: wherever the kernel likes, not for address_use::exact
  address_use use = address_use::hint;  ///< how `address` is meant
  /// A file descriptor, which may be closed afterwards; -1: anonymous memory.
  int file = -1;
  /// Bytes, where in the file the mapping begins; a multiple of the page size of the kind.
  std::uint64_t offset = 0;
  /// Shown in /proc/PID/maps as [anon:name] for private anonymous memory (Linux 5.17 with
  /// CONFIG_ANON_VMA_NAME; elsewhere it has no effect); at most 79 printable characters without [ ] \ $ `.
  std::string name = {};
};

/// Owns pages, moves, unmaps at the end. Sets no policy: apply() does.
/// \safety distinct mappings from any threads
class ACRE_API mapping {
 public:
  mapping() noexcept = default;  ///< of nothing
  /// Maps `bytes` bytes, rounded up to whole pages of the kind. No page exists yet.
  /// \throws allocation_error errc::out_of_memory, errc::no_huge_pages, errc::lock_limit (and errno values of mmap);
  ///   error errc::invalid_size (0, or beyond the address space), errc::invalid_alignment (alignment, offset,
  ///   address), errc::address_in_use, errc::invalid_argument (name, a descriptor that is not open or not for this
  ///   access, a file that cannot be mapped or is sealed, address_use::exact and null or below vm.mmap_min_addr)
  explicit mapping(std::size_t bytes, const mapping_options& options = {});
  /// Takes over a range that was mapped otherwise (shmat(2), or release()): unmaps it at the end.
  /// \param data the start of a page
  /// \param size bytes, whole pages of the kind
  /// \param kind only told by page_kind(): nothing is checked
  [[nodiscard]] static mapping adopt(void* data, std::size_t size,
                                     acre::page_kind kind = acre::page_kind::system) noexcept;
  mapping(mapping&& other) noexcept;             ///< `other` owns nothing afterwards
  mapping& operator=(mapping&& other) noexcept;  ///< unmaps what it had; `other` owns nothing afterwards
  mapping(const mapping&) = delete;
  mapping& operator=(const mapping&) = delete;
  /// Unmaps. Where that fails near vm.max_map_count, the pages are given back and the addresses stay taken.
  ~mapping();

  /// The first byte; null: nothing is owned.
  [[nodiscard]] void* data() const noexcept { return x_data; }
  /// Bytes, in whole pages; 0: nothing is owned.
  [[nodiscard]] std::size_t size() const noexcept { return x_size; }
  /// As asked for, or given to adopt().
  [[nodiscard]] acre::page_kind page_kind() const noexcept { return x_page_kind; }
  /// True if pages are owned.
  explicit operator bool() const noexcept { return x_data != nullptr; }

  /// Unmaps now.
  /// \throws error errc::not_mapped if there is nothing (any more); out of mappings (vm.max_map_count): the
  ///   system's ENOMEM, the pages are given back but the addresses stay taken
  void unmap();
  /// The same, with the error in `ec`.
  void unmap(std::error_code& ec) noexcept;
  /// Hands the range over: the caller unmaps it, and asks for its size() before. Nothing is owned afterwards.
  /// \returns data(); null if nothing was owned
  [[nodiscard]] void* release() noexcept;

 private:
  void* x_data = nullptr;
  std::size_t x_size = 0;
  acre::page_kind x_page_kind = acre::page_kind::system;
};

static_assert(std::is_nothrow_move_constructible_v<mapping> && std::is_nothrow_move_assignable_v<mapping>);
static_assert(!std::is_copy_constructible_v<mapping> && !std::is_copy_assignable_v<mapping>);

}  // namespace acre::inline v1
