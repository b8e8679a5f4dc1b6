# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures as inputs of fuzz-packets (tests/fuzz/packets/sequence.h), a window of packets each."""

import hashlib
import pathlib
import struct
import subprocess
import tempfile

import clear_requests

WINDOW_PACKETS = 40
# A request is read only where the handshake before it is.
REQUEST_WINDOW_PACKETS = 120
WINDOWS_PER_CAPTURE = 12
LARGEST_INPUT = 24000
PAYLOAD_MAX, ADDRESSES_MAX = 4000, 16
UDP, TCP, RAW, IPV6 = 0, 1, 4, 8
# Bytes before the IP packet, by link type; Ethernet is looked at, any other is left out.
IP_AT = {0: 4, 12: 0, 101: 0, 108: 4, 113: 16, 228: 0, 229: 0}


def ip_packets(path):
    """Microseconds, bytes and bytes missing of each IP packet of a capture."""
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


def ip_packet(now, frame, length, link=1):
    """That of a frame, where it has one."""
    start = ethernet_payload(frame) if link == 1 else IP_AT.get(link)
    if start is not None and len(frame) > start + 20:
        yield now, frame[start:], length - len(frame)


def ethernet_payload(frame):
    at = 12
    while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    return at + 2 if frame[at:at + 2] in (b"\x08\x00", b"\x86\xdd") else None


class Window:
    """One input while it is made."""

    def __init__(self):
        self.addresses, self.last, self.next, self.packets = [], None, {}, []

    def index(self, address):
        if address not in self.addresses:
            self.addresses.append(address)
        return self.addresses.index(address)

    def step(self, now):
        """The time since the packet before, with its unit and direction."""
        apart = 0 if self.last is None else now - self.last
        self.last = now
        sign = 0x40 if apart < 0 else 0
        for unit, size in enumerate((1, 1000, 1000000, 60000000)):
            if abs(apart) // size < 65536:
                return sign | unit << 4, abs(apart) // size
        return sign | 0x30, 65535

    def add(self, now, packet, missing):
        kind, ends, ports, flags, payload = self.layers(packet)
        timing, step = self.step(now)
        head = struct.pack("!BBHHHBBBH", kind | timing, ends, *ports, step, min(missing // 4, 255), flags, 0, len(payload))
        self.packets.append(head + payload)

    def layers(self, packet):
        """What the packet is where it can be said in the terms of an input, else the packet as it is."""
        raw = RAW, 0, (0, 0), 0, packet[:PAYLOAD_MAX]
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
        payload, flags = packet[at + header:], packet[at + 13] if protocol == 6 else 0
        if len(payload) > PAYLOAD_MAX or len(set(self.addresses) | set(ends)) > ADDRESSES_MAX:
            return raw
        if protocol == 6 and not self.in_sequence(ends, ports, packet[at + 4:at + 8], len(payload) + bool(flags & 3)):
            return raw
        return (TCP if protocol == 6 else UDP) | (IPV6 if six else 0), self.index(ends[0]) << 4 | self.index(ends[1]), ports, flags, payload

    def in_sequence(self, ends, ports, number, size):
        number, = struct.unpack("!I", number)
        expected = self.next.get((ends, ports), number)
        self.next[ends, ports] = number + size & 0xFFFFFFFF
        return number == expected

    def encode(self, options):
        return bytes([options, len(self.addresses)]) + b"".join(self.addresses) + b"".join(self.packets)


def windows(packets, size=WINDOW_PACKETS):
    """The inputs of a capture, of one pass and of two by turns."""
    for number, start in enumerate(range(0, len(packets), size)):
        if number == WINDOWS_PER_CAPTURE:
            return
        window = Window()
        for packet in packets[start:start + size]:
            if sum(map(len, window.packets)) + len(packet[1]) < LARGEST_INPUT:
                window.add(*packet)
        yield window.encode((0, 1, 3)[number % 3])


def of_captures(captures):
    for capture in captures:
        yield from windows(list(ip_packets(capture)))


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
