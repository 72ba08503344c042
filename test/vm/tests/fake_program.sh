#!/bin/sh
# Answers like a Boost.Test program of acre's, without one.
run_case() {
  [ "$1" != group/none ] || return 0
  echo 'Running 1 test case...'
  case $1 in
    group/fails)
      echo "error: in \"$1\""
      return 201
      ;;
    group/skips)
      echo "skipped: $1: needs something"
      return 77
      ;;
    group/dies) kill -SEGV "$(exec sh -c 'echo $PPID')" ;;
    *) echo "as $(id -un): $GREETING" ;;
  esac
  echo '*** No errors detected'
}

list() {
  [ -z "$FAKE_LIST" ] || { echo "$FAKE_LIST" >&2; exit 1; }
  cat >&2 <<'END'
digraph G {rankdir=LR;
tu1[shape=ellipse,peripheries=2,fontname=Helvetica,color=green,label="Master Test Suite"];
{
tu2[shape=Mrecord,fontname=Helvetica,color=green,label="group|group.cpp(3)"];
tu1 -> tu2;
{
tu65536[shape=Mrecord,fontname=Helvetica,color=green,label="passes|group.cpp(4)"];
tu2 -> tu65536;
tu65537[shape=Mrecord,fontname=Helvetica,color=green,label="fails|group.cpp(5)"];
tu2 -> tu65537;
tu65538[shape=Mrecord,fontname=Helvetica,color=green,label="skips|group.cpp(6)|timeout=7"];
tu2 -> tu65538;
tu65539[shape=Mrecord,fontname=Helvetica,color=green,label="dies|group.cpp(7)"];
tu2 -> tu65539;
tu65540[shape=Mrecord,fontname=Helvetica,color=green,label="needs_a_group|group.cpp(8)|labels: @alone @slow"];
tu2 -> tu65540;
tu65541[shape=Mrecord,fontname=Helvetica,color=yellow,label="sleeps|group.cpp(9)"];
tu2 -> tu65541;
tu3[shape=Mrecord,fontname=Helvetica,color=green,label="sizes|group.cpp(10)"];
tu2 -> tu3;
{
tu65542[shape=Mrecord,fontname=Helvetica,color=green,label="one|group.cpp(10)"];
tu3 -> tu65542;
tu65543[shape=Mrecord,fontname=Helvetica,color=green,label="two<int>|group.cpp(10)"];
tu3 -> tu65543;
}
}
}
}
END
}

case $1 in
  --list_content=DOT) list ;;
  --run_test=*) run_case "${1#*=}" ;;
  --forked_cases=*)
    while read -r number seconds name; do
      echo "$ACRE_CASE_MARK begin $number"
      (run_case "$name")
      echo "$ACRE_CASE_MARK end $number $? 0 0"
    done <"${1#*=}"
    ;;
esac
