# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures as inputs of fuzz-packets (tests/fuzz/packets/sequence.h), a window of packets each, and small ones as a whole."""

import hashlib
import pathlib
import struct
import subprocess
import tempfile

import clear_requests

WINDOW_PACKETS = 40
# A request is read only where the handshake before it is, and why a sign-in or a call failed where most of it is.
REQUEST_WINDOW_PACKETS, WHOLE_PACKETS = 120, 640
WINDOWS_PER_CAPTURE = 12
LARGEST_INPUT = 100000
PAYLOAD_MAX, ADDRESSES_MAX = 4000, 16
UDP, TCP, RAW, IPV6 = 0, 1, 4, 8
TWO_PASSES, DARK_FIRST, NO_DNS_HEURISTIC, ETHERNET, PREFERENCES = 1, 2, 4, 8, 0x80
OPTIONS = (ETHERNET, ETHERNET | TWO_PASSES | NO_DNS_HEURISTIC, ETHERNET | TWO_PASSES | DARK_FIRST, PREFERENCES | NO_DNS_HEURISTIC)
OWN_CARD, CARDS_MAX, ROUTED = 0x80, 15, 0x80
SENT_AGAIN = 1
LINK_ETHERNET, LINK_COOKED = 1, 113
# Bytes before the IP packet, by link type; Ethernet is looked at, any other is left out.
IP_AT = {0: 4, 12: 0, 101: 0, 108: 4, 113: 16, 228: 0, 229: 0}


def ip_packets(path):
    """Microseconds, bytes, bytes missing and card of each IP packet of a capture."""
    with tempfile.NamedTemporaryFile(suffix=".pcap") as plain:
        subprocess.run(["editcap", "-F", "pcap", str(path), plain.name], check=True, capture_output=True)
        data = pathlib.Path(plain.name).read_bytes()
    link, = struct.unpack("=I", data[20:24])
    offset = 24
    while offset + 16 <= len(data):
        seconds, fraction, captured, length = struct.unpack("=IIII", data[offset:offset + 16])
        frame = data[offset + 16:offset + 16 + captured]
        offset += 16 + captured
        yield from ip_packet(seconds * 1000000 + fraction, frame, length, link)


def ip_packet(now, frame, length, link=LINK_ETHERNET):
    """That of a frame, where it has one."""
    start = ethernet_payload(frame) if link == LINK_ETHERNET else IP_AT.get(link)
    if start is not None and len(frame) > start + 20:
        yield now, frame[start:], length - len(frame), card(frame, link)


def card(frame, link):
    """What tells the network card that sent it, and whether it is of the host that captured."""
    if link == LINK_ETHERNET:
        return frame[6:12], False
    return (frame[6:12], frame[:2] == b"\0\4") if link == LINK_COOKED else (b"", False)


def ethernet_payload(frame):
    at = 12
    while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    return at + 2 if frame[at:at + 2] in (b"\x08\x00", b"\x86\xdd") else None


