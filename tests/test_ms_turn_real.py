# SPDX-License-Identifier: GPL-2.0-or-later
"""MS-TURN in real captures: against the bytes, read by an independent hand."""
import re
import struct

import pytest
from harness import assert_same_in_all_modes, fields, instant, shared, shared_names, tshark

TEAMS = "teams/teams-signin-and-call.pcapng"
COOKIE = bytes.fromhex("000f000472c64bc6")

# What every message says, but for forward references.
FIELDS = ["ms_turn.message", "ms_turn.attr.type", "ms_turn.attr.length", "ms_turn.attr.value", "ms_turn.realm",
          "ms_turn.allocation", "ms_turn.allocation.state", "ms_turn.response_to", "ms_turn.session_id",
          "ms_turn.mux.session_id", "ms_turn.relayed.address", "ms_turn.reflexive.port", "ms_turn.evidence"]


def walk(payload):
    """(type, value) of each attribute of the MS-TURN message, not padded."""
    offset, end, found = 20, 20 + struct.unpack_from("!H", payload, 2)[0], []
    while offset < end:
        kind, length = struct.unpack_from("!HH", payload, offset)
        found.append((kind, payload[offset + 4:offset + 4 + length]))
        offset += 4 + length
    return found


@pytest.fixture(scope="module")
def datagrams():
    """UDP payloads by frame number, read by scapy."""
    scapy = pytest.importorskip("scapy.all", reason="reading captures needs python3-scapy")
    return {str(number): bytes(frame["UDP"].payload)
            for number, frame in enumerate(scapy.rdpcap(str(shared(TEAMS))), 1) if frame.haslayer("UDP")}


@pytest.fixture(scope="module")
def messages(datagrams):
    return {number: walk(payload) for number, payload in datagrams.items() if payload[20:28] == COOKIE}


def test_every_attribute_is_a_field(messages):
    shown = {frame["frame.number"][0]: frame for frame in fields(shared(TEAMS), FIELDS, "ms_turn.message")}
    assert shown.keys() == messages.keys()
    for number, attributes in messages.items():
        frame = shown[number]
        assert [int(kind, 0) for kind in frame["ms_turn.attr.type"]] == [kind for kind, _ in attributes]
        assert list(map(int, frame["ms_turn.attr.length"])) == [len(value) for _, value in attributes]
        assert [value.replace(":", "") for value in frame["ms_turn.attr.value"]] == [value.hex() for _, value in attributes]


def test_counts_of_attribute_types(messages):
    expected = {}
    for attributes in messages.values():
        for kind, _ in attributes:
            expected[kind] = expected.get(kind, 0) + 1
    for kind, count in expected.items():
        frames = fields(shared(TEAMS), ["ms_turn.attr.type"], f"ms_turn.attr.type == {kind:#x}")
        assert sum(int(value, 0) == kind for frame in frames for value in frame["ms_turn.attr.type"]) == count


def test_nothing_is_malformed():
    assert not fields(shared(TEAMS), [], "_ws.malformed")


def test_addresses(messages):
    """MAPPED-ADDRESS is plain, MS-XOR-MAPPED-ADDRESS XORed with the transaction id's first bytes, the cookie."""
    names = ["ms_turn.relayed.address", "ms_turn.relayed.port", "ms_turn.reflexive.address", "ms_turn.reflexive.port"]
    for frame in fields(shared(TEAMS), names, "ms_turn.attr.type == 0x8020"):
        values = dict(messages[frame["frame.number"][0]])
        plain, xored = values[0x0001], bytes(a ^ b for a, b in zip(values[0x8020][2:], bytes.fromhex("21122112a442")))
        assert frame["ms_turn.relayed.address"] == [".".join(map(str, plain[4:]))]
        assert frame["ms_turn.relayed.port"] == [str(int.from_bytes(plain[2:4], "big"))]
        assert frame["ms_turn.reflexive.address"] == [".".join(map(str, xored[2:]))]
        assert frame["ms_turn.reflexive.port"] == [str(int.from_bytes(xored[:2], "big"))]


def test_realm_is_not_the_nonce(messages):
    realms = [frame["ms_turn.realm"] for frame in fields(shared(TEAMS), ["ms_turn.realm"], "ms_turn.realm")]
    assert realms and all(realm == ['"rtcmedia"'] for realm in realms)
    assert len(realms) == sum(0x0015 in dict(attributes) for attributes in messages.values())


