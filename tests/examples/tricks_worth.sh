#!/bin/sh
# The table of what tricks are worth: made on a few pictures, gone on with, and not made again.
#     tricks_worth.sh SCRIPT GAN DIGITS LABELS
set -eu
script=$1 gan=$2 digits=$3 labels=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failed=0
wrong() { echo "$*"; tail -n 5 output; failed=1; }

# 600 of the digits stand for all four files' worth.
mkdir data
{ printf '\0\0\10\3\0\0\2\130\0\0\0\34\0\0\0\34'; gzip -dc "$digits" | tail -c +17 | head -c 470400; } >images
{ printf '\0\0\10\1\0\0\2\130'; gzip -dc "$labels" | tail -c +9 | head -c 600; } >labels
for part in train t10k; do
    gzip -c images >data/$part-images-idx3-ubyte.gz
    gzip -c labels >data/$part-labels-idx1-ubyte.gz
done

run() { sh "$script" --digits data --fashion data --size 8 --minutes .005 --out out --gan "$gan" "$@" >output 2>&1; }
count() { wc -l <out/results.tsv; }

run --seeds 1 --rows "soft labels (" || wrong "exit status $?"
[ "$(count)" -eq 2 ] || wrong "not one run on each data"
grep -qE '^\| soft labels \(\.9\) (\| [0-9][0-9.e+]* ){6}\| [1-9][0-9]* \|$' output || wrong "no such row in the table"
grep -qE '^\| \*held-out real data\* (\| [-0-9][-0-9.e]* ){6}\|' output || wrong "no floor in the table"
cp out/results.tsv before
run --seeds 2 --rows "soft labels (" || wrong "exit status $?"
[ "$(count)" -eq 4 ] && head -n 2 out/results.tsv | cmp -s - before || wrong "what had finished was run again, or nothing was added"
grep -qE '^\| soft labels \(\.9\) (\| [0-9][0-9.e+]* \+- [0-9.e+]* ){6}' output || wrong "no intervals over two seeds"

# A run that was lost on its way is run again, and nothing else.
sed -n '1p;3,4p' out/results.tsv >kept && cp kept out/results.tsv
run --seeds 2 --rows "soft labels (" || wrong "exit status $?"
[ "$(count)" -eq 4 ] && grep -q '^fashion|soft labels (.9)|1|' out/results.tsv || wrong "a lost run is not run again"

# The interval is Student's: two values that differ by 2 have a deviation of 1.414, over the root of 2, times 12.706.
printf 'digits|plain DCGAN|1|10|4|.5|.5\ndigits|plain DCGAN|2|20|6|.5|.5\n' >out/results.tsv
run --table || wrong "exit status $?"
grep -qF '| plain DCGAN | 5 +- 13 | 0.5 +- 0 | 0.5 +- 0 | - | - | - | 15 |' output || wrong "means, intervals or steps are wrong"

if run --minutes .01; then wrong "runs of other lengths are mixed"; fi
grep -q "give another --out" output || wrong "does not tell why"
if run --rows none; then wrong "an unknown row is nothing wrong"; fi
if run --size; then wrong "an option without a value is nothing wrong"; fi
exit $failed
