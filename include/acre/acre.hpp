// Everything acre has.
#pragma once

#include <acre/apply.hpp>
#include <acre/area.hpp>
#include <acre/binding_of.hpp>
#include <acre/bytes.hpp>
#include <acre/check.hpp>
#include <acre/error.hpp>
#include <acre/export.hpp>
#include <acre/locate.hpp>
#include <acre/mapping.hpp>
#include <acre/migrate.hpp>
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
#include <acre/thread_binding.hpp>
#include <acre/topology.hpp>
#include <acre/version.hpp>
