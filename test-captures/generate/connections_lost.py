# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections that worked and then stop being answered, addresses of identity that nobody asked for, and what a flight of TLS brings."""
import tls
from common import capture
from scapy.layers.inet import ICMP, IP, TCP
from scapy.packet import Raw

from connections import ADDRESSES, AUTH, CHANGE, CONFIG, LOGIN, PROXY, PUSH, ROUTER, START, TLS_1_3, WEB, Client, client_hello, connect, reset, server_hello, status
from connections_ends import push_session
from resolver import AAAA, Resolver

V6 = {WEB: "2603:1063:27:2::14", LOGIN: "2603:1026:3000:148::9", CONFIG: "2603:1063:27:2::15", AUTH: "2603:1063:22::e", PUSH: "2603:1063:22::1e"}
SECONDS = (0, 0.3, 0.9, 2.1, 4.5, 9.3)      # when a client sends, and sends again


class Client6(Client):
    """A client with IPv6 alone."""

    def __init__(self, c, address="2001:db8::20"):
        super().__init__(c, address)
        self.resolver = Resolver(c, address, "2001:db8::1")

    def ask(self, when, name, address=None):
        self.resolver.ask(when, name, [V6[name]], kind=AAAA)

    def open(self, when, name, address=None):
        self.ask(when, name)
        return self.c.tcp(when + 0.1, self.end(), (V6[name], 443))


def in_vain(connection, when, payload, last=9.3):
    """The same segment again and again, up to last seconds later."""
    at = connection.sequence[True]
    for again in SECONDS:
        if again <= last:
            connection.sequence[True] = at
            connection.send(when + again, payload)


def ping(n):
    return tls.application_data(("ping", n), 60)


def used(client, when, name):
    connection = client.open(when, name)
    client.use(when + 0.2, connection, name)
    return connection


def exchanges(client, connection, name, times):
    for when in times:
        client.exchange(when, connection, name, 300)


def all_at_once(c, address, large=()):
    """A link that dies at 60 s, in three sessions that were used until then; those in large have a segment of 1400 bytes on the way."""
    client = Client(c, address)
    client.sign_in(0, (WEB, LOGIN))
    for n, name in enumerate((PUSH, CONFIG, AUTH)):
        connection = used(client, 5 + n, name)
        exchanges(client, connection, name, (52 + n, 55 + n))
        in_vain(connection, 60 + n, tls.application_data("large", 1395) if name in large else ping(n))
        reset(connection, 80 + n, from_client=True)


@capture("connections/lost-all.pcap", START)
def lost_all(c):
    """Sessions that stop being answered at 60 s: .20 three; .21 the same, of which two wait with a large segment; over IPv6; .22 to the end
    of the capture, which began after they did. .23 hears another server after that, and .24 the same two after 4 s."""
    all_at_once(c, "192.168.1.20")
    all_at_once(c, "192.168.1.21", (CONFIG, AUTH))
    six = Client6(c)
    six.sign_in(0, (WEB, LOGIN))
    for n, name in enumerate((PUSH, AUTH)):
        in_vain(used(six, 5 + n, name), 12 + n, ping(n))
    joined(c)
    for address, other, last in (("192.168.1.23", True, 9.3), ("192.168.1.24", False, 2.1)):
        client = Client(c, address)
        client.sign_in(0, (WEB, LOGIN))
        sessions = [(name, used(client, 5 + n, name)) for n, name in enumerate((PUSH, CONFIG, AUTH))]
        for n, (name, connection) in enumerate(sessions):
            exchanges(client, connection, name, (52 + n, 55 + n))
        for n, (name, connection) in enumerate(sessions):
            if other and name == AUTH:
                exchanges(client, connection, name, (62, 68, 75))
                continue
            in_vain(connection, 60 + n, ping(n), last)
            if not other:
                connection.send(64 + n, tls.application_data("late", 60), from_client=False)


def joined(c):
    """Of the two sessions the capture has neither SYN nor ClientHello: they are named by the answers of DNS."""
    client = Client(c, "192.168.1.22")
    client.sign_in(0, (WEB, LOGIN))
    for n, name in enumerate((PUSH, AUTH)):
        client.ask(4 + n, name)
        before = len(c.frames)
        connection = c.tcp(5 + n, client.end(), (ADDRESSES[name], 443))
        client.use(5.2 + n, connection, name)
        del c.frames[before:]
        exchanges(client, connection, name, (52 + n, 55 + n))
        in_vain(connection, 70 + n, ping(n))


