#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Carries frames between two interfaces, and does to them what a bad network does.

Usage: middlebox.py CLIENT-SIDE ROUTER-SIDE SETTINGS
SETTINGS is JSON, all optional:
  delay          seconds, each way                       (default 0.012)
  jitter         seconds at most, for UDP to the client: never changes its order
  burst          UDP to the client waits for the next multiple of so many seconds, as on a radio link that sleeps
  loss           share of the UDP frames to the client that is lost;  loss_up: to the router
  loss_tcp_up    share of the TCP segments with data from the client that is lost
  dns_delay      seconds more for a DNS answer
  reset_sni      list of name patterns: a ClientHello with such a name is answered with RST, to both ends
  swallow_sni    list of name patterns: such a ClientHello and all that follows of its flow is lost
  swallow_cert   list of name patterns: all from the server after such a ClientHello is lost
  mtu_down, mtu_up   IP packets longer than this are lost, to the client or from it
  idle_cut       seconds without a frame after which a flow to idle_hosts is reset
  age_cut        seconds after its SYN after which a flow to idle_hosts is reset, however much it is used
  idle_hosts     list of addresses
  lose_hosts     addresses to and from which nothing passes any more once lose_after seconds have passed since the first frame;
                 ["*"]: all
  rebind         a NAT: the caller's port is another one outside, and a third one after so many seconds; IPv4
The kernel's netem would delay and lose as well, but is not in every kernel.
"""

import fnmatch
import heapq
import json
import random
import select
import socket
import struct
import sys
import time

import timing

ETH_IP, ETH_IP6 = 0x0800, 0x86dd
TCP, UDP = 6, 17
SYN, RST, ACK = 2, 4, 16
DOWN, UP = 0, 1
CALLER_PORT, OUTSIDE_PORTS = 50004, (40004, 61359)


# --- Frames ---------------------------------------------------------------------------

class Frame:
    """A frame's addresses, ports and payload, as far as it has them."""

    def __init__(self, data):
        self.data = data
        self.protocol = self.length = self.source = self.destination = None
        self.payload = b""
        kind = struct.unpack_from("!H", data, 12)[0]
        if kind == ETH_IP:
            self.header = (data[14] & 15) * 4
            self.length, self.protocol = struct.unpack_from("!H", data, 16)[0], data[23]
            self.addresses = data[26:30], data[30:34]
        elif kind == ETH_IP6:
            self.header, self.protocol = 40, data[20]
            self.length = struct.unpack_from("!H", data, 18)[0] + 40
            self.addresses = data[22:38], data[38:54]
        else:
            return
        at = 14 + self.header
        if self.protocol in (TCP, UDP):
            self.source, self.destination = struct.unpack_from("!HH", data, at)
        if self.protocol == TCP:
            self.sequence, self.acknowledged = struct.unpack_from("!II", data, at + 4)
            self.flags = data[at + 13]
            self.payload = data[at + (data[at + 12] >> 4) * 4: 14 + self.length]

    def flow(self, direction):
        """The same for both directions: client's side first."""
        ends = (self.addresses[0], self.source), (self.addresses[1], self.destination)
        return ends if direction == UP else ends[::-1]


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def reset(frame, forward):
    """An RST made from a frame: in its own direction, or back to its sender."""
    data, (source, destination) = frame.data, frame.addresses
    ports, sequence, acknowledged = (frame.source, frame.destination), frame.sequence, frame.acknowledged
    after = (frame.sequence + len(frame.payload)) & 0xffffffff
    ethernet = data[:14]
    if forward:
        sequence = after
    else:
        source, destination, ports, sequence, acknowledged = destination, source, ports[::-1], acknowledged, after
        ethernet = data[6:12] + data[:6] + data[12:14]
    tcp = struct.pack("!HHIIBBHHH", *ports, sequence, acknowledged, 5 << 4, RST | ACK, 0, 0, 0)
    pseudo = source + destination + struct.pack("!HH", TCP, 20)
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    if len(source) == 16:
        return ethernet + struct.pack("!IHBB", 6 << 28, 20, TCP, 61) + source + destination + tcp
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 40, 0, 0x4000, 61, TCP, 0) + source + destination
    return ethernet + ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + tcp


