#include "pool/owned_pages.hpp"

#include "support/checking_resource.hpp"
#include "support/throws.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace acre::test {
namespace {

/// Gives addresses that nobody may touch, and writes down what it is asked for.
class made_up_source final : public page_source {
 public:
  struct call {
    std::string what;
    void* p;
    std::size_t bytes;
    std::size_t alignment;
    friend bool operator==(const call&, const call&) = default;
  };
  made_up_source(std::uintptr_t address, std::vector<call>& log) : x_address(address), x_log(log) {}

  void* map(std::size_t bytes, std::size_t alignment) override {
    void* const p = reinterpret_cast<void*>(x_address);
    x_log.push_back({"map", p, bytes, alignment});
    return p;
  }
  void unmap(void* p, std::size_t bytes, std::size_t alignment) noexcept override {
    x_log.push_back({"unmap", p, bytes, alignment});
  }
  bool discard(void* p, std::size_t bytes) noexcept override {
    x_log.push_back({"discard", p, bytes, 0});
    return true;
  }
  std::size_t discard_granule() const noexcept override { return 4096; }
  std::size_t slab_granule() const noexcept override { return 12'288; }
  std::size_t largest_slab() const noexcept override { return 65'536; }
  page_reuse reuse() const noexcept override { return page_reuse::same_size; }
  std::pmr::memory_resource* upstream() const noexcept override { return std::pmr::null_memory_resource(); }

 private:
  std::uintptr_t x_address;
  std::vector<call>& x_log;
};

constexpr std::size_t granule = owner_map::granule_bytes;

class owned_pages : public testing::Test {
 protected:
  using call = made_up_source::call;
  acre::owned_pages make(std::uintptr_t address, owner_map& map) {
    return {std::make_unique<made_up_source>(address, log), map, 3};
  }
  std::vector<call> log;
  owner_map owners;
};

TEST_F(owned_pages, are_registered_as_long_as_they_are_mapped) {
  auto pages = make(5 * granule, owners);
  void* const p = pages.map(65'536, 4096);
  EXPECT_EQ(owners.find(p), 3);
  pages.unmap(p, 65'536, 4096);
  EXPECT_EQ(owners.find(p), std::nullopt);
}

TEST_F(owned_pages, begin_at_granules_and_keep_larger_alignments) {
  auto pages = make(8 * granule, owners);
  void* const p = pages.map(65'536, 4096);
  pages.unmap(p, 65'536, 4096);
  pages.unmap(pages.map(granule, 8 * granule), granule, 8 * granule);
  const std::vector<call> expected{{"map", p, 65'536, granule},
                                   {"unmap", p, 65'536, granule},
                                   {"map", p, granule, 8 * granule},
                                   {"unmap", p, granule, 8 * granule}};
  EXPECT_EQ(log, expected);
}

TEST_F(owned_pages, are_unmapped_if_the_map_has_no_memory) {
  owner_map full(std::pmr::null_memory_resource());
  auto pages = make(granule, full);
  EXPECT_THROW(pages.map(4096, 4096), std::bad_alloc);
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[1], (call{"unmap", log[0].p, 4096, granule}));
}

TEST_F(owned_pages, are_unmapped_where_no_owner_can_be_registered) {
  auto pages = make(std::uintptr_t{1} << 50, owners);
  EXPECT_EQ(code_thrown([&] { pages.map(4096, 4096); }), errc::invalid_size);
  EXPECT_EQ(log.back().what, "unmap");
}

TEST_F(owned_pages, are_for_the_rest_what_the_source_says) {
  auto pages = make(granule, owners);
  EXPECT_TRUE(pages.discard(this, 4096));
  EXPECT_EQ(log.back(), (call{"discard", this, 4096, 0}));
  EXPECT_EQ(pages.discard_granule(), 4096U);
  EXPECT_EQ(pages.slab_granule(), 12'288U);
  EXPECT_EQ(pages.largest_slab(), 65'536U);
  EXPECT_EQ(pages.reuse(), page_reuse::same_size);
  EXPECT_EQ(pages.upstream(), std::pmr::null_memory_resource());
}

}  // namespace
}  // namespace acre::test
