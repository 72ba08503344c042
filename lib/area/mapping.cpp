#include <acre/mapping.hpp>

#include <acre/error.hpp>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <limits>
#include <utility>

#include "base/code_of.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {
namespace {

constexpr unsigned shift_2mb = 21;
constexpr unsigned shift_1gb = 30;
constexpr std::size_t longest_name = 79;  // ANON_VMA_NAME_MAX_LEN without the zero

unsigned hugetlb_shift(page_kind kind) noexcept {
  switch (kind) {
    case page_kind::huge_2mb:
      return shift_2mb;
    case page_kind::huge_1gb:
      return shift_1gb;
    case page_kind::system:
    case page_kind::transparent_huge:
      break;
  }
  return 0;
}

/// Pages of transparent huge mappings are mapped in base pages; only the alignment is that of huge ones.
std::size_t granule(page_kind kind) noexcept {
  const unsigned shift = hugetlb_shift(kind);
  return shift == 0 ? sys::page_size() : std::size_t{1} << shift;
}

[[noreturn]] void reject(errc code, std::string what) { throw error(code, "mapping: " + std::move(what)); }

void require_name(const std::string& name) {
  if (name.size() > longest_name) {
    reject(errc::invalid_argument,
           "the name has " + std::to_string(name.size()) + " characters, 79 are possible");
  }
  for (char c : name) {
    // is_valid_name_char in kernel/sys.c
    if (c < ' ' || c > '~' || std::string_view("\\`$[]").find(c) != std::string_view::npos) {
      reject(errc::invalid_argument,
             "the name '" + name + "' has a character that is not printable or one of \\ ` $ [ ]");
    }
  }
}

std::size_t whole_pages(std::size_t bytes, std::size_t unit) {
  if (bytes == 0) reject(errc::invalid_size, "0 bytes");
  if (bytes > std::numeric_limits<std::ptrdiff_t>::max() - unit) {
    reject(errc::invalid_size, std::to_string(bytes) + " bytes are more than an address space has");
  }
  return (bytes + unit - 1) / unit * unit;
}

std::size_t alignment_of(const mapping_options& o, std::size_t unit) {
  if (o.alignment == 0) return unit;
  if (!std::has_single_bit(o.alignment)) {
    reject(errc::invalid_alignment,
           "the alignment " + std::to_string(o.alignment) + " is not a power of two");
  }
  return std::max(o.alignment, unit);
}

void require_aligned(const mapping_options& o, std::size_t unit) {
  const std::size_t offset_unit = o.file < 0 ? sys::page_size() : unit;
  if (o.offset % offset_unit != 0) {
    reject(errc::invalid_alignment, "the file offset " + std::to_string(o.offset) +
                                        " is not a multiple of the page size " + std::to_string(offset_unit));
  }
  if (o.use == address_use::exact && reinterpret_cast<std::uintptr_t>(o.address) % unit != 0) {
    reject(errc::invalid_alignment,
           "the exact address is not a multiple of the page size " + std::to_string(unit));
  }
  if (o.use == address_use::exact && o.address == nullptr)
    reject(errc::invalid_argument, "the exact address is null");
}

[[noreturn]] void fail(int e, std::size_t bytes, const mapping_options& o) {
  const bool huge = hugetlb_shift(o.page_kind) != 0;
  switch (e) {
    case EEXIST:
      reject(errc::address_in_use, "the exact address is in use");
    case EBADF:
      reject(errc::invalid_argument, "the file descriptor " + std::to_string(o.file) + " is not open");
    case EACCES:
      reject(errc::invalid_argument,
             "the file descriptor " + std::to_string(o.file) + " is not open for this kind of access");
    case EPERM:
      reject(errc::invalid_argument,
             "the file is sealed against writing, or the address lower than vm.mmap_min_addr");
    case ENODEV:
      reject(errc::invalid_argument, "the file cannot be mapped");
    case EINVAL:
      if (!huge)
        throw error(std::error_code(e, std::system_category()),
                    "mapping: the kernel rejects these arguments");
      throw allocation_error(errc::no_huge_pages, bytes, "", "this kernel has no huge pages of that size");
    case ENOMEM:
      if (huge)
        throw allocation_error(errc::no_huge_pages, bytes, "", "not enough free huge pages in the pool");
      throw allocation_error(
          errc::out_of_memory, bytes, "",
          "more than the kernel grants: address space, vm.overcommit_memory or vm.max_map_count");
    case EAGAIN:
      throw allocation_error(errc::lock_limit, bytes, "", "the limit of locked memory is reached");
    default:
      throw allocation_error(std::error_code(e, std::system_category()), bytes, "", "mmap(2) failed");
  }
}

/// Maps at a multiple of `alignment`: takes more addresses without memory, maps over the right part of them (a file's
/// first byte must be the one at the offset, and huge pages are few), and gives the ends back.
sys::map_result map_aligned(const sys::map_request& wanted, std::size_t alignment) {
  if (alignment > static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) - wanted.bytes)
    return {nullptr, ENOMEM};
  const std::size_t all = wanted.bytes + alignment;
  const sys::map_result addresses =
      sys::map({.bytes = all, .address = wanted.address, .readable = false, .writable = false});
  if (addresses.error != 0) return addresses;
  auto* const begin = static_cast<std::byte*>(addresses.data);
  const std::size_t misfit = reinterpret_cast<std::uintptr_t>(begin) % alignment;
  const std::size_t head = misfit == 0 ? 0 : alignment - misfit;
  const std::size_t tail = alignment - head;
  const auto give_up = [&](int error) {
    sys::unmap(begin, all);
    return sys::map_result{nullptr, error};
  };
  sys::map_request over = wanted;
  over.address = begin + head;
  over.replace = true;
  if (const int e = sys::map(over).error) return give_up(e);
  // Cutting the ends off can need a mapping more than there is; then nothing is kept.
  if (head != 0 && sys::unmap(begin, head) != 0) return give_up(ENOMEM);
  if (tail != 0 && sys::unmap(begin + head + wanted.bytes, tail) != 0) return give_up(ENOMEM);
  return {begin + head, 0};
}

}  // namespace

