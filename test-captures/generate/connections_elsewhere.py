# SPDX-License-Identifier: GPL-2.0-or-later
"""Names and sessions that get there another way than the first one: the other family of addresses, a proxy in place of
the resolver, one address for all names, a ClientHello that is not where it is looked for."""
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.packet import Raw

import tls
from common import capture
from connections import (ADDRESSES, AUTH, CHANGE, CONFIG, LOGIN, PROXY, PUSH, RESOLVER, START, TLS_1_3, WEB, Client, alert, certificate, client_hello,
                         connect, server_hello, status, through)
from resolver import A, AAAA, NXDOMAIN, Resolver, chain, query, response

STATICS = "statics.teams.cdn.office.net"
EDGE, GATE = "s-0005.s-msedge.net", "login.mso.msidentity.com"
OK, FORBIDDEN = (200, "Connection established"), (403, "Forbidden")


@capture("connections/other-family.pcap", START)
def other_family(c):
    """The resolver has no IPv4 for two names with aliases, as in a network of IPv6 alone. It answers AAAA first for ::20, A first for
    ::21; ::22 asks for A, and for AAAA later. ::23 asks for both, and ::24 for A alone: neither has an address. ::25 asks
    three times for a name with IPv6 alone, which it does not connect to; ::26 does once."""
    for n in range(5):
        client = Client(c, f"2001:db8:1::{20 + n}")
        ask = client.resolver = Resolver(c, client.address, "2001:db8:1::53")
        for m, (name, alias) in enumerate(((WEB, EDGE), (LOGIN, GATE))):
            when = 20 * n + 3 * m
            steps = {A: [alias], AAAA: [alias] if n > 2 else [alias, f"2603:1063::{m + 1}"]}
            for kind in {0: (AAAA, A), 1: (A, AAAA), 2: (A, AAAA), 3: (A, AAAA), 4: (A,)}[n]:
                port, number = ask.question(when, name, kind)
                ask.answer(when + 0.02, port, response(number, name, kind, chain(name, steps[kind])))
                when += 0.5 if n == 2 else 0.001
            if n < 3:
                client.use(when + 0.2, c.tcp(when + 0.1, client.end(), (steps[AAAA][-1], 443)), name)
        c.udp(20 * n + 15, (client.address, 50999), ("2001:db8::99", 123), bytes(48))
    for n, count in ((25, 3), (26, 1)):
        client = Client(c, f"2001:db8:1::{n}")
        ask = client.resolver = Resolver(c, client.address, "2001:db8:1::53")
        start = 100 + 40 * (n - 25)
        ask.ask(start, WEB, [EDGE, "2603:1063::1"], AAAA)
        client.use(start + 0.2, c.tcp(start + 0.1, client.end(), ("2603:1063::1", 443)), WEB)
        for k in range(count):
            ask.ask(start + 2 + 3 * k, LOGIN, [GATE])
            ask.ask(start + 2.01 + 3 * k, LOGIN, [GATE, "2603:1063::2"], AAAA)
        c.udp(start + 30, (client.address, 50999), ("2001:db8::99", 123), bytes(48))


def refused(c, when, client):
    """The question as the resolver's host sends it back: nothing listens there."""
    quoted = bytes(IP(src=client, dst=RESOLVER) / UDP(sport=50500, dport=53) / Raw(query(7, WEB)))
    c.udp(when, (client, 50500), (RESOLVER, 53), query(7, WEB))
    c.frame(when + 0.001, ICMP(type=3, code=3) / Raw(quoted), RESOLVER, client)


