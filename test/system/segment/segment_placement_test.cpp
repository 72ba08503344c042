// shared_segment: where its pages lie, for whoever touches them.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/locate.hpp>
#include <acre/shared_segment.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <system_error>
#include <utility>

#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/named_cases.hpp"
#include "support/print.hpp"
#include "support/segments.hpp"

namespace acre::test {
namespace {

node_id some_node() { return topology::system().default_nodes().first(); }
placement some_bind() { return placement::bind({some_node()}); }
/// What the kernel has of some_bind().
kernel_policy bound() { return {mpol::bind, {some_node()}}; }

std::size_t pages_of(std::size_t bytes) { return bytes / base_page(); }
char* bytes_of(const shared_segment& s) { return static_cast<char*>(s.data()); }

BOOST_AUTO_TEST_SUITE(placed_segments, *named_cases(all_ways))

BOOST_DATA_TEST_CASE(have_their_policy_before_any_page_and_for_everybody, all_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(1_MiB, some_bind());
  BOOST_TEST(s.resident().resident() == 0U);
  BOOST_TEST(s.resident().untouched == pages_of(1_MiB));
  BOOST_TEST(policy_at(s.data()) == bound());
  BOOST_TEST(policy_at(bytes_of(s) + 1_MiB - 1) == bound());
  in_child([&] {
    const shared_segment t = again(s);
    BOOST_TEST(policy_at(t.data()) == bound());
    std::memset(t.data(), 1, 512_KiB);
  });
  BOOST_TEST(s.resident().on(some_node()) == pages_of(512_KiB));
  BOOST_TEST(s.resident().untouched == pages_of(512_KiB));
  BOOST_TEST(s.check());
}

BOOST_DATA_TEST_CASE(say_where_as_a_placement_and_as_text, all_ways, w) {
  const std::string node = std::to_string(some_node());
  for (const std::string& text : {std::string("unbound"), std::string("local"), "bind " + node,
                                  "prefer " + node, "interleave " + node, "interleave " + node + " by 64KiB",
                                  "blocked " + node + ":1", "weighted " + node + ":2", "most_free " + node}) {
    segment_maker maker(w);
    const placement where = placement::parse(text);
    const shared_segment s = maker.make(1_MiB, where, {.commit = commit::eager});
    const shared_segment t = again(s);
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(s.where_text() == where.to_string());
      BOOST_TEST(t.where_text() == where.to_string());
      BOOST_TEST(t.where() == where);
      BOOST_TEST(t.resident().untouched == 0U);
      BOOST_TEST(t.check());
    }
  }
  segment_maker maker(w);
  const shared_segment s = maker.make(
      64_KiB, placement::by_page([](std::size_t, std::size_t) { return some_node(); }, {some_node()}));
  BOOST_TEST(!s.where());
  BOOST_CHECK_EXCEPTION((void)s.check(), error, with_code(errc::unsupported_placement));
}

BOOST_DATA_TEST_CASE(lazy_ones_have_no_pages_and_eager_ones_have_all, all_ways, w) {
  for (const placement& where : {placement::unbound(), placement::local(), some_bind()}) {
    segment_maker lazy(w);
    const shared_segment l = lazy.make(3_MiB, where);
    BOOST_TEST(l.resident().resident() == 0U);
    BOOST_TEST(object_pages(l) <= base_page());
    segment_maker eager(w);
    const shared_segment e = eager.make(3_MiB, where, {.commit = commit::eager});
    BOOST_TEST(locate(e.data(), e.size()).untouched == 0U);  // mapped here already
    BOOST_TEST(e.resident().untouched == 0U);
    BOOST_TEST(e.check());
    BOOST_TEST(object_pages(e) == object_size(e));
  }
}

BOOST_DATA_TEST_CASE(looking_makes_no_page_exist, all_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(1_MiB, some_bind());
  const shared_segment t = again(s);
  bytes_of(s)[5 * base_page()] = 1;
  const std::size_t before = object_pages(s);
  for (const shared_segment* each : {&s, &t}) {
    BOOST_TEST(each->resident().resident() == 1U);
    BOOST_TEST(each->check().where.resident() == 1U);
    (void)each->where();
    BOOST_TEST(again(*each).resident().resident() == 1U);
    BOOST_TEST(again(*each, {.access = access::read_only}).resident().resident() == 1U);
  }
  BOOST_TEST(object_pages(s) == before);
}

BOOST_DATA_TEST_CASE(prefaulting_makes_all_pages_exist, all_ways, w) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{10'000}, 70_MiB + 1}) {
    segment_maker maker(w);
    shared_segment s = maker.make(bytes, some_bind());
    bytes_of(s)[bytes - 1] = 'x';
    s.prefault();
    BOOST_TEST(s.resident().untouched == 0U);
    BOOST_TEST(s.check());
    BOOST_TEST(policy_at(s.data()) == bound());
    BOOST_TEST(bytes_of(s)[bytes - 1] == 'x');
    BOOST_TEST(object_pages(s) == object_size(s));
  }
}

