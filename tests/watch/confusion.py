#!/usr/bin/env python3
"""Tables of what the watcher said of planted failures and of healthy runs.

    confusion.py PLANTS FOLDER...

PLANTS is the program gan-plants, FOLDER what "gan-plants run" has filled. All logs are read again, so that the tables are of the
thresholds that the program was built with.

A plant counts if its samples end at least twice as far from held-out data as its control's (the run of the same folder, preset,
data and seed without the plant), or if it has no end; otherwise it had "no effect". It is named correctly if the first failure that the
watcher names is one of those that are right for it. The delay is the step of that verdict. A healthy run has a false warning
if any failure is named on its way, and a false stop if that is D's victory or nonfinite. A run without a plant whose samples are
bad in the end (W above 3 while less than half of the data is covered, or less than a third of what the best run of its preset and
data covers) and no better than they were after two thirds of it has failed by itself: it is listed apart, with what was said.
"""
import collections
import json
import os
import statistics
import subprocess
import sys

HEALTHY = ("healthy", "equilibrium")
STOPS = ("d_won", "nonfinite")
LOOKS = 3


def lines(path):
    with open(path) as f:
        for line in f:
            try:
                yield json.loads(line)
            except ValueError:
                pass


def looks(path):
    """W and coverage of each look, in their order."""
    found = {}
    for r in lines(path):
        if r.get("looked") is not None and r.get("distance") is not None:
            found[r["looked"]] = (r["distance"], r.get("coverage") or 0)
    return [found[k] for k in sorted(found)]


def mean(values):
    return statistics.mean(values) if values else None


def read(program, folders):
    runs = {}
    for folder in folders:
        for r in lines(folder + "/runs.jsonl"):
            key = (r["data"], r["preset"], r["plant"], r["seed"])
            log = "%s/%s.jsonl" % (folder, r["id"])
            if not os.path.exists(log):  # taken away, to be run again
                continue
            all_looks = looks(log)
            r["distance"] = mean([d for d, _ in all_looks[-LOOKS:]])
            r["coverage"] = mean([c for _, c in all_looks[-LOOKS:]])
            r["earlier"] = min([d for d, _ in all_looks[: len(all_looks) * 2 // 3]], default=None)
            r["verdicts"] = []
            runs[folder, r["id"]] = r
            r["key"] = key
            r["folder"] = folder
        text = subprocess.run([program, "judge", folder], check=True, capture_output=True, text=True).stdout
        for v in map(json.loads, text.splitlines()):
            if "verdict" in v and v["verdict"] not in HEALTHY and (folder, v["id"]) in runs:
                runs[folder, v["id"]]["verdicts"].append(v)
    return list(runs.values())


def control_key(run):
    return run["folder"], run["data"], run["preset"], run["seed"]


def name_of(run):
    """The first failure, which is what a person would hear first."""
    return run["verdicts"][0]["verdict"] if run["verdicts"] else "healthy"


def counts_as_failed(run, controls):
    control = controls.get(control_key(run))
    if run["status"] == "GAN_E_NONFINITE":
        return True
    if control is None or control["distance"] is None or run["distance"] is None:
        return None
    return run["distance"] >= 2 * control["distance"]


def failed_alone(run, best):
    if run["distance"] is None:
        return True
    slow = run["earlier"] is not None and run["distance"] < 0.95 * run["earlier"]
    far = run["distance"] > 3 and run["coverage"] < 0.5
    return not slow and (far or run["coverage"] < best[run["data"], run["preset"]] / 3)


def table(rows, columns):
    width = max(len(r) for r in rows) + 2
    print(" " * width + "".join("%12s" % c for c in columns))
    for name, row in rows.items():
        print(name.ljust(width) + "".join("%12s" % (row.get(c) or "") for c in columns))


def main():
    runs = read(sys.argv[1], sys.argv[2:])
    controls = {control_key(r): r for r in runs if r["plant"] == "control"}
    best = collections.defaultdict(float)
    for r in runs:
        if not r["right"] and r["coverage"] is not None:
            best[r["data"], r["preset"]] = max(best[r["data"], r["preset"]], r["coverage"])

    matrix, said = collections.defaultdict(collections.Counter), collections.Counter()
    delays = collections.defaultdict(list)
    counted = right = no_effect = unknown = 0
    healthy = warned = stopped = 0
    alone, wrong = [], []
    for r in sorted(runs, key=lambda r: r["key"]):
        name = name_of(r)
        kind = "images" if r["id"].startswith("images") else "ring"
        if not r["right"]:
            if failed_alone(r, best):
                alone.append(r)
                continue
            healthy += 1
            said[kind] += 1
            matrix["(%s) %s" % (kind, r["plant"])][name] += 1
            if name != "healthy":
                warned += 1
                wrong.append(r)
            stopped += any(v["verdict"] in STOPS for v in r["verdicts"])
            continue
        effect = counts_as_failed(r, controls)
        if effect is None:
            unknown += 1
            continue
        if not effect:
            no_effect += 1
            matrix["no effect: " + r["plant"]][name] += 1
            continue
        counted += 1
        matrix[r["plant"]][name] += 1
        if name in r["right"].split():
            right += 1
            delays[r["plant"]].append(r["verdicts"][0]["step"])
        else:
            wrong.append(r)

    columns = ["healthy"] + sorted({c for row in matrix.values() for c in row} - {"healthy"})
    table(matrix, columns)
    print()
    for plant, steps in sorted(delays.items()):
        print("%-16s named at step %5.0f in the median (%d to %d), %d runs" %
              (plant, statistics.median(steps), min(steps), max(steps), len(steps)))
    print()
    print("failures that count: %d, named correctly: %d%s; without effect: %d; without a control: %d" %
          (counted, right, " (%.1f %%)" % (100 * right / counted) if counted else "", no_effect, unknown))
    print("healthy runs: %d (%s), false warnings: %d%s, false stops: %d" %
          (healthy, ", ".join("%d %s" % (n, k) for k, n in sorted(said.items())), warned,
           " (%.1f %%)" % (100 * warned / healthy) if healthy else "", stopped))
    print("failed without a plant: %d" % len(alone))
    for r in alone:
        print("    %-40s W %s coverage %s: %s" % (r["id"], r["distance"] and "%.2f" % r["distance"],
                                                  r["coverage"] and "%.2f" % r["coverage"], name_of(r)))
    print("otherwise than expected: %d" % len(wrong))
    for r in wrong:
        first = r["verdicts"][0] if r["verdicts"] else {"verdict": "healthy", "step": "-"}
        control = controls.get(control_key(r), {})
        print("    %-40s W %s (control %s) %s at %s" % (r["id"], r["distance"] and "%.2f" % r["distance"],
                                                         control.get("distance") and "%.2f" % control["distance"],
                                                         first["verdict"], first["step"]))


if __name__ == "__main__":
    main()
