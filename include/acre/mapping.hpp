// mapping: a range of pages that unmaps itself. The piece custom areas are made of.
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
[[nodiscard]] ACRE_API std::string_view to_string(page_kind kind) noexcept;
/// Bytes: the base page size, 2 MiB, 2 MiB, 1 GiB.
[[nodiscard]] ACRE_API std::size_t page_size(page_kind kind) noexcept;

/// Who sees the pages: this process, or its children and everybody who maps the same file too.
enum class sharing { process, shared };

/// How mapping_options::address is meant.
enum class address_use {
  hint,   ///< a wish; the kernel may choose another
  exact,  ///< exactly there, or errc::address_in_use; never over an existing mapping (MAP_FIXED_NOREPLACE)
};

enum class access { read_write, read_only, none };

struct mapping_options {
  acre::page_kind page_kind = acre::page_kind::system;
  acre::sharing sharing = acre::sharing::process;
  acre::access access = acre::access::read_write;
  /// A power of two; 0: the page size.
  std::size_t alignment = 0;
  void* address = nullptr;
  address_use use = address_use::hint;
  /// A file descriptor, which may be closed afterwards; -1: anonymous memory.
  int file = -1;
  /// Offset in the file, in bytes; a multiple of the page size of the kind.
  std::uint64_t offset = 0;
  /// Shown in /proc/PID/maps as [anon:name] for private anonymous memory (Linux 5.17 with
  /// CONFIG_ANON_VMA_NAME; elsewhere it has no effect); at most 79 printable characters without [ ] \ $ `.
  std::string name = {};
};

/// Owns pages, moves, unmaps at the end.
/// \safety distinct mappings from any threads
class ACRE_API mapping {
 public:
  mapping() noexcept = default;
  /// Maps `bytes` bytes, rounded up to whole pages of the kind. No page exists yet.
  /// \throws allocation_error errc::out_of_memory, errc::no_huge_pages, errc::lock_limit (and errno values of mmap);
  ///   error errc::invalid_size (0, or beyond the address space), errc::invalid_alignment (alignment, offset,
  ///   address), errc::address_in_use, errc::invalid_argument (name, bad descriptor)
  explicit mapping(std::size_t bytes, const mapping_options& options = {});
  /// Takes over a range that was mapped otherwise (shmat(2), or release()): unmaps it at the end.
  /// \param size whole pages of the kind
  [[nodiscard]] static mapping adopt(void* data, std::size_t size,
                                     acre::page_kind kind = acre::page_kind::system) noexcept;
  mapping(mapping&& other) noexcept;
  mapping& operator=(mapping&& other) noexcept;
  mapping(const mapping&) = delete;
  mapping& operator=(const mapping&) = delete;
  ~mapping();

  [[nodiscard]] void* data() const noexcept { return x_data; }
  /// Whole pages.
  [[nodiscard]] std::size_t size() const noexcept { return x_size; }
  [[nodiscard]] acre::page_kind page_kind() const noexcept { return x_page_kind; }
  explicit operator bool() const noexcept { return x_data != nullptr; }

  /// Unmaps now.
  /// \throws error errc::not_mapped if there is nothing (any more); out of mappings (vm.max_map_count): the
  ///   system's ENOMEM, the pages are given back but the addresses stay taken
  void unmap();
  void unmap(std::error_code& ec) noexcept;
  /// Hands the range over: the caller unmaps it.
  [[nodiscard]] void* release() noexcept;

 private:
  void* x_data = nullptr;
  std::size_t x_size = 0;
  acre::page_kind x_page_kind = acre::page_kind::system;
};

static_assert(std::is_nothrow_move_constructible_v<mapping> && std::is_nothrow_move_assignable_v<mapping>);
static_assert(!std::is_copy_constructible_v<mapping> && !std::is_copy_assignable_v<mapping>);

}  // namespace acre::inline v1
