#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plugins cost: run time and memory of a whole tshark against stock.

Runs stock and ours in turn on the same capture, made larger by repeating it, and
prints the median of the ratios of pairs. Times depend on what else the machine does;
--instructions counts with callgrind instead, slowly and steadily."""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # pylint: disable=wrong-import-position

WAYS = {
    "summary": [],
    "-V": ["-V"],
    "-T fields": ["-T", "fields", "-e", "frame.number", "-e", "ip.src", "-e", "udp.length"],
    "-Y": ["-Y", "dns || stun || tls"],
}
# The bars that the design sets: time with a tree, time in summary mode, memory.
BARS = {"summary": 1.20, "-V": 1.03, "-T fields": 1.03, "-Y": 1.03}
MEMORY_BAR = 1.05


def larger(capture, times):
    """The capture repeated; later copies follow in time, so that they are flows that go on."""
    path = harness.workspace() / "larger.pcapng"
    subprocess.run(["mergecap", "-a", "-w", str(path), *[str(capture)] * times], check=True)
    path.chmod(0o644)
    return path


def command(capture, options, plugins, before=()):
    home = harness.new_home()
    env = harness.environment(home, plugins)
    for name in ("WIRESHARK_ABORT_ON_DISSECTOR_BUG", "WIRESHARK_DEBUG_WMEM_OVERRIDE"):
        del env[name]
    return harness.unprivileged([*before, harness.tshark_program(), "-n", "-r", capture, *options], env), home


def measure(capture, options, plugins):
    """Seconds of processor time, and peak memory in MiB, of one run."""
    words, home = command(capture, options, plugins)
    start = time.monotonic()
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(words, stdout=nowhere, stderr=nowhere, stdin=subprocess.DEVNULL, cwd=home)
        _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, f"tshark failed: {words}"
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, time.monotonic() - start


def instructions(capture, options, plugins):
    words, home = command(capture, options, plugins,
                          ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"])
    result = subprocess.run(words, capture_output=True, text=True, cwd=home, check=True, stdin=subprocess.DEVNULL)
    return int(re.search(r"Collected : (\d+)", result.stderr).group(1))


def compare(capture, name, pairs, plugins):
    stock_plugins = harness.workspace() / "no-plugins"
    times, memory = [], []
    for _ in range(pairs):
        stock = measure(capture, WAYS[name], stock_plugins)
        ours = measure(capture, WAYS[name], plugins)
        times.append(ours[0] / stock[0])
        memory.append(ours[1] / stock[1])
    print(f"{name:10} {stock[0]:8.2f} {ours[0]:8.2f} {statistics.median(times):8.3f} {BARS[name]:6.2f}"
          f" {stock[1]:10.0f} {ours[1]:10.0f} {statistics.median(memory):8.3f} {MEMORY_BAR:6.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("capture", nargs="?", type=pathlib.Path,
                        default=harness.ROOT / "test-captures/article-2017.pcapng")
    parser.add_argument("--times", type=int, default=10, help="how often the capture is repeated (10)")
    parser.add_argument("--pairs", type=int, default=5, help="pairs of runs (5)")
    parser.add_argument("--instructions", action="store_true", help="count instructions with callgrind")
    arguments = parser.parse_args()
    plugins = harness.loaded_plugins(harness.stage_dir())
    capture = larger(arguments.capture, arguments.times)
    if arguments.instructions:
        print(f"{'':10} {'stock':>15} {'ours':>15} {'ratio':>8}    bar")
        for name, options in WAYS.items():
            stock = instructions(capture, options, harness.workspace() / "no-plugins")
            ours = instructions(capture, options, plugins)
            print(f"{name:10} {stock:15,} {ours:15,} {ours / stock:8.3f} {BARS[name]:6.2f}", flush=True)
        return
    print(f"{'':10} {'stock s':>8} {'ours s':>8} {'ratio':>8} {'bar':>6} {'stock MiB':>10} {'ours MiB':>10}"
          f" {'ratio':>8} {'bar':>6}")
    for name in WAYS:
        compare(capture, name, arguments.pairs, plugins)


if __name__ == "__main__":
    main()
