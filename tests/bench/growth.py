#!/usr/bin/env python3
"""How the cost grows: images/s of a DCGAN step against batch, image size, width and threads, and of reading image folders against
their number of files. Prints tables, and draws them if gnuplot is there.

    growth.py --bench build/release/tests/gan-bench [--plot docs/images/growth.png] [--json FILE]"""
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
FILES = [500, 2000, 8000]


def measure(o, case, threads, sizes, *more):
    command = [o.bench, case, "--threads", str(threads), "--seconds", str(o.seconds), "--json", "-", *more]
    for name, value in sizes.items():
        command[1:1] = ["--" + name, str(value)]
    r = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)[0]
    r.update(sizes, images_per_s=sizes["batch"] / r["median"])
    del r["times"]
    return r


def steps(o):
    rows = []
    for name, values in SERIES.items():
        for value in values:
            for threads in o.threads:
                sizes = dict(BASE, **{name: value})
                if name == "size" and value > 64:
                    sizes["batch"] = 16
                rows.append(dict(measure(o, "dcgan", threads, sizes), series=name, value=value))
    return rows


def png(path, number, side=64):
    """A picture of stripes, different for each number."""
    def line(y):
        return b"\0" + bytes((x * (number % 7 + 1) + y * c + number) & 255 for x in range(side) for c in range(3))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(b"".join(line(y) for y in range(side)), 1)) + chunk(b"IEND", b""))


def folders(o):
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        made = 0
        for count in FILES:
            for made in range(made, count):
                png(os.path.join(folder, "%06d.png" % made), made)
            made = count
            rows.append(dict(measure(o, "folder", 1, {"batch": 64, "size": 64}, "--path", folder), series="files", value=count))
    return rows


def table(rows):
    print("| series | value | threads | images/s | GFLOP/s | % of peak | MB |\n|---|---|---|---|---|---|---|")
    for r in rows:
        work = "%.1f | %.1f" % (r["gflops"], 100 * r["share"]) if r["gflop"] else "- | -"
        print("| %s | %d | %d | %.0f | %s | %.0f |"
              % (r["series"], r["value"], r["threads"], r["images_per_s"], work, r["rss_mb"]))


def plot(o, rows):
    if not shutil.which("gnuplot"):
        print("no gnuplot: no plot")
        return
    script = ["set terminal pngcairo size 1200,800 font ',11'", "set output '%s'" % o.plot, "set multiplot layout 2,2",
              "set logscale xy", "set key bottom right", "set grid", "set offsets graph 0.05, graph 0.05, graph 0.05, graph 0.05"]
    for series in [*SERIES, "files"]:
        mine = [r for r in rows if r["series"] == series]
        threads = sorted({r["threads"] for r in mine})
        for t in threads:
            script.append("$%s%d << end" % (series, t))
            script += ["%d %g" % (r["value"], r["images_per_s"]) for r in mine if r["threads"] == t] + ["end"]
        label = "files in the folder" if series == "files" else series
        script.append("set xlabel '%s'; set ylabel 'images/s'; set xtics (%s)"
                      % (label, ", ".join("'%d' %d" % (v, v) for v in sorted({r["value"] for r in mine}))))
        script.append("plot " + ", ".join("$%s%d with linespoints lw 2 pt 7 title '%d thread%s'" % (series, t, t, "s"[:t > 1])
                                          for t in threads))
    subprocess.run(["gnuplot"], input="\n".join(script), text=True, check=True)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--bench", required=True)
    p.add_argument("--seconds", type=float, default=1)
    p.add_argument("--threads", type=lambda s: [int(t) for t in s.split(",")], default=[1, 2])
    p.add_argument("--plot")
    p.add_argument("--json")
    o = p.parse_args()
    rows = steps(o) + folders(o)
    table(rows)
    if o.plot:
        plot(o, rows)
    if o.json:
        with open(o.json, "w") as f:
            json.dump(rows, f, indent=1)


main()
