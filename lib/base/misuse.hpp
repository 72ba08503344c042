// misuse: the end of a program that uses memory wrongly.
#pragma once

#include <cstddef>

namespace acre::detail {

/// Writes a line to standard error and aborts.
/// \param what is wrong with the block
[[noreturn]] void misuse(const char* what, const void* p, std::size_t bytes) noexcept;

}  // namespace acre::detail
