// thread_cpus: the CPUs that the calling thread, and what it starts, may run on.
#pragma once

#include "sys/threads.hpp"

namespace acre::inline v1 {

using sys::allowed_cpus;
using sys::pin;

}  // namespace acre::inline v1
