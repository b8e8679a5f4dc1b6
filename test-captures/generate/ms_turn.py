# SPDX-License-Identifier: GPL-2.0-or-later
"""MS-TURN over UDP: allocations and what can go wrong with them."""
import struct

import stun
from common import capture
from stun import u32, u64

CLIENT, RELAY, FRONT = ("192.0.2.10", 50004), ("203.0.113.141", 3478), ("203.0.113.123", 3478)
OTHER_RELAY, PEER = ("198.51.100.9", 3478), ("198.51.100.77", 40404)
RELAYED, REFLEXIVE = ("203.0.113.141", 55555), ("192.0.2.200", 61000)
KEY = b"not a secret"
NONCE = bytes.fromhex("024ecbf8827a60d65306debfa77d87d14402dd5d")
REALM = b'"rtcmedia"'
CONNECTION = bytes(range(0x40, 0x54))
# FILETIME of 2026-03-09 00:00:00 UTC, a week after the captures' day.
EXPIRY = (1773014400 + 11644473600) * 10000000


def session(relay=RELAY[0]):
    """A session id of a relay's own."""
    octets = bytes(map(int, relay.split(".")))
    return bytes.fromhex("7f20c4dd4f84") + bytes([octets[3], octets[2]])


def username(expiry=EXPIRY):
    return b"\x02\0\0\x24" + bytes.fromhex("90a0dbdb") + u64(expiry) + stun.opaque("user", 40)


def first_request(seed, version=6, extra=()):
    attributes = [(stun.APP_ID, u32(2))] if version >= 5 else []
    attributes += [(stun.MS_VERSION, u32(version)), (stun.BANDWIDTH, u32(12000)),
                   (stun.SERVICE_QUALITY, struct.pack("!HH", 1, 0)), *extra]
    return stun.turn(stun.ALLOCATE_REQUEST, stun.transaction(seed), attributes)


def challenge(seed, alternate=RELAY, version=6, code=401, reason="Unauthorized", realm=REALM, reflexive=REFLEXIVE,
              given=None):
    tid = stun.transaction(seed)
    attributes = [(stun.MS_VERSION, u32(version)), (stun.ERROR_CODE, stun.error(code, reason))]
    if alternate is not None:
        attributes += [(stun.ALTERNATE_SERVER, stun.address(*alternate))]
    attributes += [(stun.NONCE, NONCE), (stun.REALM, realm)]
    if version >= 5:
        attributes += [(stun.SESSION_ID, given or session())]
    attributes += [(stun.MS_XOR_MAPPED_ADDRESS, stun.address(*reflexive, xor=tid))]
    return stun.turn(stun.ALLOCATE_ERROR, tid, attributes)


def request(seed, version=6, extra=(), user=None, integrity="sha256", given=None):
    attributes = [(stun.MS_VERSION, u32(version)), (stun.BANDWIDTH, u32(12000))]
    if version >= 5:
        attributes += [(stun.SESSION_ID, given or session())]
    attributes += [(stun.NONCE, NONCE), (stun.REALM, REALM), *extra,
                   (stun.USERNAME, user or username())]
    return stun.turn(stun.ALLOCATE_REQUEST, stun.transaction(seed), attributes, KEY, integrity)


def success(seed, lifetime=600, version=6, reflexive=REFLEXIVE, extra=(), integrity="sha256"):
    tid = stun.transaction(seed)
    attributes = [(stun.LIFETIME, u32(lifetime)), (stun.MAPPED_ADDRESS, stun.address(*RELAYED)),
                  (stun.MS_VERSION, u32(version)),
                  (stun.MS_XOR_MAPPED_ADDRESS, stun.address(*reflexive, xor=tid)),
                  (stun.SEQUENCE_NUMBER, CONNECTION + u32(0)), *extra]
    return stun.turn(stun.ALLOCATE_RESPONSE, tid, attributes, KEY, integrity)


def send(seed, payload, version=6):
    return stun.turn(stun.SEND_REQUEST, stun.transaction(seed),
                     [(stun.MS_VERSION, u32(version)), (stun.USERNAME, username()),
                      (stun.DESTINATION_ADDRESS, stun.address(*PEER)), (stun.DATA, payload)], KEY)


