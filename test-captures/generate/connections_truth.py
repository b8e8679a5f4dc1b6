# SPDX-License-Identifier: GPL-2.0-or-later
"""Ends and beginnings from which little or nothing follows, each beside one from which it does."""
from scapy.layers.inet import ICMP, IP, TCP
from scapy.packet import Raw

import tls
from common import capture
from connections import (ADDRESSES, AUTH, CHANGE, CONFIG, LOGIN, PROXY, PUSH, ROUTER, START, TLS_1_2, TLS_1_3, WEB, Client, alert, certificate, client_hello,
                         connect, http2, http2_connect, http2_status, record, reset, server_hello, status, through)
from resolver import A, AAAA, NXDOMAIN, REFUSED, SERVFAIL, response
from stun import opaque


# ---- the client leaves in mid-handshake ----

def leave(who, when, name, sent=None):
    """After the server's part, by FIN: at once, or after what it sends then."""
    connection = who.open(when, name)
    who.handshake(when + 0.15, connection, name)
    if sent is not None:
        connection.send(when + 0.2, sent)
    connection.close(when + 0.25)


@capture("connections/left-handshakes.pcap", START)
def left_handshakes(c):
    """TLS 1.3 that the client leaves after the server's part. One end alone: .20 for configuration, .21 for identity, which worked a
    minute before, .22 of three connections at once. Again and again: .23 for identity, .24 for each name that it tries. After a record
    as long as an alert: .25 once for a name that worked before, .26 twice, .27 once for one that did not. .28 sends the Finished
    alone, once."""
    clients = [Client(c, f"192.168.1.{n}") for n in range(20, 29)]
    as_alert = CHANGE + tls.application_data("alert", 19)
    for who in clients:
        if who not in (clients[3], clients[4]):
            who.sign_in(0)
    leave(clients[0], 10, CONFIG)
    leave(clients[1], 60, LOGIN)
    three = [clients[2].open(10, CONFIG)] + [c.tcp(10.1, clients[2].end(), (ADDRESSES[CONFIG], 443)) for _ in range(2)]
    for connection in three:
        clients[2].handshake(10.15, connection, CONFIG)
        reset(connection, 10.25, from_client=True)
    clients[3].sign_in(0, (WEB, AUTH))
    for when in (10, 15):
        leave(clients[3], when, LOGIN)
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        leave(clients[4], 10 + n, name)
    leave(clients[5], 60, LOGIN, as_alert)
    for when in (60, 80):
        leave(clients[6], when, LOGIN, as_alert)
    leave(clients[7], 10, CONFIG, as_alert)
    connection = clients[8].open(10, CONFIG)
    clients[8].handshake(10.15, connection, CONFIG)
    clients[8].finish(10.2, connection, CONFIG)
    connection.close(10.3)


# ---- the capture ends before an answer was due ----

@capture("connections/capture-ends.pcap", START)
def capture_ends(c):
    """It ends at 20 s. Too early to tell: .20 a SYN 20 ms before, .21 a second SYN 200 ms before, 3 s after the first one, .23 a
    ClientHello 100 ms before, .24 IPv6 that IPv4 took the place of, 800 ms before, .25 a second packet of QUIC 50 ms before. Told:
    .22 three SYNs, the first 6 s before, .27 a ClientHello 7 s before. .26 closes 300 ms after its ClientHello."""
    clients = [Client(c, f"192.168.1.{n}") for n in range(20, 28)]
    for who in clients:
        who.sign_in(0)
    config = (ADDRESSES[CONFIG], 443)
    for n, times in ((0, [19.98]), (1, [16.8, 19.8]), (2, [14, 15, 17])):
        clients[n].ask(times[0] - 0.1, CONFIG)
        end = clients[n].end()
        for when in times:
            clients[n].syn(when, end, config)
    for n, when in ((3, 19.9), (6, 10), (7, 13)):
        connection = clients[n].open(when - 0.2, CONFIG)
        connection.send(when, client_hello(CONFIG))
        if n == 6:
            connection.close(10.3)
    c.macs["2001:db8::14"] = "02:00:c0:a8:01:18"      # the client's card has both addresses
    clients[4].resolver.ask(19, CONFIG, ["2603:1063:27:2::15"], kind=AAAA)
    clients[4].syn(19.2, ("2001:db8::14", 50999), ("2603:1063:27:2::15", 443))
    connection = clients[4].open(19.65, CONFIG)
    clients[4].use(19.8, connection, CONFIG)
    clients[5].ask(18.8, CONFIG)
    end = clients[5].end()
    for when in (18.9, 19.95):
        c.udp(when, end, config, tls.quic_initial(CONFIG))
    clients[0].resolver.question(20, AUTH)


