# SPDX-License-Identifier: GPL-2.0-or-later
"""What lookups say, and what they do not: addresses under another name, answers that come late or one after the
other, lists that somebody checks."""
from common import capture
from resolver import A, AAAA, HTTPS, NXDOMAIN, REFUSED, SERVFAIL, SRV, chain, query, response
from sessions import go_on, start
from signin import Client, allocate

EDGE = "e4593.g.akamaiedge.net"     # in no table


@capture("sessions/aliases-alone.pcap", "2026-03-02T08:00:00")
def aliases_alone(c):
    """Clients that have an alias from elsewhere, and ask for where it leads: at .100 for A, at ::101 for AAAA, at .102 for HTTPS
    with a hint. TLS under the name itself follows. At .103 the answer comes after the ClientHello, at .104 it gives another address."""
    four, hints, late, other = (Client(c, f"192.168.1.{n}") for n in (100, 102, 103, 104))
    six = Client(c, "2001:db8:1::101", "2001:db8::1")
    hint = b"\0\1\0" + b"\0\4" + b"\0\4" + bytes([198, 51, 100, 102])      # priority 1, ".", key 4 of RFC 9460, 14.3.2
    four.resolver.ask(0, EDGE, ["198.51.100.100"])
    six.resolver.ask(0.1, EDGE, ["2001:db8:ed9e::101"], kind=AAAA)
    hints.resolver.ask(0.2, EDGE, kind=HTTPS, records=[(EDGE, HTTPS, 60, hint)])
    late.resolver.ask(3, EDGE, ["198.51.100.103"])
    other.resolver.ask(0.4, EDGE, ["198.51.100.105"])
    for n, (client, address) in enumerate(((four, "198.51.100.100"), (six, "2001:db8:ed9e::101"), (hints, "198.51.100.102"),
                                           (late, "198.51.100.103"), (other, "198.51.100.104"))):
        client.connect(1 + n * 0.1, address, "teams.microsoft.com")


@capture("sessions/answers-in-between.pcap", "2026-03-02T08:00:00")
def answers_in_between(c):
    """A and HTTPS of the relay's name lead to two hosts; the HTTPS answer comes last, after another name has been asked for."""
    client = Client(c, "192.168.1.106")
    name, manager = "euaz.tr.teams.microsoft.com", "euaz.tr.teams.trafficmanager.net"
    start(client, 0)
    client.resolver.ask(2, name, [manager, "b-tr-teams-euno-05.northeurope.cloudapp.azure.com", "52.114.250.123"])
    port, number = client.resolver.question(2.001, name, HTTPS)
    client.resolver.ask(8, "authsvc.teams.microsoft.com", ["52.113.194.134"])
    client.resolver.answer(8.5, port, response(number, name, HTTPS, chain(name, [manager, "b-tr-teams-aue-02.australiaeast.cloudapp.azure.com"])))


@capture("sessions/lists-looked-up.pcap", "2026-08-17T08:00:00")
def lists_looked_up(c):
    """Six names of which none exists. At .110 each is asked for once, which is how a list is checked; at .111 for A and AAAA, as
    clients do; at .112 the last one twice; at .113 the first one exists. At .114 there are four."""
    names = ("authsvc.teams.microsoft.com", "config.teams.microsoft.com", "go.trouter.teams.microsoft.com",
             "api.flightproxy.teams.microsoft.com", "outlook.cloud.microsoft", "teams.cloud.microsoft")
    for n in range(5):
        client = Client(c, f"192.168.1.{110 + n}")
        for i, name in enumerate(names[2:] if n == 4 else names):
            exists = n == 3 and i == 0
            for kind in (A, AAAA) if n == 1 else (A,):
                client.resolver.ask(n * 30 + i, name, ["52.113.194.132"] if exists else (), kind=kind, rcode=0 if exists else NXDOMAIN)
        if n == 2:
            client.resolver.ask(n * 30 + 9, names[-1], rcode=NXDOMAIN)
        c.udp(n * 30 + 12, (f"192.168.1.{110 + n}", 123), ("192.168.1.1", 123), bytes(48))


