# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures changed for tests: frames cut short, for hostile input, or put in another order."""

import struct

FILE_HEADER, FRAME_HEADER = 24, 16
ETHERNET, IPV4, UDP_HEADER = 14, 20, 8


def frames(capture):
    """(seconds, microseconds, bytes) of each frame of a pcap file in this machine's byte order."""
    offset = FILE_HEADER
    while offset < len(capture):
        seconds, microseconds, captured, _ = struct.unpack_from("<IIII", capture, offset)
        yield seconds, microseconds, capture[offset + FRAME_HEADER:offset + FRAME_HEADER + captured]
        offset += FRAME_HEADER + captured


def written(folder, read):
    """Path of a pcap in the folder with these frames, in this order."""
    path = folder / "changed.pcap"
    path.write_bytes(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 0x40000, 1) + b"".join(
        struct.pack("<IIII", seconds, microseconds, len(frame), len(frame)) + frame for seconds, microseconds, frame in read))
    return path


def cut_by_sender(frame, payload):
    """An IPv4 UDP frame whose headers say that it has that many bytes of payload; None for others."""
    if frame[12:14] != b"\x08\0" or frame[23] != 17:
        return None
    ip = bytearray(frame[:ETHERNET + IPV4 + UDP_HEADER + payload])
    struct.pack_into("!H", ip, ETHERNET + 2, IPV4 + UDP_HEADER + payload)
    struct.pack_into("!HH", ip, ETHERNET + IPV4 + 4, UDP_HEADER + payload, 0)
    return bytes(ip)


def every_frame_cut(capture, step):
    """A pcap with, for each frame, copies cut every step bytes, both ways."""
    out = [capture[:FILE_HEADER]]
    for seconds, microseconds, frame in frames(capture):
        for length in range(ETHERNET, len(frame) + 1, step):
            out.append(struct.pack("<IIII", seconds, microseconds, length, len(frame)) + frame[:length])
        for payload in range(1, len(frame) - ETHERNET - IPV4 - UDP_HEADER, step):
            cut = cut_by_sender(frame, payload)
            if cut is not None:
                out.append(struct.pack("<IIII", seconds, microseconds, len(cut), len(cut)) + cut)
    return b"".join(out)
