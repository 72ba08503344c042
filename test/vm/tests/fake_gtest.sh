#!/bin/sh
# Answers like a GoogleTest program, without one.
filter=
for argument in "$@"; do
  case $argument in
    --gtest_list_tests) list=yes ;;
    --gtest_filter=*) filter=${argument#*=} ;;
  esac
done
if [ -n "$list" ]; then
  case $filter in nothing.*) exit 0 ;; esac
  echo 'Running main() from somewhere'
  printf '%s\n' 'group.' '  passes' '  fails' '  skips' '  runs_nothing' '  DISABLED_sleeps'
  printf '%s\n' 'all/sizes.' '  are_kept/0  # GetParam() = 1' '  are_kept/1  # GetParam() = 2. '
  exit 0
fi
case $filter in
  group.fails)
    echo "[  FAILED  ] $filter"
    exit 1
    ;;
  group.skips)
    echo "[  SKIPPED ] $filter"
    echo '[  PASSED  ] 0 tests.'
    ;;
  group.runs_nothing) echo '[  PASSED  ] 0 tests.' ;;
  *)
    echo "as $(id -un): $GREETING"
    echo "[       OK ] $filter"
    echo '[  PASSED  ] 1 test.'
    ;;
esac
