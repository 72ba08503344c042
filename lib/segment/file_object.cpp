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
  /// Has no descriptor yet: take() gives it one when nothing can fail any more.
  /// \param name that publish() gives it; empty: none
  file_object(segment_backend backend, std::string name) noexcept
      : x_backend(backend), x_name(std::move(name)) {}
  ~file_object() override {
    if (x_file >= 0) sys::close(x_file);
  }
  void take(int file) noexcept { x_file = file; }

  segment_backend backend() const noexcept override { return x_backend; }

  object_facts facts() const override {
    const sys::file_status s = status();
    return {.bytes = s.bytes,
            .present = s.present,
            .owner = s.owner,
            .maker = s.owner,
            .mode = s.mode,
            .sealed = sys::is_shrink_sealed(x_file)};
  }

  std::string name() const override { return x_name; }

  std::size_t huge_page() const override {
    const sys::file_status s = status();
    return s.system == sys::file_status::hugetlbfs ? s.block : 0;
  }

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

  void write_header(const header_bytes& page, std::uint64_t bytes) override {
    if (const std::size_t huge = huge_page()) return write_huge(page, bytes, huge);
    // Where shared memory gets transparent huge pages unasked, pwrite(2) would make one, with data in it.
    const std::size_t unit = sys::page_size();
    const mapping last(unit, {.sharing = sharing::shared, .file = x_file, .offset = bytes - unit});
    sys::refuse_huge_pages(last.data(), last.size());
    int e = sys::populate(last.data(), last.size());
    if (e == EFAULT) fail_room(ENOSPC, bytes, false);
    // Not by the mapping: somebody may shrink the file now.
    e = sys::write_at(x_file, bytes - header_size, page.data(), page.size());
    if (e != 0) fail_room(e, bytes, false);
  }

  void publish() override {
    if (x_name.empty()) return;
    const int e = sys::name_shared(x_file, x_name.c_str());
    if (e == ENOENT)
      throw error(std::error_code(e, std::system_category()),
                  "segment: naming it needs /proc before Linux 6.10");
    if (e != 0) fail_call(e, "creating '" + x_name + "'");
  }

  void seal() noexcept override { sys::seal_size(x_file); }
  int file() const noexcept override { return x_file; }

  /// Gives a new one its size. Nothing is reserved, but what is hopeless is said before any page is touched.
  void resize(std::uint64_t bytes) {
    const int e = sys::resize(x_file, bytes);
    if (e == EINVAL) fail_room(EFBIG, bytes, false);
    if (e != 0) fail_room(e, bytes, huge_page() != 0);
    const std::uint64_t free = status().free_bytes;
    if (bytes <= free) return;
    throw allocation_error(errc::no_space, bytes, "",
                           "/dev/shm has " + format_bytes_rounded(free) + " left" +
                               (bytes - header_size <= free ? ", and the header takes some, too" : ""));
  }

  /// \throws error errc::foreign_segment, errc::invalid_argument if its pages keep no policies
  void require_shared_memory() const {
    const sys::file_status s = status();
    if (!s.regular) throw error(errc::foreign_segment, "segment: it is no regular file");
    if (s.system == sys::file_status::other) {
      throw error(
          errc::invalid_argument,
          "segment: the file is not of tmpfs or hugetlbfs: the kernel ignores memory policies of its pages");
    }
  }

  void require_access(bool writable) const {
    const sys::file_status s = status();
    if (!s.readable)
      throw error(errc::permission_denied, "segment: the file descriptor is not open for reading");
    if (writable && sys::is_write_sealed(x_file)) {
      throw error(errc::permission_denied,
                  "segment: it is sealed against writing (F_SEAL_WRITE); access::read_only would do");
    }
    if (writable && !s.writable) {
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

  /// hugetlbfs cannot be written to, only mapped (Linux 6.12).
  void write_huge(const header_bytes& page, std::uint64_t bytes, std::size_t huge) const {
    const page_kind kind = huge == page_size(page_kind::huge_2mb) ? page_kind::huge_2mb : page_kind::huge_1gb;
    const mapping last(
        huge, {.page_kind = kind, .sharing = sharing::shared, .file = x_file, .offset = bytes - huge});
    if (sys::populate(last.data(), last.size()) == EFAULT) fail_room(ENOMEM, bytes, true);
    std::memcpy(static_cast<std::byte*>(last.data()) + huge - header_size, page.data(), page.size());
  }

  segment_backend x_backend;
  int x_file = -1;
  std::string x_name;
};

}  // namespace

std::unique_ptr<segment_object> make_file(const segment_name& name, std::uint64_t bytes, unsigned mode) {
  // publish() is what decides; this spares the work in most cases.
  if (sys::is_shared_name(name.text.c_str())) fail_call(EEXIST, "creating '" + name.text + "'");
  auto object = std::make_unique<file_object>(name.backend, name.text);
  const sys::opened made = sys::make_unnamed_shared(mode);
  object->take(made.file);
  if (made.error == ENOSPC) fail_room(made.error, bytes, false);
  if (made.error == ENOENT || made.error == EOPNOTSUPP)
    throw error(std::error_code(made.error, std::system_category()), "segment: /dev/shm is no tmpfs");
  if (made.error != 0) fail_call(made.error, "creating '" + name.text + "'");
  object->require_shared_memory();
  object->resize(bytes);
  return object;
}

std::unique_ptr<segment_object> make_memory_file(const segment_name& name, std::uint64_t bytes,
                                                 page_kind kind, unsigned mode) {
  auto object = std::make_unique<file_object>(name.backend, "");
  const unsigned shift = hugetlb_shift(kind);
  const sys::opened made = sys::make_memfd(name.text.c_str(), shift, mode);
  object->take(made.file);
  if (shift != 0 && (made.error == EINVAL || made.error == ENODEV || made.error == ENOENT))
    throw allocation_error(errc::no_huge_pages, bytes, "", "this kernel has no huge pages of that size");
  if (made.error != 0) fail_call(made.error, "memfd_create(2)");
  object->resize(bytes);
  return object;
}

std::unique_ptr<segment_object> open_file(const segment_name& name, bool writable) {
  auto object = std::make_unique<file_object>(name.backend, name.text);
  const sys::opened found = sys::open_shared(name.text.c_str(), writable);
  object->take(found.file);
  if (found.error != 0) fail_call(found.error, "opening '" + name.text + "'");
  object->require_shared_memory();
  return object;
}

std::unique_ptr<segment_object> take_file(int file, bool writable) {
  auto object = std::make_unique<file_object>(segment_backend::memfd, "");
  const sys::opened copy = sys::duplicate(file);
  object->take(copy.file);
  if (copy.error == EBADF)
    throw error(errc::invalid_argument,
                "segment: the file descriptor " + std::to_string(file) + " is not open");
  if (copy.error != 0) fail_call(copy.error, "duplicating its file descriptor");
  object->require_access(writable);
  object->require_shared_memory();
  return object;
}

bool unlink_file(const std::string& name) {
  const int e = sys::unlink_shared(name.c_str());
  if (e == ENOENT) return false;
  if (e != 0) fail_call(e, "removing '" + name + "'");
  return true;
}

}  // namespace acre::inline v1
