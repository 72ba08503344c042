#include "cli/acre/command.hpp"

#include "cli/acre/message.hpp"
#include "cli/acre/standard_files.hpp"
#include "cli/acre/typed_words.hpp"
#include "cli/common/input_error.hpp"
#include "cli/common/terminal.hpp"
#include "cli/common/text.hpp"

#include <acre/error.hpp>
#include <acre/version.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace acre_cli {
namespace {

/// What the user asked for, rather than what the system has.
bool is_input_error(const std::error_code& code) {
  if (code.category() != acre::category()) return false;
  switch (static_cast<acre::errc>(code.value())) {
    case acre::errc::invalid_text:
    case acre::errc::empty_node_set:
    case acre::errc::unknown_node:
    case acre::errc::node_without_memory:
    case acre::errc::invalid_chunk:
    case acre::errc::invalid_weights:
    case acre::errc::invalid_size:
    case acre::errc::invalid_alignment:
    case acre::errc::invalid_argument:
    case acre::errc::invalid_name:
    case acre::errc::no_such_segment:
    case acre::errc::no_such_process:
      return true;
    default:
      return false;
  }
}

/// `status`, but a full disk or a closed pipe must not look like success.
int after_writing(int status) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  complain("cannot write to the standard output");
  return failed;
}

int act(const action& chosen) {
  try {
    return after_writing(chosen());
  } catch (const input_error& e) {
    complain_of(e);
    return bad_input;
  } catch (const acre::error& e) {
    complain_of(e);
    return is_input_error(e.code()) ? bad_input : failed;
  } catch (const std::exception& e) {
    complain_of(e);
    return failed;
  }
}

/// The word that stands where a command should and is none, as CLI11 does not tell it; empty if it is something else
/// that is wrong.
std::string_view unknown_command(const CLI::App& acre, int argc, char** argv) {
  const CLI::App* command = &acre;
  for (int i = 1; i < argc && argv[i][0] != '-'; ++i) {
    if (command->get_subcommands([](const CLI::App*) { return true; }).empty()) return {};
    command = command_of(*command, argv[i]);
    if (command == nullptr) return argv[i];
  }
  return {};
}

}  // namespace

std::unique_ptr<CLI::App> make_app(action& chosen) {
  auto app = std::make_unique<CLI::App>("Shows and decides where memory lies on NUMA machines.");
  app->name("acre");
  app->set_version_flag("--version", "acre " + std::string(acre::version()));
  app->require_subcommand(1);
  app->footer(
      "`acre COMMAND --help` says more; so does the man page, acre(1).\n"
      "Exit status: 0 done, 1 it could not be done, 2 bad arguments; `run` passes on its command's.");
  add_nodes(*app, chosen);
  add_where(*app, chosen);
  add_run(*app, chosen);
  add_move(*app, chosen);
  add_shm(*app, chosen);
  add_doctor(*app, chosen);
  add_completion(*app, chosen);
  return app;
}

int run_command(int argc, char** argv) {
  occupy_standard_files();
  action chosen;
  const std::unique_ptr<CLI::App> app = make_app(chosen);
  try {
    std::vector<std::string> arguments = marked_words(*app, {argv + 1, argv + std::max(argc, 1)});
    std::ranges::reverse(arguments);  // as CLI11 wants it
    app->parse(std::move(arguments));
  } catch (const CLI::ParseError& e) {
    std::ostringstream out;
    std::ostringstream err;
    const int status = app->exit(e, out, err);
    const std::string help = wrap_help(out.str(), size_of_stdout().columns);
    std::fwrite(help.data(), 1, help.size(), stdout);
    if (status == 0) return after_writing(done);
    const std::string_view unknown = unknown_command(*app, argc, argv);
    complain(unknown.empty() ? err.str() : fmt::format("there is no command '{}'; see acre --help", unknown));
    return argc > 1 && std::string_view(argv[1]) == "run" ? run_failed : bad_input;
  }
  return act(chosen);
}

}  // namespace acre_cli
