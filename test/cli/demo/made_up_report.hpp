// made_up_report: a report of a machine that nobody has, for the tests of what is written about it.
#pragma once

#include "cli/demo/report.hpp"

#include <string>

inline acre_demo::report made_up_report(unsigned nodes) {
  using namespace acre_demo;
  report r;
  r.corpus = {"<made up> & \"quoted\"", 1234, 12'345'678, 2};
  r.words = 23'456;
  r.positions = 1'234'567;
  r.index_bytes = std::size_t{40} << 20;
  r.number_bytes = std::size_t{64} << 20;
  r.machine.here = 0;
  const auto matrix = [&](unsigned near, unsigned far) {
    node_matrix m;
    for (unsigned from = 0; from < nodes; ++from) {
      auto& row = m.rows.emplace_back();
      for (unsigned to = 0; to < nodes; ++to) row.push_back(from == to ? near : far);
    }
    return m;
  };
  for (unsigned n = 0; n < nodes; ++n)
    r.machine.nodes.push_back({n, std::uint64_t{64} << 30, std::uint64_t{61} << 30,
                               n % 4 == 3 ? "" : "0-15,64-79", n % 4 == 3 ? "cxl" : "dram", true});
  r.machine.distance = matrix(10, 32);
  r.machine.bandwidth = matrix(204'800, 51'200);
  r.machine.latency = matrix(90, 240);

  trial_result one;
  one.placement = "bind 0";
  one.meaning = "the near node, nowhere else";
  one.agrees = true;
  one.mapped = r.index_bytes + r.number_bytes;
  one.shares = {{0, 10'240, 16'384}};
  one.index_build = 0.4123;
  one.numbers_build = 0.0351;
  one.index_scan = 0.0214;
  one.numbers_scan = 0.0091;
  r.trials.push_back(one);

  trial_result all = one;
  all.placement = "interleave 0-" + std::to_string(nodes - 1);
  all.meaning = "page by page, round robin";
  all.shares.clear();
  for (unsigned n = 0; n < nodes; ++n) all.shares.push_back({n, 10'240 / nodes, 16'384 / nodes});
  r.trials.push_back(all);

  trial_result spilled = all;
  spilled.placement = "prefer 1";
  spilled.agrees = false;
  spilled.difference = "numbers: page at 4096 lies on node 0, not on 1";
  r.trials.push_back(spilled);

  trial_result refused;
  refused.placement = "weighted_by_system 0-" + std::to_string(nodes - 1);
  refused.meaning = "by the administrator's weights";
  refused.refused = "weighted_by_system: needs Linux 6.9, <this> is 6.1";
  r.trials.push_back(refused);
  return r;
}
