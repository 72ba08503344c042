#pragma once

#include <acre/placement.hpp>

#include <string>

namespace nearby {

std::string text_of(const acre::placement& where);

}  // namespace nearby
