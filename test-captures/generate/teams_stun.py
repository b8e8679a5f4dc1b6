# SPDX-License-Identifier: GPL-2.0-or-later
"""Connectivity checks of Microsoft's ICE, media on their pairs, and flightproxy.

Addresses: CLIENT is where the capture was taken; PEER is the other side's host,
PEER_PUBLIC its NAT; relays have documentation addresses unless a published
prefix is what a capture is about.
"""
import struct

import ms_turn
import stun
from common import capture
from stun import u16, u32, u64

CLIENT, PEER, PEER_PUBLIC = ("192.168.1.10", 50004), ("192.168.7.20", 50006), ("198.51.100.77", 40404)
CLIENT_PUBLIC = ("203.0.113.5", 61000)
RELAY, RELAYED = ("203.0.113.141", 3478), ("203.0.113.141", 52000)
PEER_RELAY = ("203.0.113.200", 3479)
UFRAG, PASSWORD = "Lo1x", "localpasswordlocalpass00"
PEER_UFRAG, PEER_PASSWORD = "Re2y", "remotepasswordremotepa00"
TEAMS, SKYPE, LYNC = 7, 3, 2


class Side:
    """One ICE agent: what its checks and answers look like."""

    def __init__(self, ufrag, password, peer_ufrag, peer_password, controlling, version=TEAMS):
        self.ufrag, self.password = ufrag, password
        self.peer_ufrag, self.peer_password = peer_ufrag, peer_password
        self.controlling, self.version = controlling, version

    def request(self, seed, nominate=False, without=(), extra=(), component=1, **options):
        role = stun.CONTROLLING if self.controlling else stun.CONTROLLED
        attributes = [(stun.USERNAME, f"{self.peer_ufrag}:{self.ufrag}".encode()),
                      (role, u64(0x7f8a52865800 + self.controlling)),
                      (stun.IMPLEMENTATION_VERSION, u32(self.version))]
        if nominate:
            attributes += [(stun.USE_CANDIDATE, b"")]
        attributes += [(stun.PRIORITY, u32(0x6effff00 | (256 - component)))]
        if self.version <= SKYPE:
            attributes += [(stun.CANDIDATE_IDENTIFIER, b"1")]
        attributes += list(extra)
        key = None if stun.MESSAGE_INTEGRITY in without else self.peer_password.encode()
        options.setdefault("fingerprint", stun.FINGERPRINT not in without)
        return stun.message(stun.BINDING_REQUEST, stun.transaction(seed),
                            [each for each in attributes if each[0] not in without], key=key, **options)

    def answer(self, seed, mapped, without=(), extra=(), **options):
        tid = stun.transaction(seed)
        attributes = [(stun.IMPLEMENTATION_VERSION, u32(self.version)),
                      (stun.XOR_MAPPED_ADDRESS, stun.address(*mapped, xor=tid)), *extra]
        options.setdefault("fingerprint", True)
        return stun.message(stun.BINDING_RESPONSE, tid, [each for each in attributes if each[0] not in without],
                            key=self.password.encode(), **options)

    def refusal(self, seed, code, reason):
        tid = stun.transaction(seed)
        return stun.message(stun.BINDING_ERROR, tid,
                            [(stun.IMPLEMENTATION_VERSION, u32(self.version)), (stun.ERROR_CODE, stun.error(code, reason))],
                            key=self.password.encode(), fingerprint=True)


def sides(version=TEAMS):
    return (Side(UFRAG, PASSWORD, PEER_UFRAG, PEER_PASSWORD, True, version),
            Side(PEER_UFRAG, PEER_PASSWORD, UFRAG, PASSWORD, False, version))


def check(c, when, local, remote, seed, mapped=None, side=None, other=None, rtt=0.03, **options):
    """A check and its answer, sent by local."""
    side, other = (side, other) if side else sides()
    c.udp(when, local, remote, side.request(seed, **options))
    c.udp(when + rtt, remote, local, other.answer(seed, mapped or local))


def voice(c, when, local, remote, count=5, payload_type=104, ssrc=0x11223344, sequence=1000, step=0.02, wrap=None):
    for n in range(count):
        packet = stun.rtp(payload_type, sequence + n, 160000 + 320 * n, ssrc, stun.opaque(f"voice{n}", 60),
                          extension=bytes([0x12, 0x86, 0x92, n]))
        c.udp(when + n * step, local, remote, wrap(packet) if wrap else packet)


def srtcp(kind, ssrc, seed, words=6, tail=60, count=0):
    """A first header in clear (words: length of that packet less one), then ciphertext, index and tag."""
    body = stun.opaque(seed, words * 4 - 4 + tail)
    return struct.pack("!BBHI", 0x80 | count, kind, words, ssrc) + body


