// doctor_trials: finds out what the kernel permits by doing it with scratch pages.
#pragma once

#include "cli/acre/doctor/doctor_facts.hpp"

#include <acre/node_set.hpp>
#include <acre/topology.hpp>

namespace acre_cli {

/// Binds memory hard to `node`, then lets a page come into existence there. Never ends in the OOM killer: the page
/// itself is touched under a soft policy.
trial try_binding(acre::node_id node, const acre::topology& machine);

/// The attempts that concern no single node; `nodes` must be usable ones.
void try_the_rest(doctor_facts& facts, const acre::node_set& nodes, const acre::topology& machine);

}  // namespace acre_cli
