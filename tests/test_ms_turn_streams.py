# SPDX-License-Identifier: GPL-2.0-or-later
"""MS-TURN over TCP however the stream was cut into segments; the captures' generator says what each stream carries."""
import functools

import pytest
from harness import assert_same_in_all_modes, bundled, fields, stock_tshark, tshark

COMPLAINTS = ["ms_turn.frame_type", "ms_turn.frame_length", "ms_turn.frame_reserved", "ms_turn.message_length",
              "ms_turn.cookie_missing", "_ws.malformed"]
SAID = ["ms_turn.message", "ms_turn.frame.type", "ms_turn.pseudo_tls", "rtp.seq", "teams_stun.implementation_version"]

ALLOCATE = "Allocate Request"
FRAMED = {"ms_turn.message": [ALLOCATE] * 2, "ms_turn.frame.type": ["2", "3", "2"], "rtp.seq": ["7"]}
BEHIND_HELLO = {"ms_turn.message": [ALLOCATE], "ms_turn.frame.type": ["2", "3"], "rtp.seq": ["7"],
                "ms_turn.pseudo_tls": ["1"]}
PEER_TO_PEER = {"teams_stun.implementation_version": ["3"], "rtp.seq": ["7"]}

# What each connection carries, and how many bytes the stream has.
SPLITS = {
    "split-stun-port.pcap": (FRAMED, 40 + 22 + 40),
    "split-other-port.pcap": (FRAMED, 40 + 22 + 40),
    "split-tls-port.pcap": (BEHIND_HELLO, 50 + 40 + 22),
    "split-pseudo-tls.pcap": (BEHIND_HELLO, 50 + 40 + 22),
    "split-ice-tcp.pcap": (PEER_TO_PEER, 30 + 18),
}


@functools.lru_cache(maxsize=None)
def connections(capture, mode="one-pass"):
    """Number of the connection -> what its frames say, in order: name -> values."""
    said = {}
    for frame in fields(bundled(f"ms-turn/{capture}"), ["tcp.stream", *SAID, *COMPLAINTS], mode=mode):
        connection = said.setdefault(int(frame["tcp.stream"][0]), {name: [] for name in (*SAID, *COMPLAINTS)})
        for name, values in connection.items():
            values += frame[name]
    return said


def place(capture, number):
    return f"{capture} cut behind byte {number + 1}" if number + 1 < SPLITS[capture][1] else f"{capture}, each byte"


@pytest.mark.parametrize("mode", ["one-pass", "two-pass"])
@pytest.mark.parametrize("capture", SPLITS)
def test_a_stream_cut_anywhere_says_the_same(capture, mode):
    expected, length = SPLITS[capture]
    found = connections(capture, mode)
    assert len(found) == length
    wrong = [(place(capture, number), said) for number, said in found.items()
             if said != {name: expected.get(name, []) for name in said}]
    assert not wrong, f"{len(wrong)} of {length}, first {wrong[0]}"


def test_the_first_message_in_the_segment_of_the_handshake():
    """Whole, cut in the message, and captured from that segment on."""
    allocation = ["Allocate Request", "Allocate Error Response"]
    for number, begin in ((0, allocation), (1, allocation), (2, allocation)):
        said = connections("pseudo-tls-joined.pcap")[number]
        assert said["ms_turn.pseudo_tls"] == ["1", "2"]
        assert said["ms_turn.message"] == begin + allocation + ["Allocate Request", "Allocate Success Response"]
        assert not any(said[name] for name in COMPLAINTS)


def test_port_of_tls_captured_from_a_later_message_on():
    said = connections("pseudo-tls-joined.pcap")[3]
    assert said["ms_turn.pseudo_tls"] == []
    assert said["ms_turn.message"] == ["Allocate Request", "Allocate Error Response", "Allocate Request", "Allocate Success Response"]


def test_disorder_put_right():
    """With TCP's own reordering every message is there once, those of swapped frames in the order of the stream."""
    frames = fields(bundled("ms-turn/tcp-disorder.pcap"), [*SAID, *COMPLAINTS], prefs={"tcp.reassemble_out_of_order": "TRUE"})
    assert [kind for frame in frames for kind in frame["ms_turn.message"]] == ["Allocate Request"] + ["Send Request"] * 3
    assert [number for frame in frames for number in frame["rtp.seq"]] == [str(number) for number in (1, 2, 3, 4, 5, 6, 7, 8, 9)]
    assert not any(frame[name] for frame in frames for name in COMPLAINTS)


def test_disorder_as_it_is():
    """Without it, what is behind a gap is found again and nothing is called wrong."""
    frames = fields(bundled("ms-turn/tcp-disorder.pcap"), [*SAID, *COMPLAINTS])
    seen = [number for frame in frames for number in frame["rtp.seq"]]
    assert len(seen) == len(set(seen)) and {"3", "4", "5", "9"} <= set(seen)
    assert not any(frame[name] for frame in frames for name in COMPLAINTS)


@pytest.mark.parametrize("options", [(), ("-2",)])
def test_streams_that_only_begin_so_are_stocks(options):
    args = (*options, "-r", bundled("ms-turn/not-ours.pcap"), "-V")
    assert tshark(*args) == stock_tshark(*args)


@pytest.mark.parametrize("capture", ["split-ice-tcp.pcap", "pseudo-tls-joined.pcap", "tcp-disorder.pcap"])
def test_the_same_in_all_modes(capture):
    assert_same_in_all_modes(bundled(f"ms-turn/{capture}"), SAID, "ms_turn || teams_stun")
