#!/bin/sh
# From nothing to generated digits: installs what is missing, builds, trains a DCGAN for a few minutes, leaves runs/quickstart/.
# An interrupted run goes on where it stopped.
set -eu
cd "$(dirname "$0")/.."
out=runs/quickstart

sh examples/install-packages.sh build
PATH=/usr/bin:/bin:$PATH # the distribution's tools before others of the same names
if [ ! -f build/quickstart/build.ninja ]; then
    cmake -S . -B build/quickstart -G Ninja -DCMAKE_BUILD_TYPE=Release -DGAN_BUILD_TESTS=OFF >/dev/null
fi
cmake --build build/quickstart --target 04_dcgan

set -- --data examples/data/t10k-images-idx3-ubyte.gz --out "$out"
if [ -f "$out/checkpoint.safetensors" ] && [ ! -f "$out/samples/final.png" ]; then
    set -- "$@" --resume
else
    rm -f "$out/samples/final.png" # marks a finished run
fi
build/quickstart/examples/04_dcgan "$@"

cat <<EOT

The run is in $out/:
  samples/final.png          digits that G makes now, and step-*.png: how it got there
  metrics.jsonl              losses, logits and gradient norms, a line every 50 steps
  checkpoint.safetensors     everything; PyTorch can open it too

What to try next:
  a folder of your own pictures   build/quickstart/examples/04_dcgan --data PICTURES --out runs/mine --size 64
  more steps of this run          build/quickstart/examples/04_dcgan --data examples/data/t10k-images-idx3-ubyte.gz \\
                                      --out $out --steps 6000 --resume
  a program of your own           examples/01_tensor.c and those after it, docs/guide.md
EOT
