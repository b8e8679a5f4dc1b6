# SPDX-License-Identifier: GPL-2.0-or-later
"""Who ended a connection, and how; who did not answer: ends that look alike and have different causes, each beside what is healthy."""
import tls
from common import capture
from connections import (ADDRESSES, AUTH, CHANGE, CONFIG, LOGIN, PUSH, START, TLS_1_3, WEB, Client, certificate, client_hello, record, reset,
                         server_hello)
from resolver import AAAA, Resolver, chain, response
from stun import opaque
from tls_keys import Session

INSPECTION = ("Contoso Inspection CA", "Contoso")


# ---- push channels ----

def push_session(client, when):
    connection = client.open(when, PUSH)
    client.use(when + 0.2, connection, PUSH)
    return connection


def push_rows(c, address, ends, again=2.0):
    """A sign-in, then a push channel for each of ends: seconds of silence, and who does what then."""
    client = Client(c, address)
    client.sign_in(0)
    when = 5.0
    for silence, end in ends:
        connection = push_session(client, when)
        when += 0.34 + silence
        end(connection, when)
        when += again
    return client


def server_closes(connection, when):
    connection.send(when, tls.application_data("close_notify", 19), from_client=False)
    connection._segment(when + 0.001, False, "FA")
    connection._segment(when + 0.01, True, "FA")


def client_resets(connection, when):
    reset(connection, when, from_client=True)


def client_closes(connection, when):
    connection.send(when, tls.application_data("close_notify", 19))
    connection.close(when + 0.001)


def sends_in_vain(connection, when):
    """A heartbeat again and again, and then a RST."""
    at = connection.sequence[True]
    for again in (0, 0.3, 0.9, 2.1, 4.5):
        connection.sequence[True] = at
        connection.send(when + again, tls.application_data("heartbeat", 40))
    reset(connection, when + 9.3, from_client=True)


@capture("connections/push-ends.pcap", START)
def push_ends(c):
    """Push channels after 60 s of silence: closed by the server's side, reset by the client, closed by the client, answered no more;
    one that lives 100 s each time, one that its server closes after different times, and one that is used again."""
    push_rows(c, "192.168.1.20", [(60, server_closes)] * 3)
    push_rows(c, "192.168.1.21", [(60, client_resets)] * 3)
    push_rows(c, "192.168.1.22", [(60, client_closes)] * 3)
    push_rows(c, "192.168.1.23", [(60, sends_in_vain)] * 3, again=12)
    client = Client(c, "192.168.1.24")
    client.sign_in(0)
    for n in range(3):
        connection = push_session(client, 5 + 102 * n)
        for k in range(1, 13):
            connection.send(5 + 102 * n + 0.34 + 8 * k, tls.application_data(("heartbeat", n, k), 40))
            connection.send(5 + 102 * n + 0.37 + 8 * k, tls.application_data(("answer", n, k), 40), from_client=False)
        connection._segment(105 + 102 * n, False, "FA")
    push_rows(c, "192.168.1.25", [(30, server_closes), (75, server_closes), (50, server_closes)])
    client = Client(c, "192.168.1.26")
    client.sign_in(0)
    for n in range(3):      # a message after the silence, its answer, and the client goes
        connection = push_session(client, 5 + 64 * n)
        connection.send(65.34 + 64 * n, tls.application_data(("message", n), 300))
        connection.send(65.4 + 64 * n, tls.application_data(("reply", n), 900), from_client=False)
        connection.close(66 + 64 * n)


# ---- resolvers ----

def ask_two(client, when, name, wait, kinds):
    """The first resolver is silent; the second one is asked so many seconds later and answers."""
    for n, kind in enumerate(kinds):
        client.first.question(when + n * 0.001, name, kind)
        steps = ["alias.trafficmanager.net", ADDRESSES[name] if kind == 1 else "2603:1063:27:2::14"]
        client.second.ask(when + wait + n * 0.001, name, steps, kind=kind)


