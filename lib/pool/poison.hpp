// poison: tells AddressSanitizer, LeakSanitizer and Valgrind what a pool does with its memory.
#pragma once

#include <cstddef>

namespace acre::inline v1::poison {

/// True if AddressSanitizer or Valgrind's memcheck watches this program: found out at run time, whatever this library
/// was compiled with (Valgrind only where its headers were there then).
bool watched() noexcept;
/// True if LeakSanitizer looks for leaks, alone or as a part of AddressSanitizer.
bool seeks_leaks() noexcept;

// All do nothing where nobody watches.

/// Accesses from now on are errors. AddressSanitizer knows parts of 8 aligned bytes by their beginning only: the
/// range should end at a multiple of 8.
void forbid(const void* p, std::size_t bytes) noexcept;
/// Accesses are right again; Valgrind takes the contents as undefined.
void allow(const void* p, std::size_t bytes) noexcept;
/// Accesses are right again, and the contents are what was last written.
void allow_contents(const void* p, std::size_t bytes) noexcept;
/// LeakSanitizer looks for pointers in the range, which it would otherwise not know of.
void add_roots(const void* p, std::size_t bytes) noexcept;
/// \param p, bytes as given to add_roots(): for anything else LeakSanitizer ends the program
void remove_roots(const void* p, std::size_t bytes) noexcept;

}  // namespace acre::inline v1::poison
