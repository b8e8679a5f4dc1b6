# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks and pairs: what the fields say of real and of made captures.

Expected values come from the bytes, walked here by hand, or from how a capture was
made (test-captures/generate/teams_stun.py says it in words)."""

import json
import struct

import pytest
from scapy.layers.inet import IP, UDP
from scapy.utils import PcapNgReader, PcapReader

import harness
from harness import bundled, fields, shared

CALL = "teams/teams-signin-and-call.pcapng"
CONFERENCE = "teams/skype-conference-call.pcap"
VECTORS = "teams/ms-ice2-hexvectors.pcap"
# Without attr.value: tshark itself shows an empty one in its own way with each output.
NAMES = ["teams_stun.attr.type", "teams_stun.attr.length", "teams_stun.ufrag.local", "teams_stun.role", "teams_stun.priority", "teams_stun.pair", "teams_stun.pair.state", "teams_stun.pair.local_type",
         "teams_stun.pair.remote_type", "teams_stun.twin_of", "teams_stun.response_to", "teams_stun.response_time", "teams_stun.media",
         "teams_stun.payload_name", "teams_stun.integrity.status"]


def datagrams(path):
    """Frame number -> UDP payload."""
    reader = PcapNgReader if str(path).endswith("ng") else PcapReader
    with reader(str(path)) as packets:
        return {number: bytes(packet[UDP].payload) for number, packet in enumerate(packets, 1) if UDP in packet}


def binding_messages(payload):
    """All Binding messages of Microsoft's ICE in a datagram, those inside DATA and FF10 among them."""
    found, kind = [], struct.unpack_from("!H", payload)[0] if len(payload) >= 20 else 0
    if kind == 0xff10:
        return binding_messages(payload[12:])
    if payload[24:28] == bytes.fromhex("72c64bc6"):         # MS-TURN: attributes without padding
        for code, value in attributes(payload, padded=False):
            found += binding_messages(value) if code == 0x0013 else []
    elif kind in (0x0001, 0x0101, 0x0111, 0x0011) and payload[4:8] == bytes.fromhex("2112a442"):
        found.append(payload)
    return found


def attributes(message, padded=True):
    offset, found = 20, []
    while offset + 4 <= len(message):
        code, length = struct.unpack_from("!HH", message, offset)
        found.append((code, message[offset + 4:offset + 4 + length]))
        offset += 4 + (length + 3 & ~3 if padded else length)
    return found


def column(capture, name, display_filter="teams_stun", **options):
    """Frame number -> values of one field, of the frames that have it."""
    return {int(frame["frame.number"][0]): frame[name]
            for frame in fields(capture, [name], display_filter=display_filter, **options) if frame[name]}


def expert(capture, name, **options):
    """Frames with that expert item."""
    return sorted(int(frame["frame.number"][0]) for frame in fields(capture, [], display_filter=name, **options))


# ---- real captures ----

@pytest.mark.parametrize("name, messages", [(CALL, None), (CONFERENCE, 14)])
def test_every_attribute_of_every_binding_message(name, messages):
    capture = shared(name)
    expected = {}
    for number, payload in datagrams(capture).items():
        found = [code for message in binding_messages(payload) for code, _ in attributes(message)]
        if found:
            expected[number] = found
    assert messages is None or len(expected) == messages
    shown = column(capture, "teams_stun.attr.type", "teams_stun.type")
    assert {number: [int(value, 16) for value in values] for number, values in shown.items()} == expected


def test_attribute_values_of_the_conference_call():
    capture = shared(CONFERENCE)
    payloads = datagrams(capture)
    first = dict(attributes(payloads[1]))
    rows = fields(capture, ["teams_stun.ufrag.remote", "teams_stun.ufrag.local", "teams_stun.priority", "teams_stun.tie_breaker",
                            "teams_stun.role", "teams_stun.foundation", "teams_stun.implementation_version"],
                  display_filter="frame.number==1")[0]
    remote, local = first[0x0006].decode().split(":")
    assert rows["teams_stun.ufrag.remote"] == [remote] and rows["teams_stun.ufrag.local"] == [local]
    assert rows["teams_stun.priority"] == [str(struct.unpack("!I", first[0x0024])[0])]
    assert int(rows["teams_stun.tie_breaker"][0], 16) == struct.unpack("!Q", first[0x802a])[0]
    assert rows["teams_stun.role"] == ["controlling"]
    assert rows["teams_stun.foundation"] == [first[0x8054].decode()]
    assert rows["teams_stun.implementation_version"] == ["3"]


def test_the_conference_call_pair():
    """One pair; frame 7 repeats frame 1's transaction with USE-CANDIDATE, and frame 23 answers it."""
    capture = shared(CONFERENCE)
    assert set(sum(column(capture, "teams_stun.pair").values(), [])) == {"1"}
    answers = column(capture, "teams_stun.response_to")
    assert answers[4] == ["1"] and answers[23] == ["7"] and answers[3] == ["2"]
    states = column(capture, "teams_stun.pair.state", "teams_stun.type")
    assert states[1] == ["checking"] and states[4] == ["succeeded"] and states[23] == ["nominated"]
    assert set(column(capture, "teams_stun.retransmission")) == {5, 6}
    assert column(capture, "teams_stun.twin_of") == {}


