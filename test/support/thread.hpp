// in_thread: a part of a test on another thread. Boost.Test's assertions must never be made by several threads at once,
// and it does not notice: the test programs end where a thread of a test's own makes one.
#pragma once

#include <functional>

namespace acre::test {

/// Runs `body` on a thread of its own and waits. The assertions are that thread's meanwhile; what it throws comes out.
void in_thread(const std::function<void()>& body);

/// Whether the calling thread is the test's, or that of in_thread().
bool may_assert();

}  // namespace acre::test