def indication(seed, payload):
    return stun.turn(stun.DATA_INDICATION, stun.transaction(seed, cookie=None),
                     [(stun.REMOTE_ADDRESS, stun.address(*PEER)), (stun.DATA, payload)])


def check(seed, extra=()):
    return stun.message(stun.BINDING_REQUEST, stun.transaction(seed),
                        [(stun.USERNAME, b"abcd:efgh"), (stun.CONTROLLING, u64(7)),
                         (stun.IMPLEMENTATION_VERSION, u32(7)), (stun.PRIORITY, u32(0x6efffeff)),
                         *extra], key=b"password", fingerprint=True)


def allocate(c, when, seed, client=CLIENT, relay=RELAY, reflexive=REFLEXIVE):
    """The four messages of an allocation, 20 ms apart."""
    given = session(relay[0])
    c.udp(when, client, relay, first_request(f"{seed}-1"))
    c.udp(when + 0.02, relay, client, challenge(f"{seed}-1", alternate=relay,
                                               reflexive=reflexive, given=given))
    c.udp(when + 0.04, client, relay, request(f"{seed}-2", given=given))
    c.udp(when + 0.06, relay, client, success(f"{seed}-2", reflexive=reflexive))


@capture("ms-turn/allocation.pcap", "2026-03-02T09:00:00")
def allocation(c):
    """The front answers for the relay; traffic, refresh, release."""
    c.udp(0.0, CLIENT, FRONT, first_request("a1"))
    c.udp(0.05, FRONT, CLIENT, challenge("a1"))
    c.udp(0.06, CLIENT, RELAY, request("a2"))
    c.udp(0.10, FRONT, CLIENT, success("a2"))
    c.udp(0.2, CLIENT, RELAY, send("a3", check("inner")))
    c.udp(0.3, RELAY, CLIENT, indication("a4", check("answer", [(stun.SESSION_ID, session())])))
    c.udp(0.4, CLIENT, RELAY, stun.multiplexed(session(), check("wrapped")))
    c.udp(300.0, CLIENT, RELAY, request("a5", extra=[(stun.SEQUENCE_NUMBER, CONNECTION + u32(1))]))
    c.udp(300.04, RELAY, CLIENT, success("a5"))
    release = [(stun.LIFETIME, u32(0)), (stun.SEQUENCE_NUMBER, u32(2))]
    c.udp(301.0, CLIENT, RELAY, request("a6", extra=release))
    c.udp(301.04, RELAY, CLIENT, success("a6", lifetime=0))


@capture("ms-turn/attributes.pcap", "2026-03-02T09:00:00")
def attributes(c):
    """Attributes that no real capture has, and unknown ones."""
    tid = stun.transaction("b1")
    c.udp(0.0, CLIENT, RELAY, first_request("b1", extra=[
        (stun.SECURE_TAG, b"\x01\x02\x03"), (stun.REQUESTED_FAMILY, b"\x02\0\0\0")]))
    c.udp(0.02, RELAY, CLIENT, stun.turn(stun.ALLOCATE_ERROR, tid, [
        (stun.ERROR_CODE, stun.error(300, "Try Alternate")),
        (stun.ALTERNATE_SERVER, stun.address(*OTHER_RELAY)),
        (stun.ALTERNATE_HOST, b"relay.example.com"), (0x8abc, b"\xde\xad\xbe"), (0x0abc, b"")]))
    c.udp(0.04, CLIENT, OTHER_RELAY, request("b2"))
    c.udp(0.06, OTHER_RELAY, CLIENT, success("b2", extra=[
        (stun.ALTERNATE_MAPPED_ADDRESS, stun.address("2001:db8::141", 55556)),
        (stun.SOFTWARE, b"2.0.1.211")]))
    c.udp(0.08, CLIENT, OTHER_RELAY, request("b3", extra=[(stun.SEQUENCE_NUMBER, u32(1))]))


