// acre_segment_peer: a process that knows nothing of the one that started it but how a segment is found. From a CPU
// of one node it writes its share of each segment, unit by unit in random order; before, it tells the kernel's policy
// for each unit as it sees it, a line each. Then it says "touched" and keeps its mappings until its standard input
// ends.
//   acre_segment_peer NODE UNIT SEED SHARE SHARES SEGMENT...
// with SEGMENT posix:NAME, sysv:KEY, id:SHMID or fd:NUMBER, and UNIT bytes.
#include <acre/shared_segment.hpp>

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "multinode/segment_share.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {
namespace {

struct failure {
  peer_status status;
  std::string what;
};

struct order {
  unsigned node;
  std::size_t unit;
  std::uint64_t seed;
  std::size_t share;
  std::size_t shares;
};

shared_segment attach(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string_view how = std::string_view(text).substr(0, colon);
  const std::string what = text.substr(colon + 1);
  if (how == "posix") return shared_segment::open(what);
  if (how == "sysv") return shared_segment::open(what, {.backend = segment_backend::sysv});
  if (how == "id") return shared_segment::attach_id(std::stoi(what));
  if (how == "fd") return shared_segment::attach(std::stoi(what));
  throw failure{peer_status::bad_arguments, text};
}

void pin(unsigned node) {
  for (const unsigned cpu : node_cpus(node)) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) == 0) return;
  }
  throw failure{peer_status::cannot_pin, "node " + std::to_string(node)};
}

void tell_policies(const shared_segment& s, std::size_t unit) {
  for (std::size_t at = 0; at < s.size(); at += unit) {
    std::cout << policy_at(static_cast<const char*>(s.data()) + at) << '\n';
  }
}

void write_share(const shared_segment& s, const order& o) {
  // Nothing is read: a read fault would map the pages around that others made.
  const std::size_t units = (s.size() + o.unit - 1) / o.unit;
  for (const std::size_t index : share_of(o.seed, units, o.share, o.shares)) {
    const std::size_t end = std::min((index + 1) * o.unit, s.size());
    for (std::size_t at = index * o.unit; at < end; at += base_page()) {
      const std::uint64_t value = signature(o.seed, at);
      std::memcpy(static_cast<char*>(s.data()) + at, &value, sizeof value);
    }
  }
}

void work(const order& o, const std::vector<std::string>& names) {
  pin(o.node);
  std::vector<shared_segment> segments;
  try {
    for (const std::string& name : names) segments.push_back(attach(name));
  } catch (const std::exception& e) {
    throw failure{peer_status::cannot_attach, e.what()};
  }
  try {
    for (const shared_segment& s : segments) tell_policies(s, o.unit);
  } catch (const std::exception& e) {
    throw failure{peer_status::cannot_read_policy, e.what()};
  }
  for (const shared_segment& s : segments) write_share(s, o);
  std::cout << "touched" << std::endl;
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

}  // namespace
}  // namespace acre::test

int main(int argc, char** argv) {
  using namespace acre::test;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (arguments.size() < 6) throw failure{peer_status::bad_arguments, "too few"};
    const order o{static_cast<unsigned>(std::stoul(arguments[0])), std::stoul(arguments[1]),
                  std::stoul(arguments[2]), std::stoul(arguments[3]), std::stoul(arguments[4])};
    work(o, {arguments.begin() + 5, arguments.end()});
    return static_cast<int>(peer_status::well);
  } catch (const failure& f) {
    std::cerr << "acre_segment_peer: " << f.what << '\n';
    return static_cast<int>(f.status);
  } catch (const std::exception& e) {
    std::cerr << "acre_segment_peer: " << e.what() << '\n';
    return static_cast<int>(peer_status::bad_arguments);
  }
}
