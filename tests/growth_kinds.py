# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures of identifiers that never come again: each kind makes its n-th frame.

A frame is Ethernet; what is to be told from the frames before lies in its number alone."""

import functools
import struct
import sys
import zlib

import harness

sys.path.insert(0, str(harness.ROOT / "test-captures/generate"))
import stun  # noqa: E402  pylint: disable=wrong-import-position
import tls   # noqa: E402  pylint: disable=wrong-import-position
from stun import u32, u64  # noqa: E402  pylint: disable=wrong-import-position

CLIENT, PEER, RELAY = ("10.1.1.5", 50010), ("10.1.1.6", 50012), ("10.1.1.7", 3478)
MEDIA_RELAY, RESOLVER = ("52.114.7.7", 3478), ("10.1.1.1", 53)
PAYLOAD = bytes(range(60))
SYN, ACK, SYN_ACK, RST_ACK, DATA = 0x02, 0x10, 0x12, 0x14, 0x18


# --- packets ---

def packet(protocol, source, destination, body, mac=bytes(6)):
    addresses = b"".join(bytes(map(int, end[0].split("."))) for end in (source, destination))
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, 64, protocol, 0)
    return bytes(6) + mac + b"\x08\0" + head + addresses + body


def datagram(source, destination, payload):
    return packet(17, source, destination, struct.pack("!HHHH", source[1], destination[1], 8 + len(payload), 0) + payload)


def segment(source, destination, numbers, flags, payload=b""):
    head = struct.pack("!HHIIBBHHH", source[1], destination[1], *numbers, 0x50, flags, 65535, 0, 0)
    return packet(6, source, destination, head + payload)


def random32(n):
    return zlib.crc32(u32(n))


def address_of(n):
    return f"10.2.{n >> 8 & 255}.{n & 255}"


def port_of(n):
    return 1024 + n % 60000


def server_of(n):
    return f"52.112.{n >> 8 & 255}.{n & 255}"


# --- STUN and media ---

def rtp(payload_type, sequence, timestamp, ssrc):
    return datagram(CLIENT, PEER, stun.rtp(payload_type, sequence, timestamp, ssrc, PAYLOAD))


def identifier(n):
    return u32(stun.RFC5389_COOKIE) + u32(n) + bytes(8)


def request(n, *attributes):
    return stun.message(stun.BINDING_REQUEST, identifier(n), [
        (stun.USERNAME, b"Re2y:Lo1x"), (stun.IMPLEMENTATION_VERSION, u32(7)), *attributes])


def answered_port(n):
    """Checks of one session to a new port each, every one answered with a new reflexive address."""
    peer, number = (f"198.51.100.{1 + n // 100000}", port_of(n // 2)), n // 2
    if n % 2 == 0:
        return datagram(CLIENT, peer, request(number))
    return datagram(peer, CLIENT, stun.message(stun.BINDING_RESPONSE, identifier(number), [
        (stun.IMPLEMENTATION_VERSION, u32(7)),
        (stun.XOR_MAPPED_ADDRESS, stun.address("203.0.113.5", port_of(number), xor=identifier(number)))]))


def active_destination(n):
    tid, peer = identifier(n // 2), ("198.51.100.7", port_of(n))
    if n % 2 == 0:
        return datagram(CLIENT, RELAY, stun.turn(stun.SET_ACTIVE_REQUEST, tid, [(stun.DESTINATION_ADDRESS, stun.address(*peer))]))
    return datagram(RELAY, CLIENT, stun.turn(stun.SET_ACTIVE_RESPONSE, tid, [(stun.MS_VERSION, u32(3))]))


def allocation(n):
    """A relay's four messages for each socket of one client; user names, realms' nonces and sessions are new each time."""
    number, step = divmod(n, 4)
    socket, tid = (CLIENT[0], port_of(number)), identifier(2 * number + step // 2)
    nonce = b"%032x" % number
    if step in (0, 2):
        signed = [(stun.USERNAME, b"user%d" % number), (stun.REALM, b"rtcmedia"), (stun.NONCE, nonce)] if step else []
        return datagram(socket, MEDIA_RELAY, stun.turn(stun.ALLOCATE_REQUEST, tid, [(stun.MS_VERSION, u32(6)), *signed]))
    if step == 1:
        return datagram(MEDIA_RELAY, socket, stun.turn(stun.ALLOCATE_ERROR, tid, [
            (stun.MS_VERSION, u32(6)), (stun.ERROR_CODE, stun.error(401, "Unauthorized")), (stun.REALM, b"rtcmedia"), (stun.NONCE, nonce)]))
    return datagram(MEDIA_RELAY, socket, stun.turn(stun.ALLOCATE_RESPONSE, tid, [
        (stun.MS_VERSION, u32(6)), (stun.MAPPED_ADDRESS, stun.address("52.114.7.7", port_of(number))),
        (stun.LIFETIME, u32(600)), (stun.SESSION_ID, u64(random32(number) << 32 | number))]))


def refused_allocation(n):
    number, step = divmod(n, 2)
    socket, tid = (CLIENT[0], port_of(number)), identifier(number)
    if step == 0:
        return datagram(socket, MEDIA_RELAY, stun.turn(stun.ALLOCATE_REQUEST, tid, [(stun.MS_VERSION, u32(6))]))
    return datagram(MEDIA_RELAY, socket, stun.turn(stun.ALLOCATE_ERROR, tid, [
        (stun.MS_VERSION, u32(6)), (stun.ERROR_CODE, stun.error(486, "Quota"))]))


def own_credentials(n):
    """Allocate Requests of one address, each from a port and with credentials of its own: a call each."""
    username = bytes.fromhex("0200002490a0dbdb01d3374d78a58800") + u32(random32(n)) * 10
    return datagram((CLIENT[0], port_of(n * 7)), ("52.114.250.10", 3478), stun.turn(stun.ALLOCATE_REQUEST, identifier(n), [
        (stun.MS_VERSION, u32(5)), (stun.USERNAME, username)]))


def no_credentials(n):
    """The same without credentials: sockets of one call."""
    return datagram((CLIENT[0], port_of(n * 7)), ("52.114.250.10", 3478), stun.turn(stun.ALLOCATE_REQUEST, identifier(n), [
        (stun.MS_VERSION, u32(5))]))


def relays(n):
    """Each asked once."""
    return datagram((CLIENT[0], port_of(n)), (server_of(n), 3478), stun.turn(stun.ALLOCATE_REQUEST, identifier(n), [
        (stun.MS_VERSION, u32(6)), (stun.SIP_CALL_ID, b"%032x" % n)]))


def fragments(n):
    """Checks whose user fragments are new each time."""
    return datagram(CLIENT, PEER, stun.message(stun.BINDING_REQUEST, identifier(n), [
        (stun.USERNAME, b"%08x:%08x" % (random32(n), random32(n + 1))), (stun.IMPLEMENTATION_VERSION, u32(7))]))


def call(n):
    """Calls of one client address: a check that is answered, and media."""
    number, step = divmod(n, 4)
    socket, peer, tid = (CLIENT[0], port_of(number)), (f"198.51.100.{1 + number // 60000}", 50000), identifier(number)
    if step == 0:
        return datagram(socket, peer, stun.message(stun.BINDING_REQUEST, tid, [
            (stun.USERNAME, b"%08x:%08x" % (random32(number), random32(number + 1))), (stun.IMPLEMENTATION_VERSION, u32(7)),
            (stun.USE_CANDIDATE, b"")]))
    if step == 1:
        return datagram(peer, socket, stun.message(stun.BINDING_RESPONSE, tid, [
            (stun.IMPLEMENTATION_VERSION, u32(7)), (stun.XOR_MAPPED_ADDRESS, stun.address("203.0.113.5", port_of(number), xor=tid))]))
    return datagram(socket, peer, stun.rtp(104, n, 320 * n, number, PAYLOAD))


def rejected_flow(n):
    """An allocation, and connections to the relay's address that a server name then shows to be a stranger's."""
    if n < 4:
        return allocation(n)
    number, step = divmod(n - 4, 4)
    here, there = (CLIENT[0], port_of(number)), (MEDIA_RELAY[0], 443)
    if step < 3:
        return connection(step, number, there, ())
    return segment(here, there, (1, 1), DATA, tls.client_hello(f"h{number:x}.example.com"))


def one_call(n):
    """A check, then media of so many streams, each of one SSRC."""
    return call(n) if n < 2 else datagram((CLIENT[0], 1024), ("198.51.100.1", 50000), stun.rtp(104, n, 320 * n, random32(n), PAYLOAD))


def media_after_name(n):
    """A session border controller's media: a name of the SIP proxies, TCP with one, then four packets of each session."""
    sbc, proxy = "198.51.100.7", "52.114.75.24"
    if n == 0:
        return answer(n, "sip.pstnhub.microsoft.com", sbc, number=0x34724b18)
    if n == 1:
        return segment((sbc, 5062), (proxy, 5061), (1, 1), DATA, tls.client_hello("sip.pstnhub.microsoft.com"))
    number, step = divmod(n - 2, 4)
    return datagram((sbc, port_of(number)), ("52.113.216.179", 50000 + number // 60000), stun.rtp(0, step, 160 * step, number, PAYLOAD))


# --- DNS ---

def domain(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def question(n, text, client=CLIENT[0], resolver=RESOLVER):
    message = struct.pack("!HHHHHH", n & 0xffff, 0x100, 1, 0, 0, 0) + domain(text) + b"\0\1\0\1"
    return datagram((client, port_of(n)), resolver, message)


def answer(n, text, client=CLIENT[0], rcode=0, resolver=RESOLVER, alias=None, number=None):
    records = [] if rcode else [b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + u32(0x34700000 + n % 65536 if number is None else number)]
    if alias:
        records = [b"\xc0\x0c\0\5\0\1\0\0\0\x3c" + struct.pack("!H", len(domain(alias))) + domain(alias), domain(alias) + records[0][2:]]
    message = struct.pack("!HHHHHH", n & 0xffff, 0x8180 | rcode, 1, len(records), 0, 0) + domain(text) + b"\0\1\0\1" + b"".join(records)
    return datagram(resolver, (client, port_of(n)), message)


def asked(text, client=lambda n: CLIENT[0], resolver=lambda n: RESOLVER, **answers):
    """Questions and answers in turn; text makes the n-th name, client the n-th asker; the rest is the answer's, each made of n."""
    def frame(n):
        number = n // 2
        if n % 2 == 0:
            return question(number, text(number), client(number), resolver(number))
        return answer(number, text(number), client(number), resolver=resolver(number),
                      **{key: value(number) for key, value in answers.items()})
    return frame


def constant(value):
    return lambda n: value


def one_flow(n):
    """Questions about new names and their answers, all from one port."""
    number, step = divmod(n, 2)
    message = (answer if step else question)(number, teams_name(number))
    at = 14 + 20 + (2 if step else 0)
    return message[:at] + struct.pack("!H", 50000) + message[at + 2:]


def teams_name(n):
    return f"h{n:x}.teams.microsoft.com"


def copied(frame):
    """Each frame twice."""
    return lambda n: frame(n // 2)


# --- TCP and TLS ---

def server_name(n):
    """A ClientHello in one segment, from a new port each time."""
    return segment((CLIENT[0], port_of(n)), (server_of(n), 443), (1, 1), DATA, tls.client_hello(teams_name(n)))


def stranger(n):
    return segment((CLIENT[0], port_of(n)), (server_of(n), 443), (1, 1), DATA, tls.client_hello(f"h{n:x}.example.com"))


def connection(step, number, server, payloads):
    """SYN, SYN-ACK, ACK, then payloads in turn from the client and the server."""
    here, there = (CLIENT[0], port_of(number)), server
    if step < 3:
        return (segment(here, there, (0, 0), SYN), segment(there, here, (0, 1), SYN_ACK), segment(here, there, (1, 1), ACK))[step]
    sent, received = (1 + sum(map(len, payloads[side:step - 3:2])) for side in (0, 1))
    if step % 2:
        return segment(here, there, (sent, received), DATA, payloads[step - 3])
    return segment(there, here, (received, sent), DATA, payloads[step - 3])


def named_then(frame):
    """The name of the front door has been asked for, so that its client has a sign-in."""
    start = [question(0, "teams.microsoft.com"), answer(0, "teams.microsoft.com", number=0x34700001)]
    return lambda n: start[n] if n < 2 else frame(n - 2)


@named_then
def unanswered_connection(n):
    return segment((CLIENT[0], port_of(n)), ("52.112.0.1", 443), (0, 0), SYN)


@named_then
def refused_connection(n):
    number, step = divmod(n, 2)
    here, there = (CLIENT[0], port_of(number)), ("52.112.0.1", 443)
    return segment(there, here, (0, 1), RST_ACK) if step else segment(here, there, (0, 0), SYN)


@named_then
def prohibited_connection(n):
    """A SYN, and the answer of a router each time (ICMP, administratively prohibited)."""
    number, step = divmod(n, 2)
    syn = segment((CLIENT[0], port_of(number)), ("52.112.0.1", 443), (0, 0), SYN)
    return packet(1, (address_of(number), 0), CLIENT, struct.pack("!BBHI", 3, 13, 0, 0) + syn[14:42]) if step else syn


@named_then
def certificate(n):
    """TLS 1.2 whose certificate names another issuer each time."""
    number, step = divmod(n, 5)
    name = teams_name(number)
    payloads = (tls_parts().client_hello(name, 0x0303), tls_parts().server_hello(0x0303) + signed(number)) if step >= 3 else ()
    return connection(step, number, ("52.112.0.1", 443), payloads)


@functools.lru_cache(maxsize=None)
def tls_parts():
    import connections  # pylint: disable=import-outside-toplevel
    return connections


@functools.lru_cache(maxsize=4)
def signed(number):
    return tls_parts().certificate(teams_name(number), f"Inspection {number:x}", f"Organisation {number:x}")


def through_proxy(proxy):
    """CONNECT for a new name, and 403; proxy makes the n-th proxy."""
    @named_then
    def frame(n):
        number, step = divmod(n, 5)
        name = teams_name(number).encode()
        payloads = (b"CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\n\r\n" % (name, name), b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        return connection(step, number, (proxy(number), 3128), payloads)
    return frame


@functools.lru_cache(maxsize=8)
def tunnel_parts(number):
    """The request for a tunnel as HTTP/2 has it, and the answer: as long for each stream."""
    connections, name, stream = tls_parts(), f"h{number:06x}.teams.microsoft.com", 2 * number + 1
    return connections.http2_connect(stream, name), connections.http2_status(stream, 200)


@named_then
def tunnel(n):
    """Tunnels of one HTTP/2 session with a proxy."""
    start = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + tls_parts().http2(4, 0, flags=0), tls_parts().http2(4, 0, flags=0) + tls_parts().http2(4, 0, flags=1)
    if n < 5:
        return connection(n, 0, ("10.1.1.8", 8080), start)
    number, step = divmod(n - 5, 2)
    asks, answers = tunnel_parts(number)
    sent, received = 1 + len(start[0]) + number * len(asks), 1 + len(start[1]) + number * len(answers)
    here, there = (CLIENT[0], 1024), ("10.1.1.8", 8080)
    return segment(there, here, (received, sent + len(asks)), DATA, answers) if step else segment(here, there, (sent, received), DATA, asks)


def redirect(n):
    """A captive portal that sends each request elsewhere, of a new client each time."""
    number, step = divmod(n, 4)
    if step == 0:
        return question(number, "teams.microsoft.com", address_of(number))
    here, there = (address_of(number), 50000), ("192.0.2.80", 80)
    asks = b"GET /connecttest.txt HTTP/1.1\r\nHost: www.msftconnecttest.com\r\n\r\n"
    if step == 1:
        return segment(here, there, (0, 0), SYN)
    if step == 2:
        return segment(here, there, (1, 1), DATA, asks)
    return segment(there, here, (1, 1 + len(asks)), DATA, b"HTTP/1.1 302 Found\r\nLocation: http://portal/%x\r\nContent-Length: 0\r\n\r\n" % number)


def cards(n):
    """A client address and a network card each time."""
    body = struct.pack("!HHHH", port_of(n), 53, 8 + len(ASKED), 0) + ASKED
    return packet(17, (address_of(n), port_of(n)), RESOLVER, body, b"\x02\0" + u32(n))


ASKED = struct.pack("!HHHHHH", 7, 0x100, 1, 0, 0, 0) + domain("teams.microsoft.com") + b"\0\1\0\1"


def exchange(here, there, payloads, end=None):
    """SYN, SYN-ACK, ACK, payloads (from_client, bytes), and an end of one side."""
    ends, sent = {True: (here, there), False: (there, here)}, {True: 1, False: 1}
    frames = [segment(here, there, (0, 0), SYN), segment(there, here, (0, 1), SYN_ACK), segment(here, there, (1, 1), ACK)]
    for side, payload in payloads:
        frames.append(segment(*ends[side], (sent[side], sent[not side]), DATA, payload))
        sent[side] += len(payload)
    return frames + [segment(*ends[side], (sent[side], sent[not side]), RST_ACK) for side in ([] if end is None else [end])]


def used(number, name, server, client=CLIENT[0]):
    """A connection with data both ways, which the client resets."""
    return exchange((client, port_of(number)), server, [
        (True, tls_parts().client_hello(name)), (False, tls_parts().server_hello(0x0304) + tls_parts().CHANGE + tls.application_data("flight", 900)),
        (True, tls_parts().CHANGE + tls.application_data("finished", 53) + tls.application_data("request", 180)),
        (False, tls.application_data("answer", 1200))], True)


def sets(count):
    """Frames that are made so many at a time, of the same number."""
    def of(make):
        made = functools.lru_cache(maxsize=2)(make)
        return lambda n: made(n // count)[n % count]
    return of


@named_then
@sets(8)
def visit(number):
    """Visits to identity, without anything after it."""
    return used(number, "login.microsoftonline.com", ("20.190.128.10", 443))


@named_then
@sets(10)
def node(number):
    """A node of the push service that is not there, and one that is."""
    names = [f"pub-{number:x}-{which}.trouter.teams.microsoft.com" for which in "ab"]
    return [question(number, names[0]), answer(number, names[0], rcode=3), *used(number, names[1], (server_of(number), 443))]


@sets(6)
def signin_with_connection(number):
    """And with a name of its own, that has a private address."""
    here, there, name = (CLIENT[0], port_of(number)), ("52.112.0.1", 443), teams_name(number)
    return [question(number, "teams.microsoft.com"), answer(number, "teams.microsoft.com", number=0x34700001),
            question(number + 1, name), answer(number + 1, name, number=0x0A000000 + number),
            segment(here, there, (0, 0), SYN), segment(there, here, (0, 1), RST_ACK)]


@named_then
@sets(10)
def proxy_that_ends(number):
    name = teams_name(number).encode()
    asks = b"CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\n\r\n" % (name, name)
    return [frame for n in (0, 1) for frame in exchange((CLIENT[0], port_of(2 * number + n)), (address_of(number), 3128), [(True, asks)], False)]


@named_then
@sets(13)
def socks_proxy(number):
    """One that refuses the client, and one that is asked for a name."""
    name = teams_name(number).encode()
    asks = b"\5\1\0\3" + bytes([len(name)]) + name + b"\1\xbb"
    return [*exchange((CLIENT[0], port_of(2 * number)), (address_of(number), 1080), [(True, b"\5\2\0\2"), (False, b"\5\xff")]),
            *exchange((CLIENT[0], port_of(2 * number + 1)), (f"10.3.{number >> 8 & 255}.{number & 255}", 1080), [
                (True, b"\5\1\0"), (False, b"\5\0"), (True, asks), (False, b"\5\0\0\1" + bytes(6))], False)]


@sets(4)
def loopback(number):
    client = f"127.1.{number >> 8 & 255}.{number & 255}"
    here, there = (client, port_of(number)), ("52.113.194.132", 443)
    return [question(number, "teams.microsoft.com", client), answer(number, "teams.microsoft.com", client, number=0x3471c284),
            segment(here, there, (0, 0), SYN), segment(there, here, (0, 1), RST_ACK)]


# --- both sides of a NAT, and texts that a plain hash does not tell apart ---

def routed(frame, hops, source):
    return frame[:22] + bytes([hops]) + frame[23:26] + bytes(map(int, source.split("."))) + frame[30:]


def translated(make):
    """What the client sends, and the same behind a router with the router's address."""
    def frame(n):
        hops, source = (63, "203.0.113.9") if n % 2 else (64, CLIENT[0])
        return routed(make(n // 2), hops, source)
    return frame


def alike(number, one, other):
    """One of two pairs of characters for each bit: h * 33 + character is the same for both."""
    return "".join(other if number >> bit & 1 else one for bit in range(20))


def name_alike(n):
    return alike(n, "ar", "c0") + ".teams.microsoft.com"


@named_then
def server_name_alike(n):
    return segment((CLIENT[0], port_of(n)), (server_of(n), 443), (1, 1), DATA, tls.client_hello(name_alike(n)))


def fragments_alike(n):
    """Calls: a check with a user fragment, media, and an answer."""
    number, step = divmod(n, 3)
    socket, peer, tid = (CLIENT[0], port_of(number)), ("198.51.100.1", 50000), identifier(number)
    if step == 1:
        return call(4 * number + 1)
    return datagram(socket, peer, stun.rtp(104, n, 320 * n, number, PAYLOAD) if step else stun.message(stun.BINDING_REQUEST, tid, [
        (stun.USERNAME, alike(number, "Ez", "FY").encode() + b":Lo1x"), (stun.IMPLEMENTATION_VERSION, u32(7)), (stun.USE_CANDIDATE, b"")]))


def refused_by_routers(n):
    """Media of a call, and the answer of another router each time (ICMP, administratively prohibited)."""
    number, step = divmod(n, 2)
    sent = datagram((CLIENT[0], 1024), ("198.51.100.1", 50000), stun.rtp(104, number & 0xffff, 320 * number, 0, PAYLOAD))
    if n < 2:
        return call(n)
    return packet(1, (address_of(number), 0), CLIENT, struct.pack("!BBHI", 3, 13, 0, 0) + sent[14:42]) if step else sent


def same_fragments(n):
    """Sockets that check one peer with the same user fragments, and its answers."""
    number, step = divmod(n, 2)
    if step:
        return call(4 * number + 1)
    return datagram((CLIENT[0], port_of(number)), ("198.51.100.1", 50000), request(number, (stun.USE_CANDIDATE, b"")))


def streams_with_gaps(n):
    """A call: every other frame begins a stream, and every fourth goes on with one after as many frames as came before it, each with a silence."""
    if n < 2:
        return call(n)
    again = n % 4 == 1
    return datagram((CLIENT[0], 1024), ("198.51.100.1", 50000), stun.rtp(104, 200 if again else 100, 0, n // 2 if again else n, PAYLOAD))


# --- decrypted HTTP ---

class Requests:
    """Requests to a host that never comes again, in one HTTP/2 session or each in one of its own, with the keys of all.
    Paths are shown with most words masked, so that hosts make more kinds of requests than paths could."""

    def __init__(self, sessions):
        self.sessions, self.frames, self.start = sessions, None, 1772000000
        self.secrets = ""

    def __call__(self, n):
        if n == 0:
            self.frames, self.secrets = self.made(), ""
        return next(self.frames)

    def made(self):
        from http_peers import Http2  # pylint: disable=import-outside-toplevel
        yield question(0, "teams.microsoft.com")
        yield answer(0, "teams.microsoft.com", number=0x34700001)
        number, peer = 0, None
        while True:
            self.out = []
            if peer is None or self.sessions:
                peer = Http2(self, 0, (CLIENT[0], port_of(number)), ("52.112.0.1", 443), "teams.microsoft.com")
                self.secrets += peer.tls.key_log()
            peer.exchange(0, "GET", "/api/chatsvc/emea/v1/users", status=404, host=f"h{number:x}.teams.microsoft.com")
            yield from self.out
            number += 1

    # What the peer asks a capture for.
    def tcp(self, _when, client, server, _rtt):
        self.out += [connection(step, client[1] - 1024, server, ()) for step in range(3)]
        return Sender(self.out_of, client, server)

    def out_of(self, frame):
        self.out.append(frame)


class Pipelined(Requests):
    """HTTP/1 requests of one connection, of which every other one is answered."""

    def made(self):
        from http_peers import Http1  # pylint: disable=import-outside-toplevel
        yield question(0, "teams.microsoft.com")
        yield answer(0, "teams.microsoft.com", number=0x34700001)
        self.out = []
        peer = Http1(self, 0, (CLIENT[0], port_of(0)), ("52.112.0.1", 443), "teams.microsoft.com")
        self.secrets += peer.tls.key_log()
        while True:
            for _ in range(2):
                peer.ask(0, "GET", "/api/chatsvc/emea/v1/users")
            peer.answer(0, 404)
            yield from self.out
            self.out = []


class Sender:
    """A connection of Requests."""

    def __init__(self, out, client, server):
        self.out, self.ends, self.sent = out, {True: (client, server), False: (server, client)}, {True: 1, False: 1}

    def send(self, _when, payload, from_client=True):
        self.out(segment(*self.ends[from_client], (self.sent[from_client], self.sent[not from_client]), DATA, payload))
        self.sent[from_client] += len(payload)


# Each kind of identifier that a sender chooses, through all plugins and all reports.
ALL_KINDS = {
    "calls": call, "allocations": allocation, "refused allocations": refused_allocation, "user fragments": fragments,
    "calls with credentials of their own": own_credentials, "sockets of one call": no_credentials,
    "relays and call identifiers": relays, "streams of one call": one_call, "flows of a call that are a stranger's": rejected_flow,
    "sessions of Direct Routing": media_after_name,
    "check sessions": lambda n: datagram(PEER, CLIENT, request(n, (stun.SESSION_ID, u64(random32(n) << 32)))),
    "ports": answered_port,
    "multiplexed sessions": lambda n: datagram(CLIENT, MEDIA_RELAY, stun.multiplexed(n << 32 | n, request(n))),
    "sources": lambda n: rtp(104, n, 320 * n, random32(n)),
    "copies of packets": copied(call), "copies of names": copied(lambda n: question(n, teams_name(n))),
    "names": asked(lambda n: f"a-{n:x}.flightproxy.teams.microsoft.com"),
    "names of one socket": one_flow, "names that are not there": asked(teams_name, rcode=constant(3)),
    "look-alikes": asked(lambda n: f"teams.rnicrosoft-{n:x}.com"),
    "unanswered questions": lambda n: question(n, teams_name(n)),
    "aliases of one name": asked(constant("teams.microsoft.com"), alias=lambda n: f"h{n:x}.trafficmanager.net"),
    "names of one address": asked(teams_name, number=constant(0x34700001)),
    "addresses of one name": asked(constant("teams.microsoft.com"), number=lambda n: 0x34700000 + n),
    "private addresses": asked(teams_name, number=lambda n: 0x0A640000 + n),
    "resolvers": asked(teams_name, resolver=lambda n: (address_of(n), 53)),
    "ports of resolvers": asked(teams_name, resolver=lambda n: ("10.1.1.1", port_of(n))),
    "sign-ins": asked(constant("teams.microsoft.com"), client=address_of),
    "sign-ins of one client": asked(constant("teams.microsoft.com")),
    "network cards": cards, "redirects": redirect,
    "server names": server_name, "server names of strangers": stranger,
    "unanswered connections": unanswered_connection, "refused connections": refused_connection,
    "prohibited connections": prohibited_connection, "issuers of certificates": certificate, "issuers without their names": certificate,
    "names through a proxy": through_proxy(constant("10.1.1.8")), "proxies": through_proxy(address_of),
    "visits to identity": visit, "nodes of a service": node, "sign-ins of one client with connections": signin_with_connection,
    "proxies that end connections": proxy_that_ends, "SOCKS proxies": socks_proxy, "addresses on loopback": loopback,
    "questions at both sides of a NAT": translated(lambda n: question(n % 65535 + 1, teams_name(n))),
    "checks at both sides of a NAT": translated(lambda n: call(4 * n)),
    "sockets with the same user fragments": same_fragments, "streams with gaps": streams_with_gaps,
    "routers that refuse media": refused_by_routers,
    "names alike": asked(name_alike), "aliases alike": asked(constant("teams.microsoft.com"), alias=name_alike), "server names alike": server_name_alike, "user fragments alike": fragments_alike,
    "tunnels of a proxy": tunnel, "hosts and paths of requests": Requests(False), "decrypted sessions": Requests(True),
    "requests before their answers": Pipelined(False),
}
# Milliseconds between frames, where 1 is too little: sign-ins of one client are more than half an hour apart.
STEPS_MS = {"sign-ins of one client": 2000000, "sign-ins of one client with connections": 400000, "streams with gaps": 1000}
# How many times the frames, where what grows is small beside the rest.
TIMES = {"sign-ins of one client with connections": 4, "proxies that end connections": 4, "SOCKS proxies": 4, "addresses of one name": 2,
         "requests before their answers": 4}
# What each report is asked for with.
FORMS = {"issuers without their names": ",anonymise"}
