#include <acre/numa_allocator.hpp>

#include <new>

namespace acre::inline v1 {

void detail::throw_bad_array_new_length() { throw std::bad_array_new_length(); }

}  // namespace acre::inline v1
