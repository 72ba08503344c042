// segment_peers: other programs that attach and touch segments, and what a segment must look like then.
#pragma once

#include <acre/shared_segment.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "support/kernel.hpp"

namespace acre::test {

/// Whose turn it is.
struct peer_order {
  unsigned node;  ///< it runs on a CPU of
  std::uint64_t seed = 1;
  std::size_t share = 0;  ///< the units it writes, see segment_share.hpp
  std::size_t shares = 1;
  std::size_t unit = base_page();
};

/// An acre_segment_peer, started with fork and exec. It has the segments mapped until end().
class segment_peer {
 public:
  /// \param segments "posix:NAME", "fd:NUMBER" and so on
  segment_peer(const peer_order& order, const std::vector<std::string>& segments);
  ~segment_peer();
  segment_peer(const segment_peer&) = delete;
  segment_peer& operator=(const segment_peer&) = delete;
  /// Until it has written its share. Fails the test where it does not get there.
  void wait();
  /// Fails the test where the peer failed.
  void end();
  /// After wait(): the kernel's policy of each unit of each segment as the peer sees it, in words.
  const std::vector<std::string>& policies() const noexcept { return x_policies; }

 private:
  pid_t x_child = -1;
  int x_input = -1;
  int x_output = -1;
  std::vector<std::string> x_policies;
};

/// The nodes of three peers, different ones where there are so many; the test's own is the last choice.
std::vector<unsigned> peer_nodes();
/// Three peers at once write all of the segments, each its share from its node, and end.
/// \returns what policies() of each said
std::vector<std::vector<std::string>> write_from_peers(const std::vector<std::string>& segments,
                                                       std::uint64_t seed, std::size_t unit);
/// The node of the peer that write_from_peers() lets write each unit.
std::vector<unsigned> writers(std::uint64_t seed, std::size_t units);

/// How peers find it: by its name, descriptor, or id.
std::string address_of(const shared_segment& s, const std::string& name);

/// Its name or id is gone afterwards.
void remove(const shared_segment& s, const std::string& name);

/// The policies of a segment's units as this process sees them, in the same words as policies().
std::vector<std::string> policies_of(const shared_segment& s, std::size_t unit);
/// Maps every page of the segment by reading: it must be there. Fails where one lacks its signature.
void expect_signed(const shared_segment& s, std::uint64_t seed);
/// Pages that are there, by mincore(2).
std::size_t count_present(const shared_segment& s);
/// Maps them by reading, so that move_pages(2) tells where they lie, and makes none.
void map_present(const shared_segment& s);

/// Fails where this has left anything behind when it ends: a file in /dev/shm, a System V segment, an open file, a
/// mapping.
class nothing_left {
 public:
  nothing_left() : x_before(now()) {}
  ~nothing_left();
  nothing_left(const nothing_left&) = delete;
  nothing_left& operator=(const nothing_left&) = delete;

 private:
  static std::map<std::string, std::size_t> now();
  std::map<std::string, std::size_t> x_before;
};

}  // namespace acre::test
