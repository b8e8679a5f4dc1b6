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
    .35 one name, once; .36 403 and FIN; .37 tunnels that nothing was sent in, after 4 s."""
    client = {n: Client(c, f"192.168.1.{n}") for n in (*range(20, 28), *range(30, 38))}
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
        for when in (220, 230):
            fin(asked(client[37], when + m, name, [OK]), when + 4.2 + m)
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


# ---- SOCKS that refuses the client, or an address ----

def greeted(client, when, method, status=None):
    """SOCKS5 up to the proxy's answer to what the client offers; then to its user name and password."""
    connection = client.c.tcp(when, client.end(), SOCKS)
    connection.send(when + 0.05, b"\x05\x02\x00\x02")
    connection.send(when + 0.07, b"\x05" + bytes([method]), from_client=False)
    if status is not None:
        connection.send(when + 0.09, b"\x01\x04user\x04pass")
        connection.send(when + 0.11, b"\x01" + bytes([status]), from_client=False)
    return connection


def socks4(client, when, address, reply, name=""):
    """The address, or with 4a the name."""
    connection = client.c.tcp(when, client.end(), SOCKS)
    target = bytes([0, 0, 0, 1]) if name else bytes(map(int, address.split(".")))
    connection.send(when + 0.05, b"\x04\x01\x01\xbb" + target + b"user\0" + (name.encode() + b"\0" if name else b""))
    connection.send(when + 0.07, bytes([0, reply]) + bytes(6), from_client=False)
    fin(connection, when + 0.08)


def socks5_address(client, when, address, reply):
    connection = greeted(client, when, 0)
    connection.send(when + 0.13, b"\x05\x01\x00\x01" + bytes(map(int, address.split("."))) + b"\x01\xbb")
    connection.send(when + 0.16, bytes([5, reply, 0, 1]) + bytes(6), from_client=False)
    return connection


@capture("connections/socks-refuses.pcap", START)
def socks_refuses(c):
    """SOCKS proxies. .20 accepts none of the client's methods, .21 not its password, each where the client looks names up; .22 the same after
    it let a name through. .23 refuses addresses by SOCKS4, .24 names by SOCKS4a, .25 addresses by SOCKS5, all of names that were looked
    up before. Not so: .30 is refused once and let in then; .31 goes around it; .32 has no name of Teams; .33 is refused an address of
    others."""
    client = {n: Client(c, f"192.168.1.{n}") for n in (*range(20, 26), *range(30, 34))}
    for m, name in enumerate(NAMES):
        for n, method, status in ((20, 0xff, None), (21, 2, 1)):
            client[n].ask(20 * (n - 20) + 2 * m, name)
            for again in (0.1, 1.1):
                fin(greeted(client[n], 20 * (n - 20) + 2 * m + again, method, status), 20 * (n - 20) + 2 * m + again + 0.2)
        fin(greeted(client[22], 45 + 2 * m, 2, 1), 45.2 + 2 * m)
        client[23].ask(60 + 2 * m, name)
        socks4(client[23], 60.1 + 2 * m, ADDRESSES[name], 91)
        socks4(client[24], 80 + 2 * m, "", 93, name)
        client[25].ask(100 + 2 * m, name)
        fin(socks5_address(client[25], 100.1 + 2 * m, ADDRESSES[name], 2), 100.4 + 2 * m)
        through_socks(client[30], 122 + 2 * m, name, 0)
        fin(greeted(client[32], 160 + m, 0xff), 160.2 + m)
        socks4(client[33], 180 + m, "198.51.100.70", 91)
    through_socks(client[22], 40, WEB, 0)
    fin(greeted(client[30], 120, 2, 1), 120.2)
    fin(greeted(client[31], 140, 0xff), 140.2)
    client[31].sign_in(141)
    client[33].ask(179, "www.example.org", "198.51.100.70")
    client[33].sign_in(185)
