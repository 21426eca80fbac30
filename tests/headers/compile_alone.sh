#!/bin/sh
# Every public header compiles by itself, with strict warnings.
#   compile_alone.sh INCLUDE-FOLDER COMPILER [FLAG...]
set -u
include=$1
shift
status=0 count=0
for header in "$include"/gan/*.h; do
    count=$((count + 1))
    "$@" -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Werror -I"$include" "$header" || { echo "FAILED: $header"; status=1; }
done
echo "$count headers"
[ "$count" -gt 5 ] && exit $status
exit 1
