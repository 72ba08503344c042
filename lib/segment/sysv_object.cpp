// System V segments.
#include <acre/error.hpp>

#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>

#include "observe/page_range.hpp"
#include "segment/segment_object.hpp"
#include "segment/segment_state.hpp"
#include "sys/pages.hpp"

namespace acre {
namespace {

[[noreturn]] void fail(int e, const std::string& what) {
  switch (e) {
    case EACCES:
    case EPERM:
      throw error(errc::permission_denied, "segment: " + what + ": the system denies it");
    case ENOENT:
    case EINVAL:
    case EIDRM:
      throw error(errc::no_such_segment, "segment: " + what + ": there is none");
    case EEXIST:
      throw error(errc::name_in_use, "segment: " + what + ": a segment of that key exists");
    default:
      throw error(std::error_code(e, std::system_category()), "segment: " + what);
  }
}

[[noreturn]] void fail_make(int e, const std::string& what, std::uint64_t bytes, bool huge) {
  switch (e) {
    case EINVAL:
      throw allocation_error(
          huge ? errc::no_huge_pages : errc::no_space, bytes, "",
          huge ? "this kernel has no huge pages of that size" : "kernel.shmmax is smaller");
    case ENOSPC:
      throw allocation_error(errc::no_space, bytes, "",
                             "kernel.shmmni segments exist, or kernel.shmall is reached");
    case ENOMEM:
      throw allocation_error(huge ? errc::no_huge_pages : errc::out_of_memory, bytes, "",
                             huge ? "not enough free huge pages in the pool" : "the kernel grants no memory");
    case EPERM:
      throw error(
          errc::permission_denied,
          "segment: " + what + ": SHM_HUGETLB is for members of vm.hugetlb_shm_group and CAP_IPC_LOCK");
    default:
      fail(e, what);
  }
}

std::string title(int id) { return "segment id " + std::to_string(id); }

class sysv_object final : public segment_object {
 public:
  /// \param page bytes of its pages; 0: to be found out
  sysv_object(int id, bool owned, std::size_t page) noexcept : x_id(id), x_owned(owned), x_page(page) {}
  ~sysv_object() override {
    if (x_owned) sys::remove_segment(x_id);
  }

  object_facts facts() const override {
    sys::segment_status s;
    if (const int e = sys::status_of_segment(x_id, s)) fail(e, title(x_id));
    if (x_page == 0) attach({.access = access::read_only});
    const std::size_t page = x_page;
    return {.bytes = s.bytes,
            .owner = s.owner,
            .mode = s.mode,
            .huge_page = page == sys::page_size() ? 0 : page,
            .sealed = true};
  }

  mapping map(std::size_t, page_kind pages, const map_wish& wish) const override {
    mapping all = attach(wish);
    if (pages == page_kind::transparent_huge) sys::want_huge_pages(all.data(), all.size());
    const std::size_t size = all.size();
    return mapping::adopt(all.release(), size, pages);
  }

  record_bytes read_record() const override {
    record_bytes page{};
    const mapping all = attach({.access = access::read_only});
    const std::byte* const record = record_in(all);
    if (record == nullptr || !exists(record)) return page;
    std::memcpy(page.data(), record, page.size());
    return page;
  }

  void write_record(const record_bytes& page) override {
    const mapping all = attach({});
    std::memcpy(record_in(all), page.data(), page.size());
  }

  /// A key cannot be given later.
  bool is_visible() const noexcept override { return true; }
  void publish() override { x_owned = false; }
  int id() const noexcept override { return x_id; }

 private:
  std::uint64_t bytes() const {
    sys::segment_status s;
    if (const int e = sys::status_of_segment(x_id, s)) fail(e, title(x_id));
    return s.bytes;
  }

