# SPDX-License-Identifier: GPL-2.0-or-later
"""Receivers that stop their sender, a resolver's host on which nothing listens, and a client that is told of a proxy; each beside one that is not."""
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.packet import Raw

import tls
from common import capture
from connections import AUTH, LOGIN, RESOLVER, START, WEB, Client
from resolver import query


# ---- windows (RFC 9293, 3.8.6) ----

def window(connection, when, size):
    """The client's acknowledgement with that window."""
    source, target = connection.client, connection.server
    layers = TCP(sport=source[1], dport=target[1], seq=connection.sequence[True], ack=connection.sequence[False], flags="A", window=size)
    connection.capture.frame(when, layers, source[0], target[0])


def with_windows(client, when, name, *shut):
    """An answer in parts: after each the client has no room, for so many seconds."""
    connection = client.open(when, name)
    client.use(when + 0.15, connection, name)
    when += 0.5
    for n, seconds in enumerate(shut):
        connection.send(when, tls.application_data((name, n), 1200), from_client=False)
        window(connection, when + 0.01, 0)
        window(connection, when + 0.01 + seconds, 64240)
        when += seconds + 0.1
    connection.send(when, tls.application_data((name, "end"), 200), from_client=False)
    connection.close(when + 0.1)


@capture("connections/windows.pcap", START)
def windows(c):
    """The client's window for identity is shut: .20 three times, once for 2 s; .21 three times for 0.1 s; .22 twice, once for 2 s."""
    for n, shut in enumerate([(0.1, 2, 0.1), (0.1, 0.1, 0.1), (0.1, 2)]):
        client = Client(c, f"192.168.1.{20 + n}")
        client.visit(20 * n, WEB)
        with_windows(client, 20 * n + 2, LOGIN, *shut)
        client.visit(20 * n + 8, AUTH)


# ---- ICMP port unreachable (RFC 792) ----

def refused(client, when, name, number=None):
    """A question that the resolver's host returns; number: the same question again."""
    port, number = client.resolver.question(when, name, repeat=number)
    question = IP(src=client.address, dst=RESOLVER) / UDP(sport=port, dport=53) / Raw(query(number, name))
    client.c.frame(when + 0.002, ICMP(type=3, code=3) / Raw(bytes(question)), RESOLVER, client.address)
    return port, number


@capture("connections/resolver-refused.pcap", START)
def resolver_refused(c):
    """.20: each question is refused, and asked twice; .21: the first one is, and answered half a second later, as are all others."""
    client = Client(c)
    for when, name in ((0, WEB), (6, LOGIN), (12, AUTH)):
        refused(client, when + 1, name, refused(client, when, name))
    client = Client(c, "192.168.1.21")
    refused(client, 30, WEB)
    client.sign_in(30.5)


# ---- the configuration of a proxy (http.request.uri) ----

def fetch(client, when, uri):
    connection = client.c.tcp(when, client.end(), ("192.168.1.9", 80))
    connection.send(when + 0.05, f"GET {uri} HTTP/1.1\r\nHost: wpad.example.net\r\n\r\n".encode())
    connection.send(when + 0.07, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", from_client=False)
    connection.close(when + 0.1)


@capture("connections/proxy-configuration.pcap", START)
def proxy_configuration(c):
    """.20 and .21 ask for the file that says which proxy to use, by either name; .22 for others that sound so."""
    for n, uris in enumerate([("/wpad.dat",), ("/proxies/office.pac",), ("/wpad.data", "/office.pacs")]):
        client = Client(c, f"192.168.1.{20 + n}")
        for when, uri in enumerate(uris):
            fetch(client, 10 * n + when, uri)
        client.sign_in(10 * n + 3)
