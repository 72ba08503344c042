// Transparent huge pages and reserved ones.
#include "cli/acre/doctor/findings.hpp"

#include <acre/bytes.hpp>

#include <fmt/format.h>

#include <map>

namespace acre_cli {
namespace {

void judge_transparent(const doctor_facts& facts, std::vector<finding>& findings) {
  const std::string settings =
      fmt::format("enabled: {}, defrag: {}, shared memory: {}", facts.thp_enabled.value_or("?"),
                  facts.thp_defrag.value_or("?"), facts.thp_shmem.value_or("?"));
  if (!facts.thp_enabled && !facts.has_sys) return;
  if (!facts.thp_enabled || *facts.thp_enabled == "never") {
    findings.push_back({"thp_never", finding_level::note,
                        fmt::format("There are no transparent huge pages ({}).", settings),
                        "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"});
    return;
  }
  if (*facts.thp_enabled == "always") {
    findings.push_back(
        {"thp_always", finding_level::note,
         fmt::format("Transparent huge pages are everywhere ({}): what programs started by `acre run` "
                     "interleave by page goes round by 2 MiB. Areas of acre are not concerned.",
                     settings),
         "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"});
  } else {
    findings.push_back({"thp", finding_level::ok,
                        fmt::format("Transparent huge pages are there for areas that ask ({}).", settings),
                        ""});
  }
  if (facts.thp_defrag == "always") {
    findings.push_back({"thp_defrag_always", finding_level::note,
                        "Each missing huge page makes the toucher wait until memory is compacted.",
                        "echo madvise > /sys/kernel/mm/transparent_hugepage/defrag"});
  }
}

struct pools_of_a_size {
  acre::node_set with;     ///< nodes with reserved pages
  acre::node_set without;  ///< allowed nodes without
  std::uint64_t total = 0;
  std::uint64_t free = 0;
};

void judge_size(std::uint64_t size, const pools_of_a_size& pools, std::vector<finding>& findings) {
  const std::string name = acre::format_bytes_rounded(size);
  const std::string count =
      fmt::format("{} of {} reserved pages of {} are free", pools.free, pools.total, name);
  if (pools.free == 0) {
    findings.push_back(
        {"hugetlb_used_up", finding_level::note, count + ".",
         "Reserve more: write to nr_hugepages below /sys/devices/system/node/node*/hugepages."});
  } else if (!pools.without.empty()) {
    findings.push_back({"hugetlb_uneven", finding_level::note,
                        fmt::format("{}, all on node {}; node {} has none.", count, pools.with.to_string(),
                                    pools.without.to_string()),
                        "Reserve them per node: write to nr_hugepages below "
                        "/sys/devices/system/node/node*/hugepages."});
  } else {
    findings.push_back({"hugetlb", finding_level::ok, count + ".", ""});
  }
}

void judge_reserved(const doctor_facts& facts, std::vector<finding>& findings) {
  std::map<std::uint64_t, pools_of_a_size> sizes;
  for (const auto& node : facts.nodes) {
    if (!node.allowed || node.capacity == 0U) continue;
    for (const auto& pool : node.huge_pages) {
      auto& of_size = sizes[pool.page_size];
      of_size.total += pool.total;
      of_size.free += pool.free;
      (pool.total != 0 ? of_size.with : of_size.without).insert(node.node);
    }
  }
  bool any = false;
  for (const auto& [size, pools] : sizes) {
    if (pools.total == 0) continue;
    any = true;
    judge_size(size, pools, findings);
  }
  if (any || sizes.empty()) return;
  findings.push_back(
      {"no_hugetlb", finding_level::note,
       "No huge pages are reserved: areas of huge_2mb and huge_1gb fall back to smaller pages.",
       "sysctl vm.nr_hugepages=N, or per node below /sys/devices/system/node/node*/hugepages."});
}

}  // namespace

void judge_huge_pages(const doctor_facts& facts, std::vector<finding>& findings) {
  judge_transparent(facts, findings);
  judge_reserved(facts, findings);
}

}  // namespace acre_cli