@capture("connections/resolver-around.pcap", START)
def resolver_around(c):
    """The resolver never answers, or refuses by ICMP, and a proxy resolves all names: .20 and .21. Without DNS, .22 has addresses from
    before. The proxy forbids .23 one of two names, and .24 has no proxy."""
    for n in range(5):
        client, start = Client(c, f"192.168.1.{20 + n}"), 30 * n
        for m, name in enumerate((WEB, LOGIN, AUTH)):
            for again in range(3):
                when = start + 5 * m + again
                if n == 1:
                    refused(c, when, client.address)
                else:
                    client.resolver.question(when, name)
            if n == 2:
                client.use(when + 1.2, c.tcp(when + 1, client.end(), (ADDRESSES[name], 443)), name)
            elif n < 4:
                through(client, when + 1, name, [FORBIDDEN if n == 3 and name == LOGIN else OK])
        c.udp(start + 25, (client.address, 123), ("198.51.100.99", 123), bytes(48))


@capture("connections/leads-on.pcap", START)
def leads_on(c):
    """All names lead to one address, where sessions with services carry data: a private one at .20, a public one at .21. At .22 none
    answers there; .23 has sessions with the page and with identity, and the server ends those with services. At .24 somebody puts that
    answer in before the resolver's, and the client takes the second one. .25 and .26 are as .20, and identity is no session there: it is reset
    after the server name, or its certificate is a stranger's, which the client refuses."""
    for n, address in enumerate(("10.50.0.3", "198.51.100.50", "10.50.0.3", "10.50.0.3")):
        client = Client(c, f"192.168.1.{20 + n}")
        for m, name in enumerate((WEB, STATICS, LOGIN, AUTH, CONFIG)):
            when = 20 * n + 2 * m
            if n < 2 or (n == 3 and name in (WEB, LOGIN)):
                client.visit(when, name, address)
            elif n == 3:
                connection = client.open(when, name, address)
                connection.send(when + 0.2, client_hello(name))
                connection._segment(when + 0.25, False, "RA")
            else:
                client.ask(when, name, address)
                for again in (0, 1, 3):
                    client.syn(when + 0.1 + again / 10, (client.address, 50700 + m), (address, 443))
    client = Client(c, "192.168.1.24")
    for m, name in enumerate((WEB, LOGIN, AUTH, CONFIG)):
        port, number = client.resolver.question(100 + m, name)
        for n, steps in enumerate((["198.51.100.60"], [EDGE, ADDRESSES[name]])):
            client.resolver.answer(100.02 + m + n / 100, port, response(number, name, A, chain(name, steps)))
        client.use(100.1 + m, c.tcp(100.05 + m, client.end(), (ADDRESSES[name], 443)), name)
    for n in (25, 26):
        client = Client(c, f"192.168.1.{n}")
        for m, name in enumerate((WEB, STATICS, AUTH, CONFIG)):
            client.visit(20 * n - 380 + 2 * m, name, "10.50.0.3")
        for k in range(3):
            when = 20 * n - 370 + 2 * k
            connection = client.open(when, LOGIN, "10.50.0.3")
            if n == 26:
                client.handshake(when + 0.2, connection, LOGIN, certificate(LOGIN, "Example Inspection CA", "Example"))
                connection.send(when + 0.25, alert(48))
            else:
                connection.send(when + 0.2, client_hello(LOGIN))
            connection._segment(when + 0.26, n == 26, "RA")


