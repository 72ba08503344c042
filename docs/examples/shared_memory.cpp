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

namespace {

/// The other process, a child of the first: knows nothing but the name.
void fill() {
  const std::string name = "prices-" + std::to_string(getppid());
  acre::shared_segment prices = acre::shared_segment::open(name);
  const std::span all(static_cast<double*>(prices.data()), prices.size() / sizeof(double));
  std::ranges::fill(all, 1.5);
}

/// Runs this program again with that task, and waits.
int run(const char* task) {
  const pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", "shared_memory", task, nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

void one_makes_it_another_fills_it() {
  const std::string name = "prices-" + std::to_string(getpid());
  const acre::node_set nodes = acre::topology::system().default_nodes();
  // Placed before its first page exists, and before anybody else can see it.
  acre::shared_segment prices =
      acre::shared_segment::create(name, 8 << 20, acre::placement::interleave(nodes));
  std::cout << prices.resident() << '\n';  // no page exists yet

  require(prices.resident().resident() == 0, "no page exists yet");
  require(run("fill") == 0, "the other process fills it");
  require(prices.resident().untouched == 0, "its pages count, although this process touched none");
  require(static_cast<const double*>(prices.data())[0] == 1.5, "what the other one wrote is here");
  std::cout << prices.info() << '\n' << prices.resident() << '\n';
}

void prove() {
  const std::string name = "prices-" + std::to_string(getpid());
  const acre::shared_segment prices = acre::shared_segment::open(name);
  std::cout << prices.check() << '\n';  // whoever touched them, they lie as the placement says

  require(prices.check().ok(), "whoever touched them, they lie as the placement says");
}

void find_and_remove() {
  for (const acre::segment_info& s : acre::shared_segment::list()) std::cout << s << '\n';

  const std::string name = "prices-" + std::to_string(getpid());
  require(static_cast<bool>(acre::shared_segment::open(name)), "a name outlives its users");
  require(acre::shared_segment::remove(name), "until it is removed");
}

/// What a program that died has left, of this user's and of nobody else's.
void remove_what_the_dead_left() {
  const acre::attach_options mine = {.owner = acre::segment_owner::self,
                                     .foreign = acre::foreign_memory::refuse};
  for (const acre::segment_info& s : acre::shared_segment::list()) {
    const bool left =
        s.state == acre::creator_state::gone && s.name.starts_with("prices-") && s.owner == geteuid();
    if (left) acre::shared_segment::remove(s.name, mine);
  }
}

void hand_on_a_descriptor() {
  acre::shared_segment mine = acre::shared_segment::create("greeting", 1 << 20, acre::placement::local(),
                                                           {.backend = acre::segment_backend::memfd});
  const int file = mine.native_handle();  // goes over a socket with SCM_RIGHTS, unix(7)

  // Where it arrives. Checked before it is believed: the header, the owner, and that nobody can shrink it.
  acre::shared_segment theirs = acre::shared_segment::attach(file, {.shrinking = acre::shrinking::refuse});

  require(theirs.data() != mine.data() && theirs.size() == mine.size(), "it is mapped twice");
}

void place_anew() {
  const acre::node_set nodes = acre::topology::system().default_nodes();
  acre::shared_segment cache = acre::shared_segment::create("cache", 8 << 20, acre::placement::local(),
                                                            {.backend = acre::segment_backend::memfd});
  std::memset(cache.data(), 1, cache.size());
  const acre::placement there = acre::placement::bind({nodes.first()});
  std::cout << cache.bind(there, {.existing = acre::existing_pages::migrate}) << '\n';

  try {
    cache.bind(acre::placement::interleave(nodes));
    require(false, "pages exist");
  } catch (const acre::error& e) {
    require(e.code() == acre::errc::already_populated, "shmbind's EINVAL");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "fill") == 0) {
    fill();
    return 0;
  }
  one_makes_it_another_fills_it();
  prove();
  find_and_remove();
  remove_what_the_dead_left();
  hand_on_a_descriptor();
  place_anew();
}
