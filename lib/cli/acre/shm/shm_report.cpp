#include "cli/acre/shm/shm_report.hpp"

#include "cli/acre/page_bars.hpp"
#include "cli/acre/printable.hpp"

#include <acre/bytes.hpp>

#include <fmt/format.h>
#include <pwd.h>
#include <nlohmann/json.hpp>

namespace acre_cli {
namespace {

std::string user_name(uid_t user) {
  const passwd* const known = ::getpwuid(user);
  return known != nullptr ? printable(known->pw_name) : std::to_string(user);
}

std::string title(const acre::segment_info& s) {
  std::string text = fmt::format("{}  {}", printable(s.name), acre::to_string(s.backend));
  if (s.id >= 0) text += fmt::format(" id {}", s.id);
  return text;
}

std::string facts(const acre::segment_info& s) {
  return fmt::format("  {}, {} pages, {}\n  owner {}, mode {:04o}, creator {} {}\n",
                     acre::format_bytes_rounded(s.bytes), acre::to_string(s.pages),
                     s.placement.empty() ? "no placement known" : printable(s.placement), user_name(s.owner),
                     s.mode, s.creator, acre::to_string(s.state));
}

nlohmann::json info_json(const acre::segment_info& s) {
  nlohmann::json object = {{"name", s.name},
                           {"backend", acre::to_string(s.backend)},
                           {"id", s.id >= 0 ? nlohmann::json(s.id) : nlohmann::json()},
                           {"bytes", s.bytes},
                           {"pages", acre::to_string(s.pages)},
                           {"placement", s.placement},
                           {"owner", s.owner},
                           {"mode", fmt::format("{:04o}", s.mode)},
                           {"creator", s.creator},
                           {"creator_state", acre::to_string(s.state)},
                           {"resident", nullptr}};
  if (!s.resident) return object;
  auto per_node = nlohmann::json::array();
  for (const auto& n : s.resident->per_node) per_node.push_back({{"node", n.node}, {"pages", n.pages}});
  object["resident"] = {{"page_size", s.resident->page_size},
                        {"pages", s.resident->pages},
                        {"untouched", s.resident->untouched},
                        {"per_node", std::move(per_node)}};
  return object;
}

}  // namespace

std::string segments_text(std::span<const acre::segment_info> segments, const text_style& style) {
  constexpr std::size_t bar = 24;
  if (segments.empty()) return "no segments of acre\n";
  std::string text;
  for (const auto& s : segments) {
    text += title(s) + "\n" + facts(s);
    if (!s.resident) {
      text += "  where its pages lie is not for this user to see\n";
    } else if (s.resident->resident() == 0) {
      text += "  no page touched yet\n";
    } else {
      text +=
          fmt::format("  [{}] {}\n", stacked_bar(s.resident->per_node, bar, style), s.resident->to_string());
    }
  }
  return text;
}

std::string segment_text(const segment_details& segment, std::size_t width, const text_style& style) {
  const acre::segment_info& s = segment.info;
  std::string text = title(s) + "\n" + facts(s);
  if (s.resident) {
    text += bar_lines(s.resident->per_node, s.resident->page_size, width, style);
    text += fmt::format("  {} of {} pages touched\n", s.resident->resident(), s.resident->pages);
  }
  return text + fmt::format("  check: {}\n", segment.check);
}

nlohmann::json segments_json(std::span<const acre::segment_info> segments) {
  auto all = nlohmann::json::array();
  for (const auto& s : segments) all.push_back(info_json(s));
  return {{"segments", std::move(all)}};
}

nlohmann::json segment_json(const segment_details& segment) {
  nlohmann::json object = info_json(segment.info);
  object["check"] = {{"as_placed", segment.checked ? nlohmann::json(segment.as_placed) : nlohmann::json()},
                     {"text", segment.check}};
  return object;
}

}  // namespace acre_cli
