# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures on all interfaces of a host: what it has on loopback, and what it translates."""
from scapy.layers.dns import DNS
from scapy.layers.inet import IP, TCP, UDP

import stun
import teams_stun
from common import capture
from connections import ADDRESSES, AUTH, CONFIG, LOGIN, WEB, Client
from resolver import AAAA, NXDOMAIN, Resolver
from sessions_carried import agents

START = "2026-03-02T08:00:00"
HOST, OTHER = "192.168.1.20", "192.168.1.30"


class Own(Client):
    """Programs ask on loopback, and a resolver there asks the next one from the host's address, 0.5 ms later."""

    def __init__(self, c, stub="127.0.0.53", asks="127.0.0.1", forwards=True):
        super().__init__(c, HOST)
        self.local, self.forwards = Resolver(c, asks, stub), forwards

    def ask(self, when, name, address=None):
        steps = [] if address is None and name not in ADDRESSES else [address or ADDRESSES[name]]
        rcode = 0 if steps else NXDOMAIN
        self.local.ask(when, name, steps, rtt=0.02, rcode=rcode)
        if self.forwards:
            self.resolver.ask(when + 0.0005, name, steps, rtt=0.019, rcode=rcode)


@capture("sessions/loopback-forwarded.pcap", START)
def loopback_forwarded(c):
    """A host with systemd-resolved signs in; one of its names does not exist. 192.168.1.30 asks for the same, and signs in by itself."""
    c.own = (HOST, "127.0.0.1", "127.0.0.53")
    client, other = Own(c), Client(c, OTHER)
    client.sign_in(0)
    client.ask(4, "config.teams.microsoft.us.example.com")
    client.ask(5, "presence.teams.microsoft.com")
    other.sign_in(10)


@capture("sessions/loopback-running.pcap", START)
def loopback_running(c):
    """The same with dnsmasq at 127.0.0.1, of a host that is connected to Teams before it asks for anything."""
    c.own = (HOST, "127.0.0.1")
    client = Own(c, "127.0.0.1")
    connection = c.tcp(0, client.end(), (ADDRESSES[WEB], 443))
    client.use(0.1, connection, WEB)
    client.sign_in(2)


@capture("sessions/loopback-encrypted.pcap", START)
def loopback_encrypted(c):
    """A resolver on loopback that asks the next one over TLS: programs ask it at ::1. One name does not exist."""
    c.own = (HOST, "::1")
    client = Own(c, "::1", "::1", forwards=False)
    client.sign_in(0)
    client.local.ask(5, "presence.teams.microsoft.com", [], kind=AAAA, rcode=NXDOMAIN)
    client.ask(5.1, "presence.teams.microsoft.com")
    c.tcp(6, client.end(), ("192.168.1.1", 853))


@capture("sessions/loopback-alone.pcap", START)
def loopback_alone(c):
    """Of loopback alone: where the host connects to is not there."""
    c.own = ("127.0.0.1", "127.0.0.53")
    client = Own(c, forwards=False)
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        client.ask(n, name)


@capture("sessions/loopback-unmarked.pcap", START)
def loopback_unmarked(c):
    """Loopback and a network in one capture that tells no directions: a program asks on loopback for what does not exist there, and another
    host asks its resolver for the same at the same moment, and signs in."""
    own, other = Resolver(c, "127.0.0.1", "127.0.0.53"), Client(c, OTHER)
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        own.ask(n - 0.05, name, [], rcode=NXDOMAIN)
        own.ask(20 + n, name, [], rcode=NXDOMAIN)
    other.sign_in(0)


# ---- both sides of a translator of addresses ----

OUTSIDE = "203.0.113.9"


def translate(c, insides, port=lambda port: port, hops=1, skip=()):
    """Each frame between these and others outside again, with the router's address: 0.3 ms later what they send, earlier what they get."""
    frames, c.frames = c.frames, []
    for time, frame, reported in frames:
        ip = IP(frame[14:])
        sent, got = ip.src in insides, ip.dst in insides
        both = (sent or got) and not (sent and got) and not str(ip.dst if sent else ip.src).startswith("192.168.") and time not in skip
        c.frames.append((time, frame, reported))
        if not both:
            continue
        layer = ip[TCP] if TCP in ip else ip[UDP]
        if sent:
            ip.src, ip.ttl, layer.sport = OUTSIDE, ip.ttl - hops, port(layer.sport)
        else:
            ip.dst, ip.ttl, layer.dport = OUTSIDE, ip.ttl + hops, port(layer.dport)
        del ip.chksum, layer.chksum
        outer = frame[:14] + bytes(ip)
        c.frames.append((time + (300 if sent else -300), outer, len(outer)))


