# SPDX-License-Identifier: GPL-2.0-or-later
"""What a client does again and again, or does not do again."""
from scapy.layers.inet import ICMP, IP, TCP

from common import capture
from connections import (A, AAAA, ADDRESSES, AUTH, CONFIG, LOGIN, PROXY, PUSH, ROUTER, START, WEB, Client, alert, certificate, client_hello, connect, reset,
                         status, through)
from resolver import Resolver
from tls import application_data

NEEDED, OK = (407, "Proxy Authentication Required"), (200, "Connection established")
TELEMETRY = ("mobile.pipe.aria.microsoft.com", "52.114.77.33")


@capture("connections/identity-polled.pcap", START)
def identity_polled(c):
    """All begin with configuration. .20 polls identity every 5 s, and reports to telemetry; .21 every 30 s, once late; .22 every 10 s,
    and signs in at last. .23 goes to the page and to identity every 6 s; .24 to identity alone, at all times; .25 every 2.5 s."""
    five, thirty, ten, loop, odd, fast = clients = [Client(c, f"192.168.1.{n}") for n in range(20, 26)]
    for who in clients:
        who.visit(-2, CONFIG)
    for n in range(8):
        five.visit(5 * n, LOGIN)
    five.visit(12, *TELEMETRY)
    for n in range(5):
        ten.visit(10 * n, LOGIN)
        loop.visit(6 * n, WEB)
        loop.visit(6 * n + 1, LOGIN)
    for when in (0, 30, 60, 97, 127, 157):
        thirty.visit(when, LOGIN)
    ten.visit(45, AUTH)
    for when in (0, 5, 17, 21, 40):
        odd.visit(when, LOGIN)
    for n in range(6):
        fast.visit(2.5 * n, LOGIN)


@capture("connections/push-again.pcap", START)
def push_again(c):
    """All sign in, and more than 30 minutes later .20 and .21 connect a push channel again, .22 does after a question for configuration,
    .23 signs in again. .24 has a push channel alone, .25 asks for configuration and connects it: they signed in before the capture."""
    long_poll, older = "northeurope.notifications.teams.microsoft.com", "trouter.teams.microsoft.com"
    clients = [Client(c, f"192.168.1.{n}") for n in range(20, 26)]
    for n, who in enumerate(clients[:4]):
        who.sign_in(10 * n)
    clients[0].visit(1900, older, "52.123.130.31")
    clients[1].visit(1910, long_poll, "52.114.76.48")
    clients[2].ask(1920, CONFIG)
    clients[2].visit(1921, PUSH)
    clients[3].sign_in(1930)
    clients[4].visit(1940, long_poll, "52.114.76.48")
    clients[5].ask(1950, CONFIG)
    clients[5].visit(1951, older, "52.123.130.31")


@capture("connections/push-goodbye.pcap", START)
def push_goodbye(c):
    """After 60 s of silence, three times: the server's side sends an alert or a frame that closes a WebSocket, and ends the push channel
    by RST (.20, .21) or FIN (.22); .23 has RST alone; .24 is a service that is no push channel. .25 as .23, by FIN."""
    for n, last, kind in ((20, 19, "RA"), (21, 33, "RA"), (22, 19, "FA"), (23, 0, "RA"), (24, 19, "RA"), (25, 0, "FA")):
        who, name = Client(c, f"192.168.1.{n}"), CONFIG if n == 24 else PUSH
        who.sign_in(0)
        for m in range(4):
            connection = who.open(5 + 62 * m, name)
            who.use(5.2 + 62 * m, connection, name)
            if m == 3:
                continue
            if last:
                connection.send(65.3 + 62 * m, application_data(m, last), from_client=False)
                connection._segment(65.31 + 62 * m, True, "A")
            connection._segment(65.34 + 62 * m, False, kind)


@capture("connections/identity-pages.pcap", START)
def identity_pages(c):
    """.20 goes to the page and round three names of identity five times; .21 to each of two names of identity twice."""
    loop, few = Client(c), Client(c, "192.168.1.21")
    others = (("aadcdn.msauth.net", "13.107.246.44"), ("login.live.com", "20.190.160.20"))
    for n in range(5):
        for m, name in enumerate(((WEB, None), (LOGIN, None), *others)):
            loop.visit(9 * n + m, *name)
    few.visit(0, WEB)
    for n in range(2):
        few.visit(10 + 20 * n, LOGIN)
        few.visit(12 + 20 * n, *others[1])


