# SPDX-License-Identifier: GPL-2.0-or-later
"""Time and memory with identifiers that never come again: linear, and little for each frame.

Captures of 50,000 frames, made here and thrown away. What a frame costs is the difference
between a long and a short capture, so what tshark needs to start does not count. Memory is that
of ms-stun by itself; time also that of all plugins with all reports drawn."""

import os
import shutil
import sys

import pytest

import harness

sys.path.insert(0, str(harness.ROOT / "tests/bench"))
import captures  # noqa: E402  pylint: disable=wrong-import-position
from growth import Growth, cost, write
from growth_kinds import ALL_KINDS, CLIENT, PEER, active_destination, answered_port, datagram, random32, request, rtp, stun, u32, u64

SHORT, LONG = 12500, 50000

# What makes frame n, and how many bytes more than stock one may cost.
KINDS = {
    "one stream": (lambda n: rtp(104, n, 320 * n, 7), 80),
    "sources": (lambda n: rtp(104, n, 320 * n, random32(n)), 80),
    "payload types": (lambda n: rtp((0, 104, 111, 118, 122)[random32(n) % 5], n, 320 * n, 7), 80),
    "numbers": (lambda n: rtp(104, random32(n) & 0xffff, random32(n + 1), 7), 160),
    "identifiers": (lambda n: datagram(CLIENT, PEER, request(n)), 700),
    "one identifier": (lambda n: datagram(CLIENT, PEER, request(0, (0x8fff, u32(n)))), 400),
    "sessions": (lambda n: datagram(PEER, CLIENT, request(n, (stun.SESSION_ID, u64(random32(n) << 32)))), 800),
    "ports": (answered_port, 1500),
    "active destinations": (active_destination, 800),
}


@pytest.fixture(scope="module", name="stage")
def fixture_stage(tmp_path_factory):
    """The two plugins alone: what they cost by themselves."""
    stage = tmp_path_factory.mktemp("stage")
    for module in harness.stage_dir().glob("*/epan/*.so"):
        if module.name == "ms-stun.so":
            (stage / module.relative_to(harness.stage_dir())).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(module, stage / module.relative_to(harness.stage_dir()))
    return harness.loaded_plugins(stage)


def test_memory_is_that_of_the_command(tmp_path):
    """Not of the test that starts it, which may have needed more."""
    block = bytearray(os.urandom(1 << 20) * 200)
    assert 0 < harness.spent(["true"], tmp_path)[1] < len(block) / 2


@pytest.mark.parametrize("kind", KINDS)
def test_linear_and_small(kind, stage, tmp_path):
    frame, most = KINDS[kind]
    none = harness.workspace() / "no-plugins"
    for name, count in (("one", 1), ("short", SHORT), ("long", LONG)):
        write(tmp_path / name, frame, count)
    (start, _), (short, short_bytes), (long, long_bytes) = [cost(tmp_path / name, stage) for name in ("one", "short", "long")]
    stock = [cost(tmp_path / name, none)[1] for name in ("short", "long")]
    # Four times the frames: sixteen times the time would be quadratic.
    assert long - start < 7 * max(short - start, 0.15), f"{start:.2f} s to start, {short:.2f} s short, {long:.2f} s long"
    more = ((long_bytes - short_bytes) - (stock[1] - stock[0])) / (LONG - SHORT)
    assert more < most, f"{more:.0f} bytes more than stock for each frame"


# Bytes more than stock for a name of Teams' that never comes again, with its question, its answer, its address and its socket.
NAME_BYTES = 3850


def test_names_are_small(tmp_path):
    plugins, none = harness.loaded_plugins(harness.stage_dir()), harness.workspace() / "no-plugins"
    storms = [captures.write(tmp_path / f"{count}.pcap", captures.names(), 2 * count) for count in (10000, 60000)]
    few, many = (cost(storm, plugins)[1] - cost(storm, none)[1] for storm in storms)
    assert (many - few) / 50000 < NAME_BYTES


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_reports_are_linear(kind, tmp_path):
    growth = Growth(kind, tmp_path)
    assert growth.holds(), growth
