# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients for which no name of the service has an address, and that may reach it another way, beside some that do not."""
from common import capture
from connections import AUTH, CONFIG, LOGIN, NXDOMAIN, START, WEB, Client
from resolver import AAAA

GATE, VPN = ("proxy.corp.example", "10.0.0.8"), ("vpn.contoso.example", "198.51.100.20")
SITE, OTHER = ("www.example.org", "198.51.100.10"), ("www.example.com", "198.51.100.11")


def ask_in_vain(client, when, answered=True):
    for n, name in enumerate((WEB, LOGIN, AUTH)):
        for again in (0, 1) if answered else (0, 1, 3):
            for kind in (1, AAAA):
                client.resolver.ask(when + n + again, name, rtt=0.02 if answered else None, rcode=NXDOMAIN, kind=kind)


def sessions(client, when, host, count, asks=True):
    for n in range(count):
        if n == 0 and asks:
            client.ask(when, *host)
        connection = client.c.tcp(when + n, client.end(), (host[1], 443))
        client.use(when + n + 0.1, connection, host[0])
        client.exchange(when + n + 0.5, connection, host[0], 1300)


@capture("connections/another-way.pcap", START)
def another_way(c):
    """No name of the service has an address. All TLS goes to a proxy at .20, whose name the resolver has; at .21 to one without any DNS
    answer; at .22 to a VPN gateway outside, after the first of the names. At .23 it goes to two hosts; at .24 the resolver knows another
    name outside; at .25 it went there before the questions alone; at .26 once; at .27 one of the service's names has an address, and is reached."""
    for n in range(8):
        client, start = Client(c, f"192.168.1.{20 + n}"), 30 * n
        if n == 5:
            sessions(client, start, GATE, 4)
        ask_in_vain(client, start + 6, answered=n != 1)
        if n == 1:
            sessions(client, start + 13, GATE, 4, asks=False)
        elif n == 2:
            sessions(client, start + 8.6, VPN, 3)
        elif n != 5:
            sessions(client, start + 10, SITE if n in (3, 4) else GATE, 1 if n == 6 else 4)
        if n == 3:
            sessions(client, start + 15, OTHER, 1)
        if n == 4:
            client.ask(start + 15, *OTHER)
        if n == 7:
            client.visit(start + 15, CONFIG)
    Client(c).resolver.ask(290, "time.corp.example", ["10.0.0.9"])
