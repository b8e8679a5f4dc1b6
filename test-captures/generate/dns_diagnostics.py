# SPDX-License-Identifier: GPL-2.0-or-later
"""One capture for each thing that can be wrong with a name, and what must not be
taken for it. tests/expectations/diagnostics.csv says on which frames each shows."""
import tls
from common import capture
from resolver import (A, AAAA, HTTPS, NXDOMAIN, REFUSED, SERVFAIL, SRV, Resolver, chain, query,
                      response)

CLIENT, RESOLVER = "192.0.2.10", "192.0.2.1"
OTHER_CLIENT, OTHER_RESOLVER = "192.0.2.11", "192.0.2.2"
START = "2025-11-03T09:00:00"

EDGE = ("s-0005.s-msedge.net", "52.113.194.132")
FLIGHTPROXY = "api.flightproxy.teams.microsoft.com"
FLIGHTPROXY_TM = "api.flightproxy.teams.trafficmanager.net"


def diagnostic(name, start=START):
    """A capture in diagnostics/ that is given a client's resolver."""
    def register(fill):
        capture(f"diagnostics/{name}.pcap", start)(
            lambda c: fill(c, Resolver(c, CLIENT, RESOLVER)))
        return fill
    return register


@diagnostic("d01-nxdomain-required")
def d01(c, r):
    r.ask(0, "teams.microsoft.com", rcode=NXDOMAIN)
    r.ask(1, "config.teams.microsoft.com", EDGE)
    r.ask(2, "lyncdiscoverinternal.contoso.example", rcode=NXDOMAIN)
    r.ask(3, "www.example.org", rcode=NXDOMAIN)


@diagnostic("d02-no-answer")
def d02(c, r):
    again = r.question(0, "teams.microsoft.com")
    for when in (1, 3, 7):
        r.question(when, "teams.microsoft.com", repeat=again)
    again = r.question(20, "www.example.org")
    for when in (21, 23, 27):
        r.question(when, "www.example.org", repeat=again)
    again = r.question(40, "login.microsoftonline.com")
    r.question(41, "login.microsoftonline.com", repeat=again)
    r.answer(41.02, again[0], response(again[1], "login.microsoftonline.com", A,
                                       chain("login.microsoftonline.com", ["40.126.32.74"])))


@diagnostic("d03-servfail-refused")
def d03(c, r):
    r.ask(0, "teams.microsoft.com", rcode=SERVFAIL)
    r.ask(1, "login.microsoftonline.com", rcode=REFUSED)
    r.ask(2, "teams.microsoft.com", EDGE)
    r.ask(3, "www.example.org", rcode=SERVFAIL)
    # IPv6 and HTTPS refused or denied, A answered: clients go on with IPv4.
    r.ask(4, "authsvc.teams.microsoft.com", ["52.123.128.14"])
    r.ask(4.1, "authsvc.teams.microsoft.com", kind=AAAA, rcode=REFUSED)
    r.ask(4.2, "authsvc.teams.microsoft.com", kind=HTTPS, rcode=SERVFAIL)
    r.ask(5.1, "config.teams.microsoft.com", kind=HTTPS, rcode=NXDOMAIN)
    r.ask(5, "config.teams.microsoft.com", EDGE)
    r.ask(6, "login.microsoftonline.com", rcode=REFUSED)
    r.ask(7, "login.microsoftonline.com", rcode=SERVFAIL)


@diagnostic("d04-sinkhole")
def d04(c, r):
    r.ask(0, "teams.microsoft.com", ["0.0.0.0"])
    r.ask(1, "presence.teams.microsoft.com", ["10.1.2.3"])
    r.ask(2, "teams.cloud.microsoft", ["::"], kind=AAAA)
    r.ask(3, "config.teams.microsoft.com", ["127.0.0.1"])
    r.ask(4, "authsvc.teams.microsoft.com", ["fd00::1"], kind=AAAA)
    r.ask(5, "teams.microsoft.com", EDGE)
    r.ask(6, "intranet.contoso.example", ["10.1.2.4"])
    r.ask(7, "ads.example.org", ["0.0.0.0"])


