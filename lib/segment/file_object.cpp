// Segments that are files: of tmpfs in /dev/shm, and memfds.
#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "segment/segment_errors.hpp"
#include "segment/segment_object.hpp"
#include "sys/pages.hpp"
#include "sys/shared.hpp"

namespace acre::inline v1 {
namespace {

class file_object final : public segment_object {
 public:
  enum class stage_of_life { being_made, there };

  /// Has no descriptor yet: take() gives it one when nothing can fail any more.
  /// \param name that publish() gives it; empty: none
  file_object(segment_backend backend, std::string name, stage_of_life stage) noexcept
      : x_backend(backend), x_name(std::move(name)), x_stage(stage) {}
  ~file_object() override {
    if (x_file >= 0) sys::close(x_file);
  }
  void take(int file) noexcept { x_file = file; }

  segment_backend backend() const noexcept override { return x_backend; }

  object_facts facts() const override {
    const sys::file_status s = status();
    if (!s.regular) throw error(errc::foreign_segment, "segment: it is no regular file");
    return {.bytes = s.bytes, .owner = s.owner, .maker = s.owner, .mode = s.mode};
  }

  std::optional<std::uint64_t> present() const override { return status().present; }

  std::string name() const override { return x_name; }

  std::size_t huge_page() const override { return x_huge_page; }

  mapping map(std::size_t bytes, page_kind kind, const map_wish& wish) const override {
    return mapping(bytes, {.page_kind = kind,
                           .sharing = sharing::shared,
                           .access = wish.access,
                           .address = wish.address,
                           .use = wish.use,
                           .file = x_file});
  }

  header_bytes read_header(std::uint64_t bytes) const override {
    header_bytes page{};
    if (bytes < header_size) return page;
    const int e = sys::read_at(x_file, bytes - header_size, page.data(), page.size());
    if (e == ENODATA) return {};
    if (e != 0) fail_call(e, "reading its header");
    return page;
  }

  void write_header(const header_bytes& page, std::uint64_t bytes, const mapping&) override {
    if (x_huge_page != 0) return write_huge(page, bytes);
    if (x_stage == stage_of_life::being_made && write_first_page(page, bytes)) return;
    // Where shared memory gets transparent huge pages unasked, pwrite(2) would make one, with data in it.
    const std::size_t unit = sys::page_size();
    const mapping last(unit, {.sharing = sharing::shared, .file = x_file, .offset = bytes - unit});
    sys::refuse_huge_pages(last.data(), last.size());
    if (sys::populate(last.data(), last.size()) == EFAULT) fail_room(ENOSPC, bytes, false);
    // Not by the mapping: somebody may shrink the file now.
    write(page, bytes);
  }

  void publish() override {
    x_stage = stage_of_life::there;
    if (x_name.empty()) return;
    const int e = sys::name_shared(x_file, x_name.c_str());
    if (e == ENOENT)
      throw error(std::error_code(e, std::system_category()),
                  "segment: naming it needs /proc before Linux 6.10");
    if (e != 0) fail_call(e, "creating '" + x_name + "'");
  }

  bool seal() noexcept override { return sys::seal_size(x_file); }
  bool is_sealed() const noexcept override { return sys::is_shrink_sealed(x_file); }
  int file() const noexcept override { return x_file; }

  /// Gives a new one its size. Nothing is reserved.
  void resize(std::uint64_t bytes) const {
    const int e = sys::resize(x_file, bytes);
    if (e == EINVAL) fail_room(EFBIG, bytes, false);
    if (e != 0) fail_room(e, bytes, x_huge_page != 0);
  }

  /// What is hopeless is said before any page is touched.
  /// \param free bytes of the file system
  static void require_room(std::uint64_t bytes, std::uint64_t free) {
    if (bytes <= free) return;
    throw allocation_error(errc::no_space, bytes, "",
                           "/dev/shm has " + format_bytes_rounded(free) + " left" +
                               (bytes - header_size <= free ? ", and the header takes some, too" : ""));
  }

  void made_of(std::size_t huge_page) noexcept { x_huge_page = huge_page; }

  /// \returns bytes that its file system has left
  /// \throws error errc::invalid_argument if its pages keep no policies
  std::uint64_t require_policies() {
    sys::file_system system;
    if (const int e = sys::file_system_of(x_file, system)) fail_call(e, "looking at it");
    if (system.kind == sys::file_system::other) {
      throw error(
          errc::invalid_argument,
          "segment: the file is not of tmpfs or hugetlbfs: the kernel ignores memory policies of its pages");
    }
    if (system.kind == sys::file_system::hugetlbfs) x_huge_page = system.block;
    return system.free_bytes;
  }

  void require_access(bool writable) const {
    sys::file_access can;
    if (const int e = sys::access_of(x_file, can)) fail_call(e, "looking at it");
    if (!can.readable)
      throw error(errc::permission_denied, "segment: the file descriptor is not open for reading");
    if (writable && sys::is_write_sealed(x_file)) {
      throw error(errc::permission_denied,
                  "segment: it is sealed against writing (F_SEAL_WRITE); access::read_only would do");
    }
    if (writable && !can.writable) {
      throw error(errc::permission_denied,
                  "segment: the file descriptor is open for reading only; access::read_only would do");
    }
  }

