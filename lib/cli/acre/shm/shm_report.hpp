// shm_report: segments as text and as JSON.
#pragma once

#include "cli/common/terminal.hpp"

#include <acre/shared_segment.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace acre_cli {

/// What `acre shm show` tells beyond what list() knows.
struct segment_details {
  acre::segment_info info;
  std::string check;       ///< a sentence; why there is none, where there is none
  bool as_placed = false;  ///< what the check says
  bool checked = false;
};

std::string segments_text(std::span<const acre::segment_info> segments, std::size_t width,
                          const text_style& style);
std::string segment_text(const segment_details& segment, std::size_t width, const text_style& style);

nlohmann::json segments_json(std::span<const acre::segment_info> segments);
nlohmann::json segment_json(const segment_details& segment);

}  // namespace acre_cli