class Unusual(Client):
    """Sessions of TLS 1.3 whose ClientHello goes another way."""

    def rest(self, when, connection, name):
        """All from the server's flight on."""
        connection.send(when, server_hello(TLS_1_3) + CHANGE + tls.application_data((name, "flight"), 900), from_client=False)
        self.finish(when + 0.03, connection, name)
        self.exchange(when + 0.07, connection, name)
        connection.close(when + 0.5)

    def in_the_syn(self, when, name):
        """TCP Fast Open (RFC 7413): the SYN has the ClientHello, and its answer acknowledges that."""
        self.ask(when, name)
        hello, end = client_hello(name), self.end()
        connection = self.c.tcp(when + 0.12, end, (ADDRESSES[name], 443))
        del self.c.frames[-3:]
        sequence = 0x10000000 + end[1]
        start = TCP(sport=end[1], dport=443, seq=sequence, flags="S", window=64240, options=[("TFO", (0x11223344, 0x55667788))])
        answer = TCP(sport=443, dport=end[1], seq=0x20000000 + 443, ack=sequence + 1 + len(hello), flags="SA", window=64240)
        self.c.frame(when + 0.1, start / Raw(hello), end[0], ADDRESSES[name])
        self.c.frame(when + 0.12, answer, ADDRESSES[name], end[0])
        connection.sequence[True] = sequence + 1 + len(hello)
        connection._segment(when + 0.1201, True, "A")
        self.rest(when + 0.15, connection, name)

    def taken_for_old(self, when, name):
        """The acknowledgement of the ClientHello was captured before it, as of two queues of a network card."""
        connection = self.open(when, name)
        hello = client_hello(name)
        connection.sequence[True] += len(hello)
        connection._segment(when + 0.15, False, "A")
        connection.sequence[True] -= len(hello)
        connection.send(when + 0.1501, hello)
        self.rest(when + 0.18, connection, name)

    def not_captured(self, when, name):
        connection = self.open(when, name)
        connection.sequence[True] += len(client_hello(name))
        self.rest(when + 0.18, connection, name)


@capture("connections/hello-elsewhere.pcap", START)
def hello_elsewhere(c):
    """ClientHellos in the SYN at .20, behind their acknowledgement at .21, missing at .22. At .23 TCP is established, and no more."""
    for n, each in enumerate((Unusual.in_the_syn, Unusual.taken_for_old, Unusual.not_captured)):
        client = Unusual(c, f"192.168.1.{20 + n}")
        for m, name in enumerate((WEB, LOGIN, AUTH)):
            each(client, 20 * n + 2 * m, name)
    client = Client(c, "192.168.1.23")
    for m, name in enumerate((WEB, LOGIN, AUTH)):
        client.open(60 + 2 * m, name).close(62 + 2 * m)


@capture("connections/listed-and-there.pcap", START)
def listed_and_there(c):
    """Seven names, each asked for once. At .20 and .21 five or six of them do not exist, and nothing is connected; at .22 the client
    connects to the one that does, and at .23 it asks for one again."""
    names = (WEB, LOGIN, AUTH, CONFIG, PUSH, "presence.teams.microsoft.com", "emea.ng.msg.teams.microsoft.com")
    for n, there in enumerate(((WEB, LOGIN), (names[-1],), (WEB,), (WEB,))):
        client = Client(c, f"192.168.1.{20 + n}")
        for m, name in enumerate(names):
            if n == 2 and name == WEB:
                client.visit(30 * n, name)
            else:
                client.resolver.ask(30 * n + m, name, [ADDRESSES.get(name, "52.123.145.9")] if name in there else (),
                                    rcode=0 if name in there else NXDOMAIN)
        if n == 3:
            client.resolver.ask(30 * n + 9, AUTH, rcode=NXDOMAIN)
        c.udp(30 * n + 20, (client.address, 123), ("198.51.100.99", 123), bytes(48))


MX, TXT, NS = 15, 16, 2


@capture("connections/other-records.pcap", START)
def other_records(c):
    """Questions for other records than addresses: .20 checks a mail, .21 looks at zones, .22 at a zone and then for an address."""
    mail, zones, client = (Client(c, f"192.168.1.{20 + n}") for n in range(3))
    for m, kind in enumerate((MX, TXT, A)):
        mail.resolver.ask(m, "email.teams.microsoft.com", ["52.113.9.9"] if kind == A else (), kind=kind)
    for m, name in enumerate((WEB, "presence.teams.microsoft.com", "trouter.teams.microsoft.com")):
        zones.resolver.ask(10 + m, name, kind=(NS, TXT, MX)[m])
    client.resolver.ask(20, WEB, kind=NS)
    client.ask(22, WEB)
    client.ask(23, LOGIN)


