// poison: tells AddressSanitizer, LeakSanitizer and Valgrind what a pool does with its memory.
#pragma once

#include <cstddef>

namespace acre::poison {

/// True if one of them watches this program: found out at run time, whatever this library was compiled with.
bool watched() noexcept;

// All do nothing where nobody watches.

/// Accesses from now on are errors.
void forbid(const void* p, std::size_t bytes) noexcept;
/// Accesses are right again; Valgrind takes the contents as undefined.
void allow(const void* p, std::size_t bytes) noexcept;
/// LeakSanitizer looks for pointers in the range, which it would otherwise not know of.
void add_roots(const void* p, std::size_t bytes) noexcept;
void remove_roots(const void* p, std::size_t bytes) noexcept;

}  // namespace acre::poison
