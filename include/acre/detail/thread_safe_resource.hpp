// thread_safe_resource: tells a pool which upstreams any thread may call.
#pragma once

#include <acre/export.hpp>
#include <acre/resource.hpp>

namespace acre::inline v1::detail {

/// Base of acre's pools. Any thread may call them at any time, within fork handlers too.
class ACRE_API thread_safe_resource : public resource {
 public:
  ~thread_safe_resource() override;
};

}  // namespace acre::inline v1::detail