def with_two_resolvers(c, address):
    client = Client(c, address)
    client.first, client.second = Resolver(c, address, "192.168.1.5"), Resolver(c, address, "192.168.1.6")
    client.second.number += 0x4000
    return client


@capture("connections/resolvers.pcap", START)
def resolvers(c):
    """The first of two resolvers is dead: asked alone for 2 s, for A and AAAA for 1 s, and at the same time as the other one; and two
    resolvers of which the first one answers late, once."""
    for address, wait, kinds in (("192.168.1.20", 2.0, (1,)), ("192.168.1.21", 1.0, (1, AAAA)), ("192.168.1.22", 0.0, (1,))):
        client = with_two_resolvers(c, address)
        for n, name in enumerate((WEB, LOGIN, AUTH)):
            ask_two(client, n * 5, name, wait, kinds)
            connection = c.tcp(n * 5 + wait + 0.1, client.end(), (ADDRESSES[name], 443))
            client.use(n * 5 + wait + 0.2, connection, name)
            connection.close(n * 5 + wait + 0.5)
    client = with_two_resolvers(c, "192.168.1.23")
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        port, number = client.first.question(n * 5, name)
        client.second.ask(n * 5 + 1, name, ["alias.trafficmanager.net", ADDRESSES[name]])
        if n == 1:
            client.first.answer(n * 5 + 1.5, port, response(number, name, 1, chain(name, ["alias.trafficmanager.net", ADDRESSES[name]])))
        connection = c.tcp(n * 5 + 1.1, client.end(), (ADDRESSES[name], 443))
        client.use(n * 5 + 1.2, connection, name)
        connection.close(n * 5 + 1.5)


# ---- answers to SYNs ----

def half_open(client, when, name, answers):
    """SYN and its answer, again after 1, 3 and 7 s: the connection, which nothing acknowledged."""
    client.ask(when, name)
    end, server = client.end(), (ADDRESSES[name], 443)
    connection = client.c.tcp(when + 0.1, end, server)
    del client.c.frames[-3:]
    for again in (0.1, 1.1, 3.1, 7.1)[:answers]:
        connection.sequence = {True: 0x10000000 + end[1], False: 0x20000000 + 443}
        connection._segment(when + again, True, "S")
        connection._segment(when + again + 0.02, False, "SA")
    return connection


@capture("connections/half-open.pcap", START)
def half_open_connections(c):
    """Identity answers SYNs, and the client does not acknowledge that; the push channel likewise, of another client; one that
    acknowledges the third answer, and one that resets after the first, as clients do that were faster elsewhere."""
    first, second, third, fourth = (Client(c, f"192.168.1.{n}") for n in range(20, 24))
    first.visit(0, WEB)
    half_open(first, 2, LOGIN, 4)
    second.sign_in(0)
    half_open(second, 10, PUSH, 3)
    third.sign_in(0)
    connection = half_open(third, 10, CONFIG, 3)
    connection._segment(13.2, True, "A")
    third.use(13.3, connection, CONFIG)
    connection.close(14)
    fourth.sign_in(0)
    reset(half_open(fourth, 10, CONFIG, 1), 10.13, from_client=True)
    fourth.visit(20, CONFIG)


@capture("connections/half-open-beside.pcap", START)
def half_open_beside(c):
    """The same beside so many other segments that six could be a measure of loss: of identity, of two services, and of a third."""
    for n, names in ((20, (LOGIN, LOGIN)), (21, (PUSH, CONFIG)), (22, (AUTH, PUSH, AUTH))):
        client = Client(c, f"192.168.1.{n}")
        for second in range(10):
            client.visit(second, WEB)
        for second, name in enumerate(names):
            half_open(client, 10 + second, name, 4)


# ---- interception ----

