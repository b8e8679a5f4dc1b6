# SPDX-License-Identifier: GPL-2.0-or-later
"""What was told of a connection that another one was meant by: a link that is back later, a sign-in that begins between SYN and
ClientHello, a ClientHello in the SYN, questions that fail whatever their type."""
from ipaddress import ip_address

from scapy.layers.inet import TCP
from scapy.packet import Raw

import tls
from common import Connection, capture
from connections import ADDRESSES, AUTH, CHANGE, CONFIG, LOGIN, PUSH, START, TLS_1_3, WEB, Client, client_hello, reset, server_hello
from connections_beside import large_hello
from connections_lost import SECONDS, V6, Client6, exchanges, in_vain, ping, used
from resolver import A, AAAA, NOERROR, NXDOMAIN, SERVFAIL, Resolver, response

GRAPH, TELEMETRY = "graph.microsoft.com", "eu-teams.events.data.microsoft.com"
EXTRA = {GRAPH: ("20.190.160.97", "2603:1026:3000:148::a"), TELEMETRY: ("20.42.73.29", "2603:1026:3000:148::b")}
RELAYS = (("euaz.relay.teams.microsoft.com", "52.114.250.10"), ("worldaz.relay.teams.microsoft.com", "52.115.63.9"))


def outage(client, names, when, end, back):
    """Sessions that are sent on in vain for 9.3 s, each a second after the one before; then the client is back."""
    for n, name in enumerate(names):
        connection = used(client, 5 + n, name)
        exchanges(client, connection, name, (when - 6 + n,))
        in_vain(connection, when + n, ping(n))
        reset(connection, end + n, from_client=True)
    client.sign_in(back)


@capture("connections/outage.pcap", START)
def outages(c):
    """A link that is lost and comes back: .20 after 20 s, .21 in the next sign-in, 40 minutes later, and over IPv6. .22 hears another
    server in the meantime; .23 loses it twice."""
    for address, back in (("192.168.1.20", 50), ("192.168.1.21", 2440)):
        client = Client(c, address)
        client.sign_in(0, (WEB, LOGIN))
        outage(client, (PUSH, CONFIG, AUTH), 30, 42, back)
    six = Client6(c)
    six.sign_in(0, (WEB, LOGIN))
    outage(six, (PUSH, AUTH), 30, 42, 50)
    heard = Client(c, "192.168.1.22")
    heard.sign_in(0, (WEB, LOGIN))
    other = used(heard, 3, WEB)
    exchanges(heard, other, WEB, (24, 33, 36))
    outage(heard, (PUSH, AUTH), 30, 42, 50)
    twice = Client(c, "192.168.1.23")
    twice.sign_in(0, (WEB, LOGIN))
    outage(twice, (PUSH, CONFIG), 30, 42, 50)
    later = used(twice, 60, AUTH)
    exchanges(twice, later, AUTH, (66,))
    in_vain(later, 70, ping(7))
    reset(later, 82, from_client=True)
    twice.sign_in(90)


@capture("connections/signin-begins.pcap", START)
def signin_begins(c):
    """40 minutes after a sign-in the client is back: .20 opens three connections at once, without DNS, .21 one alone, over IPv6 two. .22
    has a connection of before that goes on, and nothing new is connected."""
    for client, names in ((Client(c), (WEB, LOGIN, AUTH)), (Client(c, "192.168.1.21"), (AUTH,)), (Client6(c), (WEB, AUTH))):
        client.sign_in(0)
        addresses = V6 if isinstance(client, Client6) else ADDRESSES
        connections = [(name, c.tcp(2400 + 0.001 * n, client.end(), (addresses[name], 443))) for n, name in enumerate(names)]
        for n, (name, connection) in enumerate(connections):
            client.use(2400.05 + 0.001 * n, connection, name)
    stays = Client(c, "192.168.1.22")
    stays.sign_in(0)
    open_still = used(stays, 5, AUTH)
    stays.ask(2400, WEB)
    exchanges(stays, open_still, AUTH, (2401, 2402))


