#include <acre/bytes.hpp>

#include "pool/central_free_list.hpp"

#include "least_time.hpp"
#include "noted_pages.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "support/comes_true.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

using detail::class_count;
using detail::class_of;

struct a_list : a_heap {
  a_list() { list.set_shape(shape_of_blocks_of(1024)); }

  static class_shape shape_of_blocks_of(std::size_t bytes) {
    class_shape shape = shape_of(class_of(bytes));
    shape.list_blocks = 4;
    shape.first_block = 5;
    return shape;
  }
  std::byte* add_span() {
    void* const span = heap->allocate_span(list.shape().span_units);
    BOOST_TEST_REQUIRE(list.add_span(span));
    return static_cast<std::byte*>(span);
  }
  /// All that there are.
  std::vector<free_block*> take_all() {
    std::vector<free_block*> all;
    for (block_list l = list.take(); l.head != nullptr; l = list.take()) append(l, all);
    return all;
  }
  static void append(block_list l, std::vector<free_block*>& to) {
    const std::size_t before = to.size();
    for (free_block* b = l.head; b != nullptr; b = b->next) to.push_back(b);
    BOOST_TEST(to.size() - before == l.blocks);
  }
  /// As a thread's cache would.
  static free_block* linked(const std::vector<free_block*>& blocks) {
    free_block* head = nullptr;
    for (free_block* const b : blocks) head = ::new (static_cast<void*>(b)) free_block{head};
    return head;
  }
  std::vector<std::byte*> take_empty_spans() {
    std::vector<std::byte*> spans;
    for (free_block* s = list.take_empty_spans(*heap); s != nullptr; s = s->next)
      spans.push_back(reinterpret_cast<std::byte*>(s));
    return spans;
  }

  central_free_list list;
};

BOOST_FIXTURE_TEST_SUITE(a_central_free_list, a_list)

BOOST_AUTO_TEST_CASE(has_spans_of_at_least_64_kibibytes_that_waste_little) {
  for (size_class c = 0; c != class_count; ++c) {
    const class_shape s = shape_of(c);
    BOOST_TEST_INFO("blocks of " << s.block_bytes << " bytes");
    BOOST_TEST(s.block_bytes == detail::class_bytes(c));
    BOOST_TEST(s.span_units * unit_bytes >= 64_KiB);
    BOOST_TEST(s.span_blocks == s.span_units * unit_bytes / s.block_bytes);
    BOOST_TEST((s.span_units * unit_bytes - std::size_t{s.span_blocks} * s.block_bytes) * 8 <=
               s.span_units * unit_bytes);
  }
}

BOOST_AUTO_TEST_CASE(has_nothing_before_it_has_a_span) {
  BOOST_TEST(list.take().head == nullptr);
  BOOST_TEST(list.take_one() == nullptr);
  BOOST_TEST(take_empty_spans().empty());
}

BOOST_AUTO_TEST_CASE(hands_every_block_of_a_span_out_once) {
  std::byte* const span = add_span();
  const class_shape shape = list.shape();
  std::vector<free_block*> all = take_all();
  BOOST_TEST(all.size() == shape.span_blocks);
  // From the block on where its shape says, up to the end and round.
  for (std::size_t i = 0; i != all.size(); ++i) {
    const std::size_t index = (shape.first_block + i) % shape.span_blocks;
    BOOST_TEST_REQUIRE(reinterpret_cast<std::byte*>(all[i]) == span + index * shape.block_bytes);
  }
  BOOST_TEST(list.take_one() == nullptr);
}

BOOST_AUTO_TEST_CASE(makes_a_page_of_blocks_at_a_time_and_no_more_than_a_list) {
  list.set_shape(shape_of_blocks_of(2048));
  add_span();
  BOOST_TEST(list.take().blocks == 2U);
  central_free_list small;
  small.set_shape(shape_of_blocks_of(16));
  BOOST_TEST_REQUIRE(small.add_span(heap->allocate_span(small.shape().span_units)));
  BOOST_TEST(small.take().blocks == 4U);
  central_free_list large;
  large.set_shape(shape_of_blocks_of(8_KiB));
  BOOST_TEST_REQUIRE(large.add_span(heap->allocate_span(large.shape().span_units)));
  BOOST_TEST(large.take().blocks == 1U);
}

