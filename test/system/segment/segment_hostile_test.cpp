// shared_segment: peers that shrink it, and write nonsense into its header.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/shared_segment.hpp>

#include "segment/segment_header.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ios>
#include <random>
#include <system_error>
#include <thread>

#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/forged_header.hpp"
#include "support/named_cases.hpp"
#include "support/print.hpp"
#include "support/sanitizers.hpp"
#include "support/segments.hpp"

namespace acre::test {
namespace {

void write_header(const shared_segment& s, const header_bytes& page) {
  scribble(s, object_size(s) - header_size, page.data(), page.size());
}

/// Of a segment that is a file.
header_bytes read_header(const shared_segment& s) {
  // The data ends where the header begins; a reader of its own, so that no code of acre's is asked.
  header_bytes page{};
  BOOST_TEST_REQUIRE(::pread(s.native_handle(), page.data(), page.size(),
                             static_cast<off_t>(object_size(s) - header_size)) ==
                     static_cast<ssize_t>(page.size()));
  return page;
}

/// Whoever attaches is told, and whoever has it can go on.
void expect_damaged(const shared_segment& s) {
  BOOST_CHECK_EXCEPTION(again(s), error, with_code(errc::foreign_segment));
  BOOST_TEST(s.where_text() == "local");
}

/// The first of all_ways: their cases in the suite are named with these.
constexpr std::array file_ways{way::posix, way::memfd};

BOOST_AUTO_TEST_SUITE(hostile_peers, *named_cases(all_ways))

BOOST_DATA_TEST_CASE(that_write_garbage_into_the_header_are_noticed, all_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(4096, placement::local());
  std::mt19937_64 random(1);
  for (unsigned seed = 0; seed < 1000; ++seed) {
    header_bytes page;
    for (std::byte& b : page) b = static_cast<std::byte>(random());
    write_header(s, page);
    BOOST_TEST_CONTEXT("garbage " << seed) { expect_damaged(s); }
    if (has_failed()) return;
  }
  const shared_segment t = again(s, {.foreign = foreign_memory::accept});
  BOOST_TEST(t.size() == object_size(s));
}

// Of System V segments the header's own tests do that.
BOOST_DATA_TEST_CASE(that_write_a_few_bytes_into_the_header_change_no_identity, file_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(5000, placement::local());
  const header_bytes whole = read_header(s);
  std::mt19937_64 random(2);
  for (unsigned seed = 0; seed < 1000; ++seed) {
    header_bytes page = whole;
    for (unsigned n = 0; n < 1 + seed % 4; ++n) page[random() % 120] = static_cast<std::byte>(random());
    write_header(s, seed % 2 == 0 ? page : with_sums(page));
    std::error_code e;
    const shared_segment t = shared_segment::attach(s.native_handle(), {}, e);
    BOOST_TEST_CONTEXT("seed " << seed) {
      BOOST_TEST((e == std::error_code() || e == errc::foreign_segment || e == errc::not_ready), e.message());
      if (t) {
        BOOST_TEST(t.size() <= 8192U);
        std::memset(t.data(), 1, t.size());
        BOOST_TEST(!t.is_foreign());
        (void)t.where();
        (void)t.where_text();
        BOOST_TEST(t.resident().pages <= 2U);
      }
    }
    if (has_failed()) return;
  }
}

segment_header header_of(const shared_segment& s) {
  return {.bytes = s.size(),
          .object_bytes = object_size(s),
          .backend = s.backend(),
          .address = reinterpret_cast<std::uintptr_t>(s.creator_address()),
          .placement = "local"};
}

BOOST_DATA_TEST_CASE(that_forge_a_header_of_another_kind_of_memory_are_noticed, all_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(5000, placement::local());
  const auto attach_with = [&](const segment_header& forged) {
    write_header(s, encode(forged));
    again(s);
  };
  BOOST_CHECK_NO_THROW(attach_with(header_of(s)));
  segment_header r = header_of(s);
  r.page_kind = page_kind::huge_2mb;
  BOOST_CHECK_EXCEPTION(attach_with(r), error, with_code(errc::foreign_segment));
  r = header_of(s);
  r.bytes = 4096;  // its object would be smaller
  BOOST_CHECK_EXCEPTION(attach_with(r), error, with_code(errc::foreign_segment));
  for (const auto backend : {segment_backend::posix, segment_backend::memfd, segment_backend::sysv}) {
    r = header_of(s);
    r.backend = backend;
    const bool both_files = backend != segment_backend::sysv && s.backend() != segment_backend::sysv;
    BOOST_TEST_CONTEXT("as " << to_string(backend)) {
      if (both_files || backend == s.backend()) {
        BOOST_CHECK_NO_THROW(attach_with(r));
      } else {
        BOOST_CHECK_EXCEPTION(attach_with(r), error, with_code(errc::foreign_segment));
      }
    }
  }
}

BOOST_DATA_TEST_CASE(that_forge_the_creators_address_are_noticed, all_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(5000, placement::local());
  for (const std::uint64_t address : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x2000'0000'0001},
                                      ~std::uint64_t{0}, ~std::uint64_t{4095}, std::uint64_t{1} << 47,
                                      (std::uint64_t{1} << 47) - 4096, std::uint64_t{1} << 63}) {
    // ThreadSanitizer's mmap(2) takes exact addresses that no program has for 0, where root may map.
    if (under_tsan && address % 4096 == 0) continue;
    segment_header r = header_of(s);
    r.address = address;
    write_header(s, encode(r));
    const std::error_code e = code_thrown([&] { again(s, {.at = attach_at::creator_address}); });
    BOOST_TEST_CONTEXT("address 0x" << std::hex << address) {
      BOOST_TEST((e == errc::foreign_segment || e == errc::address_in_use || e == errc::out_of_memory),
                 e.message());
      BOOST_CHECK_NO_THROW(again(s));
    }
  }
}