@capture("sessions/stalled-twice.pcap", "2026-03-02T08:00:00")
def stalled_twice(c):
    """Sign-ins that stop after identity. The client at .116 signs in again 40 minutes later, and gets through; so does the one at .118,
    which had asked for call set-up the first time. The one at .117 never comes back."""
    for n in (116, 117):
        start(Client(c, f"192.168.1.{n}"), 0)
    caller = Client(c, "192.168.1.118")
    start(caller, 0)
    caller.resolver.ask(3, "api.flightproxy.teams.microsoft.com", ["52.114.77.136"])
    for client in (Client(c, "192.168.1.116"), caller):
        start(client, 2400)
        go_on(client, 2403)


@capture("sessions/forwarders.pcap", "2026-03-02T08:00:00")
def forwarders(c):
    """Resolvers that ask another one in their clients' place: over IPv4 for the PC at .120, over IPv6 for ::121. The one that .122
    asks is a PC itself, which signs in by TLS. At .123 a resolver is captured alone: its clients are elsewhere."""
    names = (("teams.microsoft.com", "52.113.194.132"), ("login.microsoftonline.com", "20.190.128.10"))
    for when, address, resolver, above in ((0, "192.168.1.120", "192.168.1.1", "9.9.9.9"), (10, "2001:db8:1::121", "2001:db8:1::1", "2620:fe::fe"),
                                           (20, "192.168.1.122", "192.168.1.9", "9.9.9.9")):
        client, box = Client(c, address, resolver), Client(c, resolver, above)
        for n, (name, answer) in enumerate(names):
            client.resolver.ask(when + n, name, [answer], rtt=0.03)
            box.resolver.ask(when + n + 0.01, name, [answer], rtt=0.01)
            if ":" not in address:
                client.connect(when + n + 0.1, answer, name)
    for n, (name, answer) in enumerate(names):
        Client(c, "192.168.1.9").connect(30 + n, answer, name)
        Client(c, "192.0.2.123", "9.9.9.9").resolver.ask(40 + n / 2, name, [answer])
    Client(c, "192.0.2.124", "9.9.9.9").resolver.ask(200, names[1][0], [names[1][1]])


# Each server answers for its own zones: name, answer of one step, code.
STEPS = (("teams.microsoft.com", ["teams-office-com.s-0005.dual-s-msedge.net"], 0),
         ("teams-office-com.s-0005.dual-s-msedge.net", ["s-0005.dual-s-msedge.net"], 0),
         ("s-0005.dual-s-msedge.net", ["52.123.128.14"], 0),
         ("_.login.microsoftonline.com", [], NXDOMAIN),     # RFC 9156: a name that is asked for to hide the rest
         ("login.microsoftonline.com", ["login.mso.msidentity.com"], 0),
         ("login.mso.msidentity.com", [], REFUSED),
         ("emea.ng.msg.teams.microsoft.com", ["emea.ng.msg.teams-msgapi.trafficmanager.net"], 0),
         ("teams.live.com", ["52.123.128.15"], 0),
         ("gov.teams.microsoft.us", ["52.127.88.10"], 0),
         ("webdir.online.lync.com", ["52.112.65.74"], 0))


def iterate(c, when, address, steps=STEPS):
    """Questions without RD, each to another server, from one port each."""
    for n, (name, answer, rcode) in enumerate(steps):
        asking, server = (address, 40000 + n), (f"203.0.113.{n + 1}", 53)
        c.udp(when + n, asking, server, query(n + 1, name, desired=0))
        c.udp(when + n + 0.02, server, asking, response(n + 1, name, A, chain(name, answer), rcode, desired=0))


