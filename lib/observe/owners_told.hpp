// owners_told: what migrate() says to pools whose blocks it moves.
#pragma once

#include <acre/plan.hpp>

#include <system_error>

#include "observe/page_range.hpp"
#include "placement/owned_ranges.hpp"

namespace acre::inline v1 {

/// Tells the owners of a range, before anything is done, that it gets the policies of a plan. Where it has them
/// already, there is nothing to tell.
class owners_told {
 public:
  /// \throws error errc::invalid_argument where small blocks of a pool have pages of the range;
  ///   errc::binding_unsupported where their owner does not know the policies of the range, and the kernel tells
  ///   nobody. Nobody is told then.
  owners_told(const page_range& range, const plan& wanted);

  /// After a failure: nothing was done if the kernel refused to set policies at all.
  void withdraw_after(const std::error_code& failure) const noexcept;

 private:
  range_owners x_owners;
};

}  // namespace acre::inline v1
