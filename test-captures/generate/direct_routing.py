# SPDX-License-Identifier: GPL-2.0-or-later
"""Direct Routing: a session border controller, SIP over TLS with Microsoft's proxies, plain
RTP with its media processors; and what only looks like it."""
import stun
import tls
from common import capture
from resolver import Resolver

SBC, OTHER_SBC, RESOLVER = "198.51.100.7", "198.51.100.8", "198.51.100.1"
PROXY = "52.114.75.24"                  # sip.pstnhub.microsoft.com, as in the other captures
PROCESSOR = ("52.113.216.179", 52004)
PCMU, COMFORT_NOISE = 0, 13             # RFC 3551
PACKET = 0.02                           # seconds, and 160 ticks of 8,000 Hz


def signal(c, when, sbc=SBC, named=True):
    """The name is resolved and SIP over TLS begins; without a server name where named is false."""
    Resolver(c, sbc, RESOLVER).ask(when, "sip.pstnhub.microsoft.com", [PROXY])
    connection = c.tcp(when + 0.05, (sbc, 5062), (PROXY, 5061))
    if named:
        connection.send(when + 0.1, tls.client_hello("sip.pstnhub.microsoft.com"))
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


@capture("direct-routing/neighbours.pcap", "2026-03-02T09:00:00")
def neighbours(c):
    """Nothing of this is Direct Routing."""
    stranger, *sbcs = [(f"198.51.100.{n}", 20010) for n in range(10, 16)]
    late, elsewhere, port, other, restless = sbcs
    for sbc in sbcs:
        signal(c, 0, sbc[0])
    for outwards in (False, True):
        talk(c, 1, stranger, PROCESSOR, outwards, 0.4)                  # no session
        talk(c, 361, late, PROCESSOR, outwards, 0.4)                    # six minutes later
        talk(c, 1, elsewhere, ("203.0.113.9", 52004), outwards, 0.4)    # no address of Microsoft's
        talk(c, 1, port, ("52.113.216.179", 53248), outwards, 0.4)      # the first port beyond
    for number in range(50):                                            # no RTP, and no stream of it
        c.udp(1 + number * PACKET, other, PROCESSOR, stun.opaque(("other", number), 11 + number % 3) if number % 2 else bytes(100))
        c.udp(1 + number * PACKET, restless, PROCESSOR,
              stun.rtp(PCMU, number * 7000, number * 160, 0x3000 + number % 2, stun.opaque(number, 160)))
