#!/bin/busybox sh
# Process 1 of the guest: starts the runs one after the other and reports on the second serial line. A run is one case, or
# the program that forks a child for each of several cases and reports them itself.
# Control lines begin with "@@" and this boot's random token:
#   ready RELEASE | begin N | setup N MESSAGE | end N STATUS OOM_KILLS TIMED_OUT | out | done
export PATH=/usr/bin:/bin:/sbin HOME=/root TERM=dumb BOOST_TEST_COLOR_OUTPUT=no
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm /dev/pts /dev/hugepages /out
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs tmpfs /run
mount -t hugetlbfs -o mode=1777 huge /dev/hugepages
# khugepaged joins pages on one node whatever their policies say, at its own pace: tests would see it now and then.
for knob in scan_sleep_millisecs alloc_sleep_millisecs; do
  echo 4294967295 >/sys/kernel/mm/transparent_hugepage/khugepaged/$knob 2>/dev/null || true
done
mount -t cgroup2 cgroup /sys/fs/cgroup
echo '+cpuset +memory' >/sys/fs/cgroup/cgroup.subtree_control
ln -s /proc/self/fd /dev/fd
chmod 1777 /out
chmod 666 /dev/ttyS1
ip link set lo up
stty -F /dev/ttyS1 raw -echo
. /acre/settings
exec </dev/null >/dev/ttyS1 2>&1

thp_file=/sys/kernel/mm/transparent_hugepage/enabled
read -r thp_now <$thp_file
thp_now=${thp_now#*\[}
thp_now=${thp_now%\]*}
thp_default=$thp_now
huge_now=
shared_thp_file=/sys/kernel/mm/transparent_hugepage/shmem_enabled
read -r shared_thp <$shared_thp_file
shared_thp=${shared_thp#*\[}
shared_thp=${shared_thp%\]*}

say() { echo "@@$token $*"; }

# put FILE VALUE: writes a kernel setting; what the kernel refuses becomes the run's `problem`.
put() { echo "$2" 2>/dev/null >"$1" || problem="cannot write $2 to $1"; }

count_oom_kills() {
  set -- $(grep '^oom_kill ' /proc/vmstat)
  oom_kills=$2
}

# Exactly the pages of $huge on the named nodes, none elsewhere.
reserve_huge_pages() {
  for wanted in $huge; do
    [ -e "/sys/devices/system/node/node${wanted%%:*}" ] || problem="huge: no node ${wanted%%:*}"
  done
  for node in /sys/devices/system/node/node[0-9]*; do
    file=$node/hugepages/hugepages-2048kB/nr_hugepages
    [ -e "$file" ] || continue
    count=0
    for wanted in $huge; do
      [ "${wanted%%:*}" = "${node##*node}" ] && count=${wanted#*:}
    done
    put "$file" "$count"
    read -r got <"$file"
    [ "$got" = "$count" ] || problem="huge: node ${node##*node} gave $got pages of $count"
  done
  huge_now=$huge
  [ -z "$problem" ] || huge_now=unknown
}

prepare_run() {
  problem=
  [ "$huge" = "$huge_now" ] || reserve_huge_pages
  if [ "${thp:-$thp_default}" != "$thp_now" ]; then
    thp_now=${thp:-$thp_default}
    put $thp_file "$thp_now"
  fi
  # Runs of root may permit it.
  put $shared_thp_file "$shared_thp"
  mkdir "$group" || problem="cannot make a control group"
  [ -z "$mems" ] || put "$group/cpuset.mems" "$mems"
  [ -z "$cpus" ] || put "$group/cpuset.cpus" "$cpus"
  [ -z "$memmax" ] || put "$group/memory.max" "$memmax"
}

# Kills what a run has running when its time is over. Starting a process costs milliseconds under emulation: this one
# serves all runs, in a session of its own: a run may send signals to its process group. It is told
# "SECONDS NUMBER GROUP" when a run begins, and a line when it has ended.
watch_runs='
while read -r seconds number group <&8; do
  read -r -t "$seconds" ended <&8 && continue
  : >/run/timed_out.$number
  echo 1 2>/dev/null >"$group/cgroup.kill"
  read -r ended <&8
done'

# In the foreground: background jobs of a shell ignore SIGINT and SIGQUIT, and so would the tests.
# The private IPC namespace takes left-over System V segments away with the run.
start_run() {
  echo "$timeout $number $group" >&8
  (
    exec 8>&-
    [ -z "$forked" ] || export ACRE_CASE_MARK="@@$token"
    echo 0 >"$group/cgroup.procs"
    echo 300 >/proc/self/oom_score_adj # it dies before process 1's helpers do
    if [ -n "$user" ]; then
      exec unshare -i su -s /bin/sh "$user" -c "$command"
    fi
    exec unshare -i /bin/sh -c "$command"
  )
  status=$?
  echo ended >&8
}

# Ends the run's stray processes, and removes what it left in memory-backed file systems.
clean_up_run() {
  echo 1 >"$group/cgroup.kill"
  tries=0
  until rmdir "$group" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || break
    sleep 0.05
  done
  for left in /dev/shm/* /dev/hugepages/* /tmp/*; do
    if [ -e "$left" ] || [ -L "$left" ]; then rm -rf "$left"; fi
  done
}

mkfifo -m 600 /run/watch
exec 8<>/run/watch
setsid /bin/sh -c "$watch_runs" &
count_oom_kills
say ready "$(uname -r)"
number=0
while [ $number -lt "$run_count" ]; do
  . /acre/run/$number
  group=/sys/fs/cgroup/run$number
  prepare_run
  if [ -n "$problem" ]; then
    for case in $numbers; do say setup "$case" "$problem"; done
  else
    oom_kills_before=$oom_kills
    [ -n "$forked" ] || say begin "$numbers"
    start_run
    count_oom_kills
    timed_out=0
    [ ! -e /run/timed_out.$number ] || timed_out=1
  fi
  clean_up_run
  if [ -z "$problem" ] && [ -z "$forked" ]; then
    say end "$numbers" $status $((oom_kills - oom_kills_before)) $timed_out
  fi
  number=$((number + 1))
done
if [ -n "$collect_out" ]; then
  say out
  tar -C /out -cf - . | gzip -1 | base64
fi
say done
sleep 1
poweroff -f
