#!/bin/sh
# Event files as an independent reader finds them: after a run, and after it was resumed from before its end.
#   tensorboard.sh GAN
set -eu
gan=$1
here=$(cd "$(dirname "$0")" && pwd)
python3 -c "" 2>/dev/null || { echo "there is no python3 to read the files with"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for data in ring "$2"; do
    rm -rf "$work/run"
    "$gan" train --data "$data" --set ignore_jumps=true --set data.size=16 --set net.features=4 --set batch=8 --set samples=9 \
        --set log_every=2 --set sample_every=5 --set checkpoint_every=6 --steps 15 --threads 1 --out "$work/run" --quiet --tensorboard
    python3 "$here/read_events.py" "$work/run" 1
    cp "$work/run/checkpoint.safetensors" "$work/old"
    "$gan" resume "$work/run" --set steps=21 --quiet # what the first session told of its end stays
    cp "$work/old" "$work/run/checkpoint.safetensors"
    "$gan" resume "$work/run" --set steps=20 --quiet # steps 16 to 21 once more
    rm "$work/run/samples/final.png"
    python3 "$here/read_events.py" "$work/run" 3
done

"$gan" train --data ring --steps 2 --set sample_every=1 --out "$work/without" --quiet
if ls "$work/without" | grep tfevents; then echo "event files that nobody asked for"; exit 1; fi
