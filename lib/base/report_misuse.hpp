// report_misuse: tells the misuse handler. To be called without locks.
#pragma once

#include <cstddef>

namespace acre::inline v1 {

void report_misuse(const void* block, std::size_t bytes, const char* what) noexcept;
/// Reports a free of something that is no live block, or a live one of another size.
/// \param of who was to free it, for the message: "pool"
void report_no_block(const char* of, const void* block, std::size_t bytes) noexcept;

}  // namespace acre::inline v1
