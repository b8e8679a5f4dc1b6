# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that something was carried to the other side by, whatever failed beside it."""
import struct

from scapy.layers.inet import ICMP
from scapy.packet import Raw

import stun
import teams_stun
from common import capture, mac
from icmp_errors import FIREWALL, PORT_UNREACHABLE, PROHIBITED, quoted
from sessions_calls import PEERS, Line, TcpLine
from sessions_relays import RELAYS, allocate, ask, client
from sessions_truth import realm_of_its_own
from signin import Client

START = "2026-03-02T09:00:00"
PRIVATE, CLOUD, OUTSIDE = ("192.168.1.90", 50016), ("52.113.20.30", 50012), ("198.51.100.77", 50006)


def refused(c, local, relays=RELAYS[:1], code=PROHIBITED):
    """Asked three times, and a router says no."""
    for n in range(3):
        for relay in relays:
            ask(c, n * 0.5, local, relay, n)
            c.frame(n * 0.5 + 0.01, ICMP(type=3, code=code) / Raw(quoted(local, relay, c.frames[-1][1][42:])), FIREWALL, local[0])


def agents(seed):
    """Both sides of a session of its own."""
    ours, theirs = (stun.opaque((seed, end), 4).hex()[:4] for end in "lr")
    return (teams_stun.Side(ours, "p" * 22, theirs, "q" * 22, True), teams_stun.Side(theirs, "q" * 22, ours, "p" * 22, False))


def connect(c, when, local, peer, **options):
    us, them = agents(local)
    teams_stun.check(c, when, local, peer, (local, peer, when), side=us, other=them, **options)


def talk(c, when, local, peer, packets=60, send=True, receive=True, first=0):
    for n in range(first, first + packets):
        for outwards, does in ((True, send), (False, receive)):
            packet = stun.rtp(104, n, n * 320, 0x1000 + outwards, stun.opaque((outwards, n), 22))
            if does:
                c.udp(when + (n - first) * 0.02 + (0 if outwards else 0.007), *((local, peer) if outwards else (peer, local)), packet)


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
    us, _ = agents(client(27))
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

def later(n):
    """Another client's address."""
    return (f"10.8.0.{n}", 50008)


@capture("sessions/reports-back.pcap", START)
def reports_back(c):
    """Media that is only sent, and no check that is answered since: RTCP comes back each second, encrypted (.20) and in clear (.21), or once (.22). At .23
    it came back before media was sent, at .24 the client alone sends it, and at .25 it comes to another socket. At .26 checks of the other side come
    instead, at .27 they came before."""
    in_clear = struct.pack("!BBHI", 0x81, 201, 7, 0x55667788) + struct.pack("!6I", 0x1001, 0, 0, 0, 0, 0)
    for n in range(20, 28):
        local, beside = client(n), (client(n)[0], 50008)
        us, them = agents(n)
        teams_stun.check(c, 0, local, OUTSIDE, (n, "own"), side=us, other=them, nominate=True)
        talk(c, 1, local, OUTSIDE, 150, receive=False)
        for k, when in enumerate((1.5, 2.5) if n == 26 else (0.3, 0.6) if n == 27 else ()):
            c.udp(when, OUTSIDE, local, them.request((n, "theirs", k)))
            c.udp(when + 0.001, local, OUTSIDE, us.answer((n, "theirs", k), OUTSIDE))
        for k, when in enumerate({26: (), 27: (), 22: (2.1,), 23: (0.5,)}.get(n, (1.5, 2.5, 3.5))):
            report = in_clear if n == 21 else teams_stun.srtcp(201, 0x55667788, (n, k))
            here = beside if n == 25 else local
            c.udp(when, *((here, OUTSIDE) if n == 24 else (OUTSIDE, here)), report)
        if n == 25:
            teams_stun.check(c, 0.2, beside, OUTSIDE, (n, "beside"), side=us, other=them)


