# SPDX-License-Identifier: GPL-2.0-or-later
"""Causes that other captures show once or twice, with other names, addresses and families."""
import struct

import tls
from common import capture
from connections import (ADDRESSES, AUTH, CONFIG, LOGIN, START, TLS_1_3, WEB, Client, alert, client_hello, connect, http2, http2_connect, http2_status, reset,
                         server_hello, status)
from connections_ends import push_session
from connections_lost import Client6

RELAYS = ("euaz.relay.teams.microsoft.com", "inaz.tr.teams.microsoft.com")
GOVERNMENT = ("login.microsoftonline.us", "20.140.232.9")


def proxy_that_dies(client, proxy):
    """It lets two names through, and then answers no SYN."""
    for n, name in enumerate((WEB, LOGIN)):
        connection = client.c.tcp(n, client.end(), proxy)
        connection.send(n + 0.1, connect(name))
        connection.send(n + 0.13, status(200, "Connection established"), from_client=False)
        client.use(n + 0.2, connection, name)
        connection.close(n + 0.6)
    end = client.end()
    for when in (10, 11, 13, 17):
        client.syn(when, end, proxy)


def relay_by_socks(client, name):
    connection = client.c.tcp(0, client.end(), ("192.168.1.8", 1080))
    connection.send(0.1, b"\x05\x01\x00")
    connection.send(0.13, b"\x05\x00", from_client=False)
    connection.send(0.16, b"\x05\x01\x00\x03" + bytes([len(name)]) + name.encode() + struct.pack("!H", 443))
    connection.send(0.2, b"\x05\x00\x00\x01" + bytes(6), from_client=False)
    client.use(0.3, connection, name)


def relay_by_http2(client, name):
    session = client.c.tcp(0, client.end(), ("192.168.1.1", 8080))
    session.send(0.05, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + http2(4, 0, flags=0))
    session.send(0.06, http2(4, 0, flags=0) + http2(4, 0, flags=1), from_client=False)
    for n, each in enumerate((WEB, name)):
        session.send(1 + n, http2_connect(2 * n + 1, each))
        session.send(1.05 + n, http2_status(2 * n + 1, 200), from_client=False)
        session.send(1.1 + n, http2(0, 2 * n + 1, client_hello(each), flags=0))
        session.send(1.15 + n, http2(0, 2 * n + 1, tls.application_data(each, 900), flags=0), from_client=False)


def identity_half_way(client, flight, failed, answer):
    """TCP with identity, or the server's part of TLS as well, and no more of it; another name fails."""
    client.visit(0, WEB)
    connection = client.open(2, LOGIN)
    if flight:
        client.handshake(2.2, connection, LOGIN)
    client.ask(4, failed)
    end = client.end()
    for when in (4.1, 5.1, 7.1) if answer is None else (4.1,):
        client.syn(when, end, (connection_address(client, failed), 443), answer)
    client.visit(20, WEB)


def connection_address(client, name):
    return "2603:1063:22::e" if isinstance(client, Client6) else ADDRESSES[name]


@capture("connections/variants.pcap", START)
def variants(c):
    """.20 and IPv6: a proxy that stops answering; .21 and .22: relays through SOCKS and HTTP/2; .23 polls identity of the government's
    cloud; .24 resets its push channel after 90 s; .25 an alert of the client's that is about no certificate; .26, .27 and IPv6: identity
    that comes half-way; .28 what the server sends again."""
    proxy_that_dies(Client(c, "192.168.1.20"), ("10.0.0.8", 8080))
    proxy_that_dies(Client6(c, "2001:db8::20"), ("2001:db8::8", 3128))
    relay_by_socks(Client(c, "192.168.1.21"), RELAYS[0])
    relay_by_http2(Client(c, "192.168.1.22"), RELAYS[1])
    polls = Client(c, "192.168.1.23")
    polls.visit(0, CONFIG)
    for n in range(6):
        polls.visit(2 + 10 * n, *GOVERNMENT)
    resets = Client(c, "192.168.1.24")
    resets.sign_in(0)
    for n in range(3):
        connection = push_session(resets, 5 + 93 * n)
        reset(connection, 95.34 + 93 * n, from_client=True)
    push_session(resets, 290)
    alerts = Client(c, "192.168.1.25")
    alerts.visit(0, WEB)
    connection = alerts.open(2, AUTH)
    connection.send(2.2, client_hello(AUTH))
    connection.send(2.23, server_hello(TLS_1_3), from_client=False)
    connection.send(2.25, alert(47))
    connection.close(2.26)
    identity_half_way(Client(c, "192.168.1.26"), True, CONFIG, None)
    identity_half_way(Client(c, "192.168.1.27"), False, AUTH, "RST")
    identity_half_way(Client6(c, "2001:db8::26"), True, AUTH, None)
    lossy = Client(c, "192.168.1.28")
    lossy.sign_in(0)
    connection = push_session(lossy, 5)
    for n in range(25):
        connection.send(10 + n, tls.application_data(("get", n), 60))
        at = connection.sequence[False]
        connection.send(10.03 + n, tls.application_data(("answer", n), 700), from_client=False)
        connection.sequence[False] = at
        connection.send(10.33 + n, tls.application_data(("answer", n), 700), from_client=False)
        connection._segment(10.35 + n, True, "A")


@capture("connections/slow-names.pcap", START)
def slow_names(c):
    """Answers of DNS after 1.3 s and 0.45 s about names that a sign-in needs, and about telemetry and content, which nobody waits for."""
    client = Client(c)
    client.sign_in(0)
    for n, (name, seconds) in enumerate(((AUTH, 1.3), ("emea.ng.msg.teams.microsoft.com", 1.3), ("go-eu.trouter.teams.microsoft.com", 0.45),
                                         ("teams.events.data.microsoft.com", 1.3), ("eu-prod.asyncgw.teams.microsoft.com", 1.3))):
        client.resolver.ask(10 + 3 * n, name, ["52.123.130.40"], rtt=seconds)