class Window:
    """One input while it is made."""

    def __init__(self):
        self.addresses, self.last, self.next, self.packets, self.cards, self.hops = [], None, {}, [], {}, {}

    def index(self, address):
        if address not in self.addresses:
            self.addresses.append(address)
        return self.addresses.index(address)

    def card(self, address):
        """The number of an address's card, as the first packet from it tells."""
        sender, own = self.cards.get(address, (address, False))
        known = list(dict.fromkeys(sender for sender, _ in self.cards.values()))
        number = known.index(sender) if sender in known else len(known)
        return bytes([min(number, CARDS_MAX) | own * OWN_CARD])

    def step(self, now):
        """The time since the packet before, with its unit and direction."""
        apart = 0 if self.last is None else now - self.last
        self.last = now
        sign = 0x40 if apart < 0 else 0
        for unit, size in enumerate((1, 1000, 1000000, 60000000)):
            if abs(apart) // size < 65536:
                return sign | unit << 4, abs(apart) // size
        return sign | 0x30, 65535

    def add(self, now, packet, missing, sender):
        kind, ends, ports, flags, order, payload = self.layers(packet)
        timing, step = self.step(now)
        head = struct.pack("!BBHHHBBBH", kind | timing | self.routed(packet, payload), ends, *ports, step, min(missing // 4, 255), flags, order, len(payload))
        self.packets.append(head + payload)
        if kind & RAW == 0:
            self.cards.setdefault(self.addresses[ends >> 4], sender)

    def routed(self, packet, payload):
        """Has the same been in the capture before it went through a router?"""
        hops = packet[7 if packet[0] >> 4 == 6 else 8]
        return ROUTED if payload and self.hops.setdefault(payload, hops) > hops else 0

    def layers(self, packet):
        """What the packet is where it can be said in the terms of an input, else the packet as it is."""
        raw = RAW, 0, (0, 0), 0, 0, packet[:PAYLOAD_MAX]
        six = packet[0] >> 4 == 6
        if not six and (packet[0] != 0x45 or struct.unpack("!H", packet[6:8])[0] & 0x3FFF):
            return raw
        protocol, at = (packet[6], 40) if six else (packet[9], 20)
        end = at + struct.unpack("!H", packet[4:6])[0] if six else struct.unpack("!H", packet[2:4])[0]
        packet = packet[:end] if end > at else packet
        ends = (packet[8:24], packet[24:40]) if six else (packet[12:16].ljust(16, b"\0"), packet[16:20].ljust(16, b"\0"))
        if protocol not in (6, 17) or len(packet) < at + (20 if protocol == 6 else 8):
            return raw
        ports = struct.unpack("!HH", packet[at:at + 4])
        header = (packet[at + 12] >> 4) * 4 if protocol == 6 else 8
        payload, flags = packet[at + header:], packet[at + 13] & 0x3F if protocol == 6 else packet[5] if not six else 0
        if len(payload) > PAYLOAD_MAX or len(set(self.addresses) | set(ends)) > ADDRESSES_MAX:
            return raw
        order = self.order(ends, ports, packet[at + 4:at + 8], len(payload) + bool(flags & 3)) if protocol == 6 else 0
        if order is None:
            return raw
        return (TCP if protocol == 6 else UDP) | (IPV6 if six else 0), self.index(ends[0]) << 4 | self.index(ends[1]), ports, flags, order, payload

    def order(self, ends, ports, number, size):
        """Of a segment: in sequence, the one before once more, or after bytes that are missing; None where it is neither."""
        number, = struct.unpack("!I", number)
        before, expected = self.next.get((ends, ports), (None, number))
        self.next[ends, ports] = number, number + size & 0xFFFFFFFF
        after = number - expected & 0xFFFFFFFF
        if number == before and after != 0:
            return SENT_AGAIN
        return after if after < 256 and after != SENT_AGAIN else None

    def encode(self, options):
        return bytes([options, len(self.addresses)]) + b"".join(address + self.card(address) for address in self.addresses) + b"".join(self.packets)


def windows(packets, size=WINDOW_PACKETS, first=0):
    """The inputs of a capture, with each of the options by turns."""
    for number, start in enumerate(range(0, len(packets), size)):
        if number == WINDOWS_PER_CAPTURE:
            return
        window = Window()
        for packet in packets[start:start + size]:
            if sum(map(len, window.packets)) + len(packet[1]) < LARGEST_INPUT:
                window.add(*packet)
        yield window.encode(OPTIONS[(first + number) % len(OPTIONS)])


def of_captures(captures):
    for number, capture in enumerate(captures):
        packets = list(ip_packets(capture))
        yield from windows(packets, WINDOW_PACKETS, number)
        if WINDOW_PACKETS < len(packets) <= WHOLE_PACKETS:
            yield from windows(packets, WHOLE_PACKETS, number)


def of_requests():
    """The inputs of sign-ins whose requests are in clear."""
    for frames in clear_requests.captures():
        yield from windows([packet for frame in frames for packet in ip_packet(*frame)], REQUEST_WINDOW_PACKETS)


def write(inputs, folder):
    """Writes inputs into a folder, each under a name of its content: how many."""
    count = 0
    for content in inputs:
        (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)
        count += 1
    return count


def main():
    """seeds.py FOLDER CAPTURE..."""
    import sys  # pylint: disable=import-outside-toplevel
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    print(write(of_captures(map(pathlib.Path, sys.argv[2:])), folder))


if __name__ == "__main__":
    main()
