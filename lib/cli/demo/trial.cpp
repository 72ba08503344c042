#include "cli/demo/trial.hpp"

#include "cli/demo/arena.hpp"
#include "cli/demo/word_index.hpp"

#include <acre/area.hpp>
#include <acre/check.hpp>
#include <acre/error.hpp>
#include <acre/numa_allocator.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <optional>

namespace acre_demo {
namespace {

using numbers = std::vector<double, acre::first_touch_allocator<double>>;

class stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - x_start).count();
  }

 private:
  std::chrono::steady_clock::time_point x_start = std::chrono::steady_clock::now();
};

// Small whole numbers, so that the sum is exact in any order.
void fill(numbers& v) {
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<double>(i & 255);
}

double sum(const numbers& v) {
  // Four sums: one alone would measure the latency of an addition, not memory.
  double s[4] = {};
  std::size_t i = 0;
  for (; i + 4 <= v.size(); i += 4)
    for (std::size_t k = 0; k < 4; ++k) s[k] += v[i + k];
  for (; i < v.size(); ++i) s[0] += v[i];
  return s[0] + s[1] + s[2] + s[3];
}

constexpr int scans = 3;

template <class Scan>
double best_time(Scan&& scan) {
  double best = std::numeric_limits<double>::max();
  for (int i = 0; i < scans; ++i) {
    const stopwatch watch;
    scan();
    best = std::min(best, watch.seconds());
  }
  return best;
}

using share_map = std::map<acre::node_id, node_share>;

void look(trial_result& result, share_map& shares, const acre::area& area, const recording_resource& memory,
          std::size_t node_share::*pages, const char* what) {
  for (const block& b : memory.blocks()) {
    const acre::check_result found = area.check_block(b.p, b.bytes);
    result.page_size = found.where.page_size;
    result.untouched += found.where.untouched;
    for (const auto& on : found.where.per_node) {
      shares[on.node].node = on.node;
      shares[on.node].*pages += on.pages;
    }
    if (!found.ok() && result.difference.empty())
      result.difference = fmt::format("{}: {}", what, found.to_string());
  }
}

acre::area_options options_of(const acre::placement& where) {
  acre::area_options options;
  // Touching hard-bound memory of a full node ends in the OOM killer; eager commit makes it an exception.
  if (where.is_hard()) options.commit = acre::commit::eager;
  options.name = "acre-demo";
  return options;
}

void measure(trial_result& result, const trial& t, const workload& work, const acre::topology& machine) {
  acre::area area(t.where, options_of(t.where), machine);
  recording_resource index_memory(area);
  recording_resource number_memory(area);

  const stopwatch index_watch;
  std::pmr::monotonic_buffer_resource arena(work.index_bytes, &index_memory);
  const word_index index = build_index(work.text->files, &arena);
  result.index_build = index_watch.seconds();

  const stopwatch number_watch;
  numbers v(work.numbers, acre::first_touch_allocator<double>(&number_memory));
  fill(v);
  result.numbers_build = number_watch.seconds();

  result.index_scan = best_time([&] { result.checksum = scan_index(index); });
  double total = 0;
  result.numbers_scan = best_time([&] { total = sum(v); });
  result.checksum += static_cast<std::uint64_t>(total);

  result.mapped = index_memory.peak() + number_memory.peak();
  const acre::area_status status = area.status();
  for (const auto& d : status.downgrades) result.downgrades.push_back(d.text);

  share_map shares;
  look(result, shares, area, index_memory, &node_share::index_pages, "index");
  look(result, shares, area, number_memory, &node_share::number_pages, "numbers");
  for (const auto& [node, share] : shares) result.shares.push_back(share);
  result.agrees = result.difference.empty();
}

}  // namespace

workload rehearse(const corpus& text, std::size_t number_bytes, report& r) {
  counting_resource heap;
  const word_index index = build_index(text.files, &heap);
  if (index.empty()) throw input_error(fmt::format("no words in {}", text.summary.source));
  r.words = index.size();
  r.positions = count_positions(index);
  // The first block of a monotonic_buffer_resource also holds its own bookkeeping.
  r.index_bytes = heap.bytes() + 256;
  workload work{&text, r.index_bytes, std::max<std::size_t>(number_bytes / sizeof(double), 1)};
  r.number_bytes = work.numbers * sizeof(double);
  return work;
}

trial_result run(const trial& t, const workload& work, const acre::topology& machine) {
  trial_result result;
  result.placement = t.where.to_string();
  result.meaning = t.meaning;
  try {
    measure(result, t, work, machine);
  } catch (const acre::error& e) {
    result.refused = e.what();
  } catch (const std::bad_alloc& e) {
    result.refused = e.what();
  }
  return result;
}

}  // namespace acre_demo