BOOST_DATA_TEST_CASE(can_be_placed_anew_before_the_first_touch, all_ways, w) {
  segment_maker maker(w);
  shared_segment s = maker.make(1_MiB);
  const shared_segment t = again(s);
  BOOST_TEST(policy_at(t.data()).mode == mpol::unbound);
  BOOST_TEST(s.bind(some_bind()).untouched == pages_of(1_MiB));
  BOOST_TEST(s.where() == some_bind());
  BOOST_TEST(t.where() == some_bind());
  BOOST_TEST(policy_at(t.data()) == bound());
  BOOST_TEST(policy_at(bytes_of(t) + 1_MiB - 1) == bound());
  std::memset(t.data(), 1, t.size());
  BOOST_TEST(t.check());
  BOOST_CHECK_EXCEPTION(s.bind(placement::local()), error, with_code(errc::already_populated));
  BOOST_TEST(t.where() == some_bind());
  BOOST_TEST(policy_at(t.data()) == bound());
}

BOOST_DATA_TEST_CASE(can_be_placed_anew_in_part, all_ways, w) {
  segment_maker maker(w);
  shared_segment s = maker.make(1_MiB + 10, placement::local());
  const shared_segment t = again(s);
  BOOST_TEST(s.bind(some_bind(), {.offset = 64_KiB, .bytes = 4097}).untouched == 2U);
  BOOST_TEST(t.where_text() == "local, parts bound anew");
  BOOST_TEST(!t.where());
  BOOST_CHECK_EXCEPTION((void)t.check(), error, with_code(errc::unsupported_placement));
  BOOST_TEST(again(s).where_text() == "local, parts bound anew");
  BOOST_TEST(policy_at(bytes_of(t)).mode == mpol::local);
  BOOST_TEST(policy_at(bytes_of(t) + 64_KiB - 1).mode == mpol::local);
  BOOST_TEST(policy_at(bytes_of(t) + 64_KiB) == bound());
  BOOST_TEST(policy_at(bytes_of(t) + 72_KiB - 1) == bound());
  BOOST_TEST(policy_at(bytes_of(t) + 72_KiB).mode == mpol::local);
  // Pages elsewhere are no hindrance.
  bytes_of(t)[0] = 1;
  s.bind(some_bind(), {.offset = 1_MiB});
  BOOST_TEST(policy_at(bytes_of(t) + 1_MiB) == bound());
  s.bind(some_bind(), {.existing = existing_pages::migrate});
  BOOST_TEST(t.where() == some_bind());
  BOOST_TEST(t.check());
}

