# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that a capture has twice, and packets that were sent twice."""
import struct

from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

import stun
import teams_stun
import tls
from common import capture
from resolver import A, AAAA
from signin import Client

NAMES = (("teams.microsoft.com", "52.113.194.132", "2620:1ec:42::132"), ("login.microsoftonline.com", "20.190.128.10", "2603:1036:3000::10"),
         ("authsvc.teams.microsoft.com", "52.113.194.134", "2620:1ec:42::134"),
         ("emea.ng.msg.teams.microsoft.com", "52.114.88.20", "2603:1063:10::20"))
HOSTS = {4: ("192.168.1.20", "192.168.1.1"), 6: ("2001:db8:1::20", "2001:db8:1::1")}     # client, resolver
PEERS = {4: ("198.51.100.77", 50006), 6: ("2001:db8:7::77", 50006)}
RELAYS = {4: ("52.114.250.10", 3478), 6: ("2603:1063:10::ab", 3478)}
REFLEXIVE = {4: ("203.0.113.5", 61000), 6: ("2001:db8:1::20", 50004)}
LOST = (30, 31)         # of the 100 packets that the client receives


def story(c, version):
    """A sign-in, an allocation, a check that is sent three times before it is answered, and two seconds of a call."""
    host, resolver = HOSTS[version]
    local, peer, relay = (host, 50004), PEERS[version], RELAYS[version]
    client = Client(c, host, resolver)
    for n, (name, *addresses) in enumerate(NAMES):
        client.visit(n * 0.5, name, addresses[0 if version == 4 else 1], kind=A if version == 4 else AAAA)
    teams_stun.allocate(c, 10, REFLEXIVE[version], local, relay, (relay[0], 52000))
    side, other = teams_stun.sides()
    for when in (11, 11.5, 12.1):
        c.udp(when, local, peer, side.request("again"))
    c.udp(12.13, peer, local, other.answer("again", REFLEXIVE[version]))
    teams_stun.check(c, 12.5, local, peer, "nominated", REFLEXIVE[version], nominate=True)
    for n in range(100):
        for outwards in (True, False):
            packet = stun.rtp(104, n, n * 320, 0x1000 + outwards, stun.opaque((outwards, n), 22))
            ends = (local, peer) if outwards else (peer, local)
            if outwards or n not in LOST:
                c.udp(13 + n * 0.02 + (0 if outwards else 0.007), *ends, packet)


def copy(c, change, microseconds):
    """Each frame again, changed, so much later."""
    later = [(time + microseconds, change(frame)) for time, frame, _ in c.frames]
    c.frames += [(time, frame, len(frame)) for time, frame in later]


def tagged(frame, vlan=100):
    return frame[:12] + struct.pack("!HH", 0x8100, vlan) + frame[12:]


def routed(frame):
    """As the next router sends it on: its MAC addresses, one hop less."""
    packet = Ether(frame)
    packet.src, packet.dst = "02:00:5e:00:00:10", "02:00:5e:00:00:11"
    if IP in packet:
        packet[IP].ttl -= 1
        del packet[IP].chksum
    else:
        packet[IPv6].hlim -= 1
    return bytes(packet)


@capture("twice/once.pcap", "2026-03-02T09:00:00")
def once(c):
    story(c, 4)


@capture("twice/once-ipv6.pcap", "2026-03-02T09:00:00")
def once_ipv6(c):
    story(c, 6)


@capture("twice/vlan.pcap", "2026-03-02T09:00:00")
def vlan(c):
    """A mirror port for both directions of a VLAN: what goes between two of its ports is copied twice."""
    story(c, 4)
    c.frames = [(time, tagged(frame), length + 4) for time, frame, length in c.frames]
    copy(c, lambda frame: frame, 30)


@capture("twice/routed.pcap", "2026-03-02T09:00:00")
def before_and_after_a_router(c):
    story(c, 4)
    copy(c, routed, 400)


@capture("twice/ipv6.pcap", "2026-03-02T09:00:00")
def ipv6(c):
    story(c, 6)
    copy(c, lambda frame: frame, 30)


LATE = 61000        # microseconds: so long one of two captures, or a mirror port, held the packets back


@capture("twice/late.pcap", "2026-03-02T09:00:00")
def late(c):
    """The same frames, later than a client waits before it sends a check again."""
    story(c, 4)
    copy(c, lambda frame: frame, LATE)


@capture("twice/late-routed.pcap", "2026-03-02T09:00:00")
def late_routed(c):
    story(c, 4)
    copy(c, routed, LATE)


@capture("twice/late-ipv6.pcap", "2026-03-02T09:00:00")
def late_ipv6(c):
    """Over IPv6 the hop limit alone tells."""
    story(c, 6)
    copy(c, routed, LATE)


@capture("twice/sent-twice.pcap", "2026-03-02T09:00:00")
def sent_twice(c):
    """Nothing of this is in the capture twice: the same bytes were sent again."""
    for version in (4, 6):
        local, peer = (HOSTS[version][0], 50004), PEERS[version]
        side, other = teams_stun.sides()
        request = side.request(f"soon{version}", nominate=True)
        for when in (0, 0.02, 0.12) if version == 4 else (0, 0.06, 0.16):
            c.udp(when, local, peer, request)
        c.udp(0.2, peer, local, other.answer(f"soon{version}", local))
        for n in range(20):
            for _ in range(2 if n == 10 and version == 4 else 1):
                c.udp(1 + n * 0.02, peer, local, stun.rtp(104, n, n * 320, 0x1000, stun.opaque(n, 22)))
    no_identification(c)
    acknowledgements(c)


def no_identification(c):
    """Over IPv4 as some senders do it, with an identification of zero: sent again later; and the two formats of an old
    client's check, which may be the same bytes, one right behind the other."""
    local, peer = ("192.168.1.30", 50004), PEERS[4]
    twin = teams_stun.sides(teams_stun.LYNC)[0].request("twin")
    for when, payload in ((2, teams_stun.sides()[0].request("zero")), (2.1, teams_stun.sides()[0].request("zero")), (2.5, twin), (2.5001, twin)):
        c.ids[local[0]] = 0xffff
        c.udp(when, local, peer, payload)
    same_identification(c, ("192.168.1.31", 50004), PEERS[4])


def same_identification(c, local, peer):
    """A sender whose packets all have the same one: media, and a check that is sent three times."""
    side = teams_stun.sides()[0]
    payloads = [side.request("first"), *[side.request("always")] * 3]
    for when, payload in zip((2.6, 2.7, 2.72, 2.78), payloads):
        c.ids[local[0]] = 0x3000
        c.udp(when, local, peer, payload)


def acknowledgements(c):
    """A client that acknowledges the same byte three times in a millisecond, as it does when a segment is missing."""
    host, resolver = HOSTS[6]
    Client(c, host, resolver).visit(3, NAMES[0][0], NAMES[0][2], kind=AAAA)
    connection = c.tcp(4, (host, 50200), (NAMES[0][2], 443))
    connection.send(4.05, tls.client_hello(NAMES[0][0]))
    connection.send(4.07, tls.server_hello(), from_client=False)
    for n in range(3):
        connection._segment(4.0701 + n * 0.0003, True, "A")
    # A host that knows nothing of a connection sends a RST for each segment (RFC 9293, 3.5.2).
    for n in range(4):
        connection._segment(4.2 + n * 0.00004, False, "R")
