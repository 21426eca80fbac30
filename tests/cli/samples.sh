#!/bin/sh
# gan sample: what each of its options changes, and what it refuses.
#     samples.sh GAN DIGITS
. "$(dirname "$0")/small.sh"
digits=$2
cd "$work"

size() { od -An -tu1 -j16 -N8 "$1" | awk '{ print $4 + 256 * $3 "x" $8 + 256 * $7 }'; } # of a PNG: width x height
made() { expect 0 "" sample run "$@"; }
differs() { if cmp -s "$1" "$2"; then echo "$3"; failed=1; fi; }

expect 0 "steps are done" train --data "$digits" --set data.size=8 --set net.features=4 --set net.generators=2 --set batch=4 \
    --set ema=.5 --set ema_start=0 --set 'lr*=50' --steps 6 --out run
made --out plain.png
made --out again.png -n 64 --seed 0
same plain.png again.png "the same seed, other samples"
made --out seed.png --seed 1
differs plain.png seed.png "another seed, the same samples"
made --out raw.png --raw
differs plain.png raw.png "G's own weights are the average"
made --out near.png --truncation .1
differs plain.png near.png "truncated latents, the same samples"
made --out one.png --generator 0
made --out other.png --generator 1
differs one.png other.png "the second generator's samples are the first one's"
[ "$(size one.png)" = 78x78 ] || wrong "64 samples of 8 x 8 are a grid of $(size one.png)"
expect 2 "no generator 2 of 2" sample run --out none.png --generator 2
made --out wide.png -n 6 --columns 6 --generator 0
[ "$(size wide.png)" = 58x8 ] || wrong "six in a row are $(size wide.png)"
made --out ways.png -n 3 --interpolate 5
[ "$(size ways.png)" = 48x28 ] || wrong "three ways of five steps are $(size ways.png)"
made --out each.png -n 3 --each
[ "$(ls each-*.png | wc -l)" -eq 3 ] && [ ! -e each.png ] && [ "$(size each-0002.png)" = 8x8 ] || wrong "--each does not make one file for each"

# Checkpoints that are none of this run's, or damaged.
expect 0 "steps are done" train --data "$digits" --set data.size=8 --set net.features=2 --set batch=4 --steps 1 --out narrow
cp run/checkpoint.safetensors kept
cp narrow/checkpoint.safetensors run/checkpoint.safetensors
expect 1 "does not fit" sample run --out none.png
head -c 5000 kept >run/checkpoint.safetensors
expect 1 "truncated" sample run --out none.png
rm run/checkpoint.safetensors
expect 1 "run/checkpoint.safetensors" sample run --out none.png
[ ! -e none.png ] || wrong "a refused command left a picture"
exit $failed
