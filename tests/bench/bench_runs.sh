#!/bin/sh
# The benchmark takes its steps and says what it should: a row and an object for each case, and a refusal of unknown ones.
#   bench_runs.sh GAN_BENCH
set -eu
out=$("$1" --threads 2 --seconds 0 S4 conv-c4)
for row in 'S4 ' 'conv-c4 ' 'peak of '; do
    echo "$out" | grep -q "^$row" || { echo "no row \"$row\" in: $out"; exit 1; }
done
json=$("$1" --threads 1 --seconds 0 --json - S4)
for field in median min gflops share peak_gflops rss_mb mallocs times; do
    case $json in *"\"$field\": "*) ;; *) echo "no $field in: $json"; exit 1 ;; esac
done
case $json in *'"mallocs": 0.000'*) ;; *) echo "a steady step asks the system for memory: $json"; exit 1 ;; esac
[ "$(printf '\n\n' | "$1" --threads 1 --serve S4 | wc -l)" -eq 5 ]
if "$1" S9 2>/dev/null; then echo "S9 was not refused"; exit 1; fi
