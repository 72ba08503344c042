// message: lines on the standard error.
#pragma once

#include <exception>
#include <string_view>

namespace acre_cli {

/// Writes `text` to the standard error as it is. That it cannot be written, or that nobody reads it, is no reason to do
/// anything else otherwise: nothing throws, no signal ends acre.
void say(std::string_view text) noexcept;

/// "acre: TEXT", once where the text begins so itself, with further lines set in; what is not printable in a line of
/// `text`, as names of other users' things may be, becomes '?'.
void complain(std::string_view text) noexcept;

/// What `e` says, or what happened where it says its own name.
void complain_of(const std::exception& e) noexcept;

}  // namespace acre_cli
