# SPDX-License-Identifier: GPL-2.0-or-later
"""What looks like a failure of a connection and is none, or has another cause; each beside the real thing."""
import struct

import tls
from common import capture
from connections import (ADDRESSES, AUTH, CONFIG, LOGIN, PROXY, PUSH, START, WEB, Client, client_hello, connect, record, status, through)
from resolver import AAAA, NOERROR, NXDOMAIN, SERVFAIL
from sessions_relays import PEER, RELAYS, allocate, client, talk

REFUSED = 5
NEEDED, OK = (407, "Proxy Authentication Required"), (200, "Connection established")


# ---- proxies that ask for credentials ----

def negotiated(who, when, name, scheme, let_in=True):
    """The first request without credentials, then the scheme's token, its answer, and the last one."""
    connection = who.c.tcp(when, who.end(), PROXY)
    asked, token = f"Proxy-Authenticate: {scheme}", "oXcwdaADCgEBoloEWE5UTE1T"
    for n, (sent, answered) in enumerate((("", asked), (token, f"{asked} {token}"), (token, None if let_in else asked))):
        request = connect(name)[:-2] + (f"Proxy-Authorization: {scheme} {sent}\r\n" if sent else "").encode() + b"\r\n"
        connection.send(when + 0.1 + 0.1 * n, request)
        answer = status(*NEEDED)[:-2] + f"{answered}\r\n\r\n".encode() if answered else status(*OK)
        connection.send(when + 0.13 + 0.1 * n, answer, from_client=False)
    if let_in:
        who.use(when + 0.45, connection, name)
    connection.close(when + 0.9)


@capture("connections/proxy-credentials.pcap", START)
def proxy_credentials(c):
    """A proxy that lets a client in after NTLM and after Negotiate, each of several answers with 407, and after Basic on a second
    connection; and another client that it does not let in, by NTLM and by Basic."""
    first, second = Client(c), Client(c, "192.168.1.21")
    negotiated(first, 0, WEB, "NTLM")
    negotiated(first, 2, LOGIN, "Negotiate")
    through(first, 4, AUTH, [NEEDED])
    through(first, 4.6, AUTH, [OK])
    negotiated(second, 10, WEB, "NTLM", let_in=False)
    through(second, 12, LOGIN, [NEEDED, NEEDED])


# ---- one direction ----

@capture("connections/sent-only.pcap", START)
def sent_only(c):
    """What three clients send, without what they receive: a sign-in, one that ends at the ClientHellos, one of which two
    connections end at the acknowledgement. A fourth client is in the same capture, and nothing answers it."""
    first, second, third, silent = (Client(c, f"192.168.1.{n}") for n in range(20, 24))
    first.sign_in(0, (WEB, LOGIN, AUTH))
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        second.open(n, name).send(n + 0.15, client_hello(name))
        connection = third.open(n, name)
        if name == LOGIN:
            connection.send(n + 0.15, client_hello(name))
    heard = [frame[30:34] for _, frame, _ in c.frames]      # the destination
    c.frames = [frame for frame, to in zip(c.frames, heard) if to[:3] != bytes((192, 168, 1)) or to[3] == 1]
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        silent.resolver.question(n * 4, name)


@capture("sessions/one-direction.pcap", START)
def one_direction(c):
    """Calls of which only what the client sent is in the capture, or only what it received; and one whose other side sends no media."""
    sent, received, both = (client(n) for n in (20, 21, 22))
    for local in (sent, received, both):
        allocate(c, 0, local, RELAYS[0])
        talk(c, 1, local)
    own = {local: bytes(map(int, local[0].split("."))) for local in (sent, received, both)}
    media = bytes(map(int, PEER[0].split(".")))

    def is_captured(frame):
        source, target = frame[26:30], frame[30:34]
        if own[both] == target and source == media:
            return frame[42] >> 6 != 2                        # RTP, not a check
        return source != own[received] and target != own[sent]
    c.frames = [frame for frame in c.frames if is_captured(frame[1])]


# ---- names ----

@capture("connections/failed-before.pcap", START)
def failed_before(c):
    """Questions that a resolver fails once or twice before it answers them; another client's question that it never answers."""
    first, second = Client(c), Client(c, "192.168.1.21")
    for when, name, codes in ((0, WEB, [SERVFAIL]), (2, LOGIN, [REFUSED]), (4, AUTH, [SERVFAIL, SERVFAIL])):
        for n, code in enumerate(codes):
            first.resolver.ask(when + n * 0.2, name, rcode=code)
        first.visit(when + 0.5, name)
    second.visit(10, WEB)
    for when in (12, 13):
        second.resolver.ask(when, LOGIN, rcode=SERVFAIL)


@capture("connections/suffixes.pcap", START)
def suffixes(c):
    """Hosts below key names with a search suffix, which do not exist; and one of the kind that somebody answers for."""
    first = Client(c)
    for n, name in enumerate((AUTH, PUSH, "eu.presence.teams.microsoft.com")):
        for kind in (1, AAAA):
            first.resolver.ask(n, name + ".corp.example", kind=kind, rcode=NXDOMAIN)
        first.resolver.ask(n + 0.2, name, ["52.123.128.14"])
    first.resolver.ask(5, AUTH + ".verify.example", ["198.51.100.66"], rcode=NOERROR)


