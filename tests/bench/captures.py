# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures to measure on, made on the spot of as many packets as asked for. No two runs differ."""

import itertools
import struct
import sys

import harness

sys.path.insert(0, str(harness.ROOT / "test-captures/generate"))
import common       # noqa: E402  pylint: disable=wrong-import-position
import signin_keys  # noqa: E402  pylint: disable=wrong-import-position
import stun  # noqa: E402  pylint: disable=wrong-import-position
import tls   # noqa: E402  pylint: disable=wrong-import-position

CLIENT, RESOLVER = "192.0.2.10", "192.0.2.53"
MEDIA = bytes(range(160))


def ip(text_or_number):
    return struct.pack("!I", text_or_number) if isinstance(text_or_number, int) else bytes(map(int, text_or_number.split(".")))


def packet(protocol, source, destination, body):
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, 64, protocol, 0) + ip(source) + ip(destination) + body


def udp(source, destination, payload):
    return packet(17, source[0], destination[0], struct.pack("!HHHH", source[1], destination[1], 8 + len(payload), 0) + payload)


def tcp(source, destination, numbers, flags, payload=b""):
    head = struct.pack("!HHIIBBHHH", source[1], destination[1], *numbers, 0x50, flags, 0xFFFF, 0, 0)
    return packet(6, source[0], destination[0], head + payload)


def labels(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def dns(number, name, address=None, client=CLIENT):
    """A question from a port of its own, or its answer."""
    here, there = (client, 1024 + number % 60000), (RESOLVER, 53)
    head = struct.pack("!HHHHHH", number & 0xFFFF, 0x8180 if address else 0x0100, 1, 1 if address else 0, 0, 0)
    message = head + labels(name) + b"\0\x01\0\x01"
    if address is None:
        return udp(here, there, message)
    return udp(there, here, message + b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04" + ip(address))


# --- kinds of captures: packets without end ---

def tls_connection(number, name, data_segments):
    """Handshake, ClientHello, encrypted data in both directions, end."""
    here, there = (CLIENT, 1024 + number % 60000), (0xCB007100 + number // 60000, 443)
    hello = tls.client_hello(name)
    yield tcp(here, there, (1, 0), 0x02)
    yield tcp(there, here, (1, 2), 0x12)
    yield tcp(here, there, (2, 2), 0x10)
    yield tcp(here, there, (2, 2), 0x18, hello)
    sent, received = 2 + len(hello), 2
    record = b"\x17\x03\x03\x05\0" + bytes(1280)
    for segment in range(data_segments):
        yield tcp(there, here, (received, sent), 0x18, record)
        received += len(record)
        if segment % 2:
            yield tcp(here, there, (sent, received), 0x10)
    yield tcp(here, there, (sent, received), 0x11)
    yield tcp(there, here, (received, sent + 1), 0x11)


def without_teams():
    """Names, TLS, bulk data and media of nobody we know: of 60 packets 2 are DNS, 12 media, the rest TCP."""
    for number in itertools.count():
        name = f"host{number}.example.com"
        yield dns(number, name)
        yield dns(number, name, 0xCB007100 + number // 60000)
        yield from tls_connection(number, name, 26)
        here, there = (CLIENT, 20000 + 2 * (number % 5000)), ("198.51.100.9", 30000)
        for sequence in range(12):
            yield udp(here, there, stun.rtp(0, sequence, 160 * sequence, number, MEDIA))


def with_some():
    """The same, and one name in ten is of Teams."""
    for number in itertools.count():
        teams = number % 10 == 0
        name = f"host{number}.teams.microsoft.com" if teams else f"host{number}.example.com"
        yield dns(number, name)
        yield dns(number, name, "52.112.0.10" if teams else 0xCB007100 + number // 60000)
        yield from tls_connection(number, name, 26)


def calls():
    """Calls of one client: a check, its answer, a hundred packets of media."""
    for number in itertools.count():
        here, there = (CLIENT, 1024 + number % 60000), ("198.51.100.6", 50000)
        transaction = stun.transaction(number)
        fragments = b"%08x:%08x" % (number, number + 1)
        yield udp(here, there, stun.message(stun.BINDING_REQUEST, transaction, [
            (stun.USERNAME, fragments), (stun.IMPLEMENTATION_VERSION, stun.u32(7)), (stun.USE_CANDIDATE, b"")]))
        yield udp(there, here, stun.message(stun.BINDING_RESPONSE, transaction, [
            (stun.IMPLEMENTATION_VERSION, stun.u32(7)), (stun.XOR_MAPPED_ADDRESS, stun.address("203.0.113.5", 1024, xor=transaction))]))
        for sequence in range(100):
            yield udp(here, there, stun.rtp(104, sequence, 320 * sequence, number, MEDIA))


def names():
    """A storm: every question is for another name of Teams', every one is answered."""
    for number in itertools.count():
        name = f"h{number:x}.teams.microsoft.com"
        yield dns(number, name)
        yield dns(number, name, 0x34700000 + number % 0x20000)


def flows(count):
    """Datagrams of as many flows by turns."""
    for number in itertools.count():
        flow = number % count
        yield udp((0x0A000000 + flow // 60000, 1024 + flow % 60000), ("198.51.100.9", 40000), MEDIA)


BULK = bytes(range(256)) * 32      # of an answer, as often as BULK_TIMES
BULK_TIMES = 12


class KeyedSignins(common.Capture):
    """Sign-ins of one client after the other, each with a file that comes over HTTP/2; the keys are in the file."""

    def __init__(self, count):
        super().__init__("2026-09-14T08:30:00")
        for number in range(count):
            self.client = f"10.{number // 60000}.{number // 250 % 240}.{number % 250 + 1}"
            signin_keys.modern_signin(self)
            self.bulk()
            self.start += 120

    def bulk(self):
        files = signin_keys.KeyedClient(self, self.client).open(50.0, "eu-prod.asyncgw.teams.microsoft.com", "52.123.150.4")
        stream = files.ask(50.2, "GET", "/v1/objects/0-weu/views/imgo")
        files.answer_open(50.3, stream, 200)
        for n in range(BULK_TIMES):
            files.raw(50.4 + n / 100, stream, BULK, from_client=False)


OTHERS = 9          # frames of other traffic beside each of a sign-in


class KeyedMix(KeyedSignins):
    """The same in the midst of other traffic, which nobody has keys of: a working day of one office."""

    def __init__(self, count):
        super().__init__(count)
        first, last = self.frames[0][0], max(when for when, _, _ in self.frames)
        wanted = OTHERS * len(self.frames)
        self.start = 0
        for number, data in enumerate(itertools.islice(without_teams(), wanted)):
            ethernet = bytes.fromhex("02005e000001" "0200c000020a" "0800")
            self.raw((first + number * (last - first) // wanted) / 1000000, ethernet + data)


KEYED = {"keys": KeyedSignins, "mix": KeyedMix}
KINDS = {"none": without_teams, "some": with_some, "calls": calls, "names": names}
SIGNINS = 250           # of those with keys
SIZES = {"none": 30000, "some": 30000, "calls": 30000, "names": 200000}


def write_keyed(path, kind, count):
    KEYED[kind](count).write(str(path))
    path.chmod(0o644)
    return path


def write(path, packets, count, step_us=1000):
    """The first packets of a kind as a capture of raw IP."""
    with path.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 0x40000, 101))
        for number, data in enumerate(itertools.islice(packets, count)):
            now = 1760000000 * 1000000 + number * step_us
            out.write(struct.pack("<IIII", now // 1000000, now % 1000000, len(data), len(data)) + data)
    path.chmod(0o644)
    return path
