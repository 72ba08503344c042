// noted_pages: a made-up source of pages, which writes down what a page_heap asks of it.
#pragma once

#include <acre/bytes.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <set>
#include <vector>

#include "pool/page_heap.hpp"

namespace acre::test {

/// What the pages that a heap asks for look like from below.
struct requests {
  std::mutex mutex;
  std::vector<std::size_t> bytes;
  std::function<void()> before;  ///< called with each request
  std::size_t unmapped = 0;      ///< bytes
  std::size_t discarded = 0;
  std::size_t refused = 0;  ///< calls
  bool all_locked = false;
  std::size_t again = 0;  ///< made although they were there
  std::size_t piece = 0;  ///< that pages are made in; 0: not at all
  std::function<void(std::uintptr_t begin, std::size_t size)> on_commit;
  std::function<void()> when_committed;
  std::set<std::uintptr_t> committed;  ///< units that have their pages

  std::size_t committed_bytes() const { return committed.size() * unit_bytes; }
  /// \returns whether no page of it was there
  bool add(std::uintptr_t begin, std::size_t size) {
    bool fresh = true;
    for (std::uintptr_t at = begin; at != begin + size; at += unit_bytes)
      fresh = committed.insert(at).second && fresh;
    return fresh;
  }
  void remove(std::uintptr_t begin, std::size_t size) {
    committed.erase(committed.lower_bound(begin), committed.lower_bound(begin + size));
  }
};

class noted_pages final : public page_source {
 public:
  explicit noted_pages(requests& all) : x_all(all) {}

  void* map(std::size_t bytes, std::size_t alignment) override {
    {
      const std::lock_guard lock(x_all.mutex);
      x_all.bytes.push_back(bytes);
    }
    if (x_all.before) x_all.before();
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void unmap(void* p, std::size_t bytes, std::size_t alignment) noexcept override {
    {
      const std::lock_guard lock(x_all.mutex);
      x_all.remove(reinterpret_cast<std::uintptr_t>(p), bytes);
      x_all.unmapped += bytes;
    }
    std::pmr::new_delete_resource()->deallocate(p, bytes, alignment);
  }
  bool unmaps_policies() const noexcept override { return false; }
  bool discard(void* p, std::size_t bytes) noexcept override {
    const std::lock_guard lock(x_all.mutex);
    if (x_all.all_locked) {
      ++x_all.refused;
      return false;
    }
    x_all.remove(reinterpret_cast<std::uintptr_t>(p), bytes);
    x_all.discarded += bytes;
    return true;
  }
  std::size_t discard_granule() const noexcept override { return 64_KiB; }
  std::size_t slab_granule() const noexcept override { return 64_KiB; }
  std::size_t largest_extent() const noexcept override { return 16_MiB; }
  std::size_t next_slab(std::size_t mapped) const noexcept override {
    return std::clamp(mapped, 2_MiB, 4_MiB);
  }
  std::size_t commit_piece(std::size_t) const noexcept override { return x_all.piece; }
  void expect_commit(void*, std::size_t) noexcept override {}
  void commit(void* p, std::size_t bytes) override {
    const auto begin = reinterpret_cast<std::uintptr_t>(p);
    if (x_all.on_commit) x_all.on_commit(begin, bytes);
    if (x_all.piece == 0) return;
    {
      const std::lock_guard lock(x_all.mutex);
      x_all.again += x_all.add(begin, bytes) ? 0U : 1U;
    }
    if (x_all.when_committed) x_all.when_committed();
  }
  owned_range::rules ownership() const override { return {.home = {}, .piece = unit_bytes}; }
  bool put_right(const displaced_part&) override { return false; }
  page_reuse reuse() const noexcept override { return page_reuse::any; }
  std::pmr::memory_resource* upstream() const noexcept override { return nullptr; }

 private:
  requests& x_all;
};

struct a_heap {
  requests asked;
  std::unique_ptr<page_heap> heap = heap_keeping(1_GiB);

  std::unique_ptr<page_heap> heap_keeping(std::size_t retained) {
    return std::make_unique<page_heap>(std::make_unique<noted_pages>(asked),
                                       pool_options{.retained = retained, .decay = std::chrono::hours(1)});
  }
  pool_statistics counted() const {
    pool_statistics s;
    heap->add_to(s);
    return s;
  }
};

}  // namespace acre::test
