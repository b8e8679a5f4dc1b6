# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that are hard to tell apart: which socket of a client belongs to which call.

What each capture holds is told in test-captures/README.md; ports and who has them are
those of test-captures/generate/sessions_calls.py."""
import json

import pytest

from harness import assert_same_in_all_modes, bundled, report, tshark

ALICE, BOB = {31001, 42007}, {33511, 28119}

# The calls of each capture, in order: the client's ports whose checks and media they have.
EXPECTED = {
    "callers-at-once": [ALICE, BOB],
    "callers-in-turn": [{31001}, {33511}],
    "callers-of-one-meeting": [ALICE, BOB],
    "callers-without-relay": [{31001}, {33511}],
    "callers-relayed": [ALICE, BOB],
    "callers-over-tcp": [ALICE, BOB],
    "three-modalities": [{31001, 42007, 50500}],
    "one-port": [{31001}],
    "call-held": [{31001}, {33511}],
    "call-after-call": [{31001}, {33511}, {33511}],
}


def calls(name, display_filter, *options):
    """Call -> client ports, of the frames that the filter lets through."""
    text = tshark("-r", str(bundled(f"sessions/{name}.pcap")), *options, "-Y", f"({display_filter}) && teams.call",
                  "-T", "fields", "-e", "teams.call", "-e", "ip.src", "-e", "udp.port", "-e", "tcp.port")
    found = {}
    for line in text.splitlines():
        call, source, udp, tcp = line.split("\t")
        ports = (udp or tcp).split(",")[:2]
        found.setdefault(int(call), set()).add(int(ports[source != "198.51.100.20"]))
    return [found[call] for call in sorted(found)]


@pytest.mark.parametrize("options", [(), ("-2",)], ids=["one-pass", "two-pass"])
@pytest.mark.parametrize("name", EXPECTED)
def test_sockets_of_calls(name, options):
    """Checks and media of a socket are all of one call, and nothing else of it is."""
    assert calls(name, 'teams_stun.pair || teams_stun.media == "rtp"', *options) == EXPECTED[name]


@pytest.mark.parametrize("name", ["callers-at-once", "callers-relayed", "callers-over-tcp", "three-modalities"])
def test_requests_with_credentials(name):
    """Whose an allocation is, is known from its credentials on; before it, nothing tells."""
    assert calls(name, "ms_turn.username && ms_turn.allocation") == EXPECTED[name]


def test_a_socket_that_turned_out_to_be_anothers():
    """The report of the call that it was in at first says where it went."""
    first, second = json.loads(report(bundled("sessions/callers-at-once.pcap"), "teams,calls,json"))["calls"]
    assert {port["port"]: port["moved_to_call"] for port in first["client_ports"] if port["remote_port"] == 3478} == {
        31001: 0, 42007: 0, 33511: 2, 28119: 2}
    assert {port["moved_to_call"] for port in second["client_ports"]} == {0}


@pytest.mark.parametrize("name", ["callers-at-once", "call-after-call"])
def test_fields_are_the_same_in_all_modes(name):
    assert_same_in_all_modes(bundled(f"sessions/{name}.pcap"), ["teams.call", "teams.flow", "teams.modality"], "teams")
