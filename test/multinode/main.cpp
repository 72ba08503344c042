// The main function of acre_multinode_tests: that of all test programs, and --forked_cases=FILE for virtual machines.
#include <exception>
#include <iostream>
#include <string_view>

#include "multinode/forked_cases.hpp"
#include "support/test_main.hpp"

int main(int argc, char** argv) {
  constexpr std::string_view option = "--forked_cases=";
  if (argc != 2 || !std::string_view(argv[1]).starts_with(option)) return acre::test::test_main(argc, argv);
  try {
    acre::test::run_forked_cases(argv[1] + option.size(), argv[0]);
    return 0;
  } catch (const std::exception& e) {
    std::cerr << argv[0] << ": " << e.what() << '\n';
    return 1;
  }
}