@capture("ms-turn/observed.pcap", "2026-03-02T09:00:00")
def observed(c):
    """What clients send and documents do not say: video with quality 2, and an answer with RFC 8489's XOR-MAPPED-ADDRESS."""
    tid = stun.transaction("o1")
    c.udp(0.0, CLIENT, RELAY, stun.turn(stun.ALLOCATE_REQUEST, tid, [
        (stun.MS_VERSION, u32(6)), (stun.SERVICE_QUALITY, struct.pack("!HH", 2, 2))]))
    c.udp(0.02, RELAY, CLIENT, stun.turn(stun.ALLOCATE_ERROR, tid, [
        (stun.ERROR_CODE, stun.error(400, "Bad Request")), (stun.XOR_MAPPED_ADDRESS, stun.address("198.51.100.7", 40007, xor=tid))]))


@capture("ms-turn/ipv6.pcap", "2026-03-02T09:00:00")
def ipv6(c):
    """IPv6 between client and relay, and in every address attribute."""
    client, relay = ("2001:db8::10", 50004), ("2001:db8:ffff::141", 3478)
    tid = stun.transaction("c1")
    mapped, seen = ("2001:db8:ffff::141", 55555), ("2001:db8:2::99", 61001)
    peer = stun.address("2001:db8:3::7", 40404)
    c.udp(0.0, client, relay, first_request("c1", version=4))
    c.udp(0.02, relay, client, stun.turn(stun.ALLOCATE_RESPONSE, tid, [
        (stun.LIFETIME, u32(60)), (stun.MAPPED_ADDRESS, stun.address(*mapped)),
        (stun.MS_VERSION, u32(4)), (stun.MS_XOR_MAPPED_ADDRESS, stun.address(*seen, xor=tid)),
        (stun.ALTERNATE_SERVER, stun.address(*relay)),
        (stun.SEQUENCE_NUMBER, CONNECTION + u32(0))]))
    c.udp(0.04, client, relay, stun.turn(stun.SEND_REQUEST, stun.transaction("c2"), [
        (stun.DESTINATION_ADDRESS, peer), (stun.DATA, check("c3"))]))
    c.udp(0.06, relay, client, stun.turn(stun.DATA_INDICATION, stun.transaction("c4", None), [
        (stun.REMOTE_ADDRESS, peer), (stun.DATA, stun.rtp(104, 1, 2, 3, stun.opaque("m", 40)))]))


SITES = (stun.BWM_REMOTE_SITE, stun.BWM_REMOTE_RELAY_SITE, stun.BWM_LOCAL_SITE,
         stun.BWM_LOCAL_RELAY_SITE)
ANSWERS = (stun.BWM_REMOTE_ANSWER, stun.BWM_REMOTE_RELAY_ANSWER, stun.BWM_LOCAL_ANSWER,
           stun.BWM_LOCAL_RELAY_ANSWER)


def bandwidth_request(seed, kind, extra):
    return request(seed, extra=[(stun.BWM_MESSAGE, struct.pack("!HH", 0, kind)), *extra])


@capture("ms-turn/bandwidth.pcap", "2026-03-02T09:00:00")
def bandwidth(c):
    """Check, commit and update with everything, then with what must not be left out."""
    allocate(c, 0.0, "d")
    amount = (stun.BWM_AMOUNT, struct.pack("!IIII", 11, 22, 33, 44))
    profile = (stun.LOCATION_PROFILE, bytes([2, 1, 2, 0]))
    reservation = (stun.BWM_RESERVATION_ID, bytes(range(16)))

    def sites(seed):
        tid = stun.transaction(seed)
        return [(code, stun.address(f"10.0.{n}.1", 1000 + n, xor=tid)) for n, code in enumerate(SITES)]

    def answers(*flags):
        return [(code, u32(flag << 24) + u32(100 + n) + u32(200 + n))
                for n, (code, flag) in enumerate(zip(ANSWERS, flags))]

    c.udp(1.0, CLIENT, RELAY, bandwidth_request("d3", 0, [
        amount, *sites("d3"), (stun.SIP_CALL_ID, b"call-4711"), profile]))
    c.udp(1.02, RELAY, CLIENT, success("d3", extra=[reservation, *answers(0xc0, 0x80, 0x80, 0x80)]))
    c.udp(1.1, CLIENT, RELAY, bandwidth_request("d4", 1, [
        amount, *sites("d4"), (stun.SIP_DIALOG_ID, b"dialog-1;a=b"), profile, reservation]))
    c.udp(1.12, RELAY, CLIENT, success("d4", extra=[reservation, *answers(0x00, 0x40, 0x80, 0x80)]))
    c.udp(1.2, CLIENT, RELAY, bandwidth_request("d5", 2, [reservation, amount]))
    c.udp(2.0, CLIENT, RELAY, bandwidth_request("d6", 0, [amount, *sites("d6")]))
    c.udp(2.1, CLIENT, RELAY, bandwidth_request("d7", 1, [amount, sites("d7")[0], profile]))
    c.udp(2.2, CLIENT, RELAY, bandwidth_request("d8", 2, [amount]))


