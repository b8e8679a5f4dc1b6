# SPDX-License-Identifier: GPL-2.0-or-later
"""What must not be taken for more than it is: names that every PC asks for, networks that
Microsoft's other services share. Each with a host beside it that is the real thing."""
from scapy.layers.inet import ICMP
from scapy.packet import Raw

import stun
from common import capture
from icmp_errors import FIREWALL, PORT_UNREACHABLE, PROHIBITED, quoted
from resolver import AAAA, HTTPS, NXDOMAIN
from sessions import RELAY, go_on, start
from sessions_calls import PEERS, Line, TcpLine
from signin import Client


@capture("sessions/shared-names.pcap", "2026-03-02T08:00:00")
def shared_names(c):
    """Edge, telemetry with the network probe, and Office, each on a PC without Teams; and a PC
    with all of these names around a sign-in."""
    edge, windows, office, teams = (Client(c, f"192.168.1.{n}") for n in (50, 51, 52, 53))

    def ask_edge(each, when):
        each.visit(when, "config.edge.skype.com", "config.edge.skype.com.trafficmanager.net",
                   "l-0007.config.skype.com", "13.107.42.16")
        each.visit(when + 0.3, "substrate.office.com", "52.98.243.18")

    def ask_windows(each, when):
        each.visit(when, "browser.pipe.aria.microsoft.com", "52.114.77.33")
        each.visit(when + 0.3, "mobile.pipe.aria.microsoft.com", "52.114.77.34")

    def ask_office(each, when):
        each.visit(when, "ecs.office.com", "52.113.194.132")
        each.visit(when + 0.3, "login.live.com", "20.190.160.17")

    ask_edge(edge, 0)
    ask_windows(windows, 0.1)
    ask_office(office, 0.2)
    start(teams, 1)
    for number, ask in enumerate((ask_edge, ask_windows, ask_office)):
        ask(teams, 2 + number)
    go_on(teams, 6)
    ask_windows(edge, 70)
    ask_office(edge, 75)


@capture("sessions/shared-prefixes.pcap", "2026-03-02T08:00:00")
def shared_prefixes(c):
    """TLS of LinkedIn, Windows and MSN, and without a server name, with addresses of published
    prefixes; and Teams with one of them."""
    client = Client(c, "192.168.1.54")
    six = Client(c, "2001:db8::54", "2001:db8::1")
    client.connect(0, "52.123.128.14", "rum18.perf.linkedin.com")
    client.connect(0.5, "52.114.77.33", "v10.events.data.microsoft.com")
    client.connect(1, "52.113.194.140", "c.msn.com")
    six.connect(1.5, "2620:1ec:42::132", "edge.microsoft.com")
    c.tcp(2, ("192.168.1.54", 40000), ("52.113.194.141", 443)).send(2.2, b"\x16\x03\x01")
    start(client, 3)


# ---- one call and not two ----

def realm_of_its_own(line, realm):
    """The relay's user name as a client has it for another realm: the last 16 bytes differ."""
    line.username = line.username[:40] + stun.opaque(("code of", realm), 16)
    return line


@capture("sessions/fallback-one-call.pcap", "2026-03-02T10:00:00")
def fallback_one_call(c):
    """A relay does not answer over UDP, nor a peer to checks; the call goes on over TCP to the relay,
    with credentials for another realm. Another client has a call over TCP from its beginning."""
    silent = Line(c, "alice", "audio", 31001, (PEERS["alice"], 50002))
    for n in range(3):
        silent.ask(n * 0.5, RELAY)
        silent.up(2 + n * 0.5, silent.settled, silent.check_request(silent.tid()))
        silent.send_request(2.1 + n * 0.5, RELAY, silent.settled, silent.check_request(silent.tid()))
    fallback = TcpLine(c, "alice", "audio", 42007, (PEERS["alice"], 50002))
    realm_of_its_own(fallback, "tcp").whole(5)
    TcpLine(c, "bob", "audio", 33511, (PEERS["bob"], 50004)).whole(5.2)


@capture("sessions/udp-refused-tcp.pcap", "2026-03-02T10:00:00")
def udp_refused_tcp(c):
    """Calls that went on over TCP to a relay. UDP to relays was refused: at .91 by a firewall, at .92 to two relays, at .93 with
    "port unreachable". At .94 one relay is refused and the other silent, at .95 one is refused and the other answers."""
    other = ("52.114.250.77", 3478)
    for n, refused, silent, code in ((91, (RELAY,), (), PROHIBITED), (92, (RELAY, other), (), PROHIBITED),
                                     (93, (RELAY,), (), PORT_UNREACHABLE), (94, (RELAY,), (other,), PROHIBITED), (95, (RELAY,), (), PROHIBITED)):
        line = Line(c, "alice", "audio", 31000 + n, (PEERS["alice"], 50002), n, f"192.168.1.{n}")
        for when in (0, 0.5, 1):
            for relay in (*refused, *silent):
                line.ask(when, relay)
                asked = c.frames[-1][1][42:]
                if relay in refused:
                    c.frame(when + 0.01, ICMP(type=3, code=code) / Raw(quoted(line.client, relay, asked)), FIREWALL, line.client[0])
        if n == 95:
            line.challenge(1.5, other, other)
        fallback = TcpLine(c, "alice", "audio", 42000 + n, (PEERS["alice"], 50002), n, f"192.168.1.{n}")
        realm_of_its_own(fallback, "tcp").whole(5)


