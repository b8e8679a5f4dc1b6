#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A resolver for what dnsmasq does not do: refuses one type alone, fails, or cuts a chain in the middle.

Usage: odd_resolver.py ADDRESS ZONE      ZONE is JSON:
  names         list of [name, [alias...], IPv4, IPv6 or ""]
  nx, empty     patterns of names that do not exist, or have no address
  refuse_types  numbers of types answered REFUSED;   fail: patterns answered SERVFAIL
  cut           {pattern: number of CNAMEs that are still given}: the rest of the chain is missing
  quiet         patterns of names whose questions have no answer
  point         {pattern: address};   extra: {name: address}
"""
import fnmatch
import ipaddress
import json
import socket
import struct
import sys

A, CNAME, AAAA = 1, 5, 28
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5


def wire(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def asked(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1: at + 1 + query[at]].decode("ascii", "replace"))
        at += 1 + query[at]
    return ".".join(labels).lower(), struct.unpack_from("!H", query, at + 1)[0], at + 5


def record(owner, kind, data):
    return wire(owner) + struct.pack("!HHIH", kind, 1, 60, len(data)) + data


def matching(zone, key, name):
    return [p for p in zone.get(key, ()) if fnmatch.fnmatch(name, p)]


def records(zone, name, kind):
    """Response code and records."""
    if kind in zone.get("refuse_types", ()):
        return REFUSED, []
    if matching(zone, "fail", name):
        return SERVFAIL, []
    if name in zone.get("extra", {}):
        zone_row = [name, [], zone["extra"][name], ""]
    else:
        zone_row = next((row for row in zone["names"] if row[0] == name), None)
    if zone_row is None or matching(zone, "nx", name):
        return NXDOMAIN, []
    if matching(zone, "empty", name):
        return NOERROR, []
    _, aliases, address, address6 = zone_row
    for pattern in matching(zone, "point", name):
        aliases, address, address6 = [], zone["point"][pattern], ""
    chain = [name, *aliases]
    out = [record(a, CNAME, wire(b)) for a, b in zip(chain, chain[1:])]
    for pattern in matching(zone, "cut", name):
        return NOERROR, out[:zone["cut"][pattern]]
    data = {A: address, AAAA: address6}.get(kind)
    if data:
        out.append(record(chain[-1], kind, ipaddress.ip_address(data).packed))
    return NOERROR, out


def main():
    address, zone = sys.argv[1], json.loads(sys.argv[2])
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, 53))
    while True:
        query, client = s.recvfrom(4096)
        try:
            name, kind, end = asked(query)
        except IndexError:
            continue
        if matching(zone, "quiet", name):
            continue
        code, answers = records(zone, name, kind)
        header = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(answers), 0, 0)
        s.sendto(header + query[12:end] + b"".join(answers), client)


if __name__ == "__main__":
    main()
