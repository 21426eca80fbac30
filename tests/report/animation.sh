#!/bin/sh
# The animation of a run's samples, as an independent reader finds it: of a run, of a resumed one, of a long one.
#   animation.sh GAN DIGITS
set -eu
gan=$1
here=$(cd "$(dirname "$0")" && pwd)
python3 -c "" 2>/dev/null || { echo "there is no python3 to read the file with"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$gan" train --data "$2" --set ignore_jumps=true --set data.size=16 --set net.features=4 --set batch=8 --set samples=9 \
    --set sample_every=2 --steps 10 --threads 1 --out "$work/run" --quiet
python3 "$here/read_animation.py" "$work/run"
"$gan" resume "$work/run" --set steps=16 --quiet
python3 "$here/read_animation.py" "$work/run"
test "$(ls "$work/run/samples" | grep -c step-)" = 8
"$gan" resume "$work/run" --set steps=20 --set samples=4 --quiet # smaller grids: only those that fit the last one
python3 "$here/read_animation.py" "$work/run"

"$gan" train --data ring --set ignore_jumps=true --set samples=50 --set sample_every=1 --steps 75 --threads 1 --out "$work/long" --quiet
python3 "$here/read_animation.py" "$work/long"
