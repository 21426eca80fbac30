#!/usr/bin/env python3
"""Times gan-bench against PyTorch: two processes that take turns, pair by pair.

    pairs.py --bench build/release/tests/gan-bench [--python PYTHON ...] [--pairs 15] [--threads 2,1] [--json FILE] [S1 ..]

For each workload PyTorch first shows which of its settings (memory format; threads up to the given number) is its fastest; with
that one it then alternates with gan-bench. While one works the other waits for its next line of input. Needs
Python 3 without packages; PyTorch belongs to the interpreter that --python names."""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PAUSE = 0.05  # for threads that still spin


class Server:
    """A program that takes a measurement for each line of its standard input."""

    def __init__(self, command):
        self.command = command
        begin = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.answer()
        self.to_first_step = time.monotonic() - begin
        self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit("no answer from " + " ".join(self.command))
        return json.loads(line)

    def measure(self):
        time.sleep(PAUSE)
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self):
        self.process.stdin.close()
        last = self.answer()
        self.process.wait()
        return last


def torch_command(python, name, threads, fmt):
    return [python, os.path.join(HERE, "torch_steps.py"), name, "--threads", str(threads), "--format", fmt, "--serve"]


def try_settings(o, python, name, most):
    """Seconds by threads and memory format, the least of a few measurements each."""
    tried = {}
    for fmt in ["nchw"] if name == "S4" else ["nchw", "nhwc"]:
        for t in range(1, most + 1):
            s = Server(torch_command(python, name, t, fmt))
            tried[t, fmt] = min(s.measure()["seconds"] for _ in range(o.trials))
            s.end()
    return tried


def compare(o, python, name, threads, tried):
    t, fmt = min((s for s in tried if s[0] <= threads), key=tried.get)
    ours = Server([o.bench, name, "--threads", str(threads), "--serve"])
    theirs = Server(torch_command(python, name, t, fmt))
    pairs = []
    for i in range(o.pairs):
        order = [ours, theirs] if i % 2 == 0 else [theirs, ours]
        measured = {s: s.measure() for s in order}
        pairs.append({"gan": measured[ours]["seconds"], "peak": measured[ours]["peak"], "tile": measured[ours]["tile"],
                      "torch": measured[theirs]["seconds"]})
    a, b = ours.end(), theirs.end()
    gan, torch = [p["gan"] for p in pairs], [p["torch"] for p in pairs]
    ratios = [p["torch"] / p["gan"] for p in pairs]
    peak, tile = (statistics.median(p[k] for p in pairs) for k in ("peak", "tile"))
    row = {"workload": name, "threads": threads, "isa": a["isa"], "gflop": a["gflop"], "gan_median": statistics.median(gan),
           "gan_min": min(gan), "torch_version": b["torch"], "torch_threads": t, "torch_format": fmt, "torch_tried": {"%d %s" % s: v for s, v in tried.items()},
           "torch_median": statistics.median(torch), "torch_min": min(torch), "ratio": statistics.median(ratios),
           "ratio_min": min(ratios), "ratio_max": max(ratios), "peak": peak, "tile": tile,
           "share": a["gflop"] / statistics.median(gan) / peak, "share_of_tile": a["gflop"] / statistics.median(gan) / tile,
           "gan_mb": a["rss_mb"], "torch_mb": b["rss_mb"],
           "mallocs": a["mallocs"], "gan_first": ours.to_first_step, "torch_first": theirs.to_first_step, "pairs": pairs}
    show(row)
    return row


def show(r):
    def threads(n):
        return "%d thread%s" % (n, "s"[:n > 1])
    print("%s, %s: libgan %.3f ms, PyTorch %s %.3f ms (%s, %s); ratio %.2f (%.2f to %.2f); %.1f %% of %.0f GFLOP/s, "
          "%.1f %% of a tile's %.0f"
          % (r["workload"], threads(r["threads"]), 1e3 * r["gan_median"], r["torch_version"], 1e3 * r["torch_median"],
             threads(r["torch_threads"]), r["torch_format"], r["ratio"], r["ratio_min"], r["ratio_max"], 100 * r["share"], r["peak"],
             100 * r["share_of_tile"], r["tile"]))
    print("    memory %.0f and %.0f MB (%.0f %%); to the end of the first step %.3f and %.2f s; mallocs in a step: %g"
          % (r["gan_mb"], r["torch_mb"], 100 * r["gan_mb"] / r["torch_mb"], r["gan_first"], r["torch_first"], r["mallocs"]))
    print("    ratio pair by pair: " + " ".join("%.2f" % (p["torch"] / p["gan"]) for p in r["pairs"]), flush=True)


def processor():
    try:
        with open("/proc/cpuinfo") as f:
            return next(line.split(":", 1)[1].strip() for line in f if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def save(path, rows):
    if path:
        with open(path, "w") as f:
            json.dump({"processor": processor(), "processors": os.cpu_count(), "rows": rows}, f, indent=1)
            f.write("\n")


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("workloads", nargs="*", default=["S1", "S2", "S3", "S4"])
    p.add_argument("--bench", required=True)
    p.add_argument("--python", action="append", help="an interpreter with PyTorch; may be given more than once")
    p.add_argument("--pairs", type=int, default=15)
    p.add_argument("--trials", type=int, default=2)
    p.add_argument("--threads", default="2,1")
    p.add_argument("--json")
    o = p.parse_args()
    series, rows = [int(t) for t in o.threads.split(",")], []
    for python in o.python or [sys.executable]:
        for name in o.workloads:
            tried = try_settings(o, python, name, max(series))
            for t in series:
                rows.append(compare(o, python, name, t, tried))
                save(o.json, rows)
    print("\n| step | threads | libgan ms | % of peak | % of tile's | MB | PyTorch | ms | threads, format | MB | ratio |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for r in rows:
        print("| %s | %d | %.3f | %.1f | %.1f | %.0f | %s | %.3f | %d, %s | %.0f | %.2f |"
              % (r["workload"], r["threads"], 1e3 * r["gan_median"], 100 * r["share"], 100 * r["share_of_tile"],
                 r["gan_mb"], r["torch_version"],
                 1e3 * r["torch_median"], r["torch_threads"], r["torch_format"], r["torch_mb"], r["ratio"]))


main()
