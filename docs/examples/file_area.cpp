// An area of one's own whose blocks are pages of a file, from an offset on, at an address of one's own.
#include "require.hpp"

#include <sys/mman.h>

#include <acre/acre.hpp>

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory_resource>
#include <new>
#include <utility>
#include <vector>

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

/// Makes a table in the file, from byte 65536 on, at an address that is free.
void write_table(int file, void* address, const acre::placement& where) {
  file_area area(file, 65536, address, where);
  std::pmr::vector<int> table(10'000, 42, &area);  // table.data() == address
  std::cout << acre::check(table.data(), table.size() * sizeof(int), where) << '\n';
}

int main() {
  const acre::placement where = acre::placement::interleave(acre::topology::system().default_nodes());
  const int file = memfd_create("table", MFD_CLOEXEC);
  require(file >= 0, "memfd_create works");
  void* const address = acre::mapping(1 << 20, {.access = acre::access::none}).data();  // free again
  write_table(file, address, where);

  // The pages and their policy are the file's: both outlive the mapping.
  const acre::mapping again(40'000, {.sharing = acre::sharing::shared,
                                     .address = address,
                                     .use = acre::address_use::exact,
                                     .file = file,
                                     .offset = 65536});
  require(static_cast<const int*>(address)[9'999] == 42, "the file keeps what was written");
  require(acre::check(again.data(), again.size(), where).ok(), "the file keeps its policy");

  try {
    acre::mapping taken(4096, {.address = address, .use = acre::address_use::exact});
    require(false, "an address in use is refused");
  } catch (const acre::error& e) {
    require(e.code() == acre::errc::address_in_use, "the error says so");
    std::cout << e.what() << '\n';
  }
  close(file);
}
