# SPDX-License-Identifier: GPL-2.0-or-later
"""Sign-ins: the 2017 client of the article, the modern client in four clouds, Lync."""
import stun
import tls
from common import capture
from resolver import AAAA, HTTPS, NXDOMAIN, SRV, Resolver

CLIENT, RESOLVER = "192.168.1.20", "192.168.1.1"


class Client:
    """A host that resolves names and speaks TLS to what it finds."""

    def __init__(self, c, address=CLIENT, resolver=RESOLVER):
        self.capture, self.address = c, address
        self.resolver = Resolver(c, address, resolver)
        self.port = 50100

    def visit(self, when, name, *steps, server_name=None, exchanges=1, **dns):
        """Resolves name through steps, then a TLS session with the address found."""
        found = self.resolver.ask(when, name, steps, **dns)
        self.connect(when + 0.03, found, server_name or name, exchanges)
        return found

    def connect(self, when, server, server_name, exchanges=1):
        self.port += 1
        tls.session(self.capture, when, (self.address, self.port), (server, 443), server_name,
                    exchanges)


# ---- the article: names, chains and addresses in its order ----

PIPE = ("pipe.skype.com", "pipe.prd.skypedata.akadns.net", "pipe.cloudapp.aria.akadns.net",
        "40.117.100.83")


def article_names(c, client):
    """The article's "Sign In Process" and "Skype4B Interop": returns the second it ends.
    The addresses of login and lync.com are not in the article: published ones stand in."""
    client.visit(0.0, *PIPE, exchanges=4)
    client.visit(1.6, "teams.microsoft.com", "s-0001.s-msedge.net", "13.107.3.128", exchanges=3)
    client.visit(2.4, "login.microsoftonline.com", "40.126.9.65", exchanges=4)
    # The name that the chain ended in, asked for by itself, for the same service.
    client.visit(21.0, "pipe.cloudapp.aria.akadns.net", "40.117.100.83",
                 server_name="pipe.skype.com", exchanges=4)
    client.visit(24.8, "us-api.asm.skype.com", "us-api.skype-asm.akadns.net", "40.123.43.195")
    client.visit(25.3, "amer-client-ss.msg.skype.com", "amer-client-ss.msg.skype.com.akadns.net",
                 "skypechatspaces-amer-client-geo.msg.skype.com.akadns.net",
                 "bn3p-client-dc.msg.skype.com.akadns.net", "40.84.28.125", exchanges=3)
    client.visit(27.1, "api.cc.skype.com", "api-cc-skype.trafficmanager.net",
                 "a-cc-usea2-01-skype.cloudapp.net", "40.70.147.11")
    client.visit(28.0, "webdir.online.lync.com", "52.112.65.74")
    client.visit(28.4, "webdir1a.online.lync.com", "52.112.64.14")
    client.visit(28.8, "webdir2a.online.lync.com", "52.112.66.10")
    client.visit(29.2, "webpooldm12a17.infra.lync.com", "52.112.67.52")
    return 30.0


@capture("article-signin-2017.pcap", "2017-09-26T14:02:10")
def article_signin(c):
    article_names(c, Client(c))


# ---- the modern client: one front door, services by path ----

def front_door(c, client):
    """Bootstrap to configuration."""
    client.visit(0.0, "teams.microsoft.com", "teams-office-com.s-0005.dual-s-msedge.net",
                 "s-0005.dual-s-msedge.net", "52.113.194.132")
    client.resolver.ask(0.0, "teams.microsoft.com", ["teams-office-com.s-0005.dual-s-msedge.net",
                        "s-0005.dual-s-msedge.net", "2620:1ec:42::132"], kind=AAAA)
    client.resolver.ask(0.0, "teams.microsoft.com", ["teams-office-com.s-0005.dual-s-msedge.net",
                        "s-0005.dual-s-msedge.net"], kind=HTTPS)
    client.visit(0.4, "statics.teams.cdn.office.net", "statics.teams.cdn.office.net.edgekey.net",
                 "e16646.dscg.akamaiedge.net", "2.16.106.10")
    client.visit(1.1, "login.microsoftonline.com", "login.mso.msidentity.com",
                 "ak.privatelink.msidentity.com", "40.126.32.74", exchanges=4)
    client.visit(2.0, "aadcdn.msftauth.net", "aadcdn.msftauth.net.edgekey.net",
                 "e10583.dspg.akamaiedge.net", "2.16.106.22")
    client.visit(9.5, "config.teams.microsoft.com", "config.teams.trafficmanager.net",
                 "config-teams.s-0005.s-msedge.net", "s-0005.s-msedge.net", "52.113.194.132")
    client.visit(9.7, "ecs.office.com", "52.113.194.132")


