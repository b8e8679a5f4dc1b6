# SPDX-License-Identifier: GPL-2.0-or-later
"""One allocation and a message through the relay, on any port, over any network layer, in fragments."""
from zlib import crc32

from common import GATEWAY_MAC, capture
from ms_turn import challenge, check, first_request, indication, request, send, success
from scapy.layers.inet import IP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.layers.l2 import GRE, Dot1Q, Ether
from scapy.packet import Raw

ETHER = Ether(src="02:00:c0:00:02:0a", dst=GATEWAY_MAC)
OUTER = IP(src="192.0.2.1", dst="192.0.2.2", id=7)
CLIENT, RELAY = ("192.0.2.10", "2001:db8::10"), ("203.0.113.141", "2001:db8:ffff::141")


def inner(version, from_client, payload, ports):
    source, destination = (CLIENT, RELAY) if from_client else (RELAY, CLIENT)
    network = (IP(src=source[0], dst=destination[0], id=9) if version == 4
               else IPv6(src=source[1], dst=destination[1]))
    sport, dport = ports if from_client else reversed(ports)
    return network / UDP(sport=sport, dport=dport) / Raw(payload)


def rebuilt(packet):
    """Lengths and checksums filled in."""
    return packet.__class__(bytes(packet))


def fragments6(packet):
    """Split behind the fragment header; 96 bytes of each fragment are UDP."""
    network, udp = packet.copy(), bytes(packet.payload)
    network.remove_payload()
    network.nh, network.plen = 44, None
    for begin in range(0, len(udp), 96):
        head = IPv6ExtHdrFragment(id=crc32(udp), nh=17, offset=begin // 8, m=int(begin + 96 < len(udp)))
        yield network.copy() / head / Raw(udp[begin:begin + 96])


# How a packet is carried -> version of IP, function from packet to Ethernet frames.
PATHS = (
    (4, lambda packet: [ETHER / packet]),
    (6, lambda packet: [ETHER / packet]),
    (4, lambda packet: [ETHER / Dot1Q(vlan=100) / packet]),
    (6, lambda packet: [ETHER / Dot1Q(vlan=100) / Dot1Q(vlan=200) / packet]),
    (4, lambda packet: [ETHER / OUTER / GRE() / packet]),
    (6, lambda packet: [ETHER / OUTER / GRE(proto=0x86dd) / packet]),
    (4, lambda packet: [ETHER / OUTER / packet]),
    (6, lambda packet: [ETHER / OUTER.copy() / packet]),
    (4, lambda packet: [ETHER / part for part in fragment(rebuilt(packet), 80)]),
    (6, lambda packet: [ETHER / part for part in fragments6(rebuilt(packet))]),
    (4, lambda packet: [ETHER / part for part in reversed(fragment(rebuilt(packet), 80))]),
)


def carry(c, number, ports):
    version, frames = PATHS[number]
    seed, when = f"{ports[1]}.{number}", 60.0 * number
    for payload, from_client in ((first_request(f"{seed}a"), True), (challenge(f"{seed}a", alternate=None), False),
                                 (request(f"{seed}b"), True), (success(f"{seed}b"), False),
                                 (send(f"{seed}c", check(f"{seed}d")), True),
                                 (indication(f"{seed}e", check(f"{seed}f")), False)):
        for frame in frames(inner(version, from_client, payload, (ports[0] + number, ports[1]))):
            c.raw(when, bytes(frame))
            when += 0.01


@capture("ms-turn/paths.pcap", "2026-03-02T09:00:00")
def paths(c):
    """To the relay's port."""
    for number in range(len(PATHS)):
        carry(c, number, (50000, 3478))


@capture("ms-turn/paths-other-port.pcap", "2026-03-02T09:00:00")
def paths_other_port(c):
    """To a port that is nobody's."""
    for number in range(len(PATHS)):
        carry(c, number, (50000, 54321))
