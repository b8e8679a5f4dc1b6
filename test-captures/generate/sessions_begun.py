# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls of which the capture has a part: it begins later, or lacks what goes another way, or they end at once; and calls
whose first packet is the other side's."""
import direct_routing
import tls
from common import capture
from sessions import RELAY
from sessions_calls import PUBLIC, SERVER, Line

MEDIA = (SERVER, 3479)
PROCESSOR = ("52.113.216.179", 52004)
SBC = ("203.0.113.5", 20010)


@capture("sessions/begun-before.pcap", "2026-03-02T10:00:00")
def begun_before(c):
    """Media with a media server from before the first check in the capture: at .20 audio, at ::21 audio and video over IPv6."""
    six = {"address": "2001:db8::21"}
    for n, line in enumerate((Line(c, "begun20", "audio", 50004, MEDIA, address="192.168.1.20"),
                              Line(c, "begun21", "audio", 50004, ("2603:1063:9::4", 3479), **six),
                              Line(c, "begun22", "video", 50024, ("2603:1063:9::4", 3480), **six))):
        line.talk(1 + n * 0.001, 4)
        line.sent = 100
        line.check(5.1 + n * 0.001, line.settled)
        line.talk(5.2 + n * 0.001, 4)


@capture("sessions/active-before.pcap", "2026-03-02T10:00:00")
def active_before(c):
    """In the midst of calls: media and checks with a relay, without any header, after a Set Active Destination before the capture. The peer sees the
    client at the relay's own address at .20 and ::21, and at another relay's at .22. At .23 a media server sees it at that of its NAT, and at .24 the
    peer is behind the same NAT."""
    relay, six, nat = ("52.114.250.10", 3478), ("2603:1063:10::ab", 3478), "198.51.100.20"
    for n, (last, far, mapped) in enumerate(((20, relay, relay[0]), (21, six, six[0]), (22, relay, "52.114.250.77"), (23, MEDIA, nat), (24, (nat, 50010), nat))):
        line = Line(c, f"active{last}", "audio", 50004, far, address=f"2001:db8::{last}" if last == 21 else f"192.168.1.{last}")
        line.talk(1 + n * 0.001, 1)
        for number in range(2):
            tid, when = line.tid(), 2.1 + number * 1.5 + n * 0.001
            line.up(when, far, line.check_request(tid))
            line.down(when + 0.045, far, line.check_response(tid, (mapped, 52001)))
        line.sent = 25
        line.talk(2.5 + n * 0.001, 2)


@capture("sessions/server-first.pcap", "2026-03-02T10:00:00")
def server_first(c):
    """The first packet of each call is a check of the other side's. It is a media server of Microsoft's and the client has a public
    address: IPv4 at .20, IPv6 at ::21; a session border controller at .5, of media bypass. Between .70 and .71 neither is."""
    clients = (("203.0.113.20", MEDIA), ("2001:db8::21", ("2603:1063:9::4", 3479)), ("203.0.113.70", ("198.51.100.71", 50010)))
    for n, (address, far) in enumerate(clients):
        line = Line(c, f"first{n}", "audio", 50004, far, address=address)
        line.checked(1 + n * 0.01, far)
        line.check(1.2 + n * 0.01, far)
        line.talk(2 + n * 0.001, 3)
    direct_routing.signal(c, 0, SBC[0])
    bypass = Line(c, "bypass", "audio", SBC[1], PROCESSOR, address=SBC[0])
    bypass.checked(1.1, PROCESSOR)
    for outwards in (False, True):
        direct_routing.talk(c, 2, SBC, PROCESSOR, outwards, 3)


def connected(c, last, far):
    """A line of 192.168.1.last, or 2001:db8::last, whose host has a connection, too: the capture has both directions of that."""
    address, web = (f"2001:db8::{last}", "2603:1063:27:2::14") if ":" in far[0] else (f"192.168.1.{last}", "52.123.128.14")
    connection = c.tcp(0.5, (address, 51000), (web, 443))
    connection.send(0.6, tls.client_hello("teams.microsoft.com"))
    connection.send(0.7, tls.server_hello(), from_client=False)
    return Line(c, f"line{last}", "audio", 50004, far, address=address)


