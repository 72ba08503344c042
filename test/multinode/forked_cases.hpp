// forked_cases: several cases one after the other, each in a forked child, so that none sees what another did to its
// process, and none takes others along when it dies. For virtual machines, where starting a program takes as long as
// most cases do.
#pragma once

#include <string>

namespace acre::test {

/// Runs the cases that the file names, a line each: NUMBER SECONDS CASE. After each, processes that it left are
/// killed, and files removed that it left in memory. Reports to stdout, for test/vm/runner/protocol.py, with the mark
/// that ACRE_CASE_MARK holds: begin NUMBER, and end NUMBER STATUS OOM_KILLS TIMED_OUT.
/// \param program argv[0] of the children
/// \throws std::runtime_error where the file or the mark is missing
void run_forked_cases(const std::string& file, const std::string& program);

}  // namespace acre::test
