#!/bin/sh
# beside_numactl.sh ACRE LIST [known]: gives the command lines of LIST that are for this machine, or for any, to numactl and to
# `acre run`, and compares the policy and the CPUs that the command gets. With `known` only those for this machine, of which
# there must be some: guests are slow, and what is for any machine is tried on the host.
set -u
acre=$1
list=$2
command -v numactl >/dev/null || { echo "skipped: there is no numactl"; exit 77; }
numactl -m 0 -C 0 true 2>/dev/null || { echo "skipped: node 0 or CPU 0 may not be used here"; exit 77; }
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT

of_this_process() { sed -n "s/^$1_allowed_list:[[:space:]]*//p" /proc/self/status; }
with_memory=$(cat /sys/devices/system/node/has_memory)
case "$with_memory with CPUs $(cat /sys/devices/system/node/has_cpu)" in
  "0 with CPUs 0") machine=one ;;
  "0-3 with CPUs 0-3") machine=four ;;
  "0,2 with CPUs 0,2") machine=gap ;;
  "0,2 with CPUs 0-2") machine=memoryless ;;
  "0-2 with CPUs 0-1") machine=cpuless ;;
  *) machine=other ;;
esac
[ "$(of_this_process Mems)" = "$with_memory" ] || machine="$machine mems=$(of_this_process Mems)"
[ "$(of_this_process Cpus)" = "$(cat /sys/devices/system/cpu/online)" ] || machine="$machine cpus=$(of_this_process Cpus)"

# outcome OWN COMMAND...: what it got, "refused" where it ended with OWN, the status of a program that refuses. Of lines
# that have a command of their own, the status alone.
outcome() {
  own=$1
  shift
  if [ "$own_command" = yes ]; then
    "$@" >/dev/null 2>"$dir/said"
    echo "status $?"
    return
  fi
  "$@" cat /proc/self/numa_maps /proc/self/status >"$dir/out" 2>"$dir/said"
  status=$?
  case $status in
    0)
      awk 'NR == 1 { policy = $2; if ($3 ~ /^[^=]*:/) policy = policy " " $3 }
        /^Cpus_allowed_list:/ { cpus = $2 }
        END { print policy " on " cpus }' "$dir/out"
      ;;
    "$own") echo refused ;;
    *) echo "status $status" ;;
  esac
}

# matches TEXT PATTERN, a pattern of the shell.
matches() {
  # shellcheck disable=SC2254
  case $1 in $2) return 0 ;; esac
  return 1
}

as_expected() {
  case $relation in
    same) [ "$from_numactl" = "$from_acre" ] && [ "$from_numactl" != refused ] ;;
    refused) [ "$from_numactl" = refused ] && [ "$from_acre" = refused ] ;;
    differs)
      [ "$from_numactl" != "$from_acre" ] &&
        matches "$from_numactl" "${expected% | *}" && matches "$from_acre" "${expected#* | }"
      ;;
  esac
}

lines=0
wrong=0
known=${3:-}
while IFS= read -r line; do
  case $line in
    '' | '#'*) continue ;;
    '['*)
      relation=${line#\[}
      relation=${relation%%\]*}
      continue
      ;;
  esac
  where=${line%%: *}
  options=${line#*: }
  expected=${options#* => }
  options=${options%% => *}
  before=
  case $where in
    *' taskset='*)
      before="taskset -c ${where##*=}"
      where=${where% taskset=*}
      ;;
  esac
  [ "$where" = "$machine" ] || [ "$where$known" = any ] || continue
  lines=$((lines + 1))
  own_command=no
  case " $options" in *' -- '*) own_command=yes ;; esac
  eval "set -- $options"
  from_numactl=$(outcome 1 $before numactl "$@")
  numactl_said=$(head -n 1 "$dir/said")
  from_acre=$(outcome 125 $before "$acre" run "$@")
  as_expected && continue
  wrong=$((wrong + 1))
  echo "[$relation] $line"
  echo "    numactl:  $from_numactl   $numactl_said"
  echo "    acre run: $from_acre   $(head -n 1 "$dir/said")"
done <"$list"

echo "$machine: $lines command lines, $wrong not as expected"
[ $lines != 0 ] && [ $wrong = 0 ]