def test_the_calls_pairs():
    """Host pair without answer, direct pair nominated, one relayed on our side, one on theirs."""
    capture = shared(CALL)
    states = column(capture, "teams_stun.pair.state", "teams_stun.type")
    pairs = column(capture, "teams_stun.pair", "teams_stun.type")
    assert [number for number, values in pairs.items() if values == ["1"]] == [86, 98, 100, 101, 102]
    assert states[86] == ["checking"] and states[102] == ["failed"] and states[104] == ["nominated"]
    assert expert(capture, "teams_stun.check_unanswered") == [102]
    assert expert(capture, "teams_stun.no_pair_answered") == []
    local, remote = (column(capture, f"teams_stun.pair.{side}_type", "teams_stun.type") for side in ("local", "remote"))
    assert (local[86], remote[86]) == (["host"], ["host"])
    assert (local[104], remote[104]) == (["server-reflexive"], ["server-reflexive"])
    assert (local[97], remote[97]) == (["relayed"], ["server-reflexive"])
    assert remote[93] == ["relayed"] and pairs[93] == pairs[95]         # the answer goes out in FF10
    assert column(capture, "teams_stun.response_to", "teams_stun.type")[95] == ["93"]
    assert column(capture, "teams_stun.session_id", "frame.number==93")[93] == ["0x" + dict(
        attributes(datagrams(capture)[93]))[0x8095].hex()]


def test_no_frame_of_the_conversations_is_left_as_data():
    for name in (CALL, CONFERENCE):
        assert fields(shared(name), [], display_filter="udp and data and !dns") == []
        assert fields(shared(name), [], display_filter="_ws.malformed") == []


@pytest.mark.parametrize("name", ["ms-turn", "dns"])
def test_other_plugins_are_not_needed(name):
    """The demultiplexer is in the plugin that needs it."""
    options = ["--disable-protocol", name.replace("-", "_")]
    out = harness.tshark("-r", shared(CONFERENCE), *options, "-Y", "teams_stun.type", "-T", "fields", "-e", "frame.number")
    assert len(out.split()) == 14


@pytest.mark.parametrize("name", harness.shared_names("negative") or ["negative/none"])
def test_silent_where_nothing_is_microsofts(name):
    assert fields(shared(name), [], display_filter="teams_stun or teams_flightproxy") == []


# ---- integrity ----

def password_options(*rows):
    return [option for ufrag, password in rows for option in ("-o", f'uat:teams_ice_passwords:"{ufrag}","{password}"')]


def integrity(capture, *rows):
    out = harness.tshark(*password_options(*rows), "-r", capture, "-T", "fields", "-e", "teams_stun.integrity.status")
    return out.split("\n")[:-1]


def test_published_vectors_are_verified_under_the_rule_they_were_made_with():
    """The publishers say which rule: RFC 5389 for version 3, zero padding for version 2."""
    capture = shared(VECTORS)
    known = json.loads(shared(VECTORS.replace(".pcap", ".json")).read_text())
    assert "FNPRfT4qUaVOKa0ivkn64mMY" in known["ice2_req_ver3_controlling_a"][1]
    order = list(known)
    found = dict(zip(order, integrity(capture, ("", "FNPRfT4qUaVOKa0ivkn64mMY"), ("", "niMwkhZcv9/Ggtcv1HL0q2aB"),
                                      ("vOaM", "ydYldnHIRgbOUr1MYUGy4t0g"))))
    assert found["ice2_req_ver3_controlling_a"] == "valid (RFC 5389)"
    assert found["ice2_resp_ver3_a"] == "valid (RFC 5389)"
    assert found["lync_req_ver2"] == "valid (draft-02)"
    assert found["msblog_req_ver2"] == "valid (draft-02)"
    assert found["ice2_req_ver3_red5"] == "not checked"


def test_right_wrong_and_unknown_passwords():
    found = integrity(bundled("ice-integrity.pcap"), ("Re2y", "remotepasswordremotepa00"))
    assert found == ["valid (RFC 5389)", "valid (RFC 5389)", "invalid", "not checked", "valid (RFC 5389)"]
    assert set(integrity(bundled("ice-integrity.pcap"))) == {"not checked"}


def test_a_wrong_password_is_told_where_the_right_one_is_known():
    """Frame 3 was signed with another password than the preference has; of frame 4's fragments it has none."""
    out = harness.tshark(*password_options(("Re2y", "remotepasswordremotepa00")), "-r", bundled("ice-integrity.pcap"),
                         "-Y", "teams_stun.bad_integrity", "-T", "fields", "-e", "frame.number")
    assert out.split() == ["3"]
    assert fields(bundled("ice-integrity.pcap"), [], display_filter="teams_stun.bad_integrity") == []


# ---- hostile input ----

@pytest.mark.parametrize("name", ["ice-candidate-types.pcap", "ice-relay-to-relay.pcap", "ice-media-kinds.pcap", "ice-lengths.pcap"])
def test_any_truncation_is_survived(name, tmp_path):
    """Each frame cut short by the capture (snap length) and by the sender, a few bytes at a time."""
    import truncate
    path = tmp_path / "cut.pcap"
    path.write_bytes(truncate.every_frame_cut(bundled(name).read_bytes(), step=7))
    harness.tshark("-r", path, "-V")
    harness.tshark("-2", "-r", path, "-T", "json")
