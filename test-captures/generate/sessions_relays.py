# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls whose relays are silent, have no room or refuse; and marks for QoS that come back without."""
import struct
from datetime import datetime, timezone

import ms_turn
import stun
import teams_stun
from common import capture
from signin import Client
from stun import u32

START = "2026-03-02T09:00:00"
RELAYS = [("52.114.250.10", 3478), ("52.114.250.77", 3478), ("52.115.63.9", 3478)]
PEER = ("198.51.100.77", 50006)
WINDOWS_EPOCH = 11644473600     # seconds from 1601 to 1970


def client(n):
    return (f"192.168.1.{n}", 50004)


def username(days):
    """Credentials that expire so many days after the start of the capture."""
    start = datetime.fromisoformat(START).replace(tzinfo=timezone.utc).timestamp()
    return ms_turn.username(round((start + days * 86400 + WINDOWS_EPOCH) * 10000000))


def ask(c, when, local, relay, seed):
    """The first Allocate, never answered."""
    c.udp(when, local, relay, stun.turn(stun.ALLOCATE_REQUEST, stun.transaction((local, relay, seed)), [
        (stun.MS_VERSION, u32(6)), (stun.SERVICE_QUALITY, struct.pack("!HH", 1, 0))]))


def allocate(c, when, local, relay, refusal=None, days=1, realm=b'"rtcmedia"'):
    """Challenge and answer: the allocation, or (code, reason)."""
    first, again = stun.transaction((local, relay, when)), stun.transaction((local, relay, when, "again"))
    given = [(stun.NONCE, stun.opaque("nonce", 20)), (stun.REALM, realm)]
    seen = ("203.0.113.5", 61000)
    c.udp(when, local, relay, stun.turn(stun.ALLOCATE_REQUEST, first, [(stun.MS_VERSION, u32(6))]))
    c.udp(when + 0.02, relay, local, stun.turn(stun.ALLOCATE_ERROR, first, [
        (stun.MS_VERSION, u32(6)), (stun.ERROR_CODE, stun.error(401, "Unauthorized")), *given,
        (stun.MS_XOR_MAPPED_ADDRESS, stun.address(*seen, xor=first))]))
    c.udp(when + 0.03, local, relay, stun.turn(stun.ALLOCATE_REQUEST, again, [
        (stun.MS_VERSION, u32(6)), *given, (stun.USERNAME, username(days))], key=b"key"))
    if refusal:
        c.udp(when + 0.05, relay, local, stun.turn(stun.ALLOCATE_ERROR, again, [(stun.MS_VERSION, u32(6)), (stun.ERROR_CODE, stun.error(*refusal))]))
        return
    c.udp(when + 0.05, relay, local, stun.turn(stun.ALLOCATE_RESPONSE, again, [
        (stun.LIFETIME, u32(600)), (stun.MAPPED_ADDRESS, stun.address(relay[0], 52000)), (stun.MS_VERSION, u32(6)),
        (stun.MS_XOR_MAPPED_ADDRESS, stun.address(*seen, xor=again)), (stun.SEQUENCE_NUMBER, bytes(range(20)) + u32(0))], key=b"key"))


def talk(c, when, local, packets=60, sent=0, received=0):
    """A checked and nominated pair, and media both ways with these marks."""
    teams_stun.check(c, when, local, PEER, (local, "check"), nominate=True)
    for n in range(packets):
        for outwards in (True, False):
            packet = stun.rtp(104, n, n * 320, 0x1000 + outwards, stun.opaque((outwards, n), 22))
            ends = (local, PEER) if outwards else (PEER, local)
            c.udp(when + 0.5 + n * 0.02 + (0 if outwards else 0.007), *ends, packet, sent if outwards else received)


