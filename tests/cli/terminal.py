"""What a person sees of a run in a terminal: a program of the terminal's kind plays its part.

usage: terminal.py GAN FOLDER
"""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
RATE = re.compile(r"  (\d{1,4}|\d{1,2}\.\dk|\d{3}k|\d{1,2}\.\dM) samples/s")
STEPS = 400
pictures = os.environ.get("GAN_TEST_PICTURES")  # to look at: the lines are printed


def run(gan, folder, columns, environment, arguments=()):
    """All that arrives at a terminal of so many columns."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
    env.update({"TERM": "xterm"}, **environment)
    command = [gan, "train", "--data", "ring", "--steps", str(STEPS), "--threads", "1", "--set", "samples=10", "--out",
               os.path.join(folder, "run"), "--overwrite", *arguments]
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=env)
    os.close(its)
    got = b""
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not more:
            break
        got += more
    os.close(ours)
    assert process.wait() == 0, got.decode()
    return got.decode()


def live(gan, folder, columns):
    """Which parts the last state of the line has, that line, and all of the text."""
    text = run(gan, folder, columns, {})
    line, newline, rest = text.partition("\r\n")  # gone over until the run is done: none pushes it up before
    assert newline and rest.startswith(f"{STEPS} steps are done") and rest.count("\n") == 1, repr(text)
    states = line.split("\r")
    assert states[0] == "" and len(states) > 2, repr(text)
    for state in states[1:]:
        assert state.endswith("\x1b[K"), f"the rest of an earlier line would stay: {state!r}"
        assert len(ESCAPE.sub("", state)) < max(columns, 2), f"{columns} columns: {state!r}"
    last = ESCAPE.sub("", states[-1])
    assert f"{STEPS}/{STEPS}"[:columns - 1] in last, repr(text)
    words = {"bar": "#" in last, "losses": "D " in last and "G " in last, "rate": RATE.search(last), "left": "left" in last,
             "verdict": "healthy" in last}
    if pictures:
        print(f"{columns:4}  {last}")
    return words, last, text


def main(gan, folder):
    words, last, text = live(gan, folder, 100)
    assert all(words.values()), last
    assert "\x1b[32mhealthy\x1b[0m" in text, repr(last)
    words, last, _ = live(gan, folder, 80)
    assert all(words.values()), last
    words, last, _ = live(gan, folder, 60)
    assert words["losses"] and words["left"] and words["verdict"], last
    words, last, _ = live(gan, folder, 30)
    assert words["verdict"] and not words["bar"], last
    for columns in 20, 12, 5, 1:
        live(gan, folder, columns)

    text = run(gan, folder, 80, {"NO_COLOR": "1"})
    assert "healthy" in text and "\x1b[3" not in text and "\x1b[0m" not in text and "\x1b[K" in text, repr(text)
    text = run(gan, folder, 80, {"NO_COLOR": ""})  # empty does not count
    assert "\x1b[32m" in text

    for terminal in "dumb", "":
        text = run(gan, folder, 80, {"TERM": terminal})
        assert "\x1b" not in text and "\r" not in text.replace("\r\n", ""), repr(text)
        assert f"step {STEPS} of {STEPS}" in text and "healthy" in text

    text = run(gan, folder, 80, {}, ["--quiet"])
    assert text == "", repr(text)
    text = run(gan, folder, 80, {}, ["--set", "no_watch=true"])
    assert "healthy" not in text and f"{STEPS}/{STEPS}" in text

    # elsewhere than in a terminal
    for option, count in ((), 3), (("--quiet",), 0):
        out = subprocess.run([gan, "train", "--data", "ring", "--steps", str(STEPS), "--threads", "1", "--set", "samples=10", "--out",
                              os.path.join(folder, "plain"), "--overwrite", *option], capture_output=True, text=True, check=True)
        assert out.stderr == "", out.stderr
        assert "\x1b" not in out.stdout and "\r" not in out.stdout, repr(out.stdout)
        assert len(out.stdout.splitlines()) == count, out.stdout
    print("as expected")


main(*sys.argv[1:])
