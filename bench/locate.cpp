// Where the pages of a resident GiB lie: acre::locate beside hwloc and beside one system call a page. And acre::check,
// which looks at the same pages.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/check.hpp>
#include <acre/locate.hpp>

#include <hwloc.h>
#include <numaif.h>
#include <sys/mman.h>

#include <memory>

#include "bench.hpp"

namespace {

using namespace acre::literals;

/// Touched memory, made when the first row looks at it and kept for the others.
class resident {
 public:
  resident(std::size_t bytes, acre::page_kind kind) : x_bytes(bytes), x_kind(kind) {}

  const void* data() {
    if (!x_pages) {
      x_pages = acre::mapping(x_bytes, {.page_kind = x_kind});
      // Whatever the system's setting: no huge pages where none are wanted.
      if (x_kind == acre::page_kind::system) ::madvise(x_pages.data(), x_bytes, MADV_NOHUGEPAGE);
      bench::bind_raw(x_pages.data(), x_bytes);
      bench::touch(x_pages.data(), x_bytes);
    }
    return x_pages.data();
  }
  std::size_t bytes() const { return x_bytes; }

 private:
  std::size_t x_bytes;
  acre::page_kind x_kind;
  acre::mapping x_pages;
};

void acre_locate(benchmark::State& state, resident& pages) {
  const void* const p = pages.data();
  acre::residency found;
  for (auto _ : state) found = acre::locate(p, pages.bytes());
  if (found.resident() != found.pages) state.SkipWithError("pages are missing");
  const auto in_huge = static_cast<double>(found.transparent_huge + found.hugetlb);
  state.counters["huge"] = in_huge / static_cast<double>(found.pages);
}

void acre_check(benchmark::State& state, resident& pages) {
  const void* const p = pages.data();
  const acre::placement where = acre::placement::bind({bench::node()});
  acre::check_result found;
  for (auto _ : state) found = acre::check(p, pages.bytes(), where);
  if (!found.ok()) state.SkipWithError(found.to_string().c_str());
}

void hwloc_locate(benchmark::State& state, resident& pages) {
  const void* const p = pages.data();
  const std::unique_ptr<hwloc_bitmap_s, void (*)(hwloc_bitmap_t)> nodes(hwloc_bitmap_alloc(),
                                                                        hwloc_bitmap_free);
  for (auto _ : state) {
    if (hwloc_get_area_memlocation(acre::topology::system().native_handle(), p, pages.bytes(), nodes.get(),
                                   HWLOC_MEMBIND_BYNODESET) != 0) {
      state.SkipWithError("hwloc_get_area_memlocation failed");
      return;
    }
  }
}

void call_per_page(benchmark::State& state, resident& pages) {
  auto* const p = static_cast<std::byte*>(const_cast<void*>(pages.data()));
  std::size_t right = 0;
  for (auto _ : state) {
    for (std::size_t at = 0; at < pages.bytes(); at += 4_KiB) {
      int found = -1;
      if (get_mempolicy(&found, nullptr, 0, p + at, MPOL_F_NODE | MPOL_F_ADDR) != 0) {
        state.SkipWithError("get_mempolicy failed");
        return;
      }
      right += found == static_cast<int>(bench::node()) ? 1 : 0;
    }
  }
  benchmark::DoNotOptimize(right);
}

}  // namespace

void bench::declare(bool smoke) {
  baseline("hwloc_get_area_memlocation");
  const std::size_t bytes = smoke ? 8_MiB : 1_GiB;
  static resident base(bytes, acre::page_kind::system);
  static resident huge(bytes, acre::page_kind::transparent_huge);
  for (resident* const pages : {&base, &huge}) {
    const std::string group =
        "locate/" + acre::format_bytes(bytes) + (pages == &base ? "/system pages/" : "/transparent huge/");
    row(group + "hwloc_get_area_memlocation", [=](auto& s) {
      hwloc_locate(s, *pages);
    })->Unit(benchmark::kMillisecond);
    row(group + "acre::locate", [=](auto& s) { acre_locate(s, *pages); })->Unit(benchmark::kMillisecond);
    row(group + "acre::check", [=](auto& s) { acre_check(s, *pages); })->Unit(benchmark::kMillisecond);
    row(group + "get_mempolicy per page", [=](auto& s) {
      call_per_page(s, *pages);
    })->Unit(benchmark::kMillisecond);
  }
}
