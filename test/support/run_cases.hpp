// run_cases: Boost.Test's main function, with two things watched: skips say why, and no two threads assert at once.
#pragma once

namespace acre::test {

/// \returns the exit status of the program
int run_cases(int argc, char** argv);

}  // namespace acre::test
