# SPDX-License-Identifier: GPL-2.0-or-later
"""Names on every carrier and in every order: IPv6, TCP, server names, repeats."""
import struct
from ipaddress import ip_address

import tls
from common import capture
from resolver import A, AAAA, CNAME, HTTPS, Resolver, Writer, chain, query, response

CLIENT, RESOLVER = "192.0.2.10", "192.0.2.1"
CLIENT6, RESOLVER6 = "2001:db8:1::10", "2001:db8:1::53"

PRESENCE = ("presence.services.sfb.trafficmanager.net",
            "a-ups-presence4-prod.northeurope.cloudapp.azure.com", "52.123.145.9")
FLIGHTPROXY = ("api.flightproxy.teams.trafficmanager.net",
               "c-flightproxy-euno-01-teams.cloudapp.net", "52.114.77.136")


@capture("ipv6.pcap", "2025-11-03T08:30:00")
def ipv6(c):
    resolver = Resolver(c, CLIENT6, RESOLVER6)
    resolver.ask(0.0, "teams.cloud.microsoft", ["2620:1ec:42::132"], kind=AAAA)
    tls.session(c, 0.1, (CLIENT6, 50101), ("2620:1ec:42::132", 443), "teams.cloud.microsoft")
    resolver.ask(1.0, "worldaz.relay.teams.microsoft.com",
                 ["worldaz.relay.teams.trafficmanager.net", "2603:1063:12::5"], kind=AAAA)
    tls.session(c, 1.1, (CLIENT6, 50102), ("2603:1063:12::5", 443),
                "worldaz.relay.teams.microsoft.com")
    # A client with an IPv6 address may hear of IPv4 ones, and of neither.
    resolver.ask(2.0, "api.flightproxy.teams.microsoft.com", FLIGHTPROXY)
    resolver.ask(2.1, "api.flightproxy.teams.microsoft.com", FLIGHTPROXY[:-1], kind=AAAA)
    tls.session(c, 3.0, (CLIENT6, 50103), ("2001:db8:9::80", 443), "www.example.org")


def framed(message):
    """DNS over TCP: two bytes of length before each message (RFC 1035, 4.2.2)."""
    return struct.pack("!H", len(message)) + message


@capture("dns-over-tcp.pcap", "2025-11-03T08:31:00")
def dns_over_tcp(c):
    stream = c.tcp(0.0, (CLIENT, 50200), (RESOLVER, 53))
    stream.send(0.1, framed(query(1, "teams.microsoft.com"))
                + framed(query(2, "presence.teams.microsoft.com")))
    # Both answers in one segment, the second question's first.
    stream.send(0.2, framed(response(2, "presence.teams.microsoft.com", A,
                                     chain("presence.teams.microsoft.com", PRESENCE)))
                + framed(response(1, "teams.microsoft.com", A,
                                  chain("teams.microsoft.com",
                                        ["s-0005.s-msedge.net", "52.113.194.132"]))),
                from_client=False)
    # One answer over two segments.
    stream.send(0.3, framed(query(3, "api.flightproxy.teams.microsoft.com")))
    answer = framed(response(3, "api.flightproxy.teams.microsoft.com", A,
                             chain("api.flightproxy.teams.microsoft.com", FLIGHTPROXY)))
    stream.send(0.4, answer[:61], from_client=False)
    stream.send(0.41, answer[61:], from_client=False)
    # Nothing of ours in the same connection.
    stream.send(0.5, framed(query(4, "www.example.org")))
    stream.send(0.6, framed(response(4, "www.example.org", A,
                                     chain("www.example.org", ["198.51.100.10"]))),
                from_client=False)
    stream.close(0.7)


@capture("dns-unusual-port.pcap", "2025-11-03T08:32:00")
def dns_unusual_port(c):
    """A resolver that listens beside 53: recognised by what it says."""
    for n, (name, steps) in enumerate((("teams.microsoft.com", ["s-0005.s-msedge.net",
                                                                "52.113.194.132"]),
                                       ("www.example.org", ["198.51.100.10"]))):
        c.udp(n, (CLIENT, 50300 + n), ("203.0.113.53", 5053), query(100 + n, name))
        c.udp(n + 0.02, ("203.0.113.53", 5053), (CLIENT, 50300 + n),
              response(100 + n, name, A, chain(name, steps)))


