# SPDX-License-Identifier: GPL-2.0-or-later
"""MS-TURN on any port, over any network layer, in fragments and in frames that the capture cut."""
import functools
import itertools
import pathlib
import struct

import pytest
from harness import assert_same_in_all_modes, bundled, fields

CAPTURES = ("paths.pcap", "paths-other-port.pcap")
# IPv4 and IPv6 by themselves, in VLANs, in GRE, in IP; then fragments: of IPv4, of IPv6, of IPv4 the last one first.
PATHS = 11
SEQUENCE = ["Allocate Request", "Allocate Error Response", "Allocate Request", "Allocate Success Response", "Send Request",
            "Data Indication"]
STATES = ["requested", "challenged", "authenticating", "active", "active", "active"]
CUTS = (62, 70, 78, 84, 96, 110, 140)


@functools.lru_cache(maxsize=None)
def messages(capture):
    names = ["ms_turn.message", "ms_turn.allocation", "ms_turn.allocation.state", "teams_stun.ufrag.remote", "_ws.malformed"]
    return fields(bundled(f"ms-turn/{capture}"), names, "ms_turn")


@pytest.mark.parametrize("capture", CAPTURES)
def test_an_allocation_is_the_same_on_every_path(capture):
    found = messages(capture)
    assert [frame["ms_turn.message"] for frame in found] == [[kind] for kind in SEQUENCE] * PATHS
    assert [frame["ms_turn.allocation.state"] for frame in found] == [[state] for state in STATES] * PATHS
    assert [frame["ms_turn.allocation"] for frame in found] == [[str(n)] for n in range(1, PATHS + 1) for _ in SEQUENCE]
    # What is inside of Send Request and Data Indication, all of it.
    assert [bool(frame["teams_stun.ufrag.remote"]) for frame in found] == [
        kind in ("Send Request", "Data Indication") for kind in SEQUENCE] * PATHS
    assert not any(frame["_ws.malformed"] for frame in found)


def test_the_same_in_all_modes():
    assert_same_in_all_modes(bundled("ms-turn/paths.pcap"), ["ms_turn.message", "ms_turn.allocation", "ms_turn.response_to"], "ms_turn")


def malformed(capture, stock, prefs=None):
    frames = fields(capture, ["_ws.malformed"], prefs=prefs, stock=stock)
    return {frame["frame.number"][0] for frame in frames if frame["_ws.malformed"]}


@pytest.mark.parametrize("capture", CAPTURES)
def test_fragments_left_alone_are_not_malformed(capture):
    """With reassembly switched off, the start of a message is shown and nothing is called wrong."""
    prefs = {"ip.defragment": "FALSE", "ipv6.defragment": "FALSE"}
    path = bundled(f"ms-turn/{capture}")
    assert malformed(path, False, prefs) <= malformed(path, True, prefs)
    shown = fields(path, ["ms_turn.message", "ms_turn.message_length"], "ms_turn", prefs=prefs)
    # The last path has each message's end first: without reassembly only its begin is known, too.
    assert len(shown) == PATHS * len(SEQUENCE)
    assert not any(frame["ms_turn.message_length"] for frame in shown)


def frames_of(path):
    """(record header, bytes) of each frame of a capture with microseconds, as the generators write it."""
    data = pathlib.Path(path).read_bytes()
    offset = 24
    while offset < len(data):
        seconds, fraction, captured, length = struct.unpack_from("<IIII", data, offset)
        yield (seconds, fraction, length), data[offset + 16:offset + 16 + captured]
        offset += 16 + captured


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """The captures of this subject, each frame at each length that a capture may have cut it to."""
    path = tmp_path_factory.mktemp("cut") / "cut.pcap"
    names = ("paths.pcap", "allocation.pcap", "attributes.pcap", "bandwidth.pcap", "ipv6.pcap", "tcp.pcap", "pseudo-tls.pcap",
             "tcp-disorder.pcap", "mid-call.pcap")
    captures = [bundled(f"ms-turn/{name}") for name in names]

    def write(cut):
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, cut, 1))
            for (seconds, fraction, length), data in itertools.chain(*map(frames_of, captures)):
                out.write(struct.pack("<IIII", seconds, fraction, len(data[:cut]), length) + data[:cut])
        return path
    return write


@pytest.mark.parametrize("cut", CUTS)
def test_what_the_capture_cut_is_not_malformed(everything, cut):
    path = everything(cut)
    assert malformed(path, False) <= malformed(path, True)
