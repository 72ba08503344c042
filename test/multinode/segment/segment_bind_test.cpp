// Segments placed anew: in part, where pages exist, and by what is free at the time.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/shared_segment.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "multinode/segment_peers.hpp"
#include "multinode/segment_share.hpp"
#include "multinode/touch.hpp"
#include "multinode/two_nodes.hpp"
#include "multinode/verify.hpp"
#include "support/comes_true.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::uint64_t seed = 4;
constexpr std::size_t pages = 64;
constexpr const char* name = "acre_test_bound";

/// Of 64 pages.
struct segment_on_first_node : two_nodes {
  const pinned here{one_cpu_per_node().at(0)};
  std::size_t page = base_page();
  shared_segment s = shared_segment::create(name, pages* page, placement::bind({first}));

  segment_on_first_node() = default;
  ~segment_on_first_node() { BOOST_TEST(shared_segment::remove(name)); }
  segment_on_first_node(const segment_on_first_node&) = delete;
  segment_on_first_node& operator=(const segment_on_first_node&) = delete;

  char* at(std::size_t index) const { return static_cast<char*>(s.data()) + index * page; }
  peer_order from(unsigned node, std::size_t share, std::size_t shares) const {
    return {.node = node, .seed = seed, .share = share, .shares = shares};
  }
  void write_all() {
    segment_peer(from(first, 0, 1), {address_of(s, name)}).end();
    BOOST_TEST_REQUIRE(count_present(s) == pages);
  }
};

/// Touched memory on one node.
class occupied {
 public:
  occupied(unsigned node, std::size_t bytes) : x_area(placement::bind({node})), x_bytes(bytes) {
    x_data = x_area.allocate(bytes);
    touch(x_data, bytes);
  }
  ~occupied() { x_area.deallocate(x_data, x_bytes); }
  occupied(const occupied&) = delete;
  occupied& operator=(const occupied&) = delete;

 private:
  area x_area;
  std::size_t x_bytes;
  void* x_data = nullptr;
};

BOOST_FIXTURE_TEST_SUITE(bound_segment, segment_on_first_node)

BOOST_AUTO_TEST_CASE(is_bound_anew_in_part_for_all_processes) {
  const shared_segment other = shared_segment::open(name);
  s.bind(placement::bind({last}), {.offset = 16 * page, .bytes = 15 * page + 1});
  BOOST_TEST(other.where_text() == "bind " + std::to_string(first) + ", parts bound anew");
  BOOST_TEST(other.where() == std::nullopt);
  write_all();
  expect_signed(s, seed);
  expect_all_on(first, at(0), 16 * page);
  expect_all_on(last, at(16), 16 * page);
  expect_all_on(first, at(32), 32 * page);
  BOOST_TEST(policy_at(static_cast<char*>(other.data()) + 16 * page) == (kernel_policy{mpol::bind, {last}}));
  BOOST_TEST(policy_at(static_cast<char*>(other.data()) + 32 * page) == (kernel_policy{mpol::bind, {first}}));
}

BOOST_AUTO_TEST_CASE(is_bound_anew_by_one_who_attached_it) {
  shared_segment other = shared_segment::open(name);
  other.bind(placement::blocked({{last, 1}, {first, 1}}));
  BOOST_TEST(s.where() == placement::blocked({{last, 1}, {first, 1}}));
  write_all();
  expect_signed(s, seed);
  expect_all_on(last, at(0), 32 * page);
  expect_all_on(first, at(32), 32 * page);
}

BOOST_AUTO_TEST_CASE(goes_back_to_no_placement) {
  s.bind(placement::unbound());
  for (std::size_t i = 0; i < pages; ++i) {
    BOOST_TEST_INFO("page " << i);
    BOOST_TEST_REQUIRE(policy_at(at(i)) == kernel_policy{});
  }
}

