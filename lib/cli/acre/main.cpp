// acre: the command. Commands are in the files of their names.
#include "cli/acre/command.hpp"

int main(int argc, char** argv) { return acre_cli::run_command(argc, argv); }
