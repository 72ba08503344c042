// shared_segment: sizes, addresses and room that are not to be had.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/mapping.hpp>
#include <acre/shared_segment.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <functional>
#include <limits>
#include <new>
#include <string>
#include <system_error>

#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/mappings.hpp"
#include "support/named_cases.hpp"
#include "support/preconditions.hpp"
#include "support/print.hpp"
#include "support/require.hpp"
#include "support/segments.hpp"

namespace acre::test {
namespace {

using boost::unit_test::precondition;

std::size_t all_memory() { return static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * base_page(); }

node_id some_node() { return topology::system().default_nodes().first(); }

BOOST_AUTO_TEST_SUITE(limits_of_segments, *named_cases(all_ways))

BOOST_DATA_TEST_CASE(sizes_that_cannot_be_are_refused_and_leave_nothing, all_ways, w) {
  segment_maker maker(w);
  const no_new_mappings check;
  const std::size_t descriptors = count_descriptors();
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  for (const std::size_t bytes : {std::size_t{0}, most, most - 7, most - 4095, most - 4096, most - 8192,
                                  most / 2 + 2, most / 2 + 1, most / 2, most / 2 - 1, most / 2 - 4095}) {
    BOOST_TEST_INFO(bytes << " bytes");
    BOOST_CHECK_EXCEPTION(maker.make(bytes), error, with_code(errc::invalid_size));
  }
  BOOST_TEST(count_descriptors() == descriptors);
}

BOOST_DATA_TEST_CASE(sizes_that_no_machine_has_are_an_error_of_room_and_leave_nothing, all_ways, w) {
  segment_maker maker(w);
  const no_new_mappings check;
  const std::size_t descriptors = count_descriptors();
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  for (const std::size_t bytes :
       {most / 2 - 8191, most / 2 - 1_MiB, most / 4, std::size_t{1} << 60, std::size_t{1} << 48}) {
    for (const placement& where : {placement::unbound(), placement::bind({some_node()})}) {
      const std::error_code e = code_thrown([&] { maker.make(bytes, where); });
      BOOST_TEST((e == errc::out_of_memory || e == errc::no_space || e == errc::invalid_size),
                 bytes << " bytes: " << e.message());
    }
  }
  BOOST_TEST(count_descriptors() == descriptors);
}

BOOST_DATA_TEST_CASE(options_that_make_no_sense_are_refused, all_ways, w) {
  segment_maker maker(w);
  BOOST_CHECK_EXCEPTION(maker.make(4096, placement::unbound(), {.mode = 01000}), error,
                        with_code(errc::invalid_argument));
  BOOST_CHECK_EXCEPTION(maker.make(4096, placement::bind({1023})), error, with_code(errc::unknown_node));
  const topology other = topology::from_synthetic("numa:2 core:1 pu:1");
  BOOST_CHECK_EXCEPTION(shared_segment::create(maker.name(), 4096, placement::unbound(),
                                               {.backend = maker.name().backend()}, other),
                        error, with_code(errc::foreign_topology));
  const shared_segment s = maker.make(4096);
  BOOST_CHECK_EXCEPTION(again(s, {.access = access::none}), error, with_code(errc::invalid_argument));
  BOOST_CHECK_EXCEPTION(again(s, {.at = attach_at::creator_address, .address = s.data()}), error,
                        with_code(errc::invalid_argument));
}

BOOST_DATA_TEST_CASE(huge_pages_that_are_not_there_are_an_error, all_ways, w) {
  segment_maker maker(w);
  const std::size_t descriptors = count_descriptors();
  for (const page_kind kind : {page_kind::huge_2mb, page_kind::huge_1gb}) {
    // More than any pool holds that leaves the machine room to work.
    const auto too_many = [&] { maker.make(all_memory() / 2, placement::unbound(), {.page_kind = kind}); };
    const auto lazy = [&] {
      maker.make(2_MiB, placement::unbound(), {.page_kind = kind, .commit = commit::lazy});
    };
    if (w == way::posix) {
      BOOST_CHECK_EXCEPTION(too_many(), error, with_code(errc::invalid_argument));
      BOOST_CHECK_EXCEPTION(lazy(), error, with_code(errc::invalid_argument));
    } else {
      BOOST_CHECK_EXCEPTION(too_many(), allocation_error, with_code(errc::no_huge_pages));
      BOOST_CHECK_EXCEPTION(lazy(), error, with_code(errc::unsupported_placement));
    }
  }
  BOOST_TEST(count_descriptors() == descriptors);
}

BOOST_DATA_TEST_CASE(an_exact_address_is_kept_or_an_error, all_ways, w) {
  segment_maker maker(w);
  // Places in the middle: what acre itself attaches for a moment lies at the end of such a gap where, as under
  // ThreadSanitizer, there is no room elsewhere.
  mapping gap(64_MiB);
  mapping taken(64_MiB);
  void* const free_place = static_cast<std::byte*>(gap.data()) + 32_MiB;
  gap.unmap();
  BOOST_CHECK_EXCEPTION(maker.make(4096, placement::unbound(), {.address = taken.data()}), error,
                        with_code(errc::address_in_use));
  const shared_segment s = maker.make(1_MiB, placement::unbound(), {.address = free_place});
  BOOST_TEST(s.data() == free_place);
  BOOST_CHECK_EXCEPTION(again(s, {.address = taken.data()}), error, with_code(errc::address_in_use));
  void* const other = static_cast<std::byte*>(taken.data()) + 32_MiB;
  taken.unmap();
  BOOST_TEST(again(s, {.address = other}).data() == other);
}

BOOST_DATA_TEST_CASE(the_creators_address_is_taken_or_an_error, all_ways, w) {
  segment_maker maker(w);
  shared_segment s = maker.make(1_MiB);
  void* const where = s.data();
  BOOST_CHECK_EXCEPTION(again(s, {.at = attach_at::creator_address}), error, with_code(errc::address_in_use));
  const shared_segment keeper = again(s);
  s.detach();
  {
    const shared_segment t = again(keeper, {.at = attach_at::creator_address});
    BOOST_TEST(t.data() == where);
    BOOST_TEST(t.at_creator_address());
  }
  // One page of something else in the middle.
  const mapping wall(4096, {.address = static_cast<std::byte*>(where) + 512_KiB, .use = address_use::exact});
  BOOST_CHECK_EXCEPTION(again(keeper, {.at = attach_at::creator_address}), error,
                        with_code(errc::address_in_use));
}

BOOST_DATA_TEST_CASE(the_limit_of_file_sizes_is_an_error_and_no_signal, all_ways, w) {
  segment_maker maker(w);
  shared_segment s = maker.make(2_MiB);
  in_child([&] {
    rlimit limit{};
    BOOST_TEST_REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
    limit.rlim_cur = 1_MiB;
    BOOST_TEST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    segment_maker other(w);
    if (s.native_handle() >= 0) {
      BOOST_CHECK_EXCEPTION(other.make(1_MiB), allocation_error,
                            with_code(errc::no_space).saying("1048576 bytes"));
      BOOST_CHECK_EXCEPTION(s.bind(placement::local()), allocation_error, with_code(errc::no_space));
    } else {
      BOOST_CHECK_NO_THROW(other.make(1_MiB));
      BOOST_CHECK_NO_THROW(s.bind(placement::local()));
    }
    segment_maker small(w);
    BOOST_TEST(small.make(1_MiB - 4096));
  });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(full_shared_memory, *precondition(may_make_namespaces))

/// /dev/shm has room for so many bytes.
void in_small_shared_memory(std::size_t bytes, const std::function<void()>& body) {
  in_namespaces(CLONE_NEWNS, [&] {
    require(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount /");
    const std::string size = "size=" + std::to_string(bytes);
    require(::mount("tmpfs", "/dev/shm", "tmpfs", 0, size.c_str()) == 0, "mount /dev/shm");
    body();
  });
}

BOOST_AUTO_TEST_CASE(is_an_error_when_a_segment_is_made) {
  in_small_shared_memory(1_MiB, [] {
    const own_name name;
    const std::size_t descriptors = count_descriptors();
    for (const auto commit : {commit::lazy, commit::eager}) {
      for (const placement& where : {placement::unbound(), placement::bind({some_node()})}) {
        const auto make = [&] { shared_segment::create(name, 2_MiB, where, {.commit = commit}); };
        BOOST_CHECK_EXCEPTION(make(), allocation_error, with_code(errc::no_space));
        BOOST_CHECK_THROW(make(), std::bad_alloc);
      }
    }
    BOOST_TEST(!exists(name.path()));
    BOOST_TEST(count_descriptors() == descriptors);
    // Nothing stays reserved.
    BOOST_TEST(shared_segment::create(name, 1_MiB - 8192, placement::unbound(), {.commit = commit::eager}));
  });
}

BOOST_AUTO_TEST_CASE(has_room_again_when_a_segment_lost_its_name_and_its_last_user) {
  in_small_shared_memory(4_MiB, [] {
    const own_name name;
    const own_name other;
    const auto make = [](const own_name& n) {
      return shared_segment::create(n, 3_MiB, placement::unbound(), {.commit = commit::eager});
    };
    shared_segment s = make(name);
    BOOST_CHECK_EXCEPTION(make(other), allocation_error, with_code(errc::no_space));
    s.detach();
    BOOST_CHECK_EXCEPTION(make(other), allocation_error, with_code(errc::no_space));
    s = shared_segment::open(name);
    BOOST_TEST(shared_segment::remove(name));
    BOOST_CHECK_EXCEPTION(make(other), allocation_error, with_code(errc::no_space));
    s.detach();
    BOOST_TEST(make(other));
  });
}

BOOST_AUTO_TEST_CASE(leaves_no_room_for_the_header_alone) {
  in_small_shared_memory(1_MiB, [] {
    const own_name name;
    BOOST_CHECK_EXCEPTION(
        shared_segment::create(name, 1_MiB, placement::unbound(), {.commit = commit::eager}),
        allocation_error, with_code(errc::no_space));
    const own_name filler;
    write_file(filler.path(), std::string(1_MiB, 'x'));
    BOOST_CHECK_EXCEPTION(shared_segment::create(name, 4096, placement::unbound()), allocation_error,
                          with_code(errc::no_space));
  });
}

BOOST_AUTO_TEST_CASE(is_an_error_when_a_segment_gets_its_pages) {
  for (const placement& where : {placement::unbound(), placement::bind({some_node()})}) {
    in_small_shared_memory(4_MiB, [&] {
      const own_name name;
      shared_segment s = shared_segment::create(name, 3_MiB, where);
      const own_name filler;
      write_file(filler.path(), std::string(3_MiB, 'x'));
      BOOST_CHECK_EXCEPTION(s.prefault(), allocation_error, with_code(errc::no_space));
      BOOST_CHECK_THROW(s.prefault(), std::bad_alloc);
      BOOST_TEST(s.check().misplaced == 0U);
      BOOST_TEST(s.resident().resident() < 3_MiB / base_page());
      ::unlink(filler.path().c_str());
      s.prefault();
      BOOST_TEST(s.resident().untouched == 0U);
      BOOST_TEST(s.check());
    });
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(limits_of_system_v, *precondition(may_make_namespaces))

BOOST_AUTO_TEST_CASE(are_errors_of_room) {
  in_namespaces(CLONE_NEWIPC, [] {
    const segment_options options{.backend = segment_backend::sysv};
    const auto make = [&](std::size_t bytes) {
      return shared_segment::create("private", bytes, placement::unbound(), options);
    };
    const auto set = [](const char* limit, std::size_t value) {
      std::ofstream file(std::string("/proc/sys/kernel/") + limit);
      file << value << std::flush;
      BOOST_TEST(file.good(), limit);
    };
    set("shmmax", 1_MiB);
    BOOST_CHECK_EXCEPTION(make(1_MiB), allocation_error, with_code(errc::no_space));
    BOOST_CHECK_THROW(make(1_MiB), std::bad_alloc);
    BOOST_TEST(make(1_MiB - 4096));
    set("shmmax", 1_GiB);
    set("shmall", 1000);
    BOOST_CHECK_EXCEPTION(make(4_MiB), allocation_error, with_code(errc::no_space));
    set("shmall", 1'000'000);
    set("shmmni", 3);
    // One is there already, and goes with this namespace.
    BOOST_TEST(make(4096));
    BOOST_TEST(make(4096));
    BOOST_CHECK_EXCEPTION(make(4096), allocation_error, with_code(errc::no_space));
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