@capture("sessions/relays-silent.pcap", START)
def relays_silent(c):
    """Of three relays one answers, to a client that asks several times and to one that asks once and goes on with its call.
    Beside it: one silent relay of two; two that were asked once shortly before the end; two that answer."""
    first, second, third, fourth, fifth = (client(n) for n in range(20, 25))
    for n, seconds in enumerate((0, 0.5, 1.5)):
        for relay in RELAYS[1:]:
            ask(c, seconds, first, relay, n)
        ask(c, seconds, second, RELAYS[1], n)
        ask(c, seconds, fourth, RELAYS[1], n)
    for relay in RELAYS[1:]:
        ask(c, 0, third, relay, 0)
        ask(c, 0, fifth, relay, 0)
    for local in (first, second, third, fifth):
        allocate(c, 0.1, local, RELAYS[0])
    for relay in RELAYS[0], RELAYS[2]:
        allocate(c, 0.1, fourth, relay)
    for local in (first, second, third, fourth):
        talk(c, 3, local, 10)
    talk(c, 6, fifth, 10)


@capture("sessions/relay-quota.pcap", START)
def relay_quota(c):
    """No relay has room, and there is no other way; for another client the second one has."""
    for when in (0, 1):
        allocate(c, when, client(20), RELAYS[0], (486, "Allocation Quota Reached"))
    allocate(c, 0, client(21), RELAYS[0], (486, "Allocation Quota Reached"))
    allocate(c, 1, client(21), RELAYS[1])
    talk(c, 3, client(21), 10)


@capture("sessions/relay-realms.pcap", START)
def relay_realms(c):
    """Relays outside of Microsoft's networks that name a provider, at .40 with quotes, at .41 without, at .42 by a name that is no
    domain. At .43 one says what Microsoft's relays say; at .44 one of Microsoft's names a domain. .45 asks for names of Teams and
    uses a relay of its own organisation and one of Microsoft's."""
    edge = ("203.0.113.140", 3478)
    for n, relay, realm in ((40, edge, b'"contoso.example"'), (41, edge, b"fabrikam.example"), (42, edge, b'"av-edge"'),
                            (43, edge, b'"rtcmedia"'), (44, RELAYS[0], b'"contoso.example"')):
        allocate(c, n, client(n), relay, realm=realm)
        talk(c, n + 0.5, client(n), 20)
    Client(c, "192.168.1.45").resolver.ask(50, "teams.microsoft.com", ["52.113.194.132"])
    allocate(c, 51, client(45), edge, realm=b'"contoso.example"')
    allocate(c, 51.1, ("192.168.1.45", 50024), RELAYS[0])


@capture("sessions/credentials-expired.pcap", START)
def credentials_expired(c):
    """Credentials of the day before: refused, and for another client not; credentials of the day after that are refused all the same."""
    allocate(c, 0, client(20), RELAYS[0], (430, "Stale Credentials"), days=-1)
    allocate(c, 0, client(21), RELAYS[0], days=-1)
    talk(c, 3, client(21), 10)
    allocate(c, 0, client(22), RELAYS[0], (430, "Stale Credentials"), days=1)


@capture("sessions/relay-refuses-one.pcap", START)
def relay_refuses_one(c):
    """One relay refuses the credentials, with 401 and with 441, and another one takes them: with a call, and without one in this
    capture; a third client is refused by both."""
    refused = (401, "Unauthorized"), (441, "Wrong Credentials")
    for n, error in zip((20, 21), refused):
        allocate(c, 0, client(n), RELAYS[0], error)
        allocate(c, 1, client(n), RELAYS[1])
    talk(c, 3, client(20), 10)
    for relay in RELAYS[:2]:
        allocate(c, 0, client(22), relay, refused[0])


@capture("sessions/relay-refuses-again.pcap", START)
def relay_refuses_again(c):
    """A relay that refuses .20 with 401 three times, and .21 once, whose request and the answer are sent again; .22 is refused twice and
    then not."""
    unauthorized = (401, "Unauthorized")
    for when in range(3):
        allocate(c, when, client(20), RELAYS[0], unauthorized)
        allocate(c, when, client(22), RELAYS[0], unauthorized if when < 2 else None)
    begun = len(c.frames)
    allocate(c, 0, client(21), RELAYS[0], unauthorized)
    for when, frame, length in c.frames[begun + 2:]:
        c.frames.append((when + 500000, frame, length))


