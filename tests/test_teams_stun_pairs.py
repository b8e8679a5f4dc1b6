# SPDX-License-Identifier: GPL-2.0-or-later
"""Pairs of candidates in made captures: types, paths, states, consent, and the same in all modes.

Expected values come from how a capture was made (test-captures/generate/teams_stun.py says it in words)."""

import json

import pytest
from scapy.layers.inet import IP, UDP
from scapy.utils import PcapReader

import harness
from harness import bundled, fields, shared
from test_teams_stun import CALL, NAMES, attributes, column, datagrams, expert


# ---- pairs of made captures ----

def test_candidate_types():
    capture = bundled("ice-candidate-types.pcap")
    last = {}
    names = ["teams_stun.pair", "teams_stun.pair.state", "teams_stun.pair.local_type", "teams_stun.pair.remote_type"]
    for frame in fields(capture, names, display_filter="teams_stun.type"):
        last[frame["teams_stun.pair"][0]] = tuple(frame[name][0] for name in names[1:])
    assert last == {"1": ("failed", "host", "host"),
                    "2": ("nominated", "server-reflexive", "server-reflexive"),
                    "3": ("succeeded", "relayed", "server-reflexive"),
                    "4": ("succeeded", "host", "relayed")}


def test_plain_payloads_of_a_relay_belong_to_the_active_peer():
    """Set Active Destination: pair 2, refused (still 2), pair 1; a Send Request names its own peer; pair 3 on TCP."""
    capture = bundled("ice-set-active-destination.pcap")
    pairs = {frame: values for frame, values in column(capture, "teams_stun.pair").items() if frame > 8}
    assert pairs == {**{n: ["2"] for n in (11, 12, 13, 14, 17, 18, 19, 20, 29)}, **{n: ["1"] for n in range(23, 29)},
                     **{n: ["3"] for n in (33, 34, 37, 38)}}
    assert {n: value for n, value in column(capture, "teams_stun.pair.local_type").items() if n > 8} == {n: ["relayed"] for n in pairs}
    calls = json.loads(harness.report(capture, "teams,calls,json"))["calls"]
    assert [(stream["ssrc"], stream["pair"]) for call in calls for stream in call["streams"]] == [
        ("0x11223344", 2), ("0x55667788", 1), ("0x0000abcd", 3), ("0x0000dcba", 3)]


def test_each_layer_says_what_it_is():
    """Innermost first; the generator writes a pair of frames per payload: in DATA, then in FF10."""
    media = column(bundled("ms-turn/nested.pcap"), "teams_stun.media", "frame")
    assert [media[n] for n in range(1, 5)] == [["turn"]] * 4
    assert [media[n] for n in range(6, 14)] == [
        [kind, around] for kind in ("rtp", "srtcp", "dtls") for around in ("turn", "channel")] + [
        ["stun", "channel", "turn"], ["stun", "channel", "channel"]]


def test_channel_data_is_no_turn_message():
    capture = bundled("ms-turn/channel-data.pcap")
    assert column(capture, "teams_stun.media", "frame") == {
        1: ["stun"], 2: ["stun", "channel"], 3: ["stun", "channel"], 4: ["rtp", "channel"], 5: ["rtp", "channel"]}
    assert column(capture, "ms_turn.message", "frame") == {}


def test_relay_to_relay_is_one_pair_both_ways():
    capture = bundled("ice-relay-to-relay.pcap")
    assert set(sum(column(capture, "teams_stun.pair").values(), [])) == {"1"}
    assert set(sum(column(capture, "teams_stun.pair.local_type").values(), [])) == {"relayed"}
    assert set(sum(column(capture, "teams_stun.pair.remote_type").values(), [])) == {"relayed"}
    assert len(column(capture, "teams_stun.media", 'teams_stun.media == "rtp"')) == 6
    assert len(column(capture, "rtp.ssrc", "rtp")) == 6


def test_tcp_pair():
    capture = bundled("ice-tcp.pcap")
    assert column(capture, "teams_stun.pair.state", "teams_stun.type")[5] == ["nominated"]
    assert column(capture, "rtp.seq", "rtp") == {6: ["7", "8"], 7: ["9"], 8: ["10"]}


def test_path_of_a_tcp_pair_is_direct_for_checks_and_media():
    """Two hosts and no relay. Media through a relay's TCP is what test_teams.py calls tcp_fallback."""
    capture = bundled("ice-tcp.pcap")
    assert column(capture, "teams.path", "teams_stun") == {number: ["direct"] for number in range(4, 9)}
    call, = json.loads(harness.report(capture, "teams,calls,json"))["calls"]
    assert call["path"] == "direct" and call["verdict"].startswith("The call went directly over TCP")


