# What the tests of the program share: `gan` is the program, `work` a folder of their own, `small` a run of a moment.
set -eu
gan=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
small="--data ring --set data.points=200 --set net.units=8 --set batch=8 --set log_every=1 --seed 5"

wrong() {
    echo "$name: $*"
    cat "$work/output"
    failed=1
}

# expect CODE TEXT ARGUMENTS...: the program ends with CODE, and says TEXT, if that is not empty.
expect() {
    wanted=$1 text=$2
    shift 2
    name="gan $*"
    code=0
    "$gan" "$@" >"$work/output" 2>&1 || code=$?
    [ "$code" -eq "$wanted" ] || wrong "exit status $code, not $wanted"
    [ -z "$text" ] || grep -qF -- "$text" "$work/output" || wrong "does not say \"$text\""
}

same() { cmp "$1" "$2" || { echo "$3"; failed=1; }; }