# ---- connections that the capture joined late ----

def join(who, when, name):
    """A connection that was open: frames of data alone, after a question for its name."""
    who.ask(when, name)
    begun = len(who.c.frames)
    connection = who.c.tcp(when, who.end(), (ADDRESSES[name], 443))
    del who.c.frames[begun:]
    for n in range(3):
        who.exchange(when + 0.1 + n, connection, name, 300)


@capture("connections/joined-order.pcap", START)
def joined_order(c):
    """The push channel before the token: .20 was there before the capture, .21 begins in it. .22 begins it, too, beside a connection
    of the token's service that was there before. .23 begins all in order."""
    clients = [Client(c, f"192.168.1.{n}") for n in range(20, 24)]
    for who in clients:
        who.visit(0, WEB)
        who.visit(1, LOGIN)
    join(clients[0], 2, PUSH)
    join(clients[2], 2, AUTH)
    for who in (clients[1], clients[2]):
        who.visit(6, PUSH)
    for who in clients:
        who.visit(10, AUTH)
    clients[3].visit(12, PUSH)


# ---- a proxy that does not answer ----

OK = (200, "Connection established")


def ask_proxy(who, when, request):
    """A request that the proxy's side acknowledges, and no more."""
    connection = who.c.tcp(when - 0.1, who.end(), PROXY)
    connection.send(when, request)
    connection._segment(when + 0.01, False, "A")
    return connection


@capture("connections/proxy-holds.pcap", START)
def proxy_holds(c):
    """It ends at 60 s, and the front door is reached through the proxy. Identity: .20 waits from 20 s on; .21 gives up after 8 s; .22
    asked 300 ms before the end; .23 7 s before; .24 has an answer after 4 s. .25 waits for configuration in absolute form, after
    credentials; .26 asks with SOCKS. .27 has no answer that the capture shows, and acknowledges one."""
    clients = [Client(c, f"192.168.1.{n}") for n in range(20, 28)]
    for who in clients:
        through(who, 0, WEB, [OK])
    for n, when in ((0, 20), (1, 20), (2, 59.7), (3, 53), (4, 20), (7, 20)):
        connection = ask_proxy(clients[n], when, connect(LOGIN))
        if n == 1:
            connection.close(28)
        elif n == 4:
            connection.send(24, status(*OK), from_client=False)
            clients[n].use(24.1, connection, LOGIN)
        elif n == 7:
            connection.sequence[False] += 39
            connection._segment(20.1, True, "A")
    request = f"GET http://{CONFIG}/config HTTP/1.1\r\nHost: {CONFIG}\r\n".encode()
    connection = ask_proxy(clients[5], 20, request + b"\r\n")
    connection.send(20.1, status(407, "Proxy Authentication Required"), from_client=False)
    connection.send(20.2, request + b"Proxy-Authorization: Basic dTpw\r\n\r\n")
    connection._segment(20.21, False, "A")
    connection = c.tcp(20, clients[6].end(), ("192.168.1.8", 1080))
    connection.send(20.1, b"\x05\x01\x00")
    connection.send(20.13, b"\x05\x00", from_client=False)
    connection.send(20.16, b"\x05\x01\x00\x03" + bytes([len(LOGIN)]) + LOGIN.encode() + b"\x01\xbb")
    connection._segment(20.17, False, "A")
    clients[0].resolver.question(60, AUTH)


