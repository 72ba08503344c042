// shared_pages, start, expect_success: memory that children share, and children that work beside this process.
#pragma once

#include <acre/mapping.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <exception>
#include <functional>

namespace acre::test {

inline mapping shared_pages(std::size_t bytes) { return mapping(bytes, {.sharing = sharing::shared}); }

/// A child that runs `body`, and ends with 1 if an expectation failed there.
inline pid_t start(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child != 0) return child;
  try {
    body();
  } catch (const std::exception& e) {
    ADD_FAILURE() << "the child throws " << e.what();
  }
  _exit(testing::Test::HasFailure() ? 1 : 0);
}

inline void expect_success(pid_t child) {
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

}  // namespace acre::test
