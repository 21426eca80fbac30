#!/bin/sh
# docs/tricks.md holds what the table of tricks says today: the part between its two marks is what the program prints.
#     tricks_page.sh GAN PAGE
# To bring the page up to date: tricks_page.sh --write GAN PAGE
set -eu
write=
[ "$1" = --write ] && { write=1; shift; }
program=$1 page=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

{
    sed '/^<!-- table -->$/q' "$page"
    echo
    "$program" tricks --markdown
    echo
    sed -n '/^<!-- end of table -->$/,$p' "$page"
} >"$work/page"

if [ -n "$write" ]; then
    cp "$work/page" "$page"
elif ! diff -u "$page" "$work/page"; then
    echo "docs/tricks.md is not what \"gan tricks --markdown\" prints: tests/cli/tricks_page.sh --write build/.../gan docs/tricks.md"
    exit 1
fi
grep -q '^| `sigma` |' "$page" # the table is there at all
