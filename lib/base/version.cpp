#include <acre/version.hpp>

#define ACRE_TEXT_OF(x) #x
#define ACRE_TEXT(x) ACRE_TEXT_OF(x)

namespace acre::inline v1 {

std::string_view version() noexcept {
  return ACRE_TEXT(ACRE_VERSION_MAJOR) "." ACRE_TEXT(ACRE_VERSION_MINOR) "." ACRE_TEXT(ACRE_VERSION_PATCH)
      ACRE_VERSION_SUFFIX;
}

}  // namespace acre::inline v1
