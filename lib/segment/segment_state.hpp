// segment_state: what an attached segment consists of, and the ways to one.
#pragma once

#include <acre/mapping.hpp>
#include <acre/shared_segment.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "segment/segment_header.hpp"
#include "segment/segment_object.hpp"

namespace acre::inline v1 {

struct segment_state {
  std::unique_ptr<segment_object> object;
  segment_header header;
  segment_layout layout;
  mapping memory = {};
  bool writable = true;
  bool created = false;
  bool foreign = false;
  bool sealed = false;
  std::vector<downgrade> downgrades = {};

  std::byte* data() const noexcept { return static_cast<std::byte*>(memory.data()); }
  /// \throws error errc::foreign_segment if it has not its size any more: touching it could be a SIGBUS
  void require_intact() const;
  /// The header as it is now: others may have placed the segment anew since.
  segment_header current_header() const;
};

/// shared_segment::create().
std::unique_ptr<segment_state> create_segment(const segment_name& name, std::size_t bytes,
                                              const placement& where, const segment_options& options,
                                              const topology& machine);
/// shared_segment::open() and its kind: of an object that was found.
std::unique_ptr<segment_state> attach_segment(std::unique_ptr<segment_object> object,
                                              const attach_options& options);

/// Maps the object as it wants to be mapped.
mapping map_segment(const segment_object& object, const segment_layout& layout, page_kind kind,
                    const map_wish& wish);

/// The header of an object, and whether acre made it.
struct identified {
  segment_header header;
  bool foreign = false;
};
/// \throws error errc::foreign_segment, errc::not_ready, errc::permission_denied (owner)
identified identify(const segment_object& object, const object_facts& facts, const attach_options& options);
/// \throws error errc::permission_denied if it is another user's, unless that is accepted
void require_owner(const object_facts& facts, const attach_options& options);

/// \param creator as the kernel tells it
creator_state state_of_creator(pid_t creator);
creator_state state_of_creator(const segment_header& header);
/// The placement of a segment in words.
std::string describe(const segment_header& header);
/// What is known of an object beside where its pages lie.
segment_info info_of(const segment_object& object, const segment_header& header);

}  // namespace acre::inline v1
