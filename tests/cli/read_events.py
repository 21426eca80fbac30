"""Reads the event files of a run folder and compares them with what else lies there; nothing of libgan's is used.

usage: read_events.py RUN SESSIONS
"""
import glob
import json
import os
import struct
import sys

CASTAGNOLI = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    CASTAGNOLI.append(byte)


def masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CASTAGNOLI[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path):
    data = open(path, "rb").read()
    at = 0
    while at < len(data):
        length, length_crc = struct.unpack_from("<QI", data, at)
        assert length_crc == masked_crc(data[at:at + 8]), f"{path}: checksum of the length at {at}"
        body = data[at + 12:at + 12 + length]
        assert struct.unpack_from("<I", data, at + 12 + length)[0] == masked_crc(body), f"{path}: checksum of the record at {at}"
        yield body
        at += 12 + length + 4
    assert at == len(data), f"{path}: cut"


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def fields(data):
    """A protocol buffer message as a list of (number, value)."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif wire == 5:
            value, at = struct.unpack_from("<f", data, at)[0], at + 4
        elif wire == 2:
            length, at = varint(data, at)
            assert at + length <= len(data), "a field longer than its message"
            value, at = data[at:at + length], at + length
        else:
            raise AssertionError(f"wire type {wire}")
        yield key >> 3, value


def read(paths):
    """What a reader of all sessions is left with: {(tag, step): number or picture}."""
    told = {}
    for path in paths:
        for index, record in enumerate(records(path)):
            event = dict(fields(record))
            assert 1.6e9 < event[1] < 1e10, "wall time"
            step = event.get(2, 0)
            if index == 0:
                assert event[3] == b"brain.Event:2"
            elif 7 in event:
                assert dict(fields(event[7])) == {1: 1}, "no start of a session"
                told = {key: value for key, value in told.items() if key[1] < step}
            else:
                for number, value in fields(event[5]):
                    assert number == 1
                    value = dict(fields(value))
                    key = value[1].decode(), step
                    assert key not in told, f"{key} is told twice"
                    told[key] = dict(fields(value[4])) if 4 in value else value[2]
    return told


def main(run, sessions):
    paths = sorted(glob.glob(os.path.join(run, "*tfevents*")))
    assert len(paths) == sessions, paths
    told = read(paths)
    expected = 0
    for line in open(os.path.join(run, "metrics.jsonl")):
        line = json.loads(line)
        step = line.pop("step")
        for key, value in line.items():
            if isinstance(value, str):
                continue
            number = told[key, step]
            assert number != number if value is None else abs(number - value) <= 1e-6 * abs(value), (key, step, number, value)
            expected += 1
    for path in glob.glob(os.path.join(run, "samples", "step-*.png")):
        png = open(path, "rb").read()
        picture = told["samples", int(path[-10:-4])]
        assert picture[4] == png, path
        assert (picture[2], picture[1]) == struct.unpack(">II", png[16:24]), "size"
        assert picture[3] == {0: 1, 2: 3}[png[25]], "channels"
        expected += 1
    assert expected > 10 and len(told) == expected, (len(told), expected)
    print(len(told), "numbers and pictures in", len(paths), "files")


main(sys.argv[1], int(sys.argv[2]))