@diagnostic("d05-telemetry-blocked")
def d05(c, r):
    r.ask(0, "teams.events.data.microsoft.com", rcode=NXDOMAIN)
    r.ask(1, "browser.pipe.aria.microsoft.com", ["0.0.0.0"])
    r.ask(2, "pipe.skype.com", ["52.114.77.33"])
    r.ask(3, "config.teams.microsoft.com", rcode=NXDOMAIN)
    r.ask(4, "telemetry.example.org", rcode=NXDOMAIN)


@diagnostic("d05-telemetry-needed")
def d05_needed(c, r):
    r.ask(0, "mobile.pipe.aria.microsoft.com", rcode=NXDOMAIN)
    r.ask(1, "mobile.events.data.microsoft.com", ["0.0.0.0"])
    r.ask(2, "browser.pipe.aria.microsoft.com", rcode=NXDOMAIN)
    r.ask(3, "mobile.pipe.aria.microsoft.com", ["52.114.77.33"])
    r.ask(4, "mobile.pipe.aria.example.org", rcode=NXDOMAIN)


@diagnostic("d06-outside-prefixes")
def d06(c, r):
    r.ask(0, "teams.microsoft.com", ["203.0.113.77"])
    r.ask(1, "teams.microsoft.com", EDGE)
    r.ask(2, "teams.microsoft.com", ["s-0001.s-msedge.net", "13.107.3.128"])
    r.ask(3, "pipe.skype.com", ["40.117.100.83"])
    r.ask(4, "www.example.org", ["203.0.113.77"])


@diagnostic("d07-broken-chain")
def d07(c, r):
    r.ask(0, FLIGHTPROXY, [FLIGHTPROXY_TM])
    r.ask(1, "presence.teams.microsoft.com", ["presence.services.sfb.trafficmanager.net"],
          rcode=NXDOMAIN)
    loop = ("teams.microsoft.com", "teams.office.com")
    r.ask(2, loop[0], records=chain(loop[0], [loop[1], loop[0]]))
    r.ask(3, "outlook.office.com", [f"step{n}.ms-acdc.office.com" for n in range(9)]
          + ["52.98.243.18"])
    # No IPv6 address and no HTTPS record is no fault.
    r.ask(4, FLIGHTPROXY, [FLIGHTPROXY_TM], kind=AAAA)
    r.ask(5, FLIGHTPROXY, [FLIGHTPROXY_TM], kind=HTTPS)
    r.ask(6, FLIGHTPROXY, [FLIGHTPROXY_TM, "52.114.77.136"])
    r.ask(7, "www.example.org", ["www.example.net"])


@diagnostic("d08-chain-leaves-microsoft")
def d08(c, r):
    """Rewritten: one address for three names, then for a fourth; a private address. Unknown, and no
    more: a zone by itself. Known: Microsoft's edges, which have a zone for each ring, and CDNs."""
    for n, host in enumerate(("teams", "config.teams", "presence.teams", "authsvc.teams")):
        r.ask(n, f"{host}.microsoft.com", ["block.hijack.example", "203.0.113.5"])
    r.ask(5, "login.microsoftonline.com", ["portal.hijack.example", "10.1.2.3"])
    r.ask(6, "graph.microsoft.com", ["graph.partner.example", "203.0.113.6"])
    r.ask(7, "arm-ring.msedge.net", ["arm-ring.arm-9999.arm-msedge.net", "13.107.6.9"])
    r.ask(8, "contoso.sharepoint.com", ["contoso.dual-spov-0006.spov-msedge.net", "13.107.136.9"])
    r.ask(9, "statics.teams.microsoft.com", ["1180c.wpc.azureedge.net", "lb.apr-1180c.edgecastdns.net",
                                            "192.229.221.95"])
    r.ask(10, "teams.microsoft.com", EDGE)
    r.ask(11, "statics.teams.cdn.office.net", ["statics.teams.cdn.office.net.edgekey.net",
                                              "e16646.dscg.akamaiedge.net", "2.16.106.10"])
    r.ask(12, "amer-client-ss.msg.skype.com", ["amer-client-ss.msg.skype.com.akadns.net",
                                              "40.84.28.125"])
    r.ask(13, "www.example.org", ["cdn.example.net", "198.51.100.10"])