def allocate(c, when, reflexive=CLIENT_PUBLIC, client=CLIENT, relay=RELAY, relayed=RELAYED, stream_type=1, seed="allocate"):
    """Both legs of an allocation."""
    quality = (stun.SERVICE_QUALITY, struct.pack("!HH", stream_type, 0))
    tid = stun.transaction(seed)
    again = stun.transaction(seed + " again")
    nonce_and_realm = [(stun.NONCE, stun.opaque("nonce", 20)), (stun.REALM, b'"rtcmedia"')]
    c.udp(when, client, relay, stun.turn(stun.ALLOCATE_REQUEST, tid, [(stun.MS_VERSION, u32(6)), quality]))
    c.udp(when + 0.02, relay, client, stun.turn(stun.ALLOCATE_ERROR, tid, [
        (stun.MS_VERSION, u32(6)), (stun.ERROR_CODE, stun.error(401, "Unauthorized")),
        (stun.ALTERNATE_SERVER, stun.address(*relay)), *nonce_and_realm,
        (stun.MS_XOR_MAPPED_ADDRESS, stun.address(*reflexive, xor=tid))]))
    c.udp(when + 0.03, client, relay, stun.turn(stun.ALLOCATE_REQUEST, again, [
        (stun.MS_VERSION, u32(6)), quality, *nonce_and_realm, (stun.USERNAME, stun.opaque("user", 56))], key=b"key"))
    c.udp(when + 0.05, relay, client, stun.turn(stun.ALLOCATE_RESPONSE, again, [
        (stun.LIFETIME, u32(600)), (stun.MAPPED_ADDRESS, stun.address(*relayed)), (stun.MS_VERSION, u32(6)),
        (stun.MS_XOR_MAPPED_ADDRESS, stun.address(*reflexive, xor=again)),
        (stun.SEQUENCE_NUMBER, bytes(range(20)) + u32(0))], key=b"key"))


def send(peer, payload, seed="send"):
    return stun.turn(stun.SEND_REQUEST, stun.transaction(f"{seed}{payload[:24].hex()}"), [
        (stun.MS_VERSION, u32(6)), (stun.USERNAME, stun.opaque("user", 56)),
        (stun.DESTINATION_ADDRESS, stun.address(*peer)), (stun.DATA, payload)], key=b"key")


def data(peer, payload):
    return stun.turn(stun.DATA_INDICATION, stun.transaction(payload[:24].hex(), cookie=None), [
        (stun.REMOTE_ADDRESS, stun.address(*peer)), (stun.DATA, payload)])


# ---- pairs ----

@capture("ice-candidate-types.pcap", "2026-03-02T09:00:00")
def candidate_types(c):
    """Host, reflexive and relayed candidates on both sides; the reflexive pair wins."""
    us, them = sides()
    allocate(c, 0.0)
    for n in range(5):                                          # host to host: nobody is there
        c.udp(1.0 + 0.3 * n, CLIENT, PEER, us.request("host"))
    check(c, 1.05, CLIENT, PEER_PUBLIC, "public", mapped=CLIENT_PUBLIC)
    c.udp(1.2, CLIENT, RELAY, send(PEER_PUBLIC, us.request("relayed")))
    c.udp(1.26, RELAY, CLIENT, data(PEER_PUBLIC, them.answer("relayed", RELAYED)))
    c.udp(1.4, PEER_RELAY, CLIENT, them.request("from their relay", extra=[(stun.SESSION_ID, bytes.fromhex("7f20c4dd4f84c871"))]))
    c.udp(1.41, CLIENT, PEER_RELAY, stun.multiplexed(bytes.fromhex("7f20c4dd4f84c871"),
                                                     us.answer("from their relay", PEER_RELAY)))
    check(c, 2.6, CLIENT, PEER_PUBLIC, "nominate", mapped=CLIENT_PUBLIC, nominate=True)
    voice(c, 2.7, CLIENT, PEER_PUBLIC)
    check(c, 3.8, CLIENT, PEER_PUBLIC, "consent", mapped=CLIENT_PUBLIC, extra=[(stun.UNKNOWN_8033, b"")])


@capture("ice-relay-to-relay.pcap", "2026-03-02T09:00:00")
def relay_to_relay(c):
    """Both sides relayed: FF10 inside Send and Data Indication, both ways, media too."""
    us, them = sides()
    ours, theirs = bytes.fromhex("7f20c4dd4f848d71"), bytes.fromhex("55aa00112233c871")
    allocate(c, 0.0)
    c.udp(1.0, CLIENT, RELAY, send(PEER_RELAY, stun.multiplexed(theirs, us.request("out", extra=[(stun.SESSION_ID, ours)]))))
    c.udp(1.08, RELAY, CLIENT, data(PEER_RELAY, them.answer("out", RELAYED)))
    c.udp(1.1, RELAY, CLIENT, data(PEER_RELAY, them.request("in", extra=[(stun.SESSION_ID, theirs)])))
    c.udp(1.11, CLIENT, RELAY, send(PEER_RELAY, stun.multiplexed(theirs, us.answer("in", PEER_RELAY))))
    c.udp(2.0, CLIENT, RELAY, send(PEER_RELAY, stun.multiplexed(theirs, us.request("nominate", nominate=True))))
    c.udp(2.08, RELAY, CLIENT, data(PEER_RELAY, them.answer("nominate", RELAYED)))
    voice(c, 2.2, CLIENT, RELAY, count=3, wrap=lambda packet: send(PEER_RELAY, stun.multiplexed(theirs, packet)))
    voice(c, 2.21, RELAY, CLIENT, count=3, ssrc=0x55667788, wrap=lambda packet: data(PEER_RELAY, packet))


