#include "peer_library.hpp"

#include <dlfcn.h>

namespace bench {
namespace {

std::string file_at(const void* address) {
  Dl_info found{};
  return ::dladdr(address, &found) != 0 && found.dli_fname != nullptr ? found.dli_fname : "";
}

}  // namespace

peer_library::peer_library(const char* soname)
    : x_soname(soname), x_handle(::dlopen(soname, RTLD_NOW | RTLD_LOCAL)) {
  if (x_handle == nullptr) throw missing(::dlerror());
}

void* peer_library::symbol(const char* name) const {
  void* const found = ::dlsym(x_handle, name);
  if (found == nullptr) throw missing(::dlerror());
  const std::string stem = x_soname.substr(0, x_soname.find(".so"));
  if (file_at(found).find(stem) == std::string::npos) {
    throw missing(x_soname + ": " + name + " is in " + file_at(found));
  }
  return found;
}

std::string file_of(const char* name) { return file_at(::dlsym(RTLD_DEFAULT, name)); }

}  // namespace bench
