// segment_object: the kernel's object behind a segment: a file, or a System V segment. Knows how to map it and where its
// record lies, nothing of placements.
#pragma once

#include <acre/mapping.hpp>
#include <acre/shared_segment.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "segment/segment_record.hpp"
#include "sys/shared.hpp"

namespace acre {

struct map_wish {
  acre::access access = acre::access::read_write;
  void* address = nullptr;
  address_use use = address_use::hint;
};

struct object_facts {
  std::uint64_t bytes = 0;  ///< of all, as it is now
  uid_t owner = 0;
  unsigned mode = 0;
  std::size_t huge_page = 0;  ///< bytes of its hugetlb pages; 0: base pages (or transparent huge ones)
  bool sealed = false;        ///< cannot shrink
};

class segment_object {
 public:
  virtual ~segment_object() = default;

  virtual object_facts facts() const = 0;
  /// Maps the first `bytes` bytes, in whole pages.
  /// \throws what mapping() throws
  virtual mapping map(std::size_t bytes, page_kind pages, const map_wish& wish) const = 0;
  /// Where the object has no page, or is too short: blank.
  virtual record_bytes read_record() const = 0;
  /// \throws allocation_error errc::no_space; error with the errno
  virtual void write_record(const record_bytes& page) = 0;
  /// Others can find it although it is not published.
  virtual bool is_visible() const noexcept { return false; }
  /// Others can find it under its name from now on.
  /// \throws error errc::name_in_use, errc::permission_denied
  virtual void publish() = 0;
  /// Rules out that others shrink it, if that can be.
  virtual void seal() noexcept {}
  virtual int file() const noexcept { return -1; }
  virtual int id() const noexcept { return -1; }

 protected:
  segment_object() = default;
  segment_object(const segment_object&) = delete;
  segment_object& operator=(const segment_object&) = delete;
};

/// What a name or a descriptor stands for, or would.
/// \throws error errc::invalid_name
struct segment_name {
  segment_name(segment_backend backend, std::string_view text);

  segment_backend backend;
  std::string text;  ///< without the '/' that shm_open(3) knows
  key_t key = 0;     ///< sysv; 0: private
};

// Files (file_object.cpp) and System V (sysv_object.cpp). Objects made new are blank and without a name, and end with
// the segment_object if they are not published.

/// \throws allocation_error errc::no_space, errc::no_huge_pages, errc::out_of_memory; error errc::invalid_size,
///   errc::permission_denied, errc::name_in_use (sysv)
std::unique_ptr<segment_object> make_file(const segment_name& name, std::uint64_t bytes, unsigned mode);
std::unique_ptr<segment_object> make_memory_file(const segment_name& name, std::uint64_t bytes,
                                                 page_kind pages);
std::unique_ptr<segment_object> make_sysv(const segment_name& name, std::uint64_t bytes, page_kind pages,
                                          unsigned mode);

/// \throws error errc::no_such_segment, errc::permission_denied, errc::foreign_segment, errc::invalid_argument (a
///   descriptor that is not open, a file whose pages keep no policies)
std::unique_ptr<segment_object> open_file(const segment_name& name, bool writable);
std::unique_ptr<segment_object> open_sysv(const segment_name& name);
std::unique_ptr<segment_object> take_file(int file, bool writable);
std::unique_ptr<segment_object> take_id(int shmid);

/// \returns false if there is none
/// \throws error errc::permission_denied
bool unlink_file(const std::string& name);
bool remove_id(int shmid);

}  // namespace acre