@capture("connections/discovery-beside.pcap", START)
def discovery_beside(c):
    """A client of Teams that asks for a name of Lync's discovery as well; another that asks for nothing else; and a third one that
    asks for it with no name that tells more than that it is Teams."""
    first, second, third = (Client(c, f"192.168.1.{n}") for n in range(20, 23))
    for each in (first, second, third):
        each.resolver.ask(0, "lyncdiscoverinternal.contoso.example", rcode=NXDOMAIN)
    first.sign_in(1)
    third.visit(1, CONFIG)
    third.visit(2, LOGIN)


# ---- causes that have other effects ----

def large_hello(name):
    """1500 bytes: padding (RFC 7685) before the server name, which is so in the second segment."""
    hello = tls.client_hello_message(name)
    padding = struct.pack("!HH", 21, 1300) + bytes(1300)
    at = 4 + 2 + 32 + 1 + 2 + 6 + 2         # to the length of the extensions
    length = struct.unpack("!H", hello[at:at + 2])[0] + len(padding)
    body = hello[4:at] + struct.pack("!H", length) + padding + hello[at + 2:]
    return record(22, b"\x01" + len(body).to_bytes(3, "big") + body, 0x0301)


@capture("connections/mtu-hello.pcap", START)
def mtu_hello(c):
    """The first, large segment of three ClientHellos is lost again and again, the second is not, which the server acknowledges at once
    (RFC 5681, 4.2); a small one has no answer."""
    one = Client(c)
    one.visit(0, "statics.teams.cdn.office.net", "2.16.106.10")
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        when, hello = 2 + n * 12, large_hello(name)
        connection = one.open(when, name)
        at = connection.sequence[True]
        connection.send(when + 0.15, hello[:1440])
        connection.send(when + 0.16, hello[1440:])
        end = connection.sequence[True]
        connection.sequence[True] = at
        connection._segment(when + 0.18, False, "A")
        for again in (0.5, 1.1, 2.3, 4.7, 9.5):
            connection.sequence[True] = at
            connection.send(when + again, hello[:1440])
        connection.sequence[True] = end
        connection.close(when + 11)
    connection = one.open(40, CONFIG)
    connection.send(40.15, client_hello(CONFIG))
    connection._segment(40.2, False, "A")
    connection.close(48)


@capture("connections/large-hello-dropped.pcap", START)
def large_hello_dropped(c):
    """Nothing of a ClientHello in two segments gets through: the client sends the first again (.20), or both (.21), or the server its
    SYN/ACK, too (.22). A large request of .22 got through before. What .23 sends again at last, in smaller segments, gets through."""
    for n in (20, 21, 22, 23):
        who = Client(c, f"192.168.1.{n}")
        who.visit(0, WEB)
        if n == 22:
            before = who.open(1, CONFIG)
            who.use(1.2, before, CONFIG)
            before.send(1.5, tls.application_data("large", 1400))
            before.send(1.53, tls.application_data("answer", 700), from_client=False)
        for m in range(2):
            when, hello = 4 + 12 * m, large_hello(LOGIN)
            connection = who.open(when, LOGIN)
            at, first = connection.sequence[True], connection.sequence[False]
            connection.send(when + 0.15, hello[:1440])
            connection.send(when + 0.16, hello[1440:])
            if n == 22:
                connection.sequence.update({True: at, False: first - 1})
                connection._segment(when + 1.1, False, "SA")
            for again in (0.5, 1.1, 2.3, 4.7, 9.5):
                connection.sequence[True] = at
                connection.send(when + again, hello[:1440])
                if n == 21:
                    connection.send(when + again + 0.0001, hello[1440:])
            connection.sequence[True] = at
            for part in (range(0, len(hello), 536) if n == 23 else ()):
                connection.send(when + 9.6, hello[part:part + 536])
                connection._segment(when + 9.62, False, "A")
            connection.sequence[True] = at + len(hello)
            connection.close(when + 11)


@capture("connections/unreached.pcap", START)
def unreached(c):
    """Identity drops SYNs, refuses them, and does not answer the ClientHello; each client goes on with telemetry a minute later."""
    for n, address in enumerate(("192.168.1.20", "192.168.1.21", "192.168.1.22")):
        who = Client(c, address)
        who.visit(0, WEB)
        if n < 2:
            who.ask(2, LOGIN)
            end = who.end()
            for again in (0.1, 1.1, 3.1):
                who.syn(2 + again, end if n == 0 else who.end(), (ADDRESSES[LOGIN], 443), "RST" if n == 1 else None)
        else:
            connection = who.open(2, LOGIN)
            connection.send(2.15, client_hello(LOGIN))
            connection._segment(2.2, False, "A")
            connection.close(12)
        who.visit(70, "mobile.pipe.aria.microsoft.com", "52.114.77.33")
        who.visit(80, "mobile.pipe.aria.microsoft.com", "52.114.77.33")
