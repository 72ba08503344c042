#include "peer_library.hpp"

#include <dlfcn.h>

namespace bench {
namespace {

std::string file_at(const void* address) {
  Dl_info found{};
  return ::dladdr(address, &found) != 0 && found.dli_fname != nullptr ? found.dli_fname : "";
}

}  // namespace

peer_library::peer_library(std::initializer_list<const char*> sonames) {
  std::string reasons;
  for (const char* const soname : sonames) {
    x_stem = soname;
    x_stem.resize(x_stem.find(".so"));
    x_handle = ::dlopen(soname, RTLD_NOW | RTLD_LOCAL);
    if (x_handle != nullptr) return;
    reasons += (reasons.empty() ? "" : "; ") + std::string(::dlerror());
  }
  throw missing(reasons);
}

void* peer_library::symbol(const char* name) const {
  void* const found = ::dlsym(x_handle, name);
  if (found == nullptr) throw missing(::dlerror());
  if (const std::string file = file_at(found); file.find(x_stem) == std::string::npos) {
    throw missing(x_stem + ": " + name + " is in " + file);
  }
  return found;
}

std::string file_of(const char* name) { return file_at(::dlsym(RTLD_DEFAULT, name)); }

}  // namespace bench
