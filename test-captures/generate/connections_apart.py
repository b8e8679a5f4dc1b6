# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections that fail alike and not the same: with another alert, router, reply or certificate. Each sentence is about one of these."""
import struct

from scapy.layers.inet import ICMP, IP, TCP
from scapy.packet import Raw

import tls
from common import capture
from connections import (ADDRESSES, AUTH, CONFIG, LOGIN, PROXY, PUSH, START, WEB, Client, alert, certificate, client_hello, connect, reset, status,
                         through)

MICROSOFT = ("Microsoft TLS G2 RSA CA OCSP 04", "Microsoft Corporation")
SOCKS = ("192.168.1.8", 1080)


def refused_by(client, when, name, number, shown=None):
    """The server's alert after the ClientHello, or the client's after the certificate."""
    connection = client.open(when, name)
    if shown is None:
        connection.send(when + 0.15, client_hello(name))
        connection.send(when + 0.18, alert(number), from_client=False)
    else:
        client.handshake(when + 0.15, connection, name, shown)
        connection.send(when + 0.2, alert(number))
    connection.close(when + 0.3)


def prohibited(client, when, name, code, router):
    client.ask(when, name)
    end = client.end()
    client.syn(when + 0.1, end, (ADDRESSES[name], 443))
    quoted = bytes(IP(src=end[0], dst=ADDRESSES[name]) / TCP(sport=end[1], dport=443, seq=0x10000000 + end[1], flags="S"))[:28]
    client.c.frame(when + 0.12, ICMP(type=3, code=code) / Raw(quoted), router, client.address)


def through_socks(client, when, name, reply):
    connection = client.c.tcp(when, client.end(), SOCKS)
    connection.send(when + 0.1, b"\x05\x01\x00")
    connection.send(when + 0.13, b"\x05\x00", from_client=False)
    connection.send(when + 0.16, b"\x05\x01\x00\x03" + bytes([len(name)]) + name.encode() + struct.pack("!H", 443))
    connection.send(when + 0.2, bytes([5, reply, 0, 1]) + bytes(6), from_client=False)
    if reply == 0:
        client.use(when + 0.3, connection, name)
    connection.close(when + 0.8)


@capture("connections/proxy-ports.pcap", START)
def proxy_ports(c):
    """One host is a proxy on two ports, which several clients use at once: each connection begins before another one names its port, and goes on after
    that. .20 and .22 speak HTTP with 3128, .21 SOCKS with 1080; .23 has no answer of 3128, while .21 begins again."""
    clients = [Client(c, f"192.168.1.{n}") for n in range(20, 24)]
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        when = 3 * n
        through(clients[0], when, name, [(200, "Connection established")])
        through_socks(clients[1], when + 0.05, name, 0)
        through(clients[2], when + 0.15, name, [(407, "Proxy Authentication Required"), (200, "Connection established")])
    through(clients[3], 9, WEB, [(200, "Connection established")])
    connection = c.tcp(10, clients[3].end(), PROXY)
    connection.send(10.1, connect(LOGIN))
    connection._segment(10.11, False, "A")
    through_socks(clients[1], 10.2, CONFIG, 0)
    connection.close(40)


@capture("connections/told-apart.pcap", START)
def told_apart(c):
    """.20: alerts of the server and of the client, two of each alike; .21: ICMP of two codes and two routers; .22: replies of SOCKS;
    .23: certificates out of different times, and those of two interceptors."""
    client = Client(c)
    for when, name, number in ((0, WEB, 112), (1, CONFIG, 112), (2, LOGIN, 80)):
        refused_by(client, when, name, number)
    for when, name, number in ((3, AUTH, 46), (4, PUSH, 42)):
        refused_by(client, when, name, number, certificate(name, *MICROSOFT))
    client = Client(c, "192.168.1.21")
    client.visit(10, WEB)
    for when, name, code, router in ((12, LOGIN, 13, "192.168.1.1"), (13, AUTH, 1, "192.168.1.1"), (14, CONFIG, 13, "192.168.1.1"),
                                     (15, PUSH, 13, "203.0.113.7")):
        prohibited(client, when, name, code, router)
    client = Client(c, "192.168.1.22")
    for when, name, reply in ((20, WEB, 0), (22, LOGIN, 2), (24, AUTH, 5), (26, PUSH, 5)):
        through_socks(client, when, name, reply)
    client = Client(c, "192.168.1.23")
    for when, name, first in ((30, WEB, 2024), (31, CONFIG, 2027)):
        refused_by(client, when, name, 45, certificate(name, *MICROSOFT, first=first, last=first + 1))
    for when, name, issuer in ((32, LOGIN, "Contoso Inspection CA"), (33, AUTH, "Fabrikam Shield"), (34, PUSH, "Contoso Inspection CA")):
        refused_by(client, when, name, 48, certificate(name, issuer, issuer.split()[0]))


def redirected(client, when, name, number, first):
    """CONNECT, or a request of another kind, that the proxy answers with a redirection."""
    connection = client.c.tcp(when, client.end(), PROXY)
    connection.send(when + 0.1, first)
    connection.send(when + 0.13, f"HTTP/1.1 {number} Elsewhere\r\nLocation: http://{name}/page\r\nContent-Length: 0\r\n\r\n".encode(), from_client=False)
    return connection


