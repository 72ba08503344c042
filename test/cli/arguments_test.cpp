// What acre's commands get of what was typed, and what --help says.
#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/completion/candidates.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "cli/fits.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

namespace acre_cli {
namespace {

using acre::test::contains;
using acre::test::fits;
using acre::test::same;
using word_list = std::vector<std::string>;

/// A program that notes what its commands are given.
struct noted {
  std::optional<std::string> first;
  word_list others;
  bool flag = false;
  std::string value;
  std::string kind;
  int number = -1;
  std::string period = "none";

  command words{.name = "test words",
                .about = "Has words.",
                .words = {{"FIRST", "", into(first)}, {"[OTHER]...", "", into(others)}},
                .options = {{{"-f", "--flag"}, "", "is set", into(flag)},
                            {{"-v", "--value", "--valuable"}, "TEXT", "is a text", into(value)},
                            {{"--kind"}, "one|other", "is one of these", into(kind)},
                            {{"--number"}, "N", "is from 0 to 9", into_number(number, 0, 9)},
                            {{"-p", "--period"}, "[SECONDS]", "may be left out", into(period)},
                            {{"-h", "--help"}, "", "print this"}},
                .act = [] { return 0; }};
  command runs{.name = "test run",
               .about = "Runs.",
               .words = {{"COMMAND...", "", into(others)}},
               .options = words.options,
               .act = [] { return 0; }};
  command one{.name = "test one", .about = "Has a word.", .words = {{"FIRST", "", into(first)}}, .act = [] {
                return 0;
              }};
  command below{.name = "test below", .about = "Has another below.", .commands = {one}};
  command program{.name = "test", .about = "A test.", .commands = {words, runs, one, below}};

