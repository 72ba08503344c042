#include "sys/processes.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstddef>
#include <cstdio>

namespace acre::sys {
namespace {

constexpr std::size_t batch = 65536;

std::string path_of(int pid, const char* name) { return "/proc/" + std::to_string(pid) + "/" + name; }
std::string path_of(const std::string& group, const char* name) {
  return "/sys/fs/cgroup" + group + "/" + name;
}

int read_all(const std::string& path, std::string& text) {
  text.clear();
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  for (;;) {
    const std::size_t had = text.size();
    text.resize(had + batch);
    const ssize_t n = ::read(fd, text.data() + had, batch);
    const int error = errno;
    text.resize(had + static_cast<std::size_t>(n > 0 ? n : 0));
    if (n > 0 || (n < 0 && error == EINTR)) continue;
    ::close(fd);
    return n == 0 ? 0 : error;
  }
}

}  // namespace

int process_number() noexcept { return ::getpid(); }
int thread_number() noexcept { return ::gettid(); }

int read_process_file(int pid, const char* name, std::string& text) {
  return read_all(path_of(pid, name), text);
}

int read_group_file(const std::string& group, const char* name, std::string& text) {
  return read_all(path_of(group, name), text);
}

int write_group_file(const std::string& group, const char* name, const std::string& text) {
  const int fd = ::open(path_of(group, name).c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const ssize_t n = ::write(fd, text.data(), text.size());
  const int error = n < 0 ? errno : 0;
  ::close(fd);
  return error;
}

bool has_process(int pid) noexcept {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d", pid);
  return ::access(path, F_OK) == 0;
}

}  // namespace acre::sys
