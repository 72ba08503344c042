#include <acre/misuse.hpp>

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/report_misuse.hpp"

namespace acre::inline v1 {
namespace {

void print(std::string_view text) noexcept {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

void print_and_abort(const misuse& m) {
  print("acre: ");
  print(m.what);
  print("\n");
  std::abort();
}

// acquire and release: who is called finds what its setter did before.
constinit std::atomic<misuse_handler> the_handler = print_and_abort;

}  // namespace

misuse_handler set_misuse_handler(misuse_handler handler) noexcept {
  return the_handler.exchange(handler != nullptr ? handler : print_and_abort, std::memory_order_acq_rel);
}

void report_misuse(const void* block, std::size_t bytes, const char* what) noexcept {
  the_handler.load(std::memory_order_acquire)({block, bytes, what});
}

void report_no_block(const char* of, const void* block, std::size_t bytes) noexcept {
  char text[160];
  std::snprintf(text, sizeof text, "%s: the block at %p, freed with %zu bytes, is no live block of this size",
                of, block, bytes);
  report_misuse(block, bytes, text);
}

}  // namespace acre::inline v1
