// print_values: how the command's values are written in the message of an assertion that fails.
#pragma once

#include "cli/acre/doctor/doctor_facts.hpp"
#include "cli/acre/process_smaps.hpp"
#include "cli/acre/system_files.hpp"

#include <ostream>

namespace acre_cli {

inline std::ostream& operator<<(std::ostream& out, const huge_pool& pool) {
  return out << pool.free << " of " << pool.total << " pages of " << pool.page_size << " bytes free";
}

inline std::ostream& operator<<(std::ostream& out, const memory_limit& limit) {
  return out << limit.used << " of " << limit.limit << " bytes used";
}

inline std::ostream& operator<<(std::ostream& out, const short_version& version) {
  return out << version.major << '.' << version.minor;
}

inline std::ostream& operator<<(std::ostream& out, const mapping_memory& memory) {
  return out << "resident " << memory.resident << ", proportional " << memory.proportional
             << ", transparent_huge " << memory.transparent_huge;
}

}  // namespace acre_cli