@diagnostic("d11-resolvers-differ")
def d11(c, r):
    other = Resolver(c, CLIENT, OTHER_RESOLVER)
    r.ask(0, FLIGHTPROXY, [FLIGHTPROXY_TM, "c-flightproxy-euno-01-teams.cloudapp.net",
                           "52.114.77.136"])
    other.ask(5, FLIGHTPROXY, [FLIGHTPROXY_TM, "c-flightproxy-usea2-01-teams.cloudapp.net",
                               "52.114.132.73"])
    # The same region from both.
    tr = ["euaz.tr.teams.trafficmanager.net",
          "b-tr-teams-euno-05.northeurope.cloudapp.azure.com", "52.114.250.123"]
    r.ask(10, "euaz.tr.teams.microsoft.com", tr)
    other.ask(11, "euaz.tr.teams.microsoft.com", tr)
    # Different regions, a quarter of an hour apart.
    presence = "presence.services.sfb.trafficmanager.net"
    r.ask(100, "presence.teams.microsoft.com",
          [presence, "a-ups-presence4-prod.northeurope.cloudapp.azure.com", "52.114.76.30"])
    other.ask(1000, "presence.teams.microsoft.com",
              [presence, "a-ups-presence13-prod-azsc.centralus.cloudapp.azure.com",
               "52.114.128.9"])
    # Two regions of one continent, as load balancers give them; telemetry goes anywhere.
    for n, resolver in enumerate((r, other)):
        resolver.ask(1100 + n, "presence.teams.microsoft.com",
                     [presence, f"a-ups-presence{n}-prod.{('eastus', 'centralus')[n]}.cloudapp.azure.com",
                      "52.114.128.9"])
        resolver.ask(1110 + n, "browser.pipe.aria.microsoft.com",
                     ["browser.events.data.trafficmanager.net",
                      f"onedscolprd{('eus07.eastus', 'weu01.westeurope')[n]}.cloudapp.azure.com",
                      f"20.42.65.{90 + n}"])


@diagnostic("d12-lync-lookup")
def d12(c, r):
    r.ask(0, "teams.microsoft.com", EDGE)
    r.ask(1, "webdir.online.lync.com", ["52.112.65.74"])
    r.ask(2, "webpooldm12a17.infra.lync.com", ["52.112.67.52"])
    r.ask(3, "www.example.org", ["198.51.100.10"])


@diagnostic("d13-discovery-nxdomain")
def d13(c, r):
    r.ask(0, "lyncdiscoverinternal.contoso.example", rcode=NXDOMAIN)
    r.ask(0.2, "lyncdiscover.contoso.example", ["webdir.online.lync.com", "52.112.65.74"])
    r.ask(0.4, "_sipinternaltls._tcp.contoso.example", kind=SRV, rcode=NXDOMAIN)
    r.ask(0.6, "_ldap._tcp.contoso.example", kind=SRV, rcode=NXDOMAIN)
    r.ask(0.8, "www.contoso.example", rcode=NXDOMAIN)


@diagnostic("d14-two-clouds")
def d14(c, r):
    r.ask(0, "gov.teams.microsoft.us", ["teams.microsoftonline.cn", "159.27.160.20"])
    other = Resolver(c, OTHER_CLIENT, RESOLVER)
    other.ask(1, "gov.teams.microsoft.us", ["52.127.88.59"])
    other.ask(2, "login.microsoftonline.us", ["20.140.232.10"])
    other.ask(3, "login.microsoftonline.com", ["40.126.32.74"])
    other.ask(4, "statics.teams.microsoft.com",
              ["statics.teams.microsoft.com.edgekey.net", "2.16.106.10"])


@diagnostic("d17-search-suffix")
def d17(c, r):
    r.ask(0, "teams.microsoft.com.corp.example", rcode=NXDOMAIN)
    r.ask(0.1, "teams.microsoft.com", EDGE)
    r.ask(1, "www.example.org.corp.example", rcode=NXDOMAIN)
    r.ask(1.1, "www.example.org", ["198.51.100.10"])
    r.ask(2, "config.teams.microsoft.com", EDGE)


@diagnostic("d19-slow-answer")
def d19(c, r):
    r.ask(0, "teams.microsoft.com", EDGE, rtt=0.45)
    r.ask(2, "login.microsoftonline.com", ["40.126.32.74"], rtt=1.3)
    r.ask(5, "euaz.relay.teams.microsoft.com",
          ["euaz.relay.teams.trafficmanager.net", "52.123.170.40"], rtt=0.299)
    r.ask(6, "www.example.org", ["198.51.100.10"], rtt=2.0)
    r.ask(9, "pipe.skype.com", ["40.117.100.83"], rtt=0.6)


