#include "pool/block_guard.hpp"

#include <acre/error.hpp>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <mutex>
#include <sstream>
#include <string>

#include "pool/poison.hpp"

namespace acre::inline v1 {
namespace {

template <class... Words>
block_misuse mistake(const void* p, std::size_t bytes, const Words&... words) {
  std::ostringstream text;
  text << "pool: the block at " << p;
  (text << ... << words);
  return {p, bytes, text.str()};
}

std::size_t filled(std::size_t good) noexcept { return std::min(good, block_guard::filled_bytes); }

/// \returns the offset of the first byte that is not `fill`, or `bytes`
std::size_t first_change(const void* p, std::size_t bytes) noexcept {
  const auto* const begin = static_cast<const unsigned char*>(p);
  return static_cast<std::size_t>(
      std::find_if(begin, begin + bytes, [](unsigned char c) { return c != block_guard::fill; }) - begin);
}

}  // namespace

void block_guard::admit(const block& b, std::size_t good) {
  const std::lock_guard lock(x_mutex);
  [[maybe_unused]] const bool is_new = x_blocks.try_emplace(b.p, entry{b.bytes, b.alignment, good}).second;
  assert(is_new);
  ++x_count.live;
  x_count.live_bytes += b.bytes;
  // Valgrind: whatever was in the block before.
  poison::allow(b.p, b.bytes);
  poison::forbid(static_cast<std::byte*>(b.p) + b.bytes, good - b.bytes);
}

std::optional<block_guard::block> block_guard::retire(const block& b, std::size_t good) {
  const std::lock_guard lock(x_mutex);
  known_block& known = find_live(b, good);
  const entry e = known.second;
  --x_count.live;
  x_count.live_bytes -= e.bytes;
  if (e.good > most_resting_bytes) {
    x_blocks.erase(b.p);
    poison::allow(b.p, e.good);
    return block{b.p, e.bytes, e.alignment};
  }
  lay_down(known);
  if (!has_surplus()) return std::nullopt;
  return wake_oldest();
}

std::optional<block_guard::block> block_guard::wake() {
  const std::lock_guard lock(x_mutex);
  if (x_oldest == nullptr) return std::nullopt;
  return wake_oldest();
}

std::optional<block_guard::block> block_guard::wake_surplus() {
  const std::lock_guard lock(x_mutex);
  if (!has_surplus()) return std::nullopt;
  return wake_oldest();
}

block_guard::counts block_guard::count() const {
  const std::lock_guard lock(x_mutex);
  return x_count;
}

void block_guard::clear() noexcept {
  const std::lock_guard lock(x_mutex);
  if (poison::watched()) {
    for (const auto& [p, e] : x_blocks) poison::allow(p, e.good);
  }
  x_blocks.clear();
  x_oldest = x_newest = nullptr;
  x_count = {};
  x_resting_bytes = 0;
}

block_guard::known_block& block_guard::find_live(const block& b, std::size_t good) {
  const auto found = x_blocks.find(b.p);
  if (found == x_blocks.end()) {
    throw mistake(b.p, b.bytes, ", freed with ", b.bytes, " bytes, is not a live block of this pool");
  }
  const entry& e = found->second;
  if (e.now != state::live) throw mistake(b.p, b.bytes, " of ", e.bytes, " bytes is freed twice");
  if (b.bytes < e.bytes || b.bytes > std::min(good, e.good)) {
    throw mistake(b.p, b.bytes, " was allocated with ", e.bytes, " bytes and is freed with ", b.bytes);
  }
  if (b.alignment != e.alignment) {
    throw mistake(b.p, b.bytes, " was allocated with alignment ", e.alignment, " and is freed with ",
                  b.alignment);
  }
  return *found;
}

void block_guard::lay_down(known_block& b) noexcept {
  auto& [p, e] = b;
  // The bytes beyond those asked for were forbidden, for us too.
  poison::allow(p, e.good);
  std::memset(p, fill, filled(e.good));
  poison::forbid(p, e.good);
  e.now = state::resting;
  (x_newest != nullptr ? x_newest->second.freed_next : x_oldest) = &b;
  x_newest = &b;
  ++x_count.resting;
  x_resting_bytes += e.good;
}

block_guard::block block_guard::wake_oldest() {
  auto& [p, e] = *x_oldest;
  if (e.now != state::reported) {
    const std::size_t checked = filled(e.good);
    poison::allow_contents(p, checked);
    if (const std::size_t at = first_change(p, checked); at != checked) {
      const block_misuse found =
          mistake(p, e.bytes, " of ", e.bytes, " bytes was written to after it was freed, at offset ", at);
      e.now = state::reported;
      throw found;
    }
  }
  poison::allow(p, e.good);
  const block awake{p, e.bytes, e.alignment};
  x_oldest = e.freed_next;
  if (x_oldest == nullptr) x_newest = nullptr;
  --x_count.resting;
  x_resting_bytes -= e.good;
  x_blocks.erase(awake.p);
  return awake;
}

}  // namespace acre::inline v1
