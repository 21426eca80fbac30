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

# What is a matter of the world: exit status 1.
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
