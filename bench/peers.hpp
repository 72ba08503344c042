// The allocators that are measured, each as a std::pmr::memory_resource.
#pragma once

#include <functional>
#include <memory>
#include <memory_resource>
#include <string>
#include <vector>

#include "bench.hpp"
#include "peer_library.hpp"

namespace bench {

/// An allocator while it is measured. Every one is called through std::pmr::memory_resource&, from files that
/// do not see its type: all pay the same virtual call.
struct subject {
  std::unique_ptr<std::pmr::memory_resource> memory;
  /// Whether a live block is this allocator's.
  std::function<bool(const void*)> owns;
  /// Gives free memory back to the system. Empty: the allocator has no such function.
  std::function<void()> trim;
  /// As the library tells it. Empty: it does not.
  std::string version = {};
};

struct peer {
  std::string who;
  /// \throws missing
  std::function<subject()> make;
  bool one_thread = false;  ///< may not be shared by threads
  bool pages = false;       ///< gives whole pages, by a system call each
  bool own = false;         ///< each subject is an object that owns its memory, live blocks too
};

inline const std::string glibc = "glibc malloc";
inline const std::string floor_who = "nothing (floor)";

/// The libraries, then acre.
/// \param wanted which of them
std::vector<peer> peers(const std::function<bool(const peer&)>& wanted);
/// For blocks of all sizes, used by that many threads.
std::vector<peer> block_peers(unsigned threads = 1);
/// For pages: those and the ones that give only pages.
std::vector<peer> page_peers();
/// Those that can exist more than once.
std::vector<peer> own_peers();
/// The harness by itself: blocks one after the other in a buffer that is used round and round.
peer nothing();

/// \throws missing; std::runtime_error if blocks are not from the allocator they should be from
subject make_checked(const peer& p);

/// Calls f; what it throws becomes the row's error. An error that begins with "missing: " means that there is
/// nothing to measure.
template <class F>
void attempt(benchmark::State& state, F f) {
  try {
    f();
  } catch (const missing& reason) {
    state.SkipWithError((std::string("missing: ") + reason.what()).c_str());
  } catch (const std::exception& reason) {
    state.SkipWithError(reason.what());
  }
}

using setup = std::function<void(benchmark::internal::Benchmark*)>;

/// A row for each peer: group/WHO. `body` is called as body(state, subject).
template <class Body>
void rows(const std::string& group, const std::vector<peer>& of, Body body, const setup& how = {}) {
  for (const peer& p : of) {
    benchmark::internal::Benchmark* const added =
        row(group + "/" + p.who, [p, body](benchmark::State& state) {
          attempt(state, [&] {
            subject s = make_checked(p);
            state.SetLabel(s.version);
            body(state, s);
          });
        });
    if (how) how(added);
  }
}

// The families of peers: which file makes which.
std::vector<peer> malloc_peers();
std::vector<peer> jemalloc_peers();
std::vector<peer> tbb_peers();
std::vector<peer> standard_peers();
std::vector<peer> binding_peers();
std::vector<peer> acre_peers();

/// A resource of two functions: allocate(bytes, alignment), null for failure, and deallocate(p, bytes,
/// alignment).
template <class Functions>
class adaptor final : public std::pmr::memory_resource {
 public:
  explicit adaptor(Functions functions) : x_functions(std::move(functions)) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* const p = x_functions.allocate(bytes, alignment);
    if (p == nullptr) throw std::bad_alloc();
    return p;
  }
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
    x_functions.deallocate(p, bytes, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  Functions x_functions;
};

template <class Functions>
std::unique_ptr<std::pmr::memory_resource> adapt(Functions functions) {
  return std::make_unique<adaptor<Functions>>(std::move(functions));
}

/// What any malloc aligns without being asked.
constexpr bool is_natural(std::size_t bytes, std::size_t alignment) {
  return alignment <= alignof(std::max_align_t) && bytes >= alignment;
}

}  // namespace bench