  /// \returns the name of the command that was reached
  std::string read(word_list arguments) {
    arguments.insert(arguments.begin(), "/some/where/test");
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    const command* reached = nullptr;
    read_arguments(program, static_cast<int>(arguments.size()), pointers.data(), reached);
    return reached->name;
  }
};

std::string refused(const word_list& arguments) {
  try {
    noted n;
    return n.read(arguments) + " was read";
  } catch (const input_error& e) {
    return e.what();
  }
}

BOOST_AUTO_TEST_SUITE(words)

BOOST_AUTO_TEST_CASE(arrive_as_they_were_typed) {
  const word_list all{"[a,b]", "{}", "", "++", "one", "%%", "a,b", "=", "\"a b\"", "-"};
  for (const std::string& word : all) {
    noted n;
    n.read({"words", word});
    BOOST_TEST(n.first.value_or("none") == word);
  }
  noted n;
  word_list typed{"words", "--", "--first"};
  typed.insert(typed.end(), all.begin(), all.end());
  typed.emplace_back("--");
  n.read(typed);
  BOOST_TEST(n.first.value_or("none") == "--first");
  typed.erase(typed.begin(), typed.begin() + 3);
  BOOST_TEST(same(n.others, typed));
}
BOOST_AUTO_TEST_CASE(may_be_named_like_commands) {
  noted n;
  BOOST_TEST(n.read({"one", "words"}) == "test one");
  BOOST_TEST(n.first.value_or("none") == "words");
}
BOOST_AUTO_TEST_CASE(may_have_options_behind_them) {
  noted n;
  n.read({"words", "a", "-f", "b", "--value", "c", "d"});
  BOOST_TEST(n.flag);
  BOOST_TEST(n.value == "c");
  BOOST_TEST(same(n.others, word_list{"b", "d"}));
}
BOOST_AUTO_TEST_CASE(of_another_program_are_its_own) {
  noted n;
  n.read({"run", "-v", "0", "ls", "-l", "--flag", "--", "--nonsense", ""});
  BOOST_TEST(same(n.others, word_list{"ls", "-l", "--flag", "--", "--nonsense", ""}));
  BOOST_TEST(!n.flag);
  noted after_dashes;
  after_dashes.read({"run", "--", "--flag", "x"});
  BOOST_TEST(same(after_dashes.others, word_list{"--flag", "x"}));
}
BOOST_AUTO_TEST_CASE(are_as_many_as_have_a_place) {
  BOOST_TEST(contains(refused({"one", "a", "b"}), "'b' is a word too many"));
  BOOST_TEST(contains(refused({"one"}), "FIRST is required"));
  BOOST_TEST(contains(refused({"run", "-f"}), "COMMAND is required"));
  BOOST_TEST(contains(refused({"run", "--"}), "COMMAND is required"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(have_their_values_in_every_way_that_getopt_knows) {
  for (const word_list& typed :
       {word_list{"-v", "5"}, {"-v5"}, {"--value", "5"}, {"--value=5"}, {"-fv5"}, {"-fv", "5"}}) {
    noted n;
    word_list all{"words"};
    all.insert(all.end(), typed.begin(), typed.end());
    all.emplace_back("x");
    n.read(all);
    BOOST_TEST(n.value == "5");
    BOOST_TEST(n.first.value_or("none") == "x");
  }
}
BOOST_AUTO_TEST_CASE(may_be_abbreviated_where_one_is_meant) {
  noted n;
  n.read({"words", "--val", "5", "--fl", "x"});
  BOOST_TEST(n.value == "5");
  BOOST_TEST(n.flag);
}
BOOST_AUTO_TEST_CASE(that_are_repeated_count_as_they_come) {
  noted n;
  n.read({"words", "-v", "1", "-v", "2", "x"});
  BOOST_TEST(n.value == "2");
}
BOOST_AUTO_TEST_CASE(are_refused_without_a_value) {
  BOOST_TEST(refused({"words", "--value=", "x"}) == "--value has no value");
  BOOST_TEST(refused({"words", "x", "--valu", ""}) == "--value has no value");
  BOOST_TEST(refused({"words", "--period=", "x"}) == "--period has no value");
  BOOST_TEST(refused({"words", "-v", ""}) == "-v has no value");
  BOOST_TEST(refused({"words", "x", "-fv"}) == "-v has no value; see test words --help");
  BOOST_TEST(refused({"words", "x", "--valu"}) == "--valu has no value; see test words --help");
}
BOOST_AUTO_TEST_CASE(are_refused_with_a_value_that_they_do_not_take) {
  BOOST_TEST(refused({"words", "--flag=1", "x"}) == "--flag takes no value; see test words --help");
  BOOST_TEST(refused({"words", "--fl=", "x"}) == "--fl takes no value; see test words --help");
}
BOOST_AUTO_TEST_CASE(that_there_are_not_are_named_as_they_were_typed) {
  BOOST_TEST(refused({"words", "--nonsense", "x"}) == "'--nonsense' is no option; see test words --help");
  BOOST_TEST(refused({"words", "x", "--nonsense=1"}) == "'--nonsense' is no option; see test words --help");
  BOOST_TEST(refused({"words", "-fz", "x"}) == "'-z' is no option; see test words --help");
  BOOST_TEST(refused({"words", "-\xc3\xa4", "x"}) == "'-\xc3' is no option; see test words --help");
  BOOST_TEST(refused({"words", "x", "-="}) == "'-=' is no option; see test words --help");
  BOOST_TEST(refused({"words", "x", "--=1"}) == "'--' may be one of several options; see test words --help");
  BOOST_TEST(refused({"words", "x", "-:"}) == "'-:' is no option; see test words --help");
  BOOST_TEST(refused({"words", "-W", "x"}) == "'-W' is no option; see test words --help");
  BOOST_TEST(refused({"--nonsense"}) == "'--nonsense' is no option; see test --help");
}
BOOST_AUTO_TEST_CASE(have_values_that_can_be_read) {
  BOOST_TEST(refused({"words", "--number", "10", "x"}) == "--number: '10' is no number from 0 to 9");
  for (const char* const text : {"-1", "x", "1x", " 1", "0x1"})
    BOOST_TEST(contains(refused({"words", "--number", text, "x"}), "is no number"));
  BOOST_TEST(refused({"words", "--kind", "third", "x"}) == "--kind: 'third' is none of one, other");
  noted n;
  n.read({"words", "--number", "9", "--kind", "other", "x"});
  BOOST_TEST(n.number == 9);
  BOOST_TEST(n.kind == "other");
}
BOOST_AUTO_TEST_CASE(may_have_a_number_that_can_be_left_out) {
  const auto period = [](const word_list& arguments) {
    noted n;
    n.read(arguments);
    return n.period + ", " + n.first.value_or("no word");
  };
  BOOST_TEST(period({"words", "--period", "x"}) == ", x");
  BOOST_TEST(period({"words", "--period", "7"}) == ", 7");  // a word must not be missing
  BOOST_TEST(period({"words", "--period", "7", "--flag", "x"}) == "7, x");
  BOOST_TEST(period({"words", "x", "--period", "7"}) == "7, x");
  BOOST_TEST(period({"words", "x", "--period"}) == ", x");
  BOOST_TEST(period({"words", "--period", "0.5", "x"}) == "0.5, x");
  BOOST_TEST(period({"words", "--period=0.5", "x"}) == "0.5, x");
  BOOST_TEST(period({"words", "x", "-p", "--flag"}) == ", x");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(commands)

BOOST_AUTO_TEST_CASE(are_found_below_others) {
  noted n;
  BOOST_TEST(n.read({"below", "one", "x"}) == "test one");
}
BOOST_AUTO_TEST_CASE(that_there_are_not_come_with_the_nearest) {
  BOOST_TEST(refused({"wards", "x"}) ==
             "there is no command 'wards', the nearest is 'words'; see test --help");
  BOOST_TEST(refused({"--", "on"}) == "there is no command 'on', the nearest is 'one'; see test --help");
  BOOST_TEST(refused({"nonsense"}) == "there is no command 'nonsense'; see test --help");
  BOOST_TEST(refused({""}) == "there is no command ''; see test --help");
  BOOST_TEST(contains(refused({"below", "words"}), "see test below --help"));
}
BOOST_AUTO_TEST_CASE(may_not_be_missing) {
  BOOST_TEST(refused({}) == "test needs a command; see test --help");
  BOOST_TEST(refused({"below"}) == "test below needs a command; see test below --help");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(help)

BOOST_AUTO_TEST_CASE(names_words_and_options) {
  BOOST_TEST(help_text(noted{}.words, 80) ==
             "Has words.\n"
             "Usage: test words [OPTION]... FIRST [OTHER]...\n"
             "\nArguments:\n"
             "  FIRST\n"
             "  [OTHER]...\n"
             "\nOptions:\n"
             "  -f, --flag          is set\n"
             "  -v, --value, --valuable TEXT\n"
             "                      is a text\n"
             "  --kind one|other    is one of these\n"
             "  --number N          is from 0 to 9\n"
             "  -p, --period [SECONDS]\n"
             "                      may be left out\n"
             "  -h, --help          print this\n");
}
BOOST_AUTO_TEST_CASE(fits_its_terminal) {
  const command acre = acre_command();
  for (std::size_t width = 12; width < 140; ++width) {
    for (const command& c : acre.commands) BOOST_TEST(fits(help_text(c, width), width));
  }
}
BOOST_AUTO_TEST_CASE(tells_nothing_that_is_hidden) {
  const command acre = acre_command();
  BOOST_TEST(!contains(help_text(acre, 80), "candidates"));
  BOOST_TEST(contains(help_text(acre.commands.front(), 80), "--topology-xml"));
}

BOOST_AUTO_TEST_SUITE_END()

/// The words without what they are.
word_list offered(const word_list& typed) {
  word_list all = candidates(acre_command(), typed);
  for (std::string& line : all) line.erase(std::min(line.find('\t', 1), line.size()));
  return all;
}
bool has(const word_list& all, const std::string& word) { return std::ranges::find(all, word) != all.end(); }

BOOST_AUTO_TEST_SUITE(candidates_for_a_word)

BOOST_AUTO_TEST_CASE(are_those_of_its_place) {
  BOOST_TEST(same(offered({"completion", ""}), word_list{"bash", "zsh", "fish"}));
  BOOST_TEST(has(offered({"shm", "create", "x", "1M", ""}), "interleave"));
  BOOST_TEST(has(offered({"shm", "create", "x", "1M", "bind", ""}), "all"));
  BOOST_TEST(has(offered({"move", "--fro", "0", "1", ""}), "all"));
  BOOST_TEST(has(offered({"move", "--from=0", "1", ""}), "all"));
  BOOST_TEST(has(offered({"where", "--watch", "1", "--", ""}), "1"));
  BOOST_TEST(same(offered({"shm", "absent", ""}), word_list{}));
  BOOST_TEST(has(offered({"shm", ""}), "create"));
  BOOST_TEST(has(offered({"shm", "--"}), "--help"));
  BOOST_TEST(has(offered({"shm", "bind", "--id", "1", ""}), "interleave"));
  BOOST_TEST(has(offered({"shm", "bind", "--id", "1", "bind", ""}), "all"));
  BOOST_TEST(has(offered({"shm", "show", "--id", "1", ""}), "--json"));
  BOOST_TEST(has(offered({"where", "--top", "3", "1", ""}), "--json"));
  BOOST_TEST(same(offered({"where", "1", "--", ""}), word_list{}));
}
BOOST_AUTO_TEST_CASE(hide_what_help_hides) {
  BOOST_TEST(!has(offered({""}), "candidates"));
  BOOST_TEST(has(offered({"nodes", "-"}), "--topology-xml"));
}
BOOST_AUTO_TEST_CASE(are_values_of_options) {
  BOOST_TEST(same(offered({"shm", "show", "--backend", ""}), word_list{"posix", "sysv"}));
  BOOST_TEST(same(offered({"shm", "show", "--backend=s"}), word_list{"--backend=posix", "--backend=sysv"}));
  BOOST_TEST(has(offered({"run", "-m", ""}), "all"));
  BOOST_TEST(same(offered({"where", "--html", ""}), word_list{"\tfiles"}));
  BOOST_TEST(same(offered({"where", "--html="}), word_list{"\tfiles"}));
  BOOST_TEST(same(offered({"where", "--top", ""}), word_list{}));
  BOOST_TEST(has(offered({"run", "--placement", ""}), "weighted_by_system"));
  BOOST_TEST(has(offered({"run", "--placement=b"}), "--placement=bind"));
  BOOST_TEST(has(offered({"run", "-C", ""}), "all"));
  BOOST_TEST(same(offered({"shm", "show", "--absent="}), word_list{}));
}
BOOST_AUTO_TEST_CASE(of_another_program_are_left_to_the_shell) {
  BOOST_TEST(same(offered({"run", ""}), word_list{"\tcommand 1"}));
  BOOST_TEST(same(offered({"run", "--bind=0", "--", "ls", "-"}), word_list{"\tcommand 3"}));
  BOOST_TEST(same(offered({"run", "--bind", "0", "ls", "a", ""}), word_list{"\tcommand 3"}));
  BOOST_TEST(has(offered({"run", "--local", "-"}), "--report"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre_cli
