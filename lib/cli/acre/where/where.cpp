#include "cli/acre/command.hpp"
#include "cli/acre/process_name.hpp"
#include "cli/acre/typed_words.hpp"
#include "cli/acre/where/watch.hpp"
#include "cli/acre/where/where_views.hpp"
#include "cli/common/input_error.hpp"
#include "cli/common/printable.hpp"
#include "cli/common/terminal.hpp"
#include "cli/common/written_file.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace acre_cli {
namespace {

struct where_arguments {
  typed_word process;
  std::size_t top = 20;
  double period = 0;  // seconds; 0: once
  bool json = false;
  std::string html;
};

// Of the terminal as it is now: it may have been resized since the last look.
where_text_options text_options(const where_arguments& args, watch_output output) {
  const text_size size = size_of_stdout();
  return {.top = args.top,
          .columns = size.columns,
          .cut = size.is_limit,
          .lines = output == watch_output::screen ? size.lines : 0,
          .style = style_of_stdout()};
}

int watch_process(int pid, const where_arguments& args) {
  const watch_output output = args.json             ? watch_output::lines
                              : stdout_has_cursor() ? watch_output::screen
                                                    : watch_output::blocks;
  return watch(pid, std::chrono::duration<double>(args.period), output, [&](const where_report& r) {
    return args.json ? where_json(r, json_layout::one_line) : where_text(r, text_options(args, output));
  });
}

int show_process(const where_arguments& args) {
  if (!args.html.empty()) require_writable(args.html);
  const int pid = find_process(args.process.text);
  if (args.period != 0) return watch_process(pid, args);
  const where_report report = look_at(pid);
  fmt::print("{}", args.json ? where_json(report, json_layout::indented)
                             : where_text(report, text_options(args, watch_output::blocks)));
  if (args.html.empty()) return done;
  write_file(args.html, where_html(report));
  if (!args.json) fmt::print("\nThe same as a web page: {}\n", printable(args.html));
  return done;
}

// CLI11 2.3 takes -1 for the largest number.
std::string check_count(const std::string& text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  return digits ? "" : "N must be a number, not '" + text + "'";
}

std::string check_file(const std::string& name) { return name.empty() ? "FILE must have a name" : ""; }

std::string check_period(std::string& text) {
  text = unmarked(text);
  double seconds = 0;
  // Not the other way round: NaN is no period.
  if (CLI::detail::lexical_cast(text, seconds) && seconds >= 0.1 && seconds <= 86400) return "";
  return "SECONDS must be a number from 0.1 to 86400, not '" + text + "'";
}

}  // namespace

void add_where(CLI::App& acre, action& chosen) {
  CLI::App& command = *acre.add_subcommand("where", "Shows on which nodes the memory of a process lies.");
  const auto args = std::make_shared<where_arguments>();
  command.add_option("PROCESS", args->process, "its number, or the name of its program or script")
      ->type_name("PID|NAME")
      ->required();
  command.add_option("--top", args->top, "the N mappings with the most resident memory; 0: all")
      ->type_name("N")
      ->check(check_count)
      ->capture_default_str();
  CLI::Option* const period = command
                                  .add_option("--watch", args->period,
                                              "look again every SECONDS (at least 0.1), until "
                                              "the process ends or q is pressed")
                                  ->type_name("SECONDS")
                                  ->expected(0, 1)
                                  ->default_str("2")
                                  ->transform(CLI::Validator(check_period, ""));
  command.add_flag("--json", args->json, "write JSON, all mappings; with --watch one object a line");
  command.add_option("--html", args->html, "write the report as a web page, too")
      ->type_name("FILE")
      ->check(check_file)
      ->excludes(period);
  command.footer(
      "Reading another process needs the rights of ptrace(2): the same user, or CAP_SYS_PTRACE.\n"
      "Pages are base pages: a huge page counts as all that it covers. A page that several processes "
      "map counts in each.");
  command.callback([args, &chosen] { chosen = [args] { return show_process(*args); }; });
}

}  // namespace acre_cli
