// input_error: what the user can mend.
#pragma once

#include <stdexcept>

namespace acre_cli {

/// Becomes a line on stderr and exit code 2.
class input_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace acre_cli