@capture("connections/watched.pcap", START)
def watched(c):
    """Monitors that look at sites by the clock: .20 at the page and at identity every 60 s, .21 at identity and at the page every 30 s,
    once at a site of others, .22 at the government's every 120 s, once late. .23 goes round both after 30 s and less, as a person who tries
    again; .24 every 20 s."""
    gov = (("gov.teams.microsoft.us", "52.127.88.59"), ("login.microsoftonline.us", "20.140.232.10"))
    rounds = (range(0, 300, 60), range(0, 180, 30), (0, 120, 247, 367, 487), (0, 30, 41, 65, 93), range(0, 100, 20))
    for n, times in enumerate(rounds):
        client = Client(c, f"192.168.1.{20 + n}")
        for when in times:
            if n == 2:
                for m, site in enumerate(gov):
                    client.visit(when + m, *site)
                continue
            for m, name in enumerate((LOGIN, WEB) if n == 1 else (WEB, LOGIN)):
                client.visit(when + m, name)
            if n == 1 and when == 60:
                client.visit(when + 2, "www.example.org", "198.51.100.70")


def through_address(client, when, name, address, host=None):
    """CONNECT with the address, and a session with the name inside; name None: the proxy refuses."""
    connection = client.c.tcp(when, client.end(), PROXY)
    connection.send(when + 0.1, connect(host or address))
    connection.send(when + 0.13, status(*(OK if name else FORBIDDEN)), from_client=False)
    if name:
        client.use(when + 0.2, connection, name)
    connection.close(when + 0.6)


@capture("connections/proxy-by-address.pcap", START)
def proxy_by_address(c):
    """Clients that look names up themselves, or did before, and ask the proxy for the addresses: .20 with DNS, .21 without, .22 over
    IPv6. .23 asks for a relay, whose address is the server name inside; .24 for an address that it is refused."""
    six = {WEB: "2620:1ec:42::132", LOGIN: "2603:1026:3000:148::2", AUTH: "2603:1063:20::e"}
    for n in range(5):
        client, start = Client(c, f"192.168.1.{20 + n}"), 10 * n
        for m, name in enumerate((WEB, LOGIN, AUTH) if n < 3 else (WEB, LOGIN)):
            if n == 0:
                client.ask(start + 2 * m, name)
            if n == 2:
                through_address(client, start + 2 * m + 0.1, name, six[name], f"[{six[name]}]")
            else:
                through_address(client, start + 2 * m + 0.1, name, ADDRESSES[name])
        if n > 2:
            through_address(client, start + 5, "52.114.250.11" if n == 3 else None, "52.114.250.11")


@capture("connections/null-at-first.pcap", START)
def null_at_first(c):
    """Three names, each asked for three times, that lead to 0.0.0.0 at .20, to :: at .21, to loopback at .22, to private addresses at .23;
    at .24 only identity leads to 0.0.0.0; then to what is right, and the sign-in goes through. .25 and .26 are as .20: the right
    answers never come, or come and no connection follows. At .27 the null addresses come after the right ones. .28 is as .23, with one
    private address for all names, as of a portal."""
    for n, null in enumerate(("0.0.0.0", "::", "127.0.0.1", "", *["0.0.0.0"] * 4, "10.9.9.9")):
        client, start = Client(c, f"192.168.1.{20 + n}"), 60 * n
        if n == 7:
            client.sign_in(start)
        for k in range(3):
            for m, name in enumerate((WEB, LOGIN, AUTH)):
                kind = AAAA if null == "::" else A
                if n == 4 and name != LOGIN:
                    client.visit(start + 5 * k + m, name)
                else:
                    client.resolver.ask(start + 5 * (k + (n == 7)) + m, name, [f"10.9.9.{m + 1}" if n == 3 else null], kind=kind)
        if n == 6:
            for m, name in enumerate((WEB, LOGIN, AUTH)):
                client.ask(start + 30 + m, name)
        elif n not in (5, 7):
            client.sign_in(start + 30)
        c.udp(start + 50, (client.address, 123), ("198.51.100.99", 123), bytes(48))