@capture("modern-signin.pcap", "2025-11-03T08:30:00")
def modern_signin(c):
    client = Client(c)
    front_door(c, client)
    client.visit(10.2, "authsvc.teams.microsoft.com", "52.123.128.14", exchanges=2)
    client.visit(11.0, "go-eu.trouter.teams.microsoft.com", "52.123.130.30")
    client.visit(11.4, "pub-ent-euwe-10-t.trouter.teams.microsoft.com", "52.123.131.12")
    client.visit(11.6, "edge.skype.com", "edge-skype-com.s-0001.s-msedge.net",
                 "s-0001.s-msedge.net", "13.107.3.128")
    client.visit(12.1, "emea.ng.msg.teams.microsoft.com",
                 "emea.ng.msg.teams-msgapi.trafficmanager.net", "52.123.144.8")
    client.visit(12.3, "presence.teams.microsoft.com",
                 "presence.services.sfb.trafficmanager.net",
                 "a-ups-presence4-prod.northeurope.cloudapp.azure.com", "52.123.145.9")
    client.visit(12.8, "substrate.office.com", "substrate.ms-acdc.office.com",
                 "52.98.243.18")
    client.visit(13.2, "graph.microsoft.com", "ags.privatelink.msidentity.com", "20.190.160.97")
    client.visit(14.0, "eu-prod.asyncgw.teams.microsoft.com",
                 "asm-api-prod-eu-teams.trafficmanager.net", "52.123.150.4")
    client.visit(14.6, "eu-teams.events.data.microsoft.com", "20.42.73.29")
    client.visit(20.0, "api-emea.flightproxy.teams.microsoft.com",
                 "ep-euno-03-prod-aks.flightproxy.teams.microsoft.com", "52.123.160.20")
    client.visit(20.6, "api3.cc.skype.com", "api3-cc-skype.trafficmanager.net",
                 "callcontroller.euno-02.ic3-calling-callcontroller.northeurope-prod."
                 "cosmic.office.net", "52.123.161.3")
    relay = client.resolver.ask(21.0, "euaz.relay.teams.microsoft.com",
                                ["euaz.relay.teams.trafficmanager.net", "52.123.170.40"])
    allocate(c, 21.1, (client.address, 50012), (relay, 3478))


def allocate(c, when, client, server):
    """The start of an allocation, so that the names are seen to lead to media."""
    tid = stun.transaction((client, server))
    c.udp(when, client, server, stun.turn(stun.ALLOCATE_REQUEST, tid, [
        (stun.APP_ID, stun.u32(2)), (stun.MS_VERSION, stun.u32(6)),
        (stun.UNKNOWN_8006, stun.u32(1)), (stun.BANDWIDTH, stun.u32(12000)),
        (stun.SERVICE_QUALITY, stun.u16(1) + stun.u16(2))]))
    c.udp(when + 0.021, server, client, stun.turn(stun.ALLOCATE_ERROR, tid, [
        (stun.MS_VERSION, stun.u32(6)),
        (stun.ERROR_CODE, stun.error(401, "The request did not contain a Message-Integrity "
                                          "attribute")),
        (stun.ALTERNATE_SERVER, stun.address(*server)),
        (stun.NONCE, stun.opaque("nonce", 20)), (stun.REALM, b'"rtcmedia"'),
        (stun.MS_XOR_MAPPED_ADDRESS, stun.address("203.0.113.20", client[1], tid))]))


# ---- sovereign clouds: the same stages under their own names and prefixes ----

@capture("gcc-high-signin.pcap", "2025-11-03T13:30:00")
def gcc_high(c):
    client = Client(c)
    client.visit(0.0, "gov.teams.microsoft.us", "52.127.88.59")
    client.visit(0.5, "statics.teams.microsoft.com", "statics.teams.microsoft.com.edgekey.net",
                 "e16646.dscg.akamaiedge.net", "2.16.106.10")
    client.visit(0.9, "login.microsoftonline.us", "20.140.232.10", exchanges=4)
    # Microsoft lists the worldwide login for GCC High as well.
    client.visit(1.9, "login.microsoftonline.com", "40.126.32.74")
    client.visit(8.0, "config.ecs.gov.teams.microsoft.us", "52.127.88.70")
    client.visit(8.5, "presence.gov.teams.microsoft.us", "52.127.89.10")
    client.visit(9.0, "tb.events.data.microsoft.com", "20.140.56.70")
    relay = client.resolver.ask(15.0, "relay.gov.teams.microsoft.us", ["52.127.90.14"])
    allocate(c, 15.1, (client.address, 50014), (relay, 3478))


