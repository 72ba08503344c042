#include "cli/shm/shm_report.hpp"

#include "cli/json_values.hpp"
#include "cli/page_bars.hpp"
#include "cli/printable.hpp"
#include "cli/text.hpp"

#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <fmt/format.h>
#include <pwd.h>

namespace acre_cli {
namespace {

std::string user_name(uid_t user) {
  const passwd* const known = ::getpwuid(user);
  return known != nullptr ? printable(known->pw_name) : std::to_string(user);
}

std::string facts(const acre::segment_info& s, std::size_t width) {
  std::string title = fmt::format("{}  {}", printable(s.name), acre::to_string(s.backend));
  if (s.id >= 0) title += fmt::format(" id {}", s.id);
  const std::string placed =
      fmt::format("{}, {} pages, {}", acre::format_bytes_rounded(s.bytes), acre::to_string(s.page_kind),
                  s.placement.empty() ? "no placement known" : printable(s.placement));
  const std::string made = fmt::format("owner {}, mode {:04o}, creator {} {}", user_name(s.owner), s.mode,
                                       s.creator, acre::to_string(s.state));
  return wrap(title, width, 0, 4) + wrap(placed, width, 2, 4) + wrap(made, width, 2, 4);
}

/// The bar, and beside or below it what it shows.
std::string resident_lines(const acre::residency& resident, std::size_t width, const text_style& style) {
  constexpr std::size_t bar = 24;
  constexpr std::size_t before = 2 + bar + 2 + 1;
  const std::string bars = fmt::format("  [{}]", stacked_bar(resident.per_node, bar, style));
  if (width < 2 * before) return bars + '\n' + wrap(resident.to_string(), width, 2, 4);
  return bars + wrap(resident.to_string(), width, before).substr(before - 1);
}

nlohmann::json resident_json(const acre::residency& r) {
  return {{"page_size", r.page_size},
          {"pages", r.pages},
          {"untouched", r.untouched},
          {"unknown", r.unknown},
          {"per_node", r.per_node}};
}

nlohmann::json info_json(const acre::segment_info& s) {
  return {{"name", s.name},
          {"backend", acre::to_string(s.backend)},
          {"id", s.id >= 0 ? nlohmann::json(s.id) : nlohmann::json()},
          {"bytes", s.bytes},
          {"page_kind", acre::to_string(s.page_kind)},
          {"placement", s.placement},
          {"owner", s.owner},
          {"mode", fmt::format("{:04o}", s.mode)},
          {"creator", s.creator},
          {"creator_state", acre::to_string(s.state)},
          {"resident", s.resident ? resident_json(*s.resident) : nlohmann::json()}};
}

bool is_hugetlb(acre::page_kind kind) {
  return kind == acre::page_kind::huge_2mb || kind == acre::page_kind::huge_1gb;
}

std::string advice_on_huge_pages(const segment_request& r) {
  if (is_hugetlb(r.pages))
    return "`acre nodes` shows how many are free, writing to nr_hugepages below "
           "/sys/devices/system/node/node*/hugepages reserves more";
  return r.backend == acre::segment_backend::posix
             ? "`mount -o remount,huge=advise /dev/shm` permits them"
             : "`echo advise > /sys/kernel/mm/transparent_hugepage/shmem_enabled` permits them";
}

}  // namespace

std::string segments_text(std::span<const acre::segment_info> segments, std::size_t width,
                          const text_style& style) {
  if (segments.empty()) return wrap("no segments of acre", width, 0);
  std::string text;
  for (const auto& s : segments) {
    text += facts(s, width);
    if (!s.resident) {
      text += wrap("where its pages lie is not for this user to see", width, 2);
    } else if (s.resident->resident() == 0 && s.resident->unknown == 0) {
      text += wrap("no page touched yet", width, 2);
    } else {
      text += resident_lines(*s.resident, width, style);
    }
  }
  return cut_lines(text, width);
}

std::string segment_text(const segment_details& segment, std::size_t width, const text_style& style) {
  const acre::segment_info& s = segment.info;
  std::string text = facts(s, width);
  if (s.resident) {
    text += bar_lines(s.resident->per_node, s.resident->page_size, width, style);
    std::string touched = fmt::format("{} of {} page{} touched", s.resident->resident(), s.resident->pages,
                                      s.resident->pages == 1 ? "" : "s");
    if (s.resident->unknown != 0)
      touched += fmt::format(", {} unknown: the kernel does not tell where they are", s.resident->unknown);
    text += wrap(touched, width, 2);
  }
  return cut_lines(text + wrap("check: " + printable(segment.check), width, 2, 4), width);
}

nlohmann::json segments_json(std::span<const acre::segment_info> segments) {
  auto all = nlohmann::json::array();
  for (const auto& s : segments) all.push_back(info_json(s));
  return {{"segments", std::move(all)}};
}

nlohmann::json segment_json(const segment_details& segment) {
  nlohmann::json object = info_json(segment.info);
  object["check"] = {{"as_placed", segment.as_placed}, {"text", segment.check}};
  return object;
}

std::string advice_on(const std::error_code& code, const segment_request& r) {
  using acre::errc;
  const bool posix = r.backend == acre::segment_backend::posix;
  const std::string of_backend = posix ? "" : " --backend sysv";
  if (code == errc::binding_denied || code == errc::binding_unsupported)
    return "`acre doctor` says what to do";
  if (code == errc::no_space)
    return posix
               ? "`acre shm list` shows what is there, `mount -o remount,size=... /dev/shm` makes room, and "
                 "--backend sysv has limits of its own"
               : "`acre shm list` shows what is there, `sysctl kernel.shmmax kernel.shmall kernel.shmmni` "
                 "the limits";
  if (code == errc::no_huge_pages) return advice_on_huge_pages(r);
  if (code == errc::node_full) return "`acre nodes` shows where there is room";
  if (r.creates) {
    if (code == errc::name_in_use) return "`acre shm remove NAME" + of_backend + "` takes it away";
    if (code == errc::invalid_argument && posix && is_hugetlb(r.pages)) return "--backend sysv has them";
    return {};
  }
  if (code == errc::no_such_segment) return "`acre shm list` shows which there are";
  if (code == errc::invalid_name && !posix) return "`acre shm list` shows keys and ids (--id N)";
  if (code == errc::not_ready)
    return "where its creator is gone, `acre shm remove NAME --backend sysv --foreign` takes it away";
  if (code == errc::foreign_segment && r.foreign_helps) return "--foreign takes it as it is";
  if (code == errc::permission_denied) return "its owner may, and root";
  if (code == errc::already_populated) return "--migrate moves them";
  if (code == errc::unsupported_placement && is_hugetlb(r.pages) && !r.migrate) return "--migrate does it";
  return {};
}

}  // namespace acre_cli
