#!/bin/sh
# What is misspelt, out of range or missing is refused with exit status 2 and the nearest name, and nothing is written.
#     words.sh GAN
. "$(dirname "$0")/small.sh"
cd "$work"
mkdir empty
cd empty
run="train $small --steps 1 --out run"

refused() {
    expect 2 "$@"
    [ -z "$(ls -A .)" ] || { wrong "left $(ls -A .)"; rm -rf ./run; }
}

refused 'did you mean "steps"?' $run --set stepz=4
refused 'did you mean "d.lr"?' $run --set d.lrr=4
refused 'there is no setting "quite_other"' $run --set quite_other=4
refused 'd.lr is "-4"' $run --set d.lr=-4
refused 'steps is "many"' train --data ring --out run --steps many
refused 'not of the form name=value' $run --set d.lr
refused 'did you mean "instance_noise"?' $run --with instance_nose
refused 'r1: interval is "0"' $run --with r1:interval=0
refused 'did you mean "weight"?' $run --with r1:wieght=3
refused 'r1 is not in use' $run --without r1
refused 'did you mean "hinge"?' $run --preset hing
refused 'did you mean "resnet"?' $run --model resnt
refused 'did you mean "hinge"?' $run --set loss=hing
refused '"gan train --help" tells' $run --stepz 4
refused 'there is no option --stepz: did you mean --steps?' $run --stepz 4
refused 'there is no option --qqq' $run --qqq
refused '--steps needs a value' $run --steps
refused '--dry-run takes no value' $run --dry-run=3
refused 'did you mean --columns?' sample run --colums 3
refused 'did you mean "train"?' trian
refused '"gan train --help" tells' $run --steps
refused 'where to? --out FOLDER' train $small --steps 1
refused 'data.path is not set' train --out run --steps 1
refused 'more than one file' $run a.ini b.ini
refused 'one run folder is needed' resume
refused 'one run folder is needed' resume a b
refused 'one run folder or file is needed' inspect
refused 'did you mean "packing"?' tricks paking
refused 'there is no command "trane"' trane
refused 'usage: gan COMMAND'
refused 'is refused together with' $run --with weight_clip --with r1
refused 'label_flip: the hinge loss has no targets' $run --preset hinge --with label_flip
refused 'stop_on: "bogus" is no failure' $run --set stop_on=bogus
refused 'stop_on: "bogus" is no failure' $run --set stop_on=bogus --dry-run
refused 'there is no best by "bogus"' $run --set keep_best=bogus --set eval_every=1 --dry-run
refused 'net.model is dcgan, which is for images, but the data are points' $run --model dcgan
refused 'generators is 2, but net.generators is 0' $run --set generators=2
refused 'packing is a matter of settings: give pack another value' $run --preset pacgan --without packing
refused 'did you mean "data.path"?' $run --set path=x
refused 'batch is "12.8"' $run --set 'batch*=1.6'
refused 'there is no option -v' $run -vv
refused '--o is the beginning of several options' $run --o x
refused 'did you mean "tricks"?' help trick
refused 'did you mean "packing"?' tricks r1 paking
refused 'did you mean "net.features"?' settings net.featurs
refused '--columns is "0"' sample run --out grid.png --columns 0
refused '-n is "0"' sample run --out grid.png -n 0
refused 'call it .png' sample run --out grid.jpg
refused 'it can be checkpoint, good, best or failed' resume run --from nowhere

# --like and --preset come before all other options, in this order, wherever they stand.
cd ..
"$gan" train $small --out liked --steps 1 --set loss=least_squares >output 2>&1
for order in "--preset hinge --like liked" "--like liked --preset hinge"; do
    expect 0 "loss = hinge" train --data ring --out x --dry-run $order
done
rm -r liked
cd empty

# What is a matter of the world: exit status 1.
expect 1 'no file can be made in none/' classifier --data . --out none/c.safetensors
expect 1 'no file can be made in none/' eval none --json none/a.json
name="gan tricks >/dev/full"
if "$gan" tricks >/dev/full 2>"$work/output"; then wrong "no error"; fi
grep -q 'the output could not be written' "$work/output" || wrong "does not say why"
expect 1 'none.ini' train none.ini
expect 1 'none/run.ini' train --like none
expect 1 'none/run.ini' resume none
expect 1 'no/such/images' train --data no/such/images --out run --steps 1
expect 1 'none.safetensors' inspect none.safetensors
[ -z "$(ls -A .)" ] || { wrong "left $(ls -A .)"; }
printf 'steps = 4\nstepz = 4\n' >bad.ini
expect 2 'bad.ini, line 2: ' train bad.ini --data ring --out run
printf 'steps = 4\nno assignment\n' >bad.ini
expect 1 'bad.ini, line 2: ' train bad.ini --data ring --out run
[ ! -e run ] || { wrong "left a run"; }
exit $failed
