#!/bin/sh
# What a person can get wrong when running a program: each ends with a message that names the thing and the reason, an exit code
# other than 0, and no half-written run.
#     bad_input.sh 04_DCGAN DIGITS
set -eu
program=$1 digits=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# refused NAME TEXT ARGUMENTS...: the program fails, says TEXT, and leaves nothing in the run folder.
refused() {
    name=$1 text=$2
    shift 2
    code=0
    "$program" --out "$work/run" --steps 2 "$@" >"$work/output" 2>&1 || code=$?
    if [ "$code" -eq 0 ] || [ "$code" -gt 125 ]; then
        echo "$name: exit code $code"
        failed=1
    fi
    if ! grep -qF -- "$text" "$work/output"; then
        echo "$name: does not say \"$text\" but:"
        cat "$work/output"
        failed=1
    fi
    if [ -e "$work/run" ]; then
        echo "$name: left a run folder"
        failed=1
        rm -rf "$work/run"
    fi
}

head -c 100000 "$digits" >"$work/truncated-images-idx3-ubyte.gz"
printf 'what is this?' >"$work/magic"
mkdir "$work/empty" "$work/fake"
echo 'no picture' >"$work/fake/a.png"

refused "missing file" "$work/none" --data "$work/none"
refused "truncated gzip" "$work/truncated-images-idx3-ubyte.gz" --data "$work/truncated-images-idx3-ubyte.gz"
refused "wrong magic" "$work/magic" --data "$work/magic"
refused "empty folder" "$work/empty" --data "$work/empty"
refused "no image" "$work/fake/a.png" --data "$work/fake"
refused "batch larger than the data" "8000" --data "$digits" --batch 9000
refused "size" "30" --data "$digits" --size 30
refused "no number" "usage" --data "$digits" --steps many
refused "unknown option" "usage" --data "$digits" --stepz 3
refused "nothing to resume" "checkpoint.safetensors" --data "$digits" --resume

# An output folder that cannot be made.
: >"$work/file"
code=0
"$program" --data "$digits" --out "$work/file/run" --steps 1 >"$work/output" 2>&1 || code=$?
if [ "$code" -ne 1 ] || ! grep -qF "$work/file" "$work/output"; then
    echo "unwritable folder: exit code $code"
    cat "$work/output"
    failed=1
fi

# A disk that fills up: no file may grow beyond 64 KiB, so the second checkpoint cannot be written; the first must survive.
"$program" --data "$digits" --out "$work/run" --width 8 --steps 1 >/dev/null
cp "$work/run/checkpoint.safetensors" "$work/first"
code=0
(
    trap '' XFSZ
    ulimit -f 64
    exec "$program" --data "$digits" --out "$work/run" --width 8 --steps 2 --resume
) >"$work/output" 2>&1 || code=$?
if [ "$code" -ne 1 ] || ! grep -qF "$work/run/" "$work/output"; then
    echo "full disk: exit code $code"
    cat "$work/output"
    failed=1
fi
cmp "$work/first" "$work/run/checkpoint.safetensors" || failed=1
if [ "$(find "$work/run" -type f | grep -cvE '/((checkpoint|good).safetensors|metrics.jsonl|status.json|report.html|samples/final.png)$')" -ne 0 ]; then
    echo "full disk: left $(find "$work/run" -type f)"
    failed=1
fi
exit $failed
