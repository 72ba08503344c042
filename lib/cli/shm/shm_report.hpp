// shm_report: a segment as text and as JSON.
#pragma once

#include "cli/terminal.hpp"

#include <acre/shared_segment.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace acre_cli {

struct segment_details {
  acre::segment_info info;
  std::string check = {};  ///< a sentence; why there is none, where there is none; empty: not looked for
  std::optional<bool> as_placed = {};  ///< what the check says; nothing where there is none
};
std::string segment_text(const segment_details& segment, std::size_t width, const text_style& style);
nlohmann::json segment_json(const segment_details& segment);

}  // namespace acre_cli
