// shm_report: segments as text and as JSON, and what can be done about errors.
#pragma once

#include "cli/terminal.hpp"

#include <acre/mapping.hpp>
#include <acre/shared_segment.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <system_error>

namespace acre_cli {

/// What `acre shm show` tells beyond what list() knows.
struct segment_details {
  acre::segment_info info;
  std::string check;                   ///< a sentence; why there is none, where there is none
  std::optional<bool> as_placed = {};  ///< what the check says; nothing where there is none
};

std::string segments_text(std::span<const acre::segment_info> segments, std::size_t width,
                          const text_style& style);
std::string segment_text(const segment_details& segment, std::size_t width, const text_style& style);

nlohmann::json segments_json(std::span<const acre::segment_info> segments);
nlohmann::json segment_json(const segment_details& segment);

/// What was asked of a segment, as far as it matters for what can be done about its failing.
struct segment_request {
  acre::segment_backend backend = acre::segment_backend::posix;
  acre::page_kind pages = acre::page_kind::system;
  bool creates = false;
  bool foreign_helps = false;  ///< --foreign was not given, and would do
  bool migrate = false;        ///< --migrate was given
};

/// Which option or setting helps: the library's errors tell what is so, and their advice would be for programmers. Empty
/// where there is nothing to add.
std::string advice_on(const std::error_code& code, const segment_request& r);

}  // namespace acre_cli
