// process_name: which process a user means.
#pragma once

#include <string_view>

namespace acre_cli {

/// \param text a number, or a name as acre::processes_named() takes it
/// \throws input_error where there is no such process, or where several have the name: it lists them
int find_process(std::string_view text);

}  // namespace acre_cli
