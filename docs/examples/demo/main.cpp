// acre-demo: builds an index of real text on one placement after the other, and proves where its bytes lie.
//
// A program to learn acre from. Read trial.hpp first: there data is placed and looked at. choices.hpp has the
// placements that make sense on a machine, report.hpp what a topology and a check tell. word_index.hpp and corpus.hpp
// know nothing of acre.
#include <acre/error.hpp>
#include <acre/placement.hpp>
#include <acre/topology.hpp>

#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "choices.hpp"
#include "corpus.hpp"
#include "report.hpp"
#include "trial.hpp"

namespace {

using namespace demo;

constexpr const char* usage =
    "usage: acre-demo [--placement TEXT]... [FILE|DIRECTORY]...\n"
    "\n"
    "Builds an index of the text of the files once for each placement, and shows\n"
    "where its pages lie, whether that is as asked, and how long building and\n"
    "reading took. Without files: of the C++ standard library's headers.\n"
    "\n"
    "  --placement TEXT  try this one instead of those that make sense here, such as\n"
    "                    \"bind 0\", \"interleave all\" or \"weighted 0:3,1:1\"; may be\n"
    "                    given more than once\n"
    "  --help            show this\n"
    "\n"
    "Exit status: 0 all placements hold, 1 one does not or cannot be had here,\n"
    "2 wrong arguments.\n";

struct arguments {
  std::vector<choice> choices;
  std::vector<std::string> paths;
  bool help = false;
};

choice parse_placement(const std::string& text) try {
  return {acre::placement::parse(text), "as you asked"};
} catch (const acre::error& e) {
  throw input_error(std::string("--placement: ") + e.what());
}

arguments parse(const std::vector<std::string>& words) {
  arguments args;
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (*word == "--help" || *word == "-h") {
      args.help = true;
    } else if (word->starts_with("--placement=")) {
      args.choices.push_back(parse_placement(word->substr(word->find('=') + 1)));
    } else if (*word == "--placement") {
      if (++word == words.end()) throw input_error("--placement needs a text, as \"bind 0\"");
      args.choices.push_back(parse_placement(*word));
    } else if (*word == "--") {
      args.paths.insert(args.paths.end(), word + 1, words.end());
      break;
    } else if (word->starts_with('-')) {
      throw input_error("there is no option " + *word + ", but: --placement TEXT, --help");
    } else {
      args.paths.push_back(*word);
    }
  }
  return args;
}

corpus read_corpus(std::vector<std::string> paths) {
  if (paths.empty()) paths.emplace_back(ACRE_DEMO_TEXT);
  if (paths.front().empty())
    throw input_error("name files or directories to index: this build knows no others");
  corpus all;
  for (const std::string& path : paths) all.add(path);
  return all;
}

/// \returns whether all placements hold
bool run(arguments args) {
  const corpus text = read_corpus(args.paths);
  // The machine as acre sees it: a snapshot, made at the first call.
  const acre::topology& machine = acre::topology::system();
  // The nearest memory of the CPU that runs us now. The kernel may move us to another one meanwhile.
  const acre::node_id here = machine.local_nodes().first();
  if (args.choices.empty()) args.choices = choices_on(machine, here);

  const outcome plain = try_without_acre(text.text());
  if (plain.sum == 0) throw input_error("there are no words in what was to be indexed");

  std::cout << "The machine:\n";
  print_machine(std::cout, machine, here);
  std::cout << "\nThe text: " << text.files() << (text.files() == 1 ? " file, " : " files, ")
            << acre::format_bytes_rounded(text.text().size())
            << "\n\nnew and delete: without acre, to compare with\n";
  print_times(std::cout, plain);

  bool all_hold = true;
  for (const choice& next : args.choices) {
    outcome result = try_placement(next.where, text.text());
    if (result.holds() && result.sum != plain.sum) result.difference = "other data was read than was written";
    print(std::cout, next, result);
    all_hold = all_hold && result.holds();
  }
  if (machine.default_nodes().size() == 1)
    std::cout << "\nThis program may use one node only: there is nothing to choose between. To see several:\n"
                 "sh cmake/bootstrap.sh demo --vm\n";
  if (!std::cout.flush()) throw std::runtime_error("cannot write to the standard output");
  return all_hold;
}

int fail(int status, const char* what) {
  std::cerr << "acre-demo: " << printable(what) << '\n';
  return status;
}

}  // namespace

int main(int argc, char** argv) try {
  arguments args = parse({argv + 1, argv + argc});
  if (args.help) {
    std::cout << usage;
    return 0;
  }
  return run(std::move(args)) ? 0 : 1;
} catch (const input_error& e) {
  return fail(2, e.what());
} catch (const std::exception& e) {
  return fail(1, e.what());
}
