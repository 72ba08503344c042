# Functions of acre_command_act.cases. Where pages lie is read from /proc/PID/numa_maps here, not asked of acre.
nodes=$(ls -d /sys/devices/system/node/node[0-9]* | wc -l)
weights=/sys/kernel/mm/mempolicy/weighted_interleave

fail() { echo "$*"; exit 1; }

# Runs acre, which is to end with 0.
acre_does() { acre "$@" || fail "acre $*: status $?"; }

# touch_memory MIB [COMMAND...] : [FILE]: COMMAND... toucher MIB [FILE] in the background; $pid when all is touched.
touch_memory() {
  mib=$1; shift
  before=
  while [ "$1" != : ]; do before="$before $1"; shift; done
  shift
  rm -f /tmp/in /tmp/out; mkfifo /tmp/in
  $before toucher $mib "$@" </tmp/in >/tmp/out 2>/tmp/err &
  pid=$!
  exec 9>/tmp/in
  until grep -q ready /tmp/out; do
    kill -0 $pid 2>/dev/null || fail "it ended: $(cat /tmp/err)"
    sleep 0.1
  done
}

# Until acre run --report, which is $pid and waits between its looks, has had a whole one since.
looks_more() {
  waits() { awk '/^voluntary/ { print $2 }' /proc/$pid/status; }
  before=$(waits)
  until [ $(waits) -gt $((before + 3)) ]; do sleep 0.2; done
}

# The contents are checked by toucher itself.
end_touching() {
  exec 9>&-
  wait $pid || fail "toucher: status $?"
  grep -q kept /tmp/out || fail "contents differ"
}

# Pages of the mapping of $mib MiB, node by node: "N0=8192 N1=8192 ".
pages() {
  awk -v want=$((mib * 256)) '{
    sum = 0; text = ""
    for (i = 1; i <= NF; ++i) if ($i ~ /^N[0-9]+=/) { split($i, part, "="); sum += part[2]; text = text $i " " }
    if (sum == want) print text
  }' /proc/$pid/numa_maps
}

# pages_are "N0=8192 N1=8192": exactly those.
pages_are() { [ "$(pages)" = "$1 " ] || fail "pages: $(pages), expected $1"; }

all_on() { pages_are "N$1=$((mib * 256))"; }

# Equal counts, but for one page, on all nodes of the machine.
pages_are_even() {
  pages | awk -v nodes=$nodes -v share=$((mib * 256 / nodes)) '{
    if (NF != nodes) exit 1
    for (i = 1; i <= NF; ++i) { split($i, part, "="); if (part[2] < share - 1 || part[2] > share + 1) exit 1 }
    ++lines
  } END { exit lines != 1 }' || fail "pages: $(pages)"
}

# refuses STATUS TEXT COMMAND...: ends with STATUS and says TEXT.
refuses() {
  status=$1; text=$2; shift 2
  "$@" >/tmp/said 2>&1; was=$?
  [ $was = $status ] || fail "status $was: $(cat /tmp/said)"
  grep -q -e "$text" /tmp/said || fail "it said: $(cat /tmp/said)"
}
