#include "cli/shm/shm_report.hpp"

#include "cli/json_values.hpp"
#include "cli/page_bars.hpp"
#include "cli/printable.hpp"
#include "cli/text.hpp"

#include <acre/bytes.hpp>

#include <fmt/format.h>
#include <pwd.h>

namespace acre_cli {
namespace {

std::string user_name(uid_t user) {
  const passwd* const known = ::getpwuid(user);
  return known != nullptr ? printable(known->pw_name) : std::to_string(user);
}

}  // namespace

std::string segment_text(const segment_details& segment, std::size_t width, const text_style& style) {
  const acre::segment_info& s = segment.info;
  std::string title = fmt::format("{}  {}", printable(s.name), acre::to_string(s.backend));
  if (s.id >= 0) title += fmt::format(" id {}", s.id);
  std::string placed =
      fmt::format("{}, {} pages", acre::format_bytes_rounded(s.bytes), acre::to_string(s.page_kind));
  if (!s.placement.empty()) placed += ", " + printable(s.placement);
  std::string made = fmt::format("owner {}, mode {:04o}", user_name(s.owner), s.mode);
  if (s.creator != 0) made += fmt::format(", creator {}", s.creator);
  if (s.state != acre::creator_state::unknown) made += fmt::format(" {}", acre::to_string(s.state));
  std::string text = wrap(title, width, 0, 4) + wrap(placed, width, 2, 4) + wrap(made, width, 2, 4);
  if (const auto& r = s.resident) {
    text += bar_lines(r->per_node, r->page_size, width, style);
    std::string touched = fmt::format("{} of {} touched", r->resident(), counted(r->pages, "page"));
    if (r->unknown != 0)
      touched += fmt::format(", {} unknown: the kernel does not tell where they are", r->unknown);
    text += wrap(touched, width, 2);
  } else if (s.placement != "unfinished") {
    text += wrap("where its pages lie is not for this user to see", width, 2);
  }
  if (!segment.check.empty()) text += wrap("check: " + printable(segment.check), width, 2, 4);
  return cut_lines(text, width);
}

nlohmann::json segment_json(const segment_details& segment) {
  using nlohmann::json;
  const acre::segment_info& s = segment.info;
  json resident;
  if (const auto& r = s.resident) {
    resident = {{"page_size", r->page_size},
                {"pages", r->pages},
                {"untouched", r->untouched},
                {"unknown", r->unknown},
                {"per_node", r->per_node}};
  }
  const bool is_state_known = s.state != acre::creator_state::unknown;
  json object = {{"name", s.name},
                 {"backend", acre::to_string(s.backend)},
                 {"id", s.id >= 0 ? json(s.id) : json()},
                 {"bytes", s.bytes},
                 {"page_kind", acre::to_string(s.page_kind)},
                 {"placement", s.placement.empty() ? json() : json(s.placement)},
                 {"owner", s.owner},
                 {"mode", fmt::format("{:04o}", s.mode)},
                 {"creator", s.creator != 0 ? json(s.creator) : json()},
                 {"creator_state", is_state_known ? json(acre::to_string(s.state)) : json()},
                 {"resident", std::move(resident)}};
  if (!segment.check.empty()) object["check"] = {{"as_placed", segment.as_placed}, {"text", segment.check}};
  return object;
}

}  // namespace acre_cli
