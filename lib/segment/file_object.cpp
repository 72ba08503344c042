// Segments that are files: of tmpfs in /dev/shm, and memfds.
#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "segment/segment_object.hpp"

namespace acre {
namespace {

[[noreturn]] void fail(int e, const std::string& what) {
  switch (e) {
    case EACCES:
    case EPERM:
    case EROFS:
      throw error(errc::permission_denied, "segment: " + what + ": the system denies it");
    case EEXIST:
      throw error(errc::name_in_use, "segment: " + what + ": a segment or file of that name exists");
    case ENOENT:
      throw error(errc::no_such_segment, "segment: " + what + ": there is none");
    case ELOOP:
      throw error(errc::foreign_segment, "segment: " + what + ": it is a symbolic link");
    case ENXIO:
    case EISDIR:
    case ENODEV:
      throw error(errc::foreign_segment, "segment: " + what + ": it is no regular file");
    case ENAMETOOLONG:
      throw error(errc::invalid_name, "segment: " + what + ": the name is too long");
    default:
      throw error(std::error_code(e, std::system_category()), "segment: " + what);
  }
}

/// Lack of something, of a segment of so many bytes.
[[noreturn]] void fail_space(int e, std::uint64_t bytes) {
  switch (e) {
    case ENOSPC:
      throw allocation_error(errc::no_space, bytes, "", "the file system of shared memory is full");
    case EFBIG:
    case EOVERFLOW:
    case EINVAL:
      throw error(errc::invalid_size,
                  "segment: " + std::to_string(bytes) +
                      " bytes are more than a file can have, or this process's files (RLIMIT_FSIZE)");
    case ENOMEM:
      throw allocation_error(errc::out_of_memory, bytes, "", "the kernel has no memory for the segment");
    default:
      throw error(std::error_code(e, std::system_category()),
                  "segment of " + std::to_string(bytes) + " bytes");
  }
}

class file_object final : public segment_object {
 public:
  /// Takes the descriptor over.
  /// \param name that publish() gives it; empty: none
  file_object(int file, std::string name) noexcept : x_file(file), x_name(std::move(name)) {}
  ~file_object() override { sys::close(x_file); }

  object_facts facts() const override {
    const sys::file_status s = status();
    return {.bytes = s.bytes,
            .owner = s.owner,
            .mode = s.mode,
            .huge_page = s.system == sys::file_status::hugetlbfs ? s.block : 0,
            .sealed = sys::is_shrink_sealed(x_file)};
  }

  mapping map(std::size_t bytes, page_kind pages, const map_wish& wish) const override {
    try {
      return mapping(bytes, {.pages = pages,
                             .sharing = sharing::shared,
                             .access = wish.access,
                             .address = wish.address,
                             .use = wish.use,
                             .file = x_file});
    } catch (const allocation_error& e) {
      if (e.code() != std::error_code(EPERM, std::system_category())) throw;
      throw error(errc::permission_denied,
                  "segment: it is sealed against writing (F_SEAL_WRITE); access::read_only would do");
    }
  }

  record_bytes read_record() const override {
    record_bytes page{};
    const std::uint64_t bytes = status().bytes;
    if (bytes < record_size) return page;
    const int e = sys::read_at(x_file, bytes - record_size, page.data(), page.size());
    if (e == ENODATA) return {};  // shrunk in between
    if (e != 0) fail(e, "reading its header");
    return page;
  }

  void write_record(const record_bytes& page) override {
    const object_facts now = facts();
    if (now.huge_page != 0) return write_huge(page, now);
    if (now.bytes < record_size) throw error(errc::foreign_segment, "segment: somebody truncated it");
    const int e = sys::write_at(x_file, now.bytes - record_size, page.data(), page.size());
    if (e != 0) fail_space(e, now.bytes);
  }

  void publish() override {
    if (x_name.empty()) return;
    if (const int e = sys::name_shared(x_file, x_name.c_str())) fail(e, "creating '" + x_name + "'");
  }

  void seal() noexcept override { sys::seal_size(x_file); }
  int file() const noexcept override { return x_file; }

  /// Room for the whole object: nothing is reserved by it, but what is hopeless is said before any page is touched.
  void require_room(std::uint64_t bytes) const {
    const std::uint64_t free = status().free_bytes;
    if (bytes <= free) return;
    throw allocation_error(
        errc::no_space, bytes, "",
        "/dev/shm has " + format_bytes_rounded(free) + " left; memfd segments have no such limit");
  }