@capture("sessions/strangers-at-relay.pcap", "2026-03-02T10:00:00")
def strangers_at_relay(c):
    """A relay's address has others' TLS sessions, too. In the midst of calls: .81 speaks to LinkedIn there, .82 to the relay.
    .83 has no answer from the relay over UDP, and a long session of LinkedIn's with its address; .84 the same with the
    relay's own name. .85 asks for the relay's name and speaks to LinkedIn alone."""
    name, stranger = "euaz.tr.teams.microsoft.com", "rum18.perf.linkedin.com"
    calm, own = (Line(c, who, "audio", 50004, (PEERS[who], 50002), address=f"192.168.1.{n}")
                 for who, n in (("alice", 81), ("bob", 82)))
    lost, fallen = (Line(c, who, "audio", 50004, (PEERS[who], 50002), 2, f"192.168.1.{n}")
                    for who, n in (("alice", 83), ("bob", 84)))
    for line in calm, own:
        line.whole(0.1)
    for line in lost, fallen:
        for n in range(3):
            line.ask(n * 0.5, RELAY)
    Client(c, "192.168.1.85").resolver.ask(0.1, name, [RELAY[0]])
    for host, when, asked, exchanges in ((81, 2, stranger, 3), (82, 2, name, 3), (83, 3, stranger, 50), (84, 3, name, 50),
                                         (85, 3, stranger, 3)):
        Client(c, f"192.168.1.{host}").connect(when, RELAY[0], asked, exchanges)


# ---- one client and not two ----

@capture("sessions/dual-stack.pcap", "2026-03-02T08:00:00")
def dual_stack(c):
    """A PC with an IPv4 and two IPv6 addresses signs in over all of them. Behind a router, whose MAC
    they have: one host with IPv4 and another with IPv6. On the outer side of a NAT: two more."""
    pc, six, temporary = (Client(c, address, resolver) for address, resolver in
                          (("192.168.1.60", "192.168.1.1"), ("2001:db8:1::60", "2001:db8::1"), ("2001:db8:1::abcd", "2001:db8::1")))
    for each in (pc, six, temporary):
        c.macs[each.address] = "02:00:00:00:60:60"
    behind, behind_six = Client(c, "10.7.0.5"), Client(c, "2001:db8:7::5", "2001:db8::1")
    others = ("10.7.0.6", "10.7.0.5", "2001:db8:7::5")
    for address in others:
        c.macs[address] = "02:00:00:00:70:70"
    outside, outside_six = Client(c, "203.0.113.9"), Client(c, "2001:db8:9::5", "2001:db8::1")
    for each in (outside, outside_six):
        c.macs[each.address] = "02:00:00:00:90:90"
    def ask(each, when, *names):
        for n, name in enumerate(names):
            each.resolver.ask(when + n * 0.3, name, ["2603:1063:12::5"], kind=AAAA)

    ask(six, 0, "login.microsoftonline.com")
    start(pc, 1)
    ask(temporary, 1.2, "teams.microsoft.com", "login.microsoftonline.com")
    ask(six, 3, "config.teams.microsoft.com", "authsvc.teams.microsoft.com")
    go_on(pc, 4)
    Client(c, "10.7.0.6").resolver.ask(0.1, "www.example.org", ["198.51.100.10"])
    Client(c, "10.7.0.5").resolver.ask(1.5, "www.example.org", ["198.51.100.10"])
    Client(c, "10.7.0.6").resolver.ask(1.6, "www.example.org", ["198.51.100.10"])
    start(behind, 5)
    ask(behind_six, 5.2, "teams.microsoft.com", "login.microsoftonline.com")
    start(outside, 6)
    ask(outside_six, 6.2, "teams.microsoft.com", "login.microsoftonline.com")


# ---- each answer by itself ----

