#include "segment/segment_errors.hpp"

#include <cerrno>

namespace acre::inline v1 {

void reject(const std::string& why) { throw error(errc::foreign_segment, "segment: " + why); }

void fail_call(int e, const std::string& what) {
  const auto fail = [&](errc code, const char* why) { throw error(code, "segment: " + what + ": " + why); };
  switch (e) {
    case EACCES:
    case EPERM:
      fail(errc::permission_denied, "the system denies it");
      break;
    case EROFS:
      fail(errc::permission_denied, "the file system is read-only");
      break;
    case EEXIST:
      fail(errc::name_in_use, "a segment or file of that name exists");
      break;
    case ENOENT:
    case EIDRM:
      fail(errc::no_such_segment, "there is none");
      break;
    case ELOOP:
      fail(errc::foreign_segment, "it is a symbolic link");
      break;
    case ENXIO:
    case EISDIR:
    case ENODEV:
      fail(errc::foreign_segment, "it is no regular file");
      break;
    case ENAMETOOLONG:
      fail(errc::invalid_name, "the name is too long");
      break;
    default:
      break;
  }
  throw error(std::error_code(e, std::system_category()), "segment: " + what);
}

void fail_room(int e, std::uint64_t bytes, bool huge) {
  const auto fail = [&](errc code, const char* why) { throw allocation_error(code, bytes, "", why); };
  switch (e) {
    case ENOSPC:
      fail(errc::no_space, "/dev/shm is full");
      break;
    case ENOMEM:
      fail(huge ? errc::no_huge_pages : errc::out_of_memory,
           huge ? "not enough free huge pages in the pool" : "the kernel grants no memory for it");
      break;
    case EFBIG:
    case EOVERFLOW:
      fail(errc::no_space, "it is more than a file can have, or this process's files (RLIMIT_FSIZE)");
      break;
    default:
      break;
  }
  throw error(std::error_code(e, std::system_category()), "segment: making room for it");
}

void fail_commit(const error& why, std::uint64_t bytes, const std::string& where) {
  const std::error_code code = why.code();
  if (code == std::error_code(EFAULT, std::system_category()))
    throw allocation_error(errc::no_space, bytes, where, "/dev/shm is full, or somebody shrank the segment");
  if (code == errc::node_full || code == errc::out_of_memory || code == errc::no_huge_pages)
    throw allocation_error(code, bytes, where, why.what());
  throw why;
}

}  // namespace acre::inline v1
