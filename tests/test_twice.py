# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that the capture has twice are counted once, and what was sent twice is two packets.

Figures are those of test-captures/generate/twice.py: `story` makes 256 packets.
"""
import json
import pathlib
import tempfile

import pytest

from harness import REPORTS, assert_same_in_all_modes, bundled, fields, report, tshark, workspace
from truncate import frames, written

PACKETS = 256
TWICE = {"vlan": "once", "routed": "once", "ipv6": "once-ipv6", "late-routed": "once", "late-ipv6": "once-ipv6"}
# What is of a frame, or its length: the VLAN tag is part of it.
OF_FRAMES = ("frame", "time", "duration", "bytes", "share", "duplicates")


def document(name):
    arguments = [part for each in REPORTS for part in ("-z", f"teams,{each},json")]
    return json.loads(tshark("-q", "-r", str(bundled(f"twice/{name}.pcap")), *arguments))


def without_frames(value):
    if isinstance(value, dict):
        return {key: without_frames(each) for key, each in value.items() if not any(word in key for word in OF_FRAMES)}
    if isinstance(value, list):
        return [without_frames(each) for each in value]
    return round(value, 2) if isinstance(value, float) else value


def duplicates(name, display_filter="teams.duplicate_of"):
    return [(int(each["frame.number"][0]), int(each["teams.duplicate_of"][0]))
            for each in fields(bundled(f"twice/{name}.pcap"), ["frame.number", "teams.duplicate_of"], display_filter)]


@pytest.mark.parametrize("name", TWICE)
def test_each_packet_has_one_duplicate(name):
    found = duplicates(name)
    assert len(found) == PACKETS and len({first for _, first in found}) == PACKETS
    assert {frame for frame, _ in found} | {first for _, first in found} == set(range(1, 2 * PACKETS + 1))
    assert all(first < frame for frame, first in found)


def test_late_copies_that_only_the_identification_tells():
    """All but the first packets of resolver and peer: within 61 ms no second one shows that they number theirs."""
    found = duplicates("late")
    first = fields(bundled("twice/late.pcap"), ["frame.number"], "ip.src == 192.168.1.1 || ip.src == 198.51.100.77")
    missing = [int(frame["frame.number"][0]) for frame in first if int(frame["frame.number"][0]) not in {n for pair in found for n in pair}]
    assert len(found) == PACKETS - 2 and len(missing) == 4
    call, = document("late")["calls"]
    assert {(stream["direction"], stream["packets"], stream["lost"]) for stream in call["streams"]} == {("sent", 100, 0), ("received", 98, 2)}
    assert_same_in_all_modes(bundled("twice/late.pcap"), ["teams.duplicate_of"], "teams")


@pytest.mark.parametrize("name", TWICE)
def test_reports_count_once(name):
    """What the capture with one frame for each packet says, and how many frames are more."""
    twice, once = document(name), document(TWICE[name])
    assert without_frames(twice) == without_frames(once)
    assert {each["duplicates"] for each in twice["reports"]} == {PACKETS}
    assert {each["duplicates"] for each in once["reports"]} == {0}


@pytest.mark.parametrize("name", TWICE)
def test_figures(name):
    """100 sent, 98 of 100 received; a check, and one that was sent three times and whose answer may be to each."""
    call, = document(name)["calls"]
    assert {(stream["direction"], stream["packets"], stream["lost"]) for stream in call["streams"]} == {("sent", 100, 0), ("received", 98, 2)}
    pair, = call["pairs"]
    assert (pair["requests"], pair["answers"], pair["round_trip_count"]) == (4, 2, 1)


@pytest.mark.parametrize("name", TWICE)
def test_a_copy_is_no_retransmission(name):
    """The second and third sending of the check are; no copy is, nor any message of the allocation."""
    path = bundled(f"twice/{name}.pcap")
    assert len(fields(path, ["frame.number"], "teams_stun.retransmission || ms_turn.retransmission")) == 2
    assert fields(path, ["frame.number"], "teams.duplicate_of && (teams_stun.retransmission || ms_turn.retransmission)") == []
    assert len(fields(path, ["frame.number"], "teams.duplicate_of && ms_turn.response_to")) == 2


@pytest.mark.parametrize("name", ["summary", "signin", "calls"])
def test_the_report_says_so(name):
    sentence = "frames have a packet again that an earlier one has; each packet is counted\nonce."
    assert f"\n{PACKETS} {sentence}" in report(bundled("twice/routed.pcap"), f"teams,{name}")
    assert "counted" not in report(bundled("twice/once.pcap"), f"teams,{name}")


@pytest.mark.parametrize("copies", [2, 3, 4])
def test_each_further_frame_of_a_packet_is_told(copies):
    """As a capture at several layers of one host has it; what is told is no number of packets."""
    read = list(frames(bundled("twice/once.pcap").read_bytes()))
    path = written(pathlib.Path(tempfile.mkdtemp(dir=workspace())), [(seconds, micros + n, frame) for seconds, micros, frame in read for n in range(copies)])
    path.parent.chmod(0o755)
    assert f"\n{PACKETS * (copies - 1)} frames have a packet again" in report(path, "teams,summary")


def test_what_was_sent_twice():
    """Checks of 20, 60 and 100 ms later, also of a sender whose packets have one identification, RTP twice, an old client's two formats,
    acknowledgements, RSTs: all are packets of their own."""
    path = bundled("twice/sent-twice.pcap")
    assert duplicates("sent-twice") == [] and {each["duplicates"] for each in document("sent-twice")["reports"]} == {0}
    assert len(fields(path, ["frame.number"], "teams_stun.retransmission")) == 7
    assert len(fields(path, ["frame.number"], "teams_stun.twin_of")) == 1
    received = {call["client"]: call["streams"][0]["packets"] for call in document("sent-twice")["calls"] if call["streams"]}
    assert received == {"192.168.1.20": 21, "2001:db8:1::20": 20}


@pytest.mark.parametrize("name", [*TWICE, "sent-twice"])
def test_one_pass_equals_two(name):
    assert_same_in_all_modes(bundled(f"twice/{name}.pcap"), ["teams.duplicate_of", "teams_stun.retransmission", "ms_turn.retransmission",
                                                            "teams_stun.twin_of", "teams.call"], "teams")
