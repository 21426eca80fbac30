#!/bin/sh
# The lists name everything there is, help is there for every command, and inspect tells what runs and files hold.
#     listings.sh GAN MANUAL
. "$(dirname "$0")/small.sh"
manual=$2
cd "$work"

for command in train resume sample eval classifier report inspect watch tricks settings presets; do
    expect 0 "usage: gan $command" $command --help
    expect 0 "usage: gan $command" help $command
    expect 0 "usage: gan $command" $command -h
    expect 0 " $command " --help
    "$gan" $command --help | sed -n 's/^  \(-., \)\{0,1\}--\([a-z-]*\).*/\2/p' | sed 's/-/\\-/g' >options
    for option in $(cat options); do
        grep -qF -- "\\-\\-$option" "$manual" || { echo "gan $command: --$option is not in the manual"; failed=1; }
    done
done
expect 0 "gan " --version

# Every name of the overview of tricks can be asked for, taken on, and has its section.
expect 0 "1.1a" tricks
sed -n 's/^.\{8\} \([a-z][a-z0-9_]*\) .*/\1/p' output >names
for part in 1.1a 1.1b 1.1c 1.1d 1.1e 1.1f 1.2a 1.2b 1.2c 1.2d 1.2e 1.3a 1.3b 2a 2c 2d 2e 3a 3b 3c 4b 6a 6c 6d 6h 6i 6j 6k 6m 6n; do
    grep -qE "^([0-9a-z., ]*, )?$part[, ]" output || { wrong "section $part is missing"; }
done
for trick in augment instance_noise label_noise label_flip weight_clip weight_penalty feature_matching mode_seeking pixel_loss \
    balance wgan_gp dragan r1 r2 lookahead replay historical_averaging generator_classifier minibatch_discrimination packing; do
    grep -qx "$trick" names || wrong "$trick is missing"
done
[ "$(wc -l <names)" -ge 35 ] || wrong "few names"
for trick in $(cat names); do
    expect 0 "--with $trick" tricks "$trick"
    [ "$(grep -c '^        gan train' output)" -eq 1 ] || wrong "more than was asked for"
done
expect 0 "range" tricks --markdown

# Every setting of a configuration has a meaning, and can be asked for.
expect 0 "net.features=0" settings
[ "$(grep -cE '^[a-z0-9_.]+=.* [^ ].* \[.+\]$' output)" -eq "$(wc -l <output)" ] || wrong "a line without a name, a meaning or a range"
"$gan" train $small --out x --dry-run | sed -n 's/^\([a-z0-9_.]*\) = .*/\1/p' >keys
for key in $(cat keys); do grep -qE "^([a-z]+\.)?$key=" output || wrong "$key is missing"; done
expect 0 "channels next to the image" settings net.features
[ "$(wc -l <output)" -eq 1 ] || wrong "more than was asked for"

# Every preset can be taken.
expect 0 "wgan-gp" presets
cut -d ' ' -f 1 output >names
[ "$(wc -l <names)" -ge 15 ] || wrong "few presets"
for preset in $(cat names); do expect 0 "[net]" train $small --preset "$preset" --set batch=40 --dry-run; done

# A run, its configuration, its checkpoint.
expect 0 "steps are done" train $small --with r1 --steps 3 --out run
expect 0 "generator" inspect run
for word in discriminator main.0 "step  " libgan.version; do grep -qF "$word" output || wrong "does not tell \"$word\""; done
expect 0 "generator" inspect run/run.ini
expect 0 "G.main.0.weight" inspect run/checkpoint.safetensors
grep -q '^[0-9]* tensors, [0-9]* numbers$' output || wrong "does not count"
head -c 2000 run/checkpoint.safetensors >short.safetensors
expect 1 "short.safetensors" inspect short.safetensors
# One byte among the weights, the file's last.
size=$(wc -c <run/checkpoint.safetensors)
{ head -c $((size - 1)) run/checkpoint.safetensors; printf '\252'; } >bad.safetensors
expect 1 "bad.safetensors" inspect bad.safetensors
cp bad.safetensors run/checkpoint.safetensors
expect 1 "checkpoint.safetensors" inspect run
expect 1 "checkpoint.safetensors" resume run --set steps=5
mkdir nothing
expect 1 "nothing/run.ini" inspect nothing
exit $failed
