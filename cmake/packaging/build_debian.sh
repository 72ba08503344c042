#!/bin/sh
# build_debian.sh DIRECTORY [OPTION...]: builds Debian's packages of this tree in DIRECTORY, which is made anew.
# OPTIONs go to dpkg-buildpackage. Needs what debian/control names under Build-Depends.
set -eu
die() { echo "build_debian: $*" >&2; exit 1; }

root=$(cd "$(dirname "$0")/../.." && pwd)
packaging=$root/cmake/packaging/debian
rm -rf "$1"
mkdir -p "$1"
cd "$1"
shift

number() { sed -n "s/^#define ACRE_VERSION_$1 \"*\([^\"]*\)\"*$/\1/p" "$root/include/acre/version.hpp"; }
# A candidate sorts before its version: 1.0.0~rc1.
version=$(number MAJOR).$(number MINOR).$(number PATCH)$(number SUFFIX | tr - '~')
changelog=$(dpkg-parsechangelog -l "$packaging/changelog" -S Version)
case $changelog in
    "$version"-*) ;;
    *) die "include/acre/version.hpp says $version, $packaging/changelog $changelog: add an entry there" ;;
esac

# Without what .gitignore names, and DIRECTORY; without git, which may not be there: packages are built from an unpacked
# release too.
date=$(dpkg-parsechangelog -l "$packaging/changelog" -S Timestamp)
tar -C "$root" --exclude=./.git --exclude=./build --exclude='./build-*' --exclude=./.cache \
    --exclude=./compile_commands.json --exclude=__pycache__ --exclude="./${PWD#"$root"/}" \
    --exclude=./cmake/packaging/conan/test_package/build \
    --exclude=./cmake/packaging/conan/test_package/CMakeUserPresets.json --sort=name --mtime="@$date" --owner=0 --group=0 \
    --numeric-owner --mode=u=rwX,go=rX --transform="s|^\.|acre-$version|" -cf - . |
    gzip -n >"acre_$version.orig.tar.gz"
tar -xf "acre_$version.orig.tar.gz"
cp -R "$packaging" "acre-$version/debian"
cd "acre-$version"
dpkg-buildpackage -us -uc "$@"
