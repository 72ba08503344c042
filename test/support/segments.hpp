// segments: shared segments that are gone when a test ends, and the kernel's objects behind them, without acre.
#pragma once

#include <acre/shared_segment.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace acre::test {

/// The kinds of segments there are: backends, and whether others find them by a name.
enum class way { posix, memfd, sysv_key, sysv_private };
inline constexpr std::array all_ways{way::posix, way::memfd, way::sysv_key, way::sysv_private};
inline constexpr std::array named_ways{way::posix, way::sysv_key};
std::string to_string(way w);
std::ostream& operator<<(std::ostream& out, way w);
segment_backend backend_of(way w);

/// A name that nobody else has. What bears it is gone at the beginning, if an earlier process of this number was
/// killed, and at the end, whoever made it.
class own_name {
 public:
  /// \param length of a name in /dev/shm, at least; a shorter one is filled up
  explicit own_name(way w = way::posix, std::size_t length = 0);
  ~own_name();
  own_name(const own_name&) = delete;
  own_name& operator=(const own_name&) = delete;

  const std::string& text() const { return x_text; }
  operator std::string_view() const { return x_text; }
  /// In /dev/shm.
  std::string path() const { return "/dev/shm/" + x_text; }
  key_t key() const { return x_key; }
  way kind() const { return x_way; }
  segment_backend backend() const { return backend_of(x_way); }

 private:
  void remove() const;

  way x_way;
  pid_t x_maker;
  key_t x_key = 0;
  std::string x_text;
};

/// Makes segments of one kind, and removes them at the end.
class segment_maker {
 public:
  explicit segment_maker(way w) : x_name(w) {}
  ~segment_maker();
  segment_maker(const segment_maker&) = delete;
  segment_maker& operator=(const segment_maker&) = delete;

  /// Of the same name each time.
  shared_segment make(std::size_t bytes, const placement& where = placement::unbound(),
                      segment_options o = {});
  attach_options found_by(attach_options o = {}) const;
  const own_name& name() const { return x_name; }

 private:
  own_name x_name;
  std::vector<int> x_ids;
};

/// Attaches the same memory once more, by descriptor or id.
shared_segment again(const shared_segment& s, const attach_options& o = {});

/// A file in /dev/shm.
void write_file(const std::string& path, std::string_view contents);
bool exists(const std::string& path);
/// Files in /dev/shm whose names begin so.
std::vector<std::string> shared_files(std::string_view prefix);
/// The size of a memory file or /dev/shm file is changed, as a peer could; 0 or errno.
int resize(const std::string& path, std::size_t bytes);
/// Writes over bytes of a segment's object, whatever it is; `at` counts from the start of the object.
void scribble(const shared_segment& s, std::size_t at, const void* data, std::size_t bytes);
/// Bytes of all: data and header.
std::size_t object_size(const shared_segment& s);
/// Bytes of pages that the object has, without a look at them.
std::size_t object_pages(const shared_segment& s);

/// A line of /proc/meminfo, in bytes.
std::uint64_t meminfo(std::string_view key);
/// Entries of /proc/self/fd.
std::size_t count_descriptors();

/// Another user, who owns nothing.
inline constexpr uid_t nobody = 65534;

}  // namespace acre::test

/// BOOST_TEST(s) asks whether it is attached.
BOOST_TEST_DONT_PRINT_LOG_VALUE(acre::shared_segment)