BOOST_DATA_TEST_CASE(parts_that_cannot_be_are_refused_and_change_nothing, all_ways, w) {
  segment_maker maker(w);
  shared_segment s = maker.make(10'000, placement::local());
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  const auto bind_part = [&](std::size_t offset, std::size_t bytes,
                             existing_pages existing = existing_pages::refuse) {
    s.bind(some_bind(), {.offset = offset, .bytes = bytes, .existing = existing});
  };
  const with_code misaligned(errc::invalid_alignment);
  const with_code outside(errc::invalid_size);
  for (const auto existing : {existing_pages::refuse, existing_pages::migrate}) {
    BOOST_CHECK_EXCEPTION(bind_part(1, 0, existing), error, misaligned);
    BOOST_CHECK_EXCEPTION(bind_part(4095, 4096, existing), error, misaligned);
    BOOST_CHECK_EXCEPTION(bind_part(12'288, 0, existing), error, outside);
    BOOST_CHECK_EXCEPTION(bind_part(12'288, 1, existing), error, outside);
    BOOST_CHECK_EXCEPTION(bind_part(0, 12'289, existing), error, outside);
    BOOST_CHECK_EXCEPTION(bind_part(8192, 4097, existing), error, outside);
    BOOST_CHECK_EXCEPTION(bind_part(4096, most, existing), error, outside);
    BOOST_CHECK_EXCEPTION(bind_part(most / 4096 * 4096, 4096, existing), error, outside);
  }
  BOOST_CHECK_EXCEPTION(s.bind(placement::bind({1023})), error, with_code(errc::unknown_node));
  BOOST_TEST(s.where() == placement::local());
  BOOST_TEST(policy_at(s.data()).mode == mpol::local);
  BOOST_CHECK_NO_THROW(bind_part(8192, 4096));
}

BOOST_DATA_TEST_CASE(the_header_survives_those_who_bind_at_once, all_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(64_KiB, placement::local());
  in_child([&] {
    const auto bind_often = [&](const placement& where) {
      shared_segment t = again(s);
      for (int n = 0; n < 500; ++n) t.bind(where);
    };
    const pid_t other = start([&] { bind_often(some_bind()); });
    bind_often(placement::local());
    expect_success(other);
  });
  BOOST_TEST(again(s).size() == 64_KiB);
  const std::string text = s.where_text();
  BOOST_TEST((text == "local" || text == some_bind().to_string() || text.empty()), text);
}

BOOST_DATA_TEST_CASE(of_transparent_huge_pages_are_placed_too, all_ways, w) {
  segment_maker maker(w);
  shared_segment s;
  const std::error_code e = code_thrown(
      [&] { s = maker.make(8_MiB + 5, some_bind(), {.page_kind = page_kind::transparent_huge}); });
  BOOST_TEST_REQUIRE((e == std::error_code() || e == errc::no_huge_pages), e.message());
  if (e == errc::no_huge_pages) {
    std::puts("only that they are refused: transparent_hugepage/shmem_enabled does not permit them here");
    return;
  }
  BOOST_TEST(s.page_kind() == page_kind::transparent_huge);
  BOOST_TEST(again(s).page_kind() == page_kind::transparent_huge);
  BOOST_TEST(again(s).size() == 8_MiB + 5);
  s.prefault();
  BOOST_TEST(s.check());
}

BOOST_DATA_TEST_CASE(lie_at_the_creators_address_in_other_processes_that_want_it, all_ways, w) {
  segment_maker maker(w);
  shared_segment s = maker.make(1_MiB);
  char** const pointers = static_cast<char**>(s.data());
  pointers[0] = bytes_of(s) + 1_MiB - 1;
  *pointers[0] = 'x';
  in_child([&] {
    shared_segment anywhere = again(s);
    BOOST_TEST(!anywhere.at_creator_address());
    void* const there = s.data();
    s.detach();
    const shared_segment t = again(anywhere, {.at = attach_at::creator_address});
    BOOST_TEST(t.at_creator_address());
    BOOST_TEST_REQUIRE(t.data() == there);
    BOOST_TEST(*static_cast<char**>(t.data())[0] == 'x');
    *static_cast<char**>(t.data())[0] = 'y';
  });
  BOOST_TEST(*pointers[0] == 'y');
}

BOOST_DATA_TEST_CASE(work_on_when_their_name_is_gone, all_ways, w) {
  segment_maker maker(w);
  shared_segment s = maker.make(64_KiB, placement::local());
  if (s.id() >= 0) {
    BOOST_TEST(shared_segment::remove_id(s.id()));
  } else if (w == way::posix) {
    BOOST_TEST(shared_segment::remove(maker.name()));
  }
  s.bind(some_bind());
  bytes_of(s)[0] = 'x';
  BOOST_TEST(bytes_of(again(s))[0] == 'x');
  s.prefault();
  BOOST_TEST(s.resident().untouched == 0U);
  BOOST_TEST(s.where() == some_bind());
  BOOST_TEST(s.check());
}

BOOST_DATA_TEST_CASE(are_left_alone_by_children_that_end, all_ways, w) {
  segment_maker maker(w);
  shared_segment s = maker.make(64_KiB, some_bind());
  in_child([&] { bytes_of(s)[0] = 'x'; });
  in_child([&] {
    bytes_of(s)[1] = 'y';
    const shared_segment mine = std::move(s);
  });
  in_child([&] { s.detach(); });
  BOOST_TEST(bytes_of(s)[0] == 'x');
  BOOST_TEST(bytes_of(s)[1] == 'y');
  BOOST_TEST(again(s).size() == 64_KiB);
  BOOST_TEST(s.check());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
