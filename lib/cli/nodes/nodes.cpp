#include "cli/command.hpp"
#include "cli/input_error.hpp"
#include "cli/nodes/machine_report.hpp"
#include "cli/terminal.hpp"

#include <acre/error.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace acre_cli {
namespace {

struct nodes_options {
  bool json = false;
  std::string topology_xml;
};

/// Pipes and devices are welcome, as in `ssh host lstopo --of xml | acre nodes --topology-xml /dev/stdin`.
/// \throws input_error with the reason
std::string content_of(const std::string& file) {
  constexpr std::size_t most = std::size_t{64} << 20;
  const auto fail = [&](std::string_view why) {
    return input_error(fmt::format("cannot read '{}': {}", file, why));
  };
  const auto reason = [] { return std::generic_category().message(errno); };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "re"), std::fclose);
  if (!in) throw fail(reason());
  std::string text;
  std::array<char, 4096> part{};
  while (const std::size_t read = std::fread(part.data(), 1, part.size(), in.get())) {
    text.append(part.data(), read);
    if (text.size() > most) throw fail("it has more than 64 MiB, and is no file of hwloc's");
  }
  if (std::ferror(in.get()) != 0) throw fail(reason());
  if (text.empty()) throw fail("it is empty");
  return text;
}

acre::topology topology_in(const std::string& file) {
  try {
    return acre::topology::from_xml(content_of(file));
  } catch (const acre::error& e) {
    throw input_error(fmt::format("{}: {}", file, e.what()));
  }
}

int show_nodes(const nodes_options& options) {
  const acre::topology machine =
      options.topology_xml.empty() ? acre::topology::system() : topology_in(options.topology_xml);
  const machine_report report = describe(machine, acre::system_files());
  fmt::print("{}", options.json ? to_json(report).dump(2) + '\n'
                                : to_text(report, line_length_of_stdout(), style_of_stdout()));
  return done;
}

}  // namespace

command nodes_command() {
  const auto options = std::make_shared<nodes_options>();
  return {.name = "acre nodes",
          .about = "Shows the memory nodes: capacity, free memory, CPUs, huge pages, distances.",
          .options =
              {{{"--json"}, "", "write JSON: bytes as integers, unknown values as null", into(options->json)},
               {{"--topology-xml"},
                "FILE",
                "another's machine, out of a file of hwloc's (lstopo)",
                into(options->topology_xml)}},
          .act = [options] { return show_nodes(*options); }};
}

}  // namespace acre_cli
