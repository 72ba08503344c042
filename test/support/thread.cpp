#include "support/thread.hpp"

#include <atomic>
#include <exception>
#include <thread>

namespace acre::test {
namespace {

// A forked child keeps the number of the thread that forked.
const std::thread::id thread_of_the_test = std::this_thread::get_id();
std::atomic<std::thread::id> thread_of_the_body;

}  // namespace

void in_thread(const std::function<void()>& body) {
  std::exception_ptr thrown;
  std::thread([&] {
    const std::thread::id before = thread_of_the_body.exchange(std::this_thread::get_id());
    try {
      body();
    } catch (...) {
      thrown = std::current_exception();
    }
    thread_of_the_body = before;
  }).join();
  if (thrown) std::rethrow_exception(thrown);
}

bool may_assert() {
  const std::thread::id me = std::this_thread::get_id();
  return me == thread_of_the_test || me == thread_of_the_body.load();
}

}  // namespace acre::test