@diagnostic("d20-long-ttl")
def d20(c, r):
    steps = [FLIGHTPROXY_TM, "c-flightproxy-euno-01-teams.cloudapp.net", "52.114.77.136"]
    r.ask(0, FLIGHTPROXY, steps, ttl=86400)
    r.ask(1, FLIGHTPROXY, steps, ttl=14)
    r.ask(2, FLIGHTPROXY, steps, ttl=3600)
    r.ask(3, "teams.microsoft.com", EDGE, ttl=86400)
    r.ask(4, "www.example.org", ["example.trafficmanager.net", "198.51.100.10"], ttl=14)


@diagnostic("d21-sip-all")
def d21(c, r):
    r.ask(0, "sip-all.pstnhub.microsoft.com", ["52.114.75.24"])
    r.ask(1, "sip-all.pstnhub.gov.teams.microsoft.us", ["52.127.88.59"])
    r.ask(2, "sip.pstnhub.microsoft.com", ["52.114.75.24"])
    r.ask(3, "sip2.pstnhub.microsoft.com", ["52.114.132.46"])
    r.ask(4, "sip3.pstnhub.microsoft.com", ["52.114.14.70"])


@diagnostic("d22-one-sip-proxy")
def d22(c, r):
    """One session border controller asks only for the first proxy, the other for all."""
    other = Resolver(c, OTHER_CLIENT, RESOLVER)
    proxies = {"sip.pstnhub.microsoft.com": "52.114.75.24",
               "sip2.pstnhub.microsoft.com": "52.114.132.46",
               "sip3.pstnhub.microsoft.com": "52.114.14.70"}
    for minute in range(6):
        r.ask(60 * minute, "sip.pstnhub.microsoft.com", ["52.114.75.24"])
        for n, (name, address) in enumerate(proxies.items()):
            other.ask(60 * minute + 10 + n, name, [address])


@diagnostic("d23-internal-names")
def d23(c, r):
    r.ask(0, "middletier.teams.internal.office.com", ["52.114.88.90"])
    r.ask(1, "df.trap.teams.microsoft.com", ["52.114.88.91"])
    r.ask(2, "webdir0d.tip.lync.com", ["52.112.65.90"])
    r.ask(3, "int.presence.teams.microsoft.net", ["52.114.88.92"])
    r.ask(4, "teams.microsoft.com", EDGE)
    r.ask(5, "euaz.tr.teams.microsoft.com", ["euaz.tr.teams.trafficmanager.net",
                                             "52.114.250.123"])
    r.ask(6, "test.example.org", ["198.51.100.10"])


@diagnostic("d24-old-generation")
def d24(c, r):
    """Hosts of the classic cloud services, closed in 2024; a name of 2016 to 2019. Current: akadns.net."""
    r.ask(0, "api.asm.skype.com", ["a-asm-usea2-01-api-skype.cloudapp.net", "40.123.43.195"])
    r.ask(1, "api.cc.skype.com", ["api-cc-skype.trafficmanager.net",
                                  "a-cc-usea2-01-skype.cloudapp.net", "40.70.147.11"])
    r.ask(2, "settings.teams.skype.com", ["52.114.77.10"])
    r.ask(3, "teams.microsoft.com", EDGE)
    r.ask(4, "presence.teams.microsoft.com",
          ["presence.services.sfb.trafficmanager.net",
           "a-ups-presence4-prod.northeurope.cloudapp.azure.com", "52.123.145.9"])
    r.ask(5, "login.live.com", ["login.msa.msidentity.com", "www.tm.lg.prod.aadmsa.akadns.net",
                                "prdv4a.aadg.msidentity.com", "20.190.160.14"])
    r.ask(6, "graph.microsoft.com", ["ags.privatelink.msidentity.com", "www.tm.prd.ags.akadns.net",
                                     "20.190.160.15"])
    r.ask(7, "us-api.asm.skype.com", ["us-api.skype-asm.akadns.net", "40.123.43.195"])
    r.ask(8, "www.apple.example", ["www-apple-com.akadns.net", "198.51.100.10"])