BOOST_AUTO_TEST_CASE(with_pages_that_others_made_is_not_bound_anew) {
  segment_peer(from(first, 0, 2), {address_of(s, name)}).end();
  BOOST_CHECK_EXCEPTION(s.bind(placement::bind({last})), error, with_code(errc::already_populated));
  BOOST_TEST(policy_at(s.data()) == (kernel_policy{mpol::bind, {first}}));
  for (const std::size_t index : share_of(seed, pages, 0, 2)) {
    const segment_bind_options part{.offset = index * page, .bytes = 1};
    BOOST_TEST_INFO("page " << index);
    BOOST_CHECK_EXCEPTION(s.bind(placement::bind({last}), part), error, with_code(errc::already_populated));
  }
  // Where there is none the others do not matter.
  for (const std::size_t index : share_of(seed, pages, 1, 2)) {
    s.bind(placement::bind({last}), {.offset = index * page, .bytes = page});
  }
  BOOST_TEST(count_present(s) == pages / 2);
  segment_peer(from(first, 1, 2), {address_of(s, name)}).end();
  for (const std::size_t share : {0U, 1U}) {
    for (const std::size_t index : share_of(seed, pages, share, 2)) {
      touch(at(index), page);
      expect_all_on(share == 0 ? first : last, at(index), page);
    }
  }
}

BOOST_AUTO_TEST_CASE(that_others_wrote_moves_its_pages_with_their_contents) {
  write_all();
  const migration done = s.bind(placement::bind({last}), {.existing = existing_pages::migrate});
  BOOST_TEST_CONTEXT(done) {
    BOOST_TEST(done.moved == pages);
    BOOST_TEST(done.failed() == 0U);
  }
  expect_signed(s, seed);
  expect_all_on(last, s.data(), s.size());
  BOOST_TEST(s.check());
  BOOST_TEST(s.where() == placement::bind({last}));
}

BOOST_AUTO_TEST_CASE(moves_the_pages_of_a_part) {
  segment_peer(from(first, 0, 2), {address_of(s, name)}).end();
  const std::vector<std::size_t> share = share_of(seed, pages, 0, 2);
  const auto in_part = static_cast<std::size_t>(
      std::count_if(share.begin(), share.end(), [](std::size_t i) { return i >= 8 && i < 40; }));
  const migration done = s.bind(
      placement::bind({last}), {.offset = 8 * page, .bytes = 32 * page, .existing = existing_pages::migrate});
  BOOST_TEST_CONTEXT(done) {
    BOOST_TEST(done.moved == in_part);
    BOOST_TEST(done.untouched == 32 - in_part);
  }
  BOOST_TEST(count_present(s) == pages / 2);
  segment_peer(from(first, 1, 2), {address_of(s, name)}).end();
  expect_signed(s, seed);
  expect_all_on(first, at(0), 8 * page);
  expect_all_on(last, at(8), 32 * page);
  expect_all_on(first, at(40), 24 * page);
}

BOOST_AUTO_TEST_CASE(that_a_living_process_maps_tells_its_pages_as_shared) {
  segment_peer(from(first, 0, 2), {address_of(s, name)}).end();
  segment_peer living(from(first, 1, 2), {address_of(s, name)});
  living.wait();
  const migration done = s.bind(placement::bind({last}), {.existing = existing_pages::migrate});
  BOOST_TEST_CONTEXT(done) {
    BOOST_TEST(done.moved == pages / 2);
    BOOST_TEST(done.shared == pages / 2);
  }
  const std::map<unsigned, std::size_t> halves{{first, pages / 2}, {last, pages / 2}};
  BOOST_TEST(same(count_pages(s.data(), s.size()), halves));
  for (const std::size_t index : share_of(seed, pages, 1, 2)) expect_all_on(first, at(index), page);
  const check_result found = s.check();
  BOOST_TEST_INFO(found);
  BOOST_TEST(!found);
  BOOST_TEST(found.misplaced == pages / 2);
  living.end();
  // It was the only other one.
  BOOST_TEST(s.bind(placement::bind({last}), {.existing = existing_pages::migrate}).moved == pages / 2);
  expect_signed(s, seed);
  expect_all_on(last, s.data(), s.size());
}

