#include "cli/command.hpp"

#include "cli/message.hpp"

#include <acre/error.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace acre_cli {
namespace {

constexpr const char* hwloc_errors = "HWLOC_HIDE_ERRORS";  // 2 hides all; by default critical ones are told
bool hides_hwloc_errors = false;

/// hwloc writes to the standard error where /sys is hidden: `acre nodes` and `acre doctor` say so in words of their
/// own.
void hide_hwloc_errors() {
  hides_hwloc_errors = std::getenv(hwloc_errors) == nullptr && ::setenv(hwloc_errors, "2", 0) == 0;
}

/// What the user asked for, rather than what the system has.
bool is_input_error(const std::error_code& code) {
  if (code.category() != acre::category()) return false;
  using enum acre::errc;
  constexpr std::array mistakes{invalid_text,     empty_node_set,  unknown_node,    node_without_memory,
                                invalid_chunk,    invalid_weights, invalid_size,    invalid_alignment,
                                invalid_argument, invalid_name,    no_such_segment, no_such_process};
  return std::ranges::find(mistakes, static_cast<acre::errc>(code.value())) != mistakes.end();
}

constexpr std::string_view not_written = "cannot write to the standard output";

/// Files opened later would take the numbers of closed standard files, and get what is meant for those: a segment the
/// notes on it. Gives these to /dev/null until exec, for reading: writing fails as before, and a command of `acre
/// run` has them closed, as the caller had.
void occupy_standard_files() {
  int file = -1;
  do {
    file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  } while (file >= 0 && file <= STDERR_FILENO);
  if (file >= 0) ::close(file);
}

/// `status`, but a full disk or a closed pipe must not look like success.
int after_writing(int status) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  complain(not_written);
  return failed;
}

/// To `c` and those below it, which have its notes if they have none of their own.
void add_help(command& c) {
  c.options.push_back({{"-h", "--help"}, "", "print this"});
  for (command& below : c.commands) {
    if (below.notes.empty()) below.notes = c.notes;
    add_help(below);
  }
}

}  // namespace

void restore_hwloc_errors() {
  if (hides_hwloc_errors) ::unsetenv(hwloc_errors);
}

command acre_command() {
  command acre{.name = "acre",
               .about = "Shows and decides where memory lies on NUMA machines.",
               .options = {{{"--version"}, "", "print the version"}},
               .notes = {"`acre COMMAND --help` says more; so does the man page, acre(1).",
                         "Exit status: 0 done, 1 it could not be done, 2 bad arguments; `run` passes on its "
                         "command's."},
               .commands = {nodes_command(), where_command(), run_command(), move_command(), shm_command(),
                            doctor_command(), completion_command(), candidates_command()}};
  add_help(acre);
  return acre;
}

int run_acre(int argc, char** argv) {
  occupy_standard_files();
  hide_hwloc_errors();
  const command acre = acre_command();
  const command* reached = &acre;
  int status = failed;
  try {
    return after_writing(read_arguments(acre, argc, argv, reached)());
  } catch (const input_error& e) {
    complain_of(e);
    status = bad_input;
  } catch (const acre::error& e) {
    complain_of(e);
    if (is_input_error(e.code())) status = bad_input;
  } catch (const std::exception& e) {
    // fmt::print() throws in words of its own where what is printed is more than stdio keeps.
    std::ferror(stdout) != 0 ? complain(not_written) : complain_of(e);
  }
  return reached->failure == 0 ? status : reached->failure;
}

}  // namespace acre_cli
