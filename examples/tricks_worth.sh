#!/bin/sh
# What the tricks are worth: each row of the table below is trained on digits and on Fashion-MNIST, for the same processor time
# on one thread, with several seeds, and measured by "gan eval". Prints the table as Markdown.
#
#     tricks_worth.sh --digits FOLDER --fashion FOLDER [--minutes M] [--size N] [--seeds N]
#         [--rows TEXT] [--out FOLDER] [--gan PROGRAM] [--table]
#
#   --digits, --fashion   folders with the four IDX files of MNIST and Fashion-MNIST
#   --minutes M           of processor time for each run's training; .75
#   --size N              height and width of the pictures, 8, 16, 32, ...; 32
#   --seeds N             runs of each row and data; 3
#   --rows TEXT           only rows with this in their names
#   --out FOLDER          runs/tricks-worth: classifiers, the runs, and results.tsv with a line for each finished one
#   --gan PROGRAM         build/quickstart/gan
#   --table               prints the table of what has finished, and trains nothing
#
# It can be interrupted at any time: what has finished is not run again. Rows of one seed come before those of the next, so
# that a table without the last seeds is a fair one.
set -eu
gan=build/quickstart/gan out=runs/tricks-worth minutes=.75 size=32 seeds=3 rows='' digits='' fashion='' table=''

while [ $# -gt 0 ]; do
    case $1 in
    --table) table=1; shift; continue ;;
    --digits | --fashion | --minutes | --size | --seeds | --rows | --out | --gan)
        [ $# -gt 1 ] || { echo "tricks_worth.sh: $1 needs a value" >&2; exit 2; }
        eval "${1#--}=\$2"
        shift 2
        ;;
    *) echo "tricks_worth.sh: there is no option $1: --digits, --fashion, --minutes, --size, --seeds, --rows, --out, --gan, --table" >&2; exit 2 ;;
    esac
done

# What all rows share, and then each row's name and what it adds. A rate of 5e-4 where the papers have 1e-4 or 2e-4: there is not
# the time for small ones.
shared="--set data.size=$size --set net.features=16 --set net.latent=64 --set batch=32 --set no_watch=true --set no_report=true
    --set sample_every=0 --set checkpoint_every=0 --set steps=100000000 --threads 1 --quiet"
