#!/bin/sh
# where_in_guest: `acre where --json` of a process with pages on all nodes says what the kernel's numa_maps says, page
# for page: per mapping and node, and in total.
set -eu
dir=$(mktemp -d)
touch "$dir/out" "$dir/err"
nodes=$(cat /sys/devices/system/node/has_memory)
last=${nodes##*[,-]}

placed_process first:system:3MiB:"bind 0" last:system:5MiB:"bind $last" each:system:2MiB:"interleave $nodes" \
  both:shared:1MiB:"interleave 0,$last by 64KiB" soft:thp:4MiB:"prefer $last" "$@" >"$dir/out" 2>"$dir/err" &
pid=$!
trap 'kill -9 $pid; rm -r "$dir"' EXIT
until grep -q ready "$dir/out"; do
  [ -e /proc/$pid/maps ] && [ ! -s "$dir/err" ] || { cat "$dir/err"; exit 1; }
  usleep 50000
done
kill -STOP $pid
until grep -q '^State:.T' /proc/$pid/status; do usleep 10000; done

# "ADDRESS NODE PAGES" lines, of base pages.
awk '{
  unit = 1
  if (match($0, /kernelpagesize_kB=[0-9]+/)) unit = substr($0, RSTART + 18, RLENGTH - 18) / 4
  for (i = 3; i <= NF; i++)
    if ($i ~ /^N[0-9]+=/) { split(substr($i, 2), n, "="); print $1, n[1], n[2] * unit; sum[n[1]] += n[2] * unit }
} END { for (node in sum) print "total", node, sum[node] }' /proc/$pid/numa_maps | sort >"$dir/kernel"

acre where $pid --json >"$dir/json"
# busybox awk has 32 bits for "%x": addresses are turned by the shell.
awk '
  function number(key) {
    match($0, "\"" key "\": [0-9]+")
    return substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 4)
  }
  BEGIN { address = "total" }
  /"begin": / { address = number("begin") }
  /"node": / { node = number("node") }
  /"pages": / && node != "" { if (number("pages") + 0 != 0) print address, node, number("pages"); node = "" }
' "$dir/json" | while read -r address node pages; do
  [ "$address" = total ] || address=$(printf %08x "$address")
  echo "$address $node $pages"
done | sort >"$dir/acre"

diff "$dir/kernel" "$dir/acre"
cut -d' ' -f2 "$dir/acre" | sort -u >"$dir/seen"
count=$(wc -l <"$dir/seen")
echo "$(wc -l <"$dir/acre") lines agree, of $count nodes"
case $nodes in *[,-]*) [ "$count" -ge 2 ] ;; esac

COLUMNS=80 acre where $pid >"$dir/text"
cat "$dir/text"
awk 'length($0) > 80 { print "too long: " $0; exit 1 }' "$dir/text"
