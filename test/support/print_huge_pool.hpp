// How a pool of huge pages is written in the message of an assertion that fails.
#pragma once

#include "process/system_files.hpp"

#include <ostream>

namespace acre {

inline std::ostream& boost_test_print_type(std::ostream& out, const huge_pool& pool) {
  return out << pool.free << " of " << pool.total << " pages of " << pool.page_size << " bytes free";
}

}  // namespace acre
