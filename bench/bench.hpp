// What a benchmark program says about itself, and the memory its rows share.
//
// A row is named GROUP/.../WHO. Rows that differ in WHO only do the same work and are compared with each
// other: bench/report.py prints each beside the one that is the program's baseline, and beside the best of those
// that do not begin with "acre::".
#pragma once

#include <acre/node_set.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <string>

namespace bench {

/// Defined by each program: registers its rows, and calls baseline().
/// \param smoke everything is run, as little of it as will do
void declare(bool smoke);

/// The WHO that the others are compared with.
void baseline(std::string who);
const std::string& baseline();

/// Registers a row: `body` is called as body(state).
template <class F>
benchmark::internal::Benchmark* row(const std::string& name, F body) {
  return benchmark::RegisterBenchmark(name.c_str(), body);
}

/// Room for libraries with thread-local variables that are opened while the program runs: runs the program
/// again with it if need be.
void make_room_for_libraries(char** argv);

/// The node everything is bound to: the first that this process may use.
acre::node_id node();

/// Pages by the system calls themselves, bound (MPOL_BIND) to node(). Failures end the program.
void* map_raw(std::size_t bytes);
void bind_raw(void* p, std::size_t bytes);
void unmap_raw(void* p, std::size_t bytes);
/// Both, at a multiple of `alignment`.
void* map_bound(std::size_t bytes, std::size_t alignment);
/// Whether the page at p has the policy that bind_raw() sets.
bool is_bound(const void* p);

/// Writes a byte of each base page.
void touch(void* p, std::size_t bytes);

/// Makes the pages exist by raw calls alone: MADV_POPULATE_WRITE of equal parts, by a thread for each CPU of node().
/// Where the kernel has no such call (before Linux 5.14) it touches them.
void populate_raw(void* p, std::size_t bytes);

/// Touches so many bytes of free memory, as huge pages: of a virtual machine, free ones are what the host takes
/// back, and finding them again costs it ten times what the rows are to show.
void warm(std::size_t bytes);

}  // namespace bench
