#!/bin/sh
# gan classifier and gan eval: what they say, write and refuse, and that the same seed says the same.
#     quality.sh GAN DIGITS
. "$(dirname "$0")/small.sh"
digits=$2
cd "$work"

# A classifier, however bad: it learns more than nothing, and is the same for the same seed.
c="classifier --data $digits --size 16 --epochs 1 --rate .01 --filters 4 --features 16"
expect 0 "held-out samples are classified rightly; the classifier is in c.safetensors" $c --out c.safetensors
right=$(sed -n 's/^\(0\.[0-9]*\) of 1000 held-out samples.*/\1/p' output)
awk "BEGIN { exit !(${right:-0} > .3) }" || wrong "only $right right"
"$gan" $c --out again.safetensors --quiet --threads 1 >output 2>&1
[ ! -s output ] || wrong "--quiet tells something"
same c.safetensors again.safetensors "the same seed, another classifier"
expect 0 "test samples are classified rightly" classifier --data "$digits" --test-data "$digits" --size 16 --epochs .01 --out t.safetensors
expect 0 "classifier.accuracy" inspect c.safetensors
expect 2 "trained on what?" classifier --out x.safetensors
expect 2 "where to?" classifier --data "$digits"
expect 2 "did you mean --epochs?" classifier --data "$digits" --out x.safetensors --epoch-s 3
expect 2 '--epochs is "0"' classifier --data "$digits" --out x.safetensors --epochs 0
expect 1 "no/such" classifier --data no/such --out x.safetensors
expect 2 "what is \"x\"?" classifier x
mkdir plain
cp "$digits" plain/only-images-idx3-ubyte.gz
expect 2 "no labels" classifier --data plain/only-images-idx3-ubyte.gz --out x.safetensors
[ ! -e x.safetensors ] || wrong "a refused command left a file"

# A run on pictures.
expect 0 "steps are done" train --data "$digits" --set data.size=16 --set data.held_out=.1 --set net.features=4 --set net.latent=8 \
    --set batch=8 --set ema_start=0 --steps 3 --out run
expect 0 "classifier_fid" eval run --classifier c.safetensors --n 300 --json a.json
cp output table
for measure in kid precision recall density coverage classifier_score modes reverse_kl sliced_wasserstein nearest copies; do
    [ "$(grep -c "^$measure  " output)" -eq 2 ] || wrong "$measure has no row or no definition"
    grep -q "^    \"$measure\": {\"samples\": [0-9]*, \"value\": [-0-9.e]*, \"floor\": [-0-9.e]*, .*\"definition\": \"" a.json || wrong "$measure is not in the JSON file"
done
grep -q "step 3, samples by G's average" output || wrong "does not say of what"
grep -q "floor: 300 held-out samples of the same data" output || wrong "does not say what the floor is"
expect 0 "classifier_fid" eval run --classifier c.safetensors --n 300 --json b.json --threads 1 --ema
same table output "the same seed, another table"
same a.json b.json "the same seed, another JSON file"
# The order that every generator after three steps must keep: far from the data, which is near itself.
value() { sed -n "s/^    \"$1\": {.*\"$2\": \([-0-9.e]*\),.*/\1/p" "$3"; }
awk "BEGIN { exit !($(value classifier_fid value a.json) > 5 * $(value classifier_fid floor a.json)) }" || wrong "noise is as good as data"
expect 0 "G's own weights" eval run --classifier c.safetensors --n 300 --json raw.json --raw
[ "$(value classifier_fid value raw.json)" != "$(value classifier_fid value a.json)" ] || wrong "--raw is the average"
expect 0 "G's average" eval run --classifier c.safetensors --n 300 --seed 1 --json seed.json
[ "$(value classifier_fid value seed.json)" != "$(value classifier_fid value a.json)" ] || wrong "another seed, the same samples"
[ "$(value classifier_fid floor seed.json)" = "$(value classifier_fid floor a.json)" ] || wrong "another seed of G, another floor"
expect 0 "300 held-out samples: IDX images" eval run --classifier c.safetensors --n 300 --data "$digits" --only recall,coverage
[ "$(grep -c "^recall  \|^coverage  " output)" -eq 4 ] && ! grep -q "^precision  " output || wrong "--only does not choose"
expect 0 "floor: left out" eval run --n 100 --no-floor --only coverage --json part.json
[ -z "$(value coverage floor part.json)" ] && [ -n "$(value coverage value part.json)" ] || wrong "--no-floor has one"
expect 0 "no measures by features and classes" eval run --n 100

