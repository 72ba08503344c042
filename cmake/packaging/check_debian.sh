#!/bin/bash
# check_debian.sh DIRECTORY: what a Debian user would find wrong with the packages that build_debian.sh made in DIRECTORY:
# lintian's errors and warnings; another build that gives other packages; programs without hardening; a fresh Debian in
# which a program cannot be built with them, or which has files left after they are purged. As root, for chroot.
set -euo pipefail
die() { echo "check_debian: $*" >&2; exit 1; }
say() { echo "check_debian: $*" >&2; }

[ "$(id -u)" = 0 ] || die "a fresh root directory is made with debootstrap, as root: run this as root"
# Mounts of its own: they end with its last process, however that ends, and unmounting does not reach the machine's /sys.
[ -n "${ACRE_OWN_MOUNTS:-}" ] || ACRE_OWN_MOUNTS=1 exec unshare --mount bash "$0" "$@"
here=$(cd "$(dirname "$0")" && pwd)
packages=$(cd "$1" && pwd)
work=$(mktemp -d)
root=$work/root

# An interrupted apt-get may still be at work in there: its /proc is busy.
cleanup() {
    for mount in proc sys; do
        if mountpoint -q "$root/$mount"; then umount --lazy --recursive "$root/$mount" || :; fi
    done
    rm -rf --one-file-system "$work"
}
trap cleanup EXIT

check_lintian() {
    say "lintian"
    # There is no report of an intended package that the first upload could close.
    lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$packages"/acre_*.changes
}

check_reproducible() {
    say "building once more, elsewhere and otherwise"
    (umask 027; TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 DEB_BUILD_OPTIONS=parallel=1 \
        sh "$here/build_debian.sh" "$work/again" >"$work/log" 2>&1) || { cat "$work/log"; die "it failed"; }
    local package
    for package in "$packages"/*.deb; do
        cmp "$package" "$work/again/$(basename "$package")" || die "two builds of $package are not the same"
    done
    rm -rf "$work/again"
}

# hardened FILE: by all that rules asks for.
hardened() {
    local file=$1 symbols
    symbols=$(readelf --dyn-syms --wide "$file")
    readelf --dynamic "$file" | grep BIND_NOW >/dev/null || die "$file has no BIND_NOW"
    readelf --program-headers --wide "$file" | grep GNU_RELRO >/dev/null || die "$file has no RELRO"
    grep -q ' __stack_chk_fail@' <<<"$symbols" || die "$file has no stack protector"
    grep -q '_chk@' <<<"$symbols" || die "$file is not fortified"
    # Debian 12's crti.o is not marked for CET, so nothing that is linked there is; the code is made for it.
    # The files that g++ links to every program have a few of these instructions, whatever the program is compiled with.
    if [ "$(dpkg --print-architecture)" = amd64 ]; then
        [ "$(objdump --disassemble --no-show-raw-insn --section=.text "$file" | grep -c endbr64)" -ge 100 ] ||
            die "$file was compiled without control-flow protection"
    fi
}

check_hardening() {
    say "hardening"
    local package
    for package in libacre1 acre; do dpkg-deb --extract "$packages/${package}"_[0-9]*.deb "$work/files"; done
    hardened "$work"/files/usr/lib/*/libacre.so.1
    hardened "$work/files/usr/bin/acre"
    readelf --file-header "$work/files/usr/bin/acre" | grep 'DYN (Position-Independent' >/dev/null || die "acre is no PIE"
}

# built NAME...: where the packages are, seen from inside.
built() { (cd "$packages" && for name; do echo "/tmp/packages/$(echo "${name}"_[0-9]*.deb)"; done); }
inside() { chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
install_inside() { inside apt-get -qq -y install "$@" >"$work/log" 2>&1 || { cat "$work/log"; die "cannot install $*"; }; }

# What packages leave behind; apt's and dpkg's own records, and caches of others, are left out.
files_inside() {
    (cd "$root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./tmp -o -path ./var/lib/dpkg -o -path ./var/lib/apt \
        -o -path ./var/cache -o -path ./var/log -o -path ./etc/ld.so.cache \) -prune -o -print | LC_ALL=C sort)
}

# run_test NAME: debian/tests/NAME, as autopkgtest would.
run_test() {
    mkdir -p "$root/tmp/$1"
    cp "$here/debian/tests/$1" "$root/tmp/test"
    inside env "AUTOPKGTEST_TMP=/tmp/$1" /tmp/test || die "debian/tests/$1 failed"
}

check_in_fresh_root() {
    local suite mirror pause
    suite=$(. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME") || die "this is not Debian"
    # Of this machine's own sources, so that it can be reached; what debootstrap cannot read, such as a list of mirrors, is none.
    mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" 'Origin: Debian' | grep '^http' | head -n 1)
    mirror=${mirror:-http://deb.debian.org/debian}
    say "a fresh $suite of $mirror"
    # A mirror may fail for a moment.
    for pause in 10 30 0; do
        rm -rf --one-file-system "$root"
        if debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$mirror" >"$work/log" 2>&1; then break; fi
        tail -n 20 "$work/log"
        [ "$pause" != 0 ] || die "debootstrap failed"
        say "debootstrap failed; once more in $pause s"
        sleep "$pause"
    done
    cp /etc/resolv.conf "$root/etc/"
    # Proxies and the like; not what this machine's packages have apt run, which are not there.
    { apt-config dump | grep '^Acquire::'; echo 'Acquire::Retries "3";'; } >"$root/etc/apt/apt.conf.d/acquire"
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mkdir "$root/tmp/packages"
    cp "$packages"/*.deb "$root/tmp/packages/"
    inside apt-get -qq update

    install_inside --no-install-recommends g++ pkgconf
    files_inside >"$work/before"

    say "libacre-dev alone, then the command"
    # shellcheck disable=SC2046
    install_inside --no-install-recommends $(built libacre1 libacre-dev)
    run_test program
    # shellcheck disable=SC2046
    install_inside --no-install-recommends $(built acre libacre-doc)
    run_test command

    say "purged"
    inside apt-get -qq -y --purge --auto-remove remove acre libacre-doc libacre-dev libacre1 >"$work/log" 2>&1 ||
        { cat "$work/log"; die "the packages cannot be purged"; }
    files_inside >"$work/after"
    diff "$work/before" "$work/after" || die "files are left after the packages were purged"
}

check_lintian
check_hardening
check_in_fresh_root
check_reproducible
say "all is well"
