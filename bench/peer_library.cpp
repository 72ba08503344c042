#include "peer_library.hpp"

#include <dlfcn.h>
#include <link.h>

#include <cstdlib>
#include <vector>

namespace bench {
namespace {

std::string file_at(const void* address) {
  Dl_info found{};
  return ::dladdr(address, &found) != 0 && found.dli_fname != nullptr ? found.dli_fname : "";
}

}  // namespace

peer_library::peer_library(const char* name, std::initializer_list<const char*> sonames) {
  std::vector<const char*> files = sonames;
  if (const char* const chosen = std::getenv((std::string("ACRE_BENCH_") + name).c_str())) files = {chosen};
  std::string reasons;
  for (const char* const file : files) {
    x_handle = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (x_handle != nullptr) return;
    reasons += (reasons.empty() ? "" : "; ") + std::string(::dlerror());
  }
  throw missing(reasons);
}

void* peer_library::symbol(const char* name) const {
  void* const found = ::dlsym(x_handle, name);
  if (found == nullptr) throw missing(::dlerror());
  const link_map* self = nullptr;
  if (::dlinfo(x_handle, RTLD_DI_LINKMAP, &self) != 0) throw missing(::dlerror());
  if (const std::string file = file_at(found); file != self->l_name) {
    throw missing(std::string(self->l_name) + ": " + name + " is in " + file);
  }
  return found;
}

std::string file_of(const char* name) { return file_at(::dlsym(RTLD_DEFAULT, name)); }

}  // namespace bench
