// throws: what error code a call throws.
#pragma once

#include <acre/error.hpp>

#include <system_error>

namespace acre::test {

/// The code of the acre::error or acre::allocation_error that `call` throws; no error if it throws nothing.
template <class F>
std::error_code code_thrown(F call) {
  try {
    call();
  } catch (const std::system_error& e) {
    return e.code();
  } catch (const allocation_error& e) {
    return e.code();
  }
  return {};
}

}  // namespace acre::test
