// System V segments.
#include <acre/error.hpp>

#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <utility>

#include "area/huge_page_fallback.hpp"
#include "observe/page_range.hpp"
#include "segment/segment_errors.hpp"
#include "segment/segment_object.hpp"
#include "sys/pages.hpp"
#include "sys/processes.hpp"
#include "sys/sysv.hpp"

namespace acre::inline v1 {
namespace {

// A key is seen by all from the first moment on, and looking into a segment to see whether it is one of acre's would
// change it: pages come into existence, and others that count attachments are misled. Permission to execute means
// nothing here but to shmat(SHM_EXEC), so those bits tell: made with the one mark, and given the other when all is
// done.
constexpr unsigned mark_bits = 0111;
constexpr unsigned unfinished_mark = 0011;
constexpr unsigned finished_mark = 0001;
constexpr unsigned creators_mode = 0600 | unfinished_mark;

object_stage stage_of(unsigned mode) noexcept {
  if ((mode & mark_bits) == finished_mark) return object_stage::open;
  return (mode & mark_bits) == unfinished_mark ? object_stage::unfinished : object_stage::foreign;
}

/// EINVAL is what the kernel says of an id that nobody has.
[[noreturn]] void fail(int e, const std::string& what) { fail_call(e == EINVAL ? ENOENT : e, what); }

std::string title(int id) { return "id " + std::to_string(id); }

std::string key_text(key_t key) {
  if (key == 0) return "private";
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", static_cast<unsigned>(key));
  return text;
}

sys::segment_status status_of(int id) {
  sys::segment_status s;
  if (const int e = sys::status_of_segment(id, s)) fail(e, title(id));
  return s;
}

/// Detaches at its end.
class attachment {
 public:
  attachment(int id, const map_wish& wish) {
    const bool writable = wish.access == access::read_write;
    sys::attached a = sys::attach_segment(id, wish.address, writable);
    if (a.error != 0 && wish.address != nullptr) {
      const bool taken = a.error == EINVAL || a.error == ENOMEM;
      if (taken && wish.use == address_use::exact)
        throw error(errc::address_in_use,
                    "segment " + title(id) + ": the exact address is in use, or cannot be used");
      if (taken) a = sys::attach_segment(id, nullptr, writable);
    }
    if (a.error == ENOMEM)
      throw allocation_error(errc::out_of_memory, 0, "", "no addresses left to attach it");
    if (a.error != 0) fail(a.error, "attaching " + title(id));
    x_data = a.data;
  }
  ~attachment() {
    if (x_data != nullptr) sys::detach_segment(x_data);
  }
  attachment(attachment&& other) noexcept : x_data(std::exchange(other.x_data, nullptr)) {}
  attachment& operator=(attachment&&) = delete;

  std::byte* data() const noexcept { return static_cast<std::byte*>(x_data); }
  void* release() noexcept { return std::exchange(x_data, nullptr); }

 private:
  void* x_data;
};

/// Once it was looked at, has the segment attached as long as it lives: where kernel.shm_rmid_forced is set it would
/// end with its last attachment. Neither the size nor the pages of a segment ever change.
class sysv_object final : public segment_object {
 public:
  /// One that is there.
  sysv_object(int id, std::uint64_t bytes, intent what_for) : x_id(id), x_bytes(bytes), x_intent(what_for) {}
  /// A new one: ends with this if it is not published.
  /// \param page bytes of its pages
  sysv_object(int id, std::uint64_t bytes, std::size_t page)
      : x_id(id), x_bytes(bytes), x_intent(intent::attach_to_write), x_owned(true), x_page(page) {}
  ~sysv_object() override {
    if (x_owned) sys::remove_segment(x_id);
  }
  void when_done(unsigned mode) noexcept { x_mode_when_done = mode; }

  segment_backend backend() const noexcept override { return segment_backend::sysv; }

  object_facts facts() const override {
    const sys::segment_status s = status_of(x_id);
    object_facts f{
        .bytes = s.bytes, .owner = s.owner, .maker = s.maker, .mode = s.mode, .stage = stage_of(s.mode)};
    if (f.stage != object_stage::foreign) f.mode &= ~mark_bits;
    return f;
  }

  std::optional<std::uint64_t> present() const override {
    const object_facts f = facts();
    // Acre's hugetlb segments are all there from the beginning.
    return f.stage == object_stage::open && huge_page() != 0 ? std::optional(f.bytes) : std::nullopt;
  }

  std::string name() const override { return key_text(status_of(x_id).key); }
  pid_t creator() const override { return status_of(x_id).creator; }

  std::size_t huge_page() const override {
    std::size_t page = known_page();
    if (page == 0) page = pages_of(held());
    return page == sys::page_size() ? 0 : page;
  }

  mapping map(std::size_t, page_kind kind, const map_wish& wish) const override {
    step_aside(wish.address);
    attachment a(x_id, wish);
    if (kind == page_kind::transparent_huge) sys::want_huge_pages(a.data(), x_bytes);
    const std::size_t page = pages_of(a);
    return mapping::adopt(a.release(), (x_bytes + page - 1) / page * page, kind);
  }

  header_bytes read_header(std::uint64_t bytes) const override {
    header_bytes page{};
    if (bytes != x_bytes || bytes < header_size || bytes % sys::page_size() != 0) return page;
    std::memcpy(page.data(), held().data() + bytes - header_size, page.size());
    return page;
  }

