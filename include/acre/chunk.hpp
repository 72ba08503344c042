/// \file
/// How many bytes in a row a placement that deals out its nodes puts on one of them.
#pragma once

#include <acre/export.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <type_traits>

namespace acre::inline v1 {

/// How many bytes in a row interleave and most_free put on one node; weighted puts as many times that there as the
/// node's weight says. A regular value, made from bytes or one of the three below.
class ACRE_API chunk {
 public:
  /// What costs no kernel mappings to speak of: a page where one policy of the kernel deals out pages by itself (soft
  /// interleave); the whole allocation for most_free; else the finest power of two of pages that keeps this process
  /// within its budget of mappings (plan_options::automatic_ranges), yet each node gets its share. Hard weighted and
  /// interleaved memory whose pages are made before anybody has them (pools, commit::eager) needs no mappings for its
  /// chunks: a range for each 256 KiB, and 64 at least; huge pages of 2 MiB in a block above 1 GiB.
  static const chunk automatic;
  /// One page, base or huge, whatever its size is.
  static const chunk page;
  /// The whole allocation.
  static const chunk whole;

  /// automatic.
  constexpr chunk() noexcept = default;
  /// Of so many bytes.
  /// \param bytes 1 to PTRDIFF_MAX, as no object is longer; rounded up to whole pages when planned
  /// \throws error errc::invalid_chunk for 0, and for more, as a negative number becomes
  constexpr chunk(std::size_t bytes)  // NOLINT(google-explicit-constructor): a chunk is so many bytes
      : x_bytes(bytes), x_kind(kind::bytes) {
    if (bytes == 0 || bytes > PTRDIFF_MAX) reject(bytes);
  }

  /// As given; 0 for automatic, page and whole.
  [[nodiscard]] constexpr std::size_t bytes() const noexcept { return x_bytes; }

  /// "automatic", "page", "whole" or bytes as format_bytes() writes them: "2MiB".
  [[nodiscard]] std::string to_string() const;
  /// Writes to_string().
  ACRE_API friend std::ostream& operator<<(std::ostream& out, const chunk& c);
  /// Equal if made alike: chunk::page and a chunk of as many bytes as a page has are two.
  friend constexpr bool operator==(const chunk&, const chunk&) noexcept = default;
  /// For hash tables: equal chunks have equal hashes. std::hash gives the same.
  [[nodiscard]] constexpr std::size_t hash() const noexcept {
    return x_bytes ^ (static_cast<std::size_t>(x_kind) << 1);
  }

 private:
  enum class kind : unsigned char { automatic, page, whole, bytes };

  constexpr explicit chunk(kind k) noexcept : x_kind(k) {}
  [[noreturn]] static void reject(std::size_t bytes);

  std::size_t x_bytes = 0;
  kind x_kind = kind::automatic;
};

inline constexpr chunk chunk::automatic{kind::automatic};
inline constexpr chunk chunk::page{kind::page};
inline constexpr chunk chunk::whole{kind::whole};

static_assert(std::regular<chunk> && std::is_trivially_copyable_v<chunk>);

}  // namespace acre::inline v1

/// For std::unordered_map and its kind.
template <>
struct std::hash<acre::chunk> {
  /// chunk::hash().
  constexpr std::size_t operator()(const acre::chunk& c) const noexcept { return c.hash(); }
};