@capture("ms-turn/set-active-destination.pcap", "2026-03-02T09:00:00")
def set_active_destination(c):
    """Set Active Destination granted and refused; then media without any header."""
    allocate(c, 0.0, "e")
    for n, (kind, more) in enumerate(((stun.SET_ACTIVE_RESPONSE, []),
                                      (stun.SET_ACTIVE_ERROR,
                                       [(stun.ERROR_CODE, stun.error(400, "Bad Request"))]))):
        tid = stun.transaction(f"e{n}")
        c.udp(1 + n, CLIENT, RELAY, stun.turn(stun.SET_ACTIVE_REQUEST, tid, [
            (stun.MS_VERSION, u32(3)), (stun.USERNAME, username()),
            (stun.DESTINATION_ADDRESS, stun.address(*PEER))], KEY))
        c.udp(1.03 + n, RELAY, CLIENT, stun.turn(kind, tid, [(stun.MS_VERSION, u32(3)), *more], KEY))
    c.udp(3.0, CLIENT, RELAY, stun.rtp(104, 1, 160, 0x1234, stun.opaque("e", 60)))


@capture("ms-turn/redirect.pcap", "2026-03-02T09:00:00")
def redirect(c):
    """300 with and without an alternate server; one client follows, one does not."""
    ignoring, unnamed = ("192.0.2.11", 50004), ("192.0.2.12", 50004)
    for client, seed, alternate, then in ((CLIENT, "f", OTHER_RELAY, OTHER_RELAY),
                                          (ignoring, "g", OTHER_RELAY, RELAY),
                                          (unnamed, "h", None, RELAY)):
        tid = stun.transaction(seed)
        named = [] if alternate is None else [(stun.ALTERNATE_SERVER, stun.address(*alternate))]
        c.udp(0.0, client, RELAY, first_request(seed))
        c.udp(0.02, RELAY, client, stun.turn(stun.ALLOCATE_ERROR, tid, [
            (stun.MS_VERSION, u32(6)), (stun.ERROR_CODE, stun.error(300, "Try Alternate")), *named]))
        c.udp(0.04, client, then, first_request(seed + "2"))


@capture("ms-turn/refusals.pcap", "2026-03-02T09:00:00")
def refusals(c):
    """A client each: stale nonce, unknown user, expired credentials, three challenges."""
    def client(n):
        return (f"192.0.2.{20 + n}", 50004)

    allocate(c, 0.0, "i", client(0))
    c.udp(1.0, client(0), RELAY, request("i3"))
    c.udp(1.02, RELAY, client(0), challenge("i3", code=438, reason="Stale Nonce"))
    c.udp(1.04, client(0), RELAY, request("i4"))
    c.udp(1.06, RELAY, client(0), success("i4"))
    c.udp(2.0, client(1), RELAY, first_request("j1"))
    c.udp(2.02, RELAY, client(1), challenge("j1"))
    c.udp(2.04, client(1), RELAY, request("j2"))
    c.udp(2.06, RELAY, client(1), challenge("j2", code=436, reason="Unknown User"))
    c.udp(3.0, client(2), RELAY, request("k1", user=username(EXPIRY - 14 * 86400 * 10000000)))
    for n in range(3):
        request_n = first_request("l0") if n == 0 else request(f"l{n}")
        c.udp(4.0 + n, client(3), RELAY, request_n)
        c.udp(4.02 + n, RELAY, client(3), challenge(f"l{n}"))
    c.udp(8.0, client(4), RELAY, first_request("m1"))
    c.udp(8.02, RELAY, client(4), challenge("m1", alternate=None, realm=b"rtcmedia"))
    c.udp(8.04, client(4), RELAY, request("m2"))
    c.udp(8.06, RELAY, client(4), challenge("m2", code=274, reason="Disable Candidate"))


