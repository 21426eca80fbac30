#!/bin/sh
# The table of mixtures: finished runs are kept and never made again, interrupted ones go on to the same end, and rows are printed
# beside the published ones.
#     plane_modes.sh PLANE_MODES STACKED_DIGITS
set -eu
program=$1 stacked=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

table() { "$program" --out "$work/$1" --data ring --methods gan --steps 6 --seeds 1-2; }

table straight >"$work/first"
[ "$(wc -l <"$work/straight/results.tsv")" -eq 2 ]
grep -q '^| ring | gan, 6 steps, 2 seeds |' "$work/first"
grep -q '^| ring | a perfect sampler, 20 draws | 8 ' "$work/first"
grep -q '^| grid | published: PacGAN4 | 24.8 +- .2 | 93.6 | .04 |' "$work/first"

# Made again in another folder, its figures are the same; a line that a crash cut off is made good.
table other >/dev/null
cmp "$work/straight/results.tsv" "$work/other/results.tsv"
printf 'ring\tgan\t6\t2\t0.5' >"$work/cut"
{ head -n 1 "$work/straight/results.tsv"; cat "$work/cut"; echo; } >"$work/other/results.tsv"
table other >"$work/again"
cmp "$work/first" "$work/again"
[ "$(tail -n 1 "$work/other/results.tsv")" = "$(tail -n 1 "$work/straight/results.tsv")" ]

# What is there is printed without a run.
cp "$work/straight/results.tsv" "$work/kept"
"$program" --out "$work/straight" --table >"$work/only"
cmp "$work/first" "$work/only"
cmp "$work/kept" "$work/straight/results.tsv"

# An interrupted run goes on from its checkpoint to the figures of an undisturbed one.
"$program" --out "$work/broken" --data ring --methods gan --steps 120 --seeds 1 >"$work/output" 2>&1 &
pid=$!
until grep -q '"step":50' "$work"/broken/*/metrics.jsonl 2>/dev/null || ! kill -0 $pid 2>/dev/null; do sleep .05; done
kill -INT $pid
code=0
wait $pid || code=$?
[ $code -eq 1 ] || { echo "exit code $code"; cat "$work/output"; exit 1; }
[ ! -e "$work/broken/results.tsv" ]
[ -f "$work"/broken/*/checkpoint.safetensors ]
"$program" --out "$work/broken" --data ring --methods gan --steps 120 --seeds 1 >/dev/null
"$program" --out "$work/whole" --data ring --methods gan --steps 120 --seeds 1 >/dev/null
cmp "$work/broken/results.tsv" "$work/whole/results.tsv"

refused() {
    code=0
    "$@" >"$work/output" 2>&1 || code=$?
    [ $code -eq 2 ] || { echo "$*: exit code $code"; exit 1; }
    grep -q -- "$expected" "$work/output" || { echo "$*: no word of $expected"; cat "$work/output"; exit 1; }
}
expected='no such name: disc' refused "$program" --data disc
expected='no such name: wgan' refused "$program" --methods gan,wgan
expected='--steps 0' refused "$program" --steps 0
expected='--seeds 3-1' refused "$program" --seeds 3-1
long=$(printf '%300s' '' | tr ' ' x)
expected='a path of 300 characters is too long' refused "$program" --out "$long"
expected='more' refused "$program" more
code=0
"$stacked" --out "$work/stacked" --digits "$work/none" --methods gan --steps 1 --seeds 1 >"$work/output" 2>&1 || code=$?
[ $code -eq 1 ] && grep -q "$work/none/train-images-idx3-ubyte.gz" "$work/output"
