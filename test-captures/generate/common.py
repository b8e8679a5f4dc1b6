# SPDX-License-Identifier: GPL-2.0-or-later
"""What the generators of test captures share: frames, clocks and streams.

A generator is a module of this folder whose functions are marked

    @capture("dns-over-tcp.pcap", "2026-03-02T09:00:00")
    def dns_over_tcp(c):
        c.udp(0.0, ("192.0.2.10", 50000), ("52.112.0.1", 3478), b"...")

Times are seconds from the start given; nothing may depend on the clock, on
random numbers or on the order of a set, so that a capture is the same bytes
whenever and wherever it is made. Clients have documentation or private
addresses; servers have those of the sources named in the README.
"""
import struct
from datetime import datetime, timezone
from ipaddress import ip_address

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

CAPTURES = {}

ETHERNET, LINUX_SLL = 1, 113     # link types

GATEWAY_MAC = "02:00:5e:00:00:01"
ON_LINK = tuple("10. 172.16. 192.168. 192.0.2. 198.51.100. 203.0.113. 2001:db8:".split())


def capture(name, start):
    """Registers a function that fills the capture of that name."""
    def register(fill):
        assert name not in CAPTURES, name
        CAPTURES[name] = (fill, start)
        return fill
    return register


def write(name, path):
    """Makes one registered capture; the name's end tells pcap or pcapng."""
    fill, start = CAPTURES[name]
    c = Capture(start)
    fill(c)
    c.write(path)


def mac(address):
    """Hosts on the link have a MAC of their own, all others the gateway's."""
    if not str(address).startswith(ON_LINK):
        return GATEWAY_MAC
    return "02:00:" + ":".join(f"{byte:02x}" for byte in ip_address(address).packed[-4:])


class Capture:
    def __init__(self, start):
        self.start = int(datetime.fromisoformat(start).replace(tzinfo=timezone.utc).timestamp())
        self.frames = []
        self.ids = {}
        self.macs = {}      # address -> MAC, where it is not that of mac()
        self.secrets = ""   # a TLS key log that goes into the file (pcapng)
        self.own = None     # addresses of the host that captured, on all of its interfaces (pcap)

    def frame(self, when, layers, source, destination, dscp=0, ttl=None):
        """One frame with these layers above IP; when is in seconds from the start."""
        if ttl is None:
            ttl = 64 if str(source).startswith(ON_LINK) else 52
        if ip_address(source).version == 4:
            self.ids[source] = (self.ids.get(source, 0x1000) + 1) & 0xffff
            network = IP(src=source, dst=destination, id=self.ids[source], flags="DF",
                         tos=dscp << 2, ttl=ttl)
        else:
            network = IPv6(src=source, dst=destination, tc=dscp << 2, hlim=ttl)
        frame = Ether(src=self.macs.get(source) or mac(source), dst=self.macs.get(destination) or mac(destination)) / network / layers
        self.raw(when, bytes(frame))

    def raw(self, when, frame):
        """A frame given as bytes, Ethernet header included."""
        self.frames.append((self.start * 1000000 + round(when * 1000000), frame, len(frame)))

    def cut(self, length):
        """Of the last frame only so many bytes were kept, as with a short snapshot length."""
        when, frame, reported = self.frames[-1]
        self.frames[-1] = (when, frame[:length], reported)

    def udp(self, when, source, destination, payload, dscp=0):
        """Endpoints are (address, port)."""
        self.frame(when, UDP(sport=source[1], dport=destination[1]) / Raw(payload),
                   source[0], destination[0], dscp)

    def tcp(self, when, client, server, rtt=0.02):
        """A connection, its handshake included."""
        return Connection(self, when, client, server, rtt)

    def write(self, path):
        """Frames go out in the order of their times, equal times as they were added."""
        frames = sorted(self.frames, key=lambda timed: timed[0])
        with open(path, "wb") as out:
            if self.own is not None:
                blocks = pcap([(time, cooked(frame, self.own), reported + 2) for time, frame, reported in frames], LINUX_SLL)
            else:
                blocks = pcapng(frames, self.secrets) if path.endswith(".pcapng") else pcap(frames)
            for block in blocks:
                out.write(block)


def cooked(frame, own):
    """A frame of Ethernet as Linux captures it on "any", which tells what the host sent (4) from what came in (0)."""
    at = 22 if frame[12:14] == b"\x86\xdd" else 26
    source = str(ip_address(frame[at:at + (16 if at == 22 else 4)]))
    sent = source in own and not ip_address(source).is_loopback
    return struct.pack("!HHH", 4 if sent else 0, 1, 6) + frame[6:12] + b"\0\0" + frame[12:]


def pcap(frames, link=ETHERNET):
    """The blocks of a capture file; written here because what scapy's writers add
    differs from release to release. Frames are (microseconds since 1970, bytes, length on the wire)."""
    yield struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 0x40000, link)
    for time, frame, reported in frames:
        yield struct.pack("<IIII", time // 1000000, time % 1000000, len(frame), reported) + frame


def pcapng(frames, secrets=""):
    yield pcapng_block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1))
    yield pcapng_block(1, struct.pack("<HHI", 1, 0, 0x40000))
    if secrets:
        yield pcapng_block(0xa, struct.pack("<II", 0x544c534b, len(secrets)) + secrets.encode())
    for time, frame, reported in frames:
        yield pcapng_block(6, struct.pack("<IIIII", 0, time >> 32, time & 0xffffffff, len(frame),
                                          reported) + frame)


def pcapng_block(kind, body):
    body += b"\0" * (-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


class Connection:
    """A TCP connection seen from the middle: no loss, each segment as asked."""

    def __init__(self, c, when, client, server, rtt):
        self.capture, self.client, self.server, self.rtt = c, client, server, rtt
        self.sequence = {True: 0x10000000 + client[1], False: 0x20000000 + server[1]}
        self._segment(when, True, "S")
        self._segment(when + rtt, False, "SA")
        self._segment(when + rtt + 0.0001, True, "A")

    def _segment(self, when, from_client, flags, payload=b""):
        source, destination = ((self.client, self.server) if from_client
                               else (self.server, self.client))
        sequence = self.sequence[from_client]
        acknowledged = self.sequence[not from_client] if "A" in flags else 0
        layers = TCP(sport=source[1], dport=destination[1], seq=sequence, ack=acknowledged,
                     flags=flags, window=64240)
        if payload:
            layers = layers / Raw(payload)
        self.capture.frame(when, layers, source[0], destination[0])
        self.sequence[from_client] += len(payload) + (1 if "S" in flags or "F" in flags else 0)

    def send(self, when, payload, from_client=True):
        """One segment with that payload."""
        self._segment(when, from_client, "PA", payload)

    def close(self, when):
        self._segment(when, True, "FA")
        self._segment(when + self.rtt, False, "FA")
        self._segment(when + self.rtt + 0.0001, True, "A")