@capture("connections/lost-some.pcap", START)
def lost_some(c):
    """One server that stops answering: .20 one session of several, and the client connects again; .21 two sessions with one server, after
    large segments that got through; .22 a proxy; .23 after 120 s of silence, once; .24 2 s before the capture ends; .25 a request of 1400
    bytes alone, which small ones pass; .26 at last reset from the server's side."""
    twenty = Client(c, "192.168.1.20")
    twenty.sign_in(0, (WEB, LOGIN))
    push, lost = push_session(twenty, 5), used(twenty, 6, AUTH)
    exchanges(twenty, lost, AUTH, (20, 28))
    in_vain(lost, 30, ping(0))
    exchanges(twenty, push, PUSH, (20, 35, 45, 60, 75))
    twenty.visit(50, AUTH)
    two = Client(c, "192.168.1.21")
    two.sign_in(0, (WEB, LOGIN))
    push = push_session(two, 5)
    for n in range(2):
        connection = used(two, 6 + n, CONFIG)
        connection.send(15 + n, tls.application_data("first", 1395))
        connection.send(15.05 + n, tls.application_data("stored", 60), from_client=False)
        in_vain(connection, 20 + n, tls.application_data("second", 1395))
    exchanges(two, push, PUSH, (15, 25, 35, 45))
    proxied = Client(c, "192.168.1.22")
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        connection = c.tcp(n, proxied.end(), PROXY)
        connection.send(n + 0.05, connect(name))
        connection.send(n + 0.08, status(200, "Connection established"), from_client=False)
        proxied.use(n + 0.2, connection, name)
        if name != WEB:
            in_vain(connection, 8 + n, ping(n))
    lost_after_silence(c)
    early = Client(c, "192.168.1.24")
    early.sign_in(0, (WEB, LOGIN))
    in_vain(used(early, 148, AUTH), 155, ping(0), 2.1)
    large = Client(c, "192.168.1.25")
    large.sign_in(0, (WEB, LOGIN))
    in_vain(used(large, 5, AUTH), 10, tls.application_data("large", 1395))
    large.visit(30, CONFIG)
    told = Client(c, "192.168.1.26")
    told.sign_in(0, (WEB, LOGIN))
    connection = used(told, 5, AUTH)
    in_vain(connection, 8, ping(0))
    reset(connection, 18)
    told.visit(30, CONFIG)


def lost_after_silence(c):
    client = Client(c, "192.168.1.23")
    client.sign_in(0, (WEB, LOGIN))
    connection = push_session(client, 5)
    in_vain(connection, 125.34, ping(0))
    reset(connection, 136, from_client=True)
    push_session(client, 137)


@capture("connections/cut-and-resent.pcap", START)
def cut_and_resent(c):
    """A device forgets the push channel after 60 s, and what the client sends then goes out again: .20 four times until the server's side
    resets it; .21 until the client gives up; .22 over IPv6. .23 sends again what was lost, again and again, and is answered."""
    for address in ("192.168.1.20", "192.168.1.21", "2001:db8::20"):
        client = Client6(c) if ":" in address else Client(c, address)
        client.sign_in(0)
        for n in range(4):
            when = 5 + 75 * n
            connection = push_session(client, when)
            in_vain(connection, when + 60.34, ping(n), 4.5)
            reset(connection, when + 70, from_client=address == "192.168.1.21")
    lossy = Client(c, "192.168.1.23")
    lossy.sign_in(0)
    connection = push_session(lossy, 5)
    for n in range(25):
        at = connection.sequence[True]
        connection.send(10 + n, ping(n))
        connection.sequence[True] = at
        connection.send(10.3 + n, ping(n))
        connection.send(10.33 + n, tls.application_data(("pong", n), 60), from_client=False)


# ---- identity by its address alone ----

def by_address(c, address, servers, answer=None, first=10):
    """A client that works, and SYNs to addresses of which it did not ask for the name in this capture."""
    client = Client6(c) if ":" in address else Client(c, address)
    client.visit(0, WEB)
    client.visit(1, CONFIG)
    for n, server in enumerate(servers):
        end = client.end()
        for when in (0, 1, 3, 7) if answer is None else (0,):
            client.syn(first + 10 * n + when, end, (server, 443), answer)
    return client