@capture("connections/inspection-ends.pcapng", START)
def inspection_ends(c):
    """An interceptor's certificate, which clients leave with FIN: after it, after the handshake, in TLS 1.2 and 1.3 (keys are in the
    file); one that goes on with it; and one whose session is never used in this capture."""
    client = Client(c, "192.168.1.20")
    client.visit(0, WEB)
    connection = client.open(2, LOGIN)
    client.handshake(2.15, connection, LOGIN, certificate(LOGIN, *INSPECTION))
    connection.close(2.21)
    client = Client(c, "192.168.1.21")
    client.visit(0, WEB)
    connection = client.open(2, LOGIN)
    client.handshake(2.15, connection, LOGIN, certificate(LOGIN, *INSPECTION))
    client.finish(2.2, connection, LOGIN, True)
    connection.send(5, b"\x15\x03\x03\x00\x1a" + bytes(26))       # close_notify, encrypted
    connection.close(5.01)
    for n, finish in ((22, False), (23, True), (24, True)):
        client = Client(c, f"192.168.1.{n}")
        client.visit(0, WEB)
        client.ask(2, LOGIN)
        session = Session(c, 2.1, client.end(), (ADDRESSES[LOGIN], 443), LOGIN, issuer=INSPECTION, finish=finish)
        c.secrets += session.key_log()
        if n == 24:
            session.send(2.3, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(200))
            session.send(2.35, bytes(900), from_client=False)
        session.close(2.6)
    client = Client(c, "192.168.1.25")
    client.sign_in(0, (WEB, AUTH))
    connection = client.open(3, CONFIG)
    client.handshake(3.15, connection, CONFIG, certificate(CONFIG, *INSPECTION))
    client.finish(3.2, connection, CONFIG, True)


# ---- handshakes that stop ----

def stopped(client, when, name, shown=None):
    """The ServerHello, acknowledged; with the server's part that is shown also the client's part."""
    connection = client.open(when, name)
    if shown is None:
        connection.send(when + 0.2, client_hello(name))
        connection.send(when + 0.25, server_hello(TLS_1_3), from_client=False)
        connection._segment(when + 0.26, True, "A")
    else:
        client.handshake(when + 0.2, connection, name, shown)
        connection.send(when + 0.3, record(22, b"\x10\0\0\x21" + opaque(name, 33)) + CHANGE + record(22, opaque((name, "finished"), 40)))
        connection._segment(when + 0.32, False, "A")
    return connection


@capture("connections/handshake-stops.pcap", START)
def handshake_stops(c):
    """TLS handshakes in which both sides fall silent. .20: after the ServerHello, until the client gives up; .21 after the client's part in TLS
    1.2; .22 as .20, to the end of the capture, and the client goes on elsewhere. Not so: .30 goes on after 4 s; .31 begins 3 s before the end;
    .32 as .20, and the names work later; .33 as .22, and nothing more comes from the client, which may sleep."""
    microsoft = ("Microsoft TLS G2 RSA CA OCSP 04", "Microsoft Corporation")
    client = {n: Client(c, f"192.168.1.{n}") for n in (20, 21, 22, 30, 31, 32, 33)}
    for m, name in enumerate((WEB, LOGIN, AUTH)):
        stopped(client[20], 5 * m, name).close(30 + 5 * m)
        stopped(client[21], 5 * m, name, certificate(name, *microsoft)).close(20 + 5 * m)
        stopped(client[22], 80 + 5 * m, name)
        stopped(client[33], 80 + m, name)
        connection = stopped(client[30], 5 * m, name)
        connection.send(4.3 + 5 * m, CHANGE + tls.application_data((name, "flight"), 900), from_client=False)
        client[30].finish(4.4 + 5 * m, connection, name)
        client[30].exchange(4.5 + 5 * m, connection, name)
        stopped(client[31], 116.5 + m / 10, name)
        stopped(client[32], 40 + 5 * m, name).close(55 + 5 * m)
        client[32].visit(70 + m, name)
    client[22].visit(110, CONFIG)
    c.udp(120, ("192.168.1.20", 123), ("198.51.100.99", 123), bytes(48))