def test_one_protocol_for_one_conversation():
    """Server indications, which stock takes for classic STUN, are messages like the others."""
    frames = fields(shared(TEAMS), ["ms_turn.message", "_ws.col.Protocol"], "classicstun")
    assert len(frames) == 3
    for frame in frames:
        assert frame["ms_turn.message"] == ["Data Indication"]
    messages = fields(shared(TEAMS), ["_ws.col.Protocol"], "ms_turn.message")
    assert all(frame["_ws.col.Protocol"] == ["MS-TURN"] for frame in messages)


def test_names_are_those_of_ms_turn(datagrams, messages):
    names = {0x0003: "Allocate Request", 0x0103: "Allocate Success Response", 0x0113: "Allocate Error Response",
             0x0004: "Send Request", 0x0115: "Data Indication"}
    for frame in fields(shared(TEAMS), ["ms_turn.message", "_ws.col.Info"], "ms_turn.message"):
        payload = datagrams[frame["frame.number"][0]]
        name = names[int.from_bytes(payload[:2], "big")]
        assert frame["ms_turn.message"] == [name]
        assert name in frame["_ws.col.Info"][0]


def test_each_allocation_is_complete(messages):
    """Frames 43 to 52: two allocations, from challenge to success, the first one answered by the address in front of the relays."""
    names = ["ms_turn.allocation", "ms_turn.allocation.state", "ms_turn.response_to", "ms_turn.allocation.relay.address",
             "ms_turn.allocation.relay.port"]
    story = {frame["frame.number"][0]: frame for frame in fields(shared(TEAMS), names, "ms_turn.allocation")}
    expected = {"43": ("1", "requested", []), "44": ("1", "challenged", ["43"]), "47": ("1", "authenticating", []),
                "49": ("1", "active", ["47"]), "48": ("2", "requested", []), "50": ("2", "challenged", ["48"]),
                "51": ("2", "authenticating", []), "52": ("2", "active", ["51"]), "90": ("1", "active", []),
                "97": ("1", "active", []), "107": ("2", "releasing", []), "111": ("2", "released", ["107"])}
    for number, (allocation, state, request) in expected.items():
        frame = story[number]
        assert frame["ms_turn.allocation"] == [allocation], number
        assert frame["ms_turn.allocation.state"] == [state], number
        assert frame["ms_turn.response_to"] == request, number
    assert all((frame["ms_turn.allocation.relay.address"], frame["ms_turn.allocation.relay.port"]) ==
               (["52.114.250.141"], ["3478"]) for number, frame in story.items() if number not in ("43",))
    elsewhere = fields(shared(TEAMS), [], "ms_turn.response_elsewhere")
    assert [frame["frame.number"] for frame in elsewhere] == [["49"]]


def test_multiplexed_frame_of_the_remote_relay(datagrams):
    """Frame 95 goes to the relay whose session the check in frame 93 told."""
    session = datagrams["95"][4:12]
    assert session in datagrams["93"]
    frame, = fields(shared(TEAMS), ["ms_turn.mux.session_id", "ms_turn.mux.length", "ms_turn.mux.remote"], "ms_turn.mux.session_id")
    assert frame["frame.number"] == ["95"]
    assert int(frame["ms_turn.mux.session_id"][0], 0) == int.from_bytes(session, "big")
    assert frame["ms_turn.mux.length"] == [str(len(datagrams["95"]) - 4)]
    assert frame["ms_turn.mux.remote"] in (["1"], ["True"])
    assert not fields(shared(TEAMS), [], "ms_turn.session_unknown")


def test_expiry_of_credentials():
    """Bytes 8 to 15 of the user name are a FILETIME: 2020-04-23 09:02:15 UTC."""
    frames = fields(shared(TEAMS), ["ms_turn.username.expiry"], "ms_turn.username.expiry")
    assert frames and all(instant(frame["ms_turn.username.expiry"][0]) == "2020-04-23 09:02:15" for frame in frames)
    assert not fields(shared(TEAMS), [], "ms_turn.credentials_expired")


def test_nested_checks_are_opened():
    frames = fields(shared(TEAMS), ["stun.type"], "ms_turn.destination.address or ms_turn.remote.address")
    assert len(frames) == 6
    for frame in frames:
        assert any(int(kind, 0) in (0x0001, 0x0101) for kind in frame["stun.type"]), frame


def test_the_same_in_all_modes():
    # A column cuts long values short.
    assert_same_in_all_modes(shared(TEAMS), [name for name in FIELDS if name != "ms_turn.attr.value"], "ms_turn")


STUN_OF_OTHERS = [name for name in shared_names("negative") if re.search("stun|whatsapp|zoom|signal|telegram|hangout|viber", name)]


@pytest.mark.parametrize("name", STUN_OF_OTHERS)
def test_silent_where_there_is_no_ms_turn(name):
    assert tshark("-r", shared(name), "-Y", "ms_turn") == ""