@capture("connections/identity-then-page.pcap", START)
def identity_then_page(c):
    """Four visits to identity or more in seconds. Of .20 the session with the page goes on for 12 s, .21 opens the page again and again,
    .22 another service of a personal account's. .23 goes round the page and identity, and sees the page once more; the session with the
    page that .24 has answers for 3 s more; of .25 only telemetry goes on."""
    goes_on, again, personal, loop, late, telemetry = clients = [Client(c, f"192.168.1.{n}") for n in range(20, 26)]
    for who in clients:
        who.ask(-2, CONFIG)
    pages = [who.open(-1, WEB) for who in (goes_on, late, telemetry)]
    for who, page in zip((goes_on, late, telemetry), pages, strict=True):
        who.use(-0.8, page, WEB)
    for n in range(5):
        for who in (goes_on, again, late, telemetry):
            who.visit(1.5 * n, LOGIN)
        loop.visit(1.5 * n, LOGIN)
        loop.visit(1.5 * n + 0.7, WEB)
    for n in range(4):
        personal.visit(1.5 * n, "login.live.com", "20.190.160.20")
        again.visit(8 + 3 * n, WEB)
        personal.visit(7 + 4 * n, "teams.live.com", "52.113.194.132")
        telemetry.visit(8 + 4 * n, *TELEMETRY)
    for n in range(6):
        goes_on.exchange(8 + 2 * n, pages[0], WEB)
    late.exchange(9, pages[1], WEB)


@capture("connections/identity-then-silence.pcap", START)
def identity_then_silence(c):
    """Clients in a loop; later come, on the session with the page, PINGs of .20 and a goodbye to .21; .22 asks for configuration, and
    .23 has the picture of the page's error."""
    clients = [Client(c, f"192.168.1.{n}") for n in range(20, 24)]
    for n, who in enumerate(clients):
        page = who.open(-1, WEB)
        who.use(-0.8, page, WEB)
        for m in range(6):
            who.visit(1.5 * m, LOGIN)
        for when in {0: (20, 30, 40), 1: (30,)}.get(n, ()):
            page.send(when, application_data(("ping", when), 39))
            page.send(when + 0.02, application_data(("pong", when), 39), from_client=False)
        if n == 1:
            page.close(31)
    clients[2].visit(30, CONFIG)
    clients[3].visit(30, "statics.teams.cdn.office.net", "2.16.106.10")


@capture("connections/identity-at-end.pcap", START)
def identity_at_end(c):
    """.20 to .22 go to the page and to identity four, five and six times; the capture ends with it."""
    for n, times in ((20, 4), (21, 5), (22, 6)):
        who = Client(c, f"192.168.1.{n}")
        for m in range(times):
            who.visit(2 * (6 - times + m), WEB)
            who.visit(2 * (6 - times + m) + 1, LOGIN)


@capture("connections/customers-servers.pcap", START)
def customers_servers(c):
    """Servers in the customer's own zone, and then a sign-in. .20 accepts the company's certificate, .21 one of a public authority's, .22
    refuses the company's; .23 gets no answer at a private address, .24 a RST. The certificate that .25 accepts is for a name of Microsoft's, that of .26 for one of the customer's at an address of Microsoft's."""
    company, public = ("Contoso Issuing CA 1", "Contoso"), ("Go Daddy Secure Certificate Authority - G2", "GoDaddy.com, Inc.")
    names = [f"{label}.contoso.com" for label in ("lyncdiscoverinternal", "lyncdiscover", "sipinternal")]
    clients = [Client(c, f"192.168.1.{n}") for n in range(20, 26)]
    clients[0].visit(0, names[0], "10.1.1.9", shown=certificate(names[0], *company))
    clients[1].ask(0, names[0], "10.1.1.9")
    clients[1].visit(1, names[1], "203.0.113.50", shown=certificate(names[1], *public))
    for n in range(2):
        refused = clients[2].open(2 * n, names[2], "10.1.1.9")
        refused = clients[2].open(2 * n, names[0], "10.1.1.9") if n else refused
        clients[2].handshake(2 * n + 0.15, refused, names[0] if n else names[2], certificate(names[0] if n else names[2], *company))
        refused.send(2 * n + 0.2, alert(48))
        refused.close(2 * n + 0.21)
    clients[3].ask(0, names[0], "10.1.1.5")
    end = clients[3].end()
    for when in (0.1, 1.1, 3.1):
        clients[3].syn(when, end, ("10.1.1.5", 443))
    clients[4].ask(0, names[0], "10.1.1.5")
    clients[4].syn(0.1, clients[4].end(), ("10.1.1.5", 443), "RST")
    for who in clients[:5]:
        who.sign_in(10)
    clients[5].sign_in(10, (WEB, LOGIN))
    clients[5].visit(14, AUTH, shown=certificate(AUTH, *company))
    cloud = Client(c, "192.168.1.26")
    cloud.visit(0, names[0], "52.112.66.10", shown=certificate(names[0], *company))
    cloud.sign_in(10)


