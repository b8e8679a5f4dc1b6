# SPDX-License-Identifier: GPL-2.0-or-later
"""What looks like a cause of connections_ends.py and is none: each client has the sign of one, and what speaks against it."""
import tls
from common import capture
from connections import ADDRESSES, AUTH, CHANGE, CONFIG, LOGIN, PROXY, PUSH, START, TLS_1_2, TLS_1_3, WEB, Client, certificate
from connections import client_hello, opaque, record, reset, server_hello, through
from connections_ends import ask_two, half_open, push_rows, push_session, sends_in_vain, server_closes, with_two_resolvers

NEEDED = (407, "Proxy Authentication Required")
MICROSOFT = ("Microsoft TLS G2 RSA CA OCSP 04", "Microsoft Corporation")


def heartbeats(connection, when, seconds, count):
    for n in range(1, count + 1):
        connection.send(when + seconds * n, tls.application_data(("heartbeat", when, n), 40))
        connection.send(when + seconds * n + 0.03, tls.application_data(("answer", when, n), 40), from_client=False)


@capture("connections/push-outlived.pcap", START)
def push_outlived(c):
    """Push channels that end after a silence, again and again: .20 after one shorter than those between keepalives before it; .21 after
    a message of the server's; .22 with a heartbeat in vain after four that were answered; .23 and .24 after an hour."""
    first, second, third, fourth = (Client(c, f"192.168.1.{n}") for n in (20, 21, 22, 23))
    for each in (first, second, third, fourth):
        each.sign_in(0)
    for n in range(3):
        when = 5 + 310 * n
        connection = push_session(first, when)
        for k in range(1, 7):
            connection.sequence[True] -= 1
            connection._segment(when + 0.34 + 45 * k, True, "A", b"\0")
            connection._segment(when + 0.36 + 45 * k, False, "A")
        server_closes(connection, when + 300.34)
        connection = push_session(second, 5 + 70 * n)
        connection.send(65.34 + 70 * n, tls.application_data(("message", n), 300), from_client=False)
        connection._segment(65.36 + 70 * n, False, "FA")
        connection._segment(65.37 + 70 * n, True, "FA")
        connection = push_session(third, 5 + 320 * n)
        heartbeats(connection, 5 + 320 * n, 60, 4)
        sends_in_vain(connection, 305.03 + 320 * n)
        connection = push_session(fourth, 5 + 3602 * n)
        connection.send(3605 + 3602 * n, tls.application_data(("heartbeat", n), 40))
        reset(connection, 3605.03 + 3602 * n)
    push_rows(c, "192.168.1.24", [(3600, sends_in_vain)] * 3, again=20)


def answer_not_captured(client):
    """A session of whose first answer the capture has the client's acknowledgement alone."""
    connection = client.open(10, CONFIG)
    client.handshake(10.2, connection, CONFIG)
    client.finish(10.3, connection, CONFIG)
    connection.send(10.4, tls.application_data("request", 180))
    connection.sequence[False] += 1225
    connection._segment(10.5, True, "A")
    return connection


@capture("connections/acknowledged.pcap", START)
def acknowledged(c):
    """The client acknowledges what the capture lacks: .20 an answer, .21 the server's part of the handshake, after which it sends a
    request, .22 that part before it closes, .23 its first segment."""
    one, two, three, four = (Client(c, f"192.168.1.{n}") for n in (20, 21, 22, 23))
    for each in (one, two, three, four):
        each.sign_in(0)
    connection = answer_not_captured(one)
    connection.close(20)
    for each in (two, three):
        connection = each.open(10, CONFIG)
        connection.send(10.2, client_hello(CONFIG))
        connection.sequence[False] += 1100
        connection._segment(10.25, True, "A")
        if each is two:
            each.finish(10.3, connection, CONFIG)
            connection.send(10.4, tls.application_data("request", 180))
        connection.close(20)
    connection = four.open(10, CONFIG)
    connection.send(10.2, client_hello(CONFIG))
    flight = server_hello(TLS_1_3) + CHANGE + tls.application_data("flight", 3500)
    connection.send(10.23, flight[:1440], from_client=False)
    del c.frames[-1]
    connection.send(10.231, flight[1440:2880], from_client=False)
    connection.send(10.232, flight[2880:], from_client=False)
    connection._segment(10.24, True, "A")