# A run is found and goes on from another folder, and its data may move.
mkdir elsewhere
cp "$digits" here-images-idx3-ubyte.gz
expect 0 "steps are done" train --data here-images-idx3-ubyte.gz --set data.size=16 --set net.features=2 --set batch=4 --steps 1 --out far
cd elsewhere
expect 0 "2 steps are done" resume ../far --set steps=2
mv ../here-images-idx3-ubyte.gz moved-images-idx3-ubyte.gz
expect 1 "here-images-idx3-ubyte.gz" resume ../far --set steps=3
expect 0 "3 steps are done" resume ../far --set steps=3 --set data.path=moved-images-idx3-ubyte.gz
cd ..

# What does not fit.
expect 0 "steps are done" train --data "$digits" --set net.features=2 --set batch=4 --set ema=0 --steps 1 --out larger
expect 1 "takes samples of shape [16, 16, 1], the data's have [32, 32, 1]" eval larger --classifier c.safetensors
expect 2 "keeps no average" eval larger --ema
expect 2 "exclude each other" eval run --raw --ema
expect 2 "kid needs a classifier" eval run --only kid
expect 2 'did you mean "recall"?' eval run --only recal
expect 1 "none/run.ini" eval none
expect 1 "best.safetensors" eval run --best
expect 1 "no classifier that" eval run --classifier run/checkpoint.safetensors
expect 1 "no file can be made" eval run --n 100 --only coverage --json no/such/folder/x.json
expect 2 "one run folder" eval

# Measured on the way, with the best checkpoint kept: the log, the status and the page tell, and others go on with it.
run="train $small --set data.points=900 --set eval_samples=100 --set eval_every=4 --set keep_best=sliced_wasserstein --set lr=.01 --set ema=0"
expect 0 "steps are done" $run --set checkpoint_every=4 --steps 40 --out kept
[ "$(grep -c '"eval_sliced_wasserstein":' kept/metrics.jsonl)" -eq 10 ] || wrong "not measured ten times"
best=$(sed -n 's/^{"step":\([0-9]*\),.*"eval_sliced_wasserstein":\([0-9.e-]*\),.*/\2 \1/p' kept/metrics.jsonl | sort -g | sed -n '1s/.* //p')
grep -q '"step":[[:space:]]*'"$best\$" kept/status.json || wrong "the status does not tell of step $best"
grep -q "Best checkpoint: step $best, sliced_wasserstein" kept/report.html || wrong "the page does not tell of step $best"
expect 0 "step $best, samples by" eval kept --best --only coverage
expect 0 "step 40, samples by" eval kept --only coverage
expect 0 "" sample kept --out last.png -n 99
expect 0 "" sample kept --best --out best.png -n 99
if cmp -s last.png best.png; then echo "sample --best is the last checkpoint's"; failed=1; fi
expect 0 "steps are done" $run --steps 21 --out parts
expect 0 "steps are done" resume parts --set steps=40
same kept/best.safetensors parts/best.safetensors "a resumed run keeps another best checkpoint"
expect 2 'there is no best by "density"' $run --set keep_best=density --steps 1 --out x
expect 2 "it must say when" $run --set eval_every=0 --steps 1 --out x
expect 2 "there is no classifier" $run --set keep_best=classifier_fid --steps 1 --out x
expect 1 "no-such.safetensors" $run --set eval_classifier=no-such.safetensors --steps 1 --out x

# Points need no classifier.
expect 0 "steps are done" train $small --set data.points=900 --steps 3 --out points
expect 0 "other training samples, as none are held out" eval points
for measure in modes high_quality reverse_kl recall; do grep -q "^$measure  " output || wrong "$measure is missing"; done
grep -q "^modes  *450 .* 8  higher" output || wrong "the floor has not all 8 modes"
exit $failed