@capture("sessions/single-checks.pcap", START)
def single_checks(c):
    """Checks that were sent once each, as a document shows them, and one of the other side; and a client that sends its checks again
    and again."""
    side, other = teams_stun.sides()
    for n in range(3):
        c.udp(n, client(20), (PEER[0], 50010 + n), side.request(("single", n)))
    c.udp(3, (PEER[0], 50013), client(20), other.request("of the other"))
    for n in range(5):
        c.udp(n * 1.5, client(21), PEER, side.request("again"))
    c.udp(3, (PEER[0], 50013), client(21), other.request("of the other"))


@capture("sessions/vpn-pools.pcap", START)
def vpn_pools(c):
    """Calls from addresses of a VPN's clients: to one another over IPv4 and IPv6, and to a host outside; one from elsewhere to such
    an address; and one from the address after the pool's last."""
    for local, remote in (("10.99.0.5", "10.99.0.77"), ("2001:db8:99::5", "2001:db8:99:1::77"), ("10.99.255.6", PEER[0]),
                          ("192.168.1.20", "10.99.0.78"), ("10.100.0.1", PEER[0])):
        ends = (local, 50004), (remote, 50006)
        teams_stun.check(c, 0, *ends, (ends, "check"), nominate=True)
        for n in range(60):
            for outwards in (True, False):
                packet = stun.rtp(104, n, n * 320, 0x1000 + outwards, stun.opaque((outwards, n), 22))
                c.udp(0.5 + n * 0.02 + (0 if outwards else 0.007), *(ends if outwards else ends[::-1]), packet)


@capture("sessions/marked-one-way.pcap", START)
def marked_one_way(c):
    """Marked when sent and not when received; marked both ways; neither; too few packets to tell."""
    for n, (sent, received, packets) in enumerate(((46, 0, 60), (46, 46, 60), (0, 0, 60), (46, 0, 20))):
        talk(c, n * 3, client(20 + n), packets, sent, received)


@capture("sessions/nat-inside.pcap", START)
def nat_inside(c):
    """Carrier-grade NAT: the address that the peer sees is none of the Internet's. It gives another port in mid-call; for another
    client a peer inside and one outside see different addresses, which is two NATs in a row."""
    first, second = client(20), client(21)
    for when, port in ((0, 40004), (5, 40004), (10, 61359), (15, 61359)):
        teams_stun.check(c, when, first, PEER, ("nat", when), ("100.64.3.4", port), nominate=when == 0)
    inside = ("100.64.9.9", 50006)
    for when in (0, 1):
        teams_stun.check(c, when, second, inside, ("inside", when), ("100.64.3.4", 40005))
        teams_stun.check(c, when + 0.1, second, PEER, ("outside", when), ("203.0.113.5", 61001), nominate=True)


@capture("sessions/receives-only.pcap", START)
def receives_only(c):
    """.20 only receives, for 8 s, without a check; .21 only sends. And a call between two programs of one host, in a VPN's pool."""
    for n, silent, when in ((20, True, 0), (21, False, 20)):
        local = client(n)
        teams_stun.check(c, when, local, PEER, (local, "check"), nominate=True)
        for k in range(400):
            ends = (PEER, local) if silent else (local, PEER)
            c.udp(when + 0.5 + k * 0.02, *ends, stun.rtp(104, k, k * 320, 0x1000 + n, stun.opaque((n, k), 22)))
        if not silent:
            c.udp(when + 0.4, PEER, local, stun.rtp(104, 0, 0, 0x2000, stun.opaque("first", 22)))
    ends = ("10.99.0.5", 50004), ("10.99.0.5", 50006)
    teams_stun.check(c, 40, *ends, (ends, "check"), nominate=True)
    for k in range(60):
        c.udp(40.5 + k * 0.02, *ends, stun.rtp(104, k, k * 320, 0x1000, stun.opaque(("sent", k), 22)))
        c.udp(40.507 + k * 0.02, *ends[::-1], stun.rtp(104, k, k * 320, 0x2000, stun.opaque(("received", k), 22)))
