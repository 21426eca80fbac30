#!/bin/sh
# Exchanges weights with PyTorch: pytorch.sh PYTHON GENERATOR. Where that is not installed there is no such test, and golden numbers
# stand in: test_models and test_golden_steps load weights that PyTorch wrote.
set -eu
exec "$1" "$(dirname "$0")/exchange.py" "$2"
