#include "support/segments.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <ostream>
#include <sstream>
#include <stdexcept>

#include "support/kernel.hpp"
#include "support/require.hpp"

namespace acre::test {

std::string to_string(way w) {
  switch (w) {
    case way::posix:
      return "posix";
    case way::memfd:
      return "memfd";
    case way::sysv_key:
      return "sysv_key";
    case way::sysv_private:
      return "sysv_private";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, way w) { return out << to_string(w); }

segment_backend backend_of(way w) {
  if (w == way::posix) return segment_backend::posix;
  return w == way::memfd ? segment_backend::memfd : segment_backend::sysv;
}

own_name::own_name(way w, std::size_t length) : x_way(w), x_maker(getpid()) {
  static unsigned count = 0;
  ++count;
  if (w == way::sysv_private) {
    x_text = "private";
  } else if (w == way::sysv_key) {
    // Tests run at once, each in a process of its own: each has 64 keys, and no test has as many names at a time.
    x_key =
        static_cast<key_t>(0x41000000U | ((static_cast<unsigned>(x_maker) * 64 + count % 64) & 0xffffffU));
    x_text = std::to_string(x_key);
  } else {
    x_text = "acre-test-" + std::to_string(x_maker) + "-" + std::to_string(count);
    if (x_text.size() < length) x_text.resize(length, 'x');
  }
  remove();
}

own_name::~own_name() {
  if (getpid() == x_maker) remove();
}

void own_name::remove() const {
  if (x_way == way::posix) {
    unlink(path().c_str());
    rmdir(path().c_str());
  }
  if (x_way != way::sysv_key) return;
  const int id = shmget(x_key, 0, 0);
  if (id >= 0) shmctl(id, IPC_RMID, nullptr);
}

segment_maker::~segment_maker() {
  if (x_name.kind() == way::sysv_private) {
    for (int id : x_ids) shmctl(id, IPC_RMID, nullptr);
  }
}

shared_segment segment_maker::make(std::size_t bytes, const placement& where, segment_options o) {
  o.backend = x_name.backend();
  shared_segment s = shared_segment::create(x_name, bytes, where, o);
  if (s.id() >= 0) x_ids.push_back(s.id());
  return s;
}

attach_options segment_maker::found_by(attach_options o) const {
  o.backend = x_name.backend();
  return o;
}

shared_segment again(const shared_segment& s, const attach_options& o) {
  return s.id() >= 0 ? shared_segment::attach_id(s.id(), o) : shared_segment::attach(s.native_handle(), o);
}

void write_file(const std::string& path, std::string_view contents) {
  std::ofstream file(path, std::ios::binary);
  file.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  require(file.flush().good(), path.c_str());
}

bool exists(const std::string& path) {
  struct stat s;
  return lstat(path.c_str(), &s) == 0;
}

std::vector<std::string> shared_files(std::string_view prefix) {
  std::vector<std::string> names;
  DIR* const files = opendir("/dev/shm");
  require(files != nullptr, "opendir");
  while (const dirent* const entry = readdir(files)) {
    if (std::string_view(entry->d_name).starts_with(prefix)) names.emplace_back(entry->d_name);
  }
  closedir(files);
  return names;
}

int resize(const std::string& path, std::size_t bytes) {
  return truncate(path.c_str(), static_cast<off_t>(bytes)) == 0 ? 0 : errno;
}

void scribble(const shared_segment& s, std::size_t at, const void* data, std::size_t bytes) {
  if (s.native_handle() >= 0) {
    require(pwrite(s.native_handle(), data, bytes, static_cast<off_t>(at)) == static_cast<ssize_t>(bytes),
            "pwrite");
    return;
  }
  void* const p = shmat(s.id(), nullptr, 0);
  require(reinterpret_cast<std::intptr_t>(p) != -1, "shmat");
  std::memcpy(static_cast<char*>(p) + at, data, bytes);
  shmdt(p);
}

std::size_t object_size(const shared_segment& s) {
  if (s.native_handle() >= 0) {
    struct stat st {};
    require(fstat(s.native_handle(), &st) == 0, "fstat");
    return static_cast<std::size_t>(st.st_size);
  }
  shmid_ds d{};
  require(shmctl(s.id(), IPC_STAT, &d) == 0, "shmctl");
  return d.shm_segsz;
}

std::size_t object_pages(const shared_segment& s) {
  if (s.native_handle() >= 0) {
    constexpr std::size_t block = 512;  // of st_blocks
    struct stat st {};
    require(fstat(s.native_handle(), &st) == 0, "fstat");
    return static_cast<std::size_t>(st.st_blocks) * block;
  }
  std::ifstream lines("/proc/sysvipc/shm");
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::vector<long long> fields;
    for (long long field = 0; words >> field;) fields.push_back(field);
    constexpr std::size_t rss = 14;
    if (fields.size() > rss && fields[1] == s.id()) return static_cast<std::size_t>(fields[rss]);
  }
  throw std::runtime_error("no line of segment id " + std::to_string(s.id()));
}

std::uint64_t meminfo(std::string_view key) {
  std::ifstream lines("/proc/meminfo");
  for (std::string name; lines >> name;) {
    std::uint64_t kib = 0;
    lines >> kib;
    if (name == std::string(key) + ":") return kib << 10;
    std::string rest;
    std::getline(lines, rest);
  }
  throw std::runtime_error("/proc/meminfo tells no " + std::string(key));
}

std::size_t count_descriptors() {
  DIR* const files = opendir("/proc/self/fd");
  require(files != nullptr, "opendir");
  std::size_t count = 0;
  while (readdir(files) != nullptr) ++count;
  closedir(files);
  return count;
}

}  // namespace acre::test
