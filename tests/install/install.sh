#!/bin/sh
# The installed tree serves programs in four ways: through CMake and through pkg-config, shared and static.
#   install.sh BUILD-FOLDER CMAKE CC
set -eu
build=$1 cmake=$2 cc=$3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix="$work/where ever" # relocatable, and quoted everywhere

"$cmake" --install "$build" --prefix "$work/first" >"$work/log" || { cat "$work/log"; exit 1; }
mv "$work/first" "$prefix"

check() { # TITLE PROGRAM
    said=$("$2") || { echo "$1: exit code $?"; exit 1; }
    [ "$said" = "gan $version: 6" ] || { echo "$1: said \"$said\" instead of \"gan $version: 6\""; exit 1; }
    echo "$1: $said"
}
uses_shared() { ldd "$1" | grep -q libgan; }

libdir=$(dirname "$(find "$prefix" -name libgan.a)")
[ -e "$libdir/libgan.so" ] && [ -e "$libdir/pkgconfig/gan.pc" ] || { echo "files are missing"; exit 1; }
PKG_CONFIG_PATH="$libdir/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
export PKG_CONFIG_PATH
version=$(pkg-config --modversion gan)

for kind in shared static; do
    "$cmake" -S "$here/program" -B "$work/$kind" -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$prefix" -DKIND=$kind \
        -DCMAKE_BUILD_TYPE=Release >"$work/log" 2>&1 &&
        "$cmake" --build "$work/$kind" >>"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    check "CMake, $kind" "$work/$kind/program"
done
uses_shared "$work/shared/program" || { echo "gan::shared did not link the shared library"; exit 1; }
! uses_shared "$work/static/program" || { echo "gan::static linked the shared library"; exit 1; }

eval "$cc" -std=c11 "$(pkg-config --cflags gan)" '"$here/program/program.c"' -o '"$work/by_pc"' "$(pkg-config --libs gan)"
(export LD_LIBRARY_PATH="$libdir"; check "pkg-config, shared" "$work/by_pc")

rm "$libdir"/libgan.so* # the linker prefers it
eval "$cc" -std=c11 "$(pkg-config --cflags gan)" '"$here/program/program.c"' -o '"$work/by_pc_static"' \
    "$(pkg-config --static --libs gan)"
check "pkg-config, static" "$work/by_pc_static"
