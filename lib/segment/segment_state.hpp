// segment_state: what an attached segment consists of, and the ways to one.
#pragma once

#include <acre/error.hpp>
#include <acre/mapping.hpp>
#include <acre/shared_segment.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "segment/segment_object.hpp"
#include "segment/segment_record.hpp"

namespace acre {

/// Sizes of a segment of so many bytes of data. The record has the end of the object: in base pages a page of its own,
/// in hugetlb pages the end of the last one.
struct segment_layout {
  std::size_t page;    ///< base or hugetlb
  std::size_t data;    ///< whole pages
  std::size_t object;  ///< all
  std::size_t mapped;  ///< what processes see: data, in hugetlb pages all

  /// \throws error errc::invalid_size
  segment_layout(std::size_t bytes, page_kind pages);
};

struct segment_state {
  std::unique_ptr<segment_object> object;
  segment_record record;
  segment_layout layout;
  segment_backend backend;
  mapping memory;
  bool writable = true;
  bool created = false;
  bool foreign = false;
  bool sealed = false;
  uid_t owner = 0;
  std::vector<downgrade> downgrades = {};

  std::byte* data() const noexcept { return static_cast<std::byte*>(memory.data()); }
  /// \throws error errc::foreign_segment if the object has not its size any more: touching it could be a SIGBUS
  void require_intact() const;
};

/// shared_segment::create().
std::unique_ptr<segment_state> create_segment(std::string_view name, std::size_t bytes,
                                              const placement& where, const segment_options& options,
                                              const topology& machine);
/// shared_segment::open() and its kind: of an object found.
std::unique_ptr<segment_state> attach_segment(std::unique_ptr<segment_object> object,
                                              const attach_options& options);

/// Maps the object as it wants to be mapped.
mapping map_segment(const segment_object& object, const segment_layout& layout, page_kind pages,
                    const map_wish& wish);

/// The record of an object, and whether acre made it.
struct identified {
  segment_record record;
  bool foreign = false;
};
/// \throws error errc::foreign_segment, errc::not_ready, errc::permission_denied (owner)
identified identify(const segment_object& object, const object_facts& facts, const attach_options& options);

creator_state state_of_creator(const segment_record& record);

/// The placement in words.
std::string describe(const segment_record& record);
/// As others may have changed it since.
segment_record current_record(const segment_state& s);

/// Removes the segment of a key whose creator died before it was done.
/// \returns false if there is none
bool remove_unfinished(std::string_view name);

[[noreturn]] void fail_commit(const error& why, std::size_t bytes, const std::string& where);
/// Calls commit(); what prefault() says of pages that do not come is thrown as an error of an allocation.
template <class F>
void committing(std::size_t bytes, const std::string& where, F commit) {
  try {
    commit();
  } catch (const error& e) {
    fail_commit(e, bytes, where);
  }
}

/// Maps all pages that the object has into this process, so that the kernel tells where they lie, and makes none. Of
/// hugetlb pages all.
/// \throws error errc::permission_denied if the kernel would not tell this user which pages there are
void map_existing_pages(const mapping& memory, std::size_t bytes, uid_t owner, bool writable);

/// True if a page exists in the range.
bool has_pages(const void* p, std::size_t bytes, page_kind pages);

}  // namespace acre
