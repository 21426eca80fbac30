#!/bin/sh
# From nothing to generated digits: installs what is missing, builds, trains a DCGAN for a few minutes, leaves runs/quickstart/.
# An interrupted run goes on where it stopped.
set -eu
cd "$(dirname "$0")/.."
out=runs/quickstart data=examples/data/t10k-images-idx3-ubyte.gz gan=build/quickstart/gan

sh examples/install-packages.sh build
PATH=/usr/bin:/bin:$PATH # the distribution's tools before others of the same names
if [ ! -f build/quickstart/build.ninja ]; then
    cmake -S . -B build/quickstart -G Ninja -DCMAKE_BUILD_TYPE=Release -DGAN_BUILD_TESTS=OFF >/dev/null
fi
cmake --build build/quickstart --target gan_program

if [ -f "$out/checkpoint.safetensors" ] && [ -f "$out/run.ini" ] && [ ! -f "$out/samples/final.png" ]; then
    "$gan" resume "$out"
else
    rm -f "$out/samples/final.png" # marks a finished run
    # Few steps, and an average that smooths them: high rates. With so few images D would soon know them all: noise keeps it busy.
    "$gan" train --data $data --out $out --overwrite --seed 1 --steps 3000 --set data.held_out=0.2 --set net.features=32 \
        --set net.latent=64 --set g.lr=5e-4 --set d.lr=2.5e-4 --with soft_labels:real=0.9 \
        --with instance_noise:sigma=0.3,until=2500 --set sample_every=250 --set checkpoint_every=500
fi

cat <<EOT

The run is in $out/:
  report.html                the run as a page: verdict, samples over time, curves
  samples/final.png          digits that G makes now, and step-*.png: how it got there
  metrics.jsonl              losses, logits and gradient norms, a line every 50 steps
  checkpoint.safetensors     everything; PyTorch can open it too
  run.ini                    what it was made by

What to try next:
  how good they are               $gan classifier --data $data --out runs/digits.safetensors
                                  $gan eval $out --classifier runs/digits.safetensors
  more steps of this run          $gan resume $out --set steps=6000
  a folder of your own pictures   $gan train --data PICTURES --set data.size=64 --out runs/mine
  a program of your own           examples/01_tensor.c and those after it, docs/guide.md
EOT
