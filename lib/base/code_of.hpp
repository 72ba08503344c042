// code_of, value_or_code: what a call throws as an error code, for the noexcept twins.
#pragma once

#include <acre/error.hpp>

#include <new>
#include <system_error>

namespace acre::inline v1 {

template <class F>
std::error_code code_of(F call) noexcept {
  try {
    call();
    return {};
  } catch (const failure& e) {
    return e.code();
  } catch (const std::system_error& e) {  // of the standard library
    return e.code();
  } catch (const std::bad_alloc&) {
    return errc::out_of_memory;
  } catch (...) {
    // Only a by_page function of the caller throws anything else.
    return errc::invalid_function;
  }
}

/// \returns what `call` returns, or a value-initialised result if it throws
template <class F>
auto value_or_code(std::error_code& ec, F call) noexcept {
  try {
    ec.clear();
    return call();
  } catch (...) {
    ec = code_of([] { throw; });
    return decltype(call()){};
  }
}

}  // namespace acre::inline v1