class FastOpen(Connection):
    """A connection whose SYN carries data (RFC 7413): sent again without it after so long, or taken, or not."""

    def __init__(self, c, when, client, server, hello, again=None, taken=True):      # the base opens without data
        self.capture, self.client, self.server, self.rtt = c, client, server, 0.02
        self.sequence = {True: 0x10000000 + client[1], False: 0x20000000 + server[1]}
        first = self.sequence[True]
        options = [("MSS", 1460), (34, bytes(range(8)))]
        c.frame(when, TCP(sport=client[1], dport=server[1], seq=first, flags="S", window=64240, options=options) / Raw(hello), client[0], server[0])
        if again is not None:
            when += again
            c.frame(when, TCP(sport=client[1], dport=server[1], seq=first, flags="S", window=64240), client[0], server[0])
        self.sequence[True] = first + 1 + (len(hello) if taken and again is None else 0)
        self._segment(when + self.rtt, False, "SA")
        self._segment(when + self.rtt + 0.0001, True, "A")


@capture("connections/fast-open.pcap", START)
def fast_open(c):
    """The ClientHello comes with the SYN: .20 it is taken, .21 it is not, .22 the SYN is lost, and sent again without it after 1 s. .23 has
    no such SYN."""
    for n, (again, taken) in enumerate(((None, True), (None, False), (1, False))):
        client = Client(c, f"192.168.1.{20 + n}")
        client.sign_in(0, (WEB, LOGIN))
        client.ask(3, AUTH)
        connection = FastOpen(c, 3.1, client.end(), (ADDRESSES[AUTH], 443), client_hello(AUTH), again, taken)
        at = 3.1 + (again or 0)
        if again or not taken:
            connection.send(at + 0.021, client_hello(AUTH))
        connection.send(at + 0.05, server_hello(TLS_1_3) + CHANGE + tls.application_data("flight", 900), from_client=False)
        client.finish(at + 0.08, connection, AUTH)
        client.exchange(at + 0.12, connection, AUTH)
        connection.close(at + 0.4)
    Client(c, "192.168.1.23").sign_in(0)


@capture("connections/failed-types.pcap", START)
def failed_types(c):
    """The resolver fails for a while, whatever the type: .20 all of two names. .21 one question about AAAA alone, which is answered
    the next time; .22 A once and AAAA always. .23 it fails for AAAA alone, each time. Of the two resolvers of .24 and
    .25 one knows no name, and of .26 the only one knows none for a while."""
    failures = {20: ((A, AAAA), ()), 21: ((AAAA,), ()), 22: ((A, AAAA), (AAAA,)), 23: ((AAAA,), (AAAA,))}
    for n, rounds in failures.items():
        client = Client(c, f"192.168.1.{n}")
        for when, failed in zip((0, 10), rounds):
            for m, name in enumerate((WEB, LOGIN)):
                for kind in (A, AAAA):
                    steps = [ADDRESSES[name]] if kind == A and kind not in failed else []
                    client.resolver.ask(when + m + 0.001 * kind, name, steps, kind, rcode=SERVFAIL if kind in failed else NOERROR)
        client.sign_in(20)
    for n, other in ((24, "10.66.0.53"), (25, "2001:db8::53"), (26, None)):
        client = Client(c, f"192.168.1.{n}") if n != 25 else Client6(c, "2001:db8::25")
        kind, addresses = (AAAA, V6) if n == 25 else (A, ADDRESSES)
        names = Resolver(c, client.address, other) if other else client.resolver
        for m, name in enumerate((WEB, LOGIN, AUTH)):
            names.ask(m, name, kind=A, rcode=NXDOMAIN)
            client.resolver.ask(m + (0.001 if other else 10), name, [addresses[name]], kind=kind)
        client.sign_in(20)


def ask_two(c, spelled_for_one=str, spelled_for_other=str):
    """.20 to .23, ::22 among them, ask two resolvers at once, of which one knows no name; all but .23 reach what the other says."""
    for n in range(4):
        client = Client(c, f"192.168.1.{20 + n}") if n != 2 else Client6(c, "2001:db8::22")
        client.sign_in(0)
        names = Resolver(c, client.address, "2001:db8::53" if n == 2 else "10.66.0.53")
        for m, name in enumerate((GRAPH, TELEMETRY)):
            address = EXTRA[name][n == 2]
            names.ask(5 + m, spelled_for_one(name), kind=A, rcode=NXDOMAIN)
            if n < 3:
                client.resolver.ask(5.001 + m, spelled_for_other(name), [address], kind=AAAA if n == 2 else A)
                client.use(5.2 + m, c.tcp(5.1 + m, client.end(), (address, 443)), name)


