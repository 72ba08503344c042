// acre_denied_run CALL[,CALL...] COMMAND [ARGUMENT...]: runs a program to which these system calls are refused, as
// containers refuse them. "container" stands for what Docker's default profile refuses.
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "support/kernel.hpp"

namespace {

std::vector<long> calls_named(const std::string& list) {
  constexpr long home_node_call = 450;  // absent from the headers of Debian 12's libc
  static const std::map<std::string, std::vector<long>> calls = {
      {"mbind", {SYS_mbind, home_node_call}},
      {"set_mempolicy", {SYS_set_mempolicy}},
      {"get_mempolicy", {SYS_get_mempolicy}},
      {"move_pages", {SYS_move_pages}},
      {"migrate_pages", {SYS_migrate_pages}},
      {"container",
       {SYS_mbind, home_node_call, SYS_set_mempolicy, SYS_get_mempolicy, SYS_move_pages, SYS_migrate_pages}},
  };
  std::vector<long> numbers;
  std::istringstream in(list);
  for (std::string name; std::getline(in, name, ',');) {
    const auto found = calls.find(name);
    if (found == calls.end()) {
      std::fprintf(stderr, "acre_denied_run: no name of system calls: %s\n", name.c_str());
      std::exit(125);
    }
    numbers.insert(numbers.end(), found->second.begin(), found->second.end());
  }
  return numbers;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 125;
  try {
    acre::test::refuse_calls(calls_named(argv[1]), acre::test::answer::eperm);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "acre_denied_run: %s\n", e.what());
    return 125;
  }
  ::execvp(argv[2], argv + 2);
  std::perror(argv[2]);
  return 127;
}
