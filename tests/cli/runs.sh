#!/bin/sh
# Runs repeat, go on and are varied: to the byte, from what their folders hold.
#     runs.sh GAN
. "$(dirname "$0")/small.sh"
cd "$work"
with="--preset lsgan --with instance_noise:sigma=0.1,until=100 --with r1:interval=2 --set ema_start=3"

# An uninterrupted run, and one in two parts.
expect 0 "12 steps are done" train $small $with --steps 12 --out straight
expect 0 "5 steps are done" train $small $with --steps 5 --out parts
expect 0 "12 steps are done" resume parts --set steps=12
same straight/checkpoint.safetensors parts/checkpoint.safetensors "a resumed run ends elsewhere"
same straight/samples/final.png parts/samples/final.png "a resumed run has other samples"
[ "$(wc -l <parts/metrics.jsonl)" -eq 12 ] || { echo "12 steps, but $(wc -l <parts/metrics.jsonl) lines of metrics"; failed=1; }
expect 0 "12 steps had been taken already" resume parts

# Ctrl-C, wherever it happens to come, and SIGTERM.
for signal in INT TERM; do
    "$gan" train $small $with --steps 100000000 --out $signal >output 2>&1 &
    pid=$!
    until [ -s $signal/metrics.jsonl ] || ! kill -0 $pid 2>/dev/null; do sleep .05; done
    kill -$signal $pid
    code=0
    wait $pid || code=$?
    name="SIG$signal"
    [ $code -eq 130 ] || wrong "exit status $code"
    taken=$(sed -n "s/^stopped after step \([0-9]*\);.*gan resume $signal.*/\1/p" output)
    [ -n "$taken" ] || wrong "does not tell how to go on"
    total=$((${taken:-0} + 3))
    expect 0 "$total steps are done" resume $signal --set steps=$total
    expect 0 "$total steps are done" train $small $with --steps $total --out undisturbed --overwrite
    same undisturbed/checkpoint.safetensors $signal/checkpoint.safetensors "a run that was interrupted at step $taken ends elsewhere"
done

# A limit of processor time ends a session like the last step, and the run goes on from there.
expect 0 "the time is up after step" train $small $with --set seconds=0.2 --steps 100000000 --out timed
taken=$(sed -n 's/^the time is up after step \([0-9]*\);.*/\1/p' output)
[ -s timed/samples/final.png ] || wrong "no final samples"
total=$((${taken:-0} + 2))
expect 0 "$total steps are done" resume timed --set steps=$total --set seconds=0
expect 0 "$total steps are done" train $small $with --steps $total --out undisturbed --overwrite
same undisturbed/checkpoint.safetensors timed/checkpoint.safetensors "a run whose time was up at step $taken ends elsewhere"

# The folder's own run.ini repeats the run, and so does what --dry-run prints.
expect 0 "steps are done" train straight/run.ini --out again
same straight/checkpoint.safetensors again/checkpoint.safetensors "run.ini does not repeat its run"
same straight/samples/final.png again/samples/final.png "run.ini does not repeat its samples"
sed 's/^out = again$/out = straight/' again/run.ini >renamed
same straight/run.ini renamed "run.ini differs in more than the folder"
expect 0 "# G has" train $small $with --steps 12 --out straight --dry-run
grep -v '^# [GD] has' output >dry
same straight/run.ini dry "--dry-run does not print what run.ini holds"
"$gan" train $small $with --steps 12 --out dry_run --dry-run >dry.ini
[ ! -e dry_run ] || { echo "--dry-run made a folder"; failed=1; }
expect 0 "steps are done" train dry.ini
same straight/checkpoint.safetensors dry_run/checkpoint.safetensors "what --dry-run prints does not make that run"

# A variation: all of another run but what is said.
"$gan" train --like straight --set 'lr*=.3' --out slower --dry-run | grep -v '^# [GD] has' >slower
sed 's/^out = straight$/out = slower/; s/^lr = 0.0002$/lr = 6e-05/' straight/run.ini >expected
same expected slower "--like with lr*=.3 changes something else"
[ "$(grep -c '^lr = 6e-05$' slower)" -eq 2 ] || { echo "lr*=.3 does not change both rates"; failed=1; }
expect 2 "--out" train --like straight
expect 0 "steps are done" train --like straight --set 'lr*=.3' --out slower_run
if cmp -s straight/checkpoint.safetensors slower_run/checkpoint.safetensors; then echo "another rate, the same run"; failed=1; fi
expect 0 "steps are done" train --like straight --without r1 --set loss=hinge --out hinge

