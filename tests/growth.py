#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How time grows with identifiers that never come again; run as a command it prints the table of docs/bounds.md."""

import argparse
import functools
import pathlib
import struct
import tempfile

import growth_kinds
import harness

SMALLER, LARGER = 5000, 20000
# Four times the frames: sixteen times the time would be quadratic. Below so many seconds chance decides.
MOST, LEAST_S = 7, 0.15


def write(path, frame, count, step_ms=1):
    """A capture of a check and so many frames."""
    start = [growth_kinds.datagram(growth_kinds.CLIENT, growth_kinds.PEER, growth_kinds.request(0))]
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 0x40000, 1))
        for number, data in enumerate(start + [frame(n) for n in range(count)]):
            seconds, milliseconds = divmod(number * step_ms, 1000)
            out.write(struct.pack("<IIII", 1772000000 + seconds, milliseconds * 1000, len(data), len(data)) + data)


def cost(capture, plugins, *options):
    """Seconds of processor time and peak memory in bytes of one tshark."""
    home = harness.new_home()
    env = harness.environment(home, plugins)
    del env["WIRESHARK_DEBUG_WMEM_OVERRIDE"]
    command = harness.unprivileged([harness.tshark_program(), "-n", "-r", harness.readable(capture), *options], env)
    return harness.spent(command, home)


class Growth:
    """Seconds for each size of a kind: all plugins and all reports, and stock, which is asked where it matters."""

    def __init__(self, kind, folder, sizes=(SMALLER, LARGER)):
        self.kind, self.folder = kind, pathlib.Path(folder)
        self.sizes = tuple(size * growth_kinds.TIMES.get(kind, 1) for size in sizes)
        self.frame, self.options = growth_kinds.ALL_KINDS[kind], []
        for count in (1, *self.sizes):
            write(self.capture(count), self.frame, count, growth_kinds.STEPS_MS.get(kind, 1))
        if getattr(self.frame, "secrets", ""):
            keys = harness.workspace() / "growth.keys"
            keys.write_text(self.frame.secrets, encoding="ascii")
            self.options = ["-o", f"tls.keylog_file:{keys}"]

    def capture(self, count):
        return self.folder / f"{count}.pcap"

    def seconds(self, plugins, *options):
        """Of each size, without what tshark needs to start."""
        start, *seconds = (cost(self.capture(count), plugins, *self.options, "-q", *options)[0] for count in (1, *self.sizes))
        return [size - start for size in seconds]

    @functools.cached_property
    def ours(self):
        return self.our_seconds()

    def our_seconds(self):
        return self.seconds(harness.loaded_plugins(harness.stage_dir()), *(word for name in harness.REPORTS for word in ("-z", f"teams,{name}{growth_kinds.FORMS.get(self.kind, '')}")))

    @functools.cached_property
    def stock(self):
        """With a tree for each frame, as ours has stock make."""
        return self.seconds(harness.workspace() / "no-plugins", "-z", "expert")

    def holds(self):
        """Linear. What else runs only adds time: where it is not, it is measured once more, and the least counts."""
        if self.is_linear():
            return True
        self.ours = [min(both) for both in zip(self.ours, self.our_seconds())]
        return self.is_linear()

    def is_linear(self):
        """What stock needs of it is not counted where that is much."""
        smaller, larger = self.ours
        if larger < MOST * max(smaller, LEAST_S):
            return True
        return larger - self.stock[1] < MOST * max(smaller - self.stock[0], LEAST_S)

    def __str__(self):
        smaller, larger = self.ours
        times = growth_kinds.TIMES.get(self.kind, 1)
        kind = self.kind if times == 1 else f"{self.kind} ({times} times the frames)"
        return f"| {kind} | {smaller:.2f} | {larger:.2f} | {larger / max(smaller, 0.01):.1f} | {self.stock[0]:.2f} | {self.stock[1]:.2f} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", nargs="*", help="of " + ", ".join(growth_kinds.ALL_KINDS))
    parser.add_argument("--frames", type=int, default=SMALLER, help=f"the smaller size ({SMALLER})")
    arguments = parser.parse_args()
    print(f"| identifiers | {arguments.frames} frames, s | {4 * arguments.frames} frames, s | ratio | stock s | stock s |\n|---|---|---|---|---|---|")
    for kind in arguments.kind or growth_kinds.ALL_KINDS:
        with tempfile.TemporaryDirectory(dir=harness.workspace()) as folder:
            print(Growth(kind, folder, (arguments.frames, 4 * arguments.frames)), flush=True)


if __name__ == "__main__":
    main()
