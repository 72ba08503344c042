#include <acre/plan.hpp>

#include <ostream>

namespace acre::inline v1 {

std::string_view to_string(policy_mode mode) noexcept {
  switch (mode) {
    case policy_mode::unbound:
      return "unbound";
    case policy_mode::local:
      return "local";
    case policy_mode::prefer:
      return "prefer";
    case policy_mode::bind:
      return "bind";
    case policy_mode::interleave:
      return "interleave";
    case policy_mode::weighted_interleave:
      return "weighted_interleave";
  }
  return "invalid";
}

std::string policy::to_string() const {
  std::string text(acre::to_string(mode));
  if (!nodes.empty()) text += ' ' + nodes.to_string();
  return text;
}

std::ostream& operator<<(std::ostream& out, const policy& p) { return out << p.to_string(); }

}  // namespace acre::inline v1
