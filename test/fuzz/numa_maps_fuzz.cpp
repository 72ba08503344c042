// The readers of /proc/PID/numa_maps, maps and status, with any text.
#include "observe/numa_maps.hpp"

#include <algorithm>
#include <string_view>

#include "fuzz/fuzz_target.hpp"
#include "sys/mappings.hpp"

namespace {

using acre::test::demand;

void read_numa_maps_line(std::string_view text) {
  const auto line = acre::parse_numa_maps_line(text);
  if (!line) return;
  demand(!line->policy_text.empty() && text.find(line->policy_text) != std::string_view::npos);
  demand(line->file.size() <= text.size());
  const acre::file_name name = acre::name_of_file(line->file, {});
  demand(name.text.size() <= line->file.size());
  demand(!name.sure || acre::is_written_as(name.text, line->file));
  demand(line->page_size % 1024 == 0);
  demand(std::is_sorted(line->nodes.begin(), line->nodes.end(), [](const auto& a, const auto& b) {
    return a.node <= b.node;  // each once
  }));
  for (const acre::node_pages& n : line->nodes) demand(n.node < acre::node_set::max_nodes && n.pages != 0);
  demand(line->nodes.empty() || line->mappers != 0);
}

void read_policy(std::string_view text) {
  const auto policy = acre::parse_kernel_policy(text);
  if (!policy) return;
  const bool has_nodes =
      policy->mode != acre::policy_mode::unbound && policy->mode != acre::policy_mode::local;
  demand(has_nodes != policy->nodes.empty());
}

void read_maps_line(std::string_view text) {
  const auto line = acre::sys::parse_maps_line(text);
  if (!line) return;
  demand(line->begin < line->end);
  demand(line->permissions.size() == 4);
  demand(text.ends_with(line->name));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  for (std::string_view rest = all; !rest.empty();) {
    const std::size_t before = rest.size();
    const std::string_view line = acre::take_line(rest);
    demand(rest.size() < before);
    read_numa_maps_line(line);
    read_policy(line);
    read_maps_line(line);
    acre::parse_node_list(line);
  }
  acre::status_value(all, "Mems_allowed_list");
  return 0;
}