def pack(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def server_name(payload):
    """The name in a ClientHello that starts a segment, or None."""
    if len(payload) < 50 or payload[0] != 22 or payload[5] != 1:
        return None
    try:
        at = 43
        at += 1 + payload[at]
        at += 2 + struct.unpack_from("!H", payload, at)[0]
        at += 1 + payload[at]
        end = min(at + 2 + struct.unpack_from("!H", payload, at)[0], len(payload))
        at += 2
        while at + 4 <= end:
            kind, length = struct.unpack_from("!HH", payload, at)
            if kind == 0:
                return payload[at + 9: at + 4 + length].decode("ascii", "replace")
            at += 4 + length
    except (IndexError, struct.error):
        pass
    return None


# --- What is done to them ------------------------------------------------------------------

class Middlebox:
    def __init__(self, settings):
        self.settings = settings
        self.random = random.Random(settings.get("seed", 1))
        self.swallowed, self.muted, self.last, self.born = set(), set(), {}, {}
        self.last_departure = [0.0, 0.0]
        self.started = None     # when the first frame came
        self.lose_hosts = {pack(a) for a in settings.get("lose_hosts", []) if a != "*"}
        self.bound = None       # when the caller's port was seen first
        self.idle_hosts = {pack(a) for a in settings.get("idle_hosts", [])}

    def matches(self, key, name):
        return name and any(fnmatch.fnmatch(name.lower(), pattern) for pattern in self.settings.get(key, []))

    def decide(self, frame, direction):
        """Frames to send for one that came: [(seconds from now, direction, bytes)]."""
        s = self.settings
        delay = s.get("delay", 0.012)
        if frame.protocol is None:
            return [(0, direction, frame.data)]
        if self.is_lost(frame):
            return []
        if frame.length > s.get(("mtu_down", "mtu_up")[direction], 65535):
            return []
        if frame.protocol == UDP:
            if self.random.random() < s.get(("loss", "loss_up")[direction], 0) and 53 not in (frame.source, frame.destination):
                return []
            if direction == DOWN:
                delay += s.get("dns_delay", 0) if frame.source == 53 else self.random.random() * s.get("jitter", 0)
                if "burst" in s and frame.source != 53:
                    delay += s["burst"] - (time.monotonic() + delay) % s["burst"]
            if "rebind" in s:
                out = self.rebound(frame, direction)
                return [] if out is None else [(delay, direction, out)]
        if frame.protocol == TCP:
            if direction == UP and frame.payload and self.random.random() < s.get("loss_tcp_up", 0):
                return []
            answer = self.tcp(frame, direction, delay)
            if answer is not None:
                return answer
        return [(delay, direction, frame.data)]

    def is_lost(self, frame):
        """Has the network to this host, or all of it, gone by now?"""
        now = time.monotonic()
        self.started = self.started or now
        return now - self.started >= self.settings.get("lose_after", sys.maxsize) and \
            ("*" in self.settings["lose_hosts"] or not self.lose_hosts.isdisjoint(frame.addresses))

    def rebound(self, frame, direction):
        """The frame with the caller's port as the NAT has it, which forgets the first one; None for what comes to that afterwards."""
        if direction == UP and frame.source == CALLER_PORT and self.bound is None:
            self.bound = time.monotonic()
        if self.bound is None:
            return frame.data
        before, after = OUTSIDE_PORTS
        outside = before if time.monotonic() - self.bound < self.settings["rebind"] else after
        at = 14 + frame.header + (0 if direction == UP else 2)
        port = frame.source if direction == UP else frame.destination
        if direction == DOWN and port == before and outside == after:
            return None
        if port != (CALLER_PORT if direction == UP else outside):
            return frame.data
        data = bytearray(frame.data)
        struct.pack_into("!H", data, at, outside if direction == UP else CALLER_PORT)
        struct.pack_into("!H", data, 14 + frame.header + 6, 0)      # no UDP checksum
        return bytes(data)

    def tcp(self, frame, direction, delay):
        """What becomes of a TCP frame where it is not simply passed on, otherwise None."""
        flow = frame.flow(direction)
        if frame.flags & SYN and direction == UP:
            self.swallowed.discard(flow)
            self.muted.discard(flow)
        name = server_name(frame.payload) if direction == UP else None
        if self.matches("reset_sni", name):
            return [(0.003, DOWN, reset(frame, False)), (delay, UP, reset(frame, True))]
        if self.matches("swallow_sni", name):
            self.swallowed.add(flow)
        if self.matches("swallow_cert", name):
            self.muted.add(flow)
        if flow in self.swallowed and (direction == UP or frame.payload):
            return []
        if flow in self.muted and direction == DOWN and frame.payload:
            return []
        if flow[1][0] in self.idle_hosts:
            if frame.flags & RST:
                self.last.pop(flow, None)
            else:
                if frame.flags & SYN:
                    self.born.setdefault(flow, time.monotonic())
                self.last[flow] = (time.monotonic(), direction, frame)
        return None

    def is_over(self, flow, when, now):
        """Was the flow silent for too long, or open?"""
        return now - when >= self.settings.get("idle_cut", sys.maxsize) or \
            now - self.born.get(flow, now) >= self.settings.get("age_cut", sys.maxsize)

    def idle(self):
        """RSTs to both ends of each flow whose time is over."""
        out, now = [], time.monotonic()
        for flow, (when, direction, frame) in list(self.last.items()):
            if self.is_over(flow, when, now):
                del self.last[flow]
                self.born.pop(flow, None)
                out += [(0, 1 - direction, reset(frame, False)), (0, direction, reset(frame, True))]
        return out

    def in_order(self, when, direction):
        """Frames of a direction leave in the order in which they came."""
        self.last_departure[direction] = max(when, self.last_departure[direction])
        return self.last_departure[direction]


def main():
    client, router, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    box = Middlebox(settings)
    sockets = []
    for name in (client, router):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        s.bind((name, 0))
        s.setblocking(False)
        sockets.append(s)
    queue, count = [], 0
    slow = settings.get("dns_delay", 0)
    while True:
        wait = min(0.2, max(0.0, queue[0][0] - time.monotonic())) if queue else 0.2
        for s in select.select(sockets, [], [], wait)[0]:
            direction = UP if s is sockets[0] else DOWN
            while True:
                try:
                    data, (_, _, kind, *_) = s.recvfrom(65535)
                except BlockingIOError:
                    break
                if kind == socket.PACKET_OUTGOING or len(data) < 34:
                    continue
                frame = Frame(data)
                now = time.monotonic()
                for after, where, out in box.decide(frame, direction):
                    when = now + after if slow and frame.source == 53 else box.in_order(now + after, where)
                    count += 1
                    heapq.heappush(queue, (when, count, where, out))
        if settings.get("idle_cut") or settings.get("age_cut"):
            for after, where, out in box.idle():
                count += 1
                heapq.heappush(queue, (time.monotonic() + after, count, where, out))
        now = time.monotonic()
        while queue and queue[0][0] <= now:
            when, _, where, out = heapq.heappop(queue)
            timing.sent_after(now - when)
            sockets[0 if where == DOWN else 1].send(out)


if __name__ == "__main__":
    timing.keep_time()
    main()
