#include "multinode/segment_peers.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <utility>

#include "multinode/segment_share.hpp"
#include "support/machine.hpp"
#include "support/print.hpp"
#include "support/require.hpp"

namespace acre::test {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t peers = 3;

std::vector<std::string> command_line(const peer_order& o, const std::vector<std::string>& segments) {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path() / "acre_segment_peer";
  std::vector<std::string> words{program.string(),       std::to_string(o.node),  std::to_string(o.unit),
                                 std::to_string(o.seed), std::to_string(o.share), std::to_string(o.shares)};
  words.insert(words.end(), segments.begin(), segments.end());
  return words;
}

/// Descriptors that a new program shall find open.
std::vector<int> inherited(const std::vector<std::string>& segments) {
  std::vector<int> files;
  for (const std::string& s : segments) {
    if (s.starts_with("fd:")) files.push_back(std::stoi(s.substr(3)));
  }
  return files;
}

}  // namespace

segment_peer::segment_peer(const peer_order& order, const std::vector<std::string>& segments) {
  std::vector<std::string> words = command_line(order, segments);
  const std::vector<int> files = inherited(segments);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::array<int, 2> input{};
  std::array<int, 2> output{};
  require(pipe2(input.data(), O_CLOEXEC) == 0, "pipe2");
  require(pipe2(output.data(), O_CLOEXEC) == 0, "pipe2");
  std::fflush(nullptr);
  x_child = fork();
  require(x_child >= 0, "fork");
  if (x_child == 0) {
    dup2(input[0], STDIN_FILENO);
    dup2(output[1], STDOUT_FILENO);
    for (const int file : files) fcntl(file, F_SETFD, 0);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(input[0]);
  close(output[1]);
  x_input = input[1];
  x_output = output[0];
}

void segment_peer::wait() {
  if (x_output < 0) return;
  FILE* const told = fdopen(std::exchange(x_output, -1), "r");
  bool touched = false;
  char line[256];
  while (!touched && std::fgets(line, sizeof line, told) != nullptr) {
    line[std::strcspn(line, "\n")] = '\0';
    touched = std::strcmp(line, "touched") == 0;
    if (!touched) x_policies.emplace_back(line);
  }
  std::fclose(told);
  BOOST_TEST(touched, "a peer did not get to the end");
}

void segment_peer::end() {
  if (x_child <= 0) return;
  wait();
  close(x_input);
  int status = 0;
  BOOST_TEST(waitpid(x_child, &status, 0) == x_child);
  const std::string how =
      WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : std::to_string(WEXITSTATUS(status));
  BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == static_cast<int>(peer_status::well)),
             "a peer ended with " << how);
  x_child = -1;
}

segment_peer::~segment_peer() { end(); }

std::vector<unsigned> peer_nodes() {
  const std::vector<unsigned> cpus = one_cpu_per_node();
  std::vector<unsigned> of;
  for (std::size_t k = 0; k < peers; ++k) of.push_back(node_of_cpu(cpus[(k + 1) % cpus.size()]));
  return of;
}

std::vector<std::vector<std::string>> write_from_peers(const std::vector<std::string>& segments,
                                                       std::uint64_t seed, std::size_t unit) {
  const std::vector<unsigned> of = peer_nodes();
  std::vector<std::unique_ptr<segment_peer>> all;
  for (std::size_t k = 0; k < peers; ++k) {
    const peer_order order{.node = of[k], .seed = seed, .share = k, .shares = peers, .unit = unit};
    all.push_back(std::make_unique<segment_peer>(order, segments));
  }
  std::vector<std::vector<std::string>> seen;
  for (const auto& peer : all) {
    peer->end();
    seen.push_back(peer->policies());
  }
  return seen;
}

std::vector<unsigned> writers(std::uint64_t seed, std::size_t units) {
  const std::vector<unsigned> of = peer_nodes();
  std::vector<unsigned> result;
  for (const std::size_t share : sharers(seed, units, peers)) result.push_back(of[share]);
  return result;
}

std::string address_of(const shared_segment& s, const std::string& name) {
  if (s.id() >= 0) return "id:" + std::to_string(s.id());
  if (s.backend() == segment_backend::memfd) return "fd:" + std::to_string(s.native_handle());
  return "posix:" + name;
}

void remove(const shared_segment& s, const std::string& name) {
  if (s.backend() == segment_backend::memfd) return;
  const bool removed = s.id() >= 0 ? shared_segment::remove_id(s.id()) : shared_segment::remove(name);
  BOOST_TEST(removed, name << " is not there");
  // An id stays until the last user has let go.
  if (s.id() < 0) BOOST_TEST(!shared_segment::remove(name), name << " is still there");
}

std::vector<std::string> policies_of(const shared_segment& s, std::size_t unit) {
  std::vector<std::string> result;
  for (std::size_t at = 0; at < s.size(); at += unit) {
    std::ostringstream words;
    words << policy_at(static_cast<const char*>(s.data()) + at);
    result.push_back(words.str());
  }
  return result;
}

void expect_signed(const shared_segment& s, std::uint64_t seed) {
  std::size_t wrong = 0;
  std::size_t first_wrong = 0;
  for (std::size_t at = 0; at < s.size(); at += base_page()) {
    std::uint64_t value = 0;
    std::memcpy(&value, static_cast<const char*>(s.data()) + at, sizeof value);
    if (value != signature(seed, at) && wrong++ == 0) first_wrong = at;
  }
  BOOST_TEST(wrong == 0U, wrong << " pages have no signature, the first of them at byte " << first_wrong);
}

static std::vector<bool> present_pages(const shared_segment& s) {
  std::vector<unsigned char> told((s.size() + base_page() - 1) / base_page());
  require(mincore(s.data(), s.size(), told.data()) == 0, "mincore");
  std::vector<bool> present;
  for (const unsigned char c : told) present.push_back((c & 1) != 0);
  return present;
}

std::size_t count_present(const shared_segment& s) {
  return static_cast<std::size_t>(std::ranges::count(present_pages(s), true));
}

void map_present(const shared_segment& s) {
  const std::vector<bool> present = present_pages(s);
  for (std::size_t i = 0; i < present.size(); ++i) {
    if (present[i]) static_cast<void>(static_cast<const volatile char*>(s.data())[i * base_page()]);
  }
}

std::map<std::string, std::size_t> nothing_left::now() {
  std::map<std::string, std::size_t> counts;
  const auto entries = [](const char* directory) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(directory), fs::directory_iterator{}));
  };
  counts["files in /dev/shm"] = entries("/dev/shm");
  counts["open files"] = entries("/proc/self/fd");
  std::ifstream segments("/proc/sysvipc/shm");
  for (std::string line; std::getline(segments, line);) ++counts["System V segments"];
  counts["mappings"] = count_mappings();
  return counts;
}

nothing_left::~nothing_left() {
  auto after = now();
  for (const auto& [what, count] : x_before) {
    BOOST_TEST_INFO(what);
    BOOST_TEST(after[what] <= count);
  }
}

}  // namespace acre::test
