/// \file
/// Forbids a process all nodes but some, by its control group.
#pragma once

#include <acre/export.hpp>
#include <acre/node_set.hpp>

#include <system_error>

namespace acre::inline v1 {

/// Writes `nodes` into cpuset.mems of the process's control group (cgroup v2). The strongest that Linux has
/// for a process that runs: all its threads use these nodes only, whatever their policies say; the kernel
/// moves the pages that lie elsewhere, and takes forbidden nodes out of the masks of its policies, for good:
/// allowing the nodes again does not bring those back.
///
/// Only where the process is alone in its group and groups below it: the kernel restricts groups, and others
/// in it did not ask for it. No group is made: a process that is moved to another group leaves the limits of
/// its old one, and the new one would have to be removed by somebody. Start the process in a group of its own
/// to begin with; what() says how.
/// \param pid of a process, 0: the calling one
/// \param nodes those that it may use from now on
/// \returns the nodes that the process may use now, as the kernel tells
/// \throws error errc::no_such_process; errc::group_shared with what would be needed;
///   errc::binding_unsupported where there is no cgroup v2 with the controller cpuset, with what would be
///   needed, and where /proc was mounted in another PID namespace; errc::permission_denied where the caller may not
///   write the file; errc::node_not_allowed for nodes that the group above does not have; what require_usable() throws
/// \safety any thread
ACRE_API node_set restrict_process(int pid, const node_set& nodes);
/// The same, with the error in `ec`: no nodes then.
ACRE_API node_set restrict_process(int pid, const node_set& nodes, std::error_code& ec) noexcept;

}  // namespace acre::inline v1