def set_active(peer, seed, code=None):
    """Request and answer of Set Active Destination; with code it is refused."""
    tid = stun.transaction(seed)
    request = stun.turn(stun.SET_ACTIVE_REQUEST, tid, [
        (stun.MS_VERSION, u32(3)), (stun.USERNAME, stun.opaque("user", 56)),
        (stun.DESTINATION_ADDRESS, stun.address(*peer))], key=b"key")
    if code is None:
        return request, stun.turn(stun.SET_ACTIVE_RESPONSE, tid, [(stun.MS_VERSION, u32(3))], key=b"key")
    return request, stun.turn(stun.SET_ACTIVE_ERROR, tid, [
        (stun.MS_VERSION, u32(3)), (stun.ERROR_CODE, stun.error(code, "Bad Request"))], key=b"key")


@capture("ice-set-active-destination.pcap", "2026-03-02T09:00:00")
def set_active_destination(c):
    """Two peers checked through the relay; plain payloads go over the pair of the one that is active then."""
    us, them = sides()
    other, refused = ("198.51.100.88", 40405), ("198.51.100.99", 40406)
    allocate(c, 0.0)
    for n, peer in enumerate((PEER_PUBLIC, other)):
        c.udp(1.0 + n / 10, CLIENT, RELAY, send(peer, us.request(f"pair {n}", nominate=True)))
        c.udp(1.06 + n / 10, RELAY, CLIENT, data(peer, them.answer(f"pair {n}", RELAYED)))
    for n, (peer, code) in enumerate(((other, None), (refused, 400), (PEER_PUBLIC, None))):
        request, answer = set_active(peer, f"active {n}", code)
        c.udp(2.0 + n, CLIENT, RELAY, request)
        c.udp(2.04 + n, RELAY, CLIENT, answer)
        voice(c, 2.1 + n, CLIENT, RELAY, count=2, sequence=1000 + 2 * n)
        voice(c, 2.11 + n, RELAY, CLIENT, count=2, sequence=2000 + 2 * n, ssrc=0x55667788)
    c.udp(4.5, CLIENT, RELAY, us.request("consent", extra=[(stun.UNKNOWN_8033, b"")]))      # plain, too
    c.udp(4.56, RELAY, CLIENT, them.answer("consent", RELAYED))
    voice(c, 4.6, CLIENT, RELAY, count=1, sequence=1006, wrap=lambda packet: send(other, packet))   # still possible

    connection = c.tcp(6.0, (CLIENT[0], 50010), RELAY)
    request, answer = set_active(PEER_PUBLIC, "active over TCP")
    connection.send(6.1, stun.control_frame(send(PEER_PUBLIC, us.request("over TCP", nominate=True))))
    connection.send(6.16, stun.control_frame(data(PEER_PUBLIC, them.answer("over TCP", RELAYED))), from_client=False)
    connection.send(6.2, stun.control_frame(request))
    connection.send(6.24, stun.control_frame(answer), from_client=False)
    connection.send(6.3, stun.data_frame(stun.rtp(104, 1, 320, 0xabcd, stun.opaque("tcp", 60))))
    connection.send(6.31, stun.data_frame(stun.rtp(104, 1, 320, 0xdcba, stun.opaque("back", 60))), from_client=False)


@capture("ice-relayed-nomination.pcap", "2026-03-02T09:00:00")
def relayed_nomination(c):
    """A relayed pair is nominated although the direct one answered."""
    us, them = sides()
    allocate(c, 0.0)
    check(c, 1.0, CLIENT, PEER_PUBLIC, "direct", mapped=CLIENT_PUBLIC)
    c.udp(2.0, CLIENT, RELAY, send(PEER_PUBLIC, us.request("relayed", nominate=True)))
    c.udp(2.06, RELAY, CLIENT, data(PEER_PUBLIC, them.answer("relayed", RELAYED)))


