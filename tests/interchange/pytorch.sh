#!/bin/sh
# Exchanges weights with PyTorch where it is installed (GAN_TEST_PYTHON names another interpreter than python3); 77: it is not.
# Without it, golden numbers stand in: test_models and test_golden_steps load weights that PyTorch wrote.
set -eu
python=${GAN_TEST_PYTHON:-python3}
"$python" -c 'import torch' 2>/dev/null || { echo "$python has no torch"; exit 77; }
exec "$python" "$(dirname "$0")/exchange.py" "$1"