@capture("connections/redirected.pcap", START)
def redirected_tunnels(c):
    """.20: CONNECT to identity is redirected twice, other names are let through; .21: redirected for all names; .22: a request in clear is
    redirected, by the server behind the proxy, and CONNECT once before the proxy lets the client in."""
    ok = (200, "Connection established")
    client = Client(c)
    through(client, 0, WEB, [ok])
    for when in (2, 4):
        redirected(client, when, "gateway.example.net", 307, connect(LOGIN)).close(when + 0.3)
    through(client, 6, AUTH, [ok])
    client = Client(c, "192.168.1.21")
    for when, name in ((10, WEB), (12, LOGIN), (14, AUTH)):
        redirected(client, when, "gateway.example.net", 302, connect(name)).close(when + 0.3)
    client = Client(c, "192.168.1.22")
    redirected(client, 20, CONFIG, 302, f"GET http://{CONFIG}/config HTTP/1.1\r\nHost: {CONFIG}\r\n\r\n".encode()).close(20.3)
    connection = redirected(client, 22, "gateway.example.net", 302, connect(LOGIN))
    connection.send(22.4, connect(LOGIN))
    connection.send(22.43, status(*ok), from_client=False)
    client.use(22.5, connection, LOGIN)
    connection.close(23)
    through(client, 24, AUTH, [ok])


@capture("connections/session-cut.pcap", START)
def session_cut(c):
    """Identity four times, and nothing after it: .20: its side resets each session after the request, .21: closes it after the handshake,
    .22: answers, so that the client goes round in a loop."""
    for n in range(3):
        client = Client(c, f"192.168.1.{20 + n}")
        client.visit(30 * n, WEB)
        for when in (30 * n + 2, 30 * n + 5, 30 * n + 8, 30 * n + 11):
            connection = client.open(when, LOGIN)
            client.handshake(when + 0.15, connection, LOGIN)
            client.finish(when + 0.2, connection, LOGIN)
            if n == 0:
                connection.send(when + 0.25, tls.application_data("request", 180))
                reset(connection, when + 0.3)
            elif n == 1:
                connection._segment(when + 0.25, False, "FA")
                connection._segment(when + 0.26, True, "FA")
            else:
                client.exchange(when + 0.25, connection, LOGIN)
                connection.close(when + 0.5)


def hidden_alert(client, when, name, number):
    """TLS 1.3: the client's alert stands in clear, the certificate does not."""
    connection = client.open(when, name)
    client.handshake(when + 0.15, connection, name)
    connection.send(when + 0.2, alert(number))
    connection.close(when + 0.3)


@capture("connections/hidden-certificates.pcap", START)
def hidden_certificates(c):
    """The client's alert about a certificate that nobody sees: .20 expired, .21 unknown CA, .22 bad, .23 revoked."""
    for n, number in enumerate((45, 48, 42, 44)):
        client = Client(c, f"192.168.1.{20 + n}")
        client.visit(0, WEB)
        for when in (2, 4):
            hidden_alert(client, when, LOGIN, number)


@capture("connections/nobody.pcap", START)
def nobody(c):
    """Addresses of identity that a filter gave, without a connection in the capture: .20 0.0.0.0, .21 127.0.0.1, .22 of two names; .23 a private one.
    .24 and .25 work, and a name of personal Teams has no address there, or is not of Teams."""
    for n, addresses in enumerate((["0.0.0.0"], ["127.0.0.1"], ["0.0.0.0", "127.9.9.9"], ["10.9.9.9"])):
        client = Client(c, f"192.168.1.{20 + n}")
        client.visit(0, WEB)
        for name, address in zip((LOGIN, AUTH), addresses):
            client.ask(2, name, address)
        client.visit(8, CONFIG)
    for n, name in ((24, "msgapi.teams.live.com"), (25, "www.live.example")):
        client = Client(c, f"192.168.1.{n}")
        client.sign_in(0)
        client.resolver.ask(4, name, [])


@capture("connections/proxy-dies.pcap", START)
def proxy_dies(c):
    """A proxy that lets two names through and then nothing: .20 SYNs without an answer, .21 with a RST, .22 both names are those of services.
    .23 has an answer again on a later connection."""
    for n in range(4):
        client = Client(c, f"192.168.1.{20 + n}")
        for when, name in ((0, WEB), (1, LOGIN), *(((2, AUTH),) if n == 2 else ())):
            through(client, when, name, [(200, "Connection established")])
        end = client.end()
        for when in (5, 6, 8, 12) if n != 1 else (5,):
            client.syn(when, end, PROXY, "RST" if n == 1 else None)
        if n == 3:
            through(client, 20, AUTH, [(200, "Connection established")])


def ticket(n):
    return tls.application_data(("ticket", n), 79)


@capture("connections/tickets-cross.pcap", START)
def tickets_cross(c):
    """Identity, round trip 30 ms, TLS 1.3: a session ticket crosses the request, and then .20 has no answer, .21 a short one, .22 a long one."""
    for n in range(3):
        client = Client(c, f"192.168.1.{20 + n}")
        client.visit(0, WEB)
        connection = client.open(2, LOGIN)
        client.handshake(2.15, connection, LOGIN)
        client.finish(2.2, connection, LOGIN)
        connection.send(2.21, tls.application_data("request", 180))
        connection.send(2.212, ticket(n), from_client=False)
        if n > 0:
            connection.send(2.26, tls.application_data("answer", 45 if n == 1 else 900), from_client=False)
        connection.close(10)
        client.visit(12, CONFIG)
