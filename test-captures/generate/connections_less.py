# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections and questions that show less than they seem to, each beside one that shows it."""
import struct

from scapy.layers.inet import ICMP, IP, TCP
from scapy.packet import Raw

import tls
from common import capture
from connections import (ADDRESSES, AUTH, CHANGE, CONFIG, LOGIN, PUSH, START, TLS_1_3, WEB, Client, certificate, client_hello, record, reset,
                         server_hello)

INSPECTION, SHIELD = ("Contoso Inspection CA", "Contoso"), ("Fabrikam Shield", "Fabrikam")


# ---- TLS ----

def hello_with_early_data(name):
    """A ClientHello that says that early data follows (RFC 8446, 4.2.10)."""
    body = tls.client_hello_message(name)[4:]
    at = 2 + 32 + 1 + 2 + 6 + 2         # to the length of the extensions
    length = struct.unpack("!H", body[at:at + 2])[0] + 4
    body = body[:at] + struct.pack("!H", length) + body[at + 2:] + bytes.fromhex("002a0000")
    return record(22, b"\x01" + len(body).to_bytes(3, "big") + body, 0x0301)


def without_a_request(client, when, name, *segments):
    """Segments of the client, the server's flight, the client's Finished, and its FIN."""
    connection = client.open(when, name)
    for n, segment in enumerate(segments):
        connection.send(when + 0.15 + n / 1000, segment)
    connection.send(when + 0.18, server_hello(TLS_1_3) + CHANGE + tls.application_data((name, "flight"), 900), from_client=False)
    connection.send(when + 0.2, CHANGE + tls.application_data((name, "finished"), 53))
    connection.close(when + 0.35)


@capture("connections/early-data.pcap", START)
def early_data(c):
    """Sessions of TLS 1.3 that clients end after their Finished: with data right behind the ClientHello, .20 in its segment, .21 in the
    next one, .22 as its extension says and the capture lacks; .23 without any."""
    for n in range(4):
        client = Client(c, f"192.168.1.{20 + n}")
        for when, name in ((0, WEB), (2, LOGIN), (4, AUTH)):
            hello, request = client_hello(name), CHANGE + tls.application_data((name, "early"), 300)
            without_a_request(client, 10 * n + when, name, *{0: [hello + request], 1: [hello, request], 2: [hello_with_early_data(name)]}.get(n, [hello]))


@capture("connections/left-apart.pcap", START)
def left_apart(c):
    """.20 leaves handshakes of TLS 1.3 by FIN, by RST, and one after its Finished; .21 those with certificates of two interceptors; .22 has
    three sessions with one that it opens, does not use, and ends by FIN."""
    client = Client(c)
    for when, name in ((0, WEB), (2, LOGIN), (4, AUTH), (6, CONFIG)):
        connection = client.open(when, name)
        client.handshake(when + 0.15, connection, name)
        if name == CONFIG:
            client.finish(when + 0.2, connection, name)
        if name == AUTH:
            reset(connection, when + 0.25, from_client=True)
        else:
            connection.close(when + 0.25)
    client = Client(c, "192.168.1.21")
    client.visit(10, WEB)
    for when, name, issuer in ((12, LOGIN, INSPECTION), (14, AUTH, SHIELD), (16, CONFIG, INSPECTION)):
        connection = client.open(when, name)
        client.handshake(when + 0.15, connection, name, certificate(name, *issuer))
        connection.close(when + 0.25)
    client = Client(c, "192.168.1.22")
    client.visit(20, WEB)
    for when, name in ((22, LOGIN), (24, AUTH), (26, PUSH)):
        connection = client.open(when, name)
        client.handshake(when + 0.15, connection, name, certificate(name, *INSPECTION))
        client.finish(when + 0.2, connection, name, True)
        connection.close(when + 0.3)


# ---- who else connects ----

@capture("connections/shared-alone.pcap", START)
def shared_alone(c):
    """.20 asks for names of Teams and connects none, and Outlook is connected; .21 connects the page, identity and Graph; .22 a service of
    Teams as well; .23 a push channel and Graph, without identity."""
    outlook, graph = ("outlook.office365.com", "52.97.1.1"), ("graph.microsoft.com", "20.190.160.97")
    client = Client(c)
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        client.ask(n, name)
    client.visit(5, *outlook)
    client = Client(c, "192.168.1.21")
    client.sign_in(10, (WEB, LOGIN))
    client.visit(13, *graph)
    client = Client(c, "192.168.1.22")
    client.sign_in(20)
    client.visit(24, *outlook)
    client = Client(c, "192.168.1.23")
    client.sign_in(30, (WEB, PUSH))
    client.visit(34, *graph)


