// test_main: Boost.Test's main function, with two things watched: skips say why, and no two threads assert at once.
#pragma once

namespace acre::test {

/// \returns the exit status of the program
int test_main(int argc, char** argv);

}  // namespace acre::test
