// Making and attaching placed shared memory: acre::shared_segment beside the system calls and Boost.Interprocess.
#include <acre/bytes.hpp>
#include <acre/shared_segment.hpp>

#include <boost/interprocess/mapped_region.hpp>
#include <boost/interprocess/shared_memory_object.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "bench.hpp"

namespace {

using namespace acre::literals;
namespace ipc = boost::interprocess;

std::string unique_name() { return "acre-bench-" + std::to_string(::getpid()); }

/// Makes a segment bound to a node, touches it or not, and ends it, again and again.
template <class Round>
void rounds(benchmark::State& state, Round round) {
  for (auto _ : state) {
    if (!round()) {
      state.SkipWithError("no shared memory");
      return;
    }
  }
}

/// Sizes, maps, binds and unmaps a new file.
bool raw_file(int file, std::size_t bytes, bool touched) {
  if (file < 0 || ::ftruncate(file, static_cast<off_t>(bytes)) != 0) return false;
  void* const p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (p == MAP_FAILED) return false;
  bench::bind_raw(p, bytes);
  if (touched) bench::touch(p, bytes);
  ::munmap(p, bytes);
  return ::close(file) == 0;
}

bool raw_posix(const char* name, std::size_t bytes, bool touched) {
  return raw_file(::shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600), bytes, touched) &&
         ::shm_unlink(name) == 0;
}

bool raw_memfd(std::size_t bytes, bool touched) {
  return raw_file(::memfd_create("bench", MFD_CLOEXEC | MFD_ALLOW_SEALING), bytes, touched);
}

bool raw_sysv(std::size_t bytes, bool touched) {
  const int id = ::shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
  if (id < 0) return false;
  void* const p = ::shmat(id, nullptr, 0);
  bench::bind_raw(p, bytes);
  if (touched) bench::touch(p, bytes);
  ::shmdt(p);
  return ::shmctl(id, IPC_RMID, nullptr) == 0;
}

bool boost_posix(const char* name, std::size_t bytes, bool touched) {
  ipc::shared_memory_object object(ipc::create_only, name, ipc::read_write, ipc::permissions(0600));
  object.truncate(static_cast<ipc::offset_t>(bytes));
  const ipc::mapped_region region(object, ipc::read_write);
  bench::bind_raw(region.get_address(), bytes);
  if (touched) bench::touch(region.get_address(), bytes);
  return ipc::shared_memory_object::remove(name);
}

bool acre_round(const std::string& name, std::size_t bytes, bool touched, acre::segment_backend backend) {
  const acre::shared_segment s =
      acre::shared_segment::create(name, bytes, acre::placement::bind({bench::node()}), {.backend = backend});
  if (touched) bench::touch(s.data(), bytes);
  if (backend == acre::segment_backend::posix) return acre::shared_segment::remove(name);
  return backend == acre::segment_backend::memfd || acre::shared_segment::remove_id(s.id());
}

/// Attaching what is there, and detaching.
bool raw_attach(const char* name) {
  const int file = ::shm_open(name, O_RDWR, 0600);
  struct stat s;
  if (file < 0 || ::fstat(file, &s) != 0) return false;
  const auto bytes = static_cast<std::size_t>(s.st_size);
  void* const p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (p == MAP_FAILED) return false;
  ::munmap(p, bytes);
  return ::close(file) == 0;
}

bool boost_attach(const char* name) {
  const ipc::shared_memory_object object(ipc::open_only, name, ipc::read_write);
  const ipc::mapped_region region(object, ipc::read_write);
  return region.get_address() != nullptr;
}

template <class Attach>
void attach_rounds(benchmark::State& state, Attach attach) {
  const std::string name = unique_name();
  const acre::shared_segment s =
      acre::shared_segment::create(name, 16_MiB, acre::placement::bind({bench::node()}));
  rounds(state, [&] { return attach(name.c_str()); });
  acre::shared_segment::remove(name);
}

void declare_creation(std::size_t bytes, bool touched) {
  const std::string group = "create/" + acre::format_bytes(bytes) + (touched ? "/touched/" : "/untouched/");
  const std::string name = unique_name();
  const auto one = [&](const std::string& row_name, auto round) {
    bench::row(group + row_name, [=](auto& state) { rounds(state, round); });
  };
  one("shm_open+mmap+mbind", [=] { return raw_posix(name.c_str(), bytes, touched); });
  one("acre::shared_segment posix",
      [=] { return acre_round(name, bytes, touched, acre::segment_backend::posix); });
  one("Boost.Interprocess+mbind", [=] { return boost_posix(name.c_str(), bytes, touched); });
  one("memfd_create+mmap+mbind", [=] { return raw_memfd(bytes, touched); });
  one("acre::shared_segment memfd",
      [=] { return acre_round("bench", bytes, touched, acre::segment_backend::memfd); });
  one("shmget+shmat+mbind", [=] { return raw_sysv(bytes, touched); });
  one("acre::shared_segment sysv",
      [=] { return acre_round("private", bytes, touched, acre::segment_backend::sysv); });
}

}  // namespace

void bench::declare(bool) {
  baseline("shm_open+mmap+mbind");
  for (const bool touched : {false, true}) declare_creation(16_MiB, touched);
  row("attach/16MiB/shm_open+mmap+mbind", [](auto& state) { attach_rounds(state, raw_attach); });
  row("attach/16MiB/acre::shared_segment posix", [](auto& state) {
    attach_rounds(state, [](const char* name) { return acre::shared_segment::open(name).size() != 0; });
  });
  row("attach/16MiB/Boost.Interprocess", [](auto& state) { attach_rounds(state, boost_attach); });
}
