/// \file
/// Everything acre has.

/// \namespace acre
/// Places C++ objects on chosen NUMA memory, and proves where they lie.
///
/// Errors: what acre throws by itself is a failure (an error, or an allocation_error). A function whose last parameter
/// is a `std::error_code& ec` is the twin of one that throws: it is noexcept, and clears `ec` or sets it to the code
/// of what would have been thrown. Of what has no code, std::bad_alloc is errc::out_of_memory, and whatever else a
/// function of the caller's throws is errc::invalid_function.
///
/// Threads: where nothing is said of them it is as in the standard library. Different objects may be used from any
/// threads, and const functions of one object, too.
///
/// Sizes and offsets are bytes, nodes and CPUs have the numbers of the operating system, and pages are counted in base
/// pages (page_size() of page_kind::system), where nothing else is said.
#pragma once

#include <acre/apply.hpp>
#include <acre/area.hpp>
#include <acre/binding_of.hpp>
#include <acre/bytes.hpp>
#include <acre/check.hpp>
#include <acre/chunk.hpp>
#include <acre/default_resource.hpp>
#include <acre/error.hpp>
#include <acre/export.hpp>
#include <acre/hwloc_version.hpp>
#include <acre/locate.hpp>
#include <acre/mapping.hpp>
#include <acre/migrate.hpp>
#include <acre/misuse.hpp>
#include <acre/move_process.hpp>
#include <acre/node_pools.hpp>
#include <acre/node_set.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/placement.hpp>
#include <acre/plan.hpp>
#include <acre/pool_resource.hpp>
#include <acre/prefault.hpp>
#include <acre/resource.hpp>
#include <acre/resource_for.hpp>
#include <acre/restrict_process.hpp>
#include <acre/segment_resource.hpp>
#include <acre/shared_segment.hpp>
#include <acre/thread_binding.hpp>
#include <acre/topology.hpp>
#include <acre/version.hpp>