@capture("connections/by-address.pcap", START)
def identity_by_address(c):
    """SYNs to published addresses of identity, without a question for the name: .20 unanswered; .21 refused; over IPv6; .22 unanswered,
    and a later one works; .23 works over IPv4 where IPv6 does not. .24 sends to an address that is not Microsoft's."""
    by_address(c, "192.168.1.20", ["20.190.160.14", "40.126.32.74"])
    by_address(c, "192.168.1.21", ["20.190.160.14", "40.126.32.74"], "RST")
    by_address(c, "2001:db8::20", ["2603:1026:3000:148::2"])
    back = by_address(c, "192.168.1.22", ["20.190.160.14"])
    connection = c.tcp(30, back.end(), ("20.190.160.20", 443))
    back.use(30.2, connection, LOGIN)
    six = Client(c, "192.168.1.23")
    c.macs["2001:db8::17"] = "02:00:c0:a8:01:17"
    six.visit(0, WEB)
    six.visit(1, CONFIG)
    for when in (10, 11, 13):
        six.syn(when, ("2001:db8::17", 50999), ("2603:1026:3000:148::2", 443))
    connection = c.tcp(13.2, six.end(), ("20.190.160.20", 443))
    six.use(13.3, connection, LOGIN)
    by_address(c, "192.168.1.24", ["198.51.100.14"])


@capture("connections/published.pcap", START)
def published(c):
    """SYNs to addresses that Microsoft publishes, without a question for a name. .20 unanswered, and no service that needs a token: over IPv6,
    too; .21 the same, and the sign-in goes through; .22 refused by RST, at two addresses; .23 by ICMP; .24 an address that only Teams uses (GCC
    High). .25 reaches one of Microsoft's, .26 gets no answer of a stranger's, and of .27 the capture lacks the answers."""
    by_address(c, "192.168.1.20", ["52.112.9.4"])
    by_address(c, "2001:db8::20", ["2603:1063:9::4"])
    by_address(c, "192.168.1.21", ["52.112.9.4"], first=20).sign_in(4)
    by_address(c, "192.168.1.22", ["52.123.7.7", "52.114.8.8"], "RST")
    client = by_address(c, "192.168.1.23", [])
    refused_by_icmp(client, 10, ("52.123.7.7", 443))
    by_address(c, "192.168.1.24", ["52.127.89.44"])
    client = by_address(c, "192.168.1.25", [])
    client.use(30.2, c.tcp(30, client.end(), ("52.112.9.5", 443)), "www.linkedin.com")
    by_address(c, "192.168.1.26", ["198.51.100.14"])
    client = by_address(c, "192.168.1.27", [])
    end = client.end()
    for when in (10, 11, 13):
        client.syn(when, end, ("52.112.9.6", 443))
    c.frame(13.1, TCP(sport=end[1], dport=443, flags="A", seq=0x10000001 + end[1], ack=1, window=64240), end[0], "52.112.9.6")


def refused_by_icmp(client, when, server):
    end = client.end()
    client.syn(when, end, server)
    quoted = bytes(IP(src=end[0], dst=server[0], ttl=60) / TCP(sport=end[1], dport=server[1], flags="S", seq=0x10000000 + end[1]))[:28]
    client.c.frame(when + 0.12, ICMP(type=3, code=13) / Raw(quoted), ROUTER, client.address)


@capture("connections/identity-another.pcap", START)
def identity_another(c):
    """One name of identity is never answered: .20 then reaches another one, .21 none; .22 the other one first; .23 the other one, and signs in."""
    live = ("login.live.com", "20.190.160.20")
    for n in range(4):
        client = Client(c, f"192.168.1.{20 + n}")
        client.visit(0, WEB)
        if n == 2:
            client.visit(1, LOGIN)
        client.ask(2, *live)
        end = client.end()
        for when in (2.1, 3.1, 5.1, 9.1):
            client.syn(when, end, (live[1], 443))
        if n in (0, 3):
            client.visit(20, LOGIN)
        if n == 3:
            client.visit(21, AUTH)
        client.visit(30, CONFIG)


# ---- what a client's flight brings ----

FINISHED, FINISHED_384 = (tls.application_data(("finished", length), length) for length in (53, 69))    # RFC 8446 4.4.4, 5.2