@capture("sessions/resolvers-iterate.pcap", "2026-03-02T08:00:00")
def resolvers_iterate(c):
    """Resolvers that go from server to server: at 192.0.2.125 one that is captured alone, at 192.168.1.126 that of a PC itself, which
    signs in by TLS. The client at .127 asks a resolver that answers with the first alias alone, the one at .128 one whose NXDOMAIN
    lacks RD. At 192.168.1.10 the resolver of .129 (work), .130 (personal) and .131 (GCC High) asks another one."""
    iterate(c, 0, "192.0.2.125")
    for n in range(3):      # a server that does not answer
        c.udp(11 + n * 5, ("192.0.2.125", 40100), ("203.0.113.99", 53), query(100, "teams.microsoft.com", desired=0))
    iterate(c, 30, "192.168.1.126", STEPS[:3])
    for n, (name, address) in enumerate((("teams.microsoft.com", "52.123.128.14"), ("authsvc.teams.microsoft.com", "52.113.194.134"))):
        Client(c, "192.168.1.126").connect(35 + n, address, name)
    alias, denied = Client(c, "192.168.1.127"), Client(c, "192.168.1.128")
    alias.resolver.ask(50, "teams.microsoft.com", STEPS[0][1])
    for n in range(2):
        for name in ("teams.microsoft.com", "login.microsoftonline.com"):
            for kind in (A, AAAA):
                port, number = denied.resolver.question(60 + n, name, kind)
                denied.resolver.answer(60.02 + n, port, response(number, name, kind, [], NXDOMAIN, desired=0))
    box = Client(c, "192.168.1.10", "9.9.9.9")
    for n, names in enumerate((("teams.microsoft.com", "login.microsoftonline.com"), ("teams.live.com",),
                               ("gov.teams.microsoft.us", "webdir.online.lync.com"))):
        client = Client(c, f"192.168.1.{129 + n}", "192.168.1.10")
        for i, name in enumerate(names):
            client.resolver.ask(70 + n * 3 + i, name, ["52.113.194.132"], rtt=0.03)
            box.resolver.ask(70.01 + n * 3 + i, name, ["52.113.194.132"], rtt=0.01)
    c.udp(100, ("192.168.1.127", 123), ("192.168.1.1", 123), bytes(48))


@capture("sessions/skype-personal.pcap", "2018-05-04T09:00:00")
def skype_personal(c):
    """Names that Skype and Teams of 2017 share: at .132 beside those of a personal account, at .133 alone, at .134 beside a name of Teams."""
    shared = ("api.cc.skype.com", "amer-client-ss.msg.skype.com")
    for n, names in enumerate((("login.skype.com", "contacts.skype.com", *shared), shared, ("teams.microsoft.com", *shared))):
        client = Client(c, f"192.168.1.{132 + n}")
        for i, name in enumerate(names):
            client.visit(n * 5 + i, name, f"52.114.{n}.{i + 1}")


@capture("sessions/lync-inside.pcap", "2019-06-04T09:00:00")
def lync_inside(c):
    """Lync on premises: its names lead to a pool with a private address, at .135 to a server that answers, at .136 nobody connects. At
    .137 a name of Teams leads to the same address."""
    pool, address = "lyncpool.example.org", "10.20.0.80"
    for n in (135, 136):
        client = Client(c, f"192.168.1.{n}")
        client.resolver.ask(n, "lyncdiscoverinternal.example.org", [pool, address])
        client.resolver.ask(n + 0.2, "sip.example.org", [address])
        if n == 135:
            client.connect(n + 0.1, address, "lyncdiscoverinternal.example.org")
    Client(c, "192.168.1.137").visit(140, "teams.microsoft.com", pool, address)
    c.udp(160, ("192.168.1.137", 123), ("192.168.1.1", 123), bytes(48))


@capture("sessions/relay-first.pcap", "2026-03-02T08:00:00")
def relay_first(c):
    """A relay is asked at 0 s: by .140, which signs in 2 s later, by .141, which sends the server names of that alone, and by .142, which
    does neither."""
    for n in (140, 141, 142):
        allocate(c, n / 1000, (f"192.168.1.{n}", 50012), ("52.114.250.10", 3478))
    start(Client(c, "192.168.1.140"), 2)
    Client(c, "192.168.1.141").connect(3, "52.113.194.132", "teams.microsoft.com")


@capture("sessions/addresses-taken.pcap", "2026-03-02T08:00:00")
def addresses_taken(c):
    """The client at .143 signs in, and then sends ClientHellos without a server name: at 10 s to an address that its own question
    about a stranger's name was answered with since, at 20 s to one that .144 got so, at 30 s to one that Edge at .145 got for its own
    configuration. At 40 s and 50 s only aliases of the name were asked for, at 60 s nothing; at 70 s the server name is there."""
    client, other, edge = (Client(c, f"192.168.1.{n}") for n in (143, 144, 145))
    start(client, 0)
    go_on(client, 2)
    client.visit(5, "presence.teams.microsoft.com", "presence.services.sfb.trafficmanager.net", EDGE, "52.114.88.30")
    client.connect(9, "52.113.194.132", None)
    client.resolver.ask(9.9, "www.linkedin.com", ["l-0005.l-msedge.net", "52.113.194.132"])
    client.connect(10, "52.113.194.132", None)
    other.resolver.ask(19.9, "www.example.org", ["52.114.88.20"])
    client.connect(20, "52.114.88.20", None)
    edge.resolver.ask(29.9, "config.edge.skype.com", ["52.113.194.133"])
    client.connect(30, "52.113.194.133", None)
    client.resolver.ask(39.9, "presence.services.sfb.trafficmanager.net", [EDGE, "52.114.88.30"])
    client.connect(40, "52.114.88.30", None)
    other.resolver.ask(49.9, EDGE, ["52.114.88.30"])
    client.connect(50, "52.114.88.30", None)
    client.connect(60, "52.113.194.134", None)
    client.connect(70, "52.113.194.132", "teams.microsoft.com")


