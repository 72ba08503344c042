#include "area/cold_mutex.hpp"

#include <pthread.h>

#include <system_error>

namespace acre {
namespace {

constinit std::mutex the_mutex;

}  // namespace

std::mutex& cold_mutex() {
  static const int failed =
      pthread_atfork([] { the_mutex.lock(); }, [] { the_mutex.unlock(); }, [] { the_mutex.unlock(); });
  if (failed != 0) throw std::system_error(failed, std::system_category(), "pthread_atfork");
  return the_mutex;
}

}  // namespace acre