@capture("connections/sessions-beside.pcap", START)
def sessions_beside(c):
    """Sessions that the client leaves: .20 the slower one of two that it opens at once; .21 one with Microsoft's certificate, and the
    next one works; .22 two after the handshake, which it had no use for; .23 one that is closed after the server name, and the next
    one works."""
    one, two, three, four = (Client(c, f"192.168.1.{n}") for n in (20, 21, 22, 23))
    one.sign_in(0, (WEB, AUTH))
    first, second = one.open(3, LOGIN), c.tcp(3.1, one.end(), ("20.190.128.11", 443))
    one.handshake(3.15, first, LOGIN)
    one.handshake(3.15, second, LOGIN)
    one.finish(3.2, first, LOGIN)
    reset(second, 3.2, from_client=True)
    one.exchange(3.3, first, LOGIN)
    two.sign_in(0)
    connection = two.open(5, CONFIG)
    two.handshake(5.2, connection, CONFIG, certificate(CONFIG, *MICROSOFT))
    connection.close(5.3)
    two.visit(7, CONFIG)
    three.sign_in(0)
    for n, (name, address) in enumerate(((CONFIG, None), ("statics.teams.cdn.office.net", "2.16.106.10"))):
        connection = three.open(5 + n, name, address)
        three.handshake(5.2 + n, connection, name)
        three.finish(5.26 + n, connection, name)
        connection.close(5.5 + n)
    four.sign_in(0)
    connection = four.open(5, CONFIG)
    connection.send(5.2, client_hello(CONFIG))
    connection._segment(5.25, False, "FA")
    connection._segment(5.26, True, "FA")
    four.visit(6, CONFIG)


@capture("connections/answered-elsewhere.pcap", START)
def answered_elsewhere(c):
    """.20: a proxy asks for credentials, and the client goes around it. .21: a proxy answers, and later does not. .22: the first
    resolver answers nothing of ours, but a name of others, and .23 the only one, before. .24: SYN/ACKs come again, and no SYN does."""
    around, later, split, alone, once = (Client(c, f"192.168.1.{n}") for n in range(20, 25))
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        through(around, n * 3, name, [NEEDED])
        around.visit(n * 3 + 1, name)
    through(later, 0, WEB, [(200, "Connection established")])
    end = later.end()
    for when in (2, 3, 5):
        later.syn(when, end, PROXY)
    later.visit(7, LOGIN)
    later.visit(9, AUTH)
    split = with_two_resolvers(c, "192.168.1.22")
    split.first.ask(0, "intranet.contoso.example", ["10.1.2.3"])
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        ask_two(split, 1 + n * 5, name, 1.0, (1,))
        connection = c.tcp(2.1 + n * 5, split.end(), (ADDRESSES[name], 443))
        split.use(2.2 + n * 5, connection, name)
        connection.close(2.5 + n * 5)
    alone.resolver.ask(0, "www.contoso.example", ["198.51.100.7"])
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        for again in range(3):
            alone.resolver.question(2 + n * 5 + again, name)
    alone.resolver.question(25, CONFIG)
    once.sign_in(0)
    connection = half_open(once, 10, CONFIG, 1)
    for when in (11.1, 13.1):
        connection.sequence[False] = 0x20000000 + 443
        connection._segment(when, False, "SA")