@diagnostic("d24-in-use", "2017-09-13T09:00:00")
def d24_in_use(c, r):
    """The same hosts while they were in use."""
    r.ask(0, "api.cc.skype.com", ["api-cc-skype.trafficmanager.net",
                                  "a-cc-usea2-01-skype.cloudapp.net", "40.70.147.11"])
    r.ask(1, "settings.teams.skype.com", ["52.114.77.10"])


@diagnostic("d25-shared-zone")
def d25(c, r):
    r.ask(0, "teams-login.trafficmanager.net", ["203.0.113.66"])
    r.ask(1, "teamsfiles.blob.core.windows.net", ["203.0.113.67"])
    r.ask(2, "config.teams.microsoft.com", ["config.teams.trafficmanager.net", *EDGE])
    # Listed as a whole: known even where asked for alone.
    r.ask(3, FLIGHTPROXY_TM, ["52.114.77.136"])
    r.ask(4, "shop.trafficmanager.net", ["203.0.113.68"])


@diagnostic("d26-lookalike")
def d26(c, r):
    for n, name in enumerate(("teams-microsoft.com", "teams.rnicrosoft.com", "teams.mircosoft.com",
                              "login-microsoftonline.com",
                              "login.microsoftonline.com.phish.example",
                              "teams.microsoft.com.evil.example",
                              "teams.microsoft.com-login.example",
                              # A control from here on.
                              "teams.microsoft.com", "TEAMS.MICROSOFT.COM",
                              "login.microsoftonline.com", "xteams.microsoft.com",
                              "teamspeak.com", "teamviewer.com", "steams.com",
                              "www.example.org")):
        r.ask(n, name, ["203.0.113.90"] if n < 7 else ["52.113.194.132"])


@diagnostic("d29-consumer-names")
def d29(c, r):
    r.ask(0, "teams.microsoft.com", EDGE)
    r.ask(1, "login.microsoftonline.com", ["40.126.32.74"])
    r.ask(2, "authsvc.teams.microsoft.com", ["52.123.128.14"])
    r.ask(3, "teams.live.com", EDGE)
    r.ask(4, "s.gateway.messenger.live.com", ["40.74.219.49"])
    r.ask(5, "api.flightproxy.skype.com", ["98.66.218.35"])
    r.ask(6, "presence.teams.microsoft.com", ["52.123.145.9"])


@diagnostic("d30-fqdn-firewall")
def d30(c, r):
    r.ask(0, FLIGHTPROXY, [FLIGHTPROXY_TM, "52.114.77.136"])
    r.ask(1, "teams.microsoft.com", EDGE)
    r.ask(2, "authsvc.teams.microsoft.com", ["52.123.128.14"])
    r.ask(3, "www.example.org", ["example.trafficmanager.net", "198.51.100.10"])


@diagnostic("d31-type-unanswered")
def d31(c, r):
    def three(when, name, steps, answered):
        """A, AAAA and HTTPS at once, the latter two repeated where nobody answers."""
        r.ask(when, name, steps)
        for kind in (AAAA, HTTPS):
            again = r.question(when + 0.0001, name, kind)
            if answered:
                r.answer(when + 0.02, again[0],
                         response(again[1], name, kind, chain(name, steps[:-1])))
            else:
                for later in (1, 3):
                    r.question(when + later, name, kind, repeat=again)

    three(0, "teams.microsoft.com", EDGE, answered=False)
    three(10, "config.teams.microsoft.com", EDGE, answered=True)
    three(20, "www.example.org", ["198.51.100.10"], answered=False)
    r.ask(30, "presence.teams.microsoft.com", ["52.123.145.9"])


@diagnostic("d31-woken")
def d31_woken(c, r):
    """A PC that wakes: for eight seconds nothing is answered; then A, AAAA and HTTPS are, of the second name HTTPS alone is not."""
    def all_types(when, name, steps, kinds):
        for n, kind in enumerate((A, AAAA, HTTPS)):
            again = r.question(when + 0.0001 * n, name, kind)
            if kind in kinds:
                r.answer(when + 0.0151 + 0.0001 * n, again[0], response(again[1], name, kind, chain(name, steps if kind == A else steps[:-1])))

    for name in ("teams.microsoft.com", "config.teams.microsoft.com"):
        for when in (0, 1, 3):
            all_types(when, name, EDGE, ())
    all_types(8, "teams.microsoft.com", EDGE, (A, AAAA, HTTPS))
    all_types(9, "config.teams.microsoft.com", EDGE, (A, AAAA))
    r.ask(12, "presence.teams.microsoft.com", ["52.123.145.9"])
    r.ask(20, "authsvc.teams.microsoft.com", ["52.123.145.10"])