@capture("dod-signin.pcap", "2025-11-03T14:30:00")
def dod(c):
    client = Client(c)
    client.visit(0.0, "dod.teams.microsoft.us", "52.127.64.59")
    client.visit(0.9, "login.microsoftonline.us", "20.140.232.10", exchanges=4)
    client.visit(8.0, "config.ecs.dod.teams.microsoft.us", "52.127.64.70")
    client.visit(8.5, "presence.dod.teams.microsoft.us", "52.127.65.10")
    client.visit(9.0, "pf.events.data.microsoft.com", "20.140.56.71")
    client.visit(9.5, "webdir.online.dod.skypeforbusiness.us", "104.212.32.10")


@capture("21vianet-signin.pcap", "2025-11-03T01:30:00")
def vianet(c):
    client = Client(c)
    client.visit(0.0, "teams.microsoftonline.cn", "159.27.160.20")
    client.visit(0.9, "login.partner.microsoftonline.cn", "159.27.160.41", exchanges=4)
    client.visit(8.0, "mooncake.config.teams.microsoft.com", "52.113.194.132")
    client.visit(8.5, "api.teams.microsoftonline.cn", "159.27.161.33")
    client.visit(9.5, "webdir.online.partner.lync.cn", "42.159.34.40")
    client.visit(9.9, "sipdir.online.partner.lync.cn", "42.159.34.41")


# ---- Lync discovery in a customer's zone, and a telephone that is not Lync ----

@capture("lync-discovery.pcap", "2016-05-10T07:45:00")
def lync_discovery(c):
    """The whole list of a client without an internal server, homed online."""
    client = Client(c, "192.0.2.30", "192.0.2.1")
    ask = client.resolver.ask
    ask(0.0, "lyncdiscoverinternal.contoso.example", rcode=NXDOMAIN)
    ask(0.1, "lyncdiscover.contoso.example", ["webdir.online.lync.com", "52.112.65.74"])
    client.connect(0.2, "52.112.65.74", "lyncdiscover.contoso.example")
    ask(0.6, "_sipinternaltls._tcp.contoso.example", kind=SRV, rcode=NXDOMAIN)
    ask(0.7, "_sip._tls.contoso.example", kind=SRV,
        records=[("_sip._tls.contoso.example", SRV, 3600, (100, 1, 443, "sipdir.online.lync.com"))])
    ask(0.8, "sipinternal.contoso.example", rcode=NXDOMAIN)
    ask(0.9, "sip.contoso.example", ["sipdir.online.lync.com", "52.112.65.80"])
    ask(1.0, "sipexternal.contoso.example", rcode=NXDOMAIN)
    client.visit(1.2, "sipdir.online.lync.com", "52.112.65.80")
    client.visit(1.9, "webdir1e.online.lync.com", "52.112.64.20")
    client.visit(2.4, "webpoolam31e09.infra.lync.com", "52.112.67.60")
    ask(2.9, "_sipfederationtls._tcp.contoso.example", kind=SRV,
        records=[("_sipfederationtls._tcp.contoso.example", SRV, 3600,
                  (100, 1, 5061, "sipfed.online.lync.com"))])


@capture("sip-without-lync.pcap", "2016-05-10T07:45:00")
def sip_without_lync(c):
    """A telephone's registrar is called sip.<domain> too: nothing of ours."""
    resolver = Resolver(c, "192.0.2.40", "192.0.2.1")
    resolver.ask(0.0, "_sip._udp.voipprovider.example", kind=SRV,
                 records=[("_sip._udp.voipprovider.example", SRV, 600,
                           (10, 1, 5060, "sip.voipprovider.example"))])
    resolver.ask(0.1, "sip.voipprovider.example", ["198.51.100.60"])
    for n, method in enumerate(("OPTIONS", "OPTIONS")):
        c.udp(0.2 + n, ("192.0.2.40", 5060), ("198.51.100.60", 5060), (
            f"{method} sip:sip.voipprovider.example SIP/2.0\r\n"
            "Via: SIP/2.0/UDP 192.0.2.40:5060;branch=z9hG4bK1\r\n"
            "From: <sip:a@voipprovider.example>;tag=1\r\nTo: <sip:sip.voipprovider.example>\r\n"
            f"Call-ID: 1\r\nCSeq: {n + 1} {method}\r\nContent-Length: 0\r\n\r\n").encode())