@capture("connections/proxy-http2-holds.pcap", START)
def proxy_http2_holds(c):
    """Streams of HTTP/2 with a proxy that acknowledges CONNECT and answers some alone: .20 until the client resets the stream, .21 until
    it ends the session, .22 to the end of the capture, 30 s; .23 answers after 4 s; .24 only what the client sent."""
    for n in (20, 21, 22, 23, 24):
        client = Client(c, f"192.168.1.{n}")
        session = c.tcp(0, client.end(), PROXY)
        session.send(0.05, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + http2(4, 0, flags=0))
        session.send(0.06, http2(4, 0, flags=0) + http2(4, 0, flags=1), from_client=False)
        for k, name in enumerate((WEB, LOGIN, AUTH)):
            session.send(1 + k, http2_connect(2 * k + 1, name))
            session._segment(1.01 + k, False, "A")
            if name == WEB:
                session.send(1.02, http2_status(1, 200), from_client=False)
                session.send(1.1, http2(0, 1, client_hello(name), flags=0))
                session.send(1.15, http2(0, 1, tls.application_data(name, 900), flags=0), from_client=False)
        for k, name in ((1, LOGIN), (2, AUTH)):
            if n == 20:
                session.send(11 + k, http2(3, 2 * k + 1, b"\0\0\0\x08", flags=0))
                session._segment(11.01 + k, False, "A")
            if n == 23:
                session.send(5 + k, http2_status(2 * k + 1, 200), from_client=False)
                session.send(5.1 + k, http2(0, 2 * k + 1, client_hello(name), flags=0))
                session.send(5.15 + k, http2(0, 2 * k + 1, tls.application_data(name, 900), flags=0), from_client=False)
        if n == 21:
            session.close(14)
        if n == 22:
            session.send(31.9, http2(6, 0, bytes(8), flags=0))
            session.send(32, http2(6, 0, bytes(8), flags=1), from_client=False)
        if n == 24:
            c.frames = [frame for frame in c.frames if bytes([192, 168, 1, 24]) not in frame[1][30:34]]


# ---- sending in vain is no silence ----

def resend(connection, when, payload, gaps):
    """Sent again and again, after these times: the time of the last one."""
    at = connection.sequence[True]
    for gap in (0, *gaps):
        when += gap
        connection.sequence[True] = at
        connection.send(when, payload)
    return when


def keep_alive(connection, when, count, gap):
    """Without an answer: the time of the last one."""
    connection.sequence[True] -= 1
    for n in range(count):
        connection._segment(when + n * gap, True, "A")
    connection.sequence[True] += 1
    return when + (count - 1) * gap


@capture("connections/sent-in-vain.pcap", START)
def sent_in_vain(c):
    """Push channels, twice each, 3 s after whose latest answer the client sends again and again, at last every 19 s: .20 gives up, .21 is
    reset from the server's side. .22: keep-alives every 12 s without an answer, and the same. .23 is silent for 60 s, then it sends in vain and
    gives up."""
    clients = [Client(c, f"192.168.1.{n}") for n in range(20, 24)]
    heartbeat = tls.application_data("heartbeat", 60)
    for n, who in enumerate(clients):
        who.sign_in(0)
        when = 10
        for _ in range(2):
            connection = who.open(when, PUSH)
            who.use(when + 0.2, connection, PUSH)
            if n == 2:
                last = keep_alive(connection, when + 12.34, 6, 12)
            else:
                last = resend(connection, when + (60.34 if n == 3 else 3.34), heartbeat, (0.3, 0.6, 1.2, 2.4, 4.8, 9.6, 19.2))
            reset(connection, last + 14, from_client=n in (0, 3))
            when = last + 16
        who.visit(when, PUSH)


