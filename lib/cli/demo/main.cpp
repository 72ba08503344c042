// acre-demo: builds an index of real text on every placement that makes sense here, and shows where its bytes
// lie.
#include "cli/common/printable.hpp"
#include "cli/common/terminal.hpp"
#include "cli/common/text.hpp"
#include "cli/common/written_file.hpp"
#include "cli/demo/corpus.hpp"
#include "cli/demo/html_report.hpp"
#include "cli/demo/machine.hpp"
#include "cli/demo/text_report.hpp"
#include "cli/demo/trial.hpp"
#include "cli/demo/trial_list.hpp"

#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/topology.hpp>
#include <acre/version.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace acre_demo;

struct arguments {
  std::vector<std::string> paths;
  std::vector<std::string> placements;
  std::string numbers = "64MiB";
  std::string html;
};

void declare(CLI::App& app, arguments& args) {
  app.name("acre-demo");
  app.set_version_flag("--version", std::string(acre::version()));
  app.add_option("text", args.paths,
                 "Files and directories to index (default: the C++ standard library headers)")
      ->type_name("FILE|DIR");
  app.add_option("--html", args.html, "Write the report as one web page, too")->type_name("FILE");
  app.add_option("--numbers", args.numbers, "Size of the vector of numbers, at most 1TiB")
      ->type_name("SIZE")
      ->capture_default_str();
  app.add_option(
         "--placement", args.placements,
         "Try this placement instead of those that make sense here, for example \"interleave 0-1\"; may be "
         "given more than once")
      ->type_name("TEXT")
      ->take_all()
      ->allow_extra_args(false);
  app.footer(
      "Builds the index and the numbers once for each placement and prints where their pages lie, "
      "whether acre::check agrees, and how long building and scanning took.\n"
      "Exit codes: 0 the report is complete, 1 it could not be made, 2 bad arguments or input.");
}

std::size_t parse_numbers(const std::string& text) {
  const auto bytes = acre::parse_bytes(text);
  if (bytes < sizeof(double) || bytes > std::uint64_t{1} << 40)
    throw input_error(fmt::format("--numbers {}: give a size from 8 to 1TiB", text));
  return static_cast<std::size_t>(bytes);
}

std::vector<trial> parse_placements(const std::vector<std::string>& texts) {
  std::vector<trial> trials;
  for (const auto& text : texts) trials.push_back({acre::placement::parse(text), "as asked"});
  return trials;
}

void make_report(const arguments& args) {
  const std::size_t numbers = parse_numbers(args.numbers);
  if (!args.html.empty()) acre_cli::require_writable(args.html);
  const acre::topology& machine = acre::topology::system();
  std::vector<trial> trials = parse_placements(args.placements);
  const corpus text = read_corpus(args.paths);

  const auto here = stay_on_this_node(machine);
  if (trials.empty()) trials = trials_for(machine, here.value_or(machine.default_nodes().first()));

  report r;
  r.corpus = text.summary;
  const workload work = rehearse(text, numbers, r);
  for (const auto& t : trials) r.trials.push_back(run(t, work, machine));
  r.machine = describe(machine, here);
  require_same_data(r);

  fmt::print("{}", render_text(r, acre_cli::size_of_stdout().columns, acre_cli::style_of_stdout()));
  if (!args.html.empty()) {
    acre_cli::write_file(args.html, render_html(r));
    fmt::print("\nThe same as a web page: {}\n", acre_cli::printable(args.html));
  }
  if (std::fflush(stdout) != 0) throw std::runtime_error("cannot write to the standard output");
}

int fail(int code, const char* what) {
  fmt::print(stderr, "acre-demo: {}\n", acre_cli::printable(what));
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Shows where the bytes of a program's data lie, placement by placement.");
  arguments args;
  declare(app, args);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::ostringstream help;
    std::ostringstream mistake;
    const bool fine = app.exit(e, help, mistake) == 0;
    fmt::print("{}", acre_cli::wrap_help(help.str(), acre_cli::size_of_stdout().columns));
    fmt::print(stderr, "{}", acre_cli::wrap_help(mistake.str(), acre_cli::size_of_stderr().columns));
    return fine ? 0 : 2;
  }
  try {
    make_report(args);
    return 0;
  } catch (const input_error& e) {
    return fail(2, e.what());
  } catch (const acre::error& e) {
    return fail(e.code() == acre::errc::topology_failed ? 1 : 2, e.what());
  } catch (const acre::allocation_error& e) {
    return fail(1, e.what());
  } catch (const std::bad_alloc&) {
    return fail(1, "out of memory");
  } catch (const std::exception& e) {
    return fail(1, e.what());
  }
}