@capture("ice-tcp.pcap", "2026-03-02T09:00:00")
def tcp(c):
    """A TCP pair: RFC 4571 frames, two of them in one segment, one over two segments."""
    us, them = sides(SKYPE)
    connection = c.tcp(0.0, ("192.168.1.10", 50004), ("192.168.7.20", 42000))
    connection.send(0.1, stun.rfc4571(us.request("tcp", nominate=True)))
    connection.send(0.13, stun.rfc4571(them.answer("tcp", ("192.168.1.10", 50004))), from_client=False)
    frames = [stun.rfc4571(stun.rtp(111, 7 + n, 320 * n, 0xabcd0123, stun.opaque(n, 40))) for n in range(4)]
    connection.send(0.2, frames[0] + frames[1])
    connection.send(0.22, frames[2] + frames[3][:20])
    connection.send(0.24, frames[3][20:])


@capture("ice-role-conflict.pcap", "2026-03-02T09:00:00")
def role_conflict(c):
    """Both sides controlling: error 487, the peer switches, the check is repeated."""
    us, them = sides()
    them.controlling = True
    c.udp(0.0, CLIENT, PEER, us.request("ours"))
    c.udp(0.01, PEER, CLIENT, them.request("theirs"))
    c.udp(0.03, CLIENT, PEER, us.refusal("theirs", 487, "Role Conflict"))
    them.controlling = False
    c.udp(0.05, PEER, CLIENT, them.request("theirs again"))
    c.udp(0.06, CLIENT, PEER, us.answer("theirs again", PEER))


@capture("ice-consent-lost.pcap", "2026-03-02T09:00:00")
def consent_lost(c):
    """The peer falls silent; our media goes on. Lost after five seconds, found again, once each."""
    check(c, 0.0, CLIENT, PEER, "nominate", nominate=True)
    voice(c, 0.1, CLIENT, PEER, count=20, step=0.5)
    voice(c, 0.15, PEER, CLIENT, count=4, step=0.2, ssrc=0x99)
    check(c, 10.5, CLIENT, PEER, "back")


@capture("ice-failed.pcap", "2026-03-02T09:00:00")
def failed(c):
    """Two pairs, five sendings each, no answer: no path."""
    us, _ = sides()
    for n in range(5):
        c.udp(0.3 * n, CLIENT, PEER, us.request("first"))
        c.udp(0.1 + 0.3 * n, CLIENT, PEER_PUBLIC, us.request("second"))


@capture("ice-symmetric-nat.pcap", "2026-03-02T09:00:00")
def symmetric_nat(c):
    """One socket, two public ports. Towards the third peer it is the first port again."""
    check(c, 0.0, CLIENT, PEER_PUBLIC, "one", mapped=("203.0.113.5", 61000))
    check(c, 0.1, CLIENT, ("198.51.100.88", 40405), "two", mapped=("203.0.113.5", 61001))
    check(c, 0.2, CLIENT, ("198.51.100.99", 40406), "three", mapped=("203.0.113.5", 61000))


@capture("ice-peer-reflexive.pcap", "2026-03-02T09:00:00")
def peer_reflexive(c):
    """The peer's NAT maps per destination: its check comes from a port that it did not announce, and
    that pair works (RFC 8445, 7.3.1.3). Another public address, seen first, may be one that it announced."""
    us, them = sides()
    unannounced, announced = (PEER_PUBLIC[0], PEER_PUBLIC[1] + 595), ("198.51.100.88", 40405)
    c.udp(0.0, CLIENT, PEER, us.request("host"))
    c.udp(0.01, CLIENT, PEER_PUBLIC, us.request("announced"))
    c.udp(0.05, unannounced, CLIENT, them.request("theirs"))
    c.udp(0.06, CLIENT, unannounced, us.answer("theirs", unannounced))
    check(c, 0.1, CLIENT, unannounced, "triggered", mapped=CLIENT_PUBLIC)
    check(c, 0.3, CLIENT, unannounced, "nominate", mapped=CLIENT_PUBLIC, nominate=True)
    c.udp(0.4, announced, CLIENT, them.request("another"))
    c.udp(0.41, CLIENT, announced, us.answer("another", announced))


@capture("ice-duplicates.pcap", "2026-03-02T09:00:00")
def duplicates(c):
    """Each frame of an allocation and of two checks twice, as a mirror port may deliver them; one check sent
    and answered twice in earnest."""
    us, them = sides()
    frames = []
    for seed, when, rtt in (("first", 1.0, 0.03), ("second", 2.0, 0.05)):
        frames += [(when, CLIENT, PEER, us.request(seed, nominate=seed == "second")),
                   (when + rtt, PEER, CLIENT, them.answer(seed, CLIENT))]
    first = ms_turn.first_request("duplicate")
    frames += [(0.0, CLIENT, RELAY, first), (0.02, RELAY, CLIENT, ms_turn.challenge("duplicate", alternate=RELAY))]
    for when, source, target, payload in frames:
        c.udp(when, source, target, payload)
        c.udp(when + 0.00002, source, target, payload)
    for n in range(2):
        c.udp(3.0 + n / 10, CLIENT, PEER, us.request("again"))
        c.udp(3.15 + n / 10, PEER, CLIENT, them.answer("again", CLIENT))


