# SPDX-License-Identifier: GPL-2.0-or-later
"""Names that resemble Microsoft's and are not, and two that do not and are.
tests/expectations/near-misses.csv has each one with what must be said of it."""
import csv
import os

import tls
from common import capture
from resolver import Resolver

CLIENT, RESOLVER = "192.0.2.10", "192.0.2.1"
EXPECTATIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests",
                            "expectations", "near-misses.csv")


def names():
    with open(EXPECTATIONS, newline="", encoding="ascii") as rows:
        return [row["name"] for row in csv.DictReader(rows)]


@capture("near-misses.pcap", "2025-11-03T10:00:00")
def questions(c):
    """Each by itself, far enough apart that no sequence is seen in them."""
    resolver = Resolver(c, CLIENT, RESOLVER)
    for n, name in enumerate(names()):
        resolver.ask(n * 120, name, [f"198.51.100.{n + 1}"])


@capture("near-misses-server-names.pcap", "2025-11-03T10:00:00")
def server_names(c):
    """The same as TLS server names, sent to addresses that nobody publishes."""
    for n, name in enumerate(names()):
        if name.strip("."):
            stream = c.tcp(n * 120, (CLIENT, 51000 + n), (f"198.51.100.{n + 1}", 443))
            stream.send(n * 120 + 0.1, tls.client_hello(name))


@capture("near-miss-loop.pcap", "2025-11-03T10:00:00")
def loop(c):
    """An alias loop of two names of Microsoft's."""
    resolver = Resolver(c, CLIENT, RESOLVER)
    resolver.ask(0, "presence.teams.microsoft.com",
                 ["config.teams.microsoft.com", "presence.teams.microsoft.com"])
