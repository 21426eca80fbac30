#!/bin/sh
# Reports in a browser: of a run whose name, settings and verdict hold what HTML takes for its own, and of one under way.
#   browser.sh GAN DIGITS [PICTURES]
set -eu
gan=$1
here=$(cd "$(dirname "$0")" && pwd)
browser=
for name in chromium chromium-browser google-chrome; do
    browser=${browser:-$(command -v $name || true)}
done
[ -n "$browser" ] || { echo "there is no Chromium to look with"; exit 77; }
python3 -c "" 2>/dev/null || { echo "there is no python3 to drive it with"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run="$work/<img src=x onerror=alert(1)> & \"it's\" a%20run#1"
mkdir -p "$work/</pre><script>alert(2)</script>"
cp "$2" "$work/</pre><script>alert(2)</script>/images.gz"
"$gan" train --data "$work/</pre><script>alert(2)</script>/images.gz" --set data.size=16 --set net.features=4 --set batch=8 \
    --set log_every=1 --set sample_every=3 --steps 12 --threads 1 --out "$run" --quiet
python3 "$here/browser.py" "$browser" "$run/report.html" ${3:+"$3"}

python3 - "$run/status.json" <<'END'
import json, sys
status = json.load(open(sys.argv[1]))
status["state"] = "running"
status["verdict"] = {"name": "d_won", "title": "D has won", "failure": True, "since": 7, "step": 12,
                     "text": "D has won: <img src=x onerror=alert(3)> & a long_word_" + "without_an_end_" * 12,
                     "remedies": [{"stage": "tune", "advice": "let <i>D</i> learn more slowly", "how": "--set d.lr*=.3"}]}
json.dump(status, open(sys.argv[1], "w"))
END
"$gan" report "$run"
python3 "$here/browser.py" "$browser" "$run/report.html"