@capture("ice-ipv6.pcap", "2026-03-02T09:00:00")
def ipv6(c):
    """Checks and media over IPv6."""
    ours, peer = ("2001:db8:1::10", 50004), ("2001:db8:7::20", 50006)
    check(c, 0.0, ours, peer, "six", nominate=True)
    voice(c, 0.1, ours, peer, count=2)


@capture("ice-dual-format.pcap", "2026-03-02T09:00:00")
def dual_format(c):
    """Each check in both formats under one transaction identifier; the old one with the misprinted CRC."""
    us, them = sides(SKYPE)
    old, old_peer = sides(LYNC)
    c.udp(0.0, CLIENT, PEER, us.request("dual three"))
    c.udp(0.0001, CLIENT, PEER, old.request("dual three", draft02=True, legacy_crc=True))
    c.udp(0.02, PEER, CLIENT, them.answer("dual three", CLIENT))
    c.udp(0.0201, PEER, CLIENT, old_peer.answer("dual three", CLIENT))
    c.udp(0.5, CLIENT, PEER, us.request("single"))
    c.udp(0.8, CLIENT, PEER, us.request("single"))              # a retransmission, no twin
    c.udp(0.82, PEER, CLIENT, them.answer("single", CLIENT))
    for when in (1.0, 1.0001, 1.5, 1.5001):                     # twins that are the same bytes, sent again
        c.udp(when, CLIENT, PEER, old.request("dual", draft02=True, legacy_crc=True))


@capture("ice-broken-checks.pcap", "2026-03-02T09:00:00")
def broken_checks(c):
    """What [MS-ICE2] demands and is missing, one thing per check; then a check that is as it should be."""
    us, them = sides()
    for n, missing in enumerate([stun.USERNAME, stun.FINGERPRINT, stun.MESSAGE_INTEGRITY, None]):
        c.udp(0.1 * n, CLIENT, PEER, us.request(f"missing {n}", without=[missing]))
    c.udp(0.5, CLIENT, PEER, us.request("no version", without=[stun.IMPLEMENTATION_VERSION]))
    c.udp(0.6, PEER, CLIENT, them.answer("no version", CLIENT, extra=[(stun.CANDIDATE_IDENTIFIER, b"1")]))
    spoiled = bytearray(us.request("spoiled"))
    spoiled[-1] ^= 0xff                                         # the last byte of FINGERPRINT
    c.udp(0.7, CLIENT, PEER, bytes(spoiled))
    c.udp(0.8, PEER, CLIENT, them.refusal("spoiled", 400, "Bad Request"))


@capture("ice-lengths.pcap", "2026-03-02T09:00:00")
def lengths(c):
    """Each attribute one byte short, one byte long and empty, then a check that is as it should be."""
    us, _ = sides()
    values = {stun.XOR_MAPPED_ADDRESS: 8, stun.PRIORITY: 4, stun.USE_CANDIDATE: 0, stun.CONTROLLED: 8, stun.CONTROLLING: 8,
              stun.UNKNOWN_8033: 0, stun.UNKNOWN_8036: 4, stun.APP_ID: 4, stun.IMPLEMENTATION_VERSION: 4,
              stun.SESSION_ID: 8, stun.UNKNOWN_ATTRIBUTES: 2, stun.MESSAGE_INTEGRITY: 20, stun.FINGERPRINT: 4, stun.ERROR_CODE: 4}
    when = 0.0
    for code, size in values.items():
        for length in sorted({max(0, size - 1), size + 1, 0} - {size}):
            if code == stun.ERROR_CODE and length > size:
                continue
            broken = stun.message(stun.BINDING_REQUEST, stun.transaction(f"{code} {length}"), [
                (stun.USERNAME, b"Re2y:Lo1x"), (stun.UNKNOWN_8036, u32(1)), (code, bytes(length)), (0x8fff, b"last")])
            c.udp(when, CLIENT, PEER, broken)
            when += 0.01
    overrun = bytearray(us.request("overrun", without=[stun.FINGERPRINT]))
    overrun[-22:-20] = u16(200)                                 # MESSAGE-INTEGRITY claims 200 bytes
    c.udp(when, CLIENT, PEER, bytes(overrun))
    c.udp(when + 0.01, CLIENT, PEER, us.request("good"))


