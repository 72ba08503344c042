// test_main: Boost.Test's main function, with three things watched: skips say why, no two threads assert at once, and
// no case ends the program early.
#pragma once

namespace acre::test {

/// The exit status where all cases that were asked for were skipped: test/boost_cases.py and test/vm/runner/verdicts.py
/// know it.
inline constexpr int skip_status = 77;

/// \returns the exit status of the program
int test_main(int argc, char** argv);

}  // namespace acre::test