@capture("sessions/reports-alone.pcap", START)
def reports_alone(c):
    """Calls whose media ends after 1.2 s both ways, and what the client alone goes on with after it: at .20 RTCP, encrypted; at .21 RTCP in clear, and
    media of both again after that; at .22 DTLS. At .23 it is media."""
    in_clear = struct.pack("!BBHI", 0x80, 200, 6, 0x1001) + bytes(20)
    dtls = bytes.fromhex("16feff 0000 000000000000 0032 01") + bytes(49)
    for n in range(20, 24):
        local = client(n)
        connect(c, 0, local, OUTSIDE, nominate=True)
        talk(c, 1, local, OUTSIDE)
        if n == 23:
            talk(c, 2.2, local, OUTSIDE, 400, receive=False, first=60)
        for k in range(12 if n < 23 else 0):
            c.udp(2.5 + k, local, OUTSIDE, (teams_stun.srtcp(200, 0x1001, (n, k)), in_clear, dtls)[n - 20])
        if n == 21:
            talk(c, 15, local, OUTSIDE, 40, first=60)


@capture("sessions/capture-gaps.pcap", START)
def capture_gaps(c):
    """Calls one after the other, of which numbers are missing for 2 s. The capture has no frame in that time at .20 (both ways), at .21 (what is
    received; nothing is sent) and at .22 (what is sent). At .23 only what is received is missing, at .24 only what is sent; at .25 both are, while
    another host goes on."""
    for n in range(20, 26):
        local, begin = client(n), (n - 20) * 20
        connect(c, begin, local, OUTSIDE, nominate=True)
        for outwards in (True, False):
            if (n, outwards) in ((21, True), (22, False)):
                continue
            for number in range(200):
                at = number * 0.04
                if 3 < at < 5 and (n, outwards) not in ((23, True), (24, False)):
                    continue
                packet = stun.rtp(104, number, number * 640, 0x1000 + outwards, stun.opaque((n, outwards, number), 22))
                c.udp(begin + 1 + at + 0.007 * (not outwards), *((local, OUTSIDE) if outwards else (OUTSIDE, local)), packet)
    for k in range(10):
        c.udp(100 + 3.5 + k * 0.25, ("192.168.1.80", 40000), ("198.51.100.80", 40000), b"anything")


@capture("sessions/other-addresses.pcap", START)
def other_addresses(c):
    """Clients with two addresses, each with checks of the same user fragments: the call connects from the one, and checks from the other are not
    answered (.20, before the one that connects; .21, to two peers) or are answered (.22). At .23 the checks from the other address have other
    user fragments. From the other address a service is connected, too."""
    for n in range(20, 24):
        local, other = client(n), later(n)
        us, them = agents(n)
        begin = (n - 20) * 20
        Client(c, other[0], "10.8.0.1").visit(begin, "teams.microsoft.com", "52.113.194.132")
        strange, _ = agents("of another call")
        for k in range(6):
            for peer in (OUTSIDE, ("192.168.77.5", 50012)) if n == 21 else (OUTSIDE,):
                seed = (n, k, peer)
                c.udp(begin + (0.5 if n == 20 else 1.2) + k * 0.4, other, peer, (strange if n == 23 else us).request(seed))
                if n == 22:
                    c.udp(begin + 1.23 + k * 0.4, peer, other, them.answer(seed, other))
        teams_stun.check(c, begin + 1, local, OUTSIDE, (n, "own"), side=us, other=them, nominate=True)
        talk(c, begin + 1.5, local, OUTSIDE, 150)


@capture("sessions/socket-cut-off.pcap", START)
def socket_cut_off(c):
    """Two sockets of a call, each with checks of its own. Nothing comes back to the second one from 2 s on, while media is still sent from it: at .20 the
    first one goes on both ways, at .21 it ends at 4 s, at .22 nothing comes back to it, either, and at .23 a single packet."""
    for n in range(20, 24):
        for port, name in ((50004, "a"), (50024, "v")):
            local, peer = (client(n)[0], port), (OUTSIDE[0], port + 2)
            us, them = agents((n, name))
            teams_stun.check(c, 0, local, peer, (n, port), side=us, other=them, nominate=True)
            ends = {"v": (12, 2), "a": {20: (12, 12), 21: (4, 4), 22: (12, 2), 23: (12, 2)}[n]}[name]
            for outwards, until in zip((True, False), ends):
                for number in range(int((until - 1) * 12)):
                    packet = stun.rtp(104 if name == "a" else 122, number, number * (1280 if name == "a" else 7200), port + outwards, stun.opaque((n, port, outwards, number), 22))
                    c.udp(1 + number * 0.08, *((local, peer) if outwards else (peer, local)), packet)
            if n == 23 and name == "a":
                c.udp(6.905, peer, local, stun.rtp(104, 70, 70 * 1280, port, stun.opaque((n, "late"), 22)))


