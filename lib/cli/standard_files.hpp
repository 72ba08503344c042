// standard_files: a standard file that is closed, or that nobody reads, changes nothing else.
#pragma once

#include <csignal>

namespace acre_cli {

/// Files opened later would take the numbers of closed standard files, and get what is meant for those: a segment the
/// notes on it. Gives these to /dev/null until exec, for reading: writing fails as before, and a command of `acre run` has
/// them closed, as the caller had.
void occupy_standard_files();

/// A scope in which writing to a pipe without a reader fails, rather than ends this process.
class broken_pipes_ignored {
 public:
  broken_pipes_ignored();
  broken_pipes_ignored(const broken_pipes_ignored&) = delete;
  broken_pipes_ignored& operator=(const broken_pipes_ignored&) = delete;
  ~broken_pipes_ignored();

 private:
  struct sigaction x_before {};
};

}  // namespace acre_cli
