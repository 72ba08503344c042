#include <acre/chunk.hpp>

#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <ostream>

namespace acre::inline v1 {

void chunk::reject(std::size_t bytes) {
  throw error(errc::invalid_chunk, "a chunk of " + std::to_string(bytes) + " bytes, it must be 1 to " +
                                       std::to_string(PTRDIFF_MAX) +
                                       " ('page' is one page, 'whole' all of an allocation)");
}

std::string chunk::to_string() const {
  switch (x_kind) {
    case kind::automatic:
      return "automatic";
    case kind::page:
      return "page";
    case kind::whole:
      return "whole";
    case kind::bytes:
      break;
  }
  return format_bytes(x_bytes);
}

std::ostream& operator<<(std::ostream& out, const chunk& c) { return out << c.to_string(); }

}  // namespace acre::inline v1
