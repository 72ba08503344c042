// The main function of test programs.
#include "support/test_main.hpp"

int main(int argc, char** argv) { return acre::test::test_main(argc, argv); }