@capture("connections/flights.pcap", START)
def flights(c):
    """TLS 1.3, twice each to identity, which the server's side ends: .20 after a certificate of the client's, in one frame and in two; .21
    after data of 64 bytes behind the Finished; .22 after early data; .23 by close_notify after data. .24 has an answer to data behind a
    Finished of SHA-384."""
    certificate, preface, data = (tls.application_data(("of the client", n), n) for n in (900, 64, 180))
    ends = {20: certificate + FINISHED, 21: FINISHED + preface, 22: FINISHED, 23: FINISHED + data, 24: FINISHED_384 + data}
    for n, flight in ends.items():
        client = Client(c, f"192.168.1.{n}")
        client.visit(0, WEB)
        for when in (2, 4):
            connection = client.open(when, LOGIN)
            early = CHANGE + tls.application_data("early", 200) if n == 22 else b""
            connection.send(when + 0.15, client_hello(LOGIN) + early)
            connection.send(when + 0.18, server_hello(TLS_1_3) + CHANGE + tls.application_data((LOGIN, "flight"), 900), from_client=False)
            if n == 20 and when == 4:
                connection._segment(when + 0.2, True, "A", CHANGE + flight[:600])
                connection.send(when + 0.201, flight[600:])
            else:
                connection.send(when + 0.2, CHANGE * (n != 22) + flight)
            if n == 24:
                connection.send(when + 0.25, tls.application_data("answer", 1200), from_client=False)
            if n == 23:
                connection.send(when + 0.25, tls.application_data("close_notify", 19), from_client=False)
                connection._segment(when + 0.251, False, "FA")
            else:
                reset(connection, when + 0.3, from_client=n == 24)


# ---- not lost ----

@capture("connections/lost-and-back.pcap", START)
def lost_and_back(c):
    """Sessions of which nothing is lost in the end: .20 three that are answered after 15 s, .21 one after 12 s, .22 one that its server closes after
    12 s. .23 uploads, of which the capture lacks what the server sends, and sends single segments again. .24 a large segment that is answered at the
    fifth time, and .25 one whose bytes go through in small ones after the fourth."""
    for address, names, late in (("192.168.1.20", (PUSH, CONFIG, AUTH), 14.8), ("192.168.1.21", (AUTH,), 12), ("192.168.1.22", (AUTH,), 12)):
        client = Client(c, address)
        client.sign_in(0, (WEB, LOGIN))
        for n, name in enumerate(names):
            connection = used(client, 5 + n, name)
            in_vain(connection, 20 + n, ping(n))
            if address == "192.168.1.22":
                connection._segment(20 + late, False, "FA")
            else:
                connection.send(20 + n + late, tls.application_data("late", 60), from_client=False)
                exchanges(client, connection, name, (40 + n, 50 + n))
    uploads(c)
    for address, split in (("192.168.1.24", False), ("192.168.1.25", True)):
        large(c, address, split)


def uploads(c):
    client = Client(c, "192.168.1.23")
    client.sign_in(0, (WEB, LOGIN))
    connection = used(client, 5, AUTH)
    for n in range(60):
        at = connection.sequence[True]
        connection.send(20 + n * 0.3, tls.application_data(("upload", n), 600))
        for again in (0.1, 0.2) if n % 10 == 5 else ():
            connection.sequence[True] = at
            connection.send(20 + n * 0.3 + again, tls.application_data(("upload", n), 600))


def large(c, address, split):
    client = Client(c, address)
    client.sign_in(0, (WEB, LOGIN))
    connection = used(client, 5, AUTH)
    record, at = tls.application_data("large", 1395), connection.sequence[True]
    in_vain(connection, 10, record, 4.5 if not split else 2.1)
    if split:
        connection.sequence[True] = at
        for n in range(0, len(record), 500):
            connection.send(14.5 + n / 100000, record[n:n + 500])
    connection.send(14.55, tls.application_data("stored", 300), from_client=False)
    exchanges(client, connection, AUTH, (16, 20))
    client.visit(40, CONFIG)


# ---- nothing asked ----

@capture("connections/nothing-asked.pcap", START)
def nothing_asked(c):
    """Sessions of TLS 1.3 that the client closes after 20 s without a request: .20 and .21 with a certificate of the client's, in two segments and in
    three; .22 with the preface of HTTP/2, which is answered with its SETTINGS. .23 and .24 do ask: behind a certificate, and behind the preface alone."""
    for host in range(20, 25):
        client = Client(c, f"192.168.1.{host}")
        client.sign_in(0, (WEB, LOGIN))
        connection = client.open(5, AUTH)
        client.handshake(5.15, connection, AUTH)
        certificate = host in (20, 21, 23)
        if certificate:
            for n in range(2 if host == 21 else 1):
                connection.send(5.2 + n / 1000, (CHANGE if n == 0 else b"") + tls.application_data(("certificate", n), 1300))
            connection.send(5.21, tls.application_data("verify", 281) + tls.application_data("finished", 53))
        else:
            connection.send(5.2, CHANGE + tls.application_data("finished", 53) + tls.application_data("preface", 99))
        connection._segment(5.24, False, "A")
        if host == 22:
            connection.send(5.25, tls.application_data("ticket", 250) + tls.application_data("settings", 38), from_client=False)
        if host == 23:
            connection.send(5.3, tls.application_data("request", 300))
            connection._segment(5.34, False, "A")
        connection.send(25.4, tls.application_data("close_notify", 19))
        connection.close(25.41)
        client.visit(40, CONFIG)


