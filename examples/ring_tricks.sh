#!/bin/sh
# The ring of eight Gaussians with and without some tricks: one run each of 4,000 steps, and, with ImageMagick, one picture of all
# (docs/images/ring-tricks.png).
#     ring_tricks.sh [GAN] [FOLDER]        the program, build/quickstart/gan by default; runs/ring-tricks
set -eu
gan=${1:-build/quickstart/gan} out=${2:-runs/ring-tricks}
labels=

run() {
    name=$1
    shift
    [ -f "$out/$name/samples/final.png" ] ||
        "$gan" train --data ring --set net.units=128 --set net.depth=2 --set net.latent=16 --set batch=128 --set lr=1e-3 --set samples=2048 \
            --steps 4000 --seed 2 --quiet "$@" --out "$out/$name" --overwrite
    labels="$labels -label $name $out/$name/samples/final.png"
}

run plain
run packing --with packing:m=4
run minibatch_stddev --with minibatch_stddev:group=32
run instance_noise --with instance_noise:sigma=0.5,until=3000
run r1 --with r1:weight=0.1
run wgan-gp --preset wgan-gp --set lr=5e-4 --with wgan_gp:weight=0.1
run rpgan --preset rpgan --set lr=1e-3
run unrolled --preset unrolled --set g.lr=1e-3 --set d.lr=1e-4
run mgan --preset mgan --set lr=1e-3 --set batch=120 --with generator_classifier:g=0.5

if command -v montage >/dev/null; then
    # shellcheck disable=SC2086  # pairs of words
    montage $labels -tile 3x3 -geometry 360x360+4+4 "$out/all.png"
    echo "$out/all.png"
fi