def over_tcp(client, when, name, address, rtt=0.02):
    """The same question on a connection of its own."""
    port, number = 52000 + client.resolver.number % 1000, client.resolver.number
    connection = client.capture.tcp(when, (client.address, port), (client.resolver.server, 53), rtt)
    for message, asks in ((query(number, name), True), (response(number, name, A, chain(name, [address])), False)):
        connection.send(when + (2 if asks else 3) * rtt, len(message).to_bytes(2, "big") + message, asks)
    connection.close(when + 5 * rtt)


@capture("sessions/answers-truncated.pcap", "2026-03-02T08:00:00")
def answers_truncated(c):
    """At .146 each answer over UDP comes after 0.4 s and is truncated; 0.1 s later the client asks over TCP, and has the answer 0.06 s
    after that. At .147 each question is sent twice over UDP, a second apart, and the second is answered so; at .148 nothing follows
    over TCP. At .149 there is no UDP at all."""
    names = (("teams.microsoft.com", "52.113.194.132"), ("login.microsoftonline.com", "20.190.128.10"), ("authsvc.teams.microsoft.com", "52.113.194.134"))
    for host in (146, 147, 148, 149):
        client = Client(c, f"192.168.1.{host}")
        for n, (name, address) in enumerate(names):
            when = (host - 146) * 30 + n * 5
            if host == 147:
                client.resolver.question(when, name)
                when += 1
            if host == 149:
                client.resolver.number += 1
            else:
                client.resolver.ask(when, name, records=[], rtt=0.4, truncated=True)
            if host != 148:
                over_tcp(client, when + 0.5, name, address)
                client.connect(when + 0.7, address, name)


@capture("sessions/forwarder-signs-in.pcap", "2026-03-02T08:00:00")
def forwarder_signs_in(c):
    """The PC at 192.168.1.11 signs in, and resolves names for .150, .151 and ::152: one that does not exist, one that nobody answers,
    one with a private address, and one to which nobody connects. At .153 a PC that resolves for nobody gets the same answers."""
    box, alone = Client(c, "192.168.1.11", "9.9.9.9"), Client(c, "192.168.1.153", "9.9.9.9")
    failing = (("authsvc.teams.microsoft.com", (), NXDOMAIN), ("presence.teams.microsoft.com", None, 0),
               ("emea.ng.msg.teams.microsoft.com", ("10.1.2.3",), 0), ("graph.microsoft.com", ("20.190.128.20",), 0))
    start(box, 0)
    start(alone, 60)
    for n, address in enumerate(("192.168.1.150", "192.168.1.151", "2001:db8:1::152")):
        client = Client(c, address, "2001:db8:1::11" if ":" in address else "192.168.1.11")
        c.macs["2001:db8:1::11"] = "02:00:c0:a8:01:0b"
        for i, (name, steps, rcode) in enumerate(failing):
            when = 3 + n * 15 + i * 2
            for again in (0, 1) if steps is None else (0,):
                client.resolver.ask(when + again, name, steps or (), rtt=None if steps is None else 0.03, rcode=rcode)
                box.resolver.ask(when + again + 0.01, name, steps or (), rtt=None if steps is None else 0.01, rcode=rcode)
    for i, (name, steps, rcode) in enumerate(failing):
        for again in (0, 1) if steps is None else (0,):
            alone.resolver.ask(63 + i * 2 + again, name, steps or (), rtt=None if steps is None else 0.03, rcode=rcode)
    c.udp(120, ("192.168.1.153", 123), ("192.168.1.1", 123), bytes(48))


FORMERR, NOTIMP = 1, 4


