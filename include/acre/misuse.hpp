/// \file
/// What happens when a program gives memory back that it may not give back.
#pragma once

#include <acre/export.hpp>

#include <cstddef>

namespace acre::inline v1 {

/// A block that is nobody's, or was freed already, or is freed with another size, or was written to after it was freed:
/// as far as it is found, which is what guarding::on is for.
struct misuse {
  const void* block;  ///< the address that was given back, or was written to
  std::size_t bytes;  ///< as it was freed with; of one that was written to afterwards, as it was asked for
  const char* what;   ///< one sentence for people; lives as long as the call of the handler
};

/// Called in the middle of the call that finds it (deallocate(), trim(), or an allocate() that finds no room and looks
/// for memory to give back), by the thread that made that call, outside of all locks of acre's. Of a block that was
/// written to after it was freed this is mostly another call than the one that freed it. It may allocate, and end the
/// program. If it returns, nothing is given back, and what lives goes on living; a block that was written to after it
/// was freed stays free. It must not throw: frees do not.
using misuse_handler = void (*)(const misuse& m);

/// The handler from now on. The first one writes a line to standard error, the only one that the library ever prints,
/// and aborts, as free(3) does.
/// \param handler null: the first one
/// \returns the one before
/// \safety any thread
ACRE_API misuse_handler set_misuse_handler(misuse_handler handler) noexcept;

}  // namespace acre::inline v1