  mapping attach(const map_wish& wish) const {
    const bool writable = wish.access == access::read_write;
    sys::attached a = sys::attach_segment(x_id, wish.address, writable);
    if (a.error == EINVAL && wish.address != nullptr) {
      if (wish.use == address_use::exact)
        throw error(errc::address_in_use,
                    title(x_id) + ": the exact address is in use, or no multiple of SHMLBA");
      a = sys::attach_segment(x_id, nullptr, writable);
    }
    if (a.error == ENOMEM)
      throw allocation_error(errc::out_of_memory, bytes(), "", "no addresses left to attach it");
    if (a.error != 0) fail(a.error, "attaching " + title(x_id));
    // Before Linux 6.11 it is read from smaps, which walks all pages of the process: once is enough.
    if (x_page == 0) x_page = kernel_page_size(a.data);
    const std::size_t page = x_page;
    return mapping::adopt(a.data, (bytes() + page - 1) / page * page);
  }

  /// Null where acre cannot have made it.
  std::byte* record_in(const mapping& all) const {
    const std::uint64_t n = bytes();
    return n < record_size || n % sys::page_size() != 0
               ? nullptr
               : static_cast<std::byte*>(all.data()) + n - record_size;
  }

  /// Looking at a page that is not there would make it. mincore(2) sees pages of tmpfs whoever touched them, but
  /// hugetlb pages only where this process has; acre's hugetlb segments are all there from the beginning.
  /// \param record in a mapping made by attach()
  bool exists(const std::byte* record) const {
    if (x_page == sys::page_size()) {
      const auto at = reinterpret_cast<std::uintptr_t>(record) / sys::page_size() * sys::page_size();
      return sys::present_bytes(reinterpret_cast<const void*>(at), record_size) != 0;
    }
    const auto all = sys::segments();
    if (!all) return false;
    for (const sys::segment_status& s : *all) {
      if (s.id == x_id) return s.present >= s.bytes;
    }
    return false;
  }

  int x_id;
  bool x_owned;
  mutable std::atomic<std::size_t> x_page;
};

}  // namespace

std::unique_ptr<segment_object> make_sysv(const segment_name& name, std::uint64_t bytes, page_kind pages,
                                          unsigned mode) {
  const bool huge = pages == page_kind::huge_2mb || pages == page_kind::huge_1gb;
  const auto shift = huge ? static_cast<unsigned>(std::countr_zero(page_size(pages))) : 0;
  const sys::segment_id made = sys::make_segment(name.key, bytes, mode, shift);
  if (made.error != 0) fail_make(made.error, "creating '" + name.text + "'", bytes, huge);
  return std::make_unique<sysv_object>(made.id, true, huge ? page_size(pages) : sys::page_size());
}

std::unique_ptr<segment_object> open_sysv(const segment_name& name) {
  if (name.key == 0)
    throw error(errc::invalid_name,
                "segment name 'private': such segments have no name, attach_id() takes their id");
  const sys::segment_id found = sys::find_segment(name.key);
  if (found.error != 0) fail(found.error, "opening '" + name.text + "'");
  return std::make_unique<sysv_object>(found.id, false, 0);
}

std::unique_ptr<segment_object> take_id(int shmid) {
  sys::segment_status s;
  if (const int e = sys::status_of_segment(shmid, s)) fail(e, title(shmid));
  return std::make_unique<sysv_object>(shmid, false, 0);
}

bool remove_id(int shmid) {
  const int e = sys::remove_segment(shmid);
  if (e == EINVAL || e == EIDRM) return false;
  if (e != 0) fail(e, "removing " + title(shmid));
  return true;
}

bool remove_unfinished(std::string_view name) {
  const segment_name checked(segment_backend::sysv, name);
  const sys::segment_id found = sys::find_segment(checked.key);
  if (checked.key == 0 || found.error != 0) return false;
  const sysv_object object(found.id, false, 0);
  const object_facts facts = object.facts();
  if (facts.owner != sys::own_user()) return false;
  try {
    const segment_record record = decode(object.read_record(), facts.bytes);
    return !record.ready && state_of_creator(record) == creator_state::gone && remove_id(found.id);
  } catch (const error&) {
    return false;  // not acre's
  }
}

}  // namespace acre