# ---- another address ----

def moves(c, old, new, names, card=None, before=False, answered=True):
    """Sessions of the old address that are lost at 60 s, and the new address, which begins 15 s later or was there before."""
    if card:
        c.macs[old] = c.macs[new] = card
    client, other = Client(c, old), Client(c, new)
    client.sign_in(0, (WEB, LOGIN))
    if before:
        other.sign_in(20, (WEB, LOGIN))
    for n, name in enumerate(names):
        connection = used(client, 5 + n, name)
        exchanges(client, connection, name, (52 + n, 55 + n))
        in_vain(connection, 60 + n, ping(n))
    if answered:
        other.sign_in(75, (WEB, LOGIN, AUTH))
        return
    for n, name in enumerate((WEB, LOGIN)):
        end = other.end()
        for when in (75, 76, 78):
            other.syn(when + n / 10, end, (ADDRESSES[name], 443))


@capture("connections/moved.pcap", START)
def moved(c):
    """Clients whose connections are lost at 60 s and what goes on at 75 s: .20 the same card with another address, .21 too, with one session;
    .22 the card is a router's, and the other address was there before; .23 another card. .24 the card is a router's, and a third address was
    there before; .25 nobody answers the new address, with the same card."""
    moves(c, "192.168.1.20", "192.168.1.120", (PUSH, CONFIG, AUTH), "02:00:c0:a8:07:20")
    moves(c, "192.168.1.21", "10.20.0.121", (PUSH,), "02:00:c0:a8:07:21")
    moves(c, "192.168.1.22", "192.168.1.122", (PUSH, CONFIG), "02:00:c0:a8:07:22", before=True)
    moves(c, "192.168.1.23", "192.168.1.123", (PUSH, CONFIG))
    c.macs["192.168.1.224"] = "02:00:c0:a8:07:24"
    Client(c, "192.168.1.224").sign_in(20, (WEB, LOGIN))
    moves(c, "192.168.1.24", "192.168.1.124", (PUSH, CONFIG), "02:00:c0:a8:07:24")
    moves(c, "192.168.1.25", "192.168.1.125", (PUSH, CONFIG), "02:00:c0:a8:07:25", answered=False)


@capture("connections/held.pcap", START)
def held(c):
    """A request that is acknowledged, and the client ends the connection: .20 after 40 s, of a name that others reach; .21 after 40 s, the only one to
    its name, and the sign-in goes through; .22 after 8 s, the only one; .23 after 40 s, and no service is reached."""
    for n, seconds in enumerate((40, 40, 8, 40)):
        client = Client(c, f"192.168.1.{20 + n}")
        client.sign_in(0, (WEB, LOGIN) if n == 3 else (WEB, LOGIN, AUTH))
        if n == 0:
            client.visit(4, CONFIG)
        connection = client.open(6, CONFIG)
        client.handshake(6.15, connection, CONFIG)
        client.finish(6.2, connection, CONFIG)
        connection.send(6.25, tls.application_data("news?", 180))
        connection._segment(6.29, False, "A")
        connection.close(6.25 + seconds)
        client.ask(60, "statics.teams.cdn.office.net", "23.45.100.30")


@capture("connections/no-name.pcap", START)
def no_name(c):
    """SYNs to addresses that Teams alone uses, and no name: unanswered, over IPv6, and refused."""
    for n, (address, server, answer) in enumerate((("192.168.1.20", "52.127.89.44", None), ("2001:db8::20", "2001:489a:2240::9", None),
                                                   ("192.168.1.21", "52.127.64.9", "RST"))):
        client = Client(c, address)
        end = client.end()
        for again in (0, 1, 3):
            client.syn(20 * n + again, end if answer is None else client.end(), (server, 443), answer)


@capture("connections/no-name-answered.pcap", START)
def no_name_answered(c):
    """The same, and the last SYN is answered."""
    client = Client(c)
    end = client.end()
    for again in (0, 1, 3):
        client.syn(again, end, ("52.127.89.44", 443))
    c.tcp(10, client.end(), ("52.127.89.44", 443)).close(11)
