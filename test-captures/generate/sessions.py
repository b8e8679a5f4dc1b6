# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions: which sign-in and which call a frame belongs to, and what only a whole
session shows. One capture per rule of plugins/teams."""
import stun
import tls
from article import Stream
from common import capture
from resolver import AAAA, NXDOMAIN
from signin import CLIENT, Client

OTHER = "192.168.1.21"
RELAY = ("52.114.250.10", 3478)
NODE = "trouter2-asse-a.trouter.teams.microsoft.com"


def start(client, when):
    """Bootstrap and identity of one sign-in."""
    client.visit(when, "teams.microsoft.com", "s-0005.s-msedge.net", "52.113.194.132")
    client.visit(when + 0.5, "login.microsoftonline.com", "20.190.128.10")


def go_on(client, when):
    """Configuration, token, chat."""
    client.visit(when, "config.teams.microsoft.com", "config.teams.trafficmanager.net",
                 "52.113.194.133")
    client.visit(when + 0.5, "authsvc.teams.microsoft.com", "52.113.194.134")
    client.visit(when + 1.0, "emea.ng.msg.teams.microsoft.com", "52.114.88.20")


# ---- sign-ins ----

@capture("sessions/signin-twice.pcap", "2026-03-02T08:00:00")
def signin_twice(c):
    """The client runs on for a minute, asking again for names whose time is over, is
    closed, and signs in anew ten minutes later; at last it is restarted at once."""
    client = Client(c)
    start(client, 0)
    go_on(client, 2)
    for n in range(4):
        client.visit(20 + n * 15, "teams.microsoft.com", "s-0005.s-msedge.net", "52.113.194.132")
    start(client, 660)
    go_on(client, 662)
    client.visit(690, "emea.ng.msg.teams.microsoft.com", "52.114.88.20")
    start(client, 705)
    go_on(client, 707)


@capture("sessions/two-clients.pcap", "2026-03-02T08:00:00")
def two_clients(c):
    """Two hosts sign in at the same time; a third uses Microsoft 365 without Teams."""
    first, second, third = Client(c), Client(c, OTHER), Client(c, "192.168.1.22")
    start(first, 0)
    start(second, 0.2)
    go_on(first, 2)
    go_on(second, 2.2)
    third.visit(2.5, "login.microsoftonline.com", "20.190.128.10")
    third.visit(3.5, "outlook.office365.com", "52.96.0.10")


@capture("sessions/signin-stalled.pcap", "2026-03-02T08:00:00")
def signin_stalled(c):
    """D15: identity, then telemetry alone; the other host's sign-in goes on."""
    client, other = Client(c), Client(c, OTHER)
    client.resolver.ask(0, "teams.microsoft.com", ["s-0005.s-msedge.net", "52.113.194.132"])
    client.visit(0.5, "login.microsoftonline.com", "20.190.128.10")
    client.visit(30, "mobile.pipe.aria.microsoft.com", "52.114.77.33")
    client.visit(62, "mobile.pipe.aria.microsoft.com", "52.114.77.33")
    start(other, 1)
    go_on(other, 3)
    other.visit(70, "mobile.pipe.aria.microsoft.com", "52.114.77.33")


@capture("sessions/media-missing.pcap", "2026-03-02T08:00:00")
def media_missing(c):
    """D16: flightproxy's name, and no relay within 30 seconds; the other host gets one."""
    client, other = Client(c), Client(c, OTHER)
    for each, when in ((client, 0), (other, 0.1)):
        start(each, when)
        go_on(each, when + 2)
        each.visit(when + 5, "api.flightproxy.teams.microsoft.com", "52.114.77.136")
    other.visit(10, "euaz.tr.teams.microsoft.com", "52.114.250.123")
    client.visit(40, "presence.teams.microsoft.com", "52.114.77.58")
    other.visit(40, "presence.teams.microsoft.com", "52.114.77.58")