@capture("sessions/questions-refused-once.pcap", "2026-03-02T08:00:00")
def questions_refused_once(c):
    """Each name's first question is refused, and the next one answered: with FORMERR at .154, twice at .156, with NOTIMP at .155, which
    is how servers without EDNS refuse it (RFC 6891, 7); with SERVFAIL at .157."""
    for n, (host, rcodes) in enumerate(((154, [FORMERR]), (155, [NOTIMP]), (156, [FORMERR, FORMERR]), (157, [SERVFAIL]))):
        client = Client(c, f"192.168.1.{host}")
        for i, (name, address) in enumerate((("teams.microsoft.com", "52.113.194.132"), ("login.microsoftonline.com", "20.190.128.10"))):
            for again, rcode in enumerate(rcodes):
                client.resolver.ask(n * 10 + i + again * 0.1, name, rcode=rcode)
            client.visit(n * 10 + i + 0.3, name, address)


@capture("sessions/search-domain.pcap", "2026-03-02T08:00:00")
def search_domain(c):
    """A search domain whose zone has an answer for any name: the client connects where that leads, under the name itself. At .158 for
    A, at ::159 for AAAA, at .160 for a name that ends otherwise; the one at .161 connects elsewhere."""
    for n, (host, asked, kind, answer, address) in enumerate((
            ("192.168.1.158", "teams.microsoft.com.corp.example", A, "198.51.100.158", "198.51.100.158"),
            ("2001:db8:1::159", "teams.microsoft.com.corp.example", AAAA, "2001:db8:ed9e::159", "2001:db8:ed9e::159"),
            ("192.168.1.160", "teams.microsoft.com.example.net", A, "198.51.100.160", "198.51.100.160"),
            ("192.168.1.161", "teams.microsoft.com.corp.example", A, "198.51.100.158", "198.51.100.161"))):
        client = Client(c, host, "2001:db8:1::1" if ":" in host else "192.168.1.1")
        client.resolver.ask(n * 10, asked, [answer], kind=kind)
        client.connect(n * 10 + 1, address, "teams.microsoft.com")


@capture("sessions/lync-pools.pcap", "2019-06-04T09:00:00")
def lync_pools(c):
    """Names of a customer's zone that lead to pools: at .162 through an alias, at .163 by a service record, at .164 to a server of the
    pool behind an alias, under whose name TLS follows. At .165 Lync discovery leads to Microsoft's own names."""
    for n, (name, records, host) in enumerate((
            ("lyncdiscoverinternal.example.org", chain("lyncdiscoverinternal.example.org", ["poolalias.corp.example.org", "10.20.0.80"]), "poolalias.corp.example.org"),
            ("_sipinternaltls._tcp.example.org", [("_sipinternaltls._tcp.example.org", SRV, 600, (0, 0, 5061, "poolservice.example.org"))], "poolservice.example.org"),
            ("sip.example.org", chain("sip.example.org", ["poolalias2.example.org", "poolserver.corp.example.org", "10.20.0.80"]), "poolserver.corp.example.org"),
            ("lyncdiscover.example.com", chain("lyncdiscover.example.com", ["webdir.online.lync.com", "52.112.65.74"]), "webdir.online.lync.com"))):
        client = Client(c, f"192.168.1.{162 + n}")
        client.resolver.ask(n * 10, "lyncdiscoverinternal.example.org", rcode=NXDOMAIN)
        client.resolver.ask(n * 10 + 1, name, kind=SRV if name[0] == "_" else A, records=records)
        if n == 1:
            client.resolver.ask(n * 10 + 2, host, ["10.20.0.80"])
        client.connect(n * 10 + 3, "52.112.65.74" if n == 3 else "10.20.0.80", host)


@capture("sessions/prepared-for.pcap", "2026-03-02T08:00:00")
def prepared_for(c):
    """Browsers that ask for the name of a link in a page, and connect to others: at .166 for A and AAAA, at .167 for a service's name,
    at .168 for that of personal accounts. The one at .169 connects there, at .170 nothing connects anywhere, and at .171 the capture
    ends 5 s after the question."""
    names = ("teams.microsoft.com", "authsvc.teams.microsoft.com", "teams.live.com", "teams.microsoft.com", "teams.microsoft.com", "teams.microsoft.com")
    for n, name in enumerate(names):
        client = Client(c, f"192.168.1.{166 + n}")
        when = 150 if n == 5 else n * 2
        if n == 4:
            client.resolver.ask(when, "login.live.com", ["20.190.128.11"])
        else:
            client.visit(when, "login.live.com", "20.190.128.11")
        client.resolver.ask(when + 5, name, ["52.113.194.132"])
        client.resolver.ask(when + 5.001, name, ["2620:1ec:42::132"], kind=AAAA)
        if n == 3:
            client.connect(when + 6, "52.113.194.132", name)
        if n < 4:
            client.visit(when + 9, "www.example.org", "198.51.100.9")
            client.visit(when + 90, *(("outlook.office365.com", "52.98.151.242") if n == 3 else ("mobile.pipe.aria.microsoft.com", "52.114.77.33")))