 private:
  sys::file_status status() const {
    sys::file_status s;
    if (const int e = sys::status_of(x_file, s)) fail(e, "looking at it");
    return s;
  }

  /// hugetlbfs cannot be written to, only mapped (Linux 6.12).
  void write_huge(const record_bytes& page, const object_facts& now) const {
    const page_kind kind =
        now.huge_page == page_size(page_kind::huge_1gb) ? page_kind::huge_1gb : page_kind::huge_2mb;
    const mapping last(
        now.huge_page,
        {.pages = kind, .sharing = sharing::shared, .file = x_file, .offset = now.bytes - now.huge_page});
    std::memcpy(static_cast<std::byte*>(last.data()) + last.size() - record_size, page.data(), page.size());
  }

  int x_file;
  std::string x_name;
};

unsigned shift_of(page_kind pages) noexcept {
  const bool huge = pages == page_kind::huge_2mb || pages == page_kind::huge_1gb;
  return huge ? static_cast<unsigned>(std::countr_zero(page_size(pages))) : 0;
}

std::unique_ptr<file_object> sized(std::unique_ptr<file_object> object, std::uint64_t bytes) {
  if (const int e = sys::resize(object->file(), bytes)) fail_space(e, bytes);
  object->require_room(bytes);
  return object;
}

/// A file whose pages keep policies, or an error.
void require_shared_memory(int file) {
  sys::file_status s;
  if (const int e = sys::status_of(file, s)) {
    if (e == EBADF)
      throw error(errc::invalid_argument,
                  "segment: the file descriptor " + std::to_string(file) + " is not open");
    fail(e, "looking at it");
  }
  if (!s.regular) throw error(errc::foreign_segment, "segment: it is no regular file");
  if (s.system == sys::file_status::other) {
    throw error(
        errc::invalid_argument,
        "segment: the file is not of tmpfs or hugetlbfs: the kernel ignores memory policies of its pages");
  }
}

}  // namespace

std::unique_ptr<segment_object> make_file(const segment_name& name, std::uint64_t bytes, unsigned mode) {
  const sys::opened made = sys::make_unnamed_shared(mode);
  if (made.error == ENOSPC) fail_space(made.error, bytes);
  if (made.error == ENOENT || made.error == EOPNOTSUPP)
    throw error(std::error_code(made.error, std::system_category()), "segment: /dev/shm is no tmpfs");
  if (made.error != 0) fail(made.error, "creating '" + name.text + "'");
  return sized(std::make_unique<file_object>(made.file, name.text), bytes);
}

std::unique_ptr<segment_object> make_memory_file(const segment_name& name, std::uint64_t bytes,
                                                 page_kind pages) {
  const unsigned shift = shift_of(pages);
  const sys::opened made = sys::make_memfd(name.text.c_str(), shift);
  if (shift != 0 && (made.error == EINVAL || made.error == ENODEV || made.error == ENOENT))
    throw allocation_error(errc::no_huge_pages, bytes, "", "this kernel has no huge pages of that size");
  if (made.error != 0) fail(made.error, "memfd_create(2)");
  return sized(std::make_unique<file_object>(made.file, ""), bytes);
}

std::unique_ptr<segment_object> open_file(const segment_name& name, bool writable) {
  const sys::opened found = sys::open_shared(name.text.c_str(), writable);
  if (found.error != 0) fail(found.error, "opening '" + name.text + "'");
  auto object = std::make_unique<file_object>(found.file, name.text);
  require_shared_memory(found.file);
  return object;
}

std::unique_ptr<segment_object> take_file(int file, bool writable) {
  require_shared_memory(file);
  sys::file_status s;
  sys::status_of(file, s);
  if (!s.readable) {
    throw error(errc::permission_denied,
                "segment: the file descriptor " + std::to_string(file) + " is not open for reading");
  }
  if (writable && !s.writable) {
    throw error(errc::permission_denied, "segment: the file descriptor " + std::to_string(file) +
                                             " is open for reading only; access::read_only would do");
  }
  const sys::opened copy = sys::duplicate(file);
  if (copy.error != 0) fail(copy.error, "duplicating its file descriptor");
  return std::make_unique<file_object>(copy.file, "");
}

bool unlink_file(const std::string& name) {
  const int e = sys::unlink_shared(name.c_str());
  if (e == ENOENT) return false;
  if (e != 0) fail(e, "removing '" + name + "'");
  return true;
}

}  // namespace acre
