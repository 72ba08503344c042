#include "pool/run_map.hpp"

#include <algorithm>
#include <bit>

namespace acre::inline v1 {
namespace {

constexpr std::size_t word_units = 64;

/// The first bit that `count` set ones begin with; 64 if there is none.
std::size_t find_run(std::uint64_t bits, std::size_t count) noexcept {
  // After each step a bit says that `have` set ones begin with it.
  for (std::size_t have = 1; have < count && bits != 0;) {
    const std::size_t more = std::min(have, count - have);
    bits &= bits >> more;
    have += more;
  }
  return static_cast<std::size_t>(std::countr_zero(bits));
}

}  // namespace

run_map::run_map(std::size_t units)
    : x_used(units),
      x_leaves(std::bit_ceil(std::max<std::size_t>((units + word_units - 1) / word_units, 1))),
      x_nodes(2 * x_leaves) {
  for (std::size_t word = 0; word * word_units < units; ++word)
    x_nodes[x_leaves + word] = of_word(free_bits(word));
  for (std::size_t part = x_leaves; --part != 0;)
    x_nodes[part] = joined(x_nodes[2 * part], x_nodes[2 * part + 1], units_of(2 * part));
}

std::size_t run_map::units_of(std::size_t part) const noexcept {
  return x_leaves / std::bit_floor(part) * word_units;
}

std::size_t run_map::first_unit_of(std::size_t part) const noexcept {
  return (part - std::bit_floor(part)) * units_of(part);
}

/// Beyond the end all is used.
std::uint64_t run_map::free_bits(std::size_t word) const noexcept {
  const std::size_t begin = word * word_units;
  if (begin >= size()) return 0;
  const std::size_t here = std::min(size() - begin, word_units);
  return ~x_used.word(word) & ~std::uint64_t{0} >> (word_units - here);
}

run_map::node run_map::of_word(std::uint64_t free) noexcept {
  if (free == 0) return {0, 0, 0};
  if (free == ~std::uint64_t{0}) return {word_units, word_units, word_units};
  node n{static_cast<std::uint32_t>(std::countr_one(free)), static_cast<std::uint32_t>(std::countl_one(free)),
         0};
  for (std::uint64_t bits = free; bits != 0; bits &= bits >> 1) ++n.longest;
  return n;
}

run_map::node run_map::joined(const node& left, const node& right, std::size_t units) noexcept {
  const auto all = static_cast<std::uint32_t>(units);
  return {left.before == all ? all + right.before : left.before,
          right.after == all ? all + left.after : right.after,
          std::max({left.longest, right.longest, left.after + right.before})};
}

void run_map::update(std::size_t first, std::size_t count) noexcept {
  std::size_t begin = x_leaves + first / word_units;
  std::size_t last = x_leaves + (first + count - 1) / word_units;
  for (std::size_t leaf = begin; leaf <= last; ++leaf) x_nodes[leaf] = of_word(free_bits(leaf - x_leaves));
  for (std::size_t units = word_units; begin != 1; units *= 2) {
    begin /= 2;
    last /= 2;
    bool changed = false;
    for (std::size_t part = begin; part <= last; ++part) {
      const node now = joined(x_nodes[2 * part], x_nodes[2 * part + 1], units);
      changed = changed || now != x_nodes[part];
      x_nodes[part] = now;
    }
    if (!changed) return;
  }
}

void run_map::take(std::size_t first, std::size_t count) noexcept {
  x_used.set(first, count);
  update(first, count);
}

void run_map::give(std::size_t first, std::size_t count) noexcept {
  x_used.clear(first, count);
  update(first, count);
}

std::size_t run_map::find(std::size_t count, std::size_t from) const noexcept {
  if (from >= size() || count > longest()) return size();
  // The word of `from`, without what is before.
  const std::size_t word = from / word_units;
  const std::uint64_t bits = free_bits(word) & ~std::uint64_t{0} << from % word_units;
  if (count <= word_units) {
    if (const std::size_t at = find_run(bits, count); at != word_units) return word * word_units + at;
  }
  std::size_t carried = static_cast<std::size_t>(std::countl_one(bits));
  // Then the largest parts that begin where the last one ended.
  for (std::size_t part = x_leaves + word + 1; !std::has_single_bit(part); ++part) {
    while (part % 2 == 0) part /= 2;
    const node& n = x_nodes[part];
    if (n.longest >= count || carried + n.before >= count) return find_within(part, count, carried);
    carried = n.before == units_of(part) ? carried + n.before : n.after;
  }
  return size();
}

std::size_t run_map::find_within(std::size_t part, std::size_t count, std::size_t carried) const noexcept {
  while (carried + x_nodes[part].before < count) {
    if (part >= x_leaves) return first_unit_of(part) + find_run(free_bits(part - x_leaves), count);
    part *= 2;
    const node& left = x_nodes[part];
    if (left.longest >= count || carried + left.before >= count) continue;
    carried = left.before == units_of(part) ? carried + left.before : left.after;
    ++part;
  }
  return first_unit_of(part) - carried;
}

}  // namespace acre::inline v1
