# SPDX-License-Identifier: GPL-2.0-or-later
"""Time and memory with identifiers that never come again: linear, and little for each frame.

Captures of 50,000 frames, made here and thrown away. What a frame costs is the difference
between a long and a short capture, so what tshark needs to start does not count. Memory is that
of ms-stun by itself; time also that of all plugins with all reports drawn."""

import os
import shutil
import struct
import subprocess
import sys
import zlib

import pytest

import harness

sys.path.insert(0, str(harness.ROOT / "test-captures/generate"))
import stun  # pylint: disable=wrong-import-position,wrong-import-order
from stun import u32, u64  # pylint: disable=wrong-import-position,wrong-import-order

SHORT, LONG = 12500, 50000
CLIENT, PEER, RELAY = ("10.1.1.5", 50010), ("10.1.1.6", 50012), ("10.1.1.7", 3478)
MEDIA_RELAY, RESOLVER = ("52.114.7.7", 3478), ("10.1.1.1", 53)
PAYLOAD = bytes(range(60))
REPORTS = ("summary", "signin", "names", "calls", "flows")
# The sizes for all plugins, where each frame costs more.
SMALLER, LARGER = 5000, 20000


def datagram(source, destination, payload):
    udp = struct.pack("!HHHH", source[1], destination[1], 8 + len(payload), 0) + payload
    addresses = b"".join(bytes(map(int, end[0].split("."))) for end in (source, destination))
    return bytes(12) + b"\x08\0" + struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0x4000, 64, 17, 0) + addresses + udp


def random32(n):
    return zlib.crc32(u32(n))


def rtp(payload_type, sequence, timestamp, ssrc):
    return datagram(CLIENT, PEER, stun.rtp(payload_type, sequence, timestamp, ssrc, PAYLOAD))


def identifier(n):
    return u32(stun.RFC5389_COOKIE) + u32(n) + bytes(8)


def request(n, *attributes):
    return stun.message(stun.BINDING_REQUEST, identifier(n), [
        (stun.USERNAME, b"Re2y:Lo1x"), (stun.IMPLEMENTATION_VERSION, u32(7)), *attributes])