def addresses(path):
    """Frame number -> source and destination, each address and port."""
    with PcapReader(str(path)) as packets:
        return {number: ((packet[IP].src, packet[UDP].sport), (packet[IP].dst, packet[UDP].dport))
                for number, packet in enumerate(packets, 1)}


def test_peer_reflexive_candidate():
    """RFC 8445, 7.3.1.3: the source of a check that is none of the peer's candidates, so far as they were seen."""
    capture = bundled("ice-peer-reflexive.pcap")
    ends, payloads = addresses(capture), datagrams(capture)
    client, checked, expected = ends[1][0], set(), {}
    for number, (source, target) in ends.items():
        remote = target if source == client else source
        if source == client and remote not in expected.values():
            checked.add(remote)
        elif payloads[number][:2] == b"\0\1" and remote not in checked and remote[0] in {each[0] for each in checked}:
            expected[number] = remote
        elif remote in expected.values():
            expected[number] = remote
    for number, (source, target) in ends.items():               # and what goes back on that pair
        if target in expected.values():
            expected[number] = target
    assert sorted(expected) == [3, 4, 5, 6, 7, 8]
    shown = column(capture, "teams_stun.pair.remote_type")
    assert {number: shown.pop(number) for number in expected} == dict.fromkeys(expected, ["peer-reflexive"])
    # A private candidate is a host's; public ones beside it are those its server told it (5.1.1).
    assert shown == {1: ["host"], 2: ["server-reflexive"], 9: ["server-reflexive"], 10: ["server-reflexive"]}
    assert column(capture, "teams_stun.pair.state")[8] == ["nominated"]


def test_consent_by_hand():
    """RFC 7675 in words: the last answer, the last media of the peer, and the first media of ours 5 s after both."""
    capture = bundled("ice-consent-lost.pcap")
    with PcapReader(str(capture)) as packets:
        times = {number: float(packet.time) for number, packet in enumerate(packets, 1)}
    ends, payloads = addresses(capture), datagrams(capture)
    answered = heard = lost = None
    expected = []
    for number, payload in payloads.items():
        ours = ends[number][0] == ends[1][0]
        if payload[:2] == b"\1\1":
            answered, lost = times[number], False
        elif payload[0] >> 6 == 2 and not ours:
            heard = times[number]
        elif payload[0] >> 6 == 2 and not lost and times[number] - max(answered, heard or 0) > 5:
            expected.append(number)
            lost = True
    assert len(expected) == 1 and expert(capture, "teams_stun.consent_lost") == expected


def test_duplicates_measure_nothing():
    """One round trip for each check, that of its first answer; of the one that was sent again that of its last, which makes sure; the
    report counts as many."""
    capture = bundled("ice-duplicates.pcap")
    with PcapReader(str(capture)) as packets:
        times = {number: float(packet.time) for number, packet in enumerate(packets, 1)}
    first, measured = {}, {}
    for number, payload in datagrams(capture).items():
        if payload[:2] == b"\0\1":
            first.setdefault(payload[4:20], number)
        elif payload[:2] == b"\1\1" and first.get(payload[4:20]):
            measured[number] = times[number] - times[first.pop(payload[4:20])]
    assert sorted(measured) == [7, 11, 15]
    measured[16] = measured.pop(15)     # 3.15 to 3.0 and 3.25 to 3.1, or 3.25 to 3.0 and 3.15 to 3.1: 0.15 in the mean
    shown = {number: float(values[0]) for number, values in column(capture, "teams_stun.response_time").items()}
    assert shown == pytest.approx(measured, abs=1e-6)
    assert set(column(capture, "teams_stun.retransmission")) == {6, 8, 10, 12, 14, 16}
    assert column(capture, "teams_stun.response_to") == {7: ["5"], 8: ["5"], 11: ["9"], 12: ["9"], 15: ["13"], 16: ["13"]}
    pair, = [pair for call in json.loads(harness.report(capture, "teams,calls,json"))["calls"] for pair in call["pairs"]]
    assert pair["round_trip_count"] == 3 and pair["round_trip_mean"] == pytest.approx(sum(measured.values()) / 3, abs=1e-5)
    assert pair["round_trip_max"] == pytest.approx(max(measured.values()), abs=1e-5)


def test_ipv6():
    capture = bundled("ice-ipv6.pcap")
    assert column(capture, "teams_stun.mapped.ipv6") == {2: ["2001:db8:1::10"]}
    assert column(capture, "teams_stun.pair.local_type")[2] == ["host"]