# ---- the server's side ends what it has not answered ----

HELLO = -1      # the ClientHello, and the ServerHello alone


def ended(who, when, name, steps, fin=False):
    """A connection that the server's side ends 20 ms after the last of these steps."""
    connection = who.open(when, name)
    if steps == HELLO:
        connection.send(when + 0.15, client_hello(name))
        connection.send(when + 0.18, server_hello(TLS_1_3), from_client=False)
    elif steps > 0:
        who.handshake(when + 0.15, connection, name)
        who.finish(when + 0.3, connection, name)
    if steps > 1:
        connection.send(when + 0.4, tls.application_data("request", 400))
    when += 0.45
    if fin:
        connection._segment(when, False, "FA")
        connection._segment(when + 0.01, True, "FA")
    else:
        reset(connection, when)


@capture("connections/server-ends.pcap", START)
def server_ends(c):
    """Connections to identity that the server's side ends: .20 right after TCP, .21 after the TLS handshake, .22 after a request, each
    four times by RST, .23 after a request by FIN. Healthy: .24 one, .25 two of a name that works afterwards, .26 two for
    configuration that nothing was asked on for a minute. .27 after the ServerHello, four times by RST; .28 the same twice, of a name that
    works afterwards."""
    clients = [Client(c, f"192.168.1.{n}") for n in range(20, 29)]
    for n, who in enumerate(clients[:6]):
        who.visit(0, WEB)
        for k in range({4: 1, 5: 2}.get(n, 4)):
            ended(who, 2 + 3 * k, LOGIN, min(n, 2), n == 3)
    clients[5].visit(20, LOGIN)
    clients[6].sign_in(20)
    for when in (30, 31):
        connection = clients[6].open(when, CONFIG)
        clients[6].handshake(when + 0.15, connection, CONFIG)
        clients[6].finish(when + 0.3, connection, CONFIG)
        reset(connection, when + 60)
    for who, times in ((clients[7], 4), (clients[8], 2)):
        who.visit(0, WEB)
        for k in range(times):
            ended(who, 2 + 3 * k, LOGIN, HELLO)
    clients[8].visit(20, LOGIN)


# ---- what is not heeded, and what comes too late for what it seems to say ----

def stray_reset(connection, when, from_client=False):
    """In the name of one side, 50 bytes ahead of its stream: it is ignored, and answered with an acknowledgement (RFC 5961, 3.2)."""
    source, target = (connection.client, connection.server) if from_client else (connection.server, connection.client)
    connection.capture.frame(when, TCP(sport=source[1], dport=target[1], seq=connection.sequence[from_client] + 50, flags="R", window=0),
                             source[0], target[0], ttl=61)


@capture("connections/reset-unheeded.pcap", START)
def reset_unheeded(c):
    """A RST that nobody heeds, to identity and to another: .20 after the ClientHello, .21 there in the client's name, .22 after the handshake,
    .23 after data. At .24 it has the right number: the client heeds it, and answers
    what the server then sends with a RST."""
    for host in range(20, 25):
        client = Client(c, f"192.168.1.{host}")
        client.visit(0, WEB)
        for n, name in enumerate((LOGIN, AUTH)):
            when = 2 + 3 * n
            connection = client.open(when, name)
            connection.send(when + 0.15, client_hello(name))
            if host in (20, 21):
                stray_reset(connection, when + 0.151, host == 21)
            if host == 24:
                connection._segment(when + 0.151, False, "R")
            connection.send(when + 0.18, server_hello(TLS_1_3) + CHANGE + tls.application_data((name, "flight"), 900), from_client=False)
            if host == 24:
                connection._segment(when + 0.181, True, "R")
                continue
            client.finish(when + 0.21, connection, name)
            if host == 22:
                stray_reset(connection, when + 0.22)
            client.exchange(when + 0.25, connection, name)
            if host == 23:
                stray_reset(connection, when + 0.4)
            client.exchange(when + 0.5, connection, name)
            connection.close(when + 0.8)
        c.udp(20, (client.address, 50999), ("198.51.100.9", 123), bytes(48))


