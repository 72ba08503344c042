// misuse: what the misuse handler is told.
#pragma once

#include <acre/misuse.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace acre::test {

/// What was told while `call` ran; empty: nothing. Each mistake is told once, or the test fails. In one thread at a
/// time.
template <class F>
std::string misuse_in(F call) {
  static std::vector<std::string> told;
  told.clear();
  const misuse_handler before = set_misuse_handler([](const misuse& m) { told.emplace_back(m.what); });
  call();
  set_misuse_handler(before);
  for (std::size_t i = 1; i < told.size(); ++i) BOOST_ERROR("told as well: " << told[i]);
  return told.empty() ? std::string() : told.front();
}

}  // namespace acre::test