std::string_view to_string(page_kind kind) noexcept {
  switch (kind) {
    case page_kind::system:
      return "system";
    case page_kind::transparent_huge:
      return "transparent_huge";
    case page_kind::huge_2mb:
      return "huge_2mb";
    case page_kind::huge_1gb:
      return "huge_1gb";
  }
  return "unknown";
}

std::size_t page_size(page_kind kind) noexcept {
  if (kind == page_kind::transparent_huge) return std::size_t{1} << shift_2mb;
  return granule(kind);
}

mapping::mapping(std::size_t bytes, const mapping_options& o) {
  const std::size_t unit = granule(o.page_kind);
  const std::size_t size = whole_pages(bytes, unit);
  require_aligned(o, unit);
  require_name(o.name);
  std::size_t alignment = alignment_of(o, unit);
  // Huge pages can only lie at multiples of their size.
  if (o.page_kind == page_kind::transparent_huge && size >= page_size(o.page_kind))
    alignment = std::max(alignment, page_size(o.page_kind));

  sys::map_request r{.bytes = size,
                     .address = o.address,
                     .fixed = o.use == address_use::exact,
                     .shared = o.sharing == sharing::shared,
                     .readable = o.access != access::none,
                     .writable = o.access == access::read_write,
                     .huge_shift = o.file < 0 ? hugetlb_shift(o.page_kind) : 0,
                     .file = o.file,
                     .offset = o.offset};
  const bool aligned_anyway = r.fixed || alignment <= unit;
  // With a file the first byte must be the one at the offset: reserve addresses first would be a second
  // mapping.
  const sys::map_result m = aligned_anyway ? sys::map(r) : map_aligned(r, alignment);
  if (m.error != 0) fail(m.error, size, o);
  if (reinterpret_cast<std::uintptr_t>(m.data) % alignment != 0) {
    sys::unmap(m.data, size);
    reject(errc::invalid_alignment,
           "the exact address is not a multiple of the alignment " + std::to_string(alignment));
  }
  if (o.page_kind == page_kind::transparent_huge) {
    if (const int e = sys::want_huge_pages(m.data, size)) {
      sys::unmap(m.data, size);
      throw allocation_error(
          e == EINVAL ? make_error_code(errc::no_huge_pages) : std::error_code(e, std::system_category()),
          size, "", "this kernel has no transparent huge pages");
    }
  }
  // A kernel without names for anonymous memory says EINVAL: the name is a courtesy.
  if (!o.name.empty()) sys::name(m.data, size, o.name.c_str());
  x_data = m.data;
  x_size = size;
  x_page_kind = o.page_kind;
}

mapping mapping::adopt(void* data, std::size_t size, acre::page_kind kind) noexcept {
  mapping m;
  m.x_data = data;
  m.x_size = size;
  m.x_page_kind = kind;
  return m;
}

mapping::mapping(mapping&& other) noexcept
    : x_data(std::exchange(other.x_data, nullptr)),
      x_size(std::exchange(other.x_size, 0)),
      x_page_kind(other.x_page_kind) {}

mapping& mapping::operator=(mapping&& other) noexcept {
  mapping old(std::move(other));
  std::swap(x_data, old.x_data);
  std::swap(x_size, old.x_size);
  std::swap(x_page_kind, old.x_page_kind);
  return *this;
}

mapping::~mapping() {
  // A mapping may be part of a larger one of the kernel's; near vm.max_map_count it cannot be cut out
  // (ENOMEM). Its pages go back at least.
  if (x_data != nullptr && sys::unmap(x_data, x_size) != 0) sys::discard(x_data, x_size);
}

void mapping::unmap() {
  if (x_data == nullptr) throw error(errc::not_mapped, "mapping: nothing to unmap (any more)");
  void* const p = std::exchange(x_data, nullptr);
  if (const int e = sys::unmap(p, x_size)) {
    sys::discard(p, std::exchange(x_size, 0));
    throw error(std::error_code(e, std::system_category()),
                "mapping: munmap(2) needs a mapping more than vm.max_map_count allows");
  }
  x_size = 0;
}

void mapping::unmap(std::error_code& ec) noexcept {
  ec = code_of([&] { unmap(); });
}

void* mapping::release() noexcept {
  x_size = 0;
  return std::exchange(x_data, nullptr);
}

}  // namespace acre::inline v1