@capture("ice-attributes.pcap", "2026-03-02T09:00:00")
def attributes(c):
    """Attributes that checks carry now and then; last, a message whose end is missing on the wire."""
    us, _ = sides()
    asked, answered, refused = (stun.transaction(seed) for seed in ("rare", "rare", "refused"))
    c.udp(0.0, CLIENT, PEER, stun.message(stun.BINDING_REQUEST, asked, [
        (stun.USERNAME, b"Re2y:Lo1x"), (stun.IMPLEMENTATION_VERSION, u32(7)), (0x0800, b"ab"), (0x24df, b"abcd"), (0x3802, b"")]))
    c.udp(0.03, PEER, CLIENT, stun.message(stun.BINDING_RESPONSE, answered, [
        (stun.IMPLEMENTATION_VERSION, u32(7)), (stun.MAPPED_ADDRESS, stun.address("198.51.100.7", 40007)),
        (stun.MS_XOR_MAPPED_ADDRESS, stun.address("198.51.100.8", 40008, xor=answered))]))
    c.udp(0.1, PEER, CLIENT, stun.message(stun.BINDING_ERROR, refused, [
        (stun.IMPLEMENTATION_VERSION, u32(7)), (stun.ERROR_CODE, stun.error(401, "Unauthorized")), (0x0014, b"realm"), (0x0015, b"nonce")]))
    c.udp(0.2, CLIENT, PEER, us.request("short")[:-8])


@capture("ice-integrity.pcap", "2026-03-02T09:00:00")
def integrity(c):
    """Checks whose passwords the test knows: right, wrong, of an unknown user fragment."""
    us, them = sides()
    stranger = Side("Zz9z", "strangerpasswordstranger", "Yy8y", "unknownpasswordunknown00", True)
    check(c, 0.0, CLIENT, PEER, "right")
    us.peer_password = "wrongpasswordwrongpasswo"
    c.udp(0.1, CLIENT, PEER, us.request("wrong"))
    c.udp(0.2, CLIENT, PEER, stranger.request("stranger"))
    c.udp(0.3, PEER, CLIENT, them.answer("nothing", CLIENT))


# ---- media ----

@capture("ice-media-kinds.pcap", "2026-03-02T09:00:00")
def media_kinds(c):
    """What a checked pair carries, told apart by the first bytes; before the check nothing is claimed."""
    voice(c, 0.0, CLIENT, PEER, count=2)                        # before the first check
    check(c, 1.0, CLIENT, PEER, "check", nominate=True)
    voice(c, 1.1, CLIENT, PEER, count=2, sequence=1002)
    c.udp(1.2, CLIENT, PEER, srtcp(201, 0x11223344, "rr", words=6))
    c.udp(1.21, PEER, CLIENT, srtcp(200, 0x55667788, "sr", words=6))
    c.udp(1.22, PEER, CLIENT, srtcp(206, 0x55667788, "fb", words=4, count=15))
    dtls_alert = bytes.fromhex("15 fefd 0000 000000000001 0002 0100")
    c.udp(1.3, CLIENT, PEER, dtls_alert)
    c.udp(1.4, CLIENT, PEER, bytes.fromhex("8f68 0001 00000001 00000002") + bytes(4))    # 15 CSRCs that are not there
    c.udp(1.5, CLIENT, PEER, bytes.fromhex("9068 0001 00000001 00000002 bede 0fff") + bytes(4))  # an extension too long
    c.udp(1.6, CLIENT, PEER, b"\0")                             # a NAT keep-alive


@capture("ice-clear-rtcp.pcap", "2026-03-02T09:00:00")
def clear_rtcp(c):
    """RTCP that is not encrypted: stock shows it, Microsoft's extension too."""
    check(c, 0.0, CLIENT, PEER, "check", side=sides(SKYPE)[0], other=sides(SKYPE)[1])
    report = struct.pack("!BBHI", 0x80, 201, 4, 0x11223344) + struct.pack("!HHII", 1, 12, 0x11223344, 500000)
    c.udp(0.1, CLIENT, PEER, report)
    c.udp(0.2, CLIENT, PEER, stun.rtp(0, 5, 160, 0x11223344, b"\xff" * 160))


@capture("ice-mid-call.pcap", "2026-03-02T09:00:00")
def mid_call(c):
    """A capture begun during a call: media with a published relay, plain from it and FF10 towards it."""
    relay = ("52.114.252.8", 3479)
    voice(c, 0.0, relay, CLIENT, count=3, ssrc=0x55667788)
    voice(c, 0.01, CLIENT, relay, count=3, wrap=lambda packet: stun.multiplexed(0xdeaa296708f708fc, packet))
    c.udp(0.2, relay, CLIENT, srtcp(200, 0x55667788, "sr"))
    voice(c, 0.5, ("198.51.100.200", 3479), CLIENT, count=2)    # same shape, published nowhere


@capture("ice-reports-only.pcap", "2026-03-02T09:00:00")
def reports_only(c):
    """In the midst of a call whose microphones are off: a check that keeps it alive, and reports of RTCP. Another host gathers no more
    than an answer to its check."""
    check(c, 0.0, CLIENT, PEER, "kept alive")
    c.udp(0.2, CLIENT, PEER, srtcp(201, 0x55667788, "ours"))
    c.udp(0.4, PEER, CLIENT, srtcp(201, 0x11223344, "theirs"))
    check(c, 60.0, ("192.168.1.99", 50004), PEER, "alone")
    c.udp(70.0, ("192.168.1.99", 123), ("192.168.1.1", 123), bytes(48))


