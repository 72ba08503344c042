#include <nearby.hpp>

[[maybe_unused]] const std::string used = nearby::text_of(acre::placement::unbound());
