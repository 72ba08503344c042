// system_files: the library's reader of /proc and /sys, for the commands.
#pragma once

#include "process/system_files.hpp"

namespace acre_cli {

using acre::huge_pool;
using acre::memory_limit;
using acre::system_files;

}  // namespace acre_cli
