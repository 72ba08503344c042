#include "observe/owners_told.hpp"

#include <acre/error.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "observe/policy_look.hpp"

namespace acre::inline v1 {
namespace {

std::optional<policy> policy_at(std::uintptr_t address, policy_looker& looker) {
  try {
    return looker.at(address);
  } catch (const error& e) {
    throw error(errc::binding_unsupported,
                std::string("migrate: a pool's block could not be put right when it is freed: ") + e.what());
  }
}

/// The policies that a part has now.
std::vector<displaced_part> policies_of(const range_owners::part& p, std::size_t page,
                                        policy_looker& looker) {
  if (p.home) return {{p.begin, p.end, *p.home}};
  std::vector<displaced_part> found;
  for (const sys::map_line& m : mappings_of({p.begin, p.end, page})) {
    // A shared object keeps policies by offset, which other mappings of it do not show as mappings of their own.
    const std::size_t step = m.shared ? page : m.end - m.begin;
    for (std::uintptr_t at = m.begin; at < m.end; at += step) {
      const std::optional<policy> has = policy_at(at, looker);
      if (!has) {
        throw error(errc::unsupported_placement,
                    "migrate: a pool's block has a policy that is not known here, so it could not be put "
                    "back when the block is freed");
      }
      if (!found.empty() && found.back().was == *has) {
        found.back().end = at + step;
      } else {
        found.push_back({at, at + step, *has});
      }
    }
  }
  return found;
}

/// Whether the parts, in order, have the policies of a plan already. What lies beyond the plan does not count.
bool has_all(const std::vector<displaced_part>& parts, const plan& wanted, std::uintptr_t begin) {
  auto part = parts.begin();
  for (const plan_range& r : wanted.ranges) {
    const std::uintptr_t first = begin + r.offset;
    const std::uintptr_t last = first + r.length;
    while (part != parts.end() && part->end <= first) ++part;
    for (auto at = part; at != parts.end() && at->begin < last; ++at) {
      if (at->was != r.policy) return false;
    }
  }
  return true;
}

[[noreturn]] void refuse_small_blocks(const page_range& range) {
  throw error(
      errc::invalid_argument,
      "migrate: pages of the " + std::to_string(range.bytes()) +
          " bytes belong to small blocks of a pool, which share them and are handed out again wherever "
          "they lie. Move blocks that are larger than pool_options::largest_small (64 KiB), or take "
          "these from an area or a pool of their own");
}

}  // namespace

owners_told::owners_told(const page_range& range, const plan& wanted) : x_owners(range.begin, range.end) {
  if (x_owners.parts().empty()) return;
  policy_looker looker;
  std::vector<std::vector<displaced_part>> all;
  for (const range_owners::part& p : x_owners.parts()) {
    all.push_back(policies_of(p, range.page_size, looker));
    if (has_all(all.back(), wanted, range.begin)) {
      all.back().clear();
    } else if (p.has_small_blocks) {
      refuse_small_blocks(range);
    }
  }
  for (std::size_t i = 0; i < all.size(); ++i) range_owners::note(x_owners.parts()[i].owner, all[i]);
}

void owners_told::withdraw_after(const std::error_code& failure) const noexcept {
  if (failure == errc::binding_denied || failure == errc::binding_unsupported) x_owners.withdraw();
}

}  // namespace acre::inline v1
