// A peer's shared library, opened while the program runs: its malloc stays its own, and the program's glibc's.
#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string>

namespace bench {

/// Why a peer cannot be measured here.
struct missing : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class peer_library {
 public:
  /// Stays open until the program ends.
  /// \param name in capitals: ACRE_BENCH_<name> in the environment is the path of the library that is opened instead
  /// \param sonames the first of these that is there
  /// \throws missing
  peer_library(const char* name, std::initializer_list<const char*> sonames);

  /// Makes `to` point to the function or variable of that name.
  /// \throws missing, also if the name is found in a library this one needs (libc's malloc, say)
  template <class T>
  void get(T*& to, const char* name) const {
    to = reinterpret_cast<T*>(symbol(name));
  }

 private:
  void* symbol(const char* name) const;

  void* x_handle = nullptr;
};

/// The file a name of the whole program comes from, as the loader sees it.
std::string file_of(const char* name);

}  // namespace bench