@capture("sessions/answers-apart.pcap", "2026-03-02T08:00:00")
def answers_apart(c):
    """The relay's A, AAAA and HTTPS answers lead to three hosts, and the client speaks TLS to the second.
    The A and AAAA answers of the token service lead to one host."""
    client = Client(c, "192.168.1.61")
    six = Client(c, "2001:db8:1::61", "2001:db8::1")
    for each in (client, six):
        c.macs[each.address] = "02:00:00:00:61:61"
    name, manager = "euaz.tr.teams.microsoft.com", "euaz.tr.teams.trafficmanager.net"
    start(client, 0)
    client.resolver.ask(2, name, [manager, "b-tr-teams-euno-05.northeurope.cloudapp.azure.com", "52.114.250.123"])
    client.resolver.ask(2.001, name, [manager, "b-tr-teams-weu-01.westeurope.cloudapp.azure.com", "2603:1063::1"], kind=AAAA)
    client.resolver.ask(2.002, name, [manager, "b-tr-teams-aue-02.australiaeast.cloudapp.azure.com"], kind=HTTPS)
    six.connect(2.1, "2603:1063::1", name)
    one = ["authsvc.teams.trafficmanager.net", "authsvc-euno-01.northeurope.cloudapp.azure.com"]
    client.resolver.ask(3, "authsvc.teams.microsoft.com", [*one, "52.113.194.134"])
    client.resolver.ask(3.001, "authsvc.teams.microsoft.com", [*one, "2603:1063::2"], kind=AAAA)


# ---- names and the connections that follow ----

@capture("sessions/names-followed.pcap", "2026-03-02T08:00:00")
def names_followed(c):
    """Sign-ins. At .62 the resolver is asked for an alias, and the client connects to its address under the name itself; at .63 for
    a name, and the server name is an address; at .64 for a name, and the server name is a stranger's. At .65 nothing follows."""
    alias, name, address = "northeuropecns.trafficmanager.net", "presence.teams.microsoft.com", "52.114.76.48"
    for n, (asked, server_name) in enumerate(((alias, "northeurope.notifications.teams.microsoft.com"), (name, address),
                                              (name, "www.example.org"), (name, None))):
        client = Client(c, f"192.168.1.{62 + n}")
        start(client, n * 10)
        client.resolver.ask(n * 10 + 3, asked, [address])
        if server_name:
            client.connect(n * 10 + 3.5, address, server_name)
        go_on(client, n * 10 + 5)


# ---- names that nobody needs ----

@capture("sessions/names-missing.pcap", "2026-03-02T08:00:00")
def names_missing(c):
    """Sign-ins of which a name does not exist: at .70 one that Teams needs, at .71 Outlook's, at .72 that of a set
    which Microsoft retired in 2023. A script at .73 asks for the patterns of a list, a browser at .74 speaks TLS to a
    page of Teams. Windows at .75 gets Microsoft's own answer about its probe of DNS, at .76 that of a filter."""
    needed, outlook, retired, script, browser, windows, filtered = (Client(c, f"192.168.1.{n}") for n in range(70, 77))
    for n, (client, name) in enumerate(((needed, "teams.cloud.microsoft"), (outlook, "outlook.cloud.microsoft"),
                                        (retired, "broadcast.skype.com"))):
        start(client, n * 10)
        client.resolver.ask(n * 10 + 2, name, rcode=NXDOMAIN)
    for n, name in enumerate(("*.teams.microsoft.com", "*.gateway.messenger.live.com", "*.skype.com")):
        script.resolver.ask(30 + n, name, rcode=NXDOMAIN)
    browser.visit(35, "teams.office.com", "52.113.194.132")
    for client, address in ((windows, "fd3e:4f5a:5b81::1"), (filtered, "fd00::1")):
        client.resolver.ask(40, "dns.msftncsi.com", [address], kind=AAAA)


# ---- addresses that a network translates ----

@capture("sessions/nat64.pcap", "2026-03-02T08:00:00")
def nat64(c):
    """Sign-ins of hosts with IPv6 alone. The networks of the first three have NAT64 prefixes (RFC 6052) of 96, 96 and
    48 bits, the second one private; the resolver tells them in its answer for ipv4only.arpa. That of the fourth never
    does, and its addresses, private as well, end with Microsoft's."""
    networks = (("2001:db8:64::80", "2001:db8:64:ff::{}"), ("2001:db8:65::80", "fd00:64::{}"),
                ("2001:db8:66::80", None), ("2001:db8:67::80", "fd00:67::{}"))
    def translated(prefix, a, b, c, d):
        return (prefix.format(f"{a:02x}{b:02x}:{c:02x}{d:02x}") if prefix
                else f"2001:db8:122:{a:02x}{b:02x}:{c:x}:{d:02x}00::")

    for n, (host, prefix) in enumerate(networks):
        client = Client(c, host, "2001:db8::1")
        c.macs[host] = f"02:00:00:00:64:{n:02x}"
        if n < 3:
            client.resolver.ask(n * 10, "ipv4only.arpa", [translated(prefix, 192, 0, 0, 170)], kind=AAAA)
        for when, name, address in ((1, "teams.microsoft.com", (52, 113, 194, 132)),
                                    (2, "login.microsoftonline.com", (20, 190, 128, 10)),
                                    (3, "authsvc.teams.microsoft.com", (52, 123, 128, 14))):
            client.visit(n * 10 + when, name, translated(prefix, *address), kind=AAAA)
