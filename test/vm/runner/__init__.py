"""Runs test cases inside throw-away multi-node NUMA virtual machines."""
