# SPDX-License-Identifier: GPL-2.0-or-later
"""Direct Routing: a session border controller, SIP over TLS with Microsoft's proxies, plain
RTP with its media processors; and what only looks like it."""
import stun
import teams_stun
import tls
from common import capture
from resolver import Resolver

SBC, OTHER_SBC, RESOLVER = "198.51.100.7", "198.51.100.8", "198.51.100.1"
PROXY = "52.114.75.24"                  # sip.pstnhub.microsoft.com, as in the other captures
PROCESSOR = ("52.113.216.179", 52004)
PCMU, COMFORT_NOISE = 0, 13             # RFC 3551
PACKET = 0.02                           # seconds, and 160 ticks of 8,000 Hz


def signal(c, when, sbc=SBC, named=True, name="sip.pstnhub.microsoft.com", proxy=PROXY):
    """The name is resolved and SIP over TLS begins; without a server name where named is false."""
    Resolver(c, sbc, RESOLVER).ask(when, name, [proxy])
    connection = c.tcp(when + 0.05, (sbc, 5062), (proxy, 5061))
    if named:
        connection.send(when + 0.1, tls.client_hello(name))
        connection.send(when + 0.12, tls.server_hello(), from_client=False)


def talk(c, when, sbc, processor, outwards, seconds=4, lost=(), dscp=46, ssrc=None, extra=()):
    """One direction of G.711; the packets with the numbers in lost are missing, in extra something else comes."""
    for number in range(round(seconds / PACKET)):
        if number in lost:
            continue
        kind = COMFORT_NOISE if number in extra else PCMU
        packet = stun.rtp(kind, 65500 + number, number * 160, ssrc or (0x1000 if outwards else 0x2000) + sbc[1],
                          stun.opaque((sbc, outwards, number), 1 if kind == COMFORT_NOISE else 160))
        ends = (sbc, processor) if outwards else (processor, sbc)
        c.udp(when + number * PACKET + (0 if outwards else 0.007), *ends, packet, dscp)


@capture("direct-routing/healthy.pcap", "2026-03-02T09:00:00")
def healthy(c):
    """Two calls at once, the second with comfort noise; its processor has a port that is one of video for clients."""
    signal(c, 0)
    for sbc, processor, extra in (((SBC, 20010), PROCESSOR, ()), ((SBC, 20020), ("52.113.216.180", 50030), (20, 21))):
        for outwards in (False, True):
            talk(c, 1.4 if extra else 1, sbc, processor, outwards, extra=extra)


@capture("direct-routing/loss.pcap", "2026-03-02T09:00:00")
def loss(c):
    """200 packets each way; of those to the SBC every twentieth is missing, numbers 10, 30 ... 190.
    The server name is not in the capture, the DNS answer is."""
    signal(c, 0, named=False)
    talk(c, 1, (SBC, 20010), PROCESSOR, True)
    talk(c, 1, (SBC, 20010), PROCESSOR, False, lost=range(10, 200, 20))


@capture("direct-routing/one-way.pcap", "2026-03-02T09:00:00")
def one_way(c):
    """One SBC sends and receives nothing; the other receives and sends nothing."""
    signal(c, 0)
    signal(c, 0.5, OTHER_SBC)
    talk(c, 1, (SBC, 20010), PROCESSOR, True)
    talk(c, 10, (OTHER_SBC, 20010), PROCESSOR, False)


@capture("direct-routing/ice.pcap", "2026-03-02T09:00:00")
def ice(c):
    """Media bypass with ICE: checks that say they are Microsoft's, then media; and another SBC's, with checks that do not."""
    microsoft, plain = (SBC, 20010), (OTHER_SBC, 20010)
    other = ("52.113.216.180", 50030)
    for sbc in (SBC, OTHER_SBC):
        signal(c, 0, sbc)
    teams_stun.check(c, 1, microsoft, PROCESSOR, "bypass")
    teams_stun.check(c, 1.2, microsoft, PROCESSOR, "bypass again", nominate=True)
    without = dict(without=(stun.IMPLEMENTATION_VERSION,))
    local, remote = teams_stun.sides()
    c.udp(1, plain, other, local.request("plain", nominate=True, **without))
    c.udp(1.03, other, plain, remote.answer("plain", plain, **without))
    for sbc, processor in ((microsoft, PROCESSOR), (plain, other)):
        for outwards in (False, True):
            talk(c, 2, sbc, processor, outwards)


@capture("direct-routing/regions.pcap", "2026-03-02T09:00:00")
def regions(c):
    """The SIP session is with the proxy of another region than the media processor's, or of another cloud's name;
    beside each SBC's own leg: its RTP with a telephone and with a provider, whom it speaks SIP with, too."""
    for n, (name, proxy, processor) in enumerate((
            ("sip3.pstnhub.microsoft.com", "52.114.7.24", PROCESSOR), ("sip2.pstnhub.microsoft.com", "52.114.132.46", PROCESSOR),
            ("sip.pstnhub.gov.teams.microsoft.us", "52.127.88.59", ("52.127.88.100", 49152)))):
        sbc = f"198.51.100.{20 + n}"
        signal(c, 0, sbc, name=name, proxy=proxy)
        beside = [((sbc, 20012), ("198.51.100.40", 16384)), ((sbc, 20014), ("203.0.113.50", 52004))]
        for local, remote in beside:
            c.udp(0.5, local, (remote[0], 5060), b"OPTIONS sip:203.0.113.50 SIP/2.0\r\nMax-Forwards: 70\r\n\r\n")
        for local, remote in [((sbc, 20010), processor), *beside]:
            for outwards in (False, True):
                talk(c, 1, local, remote, outwards, 0.8)


@capture("direct-routing/neighbours.pcap", "2026-03-02T09:00:00")
def neighbours(c):
    """Nothing of this is Direct Routing."""
    stranger, *sbcs = [(f"198.51.100.{n}", 20010) for n in range(10, 16)]
    telephone, provider = ("198.51.100.30", 16384), ("203.0.113.50", 52004)
    late, elsewhere, port, other, restless = sbcs
    for sbc in sbcs:
        signal(c, 0, sbc[0])
    tls_with_provider = c.tcp(0, (telephone[0], 5062), (provider[0], 5061))
    tls_with_provider.send(0.1, tls.client_hello("sip.example.net"))
    for outwards in (False, True):
        talk(c, 1, telephone, provider, outwards, 0.4)                  # a telephone's call, with a provider of its own
        talk(c, 1, telephone, PROCESSOR, outwards, 0.4)                 # its session is with another service
        talk(c, 1, stranger, PROCESSOR, outwards, 0.4)                  # no session
        talk(c, 361, late, PROCESSOR, outwards, 0.4)                    # six minutes later
        talk(c, 1, elsewhere, ("203.0.113.9", 52004), outwards, 0.4)    # no address of Microsoft's
        talk(c, 1, port, ("52.113.216.179", 53248), outwards, 0.4)      # the first port beyond
    for number in range(50):                                            # no RTP, and no stream of it
        c.udp(1 + number * PACKET, other, PROCESSOR, stun.opaque(("other", number), 11 + number % 3) if number % 2 else bytes(100))
        c.udp(1 + number * PACKET, restless, PROCESSOR,
              stun.rtp(PCMU, number * 7000, number * 160, 0x3000 + number % 2, stun.opaque(number, 160)))