BOOST_AUTO_TEST_CASE(has_one_span_to_hand_out_of_at_a_time) {
  add_span();
  void* const second = heap->allocate_span(list.shape().span_units);
  BOOST_TEST(!list.add_span(second));
  take_all();
  BOOST_TEST(list.add_span(second));
  BOOST_TEST(take_all().size() == list.shape().span_blocks);
}

BOOST_AUTO_TEST_CASE(hands_a_full_list_over_as_it_came) {
  add_span();
  std::vector<free_block*> blocks = take_all();
  blocks.resize(4);
  free_block* const head = linked(blocks);
  list.give_full(head);
  const block_list again = list.take();
  BOOST_TEST(again.head == head);
  std::vector<free_block*> same;
  append(again, same);
  std::ranges::reverse(same);
  BOOST_TEST(same == blocks, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(makes_full_lists_of_single_blocks) {
  add_span();
  const std::vector<free_block*> blocks = take_all();
  for (std::size_t i = 0; i != 10; ++i) list.give_one(blocks[i]);
  std::vector<std::uint32_t> lengths;
  for (block_list l = list.take(); l.head != nullptr; l = list.take()) lengths.push_back(l.blocks);
  BOOST_TEST(lengths == (std::vector<std::uint32_t>{4, 4, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(takes_lists_of_any_length) {
  add_span();
  const std::vector<free_block*> blocks = take_all();
  list.give_one(blocks[0]);
  list.give(linked({blocks.begin() + 1, blocks.begin() + 11}));
  list.give(nullptr);
  BOOST_TEST(list.take().blocks == 4U);
  BOOST_TEST(list.take().blocks == 4U);
  BOOST_TEST(list.take().blocks == 3U);
  BOOST_TEST(list.take().head == nullptr);
}

BOOST_AUTO_TEST_CASE(hands_single_blocks_out_of_lists_and_of_spans) {
  add_span();
  std::set<void*> all;
  for (void* p = list.take_one(); p != nullptr; p = list.take_one()) BOOST_TEST_REQUIRE(all.insert(p).second);
  BOOST_TEST(all.size() == list.shape().span_blocks);
  std::vector<free_block*> blocks;
  for (void* const p : all) blocks.push_back(static_cast<free_block*>(p));
  list.give(linked(blocks));
  for (void* p = list.take_one(); p != nullptr; p = list.take_one()) BOOST_TEST_REQUIRE(all.erase(p) == 1U);
  BOOST_TEST(all.empty());
}

BOOST_AUTO_TEST_CASE(finds_the_spans_without_live_blocks) {
  std::vector<std::byte*> spans;
  std::vector<std::vector<free_block*>> blocks;
  for (int i = 0; i != 3; ++i) {
    spans.push_back(add_span());
    blocks.push_back(take_all());
  }
  free_block* const live = blocks[1].back();
  blocks[1].pop_back();
  for (const auto& each : blocks) list.give(linked(each));
  std::vector<std::byte*> empty = take_empty_spans();
  std::ranges::sort(empty);
  std::vector<std::byte*> expected{spans[0], spans[2]};
  std::ranges::sort(expected);
  BOOST_TEST(empty == expected, boost::test_tools::per_element());
  // The others are all there, and none of those.
  BOOST_TEST(take_empty_spans().empty());
  std::vector<free_block*> left = take_all();
  BOOST_TEST(std::set<free_block*>(left.begin(), left.end()) ==
             std::set<free_block*>(blocks[1].begin(), blocks[1].end()));
  list.give(linked(left));
  list.give_one(live);
  BOOST_TEST(take_empty_spans() == std::vector<std::byte*>{spans[1]}, boost::test_tools::per_element());
  BOOST_TEST(list.take().head == nullptr);
}

// trim() asks the lists of all size classes, of which most are not in use.
BOOST_AUTO_TEST_CASE(looks_at_no_slab_where_it_has_no_block) {
  const auto time = [&] { return least_time([&] { list.take_empty_spans(*heap); }); };
  static_cast<void>(heap->allocate(1_MiB, 8));
  const double with_one = time();
  for (int i = 0; i != 400; ++i) static_cast<void>(heap->allocate(4_MiB, 8));
  BOOST_TEST(time() < 5 * with_one);
}

BOOST_AUTO_TEST_CASE(finds_its_newest_span_empty_whatever_of_it_was_handed_out) {
  std::byte* const span = add_span();
  BOOST_TEST(take_empty_spans() == std::vector<std::byte*>{span}, boost::test_tools::per_element());
  BOOST_TEST(list.take().head == nullptr);
  BOOST_TEST(list.add_span(span));
  free_block* const block = static_cast<free_block*>(list.take_one());
  BOOST_TEST(take_empty_spans().empty());
  // What was not handed out yet is not lost.
  std::vector<free_block*> rest = take_all();
  BOOST_TEST(rest.size() == list.shape().span_blocks - 1U);
  list.give(linked(rest));
  list.give_one(block);
  BOOST_TEST(take_empty_spans() == std::vector<std::byte*>{span}, boost::test_tools::per_element());
}

// fork() holds the slabs: what is taken out then would be lost in the child.
BOOST_AUTO_TEST_CASE(keeps_all_its_blocks_while_who_looks_for_empty_spans_waits_for_the_slabs) {
  add_span();
  std::vector<free_block*> live;
  append(list.take(), live);
  list.give_one(live[0]);
  std::atomic<bool> begun = false;
  std::size_t found = 0;
  std::vector<free_block*> seen;
  {
    std::jthread other;
    const auto stay = heap->hold_slabs();  // goes before it is waited for the thread
    other = std::jthread([&] {
      begun = true;
      found = take_empty_spans().size();
    });
    static_cast<void>(comes_true([&] { return begun.load(); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // so that it would have taken them out
    seen = take_all();
    list.give(linked(seen));
  }
  BOOST_TEST(seen.size() == list.shape().span_blocks - live.size() + 1);
  BOOST_TEST(found == 0U);
}

BOOST_AUTO_TEST_CASE(loses_no_block_to_threads_that_go_on_while_empty_spans_are_looked_for) {
  constexpr int threads = 3;
  const auto make_span = [&] { return heap->allocate_span(list.shape().span_units); };
  std::atomic<std::size_t> spans = 0;
  std::atomic<bool> stop = false;
  {
    std::vector<std::jthread> all;
    for (int t = 0; t != threads; ++t) {
      all.emplace_back([&] {
        std::vector<free_block*> mine;
        for (int i = 0; i != 3000; ++i) {
          block_list l = list.take();
          if (l.head == nullptr) {
            void* const span = make_span();
            if (list.add_span(span)) {
              ++spans;
            } else {
              heap->deallocate_span(span, list.shape().span_units);
            }
          }
          while (l.head != nullptr) mine.push_back(std::exchange(l.head, l.head->next));
          if (mine.size() > 100) list.give(linked(std::exchange(mine, {})));
        }
        list.give(linked(mine));
      });
    }
    all.emplace_back([&] {
      while (!stop) {
        for (free_block* s = list.take_empty_spans(*heap); s != nullptr; --spans)
          heap->deallocate_span(std::exchange(s, s->next), list.shape().span_units);
      }
    });
    for (int t = 0; t != threads; ++t) all[static_cast<std::size_t>(t)].join();
    stop = true;
  }
  const std::size_t found = take_empty_spans().size();
  BOOST_TEST(found == spans);
  BOOST_TEST(list.take().head == nullptr);
}

BOOST_AUTO_TEST_CASE(forgets_everything) {
  add_span();
  const std::vector<free_block*> blocks = take_all();
  for (std::size_t i = 0; i != 10; ++i) list.give_one(blocks[i]);
  void* const span = heap->allocate_span(list.shape().span_units);
  BOOST_TEST(list.add_span(span));
  list.clear();
  BOOST_TEST(list.take().head == nullptr);
  BOOST_TEST(list.add_span(span));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