@capture("sessions/one-session.pcap", START)
def one_session(c):
    """Two audio sockets of a client check the same peer with the same user fragments, and media goes over one: .20 over the first, .21 over the second;
    at .22 the second is answered after media has flowed. At .23 the fragments are others: two calls. .24 checks over IPv6, too, before its IPv4 pair is nominated."""
    c.macs = {address: mac("192.168.1.24") for address in ("192.168.1.24", "2001:db8:1::24")}
    us, them = agents(24)
    over_ipv6, over_ipv4 = (("2001:db8:1::24", 50008), ("2001:db8:2::77", 50006)), ((client(24)[0], 50004), OUTSIDE)
    for when, (local, peer) in ((0, over_ipv6), (0.3, over_ipv4), (0.5, over_ipv6)):
        teams_stun.check(c, when, local, peer, (24, when), side=us, other=them, nominate=when == 0.3)
    for number in range(120):
        for local, peer in (over_ipv4, over_ipv4[::-1]):
            c.udp(1 + number * 0.04, local, peer, stun.rtp(104, number, number * 640, local[1], stun.opaque((24, local[1], number), 22)))
    for n in range(20, 24):
        us, them = agents(n)
        others = agents((n, "later")) if n == 23 else (us, them)
        first, second = (client(n)[0], 50004), (client(n)[0], 50012)
        teams_stun.check(c, 0, first, OUTSIDE, (n, "a"), side=us, other=them, nominate=n != 21)
        teams_stun.check(c, 3 if n == 22 else 0.3, second, OUTSIDE, (n, "b"), side=others[0], other=others[1], nominate=n in (21, 23))
        for local in {21: (second,), 23: (first, second)}.get(n, (first,)):
            for outwards in (True, False):
                for number in range(120):
                    packet = stun.rtp(104, number, number * 640, local[1] + outwards, stun.opaque((n, local[1], outwards, number), 22))
                    c.udp(1 + number * 0.04, *((local, OUTSIDE) if outwards else (OUTSIDE, local)), packet)


@capture("sessions/goes-on-elsewhere.pcap", START)
def goes_on_elsewhere(c):
    """A call that goes over to another address of its client after 3 s, with the same streams, while media is still sent from the old one for 7 s: .20. At
    .21 the streams from the other address are new, and at .22 nothing is received there. At .23 the other address is another user's, whose stream has the
    same SSRC and numbers of its own."""
    for n in range(20, 24):
        begin = (n - 20) * 15
        for local, first, sent, heard in ((client(n), 0, 10, 3), (later(n), 3, 10, 10)):
            us, them = agents((n, local))
            ssrc = 0x1000 + n if n != 21 else local[1]
            behind = 60 if n == 23 and first else 0
            teams_stun.check(c, begin + first, local, OUTSIDE, (n, local), side=us, other=them, nominate=True)
            for outwards, until in ((True, sent), (False, heard)):
                for number in range(first * 20, until * 20):
                    packet = stun.rtp(104, number - behind, number * 800, ssrc + 0x1000 * outwards, stun.opaque((n, local, outwards, number), 12))
                    if outwards or n != 22 or first == 0:
                        c.udp(begin + 0.5 + number * 0.05, *((local, OUTSIDE) if outwards else (OUTSIDE, local)), packet)


@capture("sessions/media-back.pcap", START)
def media_back(c):
    """Media both ways but for 7 s without any that is received, and without checks: the numbers go on behind it (.20), or those of that time are missing
    (.21). At .22 nothing more is received, and a check is answered; at .23 nothing was received before, either."""
    for n in range(20, 24):
        local = client(n)
        us, them = agents(n)
        teams_stun.check(c, 0, local, OUTSIDE, n, side=us, other=them, nominate=True)
        for number in range(260):
            at = number * 0.05
            c.udp(0.5 + at, local, OUTSIDE, stun.rtp(104, number, number * 800, 0x1000, stun.opaque((n, number), 12)))
            if (at < 2 and n != 23) or (at >= 9 and n != 22):
                held = 140 if at >= 9 and n != 21 else 0
                c.udp(0.507 + at, OUTSIDE, local, stun.rtp(104, number - held, number * 800, 0x2000, stun.opaque((n, "theirs", number), 12)))
        if n == 22:
            teams_stun.check(c, 10, local, OUTSIDE, (n, "again"), side=us, other=them)