@capture("connections/refused-addresses.pcap", START)
def refused_addresses(c):
    """RST in answer to SYNs to identity: .20 at three addresses, .21 twice at one; a router refuses .22 at two."""
    addresses = [ADDRESSES[LOGIN], "40.126.32.74", "20.190.160.20"]
    for n, tried in ((20, addresses), (21, addresses[:1] * 2), (22, addresses[:2])):
        who = Client(c, f"192.168.1.{n}")
        who.visit(0, WEB)
        who.resolver.ask(2, LOGIN, addresses)
        for m, at in enumerate(tried):
            end = who.end()
            who.syn(3 + m, end, (at, 443), None if n == 22 else "RST")
            if n == 22:
                quoted = IP(src=who.address, dst=at) / TCP(sport=end[1], dport=443, seq=0x10000000 + end[1], flags="S")
                c.frame(3.02 + m, ICMP(type=3, code=13) / quoted, ROUTER, who.address)
        who.visit(20, CONFIG)


@capture("connections/server-hello-unseen.pcap", START)
def server_hello_unseen(c):
    """The start of the server's part is not in the capture, and the client ends: .20 had acknowledged it, .21 had not."""
    for n in (20, 21):
        who = Client(c, f"192.168.1.{n}")
        who.sign_in(0, (WEB, LOGIN))
        for m in range(2):
            connection = who.open(4 + 10 * m, AUTH)
            connection.send(4.2 + 10 * m, client_hello(AUTH))
            connection._segment(4.22 + 10 * m, False, "A")
            at = connection.sequence[False]
            connection.sequence[False] += 2880
            connection.send(4.25 + 10 * m, application_data(m, 1200), from_client=False)
            if n == 21:
                connection.sequence[False] = at
            connection._segment(4.26 + 10 * m, True, "A")
            connection._segment(11 + 10 * m, True, "FA")


@capture("connections/asked-once.pcap", START)
def asked_once(c):
    """.20 has credentials for two names and does not come back for a third; .21 for none of three; .22 is asked when the capture ends;
    .23 has credentials, and none for a name that it tries three times."""
    some, none, last, again = (Client(c, f"192.168.1.{n}") for n in range(20, 24))
    for who in (some, again):
        through(who, 0, WEB, [NEEDED, OK])
        through(who, 2, LOGIN, [NEEDED, OK])
    through(some, 4, AUTH, [NEEDED])
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        through(none, 2 * n, name, [NEEDED])
        through(again, 4 + n, AUTH, [NEEDED])
    connection = last.c.tcp(29, last.end(), PROXY)
    connection.send(29.1, connect(WEB))
    connection.send(29.2, status(*NEEDED), from_client=False)


@capture("connections/not-always.pcap", START)
def not_always(c):
    """Besides connections with the same names that work: one is reset after the server name, one has no answer after it, one is
    refused, by RST or by ICMP, SYNs to one of two addresses and to an address that answered before have no answer."""
    client = Client(c)
    client.sign_in(0)
    connection = client.open(4, CONFIG)
    connection.send(4.2, client_hello(CONFIG))
    reset(connection, 4.25)
    client.visit(5, CONFIG)
    connection = client.open(6, WEB)
    connection.send(6.2, client_hello(WEB))
    connection._segment(6.22, False, "A")
    connection.close(13)
    client.ask(14, PUSH)
    client.syn(14.1, client.end(), ("52.123.130.30", 443), "RST")
    client.visit(15, PUSH)
    client.resolver.ask(17, AUTH, ["52.123.128.15"])
    for server, when in (("52.123.128.15", 17.1), ("20.190.128.10", 30)):
        end = client.end()
        for again in (0, 1, 3, 7):
            client.syn(when + again, end, (server, 443))
    client.visit(27, AUTH)
    client.ask(29, LOGIN)
    client.visit(45, LOGIN)
    name, address = "presence.teams.microsoft.com", "52.123.145.9"
    client.resolver.ask(50, name, ["52.123.145.8"])
    end = client.end()
    client.syn(50.1, end, ("52.123.145.8", 443))
    quoted = IP(src=client.address, dst="52.123.145.8") / TCP(sport=end[1], dport=443, flags="S", seq=0x10000000 + end[1])
    c.frame(50.12, ICMP(type=3, code=0) / quoted, ROUTER, client.address)
    client.visit(51, name, address)