BOOST_AUTO_TEST_CASE(that_was_moved_back_and_forth_by_two_lies_as_the_last_one_said) {
  shared_segment other = shared_segment::open(name);
  s.bind(placement::bind({last}), {.existing = existing_pages::migrate});
  other.bind(placement::bind({first}), {.existing = existing_pages::migrate});
  s.bind(placement::bind({last}), {.existing = existing_pages::migrate});
  BOOST_TEST(policy_at(other.data()) == (kernel_policy{mpol::bind, {last}}));
  other.bind(placement::unbound(), {.existing = existing_pages::migrate});
  BOOST_TEST(policy_at(s.data()) == kernel_policy{});
}

BOOST_AUTO_TEST_CASE(keeps_what_others_said_of_the_parts_beside) {
  shared_segment other = shared_segment::open(name);
  const auto part = [&](std::size_t from, existing_pages existing) {
    return segment_bind_options{.offset = from * page, .bytes = 16 * page, .existing = existing};
  };
  for (const existing_pages existing : {existing_pages::refuse, existing_pages::migrate}) {
    BOOST_TEST_CONTEXT("existing pages: " << (existing == existing_pages::refuse ? "refuse" : "migrate")) {
      s.bind(placement::bind({first}));
      s.bind(placement::bind({last}), part(0, existing));
      other.bind(placement::bind({first}), part(0, existing));
      s.bind(placement::bind({last}), part(16, existing));
      BOOST_TEST(policy_at(at(0)) == (kernel_policy{mpol::bind, {first}}));
      BOOST_TEST(policy_at(at(15)) == (kernel_policy{mpol::bind, {first}}));
      BOOST_TEST(policy_at(at(16)) == (kernel_policy{mpol::bind, {last}}));
      s.bind(placement::unbound(), part(16, existing));
      BOOST_TEST(policy_at(at(15)) == (kernel_policy{mpol::bind, {first}}));
      BOOST_TEST(policy_at(at(16)) == kernel_policy{});
      BOOST_TEST(policy_at(at(31)) == kernel_policy{});
      BOOST_TEST(policy_at(at(32)) == (kernel_policy{mpol::bind, {first}}));
    }
  }
}

BOOST_AUTO_TEST_CASE(of_the_nodes_with_most_free_memory_is_decided_chunk_by_chunk_when_made) {
  // Fewer free bytes on the last node, by one and a half chunks: the first gets two, then one each. In small steps:
  // what lies in lists of CPUs is not counted as free, and is taken first.
  constexpr std::size_t chunk = 32_MiB;
  const auto more_on_first = [&] {
    return static_cast<std::int64_t>(node_meminfo(first, "MemFree")) -
           static_cast<std::int64_t>(node_meminfo(last, "MemFree"));
  };
  std::vector<std::unique_ptr<occupied>> ballast;
  shared_segment s4;
  // Again where what is free has changed meanwhile: a CPU's list of a node's pages goes back to it after some seconds.
  BOOST_TEST_REQUIRE(comes_true([&] {
    while (more_on_first() < std::int64_t{44_MiB}) ballast.push_back(std::make_unique<occupied>(last, 4_MiB));
    while (more_on_first() > std::int64_t{52_MiB})
      ballast.push_back(std::make_unique<occupied>(first, 4_MiB));
    s4 = shared_segment::create("", 4 * chunk, placement::most_free({first, last}, chunk).hard(),
                                {.backend = segment_backend::memfd});
    const std::int64_t more = more_on_first();
    return more > std::int64_t{40_MiB} && more < std::int64_t{56_MiB};
  }));
  BOOST_TEST_CONTEXT(more_on_first() << " bytes more are free on node " << first << " than on node "
                                     << last) {
    ballast.clear();
    const occupied otherwise(first, 2 * chunk);
    const std::vector<unsigned> decided{first, first, last, first};
    for (std::size_t i = 0; i < decided.size(); ++i) {
      char* const begin = static_cast<char*>(s4.data()) + i * chunk;
      for (const std::size_t offset : {std::size_t{0}, chunk - page}) {
        BOOST_TEST_INFO("chunk " << i);
        BOOST_TEST(policy_at(begin + offset) == (kernel_policy{mpol::bind, {decided[i]}}));
        touch(begin + offset, page);
        expect_all_on(decided[i], begin + offset, page);
      }
    }
    BOOST_TEST(s4.check());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