@capture("connections/one-knows-nothing.pcap", START)
def one_knows_nothing(c):
    """Two resolvers are asked at once, and one of them knows no name: .20 to ::22 reach names that a sign-in does without, .23 does not."""
    ask_two(c)
    c.udp(30, ("192.168.1.23", 50999), ("198.51.100.9", 123), bytes(48))


@capture("connections/relay-tries.pcap", START)
def relay_tries(c):
    """Short exchanges with a relay, more than 100 packets together: .20 ten connections one after the other, .21 five to each of two
    relays, .22 ten at once, as of many clients behind one address. .23 has one connection of more than 100 packets."""
    for n, relays in enumerate((RELAYS[:1] * 10, RELAYS * 5, RELAYS[:1] * 10)):
        client = Client(c, f"192.168.1.{20 + n}")
        client.sign_in(0)
        for m, (name, address) in enumerate(relays):
            client.visit(5 + (0.05 if n == 2 else 2) * m, name, address)
    client = Client(c, "192.168.1.23")
    client.sign_in(0)
    name, address = RELAYS[0]
    connection = client.open(5, name, address)
    client.use(5.2, connection, name)
    exchanges(client, connection, name, [6 + 0.1 * m for m in range(60)])
    connection.close(13)


def in_part(client, when, name, parts, again=SECONDS[1:]):
    """The server acknowledges the first part alone; what follows goes out again and again."""
    connection = client.open(when, name)
    connection.send(when + 0.15, parts[0])
    rest = connection.sequence[True]
    connection.capture.frame(when + 0.17, TCP(sport=connection.server[1], dport=connection.client[1], seq=connection.sequence[False], ack=rest,
                                              flags="A", window=64240), connection.server[0], connection.client[0])
    for after in (0.0001, *again):
        connection.sequence[True] = rest
        connection.send(when + 0.15 + after, parts[1])
    return connection


@capture("connections/hello-in-part.pcap", START)
def hello_in_part(c):
    """The second segment of ClientHellos is lost again and again: .20 of all, .21 of one name, and over IPv6. .22 it gets through at the third
    time; of .23 the ClientHello gets through, and what is not acknowledged is early data."""
    def parts(name):
        return large_hello(name)[:1440], large_hello(name)[1440:]
    for client, lost in ((Client(c), (WEB, LOGIN)), (Client(c, "192.168.1.21"), (AUTH,)), (Client6(c), (LOGIN,))):
        for n, name in enumerate((WEB, LOGIN, AUTH)):
            if name in lost:
                reset(in_part(client, 15 * n, name, parts(name)), 15 * n + 12, from_client=True)
            elif client.address != "192.168.1.20":
                used(client, 15 * n, name)
    later = Client(c, "192.168.1.22")
    later.sign_in(0, (WEB, LOGIN))
    connection = in_part(later, 5, AUTH, parts(AUTH), (0.3, 0.9))
    connection.send(6.2, server_hello(TLS_1_3) + CHANGE + tls.application_data("flight", 900), from_client=False)
    later.finish(6.25, connection, AUTH)
    later.exchange(6.3, connection, AUTH)
    early = Client(c, "192.168.1.23")
    early.sign_in(0, (WEB, LOGIN))
    reset(in_part(early, 5, AUTH, (client_hello(AUTH), CHANGE + tls.application_data("early", 300))), 17, from_client=True)


def translation(prefix, address):
    """The IPv6 address for one of IPv4 behind a prefix of 96 bits: RFC 6052, 2.2."""
    return str(ip_address(int(ip_address(prefix)) + int(ip_address(address))))


@capture("connections/translated-names.pcap", START)
def translated_names(c):
    """DNS64 with prefixes of the networks' own, which the capture does not tell: 2001:db8:64:64::/96 and 2a00:1098:2c::/96 before addresses of
    Microsoft's. ::22 has such a prefix before an address of nobody's, and ::23 an address that is no translation."""
    for n, prefix, change in ((20, "2001:db8:64:64::", {}), (21, "2a00:1098:2c::", {}), (22, "2001:db8:64:64::", {AUTH: "203.0.113.9"}), (23, None, {})):
        client = Client6(c, f"2001:db8:1::{n}")
        for m, name in enumerate((WEB, CONFIG, AUTH)):
            translated = "2001:db8:99::1" if prefix is None and name == AUTH else V6[name] if prefix is None else \
                translation(prefix, change.get(name, ADDRESSES[name]))
            client.resolver.ask(m, name, [translated], kind=AAAA)
            client.use(m + 0.2, c.tcp(m + 0.1, client.end(), (translated, 443)), name)