@capture("connections/portal-ends.pcap", START)
def portal_ends(c):
    """A portal comes in mid-capture, and ends what clients open: .20 by RST, .21 by an alert, .22 does not answer; fd00:7::23 is there
    before, and reset. Beside the portal another private address, which begins with the same digits, ends a session of .20 as well."""
    for n in range(20, 24):
        who, portal = Client(c, f"192.168.1.{n}" if n < 23 else "fd00:7::23"), "10.0.0.1" if n < 23 else "fd00:7::1"
        if n < 23:
            who.sign_in(0)
        else:
            who.resolver = Resolver(c, who.address, portal)
        for m, name in enumerate((WEB, LOGIN, AUTH, PUSH)):
            when = 10 + 10 * m
            who.resolver.ask(when, name, [portal], kind=AAAA if n == 23 else A)
            connection = c.tcp(when + 0.1, who.end(), (portal, 443))
            connection.send(when + 0.2, client_hello(name))
            if n == 21:
                connection.send(when + 0.22, alert(112), from_client=False)
            elif n == 22:
                connection._segment(when + 0.22, False, "A")
                connection.close(when + 7)
            if n != 22:
                reset(connection, when + 0.25)
        if n == 20:
            connection = who.open(60, CONFIG, "10.0.0.14")
            connection.send(60.2, client_hello(CONFIG))
            reset(connection, 60.25)


@capture("connections/syn-again.pcap", START)
def syn_again(c):
    """SYNs that are sent again, of connections that only what follows tells to be ours: two through a proxy, the first of them asks
    for credentials, and one whose question the capture lacks."""
    client = Client(c)
    for when, repeats in ((0, (0, 1)), (10, (0, 1, 3))):
        end = client.end()
        for again in repeats[:-1]:
            client.syn(when + again, end, PROXY)
        connection = c.tcp(when + repeats[-1], end, PROXY)
        when += repeats[-1]
        if when == 1:
            connection.send(when + 0.1, connect(WEB))
            connection.send(when + 0.15, status(*NEEDED), from_client=False)
        connection.send(when + 0.3, connect(WEB, True))
        connection.send(when + 0.4, status(*OK), from_client=False)
        client.use(when + 0.5, connection, WEB)
        connection.close(when + 1)
    end = client.end()
    client.syn(20, end, ("20.190.128.10", 443))
    connection = c.tcp(21, end, ("20.190.128.10", 443))
    client.use(21.2, connection, LOGIN)
    connection.close(22)


@capture("connections/tries-apart.pcap", START)
def tries_apart(c):
    """Each asks the front door's server once in vain, then works with it. .20: a SYN without an answer, then three minutes later, when the
    user is back. .21: it waits 6 s for an answer, at another address. .22: refused by RST, then ten minutes later again, then 2 s after that.
    .23: three tries, 20 s apart, then one that works. .24: works first, and later has a SYN without an answer."""
    waits, ends = (0.1, 1.1, 3.1), ("192.0.2.14", 443)
    clients = [Client(c, f"192.168.1.{n}") for n in range(20, 25)]
    idle, waiting, refused, often, healthy = clients
    for when in waits:
        idle.syn(when, (idle.address, 51000), (ADDRESSES[WEB], 443))
        waiting.syn(when, (waiting.address, 51000), ends)
    waiting.ask(0, WEB, ends[0])
    idle.ask(0, WEB)
    refused.ask(0, WEB)
    often.ask(0, WEB)
    idle.sign_in(183.1)
    waiting.sign_in(6)
    for when in (0.1, 600.1):
        refused.syn(when, refused.end(), (ADDRESSES[WEB], 443), answer="RST")
    refused.sign_in(602)
    for when in (0.1, 20.1, 40.1):
        often.syn(when, often.end(), (ADDRESSES[WEB], 443), answer="RST")
    often.sign_in(60)
    healthy.sign_in(0)
    healthy.syn(20, healthy.end(), (ADDRESSES[WEB], 443))
    healthy.visit(22, WEB)
