#!/bin/sh
# What the shared library exports is what the public headers declare, and it calls nothing that ends the program or prints.
#   symbols.sh INCLUDE-FOLDER LIBRARY NM OBJDUMP
set -eu
include=$1 library=$2 nm=$3 objdump=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# The declarations, each on one line: GAN_API type name(...)
cat "$include"/gan/*.h | tr '\n' ' ' | sed 's/GAN_API/\n&/g' |
    sed -n 's/^GAN_API [^(;]*[ *]\(gan_[a-z0-9_]*\)(.*/\1/p' | sort -u >"$work/declared"
"$nm" -D --defined-only "$library" | awk '{ print $NF }' | sed 's/@.*//' | sort -u >"$work/exported"
[ "$(wc -l <"$work/declared")" -gt 100 ] || { echo "found too few declarations"; exit 1; }

# `compare FLAG TITLE`: lines of one list only.
compare() {
    comm "$1" "$work/declared" "$work/exported" >"$work/difference"
    [ -s "$work/difference" ] || return 0
    echo "$2:"
    sed 's/^/  /' "$work/difference"
    status=1
}
compare -23 "declared with GAN_API, but not exported"
compare -13 "exported, but not declared in a public header"

# Bundled code counts too.
"$nm" -D --undefined-only "$library" | awk '{ print $NF }' | sed 's/@.*//' |
    grep -xE '_?_?(abort|exit|_exit|_Exit|assert_fail|printf|vprintf|printf_chk|puts|putchar|perror|signal|sigaction|stdout|stderr)' \
        >"$work/forbidden" || true
if [ -s "$work/forbidden" ]; then
    echo "the library calls:"
    sed 's/^/  /' "$work/forbidden"
    status=1
fi
# Nothing global is written to: what is in writable memory are the nils, which nobody writes, tables and a thread's message of stb,
# the lock around cJSON, which has a global of its own, and what the compiler puts there.
"$objdump" -t "$library" | awk '$0 ~ /[ \t]\.(data|bss|tdata|tbss)[ \t]/ { print $NF }' |
    grep -vE '^(nil_ctx|nil_stream|static_nil|parsing|stbi_.*|firstmap.*|mapping.*|completed\..*|__.*|\.data|\.bss)$' \
        >"$work/mutable" || true
if [ -s "$work/mutable" ]; then
    echo "writable globals:"
    sed 's/^/  /' "$work/mutable"
    status=1
fi
echo "$(wc -l <"$work/exported") exported symbols"
exit $status
