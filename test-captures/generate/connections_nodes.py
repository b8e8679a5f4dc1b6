# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts of one service that stand in for one another, beside hosts that do not."""
from common import capture
from connections import ADDRESSES, AUTH, LOGIN, NXDOMAIN, PUSH, SERVFAIL, START, WEB, Client

PUB, NODE = "pub-weu.trouter.teams.microsoft.com", "trouter2-azsc-euno-0-a.trouter.teams.microsoft.com"
EMEA, AMER = "emea.ng.msg.teams.microsoft.com", "amer.ng.msg.teams.microsoft.com"
AT = {PUSH: ADDRESSES[PUSH], PUB: "52.123.130.31", NODE: "52.123.130.32", EMEA: "52.123.145.20", AMER: "52.123.145.21",
      "presence.teams.microsoft.com": "52.123.145.9", "go.trouter.skype.com": "52.123.130.40",
      "pub-neu.trouter.communications.svc.cloud.microsoft": "52.123.130.33", "config.teams.microsoft.com": ADDRESSES["config.teams.microsoft.com"]}
MISSING, FAILED, EMPTY, SILENT, REACHED = range(5)


def lose(client, when, name, how):
    """Twice, as clients ask."""
    for again in (0, 2):
        if how == SILENT:
            if not again:
                client.ask(when, name, AT[name])
                end = client.end()
                for n in (0.1, 1.1, 3.1):
                    client.syn(when + n, end, (AT[name], 443))
        else:
            client.resolver.ask(when + again, name, [], rcode={MISSING: NXDOMAIN, FAILED: SERVFAIL}.get(how, 0))


PRESENCE = "presence.teams.microsoft.com"
STEPS = (
    # Reached another way:
    ((PUSH, REACHED), (PUB, MISSING), (NODE, REACHED)),
    ((EMEA, MISSING), (AMER, REACHED)),
    ((PUSH, FAILED), ("pub-neu.trouter.communications.svc.cloud.microsoft", REACHED)),
    (("emea." + PRESENCE, EMPTY), (PRESENCE, REACHED)),
    ((PUB, SILENT), (NODE, REACHED)),
    # Not reached:
    ((PUSH, REACHED), (PUB, MISSING)),
    ((EMEA, MISSING), (PUSH, REACHED)),
    ((PUB, MISSING), (NODE, SILENT)),
    (("config.teams.microsoft.com", MISSING), (PRESENCE, REACHED)),
    ((PUB, MISSING), ("go.trouter.skype.com", REACHED)),
    ((AMER, REACHED), (EMEA, MISSING)),
    ((NODE, REACHED), (PUB, SILENT)),
)


@capture("connections/nodes.pcap", START)
def nodes(c):
    """A host of a service is missing, and another one of it is reached: .20 a node of the push channel, .21 chat of a geography, .22 the
    redirector of the push channel by SERVFAIL, .23 presence of a geography without an address, .24 TCP to a node. At .25 the redirector alone
    is reached, at .26 another service, at .27 the other node is not, at .28 hosts of the same zone have other services, at .29 the push channel
    is one of personal accounts, and at .30 and .31 the other host was reached before."""
    for n, steps in enumerate(STEPS):
        client, start = Client(c, f"192.168.1.{20 + n}"), 40 * n
        client.sign_in(start, (WEB, LOGIN, AUTH))
        for m, (name, how) in enumerate(steps):
            when = start + 4 + 6 * m
            if how == REACHED:
                client.visit(when, name, AT[name])
            else:
                lose(client, when, name, how)
    Client(c).resolver.ask(40 * len(STEPS) + 20, "www.example.org", ["198.51.100.9"])
