#!/bin/sh
# SIGINT and SIGTERM end a run cleanly: the program saves, and --resume ends in the very checkpoint of an undisturbed run.
#     interrupt.sh 04_DCGAN DIGITS
set -eu
program=$1 digits=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
steps=24

run() {
    name=$1
    shift
    "$program" --data "$digits" --out "$work/$name" --width 4 --batch 16 --steps $steps "$@"
}

run straight >"$work/output"
for signal in INT TERM; do
    # Long enough not to be done by itself; the signal goes out when the log shows that training is under way.
    "$program" --data "$digits" --out "$work/$signal" --width 4 --batch 16 --steps 1000000 >"$work/output" 2>&1 &
    pid=$!
    until [ -s "$work/$signal/metrics.jsonl" ] || ! kill -0 $pid 2>/dev/null; do sleep .05; done
    kill -$signal $pid
    code=0
    wait $pid || code=$?
    [ $code -eq 130 ] || { echo "$signal: exit code $code"; cat "$work/output"; exit 1; }
    grep -q 'Stopped after step' "$work/output"
    [ -f "$work/$signal/checkpoint.safetensors" ]
done

# Interrupted after half of the steps, so to speak, and resumed.
"$program" --data "$digits" --out "$work/half" --width 4 --batch 16 --steps $((steps / 2)) >"$work/output"
run half --resume >"$work/output"
cmp "$work/straight/checkpoint.safetensors" "$work/half/checkpoint.safetensors"
