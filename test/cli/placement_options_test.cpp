#include <acre/error.hpp>

#include "cli/input_error.hpp"
#include "cli/run/placement_options.hpp"
#include "cli/run/system_weights.hpp"

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/text.hpp"
#include "sys/files.hpp"

namespace acre_cli {
namespace {

namespace fs = std::filesystem;
using acre::test::contains;
using acre::test::same;
using cpus = std::vector<unsigned>;

const acre::topology& machine() {
  static const acre::topology four = acre::topology::from_synthetic("numa:4 core:2 pu:1");
  return four;
}

acre::topology machine_in(const std::string& file) {
  return acre::topology::from_xml(
      acre::sys::read_file((ACRE_TEST_MACHINES "/" + file + ".xml").c_str()).value());
}

placement_options read_words(std::vector<std::string> arguments) {
  placement_options options;
  const command run{.name = "run", .about = "", .options = placement_options_of(options)};
  arguments.insert(arguments.begin(), "acre");
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const command* reached = nullptr;
  read_arguments(run, static_cast<int>(arguments.size()), pointers.data(), reached);
  return options;
}

/// \param arguments words in '' may have blanks
placement_options read(const std::string& arguments) {
  std::istringstream in(arguments);
  std::vector<std::string> words;
  for (std::string word; in >> std::quoted(word, '\'');) words.push_back(word);
  return read_words(words);
}

/// A directory with weights, as the kernel has it.
class weights {
 public:
  explicit weights(const std::vector<std::pair<unsigned, std::string>>& all) {
    std::string name = (fs::temp_directory_path() / "acre-weights-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    x_path = name;
    for (const auto& [node, text] : all)
      std::ofstream(x_path / ("node" + std::to_string(node))) << text << '\n';
  }
  weights(const weights&) = delete;
  weights& operator=(const weights&) = delete;
  ~weights() { fs::remove_all(x_path); }
  const fs::path& path() const { return x_path; }

 private:
  fs::path x_path;
};

/// Of a process that may run everywhere.
std::optional<cpus> cpus_of(const placement_options& options, const acre::topology& where) {
  return acre_cli::cpus_of(options, where, where.cpus());
}

std::string placed(const std::string& arguments, const fs::path& directory = "/absent") {
  const auto where = placement_of(read(arguments), machine(), directory);
  return where ? where->to_string() : "nothing";
}

std::string refused(const std::string& arguments, const fs::path& directory = "/absent") {
  try {
    return "taken as " + placed(arguments, directory);
  } catch (const std::exception& e) {
    return e.what();
  }
}

BOOST_AUTO_TEST_SUITE(placement_options)

BOOST_AUTO_TEST_CASE(are_placements) {
  BOOST_TEST(placed("--bind 0-1") == "bind 0-1");
  BOOST_TEST(placed("--prefer 2") == "prefer 2");
  BOOST_TEST(placed("--interleave all") == "interleave 0-3");
  BOOST_TEST(placed("--weighted-interleave !1") == "weighted_by_system 0,2-3");
  BOOST_TEST(placed("--local") == "local");
  BOOST_TEST(placed("--placement 'prefer 0-1'") == "prefer 0-1");
  BOOST_TEST(placed("--cpus 1") == "nothing");
}
BOOST_AUTO_TEST_CASE(have_the_spellings_of_numactl) {
  for (const char* const option : {"-m", "--membind"})
    BOOST_TEST(placed(std::string(option) + " 1") == "bind 1");
  for (const char* const option : {"-p", "-P", "--preferred", "--preferred-many"})
    BOOST_TEST(placed(std::string(option) + " 1") == "prefer 1");
  BOOST_TEST(placed("-i 0,2") == "interleave 0,2");
  BOOST_TEST(placed("-w 0,2") == "weighted_by_system 0,2");
  for (const char* const option : {"-l", "--localalloc"}) BOOST_TEST(placed(option) == "local");
  for (const char* const option : {"-N", "-c", "--cpunodebind", "--cpubind"})
    BOOST_TEST(cpus_of(read(std::string(option) + " 0"), machine()) == (cpus{0, 1}));
  BOOST_TEST(placed("--strict -m 1") == "bind 1");
}
BOOST_AUTO_TEST_CASE(may_be_abbreviated_as_numactls) {
  for (const char* const option : {"--m", "--mem", "--membin"})
    BOOST_TEST(placed(std::string(option) + "=1") == "bind 1");
  for (const char* const option : {"--pre", "--preferred-m"})
    BOOST_TEST(placed(std::string(option) + " 1") == "prefer 1");
  BOOST_TEST(placed("--i 1") == "interleave 1");
  for (const char* const option : {"--w", "--weighted", "--weighted-i"})
    BOOST_TEST(placed(std::string(option) + " 0,2") == "weighted_by_system 0,2");
  for (const char* const option : {"--lo", "--local", "--locala"}) BOOST_TEST(placed(option) == "local");
  BOOST_TEST(cpus_of(read("--cpun 0 -t"), machine()) == (cpus{0, 1}));
  BOOST_TEST(cpus_of(read("--cpub=0"), machine()) == (cpus{0, 1}));
  BOOST_TEST(cpus_of(read("--ph 5"), machine()) == cpus{5});
}
BOOST_AUTO_TEST_CASE(of_cpus_may_be_repeated_and_the_last_counts) {
  BOOST_TEST(cpus_of(read("-N 0 --cpubind 1"), machine()) == (cpus{2, 3}));
  BOOST_TEST(cpus_of(read("-C 0 -C 5"), machine()) == cpus{5});
}
BOOST_AUTO_TEST_CASE(are_one_at_most) {
  BOOST_TEST(contains(refused("--bind 0 --local"), "one placement"));
  BOOST_CHECK_THROW(cpus_of(read("--cpus 0 --cpunodebind 0"), machine()), input_error);
  BOOST_TEST(!read("--bind 0 --cpus 1").empty());
  BOOST_TEST(read("").empty());
}
BOOST_AUTO_TEST_CASE(that_are_no_nodes_are_refused) {
  BOOST_TEST(contains(refused("--bind 0x"), "0x"));
  BOOST_TEST(contains(refused("--bind none"), "node"));
  BOOST_TEST(contains(refused("--placement nonsense"), "nonsense"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(weights_of_a_command)

BOOST_AUTO_TEST_CASE(are_the_systems_if_their_ratio_is) {
  const weights system({{0, "6"}, {1, "9"}, {2, "2"}});
  BOOST_TEST(placed("--weighted 0:3,2:1", system.path()) == "weighted_by_system 0,2");
  BOOST_TEST(placed("--weighted 2:2,0:6", system.path()) == "weighted_by_system 0,2");
  BOOST_TEST(placed("--placement 'weighted 0:3,2:1'", system.path()) == "weighted_by_system 0,2");
  BOOST_TEST(placed("--weighted 1:5", system.path()) == "weighted_by_system 1");
}
BOOST_AUTO_TEST_CASE(that_the_system_does_not_have_come_with_what_to_write) {
  const weights system({{0, "1"}, {2, "1"}});
  const std::string why = refused("--weighted 0:6,2:2", system.path());
  BOOST_TEST(contains(why, "which are 0:1,2:1"));
  BOOST_TEST(contains(why, "echo 3 > " + (system.path() / "node0").string()));
  BOOST_TEST(contains(why, "echo 1 > " + (system.path() / "node2").string()));
}
BOOST_AUTO_TEST_CASE(that_no_kernel_can_have_are_refused) {
  const weights system({{0, "1"}, {2, "1"}});
  BOOST_TEST(contains(refused("--weighted 0:256,2:1", system.path()), "255"));
  BOOST_TEST(contains(refused("--weighted 0:3,2:1"), "Linux 6.9"));
  BOOST_TEST(contains(refused("--weighted 0:3,7:1", system.path()), "node 7"));
}
BOOST_AUTO_TEST_CASE(with_chunks_are_left_to_thread_binding_to_refuse) {
  BOOST_TEST(placed("--placement 'weighted 0:3,2:1 by 64KiB'") == "weighted 0:3,2:1 by 64KiB");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cpu_lists)

BOOST_AUTO_TEST_CASE(are_read) {
  const cpus may_run_on{0, 2, 4, 6};
  BOOST_TEST(same(parse_cpus("2", may_run_on), cpus{2}));
  BOOST_TEST(same(parse_cpus("6,0-4", may_run_on), may_run_on));
  BOOST_TEST(same(parse_cpus("all", may_run_on), may_run_on));
  BOOST_TEST(same(parse_cpus("!2,4", may_run_on), cpus{0, 6}));
  BOOST_TEST(same(parse_cpus("+1-2", may_run_on), cpus{2, 4}));
  BOOST_TEST(same(parse_cpus("!+0", may_run_on), cpus{2, 4, 6}));
}
BOOST_AUTO_TEST_CASE(name_the_cpu_that_the_caller_may_not_run_on) {
  for (const char* const text : {"3", "0-3", "3-6", "!3", "0,3", "0x3"}) {
    BOOST_CHECK_EXCEPTION(parse_cpus(text, {0, 2, 4, 6}), input_error, [&](const input_error& e) {
      return e.what() == "CPUs '" + std::string(text) + "': this process may run on 0,2,4,6, not on 3";
    });
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(nodes_of_a_command)

BOOST_AUTO_TEST_CASE(are_read_as_numactl_reads_them) {
  BOOST_TEST(placed("-m '!+0'") == "bind 1-3");
  BOOST_TEST(placed("-i '0, 0x2'") == "interleave 0,2");
  BOOST_TEST(placed("--weighted-interleave 03") == "weighted_by_system 3");
}
BOOST_AUTO_TEST_CASE(in_a_range_are_those_that_may_be_used) {
  const acre::topology no_node_1 = machine_in("sparse");
  BOOST_TEST(placement_of(read("-m 0-2"), no_node_1, "")->to_string() == "bind 0,2");
  const acre::topology no_memory_on_1 = machine_in("memoryless");
  BOOST_TEST(placement_of(read("-i 0-2"), no_memory_on_1, "")->to_string() == "interleave 0,2");
  BOOST_CHECK_EXCEPTION(placement_of(read("-m 0-1"), no_memory_on_1, ""), acre::error,
                        [](const acre::error& e) { return e.code() == acre::errc::node_without_memory; });
}
BOOST_AUTO_TEST_CASE(are_named_where_they_may_not_be_used) {
  BOOST_TEST(contains(refused("-m 0-4"), "node 4"));
  BOOST_TEST(contains(refused("-m '!4'"), "node 4"));
  BOOST_TEST(contains(refused("-p 5000"), "5000"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cpu_nodes)

BOOST_AUTO_TEST_CASE(are_their_cpus) {
  BOOST_TEST(cpus_of(read("--cpunodebind 1,3"), machine()) == (cpus{2, 3, 6, 7}));
  BOOST_TEST(cpus_of(read("-N 0"), machine()) == (cpus{0, 1}));
  BOOST_TEST(cpus_of(read("-C 5"), machine()) == cpus{5});
  BOOST_TEST(cpus_of(read("--bind 0"), machine()) == std::nullopt);
  BOOST_CHECK_THROW(cpus_of(read("-N 9"), machine()), input_error);
}
BOOST_AUTO_TEST_CASE(are_of_those_with_cpus_whether_they_have_memory) {
  const acre::topology no_memory_on_1 = machine_in("memoryless");
  BOOST_TEST(cpus_of(read("-N all"), no_memory_on_1) == (cpus{0, 1, 2, 3, 4, 5}));
  BOOST_TEST(cpus_of(read("-N !0"), no_memory_on_1) == (cpus{2, 3, 4, 5}));
  BOOST_TEST(cpus_of(read("-N +1"), no_memory_on_1) == (cpus{2, 3}));
  BOOST_TEST(placement_of(read("-m all"), no_memory_on_1, "")->to_string() == "bind 0,2");
  BOOST_TEST(placement_of(read("-m +1"), no_memory_on_1, "")->to_string() == "bind 2");
  const acre::topology no_cpus_on_2 = machine_in("cxl_hmat");
  BOOST_TEST(cpus_of(read("-N all"), no_cpus_on_2) == (cpus{0, 1, 2, 3}));
  BOOST_TEST(cpus_of(read("-N !0"), no_cpus_on_2) == (cpus{2, 3}));
  BOOST_CHECK_THROW(cpus_of(read("-N +2"), no_cpus_on_2), input_error);
  BOOST_TEST(cpus_of(read("-N 0-1"), no_cpus_on_2) == (cpus{0, 1, 2, 3}));
  BOOST_CHECK_EXCEPTION(cpus_of(read("-N 0,2"), no_cpus_on_2), input_error, [](const input_error& e) {
    return e.what() == std::string("node 2 has no CPU that may be used; nodes 0-1 have some");
  });
}
BOOST_AUTO_TEST_CASE(are_not_limited_to_what_the_caller_runs_on_as_cpus_are) {
  const cpus here{3, 6};
  const auto chosen = [&](const char* options) { return acre_cli::cpus_of(read(options), machine(), here); };
  BOOST_TEST(chosen("-C +0") == cpus{3});
  BOOST_TEST(chosen("-C +1") == cpus{6});
  BOOST_TEST(chosen("-C all") == here);
  BOOST_TEST(chosen("-C !3") == cpus{6});
  BOOST_TEST(chosen("-C 3-6") == here);
  BOOST_CHECK_THROW(chosen("-C 0"), input_error);
  BOOST_CHECK_THROW(chosen("-C +2"), input_error);
  BOOST_TEST(chosen("-N 0") == (cpus{0, 1}));
  BOOST_TEST(chosen("-N +0") == (cpus{0, 1}));
  BOOST_TEST(chosen("-N all") == machine().cpus());
  BOOST_TEST(chosen("-N !3") == (cpus{0, 1, 2, 3, 4, 5}));
  BOOST_CHECK_THROW(chosen("-N +4"), input_error);
  BOOST_CHECK_THROW(chosen("-N !0-3"), input_error);
  BOOST_CHECK_THROW(chosen("-N none"), input_error);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cpu_options)

BOOST_AUTO_TEST_CASE(that_are_empty_are_mistakes) {
  BOOST_CHECK_THROW(read_words({"-C", ""}), input_error);
  BOOST_CHECK_THROW(read_words({"--cpunodebind="}), input_error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre_cli