@capture("ice-modality.pcap", "2026-03-02T09:00:00")
def modality(c):
    """A call of each modality by each kind of evidence; each flow has its own ports."""
    flows = [  # local port, remote, payload type: server port, client port, payload type
        (40001, ("52.114.252.8", 3479), 105), (40002, ("52.114.252.8", 3480), 104), (40003, ("52.114.252.8", 3481), 122),
        (50000, ("198.51.100.1", 4000), 105), (50020, ("198.51.100.1", 4001), 122), (50059, ("198.51.100.1", 4002), 122),
        (40004, ("198.51.100.1", 4003), 104), (40005, ("198.51.100.1", 4004), 107), (40006, ("198.51.100.1", 4005), 127),
        (50010, ("198.51.100.1", 4006), 107), (40007, ("198.51.100.1", 4007), 122)]
    for n, (port, remote, payload_type) in enumerate(flows):
        local = (CLIENT[0], port)
        check(c, n, local, remote, f"check {n}", nominate=True)
        voice(c, n + 0.1, local, remote, count=1, payload_type=payload_type, ssrc=n)


@capture("ice-modality-stream-type.pcap", "2026-03-02T09:00:00")
def modality_stream_type(c):
    """Where nothing else tells, the allocation's stream type does: 4, data."""
    us, them = sides()
    client = (CLIENT[0], 40000)
    allocate(c, 0.0, client=client, stream_type=4)
    c.udp(1.0, client, RELAY, send(PEER_PUBLIC, us.request("relayed", nominate=True)))
    c.udp(1.06, RELAY, client, data(PEER_PUBLIC, them.answer("relayed", RELAYED)))
    voice(c, 1.1, client, RELAY, count=1, payload_type=122, wrap=lambda packet: send(PEER_PUBLIC, packet))


@capture("ice-payload-types.pcap", "2026-03-02T09:00:00")
def payload_types(c):
    """The same numbers under the dialect of Skype and under that of Teams, and without checks to tell."""
    for n, version in enumerate([SKYPE, TEAMS]):
        local, pair = (CLIENT[0], 40000 + n), sides(version)
        check(c, n, local, PEER, f"dialect {n}", side=pair[0], other=pair[1])
        for m, payload_type in enumerate([104, 100, 111, 102, 34, 110]):
            voice(c, n + 0.1 + m / 100, local, PEER, count=1, payload_type=payload_type, ssrc=100 * n + m)
    for m, payload_type in enumerate([104, 100]):
        voice(c, 3 + m / 100, ("52.114.252.8", 3479), (CLIENT[0], 40002), count=1, payload_type=payload_type, ssrc=200 + m)