@capture("connections/lacking-steps.pcap", START)
def lacking_steps(c):
    """The frame that ends a step is not in the capture, and a later one would end it: .20 the first answer, .21 the client's
    Finished, .22 the server's Finished of TLS 1.2. Of .23 all is there, and its first answer really takes 1.6 s."""
    one, two, three, four = (Client(c, f"192.168.1.{n}") for n in (20, 21, 22, 23))
    for each in (one, two, three, four):
        each.sign_in(0)
    connection = answer_not_captured(one)
    one.exchange(12, connection, CONFIG)
    connection.close(14)
    connection = two.open(10, CONFIG)
    two.handshake(10.2, connection, CONFIG)
    connection.sequence[True] += 500
    two.exchange(12, connection, CONFIG)
    connection.close(14)
    connection = three.open(10, CONFIG)
    connection.send(10.2, client_hello(CONFIG))
    connection.send(10.23, server_hello(TLS_1_2) + tls.application_data("flight", 900), from_client=False)
    connection.send(10.3, record(22, b"\x10\0\0\x21" + opaque(CONFIG, 33)) + CHANGE + record(22, opaque("finished", 40)))
    connection.sequence[False] += 500
    connection._segment(10.35, True, "A")
    three.exchange(12, connection, CONFIG)
    connection.close(14)
    connection = four.open(10, CONFIG)
    four.handshake(10.2, connection, CONFIG)
    four.finish(10.3, connection, CONFIG)
    connection.send(10.4, tls.application_data("request", 180))
    connection.send(12, tls.application_data("answer", 1200), from_client=False)
    connection.close(14)


def asks(client, when, name, address, acknowledged=True):
    """A session whose first request has no answer."""
    connection = client.open(when, name, address)
    client.handshake(when + 0.15, connection, name)
    client.finish(when + 0.2, connection, name)
    connection.send(when + 0.25, tls.application_data("request", 700))
    if acknowledged:
        connection._segment(when + 0.27, False, "A")
    return connection


@capture("connections/long-polls.pcap", START)
def long_polls(c):
    """A request to presence, to the push channel and to authsvc that is acknowledged and waits when the capture ends; one to chat that
    its client ends after 40 s. Then what is none: one to presence after 150 s, one to authsvc after 8 s, one that nobody acknowledges."""
    presence, chat = ("presence.teams.microsoft.com", "52.123.145.9"), ("emea.ng.msg.teams.microsoft.com", "52.114.75.20")
    for n, (name, address, lasts) in enumerate(((*presence, None), (PUSH, ADDRESSES[PUSH], None), (AUTH, ADDRESSES[AUTH], None),
                                                (*chat, 40), (*presence, 150), (AUTH, ADDRESSES[AUTH], 8))):
        one = Client(c, f"192.168.1.{20 + n}")
        one.sign_in(0, (WEB, LOGIN))
        connection = asks(one, 4, name, address)
        if lasts:
            connection.close(4.25 + lasts)
    last = Client(c, "192.168.1.26")
    last.sign_in(0, (WEB, LOGIN))
    asks(last, 4, *presence, acknowledged=False)


@capture("connections/relay-tried.pcap", START)
def relay_tried(c):
    """TLS with relays that carries nothing: the handshake is done (.20 by FIN, .21 by RST), or is left in its middle (.22)."""
    relay = ("euaz.relay.teams.microsoft.com", "52.114.250.123")
    for n in (20, 21, 22):
        each = Client(c, f"192.168.1.{n}")
        each.sign_in(0)
        connection = each.open(10, *relay)
        each.handshake(10.2, connection, relay[0])
        if n < 22:
            each.finish(10.3, connection, relay[0])
        if n == 21:
            reset(connection, 10.4, from_client=True)
        else:
            connection.close(10.4)


@capture("connections/relay-unreached.pcap", START)
def relay_unreached(c):
    """Sign-ins of which nothing after identity is seen, beside relays that are not reached: no answer (.20), RST (.21), no answer of DNS (.22); and one that
    lacks the service of its token in the same way as .20 its relay (.23)."""
    relay = ("euaz.relay.teams.microsoft.com", "52.114.250.123")
    for n in (20, 21, 22, 23):
        each = Client(c, f"192.168.1.{n}")
        each.sign_in(0, (WEB, LOGIN))
        if n == 22:
            repeat = each.resolver.question(10, relay[0])
            for when in (11, 13, 17):
                each.resolver.question(when, relay[0], repeat=repeat)
            each.visit(50, CONFIG)
            continue
        name, address = (AUTH, ADDRESSES[AUTH]) if n == 23 else relay
        each.ask(10, name, address)
        for again in range(2):
            end = each.end()
            for when in (0.1,) if n == 21 else (0.1, 1.1, 3.1, 7.1):
                each.syn(10 + 12 * again + when, end, (address, 443), "RST" if n == 21 else None)
        each.visit(50, CONFIG)
