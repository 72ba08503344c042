// doctor_views: findings and facts as text and as JSON.
#pragma once

#include "cli/acre/doctor/doctor_facts.hpp"
#include "cli/acre/doctor/findings.hpp"
#include "cli/common/terminal.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace acre_cli {

/// The verdict, then every finding and what to do about it, in lines of at most `width` columns.
std::string to_text(const std::vector<finding>& findings, std::size_t width, const text_style& style);

/// Keys and the findings' ids are promised to users; what is not known is null.
nlohmann::ordered_json to_json(const doctor_facts& facts, const std::vector<finding>& findings);

/// "Placement works here, with 2 warnings."
std::string verdict_on(const std::vector<finding>& findings);

}  // namespace acre_cli
