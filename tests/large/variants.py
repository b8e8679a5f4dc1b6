# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture as it might have been: damaged, cut, out of order, of one side, in tunnels, in fragments.

What editcap makes keeps the keys of a capture that has some; what is made here does not."""

import random
import struct
import subprocess

ETHERNET, RAW = 1, 101
BLOCK = 48      # bytes of a fragment


def editcap(source, target, *options):
    subprocess.run(["editcap", *map(str, options), str(source), str(target)], check=True, capture_output=True)


def read(path, plain):
    """Link type and records (seconds, fraction, bytes, length) of a capture."""
    editcap(path, plain, "-F", "pcap")
    data = plain.read_bytes()
    link, = struct.unpack("=I", data[20:24])
    offset, records = 24, []
    while offset + 16 <= len(data):
        seconds, fraction, captured, length = struct.unpack("=IIII", data[offset:offset + 16])
        records.append((seconds, fraction, data[offset + 16:offset + 16 + captured], length))
        offset += 16 + captured
    return link, records


def write(path, link, records):
    head = struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 0x40000, link)
    path.write_bytes(head + b"".join(struct.pack("=IIII", seconds, fraction, len(data), length) + data
                                     for seconds, fraction, data, length in records))


# --- order and time ---

def backwards(records):
    return list(reversed(records))


def time_backwards(records):
    return [(then[0], then[1], *now[2:]) for now, then in zip(records, reversed(records))]


def all_at_once(records):
    return [(records[0][0], 0, *record[2:]) for record in records]


def shuffled(records):
    return random.Random(1).sample(records, len(records))


def doubled(records):
    return [record for record in records for _ in range(2)]


def with_gaps(records):
    """An hour and a half passes after each twenty frames."""
    return [(record[0] + number // 20 * 5400, *record[1:]) for number, record in enumerate(records)]


def is_ipv4(data):
    return len(data) >= 34 and data[12:14] == b"\x08\0"


def one_side(records):
    """Only what the sender of the first IPv4 packet sends."""
    first = next((record[2][26:30] for record in records if is_ipv4(record[2])), None)
    return [record for record in records if is_ipv4(record[2]) and record[2][26:30] == first]


def other_side(records):
    kept = one_side(records)
    return [record for record in records if record not in kept]


# --- around and within the packets; for Ethernet ---

def around(head):
    """What is put before the packet, made from its bytes."""
    return lambda records: [(seconds, fraction, head(data) + data[14 if head in WITHOUT_ETHERNET else 12:], length + len(head(data)) - (
        14 if head in WITHOUT_ETHERNET else 12)) for seconds, fraction, data, length in records if len(data) >= 34]


def outer(protocol, inside, size):
    return bytes(12) + b"\x08\0" + struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(inside) + size, 0, 0, 64, protocol, 0) + \
        b"\xac\x10\x01\x01\xac\x10\x01\x02" + inside


def vlan(data):
    return data[:12] + b"\x81\0\0\x64"


def mpls(data):
    return data[:12] + b"\x88\x47\0\x01\x01\x40"


def gre(data):
    return outer(47, b"\0\0" + data[12:14], len(data) - 14)


def ip_in_ip(data):
    return outer(4 if is_ipv4(data) else 41, b"", len(data) - 14)


WITHOUT_ETHERNET = (mpls, gre, ip_in_ip)


def vxlan(records):
    tunnelled = []
    for seconds, fraction, data, length in records:
        udp = struct.pack("!HHHH", 50000, 4789, 16 + len(data), 0) + b"\x08\0\0\0\0\0\x64\0"
        tunnelled.append((seconds, fraction, outer(17, udp, len(data)) + data, length + 50))
    return tunnelled


def fragments(records):
    """Each IPv4 packet in pieces."""
    pieces = []
    for number, (seconds, fraction, data, length) in enumerate(records):
        header = 14 + (data[14] & 15) * 4 if is_ipv4(data) else 0
        payload = data[header:14 + struct.unpack("!H", data[16:18])[0]] if header else b""
        if len(payload) <= 2 * BLOCK or len(data) < length or data[20] & 0x3F:
            pieces.append((seconds, fraction, data, length))
            continue
        for start in range(0, len(payload), BLOCK):
            head, part = bytearray(data[:header]), payload[start:start + BLOCK]
            more = 0x2000 if start + BLOCK < len(payload) else 0
            struct.pack_into("!HHH", head, 16, header - 14 + len(part), number & 0xFFFF, more | start // 8)
            pieces.append((seconds, fraction, bytes(head) + part, header + len(part)))
    return pieces


EDITED = {
    "as it is": (),
    "damaged 0.001": ("-E", 0.001, "--seed", 1),
    "damaged 0.01": ("-E", 0.01, "--seed", 2, "-o", 42),
    "damaged 0.05": ("-E", 0.05, "--seed", 3, "-o", 42),
    "cut at 60": ("-s", 60),
    "cut at 100": ("-s", 100),
    "cut at 200": ("-s", 200),
}
CHANGED = {
    "backwards": backwards, "time backwards": time_backwards, "all at once": all_at_once, "shuffled": shuffled, "doubled": doubled,
    "gaps": with_gaps, "one side": one_side, "other side": other_side,
}
WRAPPED = {
    "VLAN": around(vlan), "MPLS": around(mpls), "GRE": around(gre), "IP in IP": around(ip_in_ip), "VXLAN": vxlan, "fragments": fragments,
}
NAMES = [*EDITED, *CHANGED, *WRAPPED]


def make(name, source, target):
    """Writes that variant of a capture; False where the capture has none."""
    if name in EDITED:
        editcap(source, target, *EDITED[name])
        return True
    link, records = read(source, target)
    changed = [] if not records or (name in WRAPPED and link != ETHERNET) else {**CHANGED, **WRAPPED}[name](records)
    if not changed or changed == records:
        return False
    write(target, link, changed)
    return True
