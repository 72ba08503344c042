// fuzz_target: what every fuzz target defines. libFuzzer calls it with texts that it makes up, replay.cpp
// with those of the corpus.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace acre::test {

/// What must hold whatever the input is: ends the process, which libFuzzer and CTest report.
inline void demand(bool condition) {
  if (!condition) std::abort();
}

}  // namespace acre::test
