// A whole program: an ordered map of strings is filled, then used in every way at once, and freed.
#include <charconv>
#include <functional>
#include <map>
#include <string_view>
#include <tuple>

#include "whole_job.hpp"

namespace {

using table = std::pmr::map<std::pmr::string, std::pmr::string, std::less<>>;

/// "account/<two digits>/number/<id>": as long as keys are that programs put together.
class key {
 public:
  explicit key(std::size_t id) {
    x_text[8] = static_cast<char>('0' + id % 89 / 10);
    x_text[9] = static_cast<char>('0' + id % 89 % 10);
    for (std::size_t at = sizeof x_text; at-- != sizeof x_text - 9; id /= 10) {
      x_text[at] = static_cast<char>('0' + id % 10);
    }
  }
  operator std::string_view() const { return {x_text, sizeof x_text}; }

 private:
  char x_text[27] = {'a', 'c', 'c', 'o', 'u', 'n', 't', '/', 0, 0, '/', 'n', 'u',
                     'm', 'b', 'e', 'r', '/', 0,   0,   0,   0, 0, 0,   0,   0};
};

/// Short ones are the most; the longest has 400 characters.
void set(std::pmr::string& value, bench::random_numbers& random) {
  const std::size_t least = random.below(20);
  value.assign(4 + least * random.below(least + 1), static_cast<char>('a' + random.below(26)));
}

void put(table& of, std::string_view where, bench::random_numbers& random) {
  auto at = of.lower_bound(where);
  if (at == of.end() || at->first != where) {
    at = of.emplace_hint(at, std::piecewise_construct, std::tuple(where), std::tuple());
  }
  set(at->second, random);
}

std::uint64_t run(std::size_t keys, std::size_t operations, std::pmr::memory_resource& memory) {
  table all(&memory);
  bench::random_numbers random(1);
  for (std::size_t i = 0; i != keys; ++i) put(all, key(random.below(keys * 2)), random);
  std::uint64_t sum = all.size();
  for (; operations != 0; --operations) {
    const key where(random.below(keys * 2));
    const std::size_t what = random.below(100);
    if (what < 40) {
      const auto at = all.find(std::string_view(where));
      if (at != all.end()) sum = sum * 31 + at->second.size();
    } else if (what < 65) {
      put(all, where, random);
    } else if (what < 90) {
      const auto at = all.find(std::string_view(where));
      if (at != all.end()) all.erase(at);
    } else {
      auto at = all.lower_bound(std::string_view(where));
      for (std::size_t n = 0; n != 20 && at != all.end(); ++n, ++at) sum = sum * 31 + at->second.size();
    }
  }
  return sum * 31 + all.size();
}

}  // namespace

void bench::declare(bool smoke) {
  baseline(glibc);
  const std::size_t keys = smoke ? 3000 : 500'000;
  job_rows("ordered_map/insert, find, erase, range", block_peers(),
           smoke ? 16969650459300801524U : 5649161658857836559U, keys * 512,
           [=](std::pmr::memory_resource& memory) {
             return [=, &memory] { return run(keys, keys * 2, memory); };
           });
}
