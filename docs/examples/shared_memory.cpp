// A segment that one process makes and places, and another one fills: its pages lie as the first one said.
#include <acre/acre.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iostream>
#include <span>
#include <string>

#include "require.hpp"

using namespace acre::literals;

namespace {

/// The other process: knows nothing but the name.
int fill(const char* name) {
  acre::shared_segment prices = acre::shared_segment::open(name);
  std::ranges::fill(std::span(static_cast<double*>(prices.data()), prices.size() / sizeof(double)), 1.5);
  return 0;
}

/// Runs this program again with these arguments, and waits.
int run(const char* task, const char* name) {
  const pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", "shared_memory", task, name, nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "fill") == 0) return fill(argv[2]);

  const std::string name = "acre-example-" + std::to_string(getpid());
  const acre::node_set nodes = acre::topology::system().default_nodes();

  // Placed before its first page exists, and before anybody else can see it.
  acre::shared_segment prices = acre::shared_segment::create(name, 8_MiB, acre::placement::interleave(nodes));
  require(prices.resident().resident() == 0, "no page exists yet");

  require(run("fill", name.c_str()) == 0, "the other process fills it");
  require(prices.resident().untouched == 0, "its pages count, although this process touched none");
  require(prices.check().ok(), "whoever touched them, they lie as the placement says");
  std::cout << prices.info() << '\n' << prices.resident() << '\n';

  for (const acre::segment_info& s : acre::shared_segment::list()) std::cout << s << '\n';

  // Placing it anew after the fact is an error, unless the pages may be moved.
  try {
    prices.bind(acre::placement::bind(nodes));
    require(false, "pages exist");
  } catch (const acre::error& e) {
    require(e.code() == acre::errc::already_populated, "shmbind's EINVAL");
  }
  std::cout << prices.bind(acre::placement::bind(nodes), {.existing = acre::existing_pages::migrate}) << '\n';

  prices.detach();
  require(static_cast<bool>(acre::shared_segment::open(name)), "a name outlives its users");
  require(acre::shared_segment::remove(name), "until it is removed");
}