def sign_in_through(c, address, resolver, when=0):
    client = Client(c, address)
    client.resolver = Resolver(c, address, resolver)
    client.sign_in(when)
    return client


@capture("sessions/nat-both-sides.pcap", START)
def nat_both_sides(c):
    """A router with one client, whose ports it keeps; the client asks a resolver behind it. A connection is refused by nobody's answer:
    three SYNs."""
    client = sign_in_through(c, HOST, "9.9.9.9")
    client.ask(5, CONFIG)
    end = client.end()
    for when in (5.1, 6.1, 8.1):
        client.syn(when, end, (ADDRESSES[CONFIG], 443))
    client.ask(15, "presence.teams.microsoft.com", "52.123.145.9")
    translate(c, (HOST,))


@capture("sessions/nat-two-clients.pcap", START)
def nat_two_clients(c):
    """A router with two clients, which gives them other ports, and asks another resolver for them itself."""
    c.own = ("192.168.1.1", OUTSIDE)
    for n, address in enumerate((HOST, OTHER)):
        sign_in_through(c, address, "192.168.1.1", 10 * n)
    asked = [(time, DNS(bytes(IP(frame[14:])[UDP].payload))) for time, frame, _ in c.frames if UDP in IP(frame[14:]) and IP(frame[14:]).dport == 53]
    translate(c, (HOST, OTHER), lambda port: port + 7)
    router = Resolver(c, OUTSIDE, "9.9.9.9")
    for time, question in asked:
        name = question.qd.qname.decode().rstrip(".") if not isinstance(question.qd, list) else question.qd[0].qname.decode().rstrip(".")
        router.ask(time / 1e6 - c.start + 0.0005, name, [ADDRESSES[name]], rtt=0.015)


@capture("sessions/nat-joined.pcap", START)
def nat_joined(c):
    """A capture that begins in the midst of a connection, and of another one has no SYN."""
    sign_in_through(c, HOST, "9.9.9.9")
    c.frames = [frame for frame in c.frames if not (len(frame[1]) < 60 and frame[1][47] & 2)]
    translate(c, (HOST,))


@capture("sessions/nat-neighbours.pcap", START)
def nat_neighbours(c):
    """Two hosts of one network that ask for the same at the same time, each with numbers of its own."""
    for address in (HOST, OTHER):
        sign_in_through(c, address, "9.9.9.9")


@capture("sessions/nat-shown-late.pcap", START)
def nat_shown_late(c):
    """A call at the outer side of a router, of which the inner side is in the capture from 12 s on: a check there, and again outside."""
    local, peer = (HOST, 50004), ("198.51.100.77", 50006)
    us, them = agents("shown")
    for when in (10, 14):
        teams_stun.check(c, when, local, peer, f"at {when}", side=us, other=them, nominate=True)
    for number in range(120):
        for outwards in (True, False):
            packet = stun.rtp(104, number, number * 640, 0x77 + outwards, stun.opaque((outwards, number), 30))
            c.udp(11 + number * 0.05, *((local, peer) if outwards else (peer, local)), packet)
    begin = min(time for time, _, _ in c.frames)
    translate(c, (HOST,))
    c.frames = [(time, frame, length) for time, frame, length in c.frames if HOST not in (IP(frame[14:]).src, IP(frame[14:]).dst) or time >= begin + 2000000]


@capture("sessions/nat-own-call.pcap", START)
def nat_own_call(c):
    """A host with a public address, on which a container signs in, and then a call of the host's own: on the way that media takes, the other
    side's check comes first."""
    sign_in_through(c, "172.17.0.2", "9.9.9.9")
    translate(c, ("172.17.0.2",))
    local, peer = (OUTSIDE, 50004), ("198.51.100.77", 50006)
    us, them = agents("own")
    teams_stun.check(c, 20, local, ("192.0.2.77", 50006), "tried", side=us, other=them)
    teams_stun.check(c, 20.2, peer, local, "first", side=them, other=us)
    teams_stun.check(c, 20.5, local, peer, "own", side=us, other=them, nominate=True)
    for outwards in (True, False):
        for number in range(150):
            packet = stun.rtp(104, number, number * 640, 0x77 + outwards, stun.opaque((outwards, number), 30))
            c.udp(21 + number * 0.04, *((local, peer) if outwards else (peer, local)), packet)
