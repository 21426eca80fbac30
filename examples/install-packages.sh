#!/bin/sh
# Installs what the named purpose needs and the system does not have yet, from Debian's packages.
#   sh examples/install-packages.sh build        to build the library
#   sh examples/install-packages.sh build test   to run the tests as well
set -eu

wanted=
for purpose in "$@"; do
    case $purpose in
    build) wanted="$wanted gcc libc6-dev cmake ninja-build pkg-config libopenblas-dev libstb-dev zlib1g-dev libcjson-dev libinih-dev" ;;
    test) wanted="$wanted g++ clang binutils libcmocka-dev python3 chromium" ;;
    *) echo "install-packages.sh: unknown purpose \"$purpose\"" >&2; exit 2 ;;
    esac
done

if ! command -v dpkg-query >/dev/null; then
    echo "Not a Debian system: make sure that the equivalents of these are installed:$wanted" >&2
    exit 0
fi

missing=
for package in $wanted; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true) in
    *" installed") ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "These packages are missing, and installing them takes root or sudo:$missing" >&2
        exit 1
    fi
    sudo=sudo
fi

echo "Installing:$missing"
$sudo apt-get update -q
# shellcheck disable=SC2086  # one word per package
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
