# SPDX-License-Identifier: GPL-2.0-or-later
"""What must not be taken for more than it is: names that every PC asks for, networks that
Microsoft's other services share. Each with a host beside it that is the real thing."""
from common import capture
from sessions import go_on, start
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
