// page_function: a callable of any type that says the node for a page.
#pragma once

#include <acre/export.hpp>
#include <acre/node_set.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace acre::inline v1::detail {

template <class F>
concept node_of_page = std::is_invocable_r_v<node_id, F&, std::size_t, std::size_t>;

/// What of std::function a placement needs. Every file that includes <acre/numa_allocator.hpp> would be compiled with
/// <functional> otherwise, which takes a fourth of the time that <memory_resource>, <string> and <vector> take.
class page_function {
 public:
  page_function() noexcept = default;
  /// Empty for a null pointer or an empty std::function.
  template <class F>
  requires node_of_page<F> && std::is_object_v<F>
  explicit page_function(F f) {
    if constexpr (std::is_pointer_v<F>) {
      if (f == nullptr) return;
    } else if constexpr (requires { f.operator bool(); }) {
      if (!f) return;
    }
    x_object = new F(std::move(f));
    x_call = [](void* object, std::size_t index, std::size_t pages) {
      return static_cast<node_id>((*static_cast<F*>(object))(index, pages));
    };
    x_destroy = [](void* object) noexcept { delete static_cast<F*>(object); };
  }
  page_function(page_function&& other) noexcept
      : x_object(std::exchange(other.x_object, nullptr)), x_call(other.x_call), x_destroy(other.x_destroy) {}
  page_function(const page_function&) = delete;
  page_function& operator=(const page_function&) = delete;
  ~page_function() {
    if (x_object != nullptr) x_destroy(x_object);
  }

  explicit operator bool() const noexcept { return x_object != nullptr; }
  /// Not of an empty one.
  node_id operator()(std::size_t index, std::size_t pages) const { return x_call(x_object, index, pages); }

 private:
  void* x_object = nullptr;
  node_id (*x_call)(void* object, std::size_t index, std::size_t pages) = nullptr;
  void (*x_destroy)(void* object) noexcept = nullptr;
};

}  // namespace acre::inline v1::detail