@capture("connections/own-prefixes.pcap", START)
def own_prefixes(c):
    """A sign-in behind NAT64 whose prefix, not told in the capture, is private: fd64:ff9b::/96 at ::20, fdaa:bbcc:dd:1::/96 at ::21, fc00:9::/96 at
    ::22. At ::23 private addresses that translate none of Microsoft's."""
    for n, prefix in enumerate(("fd64:ff9b::", "fdaa:bbcc:dd:1::", "fc00:9::", "fd64:ff9b::")):
        client = Client6(c, f"2001:db8:1::{20 + n}")
        for m, name in enumerate((WEB, LOGIN, AUTH)):
            translated = translation(prefix, ADDRESSES[name] if n < 3 else f"203.0.113.{9 + m}")
            client.resolver.ask(m, name, [translated], kind=AAAA)
            client.use(m + 0.2, c.tcp(m + 0.1, client.end(), (translated, 443)), name)


@capture("connections/spelled-names.pcap", START)
def spelled_names(c):
    """Two resolvers are asked with capitals that change from question to question, and one of them knows no name: .20 to ::22 reach names that a
    sign-in does without, .23 does not. At .24 only answers are in the capture, and they say that a name does not exist."""
    ask_two(c, str.title, str.swapcase)
    answered = Client(c, "192.168.1.24")
    answered.sign_in(0, (WEB, LOGIN))
    for n in range(2):
        answered.resolver.answer(5 + n, 50555, response(7 + n, AUTH, A, [], NXDOMAIN))
    c.udp(60, (answered.address, 50999), ("198.51.100.9", 123), bytes(48))


@capture("connections/cut-short.pcap", START)
def cut_short(c):
    """The resolver knows no address of a node of the push channel, another node is reached, and frames are cut short: those over TCP 4 bytes behind its
    header, as no series of stock reads TLS there; the others after 100 bytes at .20, 86 at .21, 130 over IPv6, 110 at .25, where it fails. At .23
    they are whole. At .24 all works, and requests are cut off after 200 bytes."""
    kept = {"192.168.1.20": (100, 58), "192.168.1.21": (86, 58), "2001:db8::22": (130, 78), "192.168.1.24": (200, 200), "192.168.1.25": (110, 58)}
    for address in (*kept, "192.168.1.23"):
        client = Client6(c, address) if ":" in address else Client(c, address)
        client.sign_in(0)
        if address != "192.168.1.24":
            for again in range(2):
                client.resolver.ask(4 + again, "pub-weu.trouter.teams.microsoft.com", rcode=SERVFAIL if address.endswith(".25") else NXDOMAIN)
            used(client, 10, PUSH)
        c.udp(80, (address, 50999), ("2001:db8:99::9" if ":" in address else "198.51.100.9", 123), bytes(48))
    for n, (when, frame, reported) in enumerate(c.frames):
        at = 22 if frame[12:14] == b"\x86\xdd" else 26
        ends = {str(ip_address(frame[begin:begin + (16 if at == 22 else 4)])) for begin in (at, at + (16 if at == 22 else 4))}
        for address in ends & set(kept):
            c.frames[n] = (when, frame[:kept[address][frame[20 if at == 22 else 23] == 6]], reported)


@capture("connections/two-segments.pcap", START)
def two_segments(c):
    """Two segments in a row, 30 microseconds apart: of answers, .20 and over IPv6, and of what the client sends, .21. Nothing is lost."""
    for m, (client, from_client) in enumerate(((Client(c), False), (Client6(c), False), (Client(c, "192.168.1.21"), True))):
        client.sign_in(0, (WEB, LOGIN))
        connection = used(client, 5, AUTH)
        for n in range(30):
            when = 6 + 0.2 * n + 0.01 * m
            exchanges(client, connection, AUTH, (when,))
            record = tls.application_data(("two", n), 995)
            connection.send(when + 0.1, record[:500], from_client)
            connection.send(when + 0.10003, record[500:], from_client)