  void write_header(const header_bytes& page, std::uint64_t bytes, const mapping& mapped) override {
    std::byte* const header = static_cast<std::byte*>(mapped.data()) + bytes - header_size;
    if (mapped.page_kind() == page_kind::transparent_huge)
      sys::refuse_huge_pages(page_start(header), sys::page_size());
    std::memcpy(header, page.data(), page.size());
  }

  void publish() override {
    if (const int e = sys::set_segment_mode(x_id, (x_mode_when_done & ~mark_bits) | finished_mark))
      fail(e, "finishing " + title(x_id));
    x_owned = false;
  }

  int id() const noexcept override { return x_id; }

 private:
  static void* page_start(std::byte* p) noexcept {
    return p - reinterpret_cast<std::uintptr_t>(p) % sys::page_size();
  }

  const attachment& held() const {
    const std::lock_guard lock(x_mutex);
    if (!x_held) {
      // Away from where the segment may be wanted exactly; for a look where the kernel has page tables already.
      void* const address = x_intent == intent::look ? nullptr : shared_address();
      x_held = std::make_unique<attachment>(x_id, map_wish{.access = access::read_only, .address = address});
    }
    return *x_held;
  }

  /// Where nothing can lie at shared_address() (processors with fewer bits of address, ThreadSanitizer) the kernel may
  /// have put what is held where the segment is wanted.
  void step_aside(const void* wanted) const {
    const std::lock_guard lock(x_mutex);
    if (!x_held || wanted == nullptr) return;
    const auto at = reinterpret_cast<std::uintptr_t>(x_held->data());
    const auto begin = reinterpret_cast<std::uintptr_t>(wanted);
    if (at < begin + x_bytes && begin < at + x_bytes) x_held = nullptr;
  }

  std::size_t known_page() const {
    const std::lock_guard lock(x_mutex);
    return x_page;
  }

  std::size_t pages_of(const attachment& a) const {
    const std::lock_guard lock(x_mutex);
    // Hugetlb pages cannot be made cold: where others can, nothing has to be looked up.
    if (x_page == 0 && sys::make_cold(a.data(), sys::page_size()) == 0) x_page = sys::page_size();
    if (x_page == 0) x_page = kernel_page_size(a.data());
    return x_page;
  }

  const int x_id;
  const std::uint64_t x_bytes;
  const intent x_intent;
  unsigned x_mode_when_done = 0;
  bool x_owned = false;
  mutable std::mutex x_mutex;  ///< for the two below, found out when they are asked for
  mutable std::unique_ptr<attachment> x_held;
  mutable std::size_t x_page = 0;  ///< 0: not known yet
};

[[noreturn]] void fail_make(int e, const segment_name& name, std::uint64_t bytes, bool huge) {
  if (e == EINVAL) {
    throw allocation_error(huge ? errc::no_huge_pages : errc::no_space, bytes, "",
                           huge ? "this kernel has no huge pages of that size" : "kernel.shmmax is smaller");
  }
  if (e == ENOSPC)
    throw allocation_error(errc::no_space, bytes, "", "kernel.shmmni or kernel.shmall is reached");
  if (e == ENOMEM) fail_room(e, bytes, huge);
  if (e == EPERM && huge) {
    throw error(errc::permission_denied,
                "segment: huge pages of System V are for members of vm.hugetlb_shm_group and CAP_IPC_LOCK");
  }
  // The key of somebody else's segment.
  fail_call(e == EACCES ? EEXIST : e, "creating '" + name.text + "'");
}

}  // namespace

unsigned hugetlb_shift(page_kind kind) noexcept {
  return is_hugetlb(kind) ? static_cast<unsigned>(std::countr_zero(page_size(kind))) : 0;
}

std::unique_ptr<segment_object> make_sysv(const segment_name& name, std::uint64_t bytes, page_kind kind,
                                          unsigned mode) {
  const unsigned shift = hugetlb_shift(kind);
  const sys::segment_id made = sys::make_segment(name.key, bytes, creators_mode, shift);
  if (made.error != 0) fail_make(made.error, name, bytes, shift != 0);
  std::unique_ptr<sysv_object> object;
  try {
    object = std::make_unique<sysv_object>(made.id, bytes,
                                           shift == 0 ? sys::page_size() : std::size_t{1} << shift);
  } catch (...) {
    sys::remove_segment(made.id);
    throw;
  }
  object->when_done(mode);
  return object;
}

std::unique_ptr<segment_object> open_sysv(const segment_name& name, intent what_for) {
  if (name.key == 0)
    throw error(errc::invalid_name, "segment name 'private': such segments have no name, only an id");
  const sys::segment_id found = sys::find_segment(name.key);
  if (found.error != 0) fail(found.error, "opening '" + name.text + "'");
  return take_id(found.id, what_for);
}

std::unique_ptr<segment_object> take_id(int shmid, intent what_for) {
  return std::make_unique<sysv_object>(shmid, status_of(shmid).bytes, what_for);
}

bool remove_id(int shmid) {
  const int e = sys::remove_segment(shmid);
  if (e == EINVAL || e == EIDRM) return false;
  if (e != 0) fail(e, "removing " + title(shmid));
  return true;
}

bool remove_unfinished(key_t key) {
  const sys::segment_id found = sys::find_segment(key);
  sys::segment_status s;
  if (key == 0 || found.error != 0 || sys::status_of_segment(found.id, s) != 0) return false;
  const bool own = s.owner == sys::own_user() && s.maker == sys::own_user();
  if (!own || stage_of(s.mode) != object_stage::unfinished) return false;
  if (sys::state_of_process(s.creator) != sys::process_state::gone) return false;
  return sys::remove_segment(found.id) == 0;
}

}  // namespace acre::inline v1