@diagnostic("d32-truncated")
def d32(c, r):
    steps = ["outlook.ms-acdc.office.com", "52.98.243.18"]
    r.ask(0, "outlook.office.com", truncated=True)
    r.ask(5, "outlook.office.com", truncated=True)
    # Truncated, then asked again over TCP as it ought to be.
    r.ask(20, "substrate.office.com", truncated=True)
    stream = c.tcp(20.02, (CLIENT, 50600), (RESOLVER, 53), rtt=0.005)
    for when, message, from_client in (
            (20.03, query(9, "substrate.office.com"), True),
            (20.04, response(9, "substrate.office.com", A,
                             chain("substrate.office.com", steps)), False)):
        stream.send(when, len(message).to_bytes(2, "big") + message, from_client)
    stream.close(20.05)
    r.ask(40, "www.example.org", truncated=True)
    r.ask(60, "teams.microsoft.com", EDGE)
    tls.session(c, 60.1, (CLIENT, 50601), ("52.113.194.132", 443), "teams.microsoft.com")


@diagnostic("d01-retired-sets", "2026-09-01T09:00:00")
def d01_retired(c, r):
    """Names of endpoint sets that Microsoft retired by 2023; two of sets of 2026, one of which a sign-in needs."""
    for n, name in enumerate(("compass-ssl.microsoft.com", "x.sfbassets.com", "broadcast.skype.com",
                              "5000.ecdn.microsoft.com", "go.mstea.ms")):
        r.ask(n, name, rcode=NXDOMAIN)
    r.ask(10, "m365.cloud.microsoft", rcode=NXDOMAIN)
    r.ask(11, "teams.cloud.microsoft", rcode=NXDOMAIN)


@diagnostic("d06-prefixes-of-2026", "2026-09-01T09:00:00")
def d06_dates(c, r):
    """Prefixes that were given up by 2026; one that stands, and the same behind NAT64."""
    for n, address in enumerate(("13.107.64.10", "52.120.1.1", "52.238.119.141")):
        r.ask(n, "teams.microsoft.com", [address])
    r.ask(10, "teams.microsoft.com", ["52.113.194.132"])
    r.ask(11, "teams.microsoft.com", ["64:ff9b::3471:c284"], kind=AAAA)


@diagnostic("d06-prefixes-of-2022", "2022-07-15T09:00:00")
def d06_then(c, r):
    for n, address in enumerate(("13.107.64.10", "52.120.1.1", "52.238.119.141")):
        r.ask(n, "teams.microsoft.com", [address])


@diagnostic("d06-before-the-lists", "2021-05-03T09:00:00")
def d06_before(c, r):
    """Older than the oldest list of prefixes: what the list does not have may have been published then."""
    r.ask(0, "teams.microsoft.com", ["203.0.113.77"])
    r.ask(1, "teams.microsoft.com", ["52.113.194.132"])
    r.ask(2, "www.example.org", ["203.0.113.77"])


@diagnostic("d19-sent-again")
def d19_again(c, r):
    """A, AAAA and HTTPS, each sent twice with its id, answered 795 ms after the first sending, and
    leading to three hosts."""
    name, host = "euaz.tr.teams.microsoft.com", "b-tr-teams-{0}.{1}.cloudapp.azure.com"
    steps = {A: ("euno-05", "northeurope", "52.114.250.123"), AAAA: ("weu-01", "westeurope", "2603:1063::1"),
             HTTPS: ("aue-02", "australiaeast", None)}
    for n, (kind, (short, region, address)) in enumerate(steps.items()):
        again = r.question(0.001 * n, name, kind)
        r.question(0.3 + 0.001 * n, name, kind, repeat=again)
        links = ["euaz.tr.teams.trafficmanager.net", host.format(short, region)] + ([address] if address else [])
        r.answer(0.795 + 0.001 * n, again[0], response(again[1], name, kind, chain(name, links)))
