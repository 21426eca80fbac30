#!/bin/sh
# The test of layers notices what it is there for: each planted violation makes it fail.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fresh() {
    rm -rf "$work/tree"
    mkdir -p "$work/tree"
    cp -R "$here/../../src" "$here/../../include" "$work/tree/"
    mkdir -p "$work/tree/tests" "$work/tree/examples" "$work/tree/src/cli" "$work/tree/src/nn"
}

expect_failure() {
    if sh "$here/layers.sh" "$work/tree" >"$work/out" 2>&1; then
        echo "not noticed: $1"
        exit 1
    fi
    grep -q "$2" "$work/out" || { echo "noticed for another reason: $1"; cat "$work/out"; exit 1; }
}

fresh
sh "$here/layers.sh" "$work/tree" >/dev/null || { echo "the tree fails as it is"; exit 1; }

echo '#include "../tensor/tensor_impl.h"' >>"$work/tree/src/base/context.c"
expect_failure "base includes tensor" "base includes ../tensor/tensor_impl.h"

fresh
echo '#include <gan/nn.h>' >>"$work/tree/src/tensor/tensor.c"
expect_failure "tensor includes a public header of nn" "tensor includes gan/nn.h"

fresh
echo '  #  include "../nn/module.h"' >>"$work/tree/src/nn/planted.c"
echo '#include "../base/ctx_impl.h"' >>"$work/tree/src/cli/planted_main.c"
expect_failure "the program includes internals" "it uses the public headers alone"

fresh
echo '#include <gan/train.h>' >>"$work/tree/include/gan/tensor.h"
expect_failure "a public header includes one above it" "tensor includes gan/train.h"

fresh
echo '#include "../src/base/memory.h"' >>"$work/tree/include/gan/tensor.h"
expect_failure "a public header includes an internal" "a public header includes"

fresh
mkdir "$work/tree/src/stray"
echo 'int x;' >>"$work/tree/src/stray/stray.c"
expect_failure "a folder that is no layer" "is not in the table"

fresh
echo 'int x;' >"$work/tree/src/nn/context.c"
expect_failure "two files of one name" "two files are called context"
