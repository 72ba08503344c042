// acre: the command. Each of its commands has a directory.
#include "cli/command.hpp"

int main(int argc, char** argv) { return acre_cli::run_acre(argc, argv); }
