// watch: `acre where --watch`: the report again and again, until the process ends.
#pragma once

#include "cli/where/where_report.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace acre_cli {

enum class watch_output {
  screen,  ///< redrawn in place
  text,    ///< one after the other
  json,    ///< an object a line; that the process has ended is said on the standard error
};

/// Shows the process every `period`. Where the standard input and output are a terminal the key q ends it. A
/// signal that ends programs gives the terminal back first, and then ends this one.
/// \returns an exit_status
/// \throws what acre::binding_of() throws, unless it is that a process is gone that was there before
int watch(int pid, std::chrono::duration<double> period, watch_output output,
          const std::function<std::string(const where_report&)>& render);

}  // namespace acre_cli
