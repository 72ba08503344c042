#!/bin/sh
# How acre's pools and other allocators scale on this machine; see usage below.
set -eu

usage() {
    cat <<'END'
usage: sh bench/scale.sh [DIR] [ARGUMENT...]

Builds what it needs (sh cmake/bootstrap.sh bench), measures for ten minutes, and leaves in DIR, which is new
(default: scale):
  summary.txt   the machine, and what everything cost, as tables
  scale.json    the same for programs: python3 bench/plot.py DIR/scale.json DIR draws the charts again
  *.svg         threads and nodes: operations a second with 1 and more of them; latency and bandwidth: what the CPUs
                of each node have of the memory of each

ARGUMENTs go to bench/report.py (--help), as --budget MINUTES and --peers NAME,...
The machine should do nothing else meanwhile. No name of it is written down.
END
}

case ${1:-} in
    -h | --help) usage; exit 0 ;;
    -*) directory=scale ;;
    *)
        directory=${1:-scale}
        if [ $# != 0 ]; then shift; fi ;;
esac
mkdir "$directory"
directory=$(cd "$directory" && pwd)
cd "$(dirname "$0")/.."

# machine: what the figures depend on.
machine() {
    date +%F
    uname -srm
    lscpu 2>/dev/null | grep -E '^(Model name|Socket|Core|Thread|CPU\(s\)|NUMA|L[1-3]|Hypervisor|CPU max)' || :
    for setting in /sys/kernel/mm/transparent_hugepage/enabled /proc/sys/kernel/numa_balancing \
        /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor; do
        if [ -r "$setting" ]; then echo "$setting: $(cat "$setting")"; fi
    done
    for node in /sys/devices/system/node/node[0-9]*; do
        if [ -r "$node/distance" ]; then
            echo "${node##*/}: CPUs $(cat "$node/cpulist"), distances $(cat "$node/distance"),$(
                sed -n 's/^.*MemTotal: */ memory /p' "$node/meminfo")"
        fi
    done
    for acre in build/*/bin/acre "$(command -v acre || :)"; do
        if [ -x "$acre" ] && "$acre" nodes 2>/dev/null; then break; fi
    done
}

machine >"$directory/summary.txt"
sh cmake/bootstrap.sh bench build/bench/bin/scaling --rows '^scaling/' --budget 10 --json "$directory/scale.json" \
    --charts "$directory" "$@" >"$directory/report.txt" || status=$?
{ echo; cat "$directory/report.txt"; } >>"$directory/summary.txt"
rm "$directory/report.txt"
cat "$directory/summary.txt"
exit "${status:-0}"
