// checking_resource: a std::pmr::memory_resource that finds every wrong deallocation and every leak.
#pragma once

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstring>
#include <map>
#include <memory_resource>
#include <mutex>
#include <new>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace acre::test {

/// What it finds fails the test when it goes: threads use it, and only the test's own may assert.
/// \safety any thread
class checking_resource final : public std::pmr::memory_resource {
 public:
  explicit checking_resource(std::pmr::memory_resource* upstream = std::pmr::new_delete_resource())
      : x_upstream(upstream) {}
  checking_resource(const checking_resource&) = delete;
  checking_resource& operator=(const checking_resource&) = delete;
  ~checking_resource() override {
    for (const std::string& mistake : take_mistakes()) BOOST_ERROR(mistake);
  }

  /// What was found so far, and what is live as leaked; both are forgotten then.
  std::vector<std::string> take_mistakes() {
    const std::lock_guard lock(x_mutex);
    for (const auto& [p, b] : x_live) {
      note("leaked ", b.bytes, " bytes aligned to ", b.alignment);
      x_upstream->deallocate(p, b.bytes, b.alignment);
    }
    x_live.clear();
    x_live_blocks = x_live_bytes = 0;
    return std::exchange(x_mistakes, {});
  }

  std::size_t live_blocks() const { return read(x_live_blocks); }
  std::size_t live_bytes() const { return read(x_live_bytes); }
  /// So many allocations so far.
  std::size_t allocations() const { return read(x_allocations); }
  /// The size of the last allocation.
  std::size_t last_bytes() const { return read(x_last_bytes); }

 private:
  struct block {
    std::size_t bytes;
    std::size_t alignment;
  };

  template <class... Words>
  void note(const Words&... words) {
    std::ostringstream text;
    (text << ... << words);
    x_mistakes.push_back(text.str());
  }

  std::size_t read(const std::size_t& counter) const {
    const std::lock_guard lock(x_mutex);
    return counter;
  }

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    // new_delete_resource of libstdc++ 12 wraps some such sizes to small ones, and AddressSanitizer aborts.
    if (bytes > std::size_t{1} << 39 || alignment > std::size_t{1} << 39) throw std::bad_alloc();
    void* const p = x_upstream->allocate(bytes, alignment);
    // Who relies on zeroes shall notice.
    std::memset(p, 0xA5, bytes);
    const std::lock_guard lock(x_mutex);
    x_live.insert_or_assign(p, block{bytes, alignment});
    ++x_live_blocks;
    x_live_bytes += bytes;
    x_last_bytes = bytes;
    ++x_allocations;
    return p;
  }

  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
    block b;
    {
      const std::lock_guard lock(x_mutex);
      const auto found = x_live.find(p);
      if (found == x_live.end()) {
        note("deallocate of ", p, ", which is not live");
        return;
      }
      b = found->second;
      x_live.erase(found);
      --x_live_blocks;
      x_live_bytes -= b.bytes;
      if (bytes != b.bytes) note("deallocate with another size: ", bytes, " instead of ", b.bytes);
      if (alignment != b.alignment) {
        note("deallocate with another alignment: ", alignment, " instead of ", b.alignment);
      }
    }
    std::memset(p, 0x5A, b.bytes);
    x_upstream->deallocate(p, b.bytes, b.alignment);
  }

  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  std::pmr::memory_resource* x_upstream;
  mutable std::mutex x_mutex;
  std::map<void*, block> x_live;
  std::vector<std::string> x_mistakes;
  std::size_t x_live_blocks = 0;
  std::size_t x_live_bytes = 0;
  std::size_t x_allocations = 0;
  std::size_t x_last_bytes = 0;
};

}  // namespace acre::test