def answered_port(n):
    """Checks of one session to a new port each, every one answered with a new reflexive address."""
    peer, number = (f"198.51.100.{1 + n // 100000}", 1024 + n // 2 % 60000), n // 2
    if n % 2 == 0:
        return datagram(CLIENT, peer, request(number))
    return datagram(peer, CLIENT, stun.message(stun.BINDING_RESPONSE, identifier(number), [
        (stun.IMPLEMENTATION_VERSION, u32(7)),
        (stun.XOR_MAPPED_ADDRESS, stun.address("203.0.113.5", 1024 + number % 60000, xor=identifier(number)))]))


def active_destination(n):
    tid, peer = identifier(n // 2), ("198.51.100.7", 1024 + n % 60000)
    if n % 2 == 0:
        return datagram(CLIENT, RELAY, stun.turn(stun.SET_ACTIVE_REQUEST, tid, [(stun.DESTINATION_ADDRESS, stun.address(*peer))]))
    return datagram(RELAY, CLIENT, stun.turn(stun.SET_ACTIVE_RESPONSE, tid, [(stun.MS_VERSION, u32(3))]))


def allocation(n):
    """A relay's four messages for each socket of one client; user names, realms' nonces and sessions are new each time."""
    number, step = divmod(n, 4)
    socket, tid = (CLIENT[0], 1024 + number % 60000), identifier(2 * number + step // 2)
    nonce = b"%032x" % number
    if step in (0, 2):
        signed = [(stun.USERNAME, b"user%d" % number), (stun.REALM, b"rtcmedia"), (stun.NONCE, nonce)] if step else []
        return datagram(socket, MEDIA_RELAY, stun.turn(stun.ALLOCATE_REQUEST, tid, [(stun.MS_VERSION, u32(6)), *signed]))
    if step == 1:
        return datagram(MEDIA_RELAY, socket, stun.turn(stun.ALLOCATE_ERROR, tid, [
            (stun.MS_VERSION, u32(6)), (stun.ERROR_CODE, stun.error(401, "Unauthorized")), (stun.REALM, b"rtcmedia"), (stun.NONCE, nonce)]))
    return datagram(MEDIA_RELAY, socket, stun.turn(stun.ALLOCATE_RESPONSE, tid, [
        (stun.MS_VERSION, u32(6)), (stun.MAPPED_ADDRESS, stun.address("52.114.7.7", 1024 + number % 60000)),
        (stun.LIFETIME, u32(600)), (stun.SESSION_ID, u64(random32(number) << 32 | number))]))


def refused_allocation(n):
    number, step = divmod(n, 2)
    socket, tid = (CLIENT[0], 1024 + number % 60000), identifier(number)
    if step == 0:
        return datagram(socket, MEDIA_RELAY, stun.turn(stun.ALLOCATE_REQUEST, tid, [(stun.MS_VERSION, u32(6))]))
    return datagram(MEDIA_RELAY, socket, stun.turn(stun.ALLOCATE_ERROR, tid, [
        (stun.MS_VERSION, u32(6)), (stun.ERROR_CODE, stun.error(486, "Quota"))]))


def fragments(n):
    """Checks whose user fragments are new each time."""
    return datagram(CLIENT, PEER, stun.message(stun.BINDING_REQUEST, identifier(n), [
        (stun.USERNAME, b"%08x:%08x" % (random32(n), random32(n + 1))), (stun.IMPLEMENTATION_VERSION, u32(7))]))


def call(n):
    """Calls of one client address: a check that is answered, and media."""
    number, step = divmod(n, 4)
    socket, peer, tid = (CLIENT[0], 1024 + number % 60000), (f"198.51.100.{1 + number // 60000}", 50000), identifier(number)
    if step == 0:
        return datagram(socket, peer, stun.message(stun.BINDING_REQUEST, tid, [
            (stun.USERNAME, b"%08x:%08x" % (random32(number), random32(number + 1))), (stun.IMPLEMENTATION_VERSION, u32(7)),
            (stun.USE_CANDIDATE, b"")]))
    if step == 1:
        return datagram(peer, socket, stun.message(stun.BINDING_RESPONSE, tid, [
            (stun.IMPLEMENTATION_VERSION, u32(7)), (stun.XOR_MAPPED_ADDRESS, stun.address("203.0.113.5", 1024 + number % 60000, xor=tid))]))
    return datagram(socket, peer, stun.rtp(104, n, 320 * n, number, PAYLOAD))


def domain(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def question(n, text, client=CLIENT[0]):
    message = struct.pack("!HHHHHH", n & 0xffff, 0x100, 1, 0, 0, 0) + domain(text) + b"\0\1\0\1"
    return datagram((client, 1024 + n % 60000), RESOLVER, message)


def answer(n, text, client=CLIENT[0], rcode=0):
    record = b"" if rcode else b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + u32(0x34700000 + n % 65536)
    message = struct.pack("!HHHHHH", n & 0xffff, 0x8180 | rcode, 1, bool(record), 0, 0) + domain(text) + b"\0\1\0\1" + record
    return datagram(RESOLVER, (client, 1024 + n % 60000), message)


def asked(text, rcode=0, client=lambda n: CLIENT[0]):
    """Questions and answers in turn; text makes the n-th name, client the n-th asker."""
    return lambda n: (answer if n % 2 else question)(n // 2, text(n // 2), client(n // 2), *([rcode] if n % 2 else []))


def address_of(n):
    return f"10.2.{n >> 8 & 255}.{n & 255}"


def server_name(n):
    """A ClientHello in one segment, from a new port each time."""
    name = b"h%x.teams.microsoft.com" % n
    extension = struct.pack("!HHHBH", 0, len(name) + 5, len(name) + 3, 0, len(name)) + name
    hello = b"\3\3" + bytes(32) + b"\0\0\2\x13\1\1\0" + struct.pack("!H", len(extension)) + extension
    record = b"\x16\3\1" + struct.pack("!HB", len(hello) + 4, 1) + struct.pack("!I", len(hello))[1:] + hello
    segment = struct.pack("!HHIIBBHHH", 1024 + n % 60000, 443, 1, 1, 0x50, 0x18, 65535, 0, 0) + record
    addresses = bytes(map(int, CLIENT[0].split("."))) + u32(0x34700000 + n % 65536)
    return bytes(12) + b"\x08\0" + struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0x4000, 64, 6, 0) + addresses + segment


# Each kind of identifier that a sender chooses, through all plugins and all reports.
ALL_KINDS = {
    "calls": call, "allocations": allocation, "refused allocations": refused_allocation, "user fragments": fragments,
    "check sessions": lambda n: datagram(PEER, CLIENT, request(n, (stun.SESSION_ID, u64(random32(n) << 32)))),
    "ports": answered_port,
    "multiplexed sessions": lambda n: datagram(CLIENT, MEDIA_RELAY, stun.multiplexed(n << 32 | n, request(n))),
    "sources": lambda n: rtp(104, n, 320 * n, random32(n)),
    "names": asked(lambda n: f"a-{n:x}.flightproxy.teams.microsoft.com"),
    "names that are not there": asked(lambda n: f"h{n:x}.teams.microsoft.com", rcode=3),
    "look-alikes": asked(lambda n: f"teams.rnicrosoft-{n:x}.com"),
    "unanswered questions": lambda n: question(n, f"h{n:x}.teams.microsoft.com"),
    "sign-ins": asked(lambda n: "teams.microsoft.com", client=address_of),
    "server names": server_name,
}


# What makes frame n, and how many bytes more than stock one may cost.
KINDS = {
    "one stream": (lambda n: rtp(104, n, 320 * n, 7), 80),
    "sources": (lambda n: rtp(104, n, 320 * n, random32(n)), 80),
    "payload types": (lambda n: rtp((0, 104, 111, 118, 122)[random32(n) % 5], n, 320 * n, 7), 80),
    "numbers": (lambda n: rtp(104, random32(n) & 0xffff, random32(n + 1), 7), 160),
    "identifiers": (lambda n: datagram(CLIENT, PEER, request(n)), 700),
    "one identifier": (lambda n: datagram(CLIENT, PEER, request(0, (0x8fff, u32(n)))), 400),
    "sessions": (lambda n: datagram(PEER, CLIENT, request(n, (stun.SESSION_ID, u64(random32(n) << 32)))), 800),
    "ports": (answered_port, 1500),
    "active destinations": (active_destination, 800),
}


def write(path, frame, count):
    start = [datagram(CLIENT, PEER, request(0))]
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 0x40000, 1))
        for number, data in enumerate(start + [frame(n) for n in range(count)]):
            out.write(struct.pack("<IIII", 1772000000 + number // 1000, number % 1000 * 1000, len(data), len(data)) + data)


@pytest.fixture(scope="module", name="stage")
def fixture_stage(tmp_path_factory):
    """The two plugins alone: what they cost by themselves."""
    stage = tmp_path_factory.mktemp("stage")
    for module in harness.stage_dir().glob("*/epan/*.so"):
        if module.name == "ms-stun.so":
            (stage / module.relative_to(harness.stage_dir())).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(module, stage / module.relative_to(harness.stage_dir()))
    return harness.loaded_plugins(stage)


def cost(capture, plugins, *options):
    """Seconds of processor time and peak memory in bytes of one tshark."""
    home = harness.new_home()
    env = harness.environment(home, plugins)
    del env["WIRESHARK_DEBUG_WMEM_OVERRIDE"]
    command = harness.unprivileged([harness.tshark_program(), "-n", "-r", harness.readable(capture), *options], env)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd=home) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


@pytest.mark.parametrize("kind", KINDS)
def test_linear_and_small(kind, stage, tmp_path):
    frame, most = KINDS[kind]
    none = harness.workspace() / "no-plugins"
    for name, count in (("one", 1), ("short", SHORT), ("long", LONG)):
        write(tmp_path / name, frame, count)
    (start, _), (short, short_bytes), (long, long_bytes) = [cost(tmp_path / name, stage) for name in ("one", "short", "long")]
    stock = [cost(tmp_path / name, none)[1] for name in ("short", "long")]
    # Four times the frames: sixteen times the time would be quadratic.
    assert long - start < 7 * max(short - start, 0.15), f"{start:.2f} s to start, {short:.2f} s short, {long:.2f} s long"
    more = ((long_bytes - short_bytes) - (stock[1] - stock[0])) / (LONG - SHORT)
    assert more < most, f"{more:.0f} bytes more than stock for each frame"


def allocation(n):
    """Allocate Requests of one address, each from a port and with credentials of its own: a call each."""
    username = bytes.fromhex("0200002490a0dbdb01d3374d78a58800") + u32(random32(n)) * 10
    return datagram(("10.1.1.5", 1024 + n * 7 % 60000), ("52.114.250.10", 3478), stun.turn(stun.ALLOCATE_REQUEST, identifier(n), [
        (stun.MS_VERSION, u32(5)), (stun.USERNAME, username)]))


def asking(n):
    """The same without credentials: sockets of one call."""
    return datagram(("10.1.1.5", 1024 + n * 7 % 60000), ("52.114.250.10", 3478), stun.turn(stun.ALLOCATE_REQUEST, identifier(n), [
        (stun.MS_VERSION, u32(5))]))


@pytest.mark.parametrize("frame", [allocation, asking])
def test_calls_of_one_address_are_linear(frame, tmp_path):
    """With all plugins: closed calls are out of the way, and a socket is compared with a few others."""
    plugins = harness.loaded_plugins(harness.stage_dir())
    for name, count in (("one", 1), ("short", 8000), ("long", 32000)):
        write(tmp_path / name, frame, count)
    start, short, long = (cost(tmp_path / name, plugins)[0] for name in ("one", "short", "long"))
    assert long - start < 7 * max(short - start, 0.15), f"{start:.2f} s to start, {short:.2f} s short, {long:.2f} s long"


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_reports_are_linear(kind, tmp_path):
    plugins = harness.loaded_plugins(harness.stage_dir())
    reports = ["-q", *(word for name in REPORTS for word in ("-z", f"teams,{name}"))]
    seconds = []
    for name, count in (("one", 1), ("smaller", SMALLER), ("larger", LARGER)):
        write(tmp_path / name, ALL_KINDS[kind], count)
        seconds.append(cost(tmp_path / name, plugins, *reports)[0])
    start, smaller, larger = seconds
    assert larger - start < 7 * max(smaller - start, 0.15), f"{start:.2f} s to start, {smaller:.2f} s smaller, {larger:.2f} s larger"