@capture("sessions/silent-end.pcap", "2026-03-02T08:00:00")
def silent_end(c):
    """Four hosts that fall silent when something is due, and a stranger's packet at the end:
    D15, D16, D31 with D32, and D22, which no frame of theirs can say."""
    stalled, mute, asking, border = (Client(c, f"192.168.1.{n}") for n in (30, 31, 32, 33))
    stalled.resolver.ask(0, "teams.microsoft.com", ["s-0005.s-msedge.net", "52.113.194.132"])
    stalled.visit(0.5, "login.microsoftonline.com", "20.190.128.10")
    start(mute, 0.1)
    go_on(mute, 2)
    mute.visit(5, "api.flightproxy.teams.microsoft.com", "52.114.77.136")
    asking.resolver.ask(0.2, "teams.microsoft.com", ["s-0005.s-msedge.net", "52.113.194.132"])
    asking.resolver.question(0.2, "teams.microsoft.com", AAAA)
    asking.resolver.ask(1, "outlook.office.com", truncated=True)
    border.resolver.ask(0.3, "sip.pstnhub.microsoft.com", ["52.114.75.24"])
    Client(c, "192.168.1.34").resolver.ask(310, "www.example.org", ["198.51.100.10"])


@capture("sessions/identity-first.pcap", "2026-03-02T08:00:00")
def identity_first(c):
    """Identity before the first name of Teams: 10 seconds, with a name of Outlook between; in the
    cloud of China; where it does not exist, in the US government's; and too long before."""
    client, china, government, idle = (Client(c, f"192.168.1.{n}") for n in (40, 41, 42, 43))
    idle.visit(0, "login.microsoftonline.com", "20.190.128.10")
    client.visit(60, "login.microsoftonline.com", "20.190.128.10")
    client.visit(65, "outlook.office.com", "52.98.243.18")
    client.visit(70, "teams.microsoft.com", "s-0005.s-msedge.net", "52.113.194.132")
    china.visit(61, "login.partner.microsoftonline.cn", "159.27.160.41")
    china.visit(62, "teams.microsoftonline.cn", "159.27.160.20")
    government.resolver.ask(61.5, "login.microsoftonline.us", rcode=NXDOMAIN)
    government.visit(62.5, "gov.teams.microsoft.us", "52.127.88.59")
    idle.visit(71, "teams.microsoft.com", "s-0005.s-msedge.net", "52.113.194.132")


@capture("sessions/truncated.pcap", "2026-03-02T08:00:00")
def truncated(c):
    """D32: an answer cut short that nothing over TCP follows is known at the question for another
    name; a second name is in the same trouble at the end of the capture."""
    client = Client(c)
    client.resolver.ask(0, "teams.microsoft.com", ["s-0005.s-msedge.net", "52.113.194.132"])
    client.resolver.ask(1, "outlook.office.com", truncated=True)
    client.resolver.ask(10, "config.teams.microsoft.com", ["52.113.194.132"])
    client.resolver.ask(12, "substrate.office.com", truncated=True)
    Client(c, OTHER).resolver.ask(20, "www.example.org", ["198.51.100.10"])


@capture("sessions/regions.pcap", "2026-03-02T08:00:00")
def regions(c):
    """D9: Europe first; a push channel in Asia is a note, a relay in North America a warning."""
    client = Client(c)
    start(client, 0)
    client.visit(2, "chatsvcagg.teams.microsoft.com", "chatsvcagg.trafficmanager.net",
                 "msg-euno-01-chatsvcagg.northeurope.cloudapp.azure.com", "52.114.88.59")
    client.visit(3, NODE, "52.114.12.7")
    client.visit(4, "usaz.tr.teams.microsoft.com", "usaz.tr.teams.trafficmanager.net",
                 "b-tr-teams-usea2-05.eastus2.cloudapp.azure.com", "52.114.158.91")


@capture("sessions/home-region.pcap", "2026-03-02T08:00:00")
def home_region(c):
    """Chat of accounts whose data are elsewhere, beside services in Europe: asked for by that region after these, before these, and .22 in
    Asia. Of .23 a name without a region leads to North America."""
    near = ("chatsvcagg.teams.microsoft.com", "msg-euno-01-chatsvcagg.northeurope.cloudapp.azure.com", "52.114.88.59")
    for n, region in ((20, "amer"), (21, "amer"), (22, "apac")):
        client = Client(c, f"192.168.1.{n}")
        start(client, 0)
        if n != 21:
            client.visit(2, *near)
        client.visit(3, f"{region}.ng.msg.teams.microsoft.com", "52.114.132.20")
        client.visit(4, *near)
    client = Client(c, "192.168.1.23")
    start(client, 0)
    client.visit(2, *near)
    client.visit(3, "presence.teams.microsoft.com", "presence-usea2-01.eastus2.cloudapp.azure.com", "52.114.132.40")