@capture("connections/prohibited-by.pcap", START)
def prohibited_by(c):
    """SYNs to identity, three on each of two connections, and each is refused: .20 by a router's ICMP, .21 by ICMP from the address itself, .22
    by RST; .23 by ICMP from the address itself, and TCP works then."""
    for host in range(20, 24):
        client = Client(c, f"192.168.1.{host}")
        client.visit(0, WEB)
        client.ask(2, LOGIN)
        for n in range(2):
            end = client.end()
            for when in (2.1 + 5 * n, 2.6 + 5 * n, 3.1 + 5 * n):
                client.syn(when, end, (ADDRESSES[LOGIN], 443), answer="RST" if host == 22 else None)
                if host != 22:
                    quoted = bytes(IP(src=end[0], dst=ADDRESSES[LOGIN]) / TCP(sport=end[1], dport=443, seq=0x10000000 + end[1], flags="S"))[:28]
                    c.frame(when + 0.02, ICMP(type=3, code=13 if host == 20 else 3) / Raw(quoted), ROUTER if host == 20 else ADDRESSES[LOGIN],
                            client.address)
        if host == 23:
            client.visit(15, LOGIN)
        c.udp(30, (client.address, 50999), ("198.51.100.9", 123), bytes(48))


@capture("connections/alerts-late.pcap", START)
def alerts_late(c):
    """Alert 40, handshake failure: .20 after the ClientHello; .21 after the client's part of the handshake, in which it had no certificate;
    .22 the client's, after the server's part; .23 insufficient security (71), after the client's part."""
    shown = certificate(LOGIN, "Microsoft TLS G2 RSA CA OCSP 04", "Microsoft Corporation")
    for host in range(20, 24):
        client = Client(c, f"192.168.1.{host}")
        client.visit(0, WEB)
        for when in (2, 4):
            connection = client.open(when, LOGIN)
            if host == 20:
                connection.send(when + 0.15, client_hello(LOGIN, TLS_1_2))
            else:
                client.handshake(when + 0.15, connection, LOGIN, shown)
            if host in (21, 23):
                connection.send(when + 0.2, record(22, b"\x0b\0\0\x03\0\0\0") + record(22, b"\x10\0\0\x21" + opaque(LOGIN, 33)) + CHANGE
                                + record(22, opaque("finished", 40)))
            connection.send(when + 0.23, alert(71 if host == 23 else 40), from_client=host == 22)
            connection.close(when + 0.25)
        c.udp(20, (client.address, 50999), ("198.51.100.9", 123), bytes(48))


@capture("connections/answered-twice.pcap", START)
def answered_twice(c):
    """One question for each name, and two answers, an address and then none: .20 SERVFAIL, .21 REFUSED, .22 NXDOMAIN. At .23 the second answer is
    to a second question."""
    for host, rcode in ((20, SERVFAIL), (21, REFUSED), (22, NXDOMAIN), (23, SERVFAIL)):
        client = Client(c, f"192.168.1.{host}")
        for n, name in enumerate((WEB, LOGIN, AUTH)):
            port, number = client.resolver.question(2 * n, name)
            client.resolver.answer(2 * n + 0.02, port, response(number, name, A, [(name, A, 60, ADDRESSES[name])]))
            connection = c.tcp(2 * n + 0.1, client.end(), (ADDRESSES[name], 443))
            client.use(2 * n + 0.2, connection, name)
            connection.close(2 * n + 0.6)
            if host == 23:
                port, number = client.resolver.question(2 * n + 1, name)
            client.resolver.answer(2 * n + 1.02, port, response(number, name, A, [], rcode=rcode))
        c.udp(30, (client.address, 50999), ("198.51.100.9", 123), bytes(48))
