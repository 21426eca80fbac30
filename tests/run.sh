#!/bin/sh
# Builds everything that is tested, with warnings as errors, and runs all tests:
#   gcc    Release, with GCC: every test
#   clang  Release, with Clang: every test
#   asan   AddressSanitizer and UndefinedBehaviorSanitizer: all but what is about the build itself, or slow
#   tsan   ThreadSanitizer: what runs in several threads
# What this machine cannot do (an instruction set, PyTorch) is told as skipped.
# GAN_TEST_BUILDS=gcc leaves it at that one. Arguments go to ctest: `sh tests/run.sh -R conv` runs the tests with "conv" in their
# names.
set -eu
cd "$(dirname "$0")/.."
sh examples/install-packages.sh build test

PATH=/usr/bin:/bin:$PATH # the distribution's tools, which were just installed, before others of the same names
jobs=$(getconf _NPROCESSORS_ONLN)
builds=${GAN_TEST_BUILDS:-gcc clang asan tsan}
unset CC CXX CFLAGS LDFLAGS # the presets say

preset_of() { case $1 in gcc) echo release ;; *) echo "$1" ;; esac; }

mkdir -p build/ci
: >build/ci/CTestTestfile.cmake
for build in $builds; do
    echo "== $build"
    cmake --preset "$(preset_of "$build")" -B "build/ci/$build" -DGAN_WERROR=ON -DGAN_TEST_PREFIX="$build/" >build/ci/configure.log ||
        { cat build/ci/configure.log; exit 1; }
    cmake --build "build/ci/$build" -j "$jobs"
    echo "subdirs(\"$build\")" >>build/ci/CTestTestfile.cmake
done

export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1

# All builds' tests in one table, whose closing lines are the last thing said.
exec ctest --test-dir build/ci -j "$jobs" --output-on-failure --no-label-summary --no-tests=error "$@"
