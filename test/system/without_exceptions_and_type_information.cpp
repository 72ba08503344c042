// A program that is compiled with -fno-exceptions and -fno-rtti.
#include <acre/acre.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <list>
#include <map>
#include <memory_resource>
#include <vector>

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "compile this with -fno-exceptions and -fno-rtti"
#endif

namespace {

void require(bool what, const char* text) {
  if (what) return;
  std::cerr << "not so: " << text << '\n';
  std::exit(1);
}

/// Its virtual table has no type information.
class counting_resource final : public std::pmr::memory_resource {
 public:
  std::size_t blocks = 0;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    ++blocks;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
    --blocks;
    std::pmr::new_delete_resource()->deallocate(p, bytes, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }
};

const acre::placement& somewhere() {
  static const acre::placement where =
      acre::placement::bind({acre::topology::system().default_nodes().first()});
  return where;
}

void areas() {
  acre::area pages(somewhere(), {.commit = acre::commit::eager});
  const std::pmr::vector<double> data(100'000, 1.0, &pages);
  require(pages.check_block(data.data(), data.size() * sizeof(double)).ok(),
          "an area's block lies where it should");
}

void pools() {
  acre::pool_resource pool(somewhere());
  const std::pmr::list<int> numbers(1000, 1, &pool);
  require(pool.good_size(100, 8) >= 100 && pool.status().has_value(), "a pool tells of itself");

  std::map<int, int, std::less<>, acre::numa_allocator<std::pair<const int, int>>> squares(somewhere());
  for (int i = 0; i != 1000; ++i) squares.emplace(i, i * i);
  acre::node_pools nodes;
  std::vector<int, acre::numa_allocator<int>> some(1000, 1, &nodes);
  std::vector<int, acre::first_touch_allocator<int>> others(1'000'000);
  require(squares.size() == 1000 && some.size() == 1000 && others.size() == 1'000'000, "allocators allocate");
}

void resources_of_the_program() {
  counting_resource upstream;
  {
    const std::vector<int, acre::numa_allocator<int>> directly(1000, 1, &upstream);
    require(upstream.blocks == 1 && acre::good_size(upstream, 100, 8) == 100, "it is no resource of acre's");
    acre::pool_resource pool(&upstream);
    const std::pmr::list<int> numbers(1000, 1, &pool);
    require(upstream.blocks > 1 && !pool.status(), "a pool stands on it");
  }
  require(upstream.blocks == 0, "all of it was given back");

  acre::mapping memory(1 << 20);
  acre::segment_resource heap(memory.data(), memory.size());
  require(heap != upstream, "it is no heap");
}

void twins() {
  acre::mapping pages(1 << 20);
  std::error_code ec;
  acre::apply(pages.data(), pages.size(), acre::placement::bind({1023}), ec);
  require(ec == acre::errc::unknown_node, "a twin reports the code");
  acre::apply(pages.data(), pages.size(), somewhere(), ec);
  require(!ec, "success clears it");
  acre::prefault(pages.data(), pages.size(), ec);
  const acre::check_result proof = acre::check(pages.data(), pages.size(), somewhere(), ec);
  require(!ec && proof.ok(), "the pages lie where they should");
  acre::topology::system().require_usable({1023}, ec);
  require(ec == acre::errc::unknown_node, "nodes can be asked about before an area is made");
  require(acre::resource_for(acre::placement::bind({1023}), ec) == nullptr, "there is no such pool");
}

/// The exception leaves the library, and nobody can catch it.
void ends(const std::function<void()>& what_throws) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit no_core_file{};
    setrlimit(RLIMIT_CORE, &no_core_file);
    what_throws();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  require(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "what throws ends the program");
}

}  // namespace

int main() {
  areas();
  pools();
  resources_of_the_program();
  twins();
  ends([] { acre::area pages(acre::placement::bind({1023})); });
  ends([] { (void)acre::numa_allocator<int>().allocate(acre::numa_allocator<int>::max_size() + 1); });
  ends([] { (void)acre::numa_allocator<int>(static_cast<std::pmr::memory_resource*>(nullptr)); });
}
