// The main function of test programs.
#include "support/run_cases.hpp"

int main(int argc, char** argv) { return acre::test::run_cases(argc, argv); }