# ---- DNS ----

def asks_again(client, name, times):
    """Questions without an answer, each with a number of its own, as of a resolver of the system."""
    for when in times:
        client.resolver.ask(when, name, rtt=None)


@capture("connections/resolver-wakes.pcap", START)
def resolver_wakes(c):
    """.20: three names have no answer for 16 s, then all have; .21: one of identity, while others have; .22: the same, and never an answer;
    .23: the resolver loses two questions about each name, and answers the third after 3 s."""
    client = Client(c)
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        asks_again(client, name, [n + again for again in (0, 1, 3, 7, 12)])
        client.visit(16 + 2 * n, name)
    for n in (21, 22):
        client = Client(c, f"192.168.1.{n}")
        start = 40 * (n - 20)
        client.visit(start, WEB)
        asks_again(client, LOGIN, [start + 2 + again for again in (0, 1, 3, 7, 11)])
        client.visit(start + 16, LOGIN if n == 21 else CONFIG)
        client.visit(start + 18, AUTH)
    client = Client(c, "192.168.1.23")
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        asks_again(client, name, [120 + 5 * n, 121 + 5 * n])
        client.visit(123 + 5 * n, name)


# ---- what is lost on the way ----

@capture("connections/lost-once.pcap", START)
def lost_once(c):
    """.20: a request of 1400 bytes is lost again and again, and the client gives up; .21: the server's flight is lost, which its
    acknowledgement of the client's FIN shows, .22: its first segment is, and the next one comes; .23: a request that is acknowledged has no
    answer; .24: a ClientHello has none."""
    for n in range(5):
        client = Client(c, f"192.168.1.{20 + n}")
        client.visit(0, WEB)
        connection = client.open(2, LOGIN)
        if n in (0, 3):
            client.handshake(2.15, connection, LOGIN)
            client.finish(2.2, connection, LOGIN)
            at = connection.sequence[True]
            for when in (2.3, 2.6, 3.2, 4.4, 6.8) if n == 0 else (2.3,):
                connection.sequence[True] = at
                connection.send(when, tls.application_data("request", 1395))
            if n == 3:
                connection._segment(2.32, False, "A")
            connection.close(11)
        else:
            connection.send(2.15, client_hello(LOGIN))
            connection._segment(2.17, False, "A")
            seen = connection.sequence[False]
            if n == 2:
                connection.sequence[False] += 2423
                connection.send(2.2, tls.application_data("rest", 300), from_client=False)
                connection.sequence[False] = seen
            connection._segment(11, True, "FA")
            connection.sequence[False] += 2423 if n == 1 else 2728 if n == 2 else 0
            connection._segment(11.05, False, "A")
        client.visit(14, AUTH)


@capture("connections/not-published.pcap", START)
def not_published(c):
    """.20: names that lead to an address of nobody's, and TCP there is refused, refused by a router, and not answered; .21: the same of names
    that lead to Microsoft's addresses."""
    for n, address in enumerate(("198.51.100.9", None)):
        client = Client(c, f"192.168.1.{20 + n}")
        client.visit(0, WEB)
        for when, name in ((2, LOGIN), (4, AUTH), (6, CONFIG)):
            target = address or ADDRESSES[name]
            target = target if name != CONFIG or address is None else "198.51.100.10"
            client.ask(when, name, address and target)
            end = client.end()
            for again in (0.1, 1.1, 3.1) if name == CONFIG else (0.1,):
                client.syn(when + again, end, (target, 443), answer="RST" if name == LOGIN else None)
            if name == AUTH:
                quoted = bytes(IP(src=end[0], dst=target) / TCP(sport=end[1], dport=443, seq=0x10000000 + end[1], flags="S"))[:28]
                c.frame(when + 0.12, ICMP(type=3, code=13) / Raw(quoted), "192.168.1.1", client.address)
        client.visit(20, PUSH)
