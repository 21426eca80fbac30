#!/usr/bin/env python3
"""How the cost grows: images/s of a DCGAN step against batch, image size, width and threads, and of reading image folders against
their number of files. Prints tables, and draws them if gnuplot is there.

    growth.py --bench build/release/tests/gan-bench [--plot docs/images/growth.png] [--json FILE]

What FILE has already is not measured again, so that an interrupted run can be taken up."""
import argparse
import json
import os
import shutil
import struct
import subprocess
import tempfile
import zlib

BASE = {"batch": 64, "size": 32, "width": 32}
SERIES = {"batch": [8, 16, 32, 64, 128, 256], "size": [16, 32, 64, 128], "width": [16, 32, 64, 128]}
FILES = [1000, 10000, 50000]
CACHES = [-1, 0]  # of decoded images: none, and the usual 256 MB


def measure(o, case, threads, sizes, *more):
    command = [o.bench, case, "--threads", str(threads), "--json", "-", *(more or ["--seconds", str(o.seconds)])]
    for name, value in sizes.items():
        command[1:1] = ["--" + name, str(value)]
    r = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)[0]
    r.update(sizes, images_per_s=sizes["batch"] / r["median"])
    del r["times"]
    return r


class Rows:
    """What has been measured, in order, and on disk."""

    def __init__(self, path):
        self.path, self.rows = path, []
        if path and os.path.exists(path):
            with open(path) as f:
                self.rows = json.load(f)

    def has(self, **key):
        return any(all(r[k] == v for k, v in key.items()) for r in self.rows)

    def add(self, row):
        self.rows.append(row)
        if self.path:
            with open(self.path, "w") as f:
                json.dump(self.rows, f, indent=1)


def steps(o, rows):
    for name, values in SERIES.items():
        for value in values:
            for threads in o.threads:
                key = {"series": name, "value": value, "threads": threads}
                sizes = dict(BASE, **{name: value})
                if name == "size" and value > 64:
                    sizes["batch"] = 16
                if not rows.has(**key):
                    rows.add(dict(measure(o, "dcgan", threads, sizes), **key))


def png(path, number, side=32):
    """A picture of stripes, different for each number."""
    def line(y):
        return b"\0" + bytes((x * (number % 7 + 1) + y * c + number) & 255 for x in range(side) for c in range(3))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(b"".join(line(y) for y in range(side)), 1)) + chunk(b"IEND", b""))


def folders(o, rows):
    with tempfile.TemporaryDirectory() as folder:
        made = 0
        for count in FILES:
            keys = [{"series": "files", "value": count, "cache": cache} for cache in CACHES]
            keys = [key for key in keys if not rows.has(**key)]
            for made in range(made, count) if keys else ():
                png(os.path.join(folder, "%06d.png" % made), made)
            made = count if keys else made
            for key in keys:
                seconds = o.seconds + count / 10000  # what can be kept is by the time that counts
                more = ["--path", folder, "--cache", str(key["cache"]), "--seconds", str(seconds)]
                rows.add(dict(measure(o, "folder", 1, {"batch": 64, "size": 32}, *more), **key))


def label(r):
    if r["series"] == "files":
        return "no cache" if r["cache"] < 0 else "cache"
    return "%d thread%s" % (r["threads"], "s"[:r["threads"] > 1])


def table(rows):
    print("| series | value | with | images/s | GFLOP/s | % of peak | MB |\n|---|---|---|---|---|---|---|")
    for r in rows:
        work = "%.1f | %.1f" % (r["gflops"], 100 * r["share"]) if r["gflop"] else "- | -"
        print("| %s | %d | %s | %.0f | %s | %.0f |" % (r["series"], r["value"], label(r), r["images_per_s"], work, r["rss_mb"]))


def plot(o, rows):
    if not shutil.which("gnuplot"):
        print("no gnuplot: no plot")
        return
    script = ["set terminal pngcairo size 1200,800 font ',11'", "set output '%s'" % o.plot, "set multiplot layout 2,2",
              "set logscale xy", "set key bottom right", "set grid", "set offsets graph 0.05, graph 0.05, graph 0.05, graph 0.05"]
    for series in [*SERIES, "files"]:
        mine = [r for r in rows if r["series"] == series]
        lines = sorted({label(r) for r in mine})
        for i, line in enumerate(lines):
            script.append("$%s%d << end" % (series, i))
            script += ["%d %g" % (r["value"], r["images_per_s"]) for r in mine if label(r) == line] + ["end"]
        axis = "files in the folder" if series == "files" else series
        script.append("set xlabel '%s'; set ylabel 'images/s'; set xtics (%s)"
                      % (axis, ", ".join("'%d' %d" % (v, v) for v in sorted({r["value"] for r in mine}))))
        script.append("plot " + ", ".join("$%s%d with linespoints lw 2 pt 7 title '%s'" % (series, i, line)
                                          for i, line in enumerate(lines)))
    subprocess.run(["gnuplot"], input="\n".join(script), text=True, check=True)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--bench", required=True)
    p.add_argument("--seconds", type=float, default=1)
    p.add_argument("--threads", type=lambda s: [int(t) for t in s.split(",")], default=[1, 2])
    p.add_argument("--plot")
    p.add_argument("--json")
    o = p.parse_args()
    rows = Rows(o.json)
    steps(o, rows)
    folders(o, rows)
    table(rows.rows)
    if o.plot:
        plot(o, rows.rows)


main()