 private:
  sys::file_status status() const {
    sys::file_status s;
    if (const int e = sys::status_of(x_file, s)) fail_call(e, "looking at it");
    return s;
  }

  void write(const header_bytes& page, std::uint64_t bytes) const {
    if (const int e = sys::write_at(x_file, bytes - header_size, page.data(), page.size()))
      fail_room(e, bytes, false);
  }

  /// Without a mapping, where the file has no page yet.
  /// \returns false if it has, or came to have more than one: then it has none, and the header must be written
  bool write_first_page(const header_bytes& page, std::uint64_t bytes) const {
    if (status().present != 0) return false;
    write(page, bytes);
    if (status().present <= std::max(sys::page_size(), header_size)) return true;
    resize(0);
    resize(bytes);
    return false;
  }

  /// hugetlbfs cannot be written to, only mapped (Linux 6.12).
  void write_huge(const header_bytes& page, std::uint64_t bytes) const {
    const page_kind kind =
        x_huge_page == page_size(page_kind::huge_2mb) ? page_kind::huge_2mb : page_kind::huge_1gb;
    const mapping last(
        x_huge_page,
        {.page_kind = kind, .sharing = sharing::shared, .file = x_file, .offset = bytes - x_huge_page});
    if (sys::populate(last.data(), last.size()) == EFAULT) fail_room(ENOMEM, bytes, true);
    std::memcpy(static_cast<std::byte*>(last.data()) + x_huge_page - header_size, page.data(), page.size());
  }

  segment_backend x_backend;
  int x_file = -1;
  std::string x_name;
  stage_of_life x_stage;
  std::size_t x_huge_page = 0;
};

}  // namespace

void require_unused(const segment_name& name) {
  if (sys::is_shared_name(name.text.c_str())) fail_call(EEXIST, "creating '" + name.text + "'");
}

std::unique_ptr<segment_object> make_file(const segment_name& name, std::uint64_t bytes, unsigned mode) {
  auto object =
      std::make_unique<file_object>(name.backend, name.text, file_object::stage_of_life::being_made);
  const sys::opened made = sys::make_unnamed_shared(mode);
  object->take(made.file);
  if (made.error == ENOSPC) fail_room(made.error, bytes, false);
  if (made.error == ENOENT || made.error == EOPNOTSUPP)
    throw error(std::error_code(made.error, std::system_category()), "segment: /dev/shm is no tmpfs");
  if (made.error != 0) fail_call(made.error, "creating '" + name.text + "'");
  const std::uint64_t free = object->require_policies();
  object->resize(bytes);
  file_object::require_room(bytes, free);
  return object;
}

std::unique_ptr<segment_object> make_memory_file(const segment_name& name, std::uint64_t bytes,
                                                 page_kind kind, unsigned mode) {
  auto object = std::make_unique<file_object>(name.backend, "", file_object::stage_of_life::being_made);
  const unsigned shift = hugetlb_shift(kind);
  const sys::opened made = sys::make_memfd(name.text.c_str(), shift, mode);
  object->take(made.file);
  if (shift != 0 && (made.error == EINVAL || made.error == ENODEV || made.error == ENOENT))
    throw allocation_error(errc::no_huge_pages, bytes, "", "this kernel has no huge pages of that size");
  if (made.error != 0) fail_call(made.error, "memfd_create(2)");
  if (shift != 0) object->made_of(std::size_t{1} << shift);
  object->resize(bytes);
  return object;
}

std::unique_ptr<segment_object> open_file(const segment_name& name, intent what_for) {
  auto object = std::make_unique<file_object>(name.backend, name.text, file_object::stage_of_life::there);
  const sys::opened found = sys::open_shared(name.text.c_str(), what_for == intent::attach_to_write);
  object->take(found.file);
  if (found.error != 0) fail_call(found.error, "opening '" + name.text + "'");
  object->require_policies();
  return object;
}

std::unique_ptr<segment_object> take_file(int file, intent what_for) {
  auto object = std::make_unique<file_object>(segment_backend::memfd, "", file_object::stage_of_life::there);
  const sys::opened copy = sys::duplicate(file);
  object->take(copy.file);
  if (copy.error == EBADF)
    throw error(errc::invalid_argument,
                "segment: the file descriptor " + std::to_string(file) + " is not open");
  if (copy.error != 0) fail_call(copy.error, "duplicating its file descriptor");
  object->require_access(what_for == intent::attach_to_write);
  static_cast<void>(object->facts());  // what is no file has no policies either
  object->require_policies();
  return object;
}

bool unlink_file(const std::string& name) {
  const int e = sys::unlink_shared(name.c_str());
  if (e == ENOENT) return false;
  if (e != 0) fail_call(e, "removing '" + name + "'");
  return true;
}

}  // namespace acre::inline v1
