// shared_segment: where its pages lie, for whoever touches them.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/locate.hpp>
#include <acre/shared_segment.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/segments.hpp"
#include "support/throws.hpp"

namespace acre {
namespace {

using test::again;
using test::code_thrown;
using test::in_child;
using test::segment_maker;
using test::way;

node_id some_node() { return topology::system().default_nodes().first(); }
placement some_bind() { return placement::bind({some_node()}); }
const test::kernel_policy bound{test::mpol::bind, {some_node()}};

class placed_segments : public testing::TestWithParam<way> {};
INSTANTIATE_TEST_SUITE_P(of, placed_segments, testing::ValuesIn(test::all_ways),
                         testing::PrintToStringParamName());

std::size_t pages_of(std::size_t bytes) { return bytes / test::base_page(); }
char* bytes_of(const shared_segment& s) { return static_cast<char*>(s.data()); }

TEST_P(placed_segments, have_their_policy_before_any_page_and_for_everybody) {
  segment_maker maker(GetParam());
  const shared_segment s = maker.make(1_MiB, some_bind());
  EXPECT_EQ(s.resident().resident(), 0U);
  EXPECT_EQ(s.resident().untouched, pages_of(1_MiB));
  EXPECT_EQ(test::policy_at(s.data()), bound);
  EXPECT_EQ(test::policy_at(bytes_of(s) + 1_MiB - 1), bound);
  in_child([&] {
    const shared_segment t = again(s);
    EXPECT_EQ(test::policy_at(t.data()), bound);
    std::memset(t.data(), 1, 512_KiB);
  });
  EXPECT_EQ(s.resident().on(some_node()), pages_of(512_KiB));
  EXPECT_EQ(s.resident().untouched, pages_of(512_KiB));
  EXPECT_TRUE(s.check()) << s.check();
}

TEST_P(placed_segments, say_where_as_a_placement_and_as_text) {
  for (const char* text : {"unbound", "local", "bind 0", "prefer 0", "interleave 0", "interleave 0 by 64KiB",
                           "blocked 0:1", "weighted 0:2", "most_free 0"}) {
    if (some_node() != 0) continue;
    segment_maker maker(GetParam());
    const placement where = placement::parse(text);
    const shared_segment s = maker.make(1_MiB, where, {.commit = commit::eager});
    const shared_segment t = again(s);
    EXPECT_EQ(s.where_text(), where.to_string());
    EXPECT_EQ(t.where_text(), where.to_string());
    EXPECT_EQ(t.where(), where) << text;
    EXPECT_EQ(t.resident().untouched, 0U) << text;
    EXPECT_TRUE(t.check()) << text << ": " << t.check();
  }
  segment_maker maker(GetParam());
  const shared_segment s = maker.make(
      64_KiB, placement::by_page([](std::size_t, std::size_t) { return some_node(); }, {some_node()}));
  EXPECT_FALSE(s.where());
  EXPECT_EQ(code_thrown([&] { s.check(); }), errc::unsupported_placement);
}

TEST_P(placed_segments, lazy_ones_have_no_pages_and_eager_ones_have_all) {
  for (const placement& where : {placement::unbound(), placement::local(), some_bind()}) {
    segment_maker lazy(GetParam());
    const shared_segment l = lazy.make(3_MiB, where);
    EXPECT_EQ(l.resident().resident(), 0U);
    EXPECT_LE(test::object_pages(l), test::base_page());
    segment_maker eager(GetParam());
    const shared_segment e = eager.make(3_MiB, where, {.commit = commit::eager});
    EXPECT_EQ(locate(e.data(), e.size()).untouched, 0U);  // mapped here already
    EXPECT_EQ(e.resident().untouched, 0U);
    EXPECT_TRUE(e.check()) << e.check();
    EXPECT_EQ(test::object_pages(e), test::object_size(e));
  }
}

TEST_P(placed_segments, looking_makes_no_page_exist) {
  segment_maker maker(GetParam());
  const shared_segment s = maker.make(1_MiB, some_bind());
  const shared_segment t = again(s);
  bytes_of(s)[5 * test::base_page()] = 1;
  const std::size_t before = test::object_pages(s);
  for (const shared_segment* each : {&s, &t}) {
    EXPECT_EQ(each->resident().resident(), 1U);
    EXPECT_EQ(each->check().where.resident(), 1U);
    (void)each->where();
    EXPECT_EQ(again(*each).resident().resident(), 1U);
    EXPECT_EQ(again(*each, {.access = access::read_only}).resident().resident(), 1U);
  }
  EXPECT_EQ(test::object_pages(s), before);
}

TEST_P(placed_segments, prefaulting_makes_all_pages_exist) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{10'000}, 70_MiB + 1}) {
    segment_maker maker(GetParam());
    shared_segment s = maker.make(bytes, some_bind());
    bytes_of(s)[bytes - 1] = 'x';
    s.prefault();
    EXPECT_EQ(s.resident().untouched, 0U);
    EXPECT_TRUE(s.check()) << s.check();
    EXPECT_EQ(test::policy_at(s.data()), bound);
    EXPECT_EQ(bytes_of(s)[bytes - 1], 'x');
    EXPECT_EQ(test::object_pages(s), test::object_size(s));
  }
}

TEST_P(placed_segments, can_be_placed_anew_before_the_first_touch) {
  segment_maker maker(GetParam());
  shared_segment s = maker.make(1_MiB);
  const shared_segment t = again(s);
  EXPECT_EQ(test::policy_at(t.data()).mode, test::mpol::unbound);
  EXPECT_EQ(s.bind(some_bind()).untouched, pages_of(1_MiB));
  EXPECT_EQ(s.where(), some_bind());
  EXPECT_EQ(t.where(), some_bind());
  EXPECT_EQ(test::policy_at(t.data()), bound);
  EXPECT_EQ(test::policy_at(bytes_of(t) + 1_MiB - 1), bound);
  std::memset(t.data(), 1, t.size());
  EXPECT_TRUE(t.check());
  EXPECT_EQ(code_thrown([&] { s.bind(placement::local()); }), errc::already_populated);
  EXPECT_EQ(t.where(), some_bind());
  EXPECT_EQ(test::policy_at(t.data()), bound);
}

TEST_P(placed_segments, can_be_placed_anew_in_part) {
  segment_maker maker(GetParam());
  shared_segment s = maker.make(1_MiB + 10, placement::local());
  const shared_segment t = again(s);
  EXPECT_EQ(s.bind(some_bind(), {.offset = 64_KiB, .bytes = 4097}).untouched, 2U);
  EXPECT_EQ(t.where_text(), "local, parts bound anew");
  EXPECT_FALSE(t.where());
  EXPECT_EQ(code_thrown([&] { t.check(); }), errc::unsupported_placement);
  EXPECT_EQ(again(s).where_text(), "local, parts bound anew");
  EXPECT_EQ(test::policy_at(bytes_of(t)).mode, test::mpol::local);
  EXPECT_EQ(test::policy_at(bytes_of(t) + 64_KiB - 1).mode, test::mpol::local);
  EXPECT_EQ(test::policy_at(bytes_of(t) + 64_KiB), bound);
  EXPECT_EQ(test::policy_at(bytes_of(t) + 72_KiB - 1), bound);
  EXPECT_EQ(test::policy_at(bytes_of(t) + 72_KiB).mode, test::mpol::local);
  // Pages elsewhere are no hindrance.
  bytes_of(t)[0] = 1;
  s.bind(some_bind(), {.offset = 1_MiB});
  EXPECT_EQ(test::policy_at(bytes_of(t) + 1_MiB), bound);
  s.bind(some_bind(), {.existing = existing_pages::migrate});
  EXPECT_EQ(t.where(), some_bind());
  EXPECT_TRUE(t.check());
}

TEST_P(placed_segments, parts_that_cannot_be_are_refused_and_change_nothing) {
  segment_maker maker(GetParam());
  shared_segment s = maker.make(10'000, placement::local());
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  const auto refusal = [&](std::size_t offset, std::size_t bytes,
                           existing_pages existing = existing_pages::refuse) {
    return code_thrown(
        [&] { s.bind(some_bind(), {.offset = offset, .bytes = bytes, .existing = existing}); });
  };
  for (const auto existing : {existing_pages::refuse, existing_pages::migrate}) {
    EXPECT_EQ(refusal(1, 0, existing), errc::invalid_alignment);
    EXPECT_EQ(refusal(4095, 4096, existing), errc::invalid_alignment);
    EXPECT_EQ(refusal(12'288, 0, existing), errc::invalid_size);
    EXPECT_EQ(refusal(12'288, 1, existing), errc::invalid_size);
    EXPECT_EQ(refusal(0, 12'289, existing), errc::invalid_size);
    EXPECT_EQ(refusal(8192, 4097, existing), errc::invalid_size);
    EXPECT_EQ(refusal(4096, most, existing), errc::invalid_size);
    EXPECT_EQ(refusal(most / 4096 * 4096, 4096, existing), errc::invalid_size);
  }
  EXPECT_EQ(code_thrown([&] { s.bind(placement::bind({1023})); }), errc::unknown_node);
  EXPECT_EQ(s.where(), placement::local());
  EXPECT_EQ(test::policy_at(s.data()).mode, test::mpol::local);
  EXPECT_EQ(refusal(8192, 4096), std::error_code());
}

TEST_P(placed_segments, the_header_survives_those_who_bind_at_once) {
  segment_maker maker(GetParam());
  const shared_segment s = maker.make(64_KiB, placement::local());
  in_child([&] {
    const pid_t other = ::fork();
    shared_segment t = again(s);
    for (int n = 0; n < 500; ++n) t.bind(other == 0 ? some_bind() : placement::local());
    if (other == 0) ::_exit(0);
    int status = -1;
    EXPECT_EQ(::waitpid(other, &status, 0), other);
    EXPECT_EQ(status, 0);
  });
  EXPECT_EQ(again(s).size(), 64_KiB);
  const std::string text = s.where_text();
  EXPECT_TRUE(text == "local" || text == some_bind().to_string() || text.empty()) << text;
}

TEST_P(placed_segments, of_transparent_huge_pages_are_placed_too) {
  segment_maker maker(GetParam());
  shared_segment s;
  const std::error_code e =
      code_thrown([&] { s = maker.make(8_MiB + 5, some_bind(), {.pages = page_kind::transparent_huge}); });
  if (e == errc::no_huge_pages) {
    std::printf("only that they are refused: transparent_hugepage/shmem_enabled does not permit them here\n");
    return;
  }
  ASSERT_EQ(e, std::error_code());
  EXPECT_EQ(s.pages(), page_kind::transparent_huge);
  EXPECT_EQ(again(s).pages(), page_kind::transparent_huge);
  EXPECT_EQ(again(s).size(), 8_MiB + 5);
  s.prefault();
  EXPECT_TRUE(s.check()) << s.check();
}

TEST_P(placed_segments, lie_at_the_creators_address_in_other_processes_that_want_it) {
  segment_maker maker(GetParam());
  shared_segment s = maker.make(1_MiB);
  char** const pointers = static_cast<char**>(s.data());
  pointers[0] = bytes_of(s) + 1_MiB - 1;
  *pointers[0] = 'x';
  in_child([&] {
    shared_segment anywhere = again(s);
    EXPECT_FALSE(anywhere.at_creator_address());
    void* const there = s.data();
    s.detach();
    const shared_segment t = again(anywhere, {.at = attach_at::creator_address});
    EXPECT_TRUE(t.at_creator_address());
    ASSERT_EQ(t.data(), there);
    EXPECT_EQ(*static_cast<char**>(t.data())[0], 'x');
    *static_cast<char**>(t.data())[0] = 'y';
  });
  EXPECT_EQ(*pointers[0], 'y');
}

TEST_P(placed_segments, work_on_when_their_name_is_gone) {
  segment_maker maker(GetParam());
  shared_segment s = maker.make(64_KiB, placement::local());
  if (s.id() >= 0) {
    EXPECT_TRUE(shared_segment::remove_id(s.id()));
  } else if (GetParam() == way::posix) {
    EXPECT_TRUE(shared_segment::remove(maker.name()));
  }
  s.bind(some_bind());
  bytes_of(s)[0] = 'x';
  EXPECT_EQ(bytes_of(again(s))[0], 'x');
  s.prefault();
  EXPECT_EQ(s.resident().untouched, 0U);
  EXPECT_EQ(s.where(), some_bind());
  EXPECT_TRUE(s.check());
}

TEST_P(placed_segments, are_left_alone_by_children_that_end) {
  segment_maker maker(GetParam());
  shared_segment s = maker.make(64_KiB, some_bind());
  in_child([&] { bytes_of(s)[0] = 'x'; });
  in_child([&] {
    bytes_of(s)[1] = 'y';
    const shared_segment mine = std::move(s);
  });
  in_child([&] { s.detach(); });
  EXPECT_EQ(bytes_of(s)[0], 'x');
  EXPECT_EQ(bytes_of(s)[1], 'y');
  EXPECT_EQ(again(s).size(), 64_KiB);
  EXPECT_TRUE(s.check());
}

}  // namespace
}  // namespace acre
