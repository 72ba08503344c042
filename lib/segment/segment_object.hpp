// segment_object: the kernel's object behind a segment: a file, or a System V segment. Knows how to map it and where
// its header lies, nothing of placements.
#pragma once

#include <acre/mapping.hpp>
#include <acre/shared_segment.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "segment/segment_header.hpp"

namespace acre::inline v1 {

struct map_wish {
  acre::access access = acre::access::read_write;
  void* address = nullptr;
  address_use use = address_use::hint;
};

/// What can be said of an object before its header is read.
enum class object_stage {
  open,        ///< the header will tell
  unfinished,  ///< its creator is at work on it, or died
  foreign,     ///< not made by acre
};

struct object_facts {
  std::uint64_t bytes = 0;  ///< of all, as it is now
  uid_t owner = 0;
  uid_t maker = 0;  ///< has the owner's rights, too; of a file it is the owner
  unsigned mode = 0;
  object_stage stage = object_stage::open;
};

/// What an object is opened for.
enum class intent {
  attach_to_write,
  attach_to_read,
  look,  ///< and maybe remove it
};

class segment_object {
 public:
  virtual ~segment_object() = default;

  virtual segment_backend backend() const noexcept = 0;
  virtual object_facts facts() const = 0;
  /// Bytes of pages that exist, where the kernel tells.
  virtual std::optional<std::uint64_t> present() const = 0;
  /// What it is opened by: a file name, a System V key or "private"; empty: it has none.
  virtual std::string name() const = 0;
  /// The process that made it, as the kernel tells; 0: it does not.
  virtual pid_t creator() const { return 0; }
  /// Bytes of its hugetlb pages; 0: base pages, or transparent huge ones.
  virtual std::size_t huge_page() const = 0;
  /// Maps the first `bytes` bytes, in whole pages.
  /// \throws what mapping() throws
  virtual mapping map(std::size_t bytes, page_kind kind, const map_wish& wish) const = 0;
  /// \param bytes of the object; one that is shorter has a blank header
  virtual header_bytes read_header(std::uint64_t bytes) const = 0;
  /// Makes no page but that of the header.
  /// \param mapped by map(), may be written to
  /// \throws allocation_error errc::no_space; error with the errno
  virtual void write_header(const header_bytes& page, std::uint64_t bytes, const mapping& mapped) = 0;
  /// The end of creation: others find it from now on, and it stays.
  /// \throws error errc::name_in_use, errc::permission_denied
  virtual void publish() = 0;
  /// Rules out that others shrink it, if that can be. \returns is_sealed()
  virtual bool seal() noexcept { return true; }
  /// Whether it cannot shrink.
  virtual bool is_sealed() const noexcept { return true; }
  virtual int file() const noexcept { return -1; }
  virtual int id() const noexcept { return -1; }

 protected:
  segment_object() = default;
  segment_object(const segment_object&) = delete;
  segment_object& operator=(const segment_object&) = delete;
};

/// The name of a segment, checked when it is made.
/// \throws error errc::invalid_name
struct segment_name {
  segment_name(segment_backend backend, std::string_view text);

  segment_backend backend;
  std::string text;  ///< without the '/' that shm_open(3) knows
  key_t key = 0;     ///< sysv; 0: private
};

// Files (file_object.cpp) and System V (sysv_object.cpp). Objects made new are blank, cannot be found (sysv: or not
// used), and end with the segment_object if they are not published.

/// \throws allocation_error errc::no_space, errc::no_huge_pages, errc::out_of_memory; error errc::invalid_size,
///   errc::permission_denied, errc::name_in_use
std::unique_ptr<segment_object> make_file(const segment_name& name, std::uint64_t bytes, unsigned mode);
std::unique_ptr<segment_object> make_memory_file(const segment_name& name, std::uint64_t bytes,
                                                 page_kind kind, unsigned mode);
std::unique_ptr<segment_object> make_sysv(const segment_name& name, std::uint64_t bytes, page_kind kind,
                                          unsigned mode);

/// For a file that will have the name if publish() finds it still unused.
/// \throws error errc::name_in_use
void require_unused(const segment_name& name);

/// \throws error errc::no_such_segment, errc::permission_denied, errc::foreign_segment, errc::invalid_argument (a
///   descriptor that is not open, a file whose pages keep no policies)
std::unique_ptr<segment_object> open_file(const segment_name& name, intent what_for);
std::unique_ptr<segment_object> open_sysv(const segment_name& name, intent what_for);
std::unique_ptr<segment_object> take_file(int file, intent what_for);
std::unique_ptr<segment_object> take_id(int shmid, intent what_for);

/// \returns false if there is none
/// \throws error errc::permission_denied
bool unlink_file(const std::string& name);
bool remove_id(int shmid);
/// Removes the segment of this user that has the key if its creator died before it was done.
/// \returns false if there is none
bool remove_unfinished(key_t key);

/// Where a new segment may lie in all processes: in a range where the kernel puts nothing by itself (programs lie above
/// 0x55..., maps below the stack at 0x7f..., AddressSanitizer's shadow lower), at random, so that segments do not
/// meet. A hint: where there are no such addresses or, as under ThreadSanitizer, all are taken, the kernel chooses
/// another.
void* shared_address() noexcept;

/// log2 of the bytes of hugetlb pages; 0 for others.
unsigned hugetlb_shift(page_kind kind) noexcept;

}  // namespace acre::inline v1