@capture("server-names.pcap", "2025-11-03T08:33:00")
def server_names(c):
    """TLS and QUIC server names, without any DNS."""
    tls.session(c, 0.0, (CLIENT, 50401), ("52.113.194.132", 443), "teams.microsoft.com")
    tls.session(c, 1.0, (CLIENT, 50402), ("52.123.170.40", 443),
                "euaz.relay.teams.microsoft.com")
    # Relays are called by address: a prefix tells, not a name.
    tls.session(c, 2.0, (CLIENT, 50403), ("52.114.250.152", 443), "52.114.250.152")
    tls.session(c, 3.0, (CLIENT, 50404), ("198.51.100.7", 443), "198.51.100.7")
    tls.session(c, 4.0, (CLIENT, 50405), ("198.51.100.8", 443), "www.example.org")
    tls.session(c, 5.0, (CLIENT, 50406), ("198.51.100.9", 443), None)
    c.udp(6.0, (CLIENT, 50407), ("52.113.194.132", 443),
          tls.quic_initial("teams.cloud.microsoft"))
    c.udp(7.0, (CLIENT, 50408), ("198.51.100.8", 443), tls.quic_initial(
        "www.example.org", connection_id=b"\x11\x22\x33\x44\x55\x66\x77\x88"))


@capture("address-hints.pcap", "2026-03-02T09:00:00")
def address_hints(c):
    """An HTTPS record in service mode with hints of addresses (RFC 9460, 7.3), and no A record: the
    client connects to one of them; a hint of 3 bytes is none."""
    def parameter(key, value):
        return struct.pack("!HH", key, len(value)) + value

    name = "teams.cloud.microsoft"
    hints = [parameter(1, b"\x02h3"), parameter(4, bytes([52, 113, 194, 132, 52, 113, 194, 133])),
             parameter(6, ip_address("2620:1ec:42::132").packed)]
    client, server = (CLIENT, 50420), (RESOLVER, 53)
    c.udp(0.0, client, server, query(1, name, HTTPS))
    c.udp(0.02, server, client, response(1, name, HTTPS, [(name, HTTPS, 60, b"\0\1\0" + b"".join(hints))]))
    c.udp(1.0, client, server, query(2, "config.teams.microsoft.com", HTTPS))
    c.udp(1.02, server, client, response(2, "config.teams.microsoft.com", HTTPS, [
        ("config.teams.microsoft.com", HTTPS, 60, b"\0\1\0" + parameter(4, bytes([52, 113, 194])))]))
    c.tcp(2.0, (CLIENT, 50421), ("52.113.194.133", 443))


@capture("name-forms.pcap", "2025-11-03T08:33:00")
def name_forms(c):
    """One name in several letters, asked for (some resolvers mix them on purpose), as an alias and
    as a server name, there also with the root's dot; the end of its chain asked for by itself."""
    resolver = Resolver(c, CLIENT, RESOLVER)
    resolver.ask(0.0, "TeAmS.mIcRoSoFt.CoM", ["Teams-Test.TrafficManager.net", "52.113.194.132"])
    resolver.ask(1.0, "teams.microsoft.com", ["teams-test.trafficmanager.net", "52.113.194.132"])
    tls.session(c, 2.0, (CLIENT, 50411), ("52.113.194.132", 443), "teams.microsoft.com")
    tls.session(c, 3.0, (CLIENT, 50412), ("52.113.194.132", 443), "TEAMS.Microsoft.COM.")
    resolver.ask(4.0, "teams-TEST.trafficmanager.net", ["52.113.194.132"])


@capture("middle-names.pcap", "2020-04-16T10:00:00")
def middle_names(c):
    """Caching resolvers ask for what stands in the middle or at the end of a chain."""
    resolver = Resolver(c, CLIENT, RESOLVER)
    for n, (name, *steps) in enumerate((
            ("chatsvcagg.svcs.teams.office.com", "teams-chatsvcagg-prod.trafficmanager.net",
             "msg-ukso-01-chatsvcagg.uksouth.cloudapp.azure.com", "52.114.88.20"),
            ("presence.services.sfb.trafficmanager.net",
             "a-ups-presence4-prod.northeurope.cloudapp.azure.com", "52.114.76.30"),
            ("emea.ng.msg.teams-msgapi.trafficmanager.net", "msgapi-prod-euwe.cloudapp.net",
             "52.114.108.8"),
            ("skypedataprdcolneu04.cloudapp.net", "52.114.77.33"),
            ("api.flightproxy.teams.trafficmanager.net", *FLIGHTPROXY[1:]),
            ("s-0005.s-msedge.net", "52.113.194.132"))):
        resolver.ask(n * 0.5, name, steps)


