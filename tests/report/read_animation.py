"""Reads samples/progress.png of a run folder by the specification (PNG, third edition) and compares its frames with the grids.

usage: read_animation.py RUN
"""
import glob
import os
import struct
import sys
import zlib


def chunks(path):
    data = open(path, "rb").read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", path
    at, found = 8, []
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8:at + 8 + length]
        assert len(body) == length, f"{path}: cut"
        assert struct.unpack_from(">I", data, at + 8 + length)[0] == zlib.crc32(kind + body), f"{path}: checksum at {at}"
        found.append((kind, body))
        at += 12 + length
    assert found[0][0] == b"IHDR" and found[-1] == (b"IEND", b"")
    return found


def pixels(found):
    return zlib.decompress(b"".join(body for kind, body in found if kind == b"IDAT"))


def main(run):
    grids = sorted(glob.glob(os.path.join(run, "samples", "step-*.png")))
    header = chunks(grids[-1])[0][1]
    expected = [pixels(chunks(path)) for path in grids if chunks(path)[0][1] == header]
    found = chunks(os.path.join(run, "samples", "progress.png"))
    assert found[0][1] == header
    kinds = [kind for kind, _ in found]
    assert kinds[1] == b"acTL" and kinds.count(b"acTL") == 1, "acTL comes before the pixels"
    frames, plays = struct.unpack(">II", found[1][1])
    assert plays == 0
    assert pixels(found) == expected[-1], "programs that do not know moving pictures show the last grid"
    sequence, moving, delays = 0, [], []
    for kind, body in found:
        if kind not in (b"fcTL", b"fdAT"):
            continue
        assert struct.unpack_from(">I", body)[0] == sequence, "the sequence has a hole"
        sequence += 1
        if kind == b"fcTL":
            _, width, height, x, y, delay, per_second, dispose, blend = struct.unpack(">IIIIIHHBB", body)
            assert struct.pack(">II", width, height) == header[:8] and (x, y, dispose, blend) == (0, 0, 0, 0)
            delays.append(delay / per_second)
            moving.append(b"")
        else:
            moving[-1] += body[4:]
    moving = [zlib.decompress(frame) for frame in moving]
    assert len(moving) == frames and 2 <= frames <= 60, frames
    assert moving[0] == expected[0] and moving[-1] == expected[-1]
    assert len(expected) > 60 or moving == expected, "frames are missing"
    assert all(.05 <= delay <= .5 for delay in delays[:-1]) and delays[-1] >= 1, delays
    print(frames, "frames of", len(expected), "grids")


main(sys.argv[1])
