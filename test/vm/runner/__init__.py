"""Runs test cases inside throw-away multi-node NUMA virtual machines."""
import sys
from pathlib import Path

# For boost_cases, which the tests outside of virtual machines are found with, too.
sys.path.append(str(Path(__file__).parents[2]))
