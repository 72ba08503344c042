// made_up_process: processes that no kernel has shown.
#pragma once

#include "cli/where/where_report.hpp"

#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace acre_cli {

inline acre::process_mapping made_up_mapping(std::size_t i, const std::vector<acre::node_id>& nodes) {
  acre::process_mapping m;
  m.begin = 0x7f0000000000 + i * 0x10000000;
  m.end = m.begin + 0x4000000;
  m.permissions = "rw-p";
  m.kernel_policy = i % 3 == 0 ? "default" : "interleave=static:0,2,4,6,8,10,12,14";
  if (i % 3 == 0) m.policy = acre::policy{};
  m.page_size = 4096;
  if (i % 4 == 0) m.name = "[anon:part " + std::to_string(i) + "]";
  if (i % 4 == 1) {
    m.kind = acre::mapping_kind::file;
    m.name = "/usr/lib/x86_64-linux-gnu/some/directories/that/go/on/and/on/and/on/libexample.so." +
             std::to_string(i);
  }
  if (i % 5 == 4) {
    m.hugetlb = true;
    m.page_size = std::size_t{2} << 20;
  }
  for (std::size_t n = i % 2; n < nodes.size(); ++n)
    m.per_node.push_back({nodes[n], 512 * (n + 1) * (1 + i % 7)});
  return m;
}

inline void count(acre::process_binding& b) { b.per_node = sum_of(b.mappings).per_node; }

inline where_report made_up_process(const std::vector<acre::node_id>& nodes, std::size_t mappings,
                                    std::string name = "made up") {
  acre::process_binding b;
  b.pid = 4242;
  b.page_size = 4096;
  acre::node_set machine;
  for (const acre::node_id n : nodes) machine.insert(n);
  b.allowed_nodes = machine;
  b.own = acre::policy{};
  for (std::size_t i = 0; i < mappings; ++i) b.mappings.push_back(made_up_mapping(i, nodes));
  if (mappings != 0) b.mappings.front().name = std::move(name);
  count(b);
  where_report r = make_report(std::move(b), machine);
  r.command = "made-up --with arguments";
  r.time = std::chrono::system_clock::time_point{} + std::chrono::seconds{1'700'000'000};
  return r;
}

/// What processes are made up on.
struct made_up_machine {
  std::string name;
  std::vector<acre::node_id> nodes;
  friend std::ostream& operator<<(std::ostream& out, const made_up_machine& m) { return out << m.name; }
};
inline const std::vector<made_up_machine> made_up_machines = {
    {"one", {0}},
    {"two", {0, 1}},
    {"sixteen", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
    {"sparse", {0, 8, 16, 250, 251, 252, 253, 254, 255, 1023}},
};

/// A name as bad as a file or a process may have it.
inline const std::string hostile_name =
    "/tmp/\033[2J\r\n\t<script>alert(\"1\")</script>&'\xff\xc3\u202e\u009b31m\u00e9";

}  // namespace acre_cli
