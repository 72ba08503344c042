// An area of one's own: mapping + apply + check, and work of one's own: it counts, and proves every block.
#include "require.hpp"

#include <acre/acre.hpp>

#include <algorithm>
#include <map>
#include <memory_resource>
#include <mutex>
#include <new>
#include <utility>

class counting_area : public std::pmr::memory_resource {
 public:
  explicit counting_area(acre::placement where) : x_where(std::move(where)) {}

  std::size_t live_bytes() const { return x_live; }
  std::size_t peak_bytes() const { return x_peak; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    acre::mapping pages(std::max<std::size_t>(bytes, 1), {.alignment = alignment, .name = "counting"});
    acre::apply(pages.data(), pages.size(), x_where);
    acre::prefault(pages.data(), pages.size());
    if (!acre::check(pages.data(), pages.size(), x_where)) throw std::bad_alloc();
    const std::lock_guard lock(x_mutex);
    x_peak = std::max(x_peak, x_live += pages.size());
    void* const p = pages.data();
    x_blocks.emplace(p, std::move(pages));
    return p;
  }

  void do_deallocate(void* p, std::size_t, std::size_t) override {
    const std::lock_guard lock(x_mutex);
    const auto block = x_blocks.find(p);
    x_live -= block->second.size();
    x_blocks.erase(block);  // ~mapping unmaps
  }

  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  const acre::placement x_where;
  std::mutex x_mutex;
  std::map<void*, acre::mapping> x_blocks;
  std::size_t x_live = 0;
  std::size_t x_peak = 0;
};

int main() {
  counting_area area(acre::placement::bind(acre::topology::system().default_nodes()));
  {
    std::pmr::vector<int> numbers(100'000, 7, &area);
    require(area.live_bytes() >= numbers.size() * sizeof(int), "the block is counted");
    std::cout << area.live_bytes() << " bytes live\n";
  }
  require(area.live_bytes() == 0, "the block is given back");
  require(area.peak_bytes() != 0, "the peak stays");
}
