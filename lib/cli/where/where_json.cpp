#include "cli/json_values.hpp"
#include "cli/where/where_views.hpp"

namespace acre_cli {

NLOHMANN_JSON_SERIALIZE_ENUM(process_state, {{process_state::has_memory, "has_memory"},
                                             {process_state::kernel_thread, "kernel_thread"},
                                             {process_state::zombie, "zombie"},
                                             {process_state::without_memory, "without_memory"}})

std::string where_json(const where_report& r, json_layout layout) {
  using json = nlohmann::ordered_json;
  const acre::process_binding& b = r.binding;
  json mappings = json::array();
  for (const auto& m : b.mappings) {
    mappings.push_back({{"begin", m.begin},
                        {"end", m.end},
                        {"size", size_of(m)},
                        {"permissions", m.permissions},
                        {"kind", acre::to_string(m.kind)},
                        {"name", m.name},
                        {"policy", policy_words(m)},
                        {"page_size", m.page_size},
                        {"hugetlb", m.hugetlb},
                        {"pages", m.pages()},
                        {"bytes", m.pages() * b.page_size},
                        {"transparent_huge", transparent_huge(r, m)},
                        {"anonymous", m.anonymous},
                        {"dirty", m.dirty},
                        {"swap_cache", m.swap_cache},
                        {"writeback", m.writeback},
                        {"mappers", m.mappers},
                        {"nodes", m.per_node}});
  }
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(r.time.time_since_epoch());
  const json j = {{"time_ms", time.count()},
                  {"pid", b.pid},
                  {"command", r.command},
                  {"state", r.state},
                  {"allowed_nodes", std::vector(b.allowed_nodes.begin(), b.allowed_nodes.end())},
                  {"allowed_cpus", b.allowed_cpus},
                  {"thread_policy", b.own ? json(b.own->to_string()) : json()},
                  {"page_size", b.page_size},
                  {"pages", b.pages()},
                  {"bytes", b.pages() * b.page_size},
                  {"transparent_huge", transparent_huge(r)},
                  {"nodes", r.totals},
                  {"mappings", std::move(mappings)}};
  return j.dump(layout == json_layout::indented ? 2 : -1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace acre_cli