@capture("out-of-order.pcap", "2025-11-03T08:34:00")
def out_of_order(c):
    """Answers in another order than questions, twice, before the question, and alone."""
    resolver = Resolver(c, CLIENT, RESOLVER)
    names = [("teams.microsoft.com", ["s-0005.s-msedge.net", "52.113.194.132"]),
             ("presence.teams.microsoft.com", PRESENCE),
             ("api.flightproxy.teams.microsoft.com", FLIGHTPROXY)]
    asked = [resolver.question(n * 0.01, name) for n, (name, _) in enumerate(names)]
    for n in reversed(range(3)):
        name, steps = names[n]
        resolver.answer(0.1 - n * 0.01, asked[n][0],
                        response(asked[n][1], name, A, chain(name, steps)))
    # The question repeated (its answer was late), answered twice.
    again = resolver.question(1.0, "config.teams.microsoft.com")
    resolver.question(2.0, "config.teams.microsoft.com", repeat=again)
    message = response(again[1], "config.teams.microsoft.com", A,
                       chain("config.teams.microsoft.com",
                             ["config.teams.trafficmanager.net",
                              "config-teams.s-0005.s-msedge.net", "s-0005.s-msedge.net",
                              "52.113.194.132"]))
    resolver.answer(2.2, again[0], message)
    resolver.answer(2.21, again[0], message)
    # An answer that a capture begun late, or written by two cards, shows first.
    resolver.answer(3.0, 51000, response(777, "authsvc.teams.microsoft.com", A,
                                         chain("authsvc.teams.microsoft.com", ["52.123.128.14"])))
    resolver.question(3.001, "authsvc.teams.microsoft.com", repeat=(51000, 777))
    resolver.ask(4.0, "teams.microsoft.com", ["s-0005.s-msedge.net"], kind=HTTPS)


@capture("odd-messages.pcap", "2025-11-03T08:34:00")
def odd_messages(c):
    """Two questions in one message; records in other order and letters; an answer cut short; one answer to two."""
    client, server = ("192.0.2.10", 50000), ("192.0.2.53", 53)
    first, second = query(1, "www.example.com"), query(1, "teams.microsoft.com")
    c.udp(0.0, client, server, first[:4] + struct.pack("!H", 2) + first[6:] + second[12:])
    records = [("teams-office-com.s-0005.dual-s-msedge.net", A, 60, "52.123.128.14"),
               ("Teams.Office.COM", CNAME, 60, "teams-office-com.s-0005.dual-s-msedge.net"),
               ("teams.microsoft.com", CNAME, 60, "teams.office.com")]
    c.udp(0.1, server, client, response(2, "TEAMS.microsoft.com", A, records))
    c.udp(0.2, server, client, response(3, "teams.microsoft.com", A, records[::-1])[:-10])
    both = Writer(struct.pack("!HHHHHH", 4, 0x8180, 2, 3, 0, 0))
    for name in ("teams.microsoft.com", "login.microsoftonline.com"):
        both.name(name)
        both.bytes += struct.pack("!HH", A, 1)
    both.record("teams.microsoft.com", CNAME, 60, "teams.office.com")
    both.record("teams.office.com", A, 60, "52.123.128.14")
    both.record("login.microsoftonline.com", A, 60, "20.190.160.1")
    c.udp(0.3, server, client, bytes(both.bytes))


@capture("alias-mode.pcap", "2026-03-02T09:00:00")
def alias_mode(c):
    """HTTPS records (RFC 9460): an alias (priority 0) is a link of the chain, a service (1)
    of the same owner and one with another target are not."""
    def https(priority, target):
        labels = [label.encode("ascii") for label in target.split(".") if label]
        return struct.pack("!H", priority) + b"".join(bytes([len(label)]) + label for label in labels) + b"\0"

    client, server = ("192.0.2.10", 50000), ("192.0.2.53", 53)
    edge, name = "s-0005.dual-s-msedge.net", "teams.microsoft.com"
    for n, records in enumerate((
            [(name, HTTPS, 60, https(0, edge)), (edge, HTTPS, 60, https(1, ""))],
            [(name, HTTPS, 60, https(1, ""))],
            [(name, HTTPS, 60, https(1, edge))])):
        c.udp(n, client, server, query(n + 1, name, HTTPS))
        c.udp(n + 0.02, server, client, response(n + 1, name, HTTPS, records))
