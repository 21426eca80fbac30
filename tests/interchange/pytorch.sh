#!/bin/sh
# Exchanges weights with PyTorch: pytorch.sh PYTHON GENERATOR. Where that is not installed the test is skipped, and golden numbers
# stand in: test_models and test_golden_steps load weights that PyTorch wrote.
set -eu
"$1" -c "import torch" 2>/dev/null || { echo "$1 has no PyTorch"; exit 77; }
exec "$1" "$(dirname "$0")/exchange.py" "$2"
