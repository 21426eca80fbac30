#!/bin/sh
# What a person sees of a run, in terminals of several widths and kinds, and elsewhere.
#   terminal.sh GAN
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python3 -c "import pty, termios" 2>/dev/null || { echo "there is no python3 to play the terminal"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$here/terminal.py" "$1" "$work"