@capture("ms-turn/versions.pcap", "2026-03-02T09:00:00")
def versions(c):
    """HMAC-SHA1 of versions 1 and 2, HMAC-SHA256 from 3 on, and each with the wrong one."""
    for version in range(1, 7):
        right = "sha1" if version < 3 else "sha256"
        for n, integrity in enumerate((right, "sha256" if right == "sha1" else "sha1")):
            c.udp(version + n / 10, ("192.0.2.10", 50000 + version * 2 + n), RELAY,
                  request(f"n{version}{n}", version=version, integrity=integrity))


@capture("ms-turn/retransmissions.pcap", "2026-03-02T09:00:00")
def retransmissions(c):
    """Requests and responses that come twice, a response without its request, and two
    allocations of one socket through one front."""
    c.udp(0.0, CLIENT, FRONT, first_request("o1"))
    c.udp(0.1, CLIENT, FRONT, first_request("o1"))
    c.udp(0.2, FRONT, CLIENT, challenge("o1"))
    c.udp(0.25, FRONT, CLIENT, challenge("o1"))
    c.udp(0.3, CLIENT, RELAY, request("o2"))
    c.udp(0.4, RELAY, CLIENT, success("o2"))
    late = ("192.0.2.30", 50004)
    c.udp(1.0, RELAY, late, success("p1"))
    c.udp(1.1, late, RELAY, request("p2"))
    c.udp(1.2, RELAY, late, success("p2", lifetime=60))
    c.udp(2.0, CLIENT, FRONT, first_request("o3"))
    c.udp(100.0, late, RELAY, send("p3", b"late"))
    bare = ("192.0.2.31", 50004)        # a release whose answer says nothing but that, twice
    c.udp(101.0, bare, RELAY, request("q1", extra=[(stun.LIFETIME, u32(0))]))
    for when in (101.04, 101.05):
        c.udp(when, RELAY, bare, stun.turn(stun.ALLOCATE_RESPONSE, stun.transaction("q1"), [(stun.LIFETIME, u32(0))], KEY))
    c.udp(102.0, bare, RELAY, request("q2"))
    c.udp(102.04, RELAY, bare, stun.turn(stun.ALLOCATE_RESPONSE, stun.transaction("q2"), [(stun.LIFETIME, u32(600))], KEY))


@capture("ms-turn/nat.pcap", "2026-03-02T09:00:00")
def nat(c):
    """One socket, two relays that see it at different ports."""
    allocate(c, 0.0, "q")
    allocate(c, 1.0, "r", relay=OTHER_RELAY, reflexive=("192.0.2.200", 61999))


@capture("ms-turn/channel-data.pcap", "2026-03-02T09:00:00")
def channel_data(c):
    """Teams' checks and media through a relay of RFC 8656: a Send Indication, then ChannelData both ways."""
    xor_peer_address, send_indication = 0x0012, 0x0016
    tid = stun.transaction("w1")
    c.udp(0.0, CLIENT, RELAY, stun.message(send_indication, tid, [
        (xor_peer_address, stun.address(*PEER, xor=tid)), (stun.DATA, check("w2"))]))
    c.udp(0.1, CLIENT, RELAY, stun.channel_data(0x4001, check("w3")))
    c.udp(0.2, RELAY, CLIENT, stun.channel_data(0x4001, check("w4")))
    for n in range(2):
        c.udp(0.3 + n, CLIENT, RELAY, stun.channel_data(0x4001, stun.rtp(104, n, 320 * n, 8, stun.opaque(n, 40))))


