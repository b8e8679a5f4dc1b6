# SPDX-License-Identifier: GPL-2.0-or-later
"""Proxies that take a client's connection and end it, or refuse the client itself, beside those that only look so."""
import struct

from common import capture
from connections import (ADDRESSES, AUTH, CONFIG, LOGIN, PROXY, START, TLS_1_3, WEB, Client, client_hello, connect, http2, http2_connect,
                         http2_status, reset, server_hello, status, through)
from connections_apart import SOCKS, through_socks

OK, NEEDED = (200, "Connection established"), (407, "Proxy Authentication Required")
NAMES = (WEB, LOGIN, AUTH)


def fin(connection, when):
    connection._segment(when, False, "FA")
    connection._segment(when + 0.001, True, "FA")


# ---- the proxy's side ends each connection ----

def asked(client, when, name, answers=(), inside=b"", flight=b""):
    """CONNECT, that the proxy acknowledges; its answers, and what goes through it then. All in 0.2 s."""
    connection = client.c.tcp(when, client.end(), PROXY)
    for n in range(max(1, len(answers))):
        connection.send(when + 0.05 + 0.04 * n, connect(name, n > 0))
        connection._segment(when + 0.06 + 0.04 * n, False, "A")
        if n < len(answers) and answers[n]:
            connection.send(when + 0.07 + 0.04 * n, status(*answers[n]), from_client=False)
    if inside:
        connection.send(when + 0.16, inside)
    if flight:
        connection.send(when + 0.18, flight, from_client=False)
    return connection


def socks_asked(client, when, name):
    """SOCKS5 with the name, and no reply to it."""
    connection = client.c.tcp(when, client.end(), SOCKS)
    connection.send(when + 0.05, b"\x05\x01\x00")
    connection.send(when + 0.08, b"\x05\x00", from_client=False)
    connection.send(when + 0.11, b"\x05\x01\x00\x03" + bytes([len(name)]) + name.encode() + struct.pack("!H", 443))
    return connection


def streams(client, when, answer=None):
    """A session of HTTP/2 whose streams the proxy resets, with or without an answer."""
    session = client.c.tcp(when, client.end(), PROXY)
    session.send(when + 0.05, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + http2(4, 0, flags=0))
    session.send(when + 0.06, http2(4, 0, flags=0) + http2(4, 0, flags=1), from_client=False)
    for n, name in enumerate(NAMES):
        stream = 2 * n + 1
        session.send(when + 1 + n, http2_connect(stream, name))
        if answer:
            session.send(when + 1.05 + n, http2_status(stream, answer), from_client=False)
        session.send(when + 1.1 + n, http2(3, stream, b"\0\0\0\x0a", flags=0), from_client=False)    # CONNECT_ERROR: RFC 9113, 7


@capture("connections/proxy-ends.pcap", START)
def proxy_ends(c):
    """The proxy's side ends each connection: .20 by RST before it answers CONNECT, .21 by FIN after the 200, .22 by RST after the ClientHello,
    .23 by RST after it asked for credentials and the client asked again, .24 by FIN before it answers SOCKS, .25 streams of HTTP/2, .26 in
    two ways, .27 after the ServerHello. Not so: .30 twice a name that gets through then; .31 tunnels that nothing was sent in, after a
    minute; .32 the client ends them; .33 after the ClientHello of one name alone, others get through; .34 an answer that the capture lacks;
    .35 one name, once; .36 403 and FIN."""
    client = {n: Client(c, f"192.168.1.{n}") for n in (*range(20, 28), *range(30, 37))}
    for m, name in enumerate(NAMES):
        for when in (3 * m, 3 * m + 1):
            reset(asked(client[20], when, name), when + 0.2)
            fin(asked(client[21], 20 + when, name, [OK]), 20.2 + when)
            reset(asked(client[22], 40 + when, name, [OK], client_hello(name)), 40.2 + when)
            reset(asked(client[23], 60 + when, name, [NEEDED, None]), 60.2 + when)
            fin(socks_asked(client[24], 80 + when, name), 80.2 + when)
            connection = asked(client[26], 120 + when, name, [OK] if name == AUTH else [], client_hello(name) if name == AUTH else b"")
            (reset if name == AUTH else fin)(connection, 120.2 + when)
            reset(asked(client[27], 140 + when, name, [OK], client_hello(name), server_hello(TLS_1_3)), 140.2 + when)
        fin(asked(client[31], 220 + m, name, [OK]), 280 + m)
        asked(client[32], 240 + m, name, [OK]).close(240.2 + m)
        for when in (260 + 3 * m, 261 + 3 * m):
            if name == LOGIN:
                reset(asked(client[33], when, name, [OK], client_hello(name)), when + 0.2)
            else:
                through(client[33], when, name, [OK])
            connection = asked(client[34], 20 + when, name)
            connection.sequence[False] += 39
            connection._segment(20.1 + when, True, "A")
            reset(connection, 20.2 + when)
            fin(asked(client[36], 60 + when, name, [(403, "Forbidden")]), 60.2 + when)
    streams(client[25], 100)
    for when in (200, 201):
        reset(asked(client[30], when, LOGIN), when + 0.2)
    for m, name in enumerate(NAMES):
        through(client[30], 202 + 2 * m, name, [OK])
        through(client[35], 300 + 2 * m, name, [OK])
    reset(asked(client[35], 310, CONFIG), 310.2)
