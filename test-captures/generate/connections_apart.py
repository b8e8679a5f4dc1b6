# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections that fail alike and not the same: with another alert, router, reply or certificate. Each sentence is about one of these."""
import struct

from scapy.layers.inet import ICMP, IP, TCP
from scapy.packet import Raw

from common import capture
from connections import ADDRESSES, AUTH, CONFIG, LOGIN, PUSH, START, WEB, Client, alert, certificate, client_hello

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