@capture("ice-rtp-over-time.pcap", "2026-03-02T09:00:00")
def rtp_over_time(c):
    """Two streams of one socket: numbers and timestamps that wrap, losses, late and repeated packets, a pause, a new beginning."""
    check(c, 0.0, CLIENT, PEER, "check", nominate=True)
    audio = [65530, 65531, 65534, 65532, 65535, 0, 0, 2, 1, 2, 6, 7, 8, 30000, 9, 40000, 40001, 40003]
    for n, sequence in enumerate(audio):
        when = 0.1 + 0.02 * n + [0, 0.003, -0.002, 0.011][n % 4] + (2.5 if n > 11 else 0)
        timestamp = 0xfffff800 + 320 * ((sequence - 65530) & 0xffff)
        c.udp(when, CLIENT, PEER, stun.rtp(104, sequence, timestamp, 0x11223344, stun.opaque(f"audio{n}", 60)))
    for n, sequence in enumerate([500, 501, 502, 503, 505, 506, 507, 505, 510]):    # three packets for a picture
        when = 0.105 + 0.033 * (n // 3) + 0.0004 * n
        c.udp(when, PEER, CLIENT, stun.rtp(107, sequence, 900000 + 3000 * (n // 3), 0x55667788, stun.opaque(f"video{n}", 60)))


@capture("ice-rtp-begins-anew.pcap", "2026-03-02T09:00:00")
def rtp_begins_anew(c):
    """Six streams without any jitter whose 31st packet is a new beginning: of the timestamps, of the numbers too, one packet that is far from the
    others, wraps of both, timestamps that stood still for 3 s without packets, and ones that went on."""
    check(c, 0.0, CLIENT, PEER, "check", nominate=True)
    for n in range(60):
        late = n >= 30
        for m, (sequence, timestamp, pause) in enumerate([
                (100 + n, 320 * n + (0x40000000 if late else 0), 0), (100 + n + (20000 if late else 0), 320 * n + (0x50000000 if late else 0), 0),
                (100 + n + (30000 if n == 30 else 0), 320 * n + (0x60000000 if n == 30 else 0), 0), ((65506 + n) & 0xffff, (0xffffdb00 + 320 * n) & 0xffffffff, 0),
                (100 + n, 320 * n, 3), (100 + n, 320 * (n + (150 if late else 0)), 3)]):
            c.udp(0.1 + 0.02 * n + 0.001 * m + (pause if late else 0), CLIENT, PEER, stun.rtp(104, sequence, timestamp, 0x11110000 + m, stun.opaque(f"{m} {n}", 20)))


@capture("ice-rfc.pcap", "2026-03-02T09:00:00")
def rfc(c):
    """ICE of others: nothing Microsoft sends, then media. Nothing may be claimed."""
    tid = stun.transaction("rfc")
    c.udp(0.0, CLIENT, PEER, stun.message(stun.BINDING_REQUEST, tid, [
        (stun.USERNAME, b"abcd:efgh"), (stun.PRIORITY, u32(0x6e001eff)), (stun.CONTROLLING, u64(1))],
        key=b"key", fingerprint=True))
    c.udp(0.02, PEER, CLIENT, stun.message(stun.BINDING_RESPONSE, tid, [
        (stun.XOR_MAPPED_ADDRESS, stun.address(*CLIENT, xor=tid))], key=b"key", fingerprint=True))
    voice(c, 0.1, CLIENT, PEER, count=3)


# ---- flightproxy ----

@capture("flightproxy.pcap", "2026-03-02T09:00:00")
def flightproxy(c):
    """Signalling with an unpublished address that begins with data: known from the first server data on."""
    client, server = ("192.168.1.10", 51000), ("198.51.100.136", 3478)
    acks = [b"\x03" + f"0000000{n}-0000-4000-8000-000000000000".encode() for n in range(3)]
    c.udp(0.0, client, server, b"\x06" + stun.opaque("client 1", 64))
    c.udp(0.05, server, client, b"\x07" + stun.opaque("server 1", 32))      # from here on
    c.udp(0.06, server, client, acks[0])
    c.udp(0.07, client, server, acks[1])
    c.udp(0.2, client, server, b"\x06" + stun.opaque("client 2", 160))
    c.udp(0.5, client, server, b"\x06" + stun.opaque("client 2", 160))      # again
    c.udp(0.55, server, client, acks[2])
    c.udp(0.6, server, client, acks[2])                                     # again
    c.udp(1.0, client, ("198.51.100.137", 3478), b"\x06" + stun.opaque("alone", 64))    # one way only: not ours
    c.udp(1.1, client, ("198.51.100.137", 3478), b"\x06" + stun.opaque("alone 2", 63))


@capture("flightproxy-cut.pcap", "2026-03-02T09:00:00")
def flightproxy_cut(c):
    """Signalling of a capture that kept 96 bytes of each frame: 54 of each datagram."""
    client, server = ("192.168.1.10", 51000), ("198.51.100.136", 3478)
    for when, source, payload in ((0.0, client, b"\x06" + stun.opaque("client 1", 64)), (0.05, server, b"\x07" + stun.opaque("server 1", 32)),
                                  (0.1, server, b"\x07" + stun.opaque("server 2", 160)), (0.2, client, b"\x06" + stun.opaque("client 2", 64)),
                                  (0.3, client, b"\x06" + stun.opaque("client 3", 48))):
        c.udp(when, source, server if source == client else client, payload)
        c.cut(96)


@capture("flightproxy-odd.pcap", "2026-03-02T09:00:00")
def flightproxy_odd(c):
    """A known conversation with datagrams of forms that no real capture has, good ones around them."""
    client, server = ("192.168.1.10", 51000), ("198.51.100.136", 3478)
    guid = b"abcdef00-0000-4000-8000-000000000000"
    odd = [b"\x06" + stun.opaque("short", 15), b"\x03" + guid[:-1], b"\x06", b"\x03" + b"no GUID " * 4 + b"here",
           b"\x07" + stun.opaque("long", 47), b"\x03"]
    c.udp(0.0, client, server, b"\x06" + odd[0][1:])                         # not known yet: not ours
    c.udp(0.1, client, server, b"\x06" + stun.opaque("client 1", 64))
    c.udp(0.15, server, client, b"\x03" + guid)                             # from here on
    for n, payload in enumerate(odd):
        c.udp(0.2 + n / 100, *((server, client) if payload[0] == 7 else (client, server)), payload)
    c.udp(0.3, client, server, odd[0])                                      # the same again: nothing is known of it
    c.udp(0.4, client, server, b"\x06" + stun.opaque("client 2", 32))
    c.udp(0.45, server, client, b"\x03" + guid.upper())                     # other bytes: an acknowledgement of its own
    c.udp(0.5, server, client, b"\x03" + guid.upper())                      # the same bytes
    c.udp(0.6, client, server, b"\x05" + stun.opaque("other", 32))          # a kind that is not known
