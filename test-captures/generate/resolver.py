# SPDX-License-Identifier: GPL-2.0-or-later
"""DNS for generators: messages (RFC 1035), and a client that asks a resolver."""
import struct
from ipaddress import ip_address

A, NS, CNAME, SOA, AAAA, SRV, HTTPS = 1, 2, 5, 6, 28, 33, 65
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5
RESPONSE, AUTHORITATIVE, TRUNCATED, RECURSION_DESIRED, RECURSION_AVAILABLE = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080

# Seconds a record lives, as seen on real chains: the vanity name's alias, those
# of traffic management, and the address.
TTL_FIRST, TTL_NEXT, TTL_ADDRESS = 3600, 300, 60


class Writer:
    """Bytes of one message, names compressed as resolvers do."""

    def __init__(self, header):
        self.bytes, self.offsets = bytearray(header), {}

    def name(self, name):
        labels = [label for label in name.split(".") if label]
        while labels:
            suffix = ".".join(labels)
            if suffix in self.offsets:
                self.bytes += struct.pack("!H", 0xc000 | self.offsets[suffix])
                return
            self.offsets[suffix] = len(self.bytes)
            label = labels.pop(0).encode("ascii")
            self.bytes += bytes([len(label)]) + label
        self.bytes += b"\0"

    def record(self, owner, kind, ttl, data):
        self.name(owner)
        self.bytes += struct.pack("!HHIH", kind, 1, ttl, 0)
        start = len(self.bytes)
        if kind in (A, AAAA):
            self.bytes += ip_address(data).packed
        elif kind in (CNAME, NS):
            self.name(data)
        elif kind == SRV:
            self.bytes += struct.pack("!HHH", *data[:3])
            self.name(data[3])
        else:
            self.bytes += data
        struct.pack_into("!H", self.bytes, start - 2, len(self.bytes) - start)


def query(number, name, kind=A, desired=RECURSION_DESIRED):
    return _message(number, desired, name, kind, [])


def response(number, name, kind, records, rcode=NOERROR, truncated=False, desired=RECURSION_DESIRED):
    """records are (owner, type, ttl, data). desired is 0 where the question had no RD bit (RFC 1035 4.1.1)."""
    flags = RESPONSE | desired | (RECURSION_AVAILABLE if desired else AUTHORITATIVE) | rcode
    return _message(number, flags | (TRUNCATED if truncated else 0), name, kind, records)


def _message(number, flags, name, kind, records):
    writer = Writer(struct.pack("!HHHHHH", number, flags, 1, len(records), 0, 0))
    writer.name(name)
    writer.bytes += struct.pack("!HH", kind, 1)
    for record in records:
        writer.record(*record)
    return bytes(writer.bytes)


def chain(name, steps, ttl=TTL_ADDRESS):
    """Records of an answer: each step is the name that the one before is an alias
    of, or an address of the last name. ttl is that of the addresses."""
    records, owner = [], name
    for step in steps:
        if _is_address(step):
            kind = AAAA if ":" in step else A
            records.append((owner, kind, ttl, step))
        else:
            records.append((owner, CNAME, TTL_NEXT if records else TTL_FIRST, step))
            owner = step
    return records


def _is_address(step):
    try:
        ip_address(step)
        return True
    except ValueError:
        return False


class Resolver:
    """A client's conversation with its resolver: transaction ids and ports count up."""

    def __init__(self, c, client, server):
        self.capture, self.client, self.server = c, client, server
        self.number = sum(ip_address(client).packed) * 16

    def ask(self, when, name, steps=(), kind=A, rtt=0.018, rcode=NOERROR, ttl=TTL_ADDRESS,
            records=None, truncated=False):
        """A question and its answer after rtt seconds; rtt None: never answered.
        Returns the first address answered, or None."""
        port, number = self.question(when, name, kind)
        if rtt is not None:
            if records is None:
                records = chain(name, steps, ttl)
            self.answer(when + rtt, port, response(number, name, kind, records, rcode, truncated))
        return next((step for step in steps if _is_address(step)), None)

    def question(self, when, name, kind=A, repeat=None):
        """Only the question; repeat is what an earlier call returned (port, number)."""
        if repeat is None:
            self.number += 1
            repeat = (49152 + self.number % 16000, self.number)
        self.capture.udp(when, (self.client, repeat[0]), (self.server, 53),
                         query(repeat[1], name, kind))
        return repeat

    def answer(self, when, port, message):
        self.capture.udp(when, (self.server, 53), (self.client, port), message)