@capture("sessions/presence-alone.pcap", "2026-03-02T08:00:00")
def presence_alone(c):
    """Outlook shows who is there, and asks Teams for that: for the name of all at .172, for that of a geography at .173, for that of
    personal accounts at .174. At .175 a client of Teams asks for it after its own names."""
    for n, (name, address) in enumerate((("presence.teams.microsoft.com", "52.123.145.9"), ("emea.presence.teams.microsoft.com", "52.123.145.9"),
                                         ("presence.teams.live.com", "52.123.145.10"), ("presence.teams.microsoft.com", "52.123.145.9"))):
        client = Client(c, f"192.168.1.{172 + n}")
        client.visit(n * 20, "login.microsoftonline.com", "20.190.128.10")
        client.visit(n * 20 + 1, "outlook.office365.com", "52.98.151.242")
        if n == 3:
            start(client, n * 20 + 2)
        client.visit(n * 20 + 4, name, address)


@capture("sessions/asked-anew.pcap", "2026-03-02T08:00:00")
def asked_anew(c):
    """The question has no answer, and is sent again a second later, which has one after 0.1 s: under another id from the same port at
    .180, from another port at .181, for AAAA at .182; with the same id at .183. The answer to the first one comes late at .184."""
    name = "login.microsoftonline.com"
    for n in range(5):
        client, when = Client(c, f"192.168.1.{180 + n}"), n * 30
        kind, address = (AAAA, "2603:1026::10") if n == 2 else (A, "20.190.128.10")
        client.visit(when, "teams.microsoft.com", "52.113.194.132")
        first = client.resolver.question(when + 2, name, kind)
        second = first if n == 3 else (first[0] if n == 0 else first[0] + 1, first[1] + 1)
        client.resolver.question(when + 3, name, kind, repeat=second)
        client.resolver.answer(when + 3.1, second[0], response(second[1], name, kind, chain(name, [address])))
        if n == 4:
            client.resolver.answer(when + 3.2, first[0], response(first[1], name, kind, chain(name, [address])))
        if n != 2:
            client.connect(when + 3.3, address, name)
    c.udp(160, ("192.168.1.180", 123), ("192.168.1.1", 123), bytes(48))


@capture("sessions/upstream-alone.pcap", "2026-03-02T08:00:00")
def upstream_alone(c):
    """Forwarders of which only their questions to the next resolver are here, under random numbers, for clients that are elsewhere: at
    192.168.1.190 a name of identity does not exist, at .191 one has no answer, at 2001:db8:1::192 one has a private address. The PC at
    .193 asks and gets what .190 does, and connects. .190 connects to a stranger's name, as for an update of its own."""
    names = (("www.example.org", "198.51.100.10"), ("teams.microsoft.com", "52.113.194.132"), ("outlook.office365.com", "52.98.151.242"),
             ("config.teams.microsoft.com", "52.113.194.133"), ("login.microsoftonline.com", None), ("www.example.com", "198.51.100.11"))
    for n, address in enumerate(("192.168.1.190", "192.168.1.191", "2001:db8:1::192", "192.168.1.193")):
        client = Client(c, address, "2001:db8:1::1" if ":" in address else "9.9.9.9")
        for i, (name, found) in enumerate(names):
            when = n * 60 + i
            client.resolver.number = (client.resolver.number * 48271 + 11) % 65521
            if found:
                client.resolver.ask(when, name, [found], rtt=0.02)
                if n == 3 or (n == 0 and name == "www.example.org"):
                    client.connect(when + 0.1, found, name)
            elif n == 1:
                for again in (0, 1, 5, 11):
                    client.resolver.ask(when + again, name, rtt=None)
            else:
                client.resolver.ask(when, name, ["10.1.2.3"] if n == 2 else [], rcode=0 if n == 2 else NXDOMAIN)
    for n in (190, 191):
        c.udp(300, (f"192.168.1.{n}", 123), ("192.168.1.1", 123), bytes(48))
