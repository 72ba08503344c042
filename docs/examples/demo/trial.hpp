// trial: the text and its index on one placement: how long it takes, and the proof of where the bytes lie.
#pragma once

#include <acre/check.hpp>
#include <acre/error.hpp>
#include <acre/locate.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "word_index.hpp"

namespace demo {

struct outcome {
  std::string refused;     ///< why the placement cannot be had here; then nothing else is set
  std::string difference;  ///< the first thing that is not as the placement says
  acre::residency pages;   ///< where the pages lie
  std::vector<acre::downgrade> downgrades;  ///< what was given less than asked, such as smaller pages
  double build_seconds = 0;
  double read_seconds = 0;  ///< the best of three
  std::uint64_t sum = 0;    ///< of what was read

  bool holds() const noexcept { return refused.empty() && difference.empty(); }
};

template <class Work>
double seconds_of(Work&& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

inline void read(const word_index& index, outcome& result) {
  const auto once = [&] { return seconds_of([&] { result.sum = sum_of(index); }); };
  result.read_seconds = std::min({once(), once(), once()});
}

/// check() asks the kernel, not acre: which policy has this memory, and on which node is each of its pages? It works
/// for any memory, and so does locate(), which has no opinion where the pages should be.
inline void prove(const void* p, std::size_t bytes, const acre::placement& where, outcome& result) {
  const acre::check_result found = acre::check(p, bytes, where);
  result.pages += found.where;
  if (!found.ok() && result.difference.empty()) result.difference = found.to_string();
}

/// The addresses of all pages with a word or a line number. Small blocks share pages, and each shall count once.
inline std::set<const std::byte*> pages_of(const word_index& index, std::size_t page_size) {
  std::set<const std::byte*> pages;
  const auto add = [&](const void* p, std::size_t bytes) {
    const auto* const begin = static_cast<const std::byte*>(p);
    const auto* page = begin - reinterpret_cast<std::uintptr_t>(begin) % page_size;
    for (; page < begin + bytes; page += page_size) pages.insert(page);
  };
  for (const auto& entry : index) {
    add(&entry, sizeof entry);
    add(entry.second.data(), entry.second.size() * sizeof entry.second[0]);
  }
  return pages;
}

/// A placement that this machine or its kernel cannot give is an outcome, too.
inline outcome try_placement(const acre::placement& where, std::string_view text) try {
  outcome result;
  // A pool is a std::pmr::memory_resource. It hands out blocks of any size, all of them on pages of its placement.
  // Making one asks the kernel whether that can be had here at all. A program that wants one pool for each placement,
  // for ever, asks acre::resource_for(where) for it.
  acre::pool_resource pool(where);

  // All std::pmr containers can have their memory from it. numa_allocator is for containers of other kinds; with it,
  // data stays where it lies when a container is moved or swapped.
  std::vector<char, acre::numa_allocator<char>> copy(&pool);
  word_index index(&pool);
  result.build_seconds = seconds_of([&] {
    copy.assign(text.begin(), text.end());                // one large block
    index = index_of({copy.data(), copy.size()}, &pool);  // many small ones
  });
  read(index, result);

  prove(copy.data(), copy.size(), where, result);
  const std::size_t page_size = result.pages.page_size;
  for (const std::byte* page : pages_of(index, page_size)) prove(page, page_size, where, result);
  if (const auto status = pool.status()) result.downgrades = status->downgrades;
  return result;
} catch (const acre::failure& f) {
  // All that acre throws has this base: nodes that are not there, a kernel that refuses to bind memory, and nodes
  // that are full, where the placement is a hard one (a soft one would go on elsewhere, and prove() would find it).
  outcome result;
  result.refused = f.what();
  return result;
}

/// The same with new and delete, to compare with.
inline outcome try_without_acre(std::string_view text) {
  outcome result;
  word_index index;
  result.build_seconds = seconds_of([&] { index = index_of(text, std::pmr::new_delete_resource()); });
  read(index, result);
  return result;
}

}  // namespace demo