rows() {
    sed -e :a -e '/\\$/N; s/\\\n *//; ta' <<'EOT'
plain DCGAN|--set lr=5e-4 --set ema=0
soft labels (.9)|--set lr=5e-4 --set ema=0 --with soft_labels:real=0.9
instance noise (.3, fading)|--set lr=5e-4 --set ema=0 --with instance_noise:sigma=0.3,until=2000
dropout in D (.3)|--set lr=5e-4 --set ema=0 --with dropout:d=0.3
two rates (D 4 times G's)|--set g.lr=2.5e-4 --set d.lr=1e-3 --set ema=0
packing (2)|--set lr=5e-4 --set ema=0 --with packing:m=2
feature matching|--set lr=5e-4 --set ema=0 --with feature_matching
spectral norm in D|--set lr=5e-4 --set ema=0 --with spectral_norm:d=true
R1 without batch norm in D|--set lr=5e-4 --set ema=0 --set net.d_norm=none --with r1:weight=1,interval=4
average of G (.99)|--set lr=5e-4 --set ema=0.99 --set ema_start=0
least squares|--set lr=5e-4 --set ema=0 --with loss:kind=least_squares
hinge preset|--preset hinge --set lr=5e-4 --set ema=0
wgan-gp preset|--preset wgan-gp --set lr=5e-4 --set ema=0
rpgan preset and average|--preset rpgan --set lr=5e-4 --set ema=0.99 --set ema_start=0
soft labels, noise, average|--set g.lr=5e-4 --set d.lr=2.5e-4 --set ema=0.99 --set ema_start=0 --with soft_labels:real=0.9 \
    --with instance_noise:sigma=0.3,until=2000
EOT
}

# --- the table ---------------------------------------------------------------------------------------------------

# Means, with the half width of Student's 95 % interval over the seeds.
print_table() {
    printf '| | digits: classifier-FID | recall | coverage | Fashion-MNIST: classifier-FID | recall | coverage | G steps |\n'
    printf '|---|---|---|---|---|---|---|---|\n'
    { cat "$out/floors.tsv" 2>/dev/null; rows | sed 's/^/row|/'; cat "$out/results.tsv"; } | awk -F '[|]' '
        function interval(s, q, n, m, v) {
            if (n < 1) return "-"
            m = s / n
            v = n > 1 ? (q - n * m * m) / (n - 1) : 0
            if (n < 2) return sprintf("%.3g", m)
            return sprintf("%.3g +- %.2g", m, t[n - 1 < 10 ? n - 1 : 10] * sqrt((v > 0 ? v : 0) / n))
        }
        BEGIN { split("12.706 4.303 3.182 2.776 2.571 2.447 2.365 2.306 2.262 2.228", t, " ") }
        $1 == "row" { name[++rows] = $2; next }
        $1 == "floor" { floor[$2] = sprintf(" %.3g | %.3g | %.3g |", $3, $4, $5); next }
        {
            n[$2, $1]++
            for (k = 5; k <= 7; k++) { s[$2, $1, k] += $k; q[$2, $1, k] += $k * $k }
            steps[$2] += $4; runs[$2]++
        }
        END {
            for (i = 1; i <= rows; i++) {
                if (!runs[name[i]]) continue
                line = "| " name[i] " |"
                for (d = 1; d <= 2; d++)
                    for (k = 5; k <= 7; k++) {
                        data = d == 1 ? "digits" : "fashion"
                        line = line " " interval(s[name[i], data, k], q[name[i], data, k], n[name[i], data]) " |"
                    }
                printf "%s %.0f |\n", line, steps[name[i]] / runs[name[i]]
            }
            print "| *held-out real data* |" floor["digits"] floor["fashion"] " |"
        }'
}

mkdir -p "$out"
if [ -n "$table" ]; then
    print_table
    exit
fi

# --- runs --------------------------------------------------------------------------------------------------------

[ -n "$digits" ] && [ -n "$fashion" ] || { echo "tricks_worth.sh: --digits FOLDER and --fashion FOLDER are needed" >&2; exit 2; }
conditions="$minutes minutes, size $size"
if [ -f "$out/conditions" ] && [ "$(cat "$out/conditions")" != "$conditions" ]; then
    echo "tricks_worth.sh: the runs in $out were of $(cat "$out/conditions"), not $conditions: give another --out" >&2
    exit 2
fi
echo "$conditions" >"$out/conditions"
touch "$out/results.tsv"
seconds=$(awk "BEGIN { print 60 * $minutes }")

value() { sed -n "s/^    \"$1\": {.*\"$2\": \([-0-9.e+]*\),.*/\1/p" "$3"; }

# measure RUN DATA FOLDER OPTION...
measure() {
    run=$1 of=$2 from=$3
    shift 3
    "$gan" eval "$run" --classifier "$out/$of.safetensors" --data "$from/t10k-images-idx3-ubyte.gz" --threads 1 --quiet \
        --only classifier_fid,recall,coverage --json "$run/quality.json" "$@"
}

# classifier DATA FOLDER OPTION...
classifier() {
    of=$1 from=$2
    shift 2
    [ -f "$out/$of.safetensors" ] ||
        "$gan" classifier --data "$from" --test-data "$from/t10k-images-idx3-ubyte.gz" --size "$size" --threads 1 \
            --out "$out/$of.safetensors" "$@"
}

# one SEED DATA FOLDER ROW OPTIONS
one() {
    seed=$1 of=$2 from=$3 row=$4 options=$5
    ! grep -qF "$of|$row|$seed|" "$out/results.tsv" || return 0
    run="$out/$of/$(echo "$row" | tr -c 'a-zA-Z0-9\n' _)-$seed"
    # shellcheck disable=SC2086  # words of the rows
    "$gan" train --data "$from" $options $shared --set "seconds=$seconds" --seed "$seed" --out "$run" --overwrite 2>"$run.log" ||
        { echo "$of, $row, seed $seed failed: $(tail -n 1 "$run.log")"; return 0; }
    if ! grep -q "^floor|$of|" "$out/floors.tsv" 2>/dev/null; then
        measure "$run" "$of" "$from"
        printf 'floor|%s|%s|%s|%s\n' "$of" "$(value classifier_fid floor "$run/quality.json")" "$(value recall floor "$run/quality.json")" \
            "$(value coverage floor "$run/quality.json")" >>"$out/floors.tsv"
    else
        measure "$run" "$of" "$from" --no-floor
    fi
    printf '%s|%s|%s|%s|%s|%s|%s\n' "$of" "$row" "$seed" "$(sed -n 's/^  "step": \([0-9]*\),/\1/p' "$run/quality.json")" \
        "$(value classifier_fid value "$run/quality.json")" "$(value recall value "$run/quality.json")" \
        "$(value coverage value "$run/quality.json")" >>"$out/results.tsv"
    tail -n 1 "$out/results.tsv"
}

classifier digits "$digits"
classifier fashion "$fashion" --flip
mkdir -p "$out/digits" "$out/fashion"
rows | awk -F '[|]' -v text="$rows" 'index($1, text)' >"$out/rows"
[ -s "$out/rows" ] || { echo "tricks_worth.sh: no row has \"$rows\" in its name" >&2; exit 2; }
for seed in $(seq 1 "$seeds"); do
    while IFS='|' read -r row options; do
        one "$seed" digits "$digits" "$row" "$options" </dev/null
        one "$seed" fashion "$fashion" "$row" "$options" </dev/null
    done <"$out/rows"
done
print_table