def test_attributes_that_are_rare():
    """0x0014 and 0x0015 are REALM and NONCE here, the other way round than in MS-TURN."""
    capture = bundled("ice-attributes.pcap")
    assert {number: types[2:] for number, types in column(capture, "teams_stun.attr.type").items() if number < 4} == {
        1: ["0x0800", "0x24df", "0x3802"], 2: ["0x8020"], 3: ["0x0014", "0x0015"]}
    assert column(capture, "teams_stun.mapped.address") == {2: ["198.51.100.7", "198.51.100.8"]}
    assert column(capture, "teams_stun.mapped.port") == {2: ["40007", "40008"]}
    assert column(capture, "teams_stun.error.code") == {3: ["401"]}
    assert expert(capture, "teams_stun.message_short") == [4]
    # What a message without its end lacks is not held against it.
    assert 4 not in expert(capture, "teams_stun.discarded_check") + expert(capture, "teams_stun.unauthenticated_check")
    shown = fields(capture, [], 'teams_stun.attr.type == "REALM" && teams_stun.attr.value == "realm"')
    assert [frame["frame.number"] for frame in shown] == [["3"]]


def test_dual_format_twins():
    capture = bundled("ice-dual-format.pcap")
    assert column(capture, "teams_stun.twin_of") == {2: ["1"], 4: ["3"], 9: ["8"], 11: ["10"]}
    assert expert(capture, "teams_stun.dual_format_twin") == [2, 4, 9, 11]
    assert column(capture, "teams_stun.format")[2] == ["draft-02"] and column(capture, "teams_stun.format")[1] == ["RFC 5389"]
    assert column(capture, "teams_stun.fingerprint.status") == {number: ["1"] for number in range(1, 12)}
    assert expert(capture, "teams_stun.legacy_fingerprint") == [2] and expert(capture, "teams_stun.bad_fingerprint") == []
    assert set(column(capture, "teams_stun.retransmission")) == {6, 10}
    assert column(capture, "teams_stun.response_to") == {3: ["1"], 4: ["2"], 7: ["5"]}


@pytest.mark.parametrize("name, item, frames", [
    ("ice-broken-checks.pcap", "discarded_check", [1, 2]),
    ("ice-broken-checks.pcap", "unauthenticated_check", [3]),
    ("ice-broken-checks.pcap", "no_implementation_version", [5]),
    ("ice-broken-checks.pcap", "candidate_identifier_in_response", [6]),
    ("ice-broken-checks.pcap", "bad_fingerprint", [7]),
    ("ice-broken-checks.pcap", "error_response", [8]),
    ("ice-role-conflict.pcap", "role_conflict", [2, 3]),
    ("ice-consent-lost.pcap", "consent_lost", [19]),
    ("ice-failed.pcap", "check_unanswered", [9, 10]),
    ("ice-failed.pcap", "no_pair_answered", [10]),
    ("ice-symmetric-nat.pcap", "symmetric_nat", [4]),
    ("ice-relayed-nomination.pcap", "relayed_nomination", [8]),
    ("ice-candidate-types.pcap", "relayed_nomination", []),
    ("ice-candidate-types.pcap", "no_pair_answered", []),
])
def test_diagnostics(name, item, frames):
    """Each at the frame that completes the evidence, in one pass and in two."""
    for mode in ("one-pass", "two-pass"):
        found = fields(bundled(name), [], display_filter=f"teams_stun.{item}", mode=mode)
        assert sorted(int(frame["frame.number"][0]) for frame in found) == frames


def test_wrong_lengths_lose_nothing_that_follows():
    capture = bundled("ice-lengths.pcap")
    types = column(capture, "teams_stun.attr.type", "teams_stun.type")
    count = len(datagrams(capture))
    assert len(types) == count
    broken = range(1, count - 1)
    assert all(types[number][-1] == "0x8fff" for number in broken)
    assert expert(capture, "teams_stun.attribute_length") == list(range(1, count))
    assert expert(capture, "teams_stun.attribute_overrun") == [count - 1]
    assert fields(capture, [], display_filter="_ws.malformed") == []


def test_answers_are_known_ahead_in_the_second_pass_only():
    capture = bundled("ice-tcp.pcap")
    assert column(capture, "teams_stun.response_in") == {}
    assert column(capture, "teams_stun.response_in", "teams_stun", mode="two-pass") == {4: ["5"]}


@pytest.mark.parametrize("name", ["ice-candidate-types.pcap", "ice-relay-to-relay.pcap", "ice-tcp.pcap", "ice-media-kinds.pcap",
                                  "ice-dual-format.pcap", "ice-duplicates.pcap", "ice-peer-reflexive.pcap", "ice-set-active-destination.pcap", "ms-turn/nested.pcap",
                                  "ms-turn/channel-data.pcap"])
def test_same_in_all_modes(name):
    harness.assert_same_in_all_modes(bundled(name), NAMES, "teams_stun")


def test_the_call_is_the_same_in_all_modes():
    harness.assert_same_in_all_modes(shared(CALL), NAMES, "teams_stun")
