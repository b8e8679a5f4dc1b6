# SPDX-License-Identifier: GPL-2.0-or-later
"""ICMP errors about Teams' datagrams: a firewall that says no, and a peer that is gone."""
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6DestUnreach, IPv6
from scapy.packet import Raw

import ms_turn
import stun
import teams_stun
from common import capture

CLIENT, RELAY, PEER, FIREWALL = ("192.0.2.10", 50004), ("52.114.250.123", 3478), ("203.0.113.5", 50010), "192.0.2.1"
CLIENT6, RELAY6, FIREWALL6 = ("2001:db8::10", 50004), ("2603:1063:12::5", 3478), "2001:db8::1"
PROHIBITED, PORT_UNREACHABLE = 13, 3


def quoted(source, destination, payload):
    """What the sender of an error quotes: the whole datagram (RFC 1812, 4.3.2.3)."""
    network = IPv6 if ":" in source[0] else IP
    return bytes(network(src=source[0], dst=destination[0]) / UDP(sport=source[1], dport=destination[1]) / Raw(payload))


@capture("ms-turn/icmp-errors.pcap", "2026-03-02T10:40:00")
def icmp_errors(c):
    request = ms_turn.first_request("refused")
    for n in range(3):
        c.udp(0.5 * n, CLIENT, RELAY, request)
        c.frame(0.5 * n + 0.01, ICMP(type=3, code=PROHIBITED) / Raw(quoted(CLIENT, RELAY, request)), FIREWALL, CLIENT[0])
    check = stun.message(stun.BINDING_REQUEST, stun.transaction("gone"), [
        (stun.USERNAME, b"abcd:efgh"), (stun.IMPLEMENTATION_VERSION, stun.u32(2))], fingerprint=True)
    c.udp(2.0, CLIENT, PEER, check)
    c.frame(2.01, ICMP(type=3, code=PORT_UNREACHABLE) / Raw(quoted(CLIENT, PEER, check)), PEER[0], CLIENT[0])
    request = ms_turn.first_request("refused6")
    c.udp(3.0, CLIENT6, RELAY6, request)
    c.frame(3.01, ICMPv6DestUnreach(code=1) / Raw(quoted(CLIENT6, RELAY6, request)), FIREWALL6, CLIENT6[0])


@capture("ms-turn/icmp-peer-private.pcap", "2026-03-02T10:40:00")
def icmp_peer_private(c):
    """Checks of a peer's addresses that routers refuse, and a call that goes another way: the private ones (.20, .21); of .23 the peer's public address. Of .24 nothing else is answered."""
    us, _ = teams_stun.sides()
    lonely = teams_stun.Side("Al1e", "p" * 22, "No1e", "q" * 22, True)
    refused = [(20, ("10.99.1.5", 50020), 1), (21, ("172.20.3.4", 50020), PROHIBITED), (23, ("198.51.100.7", 50020), PROHIBITED), (24, ("10.99.1.5", 50020), 1)]
    for last, peer, code in refused:
        client = ("192.168.1.%d" % last, 50016)
        for n in range(3):
            check = (lonely if last == 24 else us).request(f"private {last}")
            c.udp(0.3 * n, client, peer, check)
            c.frame(0.3 * n + 0.01, ICMP(type=3, code=code) / Raw(quoted(client, peer, check)), "192.168.1.1", client[0])
        if last != 24:
            other = ("52.114.252.8", 3479)
            teams_stun.check(c, 1.0, client, other, f"other {last}", mapped=("203.0.113.9", 50016), nominate=True)
            teams_stun.voice(c, 1.1, client, other, count=60, ssrc=last)
            teams_stun.voice(c, 1.11, other, client, count=60, ssrc=last + 100)
