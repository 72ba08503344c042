// shared_segment: sizes, addresses and room that are not to be had.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/mapping.hpp>
#include <acre/shared_segment.hpp>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <unistd.h>
#include <cstring>
#include <fstream>
#include <functional>
#include <limits>
#include <string>

#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/mappings.hpp"
#include "support/segments.hpp"
#include "support/throws.hpp"

namespace acre {
namespace {

using test::again;
using test::code_thrown;
using test::in_namespaces;
using test::own_name;
using test::segment_maker;
using test::way;

class limits_of_segments : public testing::TestWithParam<way> {};
INSTANTIATE_TEST_SUITE_P(of, limits_of_segments, testing::ValuesIn(test::all_ways),
                         testing::PrintToStringParamName());

std::size_t all_memory() { return static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * test::base_page(); }

node_id some_node() { return topology::system().default_nodes().first(); }

TEST_P(limits_of_segments, sizes_that_cannot_be_are_refused_and_leave_nothing) {
  segment_maker maker(GetParam());
  const test::no_new_mappings check;
  const std::size_t descriptors = test::count_descriptors();
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  for (const std::size_t bytes : {std::size_t{0}, most, most - 7, most - 4095, most - 4096, most - 8192,
                                  most / 2 + 2, most / 2 + 1, most / 2, most / 2 - 1, most / 2 - 4095})
    EXPECT_EQ(code_thrown([&] { maker.make(bytes); }), errc::invalid_size) << bytes;
  EXPECT_EQ(test::count_descriptors(), descriptors);
}

TEST_P(limits_of_segments, sizes_that_no_machine_has_are_an_error_of_room_and_leave_nothing) {
  segment_maker maker(GetParam());
  const test::no_new_mappings check;
  const std::size_t descriptors = test::count_descriptors();
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  for (const std::size_t bytes :
       {most / 2 - 8191, most / 2 - 1_MiB, most / 4, std::size_t{1} << 60, std::size_t{1} << 48}) {
    for (const placement& where : {placement::unbound(), placement::bind({some_node()})}) {
      const std::error_code e = code_thrown([&] { maker.make(bytes, where); });
      EXPECT_TRUE(e == errc::out_of_memory || e == errc::no_space || e == errc::invalid_size)
          << bytes << ": " << e.message();
    }
  }
  EXPECT_EQ(test::count_descriptors(), descriptors);
}

TEST_P(limits_of_segments, options_that_make_no_sense_are_refused) {
  segment_maker maker(GetParam());
  EXPECT_EQ(code_thrown([&] { maker.make(4096, placement::unbound(), {.mode = 01000}); }),
            errc::invalid_argument);
  EXPECT_EQ(code_thrown([&] { maker.make(4096, placement::bind({1023})); }), errc::unknown_node);
  const topology other = topology::from_synthetic("numa:2 core:1 pu:1");
  EXPECT_EQ(code_thrown([&] {
              shared_segment::create(maker.name(), 4096, placement::unbound(),
                                     {.backend = maker.name().backend()}, other);
            }),
            errc::foreign_topology);
  const shared_segment s = maker.make(4096);
  EXPECT_EQ(code_thrown([&] { again(s, {.access = access::none}); }), errc::invalid_argument);
  EXPECT_EQ(code_thrown([&] { again(s, {.at = attach_at::creator_address, .address = s.data()}); }),
            errc::invalid_argument);
}

TEST_P(limits_of_segments, huge_pages_that_are_not_there_are_an_error) {
  segment_maker maker(GetParam());
  const std::size_t descriptors = test::count_descriptors();
  for (const page_kind pages : {page_kind::huge_2mb, page_kind::huge_1gb}) {
    // More than any pool holds that leaves the machine room to work.
    EXPECT_EQ(code_thrown([&] { maker.make(all_memory() / 2, placement::unbound(), {.pages = pages}); }),
              GetParam() == way::posix ? errc::invalid_argument : errc::no_huge_pages);
    EXPECT_EQ(code_thrown(
                  [&] { maker.make(2_MiB, placement::unbound(), {.pages = pages, .commit = commit::lazy}); }),
              GetParam() == way::posix ? errc::invalid_argument : errc::unsupported_placement);
  }
  EXPECT_EQ(test::count_descriptors(), descriptors);
}

TEST_P(limits_of_segments, an_exact_address_is_kept_or_an_error) {
  segment_maker maker(GetParam());
  // Places in the middle: what acre itself attaches for a moment lies at the end of such a gap where, as under
  // ThreadSanitizer, there is no room elsewhere.
  mapping gap(64_MiB);
  mapping taken(64_MiB);
  void* const free_place = static_cast<std::byte*>(gap.data()) + 32_MiB;
  gap.unmap();
  EXPECT_EQ(code_thrown([&] { maker.make(4096, placement::unbound(), {.address = taken.data()}); }),
            errc::address_in_use);
  const shared_segment s = maker.make(1_MiB, placement::unbound(), {.address = free_place});
  EXPECT_EQ(s.data(), free_place);
  EXPECT_EQ(code_thrown([&] { again(s, {.address = taken.data()}); }), errc::address_in_use);
  void* const other = static_cast<std::byte*>(taken.data()) + 32_MiB;
  taken.unmap();
  EXPECT_EQ(again(s, {.address = other}).data(), other);
}

TEST_P(limits_of_segments, the_creators_address_is_taken_or_an_error) {
  segment_maker maker(GetParam());
  shared_segment s = maker.make(1_MiB);
  void* const where = s.data();
  EXPECT_EQ(code_thrown([&] { again(s, {.at = attach_at::creator_address}); }), errc::address_in_use);
  const shared_segment keeper = again(s);
  s.detach();
  {
    const shared_segment t = again(keeper, {.at = attach_at::creator_address});
    EXPECT_EQ(t.data(), where);
    EXPECT_TRUE(t.at_creator_address());
  }
  // One page of something else in the middle.
  const mapping wall(4096, {.address = static_cast<std::byte*>(where) + 512_KiB, .use = address_use::exact});
  EXPECT_EQ(code_thrown([&] { again(keeper, {.at = attach_at::creator_address}); }), errc::address_in_use);
}

TEST_P(limits_of_segments, the_limit_of_file_sizes_is_an_error_and_no_signal) {
  segment_maker maker(GetParam());
  shared_segment s = maker.make(2_MiB);
  test::in_child([&] {
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = 1_MiB;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    segment_maker other(GetParam());
    const bool is_file = s.native_handle() >= 0;
    const std::error_code e = is_file ? make_error_code(errc::invalid_size) : std::error_code();
    EXPECT_EQ(code_thrown([&] { other.make(1_MiB); }), e);
    EXPECT_EQ(code_thrown([&] { s.bind(placement::local()); }), e);
    segment_maker small(GetParam());
    EXPECT_TRUE(small.make(1_MiB - 4096));
  });
}

/// /dev/shm has room for so many bytes.
void in_small_shared_memory(std::size_t bytes, const std::function<void()>& body) {
  in_namespaces(CLONE_NEWNS, [&] {
    ASSERT_EQ(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0) << "errno " << errno;
    const std::string size = "size=" + std::to_string(bytes);
    ASSERT_EQ(::mount("tmpfs", "/dev/shm", "tmpfs", 0, size.c_str()), 0) << "errno " << errno;
    body();
  });
}

TEST(full_shared_memory, is_an_error_when_a_segment_is_made) {
  in_small_shared_memory(1_MiB, [] {
    const own_name name;
    const std::size_t descriptors = test::count_descriptors();
    for (const auto commit : {commit::lazy, commit::eager}) {
      for (const placement& where : {placement::unbound(), placement::bind({some_node()})}) {
        const auto make = [&] { shared_segment::create(name, 2_MiB, where, {.commit = commit}); };
        EXPECT_EQ(code_thrown(make), errc::no_space);
        EXPECT_THROW(make(), std::bad_alloc);
      }
    }
    EXPECT_FALSE(test::exists(name.path()));
    EXPECT_EQ(test::count_descriptors(), descriptors);
    // Nothing stays reserved.
    EXPECT_TRUE(shared_segment::create(name, 1_MiB - 8192, placement::unbound(), {.commit = commit::eager}));
  });
}

TEST(full_shared_memory, has_room_again_when_a_segment_lost_its_name_and_its_last_user) {
  in_small_shared_memory(4_MiB, [] {
    const own_name name;
    const own_name other;
    const auto make = [](const own_name& n) {
      return shared_segment::create(n, 3_MiB, placement::unbound(), {.commit = commit::eager});
    };
    shared_segment s = make(name);
    EXPECT_EQ(code_thrown([&] { make(other); }), errc::no_space);
    s.detach();
    EXPECT_EQ(code_thrown([&] { make(other); }), errc::no_space);
    s = shared_segment::open(name);
    EXPECT_TRUE(shared_segment::remove(name));
    EXPECT_EQ(code_thrown([&] { make(other); }), errc::no_space);
    s.detach();
    EXPECT_TRUE(make(other));
  });
}

TEST(full_shared_memory, leaves_no_room_for_the_header_alone) {
  in_small_shared_memory(1_MiB, [] {
    const own_name name;
    EXPECT_EQ(code_thrown([&] {
                shared_segment::create(name, 1_MiB, placement::unbound(), {.commit = commit::eager});
              }),
              errc::no_space);
    const own_name filler;
    test::write_file(filler.path(), std::string(1_MiB, 'x'));
    EXPECT_EQ(code_thrown([&] { shared_segment::create(name, 4096, placement::unbound()); }), errc::no_space);
  });
}

TEST(full_shared_memory, is_an_error_when_a_segment_gets_its_pages) {
  for (const placement& where : {placement::unbound(), placement::bind({some_node()})}) {
    in_small_shared_memory(4_MiB, [&] {
      const own_name name;
      shared_segment s = shared_segment::create(name, 3_MiB, where);
      const own_name filler;
      test::write_file(filler.path(), std::string(3_MiB, 'x'));
      EXPECT_EQ(code_thrown([&] { s.prefault(); }), errc::no_space);
      EXPECT_THROW(s.prefault(), std::bad_alloc);
      EXPECT_EQ(s.check().misplaced, 0U);
      EXPECT_LT(s.resident().resident(), 3_MiB / test::base_page());
      ::unlink(filler.path().c_str());
      s.prefault();
      EXPECT_EQ(s.resident().untouched, 0U);
      EXPECT_TRUE(s.check());
    });
  }
}

TEST(limits_of_system_v, are_errors_of_room) {
  in_namespaces(CLONE_NEWIPC, [] {
    const segment_options options{.backend = segment_backend::sysv};
    const auto make = [&](std::size_t bytes) {
      return shared_segment::create("private", bytes, placement::unbound(), options);
    };
    const auto set = [](const char* limit, std::size_t value) {
      std::ofstream file(std::string("/proc/sys/kernel/") + limit);
      EXPECT_TRUE(file << value << std::flush) << limit;
    };
    set("shmmax", 1_MiB);
    EXPECT_EQ(code_thrown([&] { make(1_MiB); }), errc::no_space);
    EXPECT_THROW(make(1_MiB), std::bad_alloc);
    EXPECT_TRUE(make(1_MiB - 4096));
    set("shmmax", 1_GiB);
    set("shmall", 1000);
    EXPECT_EQ(code_thrown([&] { make(4_MiB); }), errc::no_space);
    set("shmall", 1'000'000);
    set("shmmni", 3);
    // One is there already, and goes with this namespace.
    EXPECT_TRUE(make(4096));
    EXPECT_TRUE(make(4096));
    EXPECT_EQ(code_thrown([&] { make(4096); }), errc::no_space);
  });
}

}  // namespace
}  // namespace acre