BOOST_DATA_TEST_CASE(that_forge_a_placement_have_it_read_and_nothing_more, all_ways, w) {
  segment_maker maker(w);
  const shared_segment s = maker.make(5000, placement::local());
  for (const char* text :
       {"", "nonsense", "bind 0-4294967295", "interleave 1023 by 1B", "weighted 0:1", "by_page"}) {
    segment_header r = header_of(s);
    r.placement = text;
    write_header(s, encode(r));
    BOOST_TEST_CONTEXT("'" << text << "'") {
      BOOST_TEST(s.where_text() == text);
      (void)s.where();
      BOOST_TEST(code_thrown([&] { (void)s.check(); }) != errc::foreign_segment);
      BOOST_CHECK_NO_THROW(again(s));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(truncated_segments)

BOOST_AUTO_TEST_CASE(are_told_by_every_function_and_end_no_process) {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, 1_MiB - 1, 1_MiB,
                                  1_MiB + 4095, 1_MiB + 4097, 2_MiB}) {
    segment_maker maker(way::posix);
    shared_segment s = maker.make(1_MiB, placement::local());
    std::memset(s.data(), 1, s.size());
    BOOST_TEST_REQUIRE(resize(maker.name().path(), bytes) == 0);
    BOOST_TEST_CONTEXT(bytes << " bytes") {
      BOOST_CHECK_EXCEPTION(s.bind(placement::local()), error, with_code(errc::foreign_segment));
      BOOST_CHECK_EXCEPTION(s.bind(placement::local(), {.existing = existing_pages::migrate}), error,
                            with_code(errc::foreign_segment));
      BOOST_CHECK_EXCEPTION((void)s.resident(), error, with_code(errc::foreign_segment));
      BOOST_CHECK_EXCEPTION((void)s.check(), error, with_code(errc::foreign_segment));
      BOOST_CHECK_EXCEPTION(s.prefault(), error, with_code(errc::foreign_segment));
      BOOST_TEST(s.where_text() == "local");
      BOOST_TEST(s.where() == placement::local());
      BOOST_TEST(s.size() == 1_MiB);
      for (const auto foreign : {foreign_memory::refuse, foreign_memory::accept}) {
        const attach_options how{.foreign = foreign};
        if (foreign == foreign_memory::refuse || bytes == 0) {
          BOOST_CHECK_EXCEPTION(again(s, how), error, with_code(errc::foreign_segment));
          BOOST_CHECK_EXCEPTION((void)shared_segment::open(maker.name(), how), error,
                                with_code(errc::foreign_segment));
        } else {
          BOOST_CHECK_NO_THROW(again(s, how));
          BOOST_CHECK_NO_THROW((void)shared_segment::open(maker.name(), how));
        }
      }
      for (const segment_info& info : shared_segment::list()) BOOST_TEST(info.name != maker.name().text());
      BOOST_CHECK_EXCEPTION(shared_segment::remove(maker.name()), error, with_code(errc::foreign_segment));
      BOOST_TEST(shared_segment::remove(maker.name(), {.foreign = foreign_memory::accept}));
    }
  }
}

BOOST_AUTO_TEST_CASE(between_any_two_steps_of_who_attaches_end_no_process) {
  segment_maker maker(way::posix);
  const shared_segment s = maker.make(64_KiB, placement::local());
  const std::size_t whole = object_size(s);
  const header_bytes header = read_header(s);
  std::atomic<bool> done = false;
  std::atomic<unsigned> failed_calls = 0;
  std::thread peer([&] {
    const auto set_size = [&](std::size_t bytes) {
      if (resize(maker.name().path(), bytes) != 0) ++failed_calls;
    };
    for (unsigned n = 0; !done; ++n) {
      set_size(n % 3 == 0 ? 0 : n % 3 == 1 ? 4096 : whole - 4096);
      set_size(whole);
      if (::pwrite(s.native_handle(), header.data(), header.size(),
                   static_cast<off_t>(whole - header_size)) != static_cast<ssize_t>(header_size)) {
        ++failed_calls;
      }
    }
  });
  unsigned attached = 0;
  // On a busy machine the peer may not run, and leave the segment cut, for as long as 2000 tries take.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const auto goes_on = [&](unsigned n) {
    return n < 2000 || (attached == 0 && !has_failed() && std::chrono::steady_clock::now() < deadline);
  };
  for (unsigned n = 0; goes_on(n); ++n) {
    const std::error_code e = code_thrown([&] {
      shared_segment t = again(s);
      ++attached;
      if (n % 4 == 0) (void)t.resident();
      if (n % 4 == 1) t.prefault();
      if (n % 4 == 2) t.bind(placement::local(), {.existing = existing_pages::migrate});
      if (n % 4 == 3) (void)shared_segment::list();
    });
    BOOST_TEST((e == std::error_code() || e == errc::foreign_segment || e == errc::no_space), e.message());
  }
  done = true;
  peer.join();
  BOOST_TEST(failed_calls == 0U);
  BOOST_TEST(attached > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(sealed_segments)

BOOST_AUTO_TEST_CASE(of_memfds_cannot_be_shrunk_or_grown_by_a_peer) {
  segment_maker maker(way::memfd);
  const shared_segment s = maker.make(64_KiB);
  BOOST_TEST(s.is_sealed());
  for (const std::size_t bytes : {std::size_t{0}, 64_KiB, 1_MiB}) {
    const int resized = ::ftruncate(s.native_handle(), static_cast<off_t>(bytes));
    const int why = errno;
    BOOST_TEST(resized == -1);
    BOOST_TEST(why == EPERM);
  }
  BOOST_TEST(again(s, {.shrinking = shrinking::refuse}).is_sealed());
}

BOOST_AUTO_TEST_CASE(are_all_that_those_take_who_refuse_shrinking) {
  for (const way w : all_ways) {
    segment_maker maker(w);
    const shared_segment s = maker.make(4096);
    const attach_options unshrinkable{.shrinking = shrinking::refuse};
    BOOST_TEST_CONTEXT(w) {
      if (w == way::posix) {
        BOOST_CHECK_EXCEPTION(again(s, unshrinkable), error, with_code(errc::not_sealed));
      } else {
        BOOST_CHECK_NO_THROW(again(s, unshrinkable));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(are_made_of_unsealed_ones_by_those_who_attach) {
  segment_maker maker(way::memfd);
  const shared_segment s = maker.make(4096);
  // The same memory in a file that nobody sealed yet.
  const int file = ::memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  const std::size_t bytes = object_size(s);
  BOOST_TEST_REQUIRE(::ftruncate(file, static_cast<off_t>(bytes)) == 0);
  const header_bytes header = read_header(s);
  BOOST_TEST_REQUIRE(::pwrite(file, header.data(), header.size(), static_cast<off_t>(bytes - header_size)) ==
                     static_cast<ssize_t>(header_size));
  BOOST_TEST(shared_segment::attach(file, {.shrinking = shrinking::refuse}).is_sealed());
  BOOST_TEST(::ftruncate(file, 0) == -1);
  ::close(file);
}

BOOST_AUTO_TEST_CASE(against_writing_are_for_readers) {
  segment_maker maker(way::memfd);
  shared_segment s = maker.make(4096);
  const int file = ::dup(s.native_handle());
  s.detach();
  BOOST_TEST_REQUIRE(::fcntl(file, F_ADD_SEALS, F_SEAL_WRITE) == 0);
  BOOST_TEST(shared_segment::attach(file, {.access = access::read_only}));
  BOOST_CHECK_EXCEPTION((void)shared_segment::attach(file), error, with_code(errc::permission_denied));
  ::close(file);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
