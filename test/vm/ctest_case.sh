#!/bin/sh
# What CTest runs for each case: tells what the boot saw of it, as output and exit status. Thousands of tests are this
# script, so it starts no process but cat.
#
#   ctest_case.sh FILE NAME
#
# FILE is what runner/results.py wrote for the case: the ctest run it belongs to, the name, the exit status, the text.
if [ ! -r "$1" ]; then
  echo "acre-vm: no result: $1 is missing, the guest was not booted"
  exit 1
fi

# The same words as ctest_run() in runner/results.py, for the same process.
read -r stat <"/proc/$PPID/stat"
read -r boot_id </proc/sys/kernel/random/boot_id
# The name in parentheses may hold anything; start time is field 22, the 20th after it.
parent=$PPID
expected=$2
# shellcheck disable=SC2086
set -- "$1" ${stat##*) }
this_run=$boot_id:$parent:${21}

{
  read -r run
  read -r name
  read -r status
  if [ "$run" != "$this_run" ]; then
    echo "acre-vm: stale result: $1 is of another ctest run; the boot was left out of this one"
    exit 1
  fi
  if [ "$name" != "$expected" ]; then
    echo "acre-vm: no result: the boot knew no case $expected"
    exit 1
  fi
  cat
} <"$1"
exit "$status"