@capture("sessions/unresolved.pcap", "2026-03-02T08:00:00")
def unresolved(c):
    """D27: server names at addresses that no answer gave: a published one, a stranger's;
    not where the answer is there, nor where the name is an address."""
    client = Client(c)
    start(client, 0)
    client.connect(2, "52.113.194.140", "config.teams.microsoft.com")
    client.connect(3, "203.0.113.80", "presence.teams.microsoft.com")
    client.connect(4, "52.114.250.152", "52.114.250.152")


@capture("sessions/shared-address.pcap", "2026-03-02T08:00:00")
def shared_address(c):
    """An edge's address serves others too: a stranger's server name is not ours, before
    and after one that is; nor is a flow to it from a host that knows no name of ours."""
    client = Client(c)
    client.visit(0, "statics.teams.cdn.office.net", "statics.teams.cdn.office.net.edgekey.net",
                 "2.16.106.10")
    client.connect(1, "2.16.106.10", "www.example.org")
    client.connect(2, "2.16.106.10", "statics.teams.cdn.office.net")


# ---- calls ----

SILK, VIDEO = 104, 121
TICKS = {SILK: 320, VIDEO: 1800}    # of 20 ms


class Asking(Stream):
    def rtp(self, when, outwards, number, ssrc):
        """SRTP of SILK at 16 kHz or of video, 20 ms a packet; number counts from 0."""
        packet = stun.rtp(self.payload_type, number, number * TICKS[self.payload_type], ssrc,
                          stun.opaque((outwards, number), 22))
        (self.up if outwards else self.down)(when, self.settled, packet)

    def ask(self, when, server):
        """Allocate without credentials, never answered."""
        self.up(when, server, stun.turn(stun.ALLOCATE_REQUEST, self.tid(), [
            (stun.MS_VERSION, stun.u32(5)), (stun.BANDWIDTH, stun.u32(12000)),
            (stun.SERVICE_QUALITY, stun.u16(1) + stun.u16(1))]))


def stream(c, name, port, far, client=CLIENT, payload_type=SILK):
    made = Asking(c, name, port, far[1], 0, payload_type, 320, 22)
    made.client, made.settled = (client, port), far
    return made


def connect(each, when, packets=20):
    """Checks, nomination, and a little media in both directions."""
    each.check(when, each.settled)
    each.checked(when + 0.1, each.settled)
    each.check(when + 0.4, each.settled, nominate=True)
    for number in range(packets):
        for outwards in (True, False):
            each.rtp(when + 1 + number * 0.02, outwards, number, 0x1000 + each.client[1])


@capture("sessions/calls-in-turn.pcap", "2026-03-02T09:00:00")
def calls_in_turn(c):
    """Two calls of one client, a minute apart, the second from the same port; audio and
    video of each are one call."""
    for number, when in enumerate((0, 60)):
        connect(stream(c, f"audio{number}", 50002, ("198.51.100.7", 50010)), when)
        connect(stream(c, f"video{number}", 50022, ("198.51.100.7", 50030), payload_type=VIDEO), when + 0.2)


@capture("sessions/call-resumed.pcap", "2026-03-02T09:00:00")
def call_resumed(c):
    """Media and checks go on over the nominated pair after 40 seconds of silence."""
    audio = stream(c, "audio", 50002, ("198.51.100.7", 50010))
    connect(audio, 0)
    audio.check(41.5, audio.settled)
    for number in range(20):
        for outwards in (True, False):
            audio.rtp(42 + number * 0.02, outwards, 100 + number, 0x1000 + outwards)


@capture("sessions/relay-visit.pcap", "2026-03-02T09:00:00")
def relay_visit(c):
    """A client signs in, and speaks TLS with a relay for a moment; no call."""
    client = Client(c)
    start(client, 0)
    go_on(client, 2)
    client.visit(6, "euaz.tr.teams.microsoft.com", "52.114.250.11")


@capture("sessions/calls-at-once.pcap", "2026-03-02T09:00:00")
def calls_at_once(c):
    """A second call begins while the first goes on: other port, other peer, same
    modality. The first one's video joins it later. Another client calls meanwhile."""
    first = stream(c, "audio1", 50002, ("198.51.100.7", 50010))
    connect(first, 0, packets=500)
    connect(stream(c, "audio2", 50008, ("203.0.113.9", 50012)), 5)
    connect(stream(c, "video1", 50022, ("198.51.100.7", 50030), payload_type=VIDEO), 8)
    connect(stream(c, "other", 50004, ("203.0.113.9", 50014), OTHER), 5.5)


