#!/bin/sh
# What docs/adding-an-op.md quotes from its example (every indented block) stands there, line by line and in one piece.
#   quotes.sh ROOT
set -eu
cd "$1"

awk '
    function check() {
        if (block == "") return
        blocks++
        if (index(source, "\n" block)) return
        printf "not in the example:\n%s\n", block
        bad = 1
    }
    FNR == 1 { file++ }
    file == 1 { source = source "\n" $0; next }
    /^```/ { fenced = !fenced }
    !fenced && /^    / { block = block substr($0, 5) "\n"; next }
    !fenced && /^$/ && block != "" { check(); block = ""; next }
    { check(); block = "" }
    END { check(); print blocks " quotes"; exit bad || blocks < 10 }' examples/06_own_op.c docs/adding-an-op.md
