// require: for what a test takes for granted. An exception ends the test, in the programs beside the tests too.
#pragma once

#include <cerrno>
#include <system_error>

namespace acre::test {

/// \throws std::system_error with errno where a call did not succeed
inline void require(bool succeeded, const char* call) {
  if (!succeeded) throw std::system_error(errno, std::system_category(), call);
}

}  // namespace acre::test
