#include "cli/command.hpp"
#include "cli/input_error.hpp"
#include "cli/printable.hpp"
#include "cli/process_name.hpp"
#include "cli/terminal.hpp"
#include "cli/text.hpp"
#include "cli/where/watch.hpp"
#include "cli/where/where_views.hpp"
#include "cli/written_file.hpp"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <string>

namespace acre_cli {
namespace {

struct where_arguments {
  std::string process;
  std::size_t top = 20;
  double period = 0;  // seconds; 0: once
  bool json = false;
  std::string html;
};

// For the terminal as it is now: it may have been resized since the last look.
where_text_options text_options(const where_arguments& args) {
  const text_size size = size_of_stdout();
  return {.top = args.top, .columns = size.columns, .cut = size.is_limit, .style = style_of_stdout()};
}

int watch_process(int pid, const where_arguments& args) {
  using enum watch_output;
  const watch_output output = args.json ? json : stdout_has_cursor() ? screen : text;
  return watch(pid, std::chrono::duration<double>(args.period), output, [&](const where_report& r) {
    if (output == json) return where_json(r, json_layout::one_line);
    where_text_options options = text_options(args);
    if (output == screen) options.lines = size_of_stdout().lines;
    options.time = output == text;
    return where_text(r, options) + (output == text ? "\n" : "");
  });
}

int show_process(const where_arguments& args) {
  if (!args.html.empty() && args.period != 0) throw input_error("--html and --watch: one of them at most");
  if (!args.html.empty()) require_writable(args.html);
  const int pid = find_process(args.process);
  if (args.period != 0) return watch_process(pid, args);
  const where_report report = look_at(pid);
  fmt::print("{}",
             args.json ? where_json(report, json_layout::indented) : where_text(report, text_options(args)));
  if (args.html.empty()) return done;
  write_file(args.html, where_html(report));
  if (!args.json)
    fmt::print("\n{}", wrap("The same as a web page: " + printable(args.html), line_length_of_stdout(), 0));
  return done;
}

}  // namespace

command where_command() {
  const auto args = std::make_shared<where_arguments>();
  const taker into_period = into_number(args->period, 0.1, 86400.0);
  return {
      .name = "acre where",
      .about = "Shows on which nodes the memory of a process lies.",
      .words = {{"PROCESS", "its number, or the name of its program or script", into(args->process)}},
      .options =
          {{{"--top"},
            "N",
            "the N mappings with the most resident memory (20); 0: all",
            into_number(args->top, std::size_t{0}, std::size_t{1'000'000'000})},
           {{"--watch"},
            "[SECONDS]",
            "look again every SECONDS (2; at least 0.1), until the process ends or q is pressed",
            [into_period](const std::string& text) { into_period(text.empty() ? "2" : text); }},
           {{"--json"}, "", "write JSON, all mappings; with --watch one object a line", into(args->json)},
           {{"--html"}, "FILE", "write the report as a web page, too; not with --watch", into(args->html)}},
      .notes =
          {"Reading another process needs the rights of ptrace(2): the same user, or CAP_SYS_PTRACE.",
           "Pages are base pages: a huge page counts as all that it covers. A page that several processes "
           "map counts in each."},
      .act = [args] { return show_process(*args); }};
}

}  // namespace acre_cli