@capture("sessions/udp-blocked.pcap", "2026-03-02T09:00:00")
def udp_blocked(c):
    """D18: a relay does not answer over UDP, and the client goes on over TLS."""
    client = Client(c)
    start(client, 0)
    go_on(client, 2)
    relay = stream(c, "audio", 50002, RELAY)
    for n in range(4):
        relay.ask(10 + n * 0.5, RELAY)
    tls.session(c, 13, (CLIENT, 50003), ("52.114.250.11", 443), "52.114.250.11", exchanges=6)


@capture("sessions/relay-only.pcap", "2026-03-02T09:00:00")
def relay_only(c):
    """A capture that begins in the middle: a relay and no sign-in; one direction only."""
    relay = stream(c, "audio", 50002, RELAY)
    for n in range(3):
        relay.ask(n * 0.5, RELAY)


@capture("sessions/loss.pcap", "2026-03-02T09:00:00")
def loss(c):
    """Audio of 100 packets, 4 of them lost, one twice, two in the wrong order, around the
    wrap of sequence numbers; every other one 20 ms late."""
    audio = stream(c, "audio", 50002, ("198.51.100.7", 50010))
    connect(audio, 0, packets=0)
    order = [n for n in range(100) if n not in (20, 40, 41, 60)]
    order[70], order[71] = order[71], order[70]
    for slot, number in enumerate(order):
        late = 0.02 if number % 2 else 0
        for _ in range(2 if number == 10 else 1):
            audio.rtp(2 + slot * 0.02 + late, False, 65500 + number, 0x4c4f5353)


@capture("sessions/marked.pcap", "2026-03-02T09:00:00")
def marked(c):
    """Packets marked for QoS, from ports of the documented ranges."""
    audio = stream(c, "audio", 50002, ("198.51.100.7", 50010))
    connect(audio, 0, packets=0)
    plain = c.udp
    c.udp = lambda when, source, destination, payload: plain(
        when, source, destination, payload, dscp=46 if source == audio.client else 0)
    for number in range(20):
        audio.rtp(1 + number * 0.02, True, number, 0x44534350)
        audio.rtp(1.005 + number * 0.02, False, number, 0x44534351)
    c.udp = plain


@capture("sessions/mid-call-relay.pcap", "2026-03-02T09:00:00")
def mid_call_relay(c):
    """Media with a published address at a port of relays, and nothing of its set-up: what is there cannot be told."""
    audio = stream(c, "audio", 50002, ("52.114.250.10", 3479))
    for number in range(20):
        for outwards in (True, False):
            audio.rtp(number * 0.02, outwards, number, 0x1000 + outwards)


@capture("sessions/tls-beside-udp.pcap", "2026-03-02T09:00:00")
def tls_beside_udp(c):
    """TLS with a relay by name, then the call's media with the same address over UDP. SSH
    and NTP with an address that a name gave are nobody's."""
    client = Client(c)
    start(client, 0)
    client.visit(2, "euaz.tr.teams.microsoft.com", RELAY[0])
    audio = stream(c, "audio", 50002, RELAY)
    for number in range(20):
        for outwards in (True, False):
            audio.rtp(5 + number * 0.02, outwards, number, 0x1000 + outwards)
    c.tcp(6, (CLIENT, 41000), ("52.113.194.132", 22)).send(6.1, b"SSH-2.0-x\r\n")
    c.udp(6, (CLIENT, 40000), ("52.113.194.132", 123), b"\x23" + bytes(47))


@capture("sessions/never-connected.pcap", "2026-03-02T09:00:00")
def never_connected(c):
    """Checks to two candidates that never answer; another host asks the anycast address."""
    audio = stream(c, "audio", 50002, ("198.51.100.7", 50010))
    other = stream(c, "other", 50004, ("13.107.8.22", 3478), OTHER)
    for n in range(5):
        audio.up(n * 0.5, audio.settled, audio.check_request(audio.tid()))
        audio.up(n * 0.5 + 0.1, ("10.9.9.9", 50010), audio.check_request(audio.tid()))
        other.ask(n * 0.5 + 0.2, other.settled)
