# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that something was carried to the other side by, whatever failed beside it."""
from scapy.layers.inet import ICMP
from scapy.packet import Raw

import stun
import teams_stun
from common import capture
from icmp_errors import FIREWALL, PORT_UNREACHABLE, PROHIBITED, quoted
from sessions_calls import PEERS, Line, TcpLine
from sessions_relays import RELAYS, allocate, ask, client
from sessions_truth import realm_of_its_own

START = "2026-03-02T09:00:00"
PRIVATE, CLOUD, OUTSIDE = ("192.168.1.90", 50016), ("52.113.20.30", 50012), ("198.51.100.77", 50006)


def refused(c, local, relays=RELAYS[:1], code=PROHIBITED):
    """Asked three times, and a router says no."""
    for n in range(3):
        for relay in relays:
            ask(c, n * 0.5, local, relay, n)
            c.frame(n * 0.5 + 0.01, ICMP(type=3, code=code) / Raw(quoted(local, relay, c.frames[-1][1][42:])), FIREWALL, local[0])


def connect(c, when, local, peer, **options):
    teams_stun.check(c, when, local, peer, (local, peer, when), **options)


def talk(c, when, local, peer, packets=60, send=True, receive=True):
    for n in range(packets):
        for outwards, does in ((True, send), (False, receive)):
            packet = stun.rtp(104, n, n * 320, 0x1000 + outwards, stun.opaque((outwards, n), 22))
            if does:
                c.udp(when + n * 0.02 + (0 if outwards else 0.007), *((local, peer) if outwards else (peer, local)), packet)


@capture("sessions/relays-refused.pcap", START)
def relays_refused(c):
    """Relays that the network refuses, or that are silent (.26, .29), over UDP. The call goes directly over UDP to a private peer (.20, .26),
    to a media server (.21) and to a public address (.22, with "port unreachable" for two relays); another relay answers at .23. At .24
    a peer answers checks, at .30 a pair is nominated, and no media follows. At .28 and .29 most of the media goes over TCP to a
    relay, and some directly over UDP. At .27 neither a relay nor a peer answers."""
    for n, peer, relays, code in ((20, PRIVATE, RELAYS[:1], PROHIBITED), (21, CLOUD, RELAYS[:1], PROHIBITED),
                                  (22, OUTSIDE, RELAYS[:2], PORT_UNREACHABLE), (23, OUTSIDE, RELAYS[:1], PROHIBITED)):
        refused(c, client(n), relays, code)
        if n == 23:
            allocate(c, 1.5, client(n), RELAYS[1])
        connect(c, 2, client(n), peer, nominate=True)
        talk(c, 2.5, client(n), peer)
    for n in (24, 30):
        refused(c, client(n))
        for when in (2, 2.5):
            connect(c, when, client(n), OUTSIDE, nominate=n == 30)
    for n in range(3):
        ask(c, n * 0.7, client(26), RELAYS[0], n)
    connect(c, 2, client(26), PRIVATE, nominate=True)
    talk(c, 2.5, client(26), PRIVATE)
    refused(c, client(27))
    us, _ = teams_stun.sides()
    for n in range(3):
        c.udp(2 + n * 0.5, client(27), OUTSIDE, us.request("nobody"))
    for n in (28, 29):
        line = Line(c, "alice", "audio", 31000 + n, (PEERS["alice"], 50002), n, f"192.168.1.{n}")
        if n == 28:
            refused(c, line.client)
        for k in range(3 if n == 29 else 0):
            ask(c, k * 0.7, line.client, RELAYS[0], k)
        line.connect(2, 0.9)
        line.talk(3, 0.2)
        over_tcp = TcpLine(c, "alice", "audio", 42000 + n, (PEERS["alice"], 50002), n, f"192.168.1.{n}")
        realm_of_its_own(over_tcp, "tcp").whole(5)
