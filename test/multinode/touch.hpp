// touch: writes pages from the CPUs of chosen nodes.
#pragma once

#include <cstddef>

namespace acre::test {

/// Writes every base page of the range, from one CPU of each node in turn: page i of `page_size` bytes from the
/// (i modulo CPUs)th of one_cpu_per_node().
void touch_in_turn(void* p, std::size_t bytes, std::size_t page_size);
/// The node of the CPU that touch_in_turn() uses for page `index`.
unsigned toucher_of(std::size_t index);

/// Writes every base page from the CPU the thread runs on; keeps what is there.
void touch(void* p, std::size_t bytes);
/// Gives each base page a value of its own, and looks whether it has it.
void sign_pages(void* p, std::size_t bytes);
bool pages_are_signed(const void* p, std::size_t bytes);

}  // namespace acre::test