@capture("sessions/passes-by.pcap", "2026-03-02T10:00:00")
def passes_by(c):
    """What the other side sends over UDP goes another way than through the capture: clients answer checks that it lacks, at .20 of a media server,
    at .21 of a peer, at ::22 over IPv6; at .23 the other side answers the client's. At .24 the checks are there, and no media comes back."""
    for last, far in ((20, MEDIA), (21, ("203.0.113.21", 50010)), (22, ("2603:1063:9::4", 3479)), (23, MEDIA), (24, ("203.0.113.24", 50010))):
        line = connected(c, last, far)
        for n in range(4):
            tid, when = line.tid(), 1 + n * 1.2
            if last == 23:
                line.down(when, far, line.check_response(tid, (PUBLIC, 50004)))
            elif last == 24:
                line.checked(1 + n * 0.1, far)
            else:
                line.up(when, far, line.check_response(tid, far))
        for number in range(300):
            line.media(2 + number * 0.02, last != 23, number)


@capture("sessions/given-up.pcap", "2026-03-02T10:00:00")
def given_up(c):
    """Calls that end at once: a relay is asked once at .20, twice at .21 and three times at .22, in less than a second; checks are sent again for a second
    at .23, to two peers at .24, after an allocation at .25. At .26 a relay is asked for three seconds."""
    for last in range(20, 27):
        line = connected(c, last, ("203.0.113.60", 50010))
        if last in (20, 21, 22, 26):
            for n in range(min(last - 19, 4)):
                line.ask(1 + n * (1 if last == 26 else 0.3), RELAY)
            continue
        if last == 25:
            line.gather(1)
        for far in [line.settled, ("203.0.113.61", 50010)][:2 if last == 24 else 1]:
            request = line.check_request(line.tid())
            for n in range(4):
                line.up(1.5 + n * 0.3, far, request)


@capture("sessions/peers-silent.pcap", "2026-03-02T10:00:00")
def peers_silent(c):
    """Checks that nobody answers, and no relay: for three seconds at .20, to two peers at .21, over IPv6 at ::22; for twelve at .23. At .24 a relay
    is silent, too."""
    for last in range(20, 25):
        line = connected(c, last, ("2001:db8:99::60" if last == 22 else "203.0.113.60", 50010))
        for far in [line.settled, ("203.0.113.61", 50010)][:2 if last == 21 else 1]:
            request = line.check_request(line.tid())
            for n in range(7):
                line.up(1.5 + n * (2 if last == 23 else 0.5), far, request)
        for n in range(3 if last == 24 else 0):
            line.ask(1 + n, RELAY)


@capture("sessions/answers-at-begin.pcap", "2026-03-02T10:00:00")
def answers_at_begin(c):
    """Checks that came right before the capture are answered in it, and then media is only sent: to a media server at .20, to a peer
    at .21, over IPv6 at ::22."""
    for last, far in ((20, MEDIA), (21, ("203.0.113.21", 50010)), (22, ("2603:1063:9::4", 3479))):
        line = connected(c, last, far)
        for n in range(2):
            line.up(0.51 + n * 0.02, far, line.check_response(line.tid(), far))
        for number in range(200):
            line.media(1 + number * 0.04, True, number)


@capture("sessions/port-silent.pcap", "2026-03-02T10:00:00")
def port_silent(c):
    """A media server answers on port 3479 alone: not on 3480 at .20, not on 3481 at .21, on neither at ::22. At .23 it answers on both."""
    for last, ports in ((20, (3480,)), (21, (3481,)), (22, (3480, 3481)), (23, (3480,))):
        far = ("2603:1063:9::4" if last == 22 else SERVER, 3479)
        line = connected(c, last, far)
        line.connect(1)
        line.talk(3.1, 4)
        for port in ports:
            other = Line(c, f"at{last}", "video", 50024 + port - 3480, (far[0], port), address=line.client[0])
            other.username, other.ufrags = line.username, line.ufrags
            for n in range(4):
                if last == 23:
                    other.check(1 + n, other.settled)
                else:
                    other.up(1 + n, other.settled, other.check_request(other.tid()))
