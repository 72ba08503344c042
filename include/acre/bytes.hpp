/// \file
/// Byte counts as people write them: "64KiB", "2MiB", "1GiB".
#pragma once

#include <acre/export.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace acre::inline v1 {

// Not consteval: clang 14 leaves a call inside a template to the linker.
/// Byte counts in programs: `using namespace acre::literals;`, and then `64_KiB`. What is too large for std::size_t
/// loses its upper bits, as unsigned numbers do.
inline namespace literals {
/// `4_KiB` is 4096, after `using namespace acre::literals;`.
constexpr std::size_t operator""_KiB(unsigned long long n) noexcept {
  return static_cast<std::size_t>(n) << 10;
}
/// `2_MiB` is 2097152.
constexpr std::size_t operator""_MiB(unsigned long long n) noexcept {
  return static_cast<std::size_t>(n) << 20;
}
/// `1_GiB` is 1073741824.
constexpr std::size_t operator""_GiB(unsigned long long n) noexcept {
  return static_cast<std::size_t>(n) << 30;
}
}  // namespace literals

/// The shortest exact spelling, with a binary unit up to TiB: 4096 is "4KiB", 1000 is "1000".
/// parse_bytes() reads it back.
[[nodiscard]] ACRE_API std::string format_bytes(std::uint64_t bytes);

/// A spelling for people, to three digits (four from 1000 to 1023), with units up to EiB: "1.5 GiB", "312 MiB", "17 B".
/// Not exact: parse_bytes() does not read it.
[[nodiscard]] ACRE_API std::string format_bytes_rounded(std::uint64_t bytes);

/// Reads "4096", "64K", "64k", "64KiB", "2M", "2MiB", "1G", "1GiB", "1T", "1TiB" (powers of 1024, numactl's
/// spellings included). Decimal units (kB, MB) are rejected, because they mean different things to
/// different programs.
/// \throws error errc::invalid_text with the position of the mistake (empty, junk, overflow).
[[nodiscard]] ACRE_API std::uint64_t parse_bytes(std::string_view text);

}  // namespace acre::inline v1