# A folder that holds a run is not gone over by accident.
cp straight/checkpoint.safetensors kept
expect 2 "\"gan resume straight\" goes on with it, --overwrite goes over it" train $small --steps 2 --out straight
same kept straight/checkpoint.safetensors "a refused run changed the folder"
expect 0 "2 steps are done" train $small --steps 2 --out straight --overwrite
if cmp -s kept straight/checkpoint.safetensors; then echo "--overwrite left the old run"; failed=1; fi

# What a checkpoint depends on stays; the rest may change.
cp again/checkpoint.safetensors kept
cp again/run.ini kept.ini
expect 2 "net.units cannot change when a run goes on: it is 8, and would be 9" resume again --set net.units=9
expect 2 "seed cannot change" resume again --set seed=6 --set steps=20
expect 2 "pack cannot change" resume again --set pack=2
expect 2 "did you mean \"steps\"?" resume again --set stepz=20
same kept again/checkpoint.safetensors "a refused change changed the checkpoint"
same kept.ini again/run.ini "a refused change changed run.ini"
expect 0 "14 steps are done" resume again --set steps=14 --set d.lr=1e-5
grep -qF "d.lr was 0.0002, from now on it is 1e-05" output || wrong "does not tell of the other rate"
grep -q '^steps = 14$' again/run.ini || { echo "run.ini does not keep the new number of steps"; failed=1; }

# Where nothing is left to do, nothing is touched, and what is refused leaves nothing behind.
cp again/checkpoint.safetensors kept
cp again/run.ini kept.ini
expect 0 "14 steps had been taken already" resume again --set loss=hinge --set 'd.lr*=2'
"$gan" resume again --quiet >output 2>&1 || { name="resume --quiet"; wrong "fails"; }
[ ! -s output ] || { name="resume --quiet"; wrong "tells something"; }
expect 2 'stop_on: "bogus" is no failure' resume again --set stop_on=bogus --set steps=15
same kept again/checkpoint.safetensors "a run with nothing left to do has another checkpoint"
same kept.ini again/run.ini "a run with nothing left to do has other settings"

# From another checkpoint of the folder, what came after it is undone.
cp again/checkpoint.safetensors again/good.safetensors
expect 0 "16 steps are done" resume again --set steps=16
cp again/checkpoint.safetensors kept
expect 0 "16 steps are done" resume again --from good
same kept again/checkpoint.safetensors "another way from the good checkpoint"
[ "$(grep -c '"step":16,' again/metrics.jsonl)" -eq 1 ] || { echo "a step that was undone is still in the log"; failed=1; }
expect 1 "there is no again/best.safetensors" resume again --from best
# The checkpoint that was given up does not take the good one's place.
cp again/good.safetensors kept
expect 0 "15 steps are done" resume again --from good --set steps=15
same kept again/good.safetensors "going on from the good checkpoint spoilt it"

# A new run in an old folder that ends before its first checkpoint is no other run's.
"$gan" train $small --steps 100000000 --set checkpoint_every=0 --out again --overwrite >output 2>&1 &
pid=$!
until grep -q '"step":9,' again/metrics.jsonl 2>/dev/null && ! grep -q hinge again/run.ini || ! kill -0 $pid 2>/dev/null; do sleep .05; done
sleep .3
kill -KILL $pid
wait $pid 2>/dev/null || true
expect 1 "ended before its first checkpoint" resume again

# Nor is another run's folder gone on in, or what a run left before its first checkpoint gone over.
expect 2 "straight holds another run" resume hinge --set steps=20 --set out=straight
mkdir early
cp straight/run.ini early
cp straight/checkpoint.safetensors early/best.safetensors
expect 2 "gan resume early --from best" train $small --steps 2 --out early
expect 1 "but there is --from best" resume early

# One run in a folder at a time.
"$gan" train $small --steps 100000000 --out busy >first 2>&1 &
pid=$!
until [ -s busy/metrics.jsonl ] || ! kill -0 $pid 2>/dev/null; do sleep .05; done
expect 1 "another run is going on in busy" train $small --steps 2 --out busy --overwrite
kill -TERM $pid
wait $pid || true
taken=$(sed -n 's/^stopped after step \([0-9]*\);.*/\1/p' first)
[ "$(tail -n 1 busy/metrics.jsonl | sed 's/.*"step":\([0-9]*\),.*/\1/')" = "$taken" ] || { echo "a refused run spoilt the log of the one under way"; failed=1; }

# An average can begin later.
expect 0 "3 steps are done" train $small --set ema=0 --steps 3 --out bare
expect 0 "6 steps are done" resume bare --set ema=.9 --set steps=6
expect 0 "" inspect bare/checkpoint.safetensors
grep -q "G_ema" output || wrong "no average"

# A folder may move.
mv parts moved
expect 0 "13 steps are done" resume moved --set steps=13
[ ! -e parts ] || { echo "a moved run went on where it was"; failed=1; }
exit $failed
