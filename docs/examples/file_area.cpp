// An area of one's own whose blocks are pages of a file, from an offset on, at an address of one's own.
#include <acre/acre.hpp>

#include <sys/mman.h>
#include <unistd.h>
#include <cstring>
#include <iostream>
#include <memory_resource>
#include <vector>

#include "require.hpp"

namespace {

using namespace acre::literals;

/// Blocks follow each other in the file and are never used again: an arena over a file.
class file_area : public std::pmr::memory_resource {
 public:
  /// \param file of a tmpfs or a memfd: other files have no memory policy
  file_area(int file, std::uint64_t offset, void* address, acre::placement where)
      : x_file(file),
        x_offset(offset),
        x_address(static_cast<std::byte*>(address)),
        x_where(std::move(where)) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t) override {
    acre::mapping pages(bytes, {.sharing = acre::sharing::shared,
                                .address = x_address,
                                .use = acre::address_use::exact,
                                .file = x_file,
                                .offset = x_offset});
    if (ftruncate(x_file, static_cast<off_t>(x_offset + pages.size())) != 0) throw std::bad_alloc();
    acre::apply(pages.data(), pages.size(), x_where);
    x_offset += pages.size();
    x_address += pages.size();
    x_blocks.push_back(std::move(pages));
    return x_blocks.back().data();
  }

  void do_deallocate(void*, std::size_t, std::size_t) override {}  // the destructor unmaps
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  int x_file;
  std::uint64_t x_offset;
  std::byte* x_address;
  acre::placement x_where;
  std::vector<acre::mapping> x_blocks;
};

/// An address range that nobody uses now.
void* free_addresses(std::size_t bytes) {
  return acre::mapping(bytes, {.access = acre::access::none}).data();
}

}  // namespace

int main() {
  const acre::placement where = acre::placement::interleave(acre::topology::system().default_nodes());
  const int file = memfd_create("table", MFD_CLOEXEC);
  require(file >= 0, "memfd_create works");
  void* const address = free_addresses(1_MiB);
  {
    file_area area(file, 64_KiB, address, where);
    std::pmr::vector<int> table(10'000, 42, &area);
    require(table.data() == address, "the block is where it was wanted");
    std::cout << acre::check(table.data(), table.size() * sizeof(int), where) << '\n';
    require(acre::check(table.data(), table.size() * sizeof(int), where).ok(), "the file's pages are placed");
  }
  // The pages and their policy are the file's: both outlive the mapping.
  acre::mapping again(40'000, {.sharing = acre::sharing::shared, .file = file, .offset = 64_KiB});
  require(static_cast<const int*>(again.data())[9'999] == 42, "the file keeps what was written");
  require(acre::check(again.data(), again.size(), where).ok(), "the file keeps its policy");

  try {
    acre::mapping taken(4_KiB, {.address = again.data(), .use = acre::address_use::exact});
    require(false, "an address in use is refused");
  } catch (const acre::error& e) {
    require(e.code() == acre::errc::address_in_use, "the error says so");
    std::cout << e.what() << '\n';
  }
  close(file);
}
