#!/bin/sh
# gan watch: the first line is the verdict, remedies are words that the program takes, and what is no log is told.
#     explain.sh GAN
. "$(dirname "$0")/small.sh"
cd "$work"

first() { head -n 1 "$work/output" | grep -q "^$1" || wrong "the first line is not \"$1...\""; }

expect 0 "steps are done" train $small --steps 60 --out calm
expect 0 "healthy" watch calm
first healthy
expect 0 "healthy" watch calm/metrics.jsonl

# D learns to call fakes real, and G wants them called real.
expect 0 "steps are done" train $small --set lr=5e-3 --set loss.real_target=0 --set loss.fake_target=1 --steps 600 --out friends
expect 0 "what can be tried" watch friends
first "a sign or label error since step"
grep -q "gen_target=1" output || wrong "does not tell of targets"
expect 0 "healthy" watch friends/metrics.jsonl --loss hinge # read as another game's it would mean nothing
grep -q '"verdict":"sign_error"' friends/metrics.jsonl || { echo "the log does not tell of the change"; failed=1; }

# Numbers that run away: the run fails, and its log says why. stop_on ends others early.
expect 1 "not finite" train $small --set g.kind=sgd --set d.kind=sgd --set lr=1e12 --steps 600 --out burst
expect 0 "not a finite number" watch burst
first "not a finite number since step"
grep -q "weight\|bias\|loss" output || wrong "does not tell what was not finite"

# A G that stands still: D wins, the run ends with status 1, says how, and what it had is kept. Told not to, it goes on.
lost="--data ring --threads 1 --seed 2 --set net.units=16 --set batch=16 --set g.lr=1e-12 --set d.lr=1e-2 --set ema=0"
expect 1 "\"gan resume won\" goes on all the same" train $lost --steps 6000 --set checkpoint_every=200 --out won
grep -q "^stopped after step [0-9]*: D has won since step" output || wrong "does not tell why it stopped"
grep -q "let D learn more slowly than G: --set 'd.lr\*=.3'" output || wrong "does not tell what can be tried"
[ -s won/good.safetensors ] || { echo "the last good checkpoint is not kept"; failed=1; }
step=$(sed -n 's/^stopped after step \([0-9]*\):.*/\1/p' output)
expect 0 "steps are done" resume won --set steps=$((step + 100)) # for some time it is left in peace
expect 0 "2000 steps are done" train $lost --steps 2000 --set stop_on=nothing --out led
expect 0 "D has won since step" watch led
expect 1 "stopped after step" train $small --set lr=5e-3 --set loss.real_target=0 --set loss.fake_target=1 --steps 600 \
    --set stop_on=sign_error --out stopped
expect 2 "is no failure" train $small --set stop_on=nose --steps 1 --out nose

expect 1 "metrics.jsonl" watch none
printf '{"step":1,"d_loss":2}\n' >foreign.jsonl
expect 1 "no figures" watch foreign.jsonl
expect 2 "no loss called" watch calm --loss hing
expect 2 "is needed" watch
exit $failed