@capture("ms-turn/mid-call.pcap", "2026-03-02T09:00:00")
def mid_call(c):
    """A capture that begins during the call: FF10 both ways with nothing before it."""
    relay = ("203.0.113.141", 3479)
    c.udp(0.0, CLIENT, relay, stun.multiplexed(session(), check("s1")))
    c.udp(0.1, relay, CLIENT, stun.multiplexed(session(), check("s2")))
    c.udp(0.2, CLIENT, relay, stun.multiplexed(session(), stun.rtp(104, 9, 9, 9, stun.opaque("s", 50))))
    c.udp(0.3, CLIENT, relay, stun.multiplexed(bytes(8), check("s3")))


@capture("ms-turn/malformed.pcap", "2026-03-02T09:00:00")
def malformed(c):
    """Padded attributes, an overrun, a late cookie, a family of 7, frames and messages of wrong length."""
    allocate(c, 0.0, "t")
    ids = [stun.transaction(f"t{n}") for n in range(10, 15)]
    cookie = (stun.MAGIC_COOKIE, u32(stun.MS_TURN_COOKIE))
    c.udp(1.0, CLIENT, RELAY, stun.message(stun.ALLOCATE_REQUEST, ids[0], [
        cookie, (stun.REALM, REALM), (stun.MS_VERSION, u32(6))]))
    overrun = stun.turn(stun.ALLOCATE_REQUEST, ids[1], [(stun.MS_VERSION, u32(6))])
    overrun += stun.u16(stun.REALM) + stun.u16(100) + b"short"
    c.udp(1.1, CLIENT, RELAY, overrun[:2] + stun.u16(len(overrun) - 20) + overrun[4:])
    c.udp(1.2, CLIENT, RELAY, stun.message(stun.ALLOCATE_REQUEST, ids[2], [
        (stun.MS_VERSION, u32(6)), cookie], padded=False))
    c.udp(1.3, CLIENT, RELAY, stun.turn(stun.SEND_REQUEST, ids[3], [
        (stun.DESTINATION_ADDRESS, b"\0\x07\x10\x00\x01\x02\x03\x04"), (stun.MS_VERSION, u32(6))]))
    c.udp(1.4, RELAY, CLIENT, stun.turn(stun.ALLOCATE_ERROR, ids[4], [
        (stun.REALM, b"r" * 129), (stun.SERVICE_QUALITY, struct.pack("!HH", 9, 9)),
        (stun.NONCE, NONCE)]))
    wrong = stun.multiplexed(session(), check("t6"))
    c.udp(1.5, CLIENT, RELAY, wrong[:2] + stun.u16(len(wrong)) + wrong[4:])
    whole = first_request("t7")
    for n, length in enumerate((len(whole) - 20 + 8, 0xffff)):
        c.udp(1.6 + n / 10, CLIENT, RELAY, whole[:2] + stun.u16(length) + whole[4:])
    c.udp(1.8, CLIENT, ("203.0.113.141", 40000), whole + b"more")


@capture("ms-turn/nested.pcap", "2026-03-02T09:00:00")
def nested(c):
    """A Send Request in a Send Request, eight deep; media, SRTCP and DTLS in DATA and FF10."""
    message = check("u0")
    for depth in range(8):
        message = send(f"u{depth}", message)
    allocate(c, 0.0, "u")
    c.udp(1.0, CLIENT, RELAY, message)
    dtls = b"\x16\xfe\xfd" + bytes(8) + stun.u16(20) + stun.opaque("dtls", 20)
    srtcp = b"\x80\xc8\0\x06" + u32(7) + stun.opaque("srtcp", 34)
    for n, payload in enumerate((stun.rtp(104, 1, 1, 1, stun.opaque("rtp", 40)), srtcp, dtls,
                                 stun.multiplexed(session(), check("u9")))):
        c.udp(2.0 + n, CLIENT, RELAY, send(f"v{n}", payload))
        c.udp(2.5 + n, CLIENT, RELAY, stun.multiplexed(session(), payload))
