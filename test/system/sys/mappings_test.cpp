#include "sys/mappings.hpp"

#include <boost/test/unit_test.hpp>

#include <sched.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include <utility>

#include <acre/bytes.hpp>

#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/require.hpp"

namespace acre::test {
namespace {

void* mapped(std::size_t bytes, int flags) {
  return ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
}

void expect_sizes_told() {
  for (const int flags : {MAP_PRIVATE, MAP_SHARED}) {
    void* const p = mapped(1_MiB, flags);
    require(p != MAP_FAILED, "mmap");
    BOOST_TEST(sys::page_size_at(reinterpret_cast<std::uintptr_t>(p)).value_or(0) == base_page());
    ::munmap(p, 1_MiB);
    // Where the kernel has such pages; none is needed to map them unreserved.
    void* const huge = mapped(4_MiB, flags | MAP_HUGETLB | 21 << MAP_HUGE_SHIFT | MAP_NORESERVE);
    if (huge == MAP_FAILED) continue;
    BOOST_TEST(sys::page_size_at(reinterpret_cast<std::uintptr_t>(huge)).value_or(0) == 2_MiB);
    ::munmap(huge, 4_MiB);
  }
  for (const auto& [flags, size] : {std::pair{0, base_page()}, {SHM_HUGETLB | SHM_NORESERVE, 2_MiB}}) {
    const int id = ::shmget(IPC_PRIVATE, 4_MiB, IPC_CREAT | 0600 | flags);
    if (id < 0 && flags != 0) continue;  // no such pages, or not for this user
    require(id >= 0, "shmget");
    void* const p = ::shmat(id, nullptr, 0);
    ::shmctl(id, IPC_RMID, nullptr);
    require(p != reinterpret_cast<void*>(-1), "shmat");
    BOOST_TEST(sys::page_size_at(reinterpret_cast<std::uintptr_t>(p)).value_or(0) == size);
    ::shmdt(p);
  }
  // Nothing is mapped there: below, and above all else.
  BOOST_TEST(sys::page_size_at(base_page()).value_or(0) == base_page());
  BOOST_TEST(sys::page_size_at(0x7fff'ffff'e000).value_or(0) == base_page());
}

BOOST_AUTO_TEST_SUITE(the_size_of_pages)

BOOST_AUTO_TEST_CASE(is_that_of_the_mapping) { expect_sizes_told(); }

BOOST_AUTO_TEST_CASE(is_told_by_kernels_without_procmap_query_too) {
  in_child([] {
    // In a namespace of its own the first System V segment has the id 0, which maps tell as the inode.
    static_cast<void>(::unshare(CLONE_NEWIPC));
    refuse_procmap_query();
    sys::vma v{};
    BOOST_TEST(sys::query_vma(0, v) == ENOTTY);
    expect_sizes_told();
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
