# SPDX-License-Identifier: GPL-2.0-or-later
"""The article's whole session of September 2017: sign-in, then a conference with
audio, video and screen sharing. The figures in capitals are the article's own;
what it does not give (the second relay's address, ports of the address that lost,
credentials, timing) is made up here, within Microsoft's prefixes and the formats
of that year."""
import struct
from collections import Counter

import stun
from common import capture
from signin import CLIENT, Client, article_names

ANYCAST, ANYCAST_PACKETS = ("13.107.8.22", 3478), 33
SECOND, SECOND_PACKETS = ("52.112.193.10", 3478), 51
PROBED, SETTLED, SETTLED_PACKETS = "104.44.195.205", "23.100.65.165", 8303

PUBLIC = "198.51.100.20"
REALM = b'"rtcmedia"'
KEY = b"test captures have no secrets"
# Credential of Lync's and Teams' relays: 56 bytes, the expiry a FILETIME at 8.
EXPIRY = 0x01d3374d78a58800     # 2017-09-27 05:00:00 UTC
USERNAME = (bytes.fromhex("02000024 90a0dbdb") + struct.pack("!Q", EXPIRY)
            + stun.opaque("credential", 40))


class Stream:
    """One modality: a client port, the conference's ports, and how its media looks."""

    def __init__(self, c, name, port, settled_port, probed_port, payload_type, clock, size,
                 stream_type=1):
        self.capture, self.name, self.stream_type = c, name, stream_type
        self.client = (CLIENT, port)
        self.settled, self.probed = (SETTLED, settled_port), (PROBED, probed_port)
        self.payload_type, self.clock, self.size = payload_type, clock, size
        self.username, self.ufrags = USERNAME, (f"{name[:2]}cL", f"{name[:2]}sR")
        # Last two bytes: those of the relay's address, in reverse.
        self.session = stun.opaque(name, 6) + bytes([10, 193])
        self.tids, self.numbers = 0, Counter()

    def tid(self, cookie=stun.RFC5389_COOKIE):
        self.tids += 1
        return stun.transaction((self.name, self.tids), cookie)

    def up(self, when, server, payload):
        self.capture.udp(when, self.client, server, payload)

    def down(self, when, server, payload):
        self.capture.udp(when, server, self.client, payload)

    # -- relays: [MS-TURN] --

    def challenge(self, when, server, alternate, repeat=False, tid=None):
        """Allocate without credentials, answered by 401; repeat: sent twice; tid: of a request sent before."""
        tid = tid or self.tid()
        request = stun.turn(stun.ALLOCATE_REQUEST, tid, [
            (stun.MS_VERSION, stun.u32(5)), (stun.BANDWIDTH, stun.u32(12000)),
            (stun.SERVICE_QUALITY, stun.u16(self.stream_type) + stun.u16(1))])
        self.up(when, server, request)
        if repeat:
            self.up(when + 0.05, server, request)
        self.down(when + 0.07, server, stun.turn(stun.ALLOCATE_ERROR, tid, [
            (stun.MS_VERSION, stun.u32(5)),
            (stun.ERROR_CODE, stun.error(401, "The request did not contain a Message-Integrity "
                                              "attribute")),
            (stun.ALTERNATE_SERVER, stun.address(*alternate)),
            (stun.NONCE, stun.opaque((self.name, "nonce"), 20)), (stun.REALM, REALM),
            (stun.SESSION_ID, self.session),
            (stun.MS_XOR_MAPPED_ADDRESS, stun.address(PUBLIC, self.client[1], tid))]))
        return tid

    def allocate(self, when, server, lifetime=None):
        """Allocate with credentials and its success; lifetime 0 gives the allocation back."""
        tid = self.tid()
        attributes = [(stun.MS_VERSION, stun.u32(5)),
                      (stun.NONCE, stun.opaque((self.name, "nonce"), 20)), (stun.REALM, REALM),
                      (stun.USERNAME, self.username)]
        if lifetime is None:
            attributes += [(stun.SESSION_ID, self.session), (stun.BANDWIDTH, stun.u32(12000)),
                           (stun.SERVICE_QUALITY, stun.u16(self.stream_type) + stun.u16(1))]
        else:
            attributes += [(stun.LIFETIME, stun.u32(lifetime)),
                           (stun.SEQUENCE_NUMBER, stun.u32(1))]
        self.up(when, server, stun.turn(stun.ALLOCATE_REQUEST, tid, attributes, KEY))
        self.down(when + 0.02, server, stun.turn(stun.ALLOCATE_RESPONSE, tid, [
            (stun.LIFETIME, stun.u32(60 if lifetime is None else lifetime)),
            (stun.MAPPED_ADDRESS, stun.address(server[0], 52000 + self.client[1] % 1000)),
            (stun.MS_VERSION, stun.u32(5)),
            (stun.MS_XOR_MAPPED_ADDRESS, stun.address(PUBLIC, self.client[1], tid)),
            (stun.SEQUENCE_NUMBER, stun.opaque((self.name, "connection"), 20) + stun.u32(0)),
            (stun.SOFTWARE, b"2.0.0.97"), (stun.BANDWIDTH, stun.u32(12000))], KEY))

    def send_request(self, when, server, peer, payload):
        self.up(when, server, stun.turn(stun.SEND_REQUEST, self.tid(), [
            (stun.MS_VERSION, stun.u32(5)), (stun.USERNAME, self.username),
            (stun.DESTINATION_ADDRESS, stun.address(*peer)), (stun.DATA, payload)], KEY))

    def data_indication(self, when, server, peer, payload):
        self.down(when, server, stun.turn(stun.DATA_INDICATION, self.tid(cookie=None), [
            (stun.REMOTE_ADDRESS, stun.address(*peer)), (stun.DATA, payload)]))

    # -- checks: [MS-ICE2], implementation version 3 --

    def check_request(self, tid, from_client=True, nominate=False):
        ours, theirs = self.ufrags
        username = f"{theirs}:{ours}" if from_client else f"{ours}:{theirs}"
        role = stun.CONTROLLING if from_client else stun.CONTROLLED
        attributes = [(stun.USERNAME, username.encode()), (stun.PRIORITY, stun.u32(0x6efffeff))]
        if nominate:
            attributes += [(stun.USE_CANDIDATE, b"")]
        attributes += [(role, stun.u64(0x2017 + from_client)), (stun.CANDIDATE_IDENTIFIER, b"1"),
                       (stun.IMPLEMENTATION_VERSION, stun.u32(3))]
        return stun.message(stun.BINDING_REQUEST, tid, attributes, key=KEY, fingerprint=True)

    def check_response(self, tid, seen):
        return stun.message(stun.BINDING_RESPONSE, tid, [
            (stun.IMPLEMENTATION_VERSION, stun.u32(3)),
            (stun.XOR_MAPPED_ADDRESS, stun.address(*seen, xor=tid))], key=KEY, fingerprint=True)

    def check(self, when, server, nominate=False):
        """The client's check and its answer: two packets."""
        tid, mapped = self.tid(), (PUBLIC, self.client[1])
        self.up(when, server, self.check_request(tid, nominate=nominate))
        self.down(when + 0.045, server, self.check_response(tid, mapped))

    def checked(self, when, server):
        """The conference's check and the client's answer: two packets."""
        tid = self.tid()
        self.down(when, server, self.check_request(tid, from_client=False))
        self.up(when + 0.001, server, self.check_response(tid, server))

    def relayed_check(self, when, server, peer):
        """A check through the relay, two packets."""
        tid = self.tid()
        self.send_request(when, server, peer, self.check_request(tid))
        self.data_indication(when + 0.05, server, peer,
                             self.check_response(tid, (SECOND[0], 52000 + self.client[1] % 1000)))

    # -- media: SRTP, its payload as good as random --

    def ssrc(self, outwards):
        return int.from_bytes(stun.opaque((self.name, outwards, "ssrc"), 4), "big")

    def media(self, when, outwards, number):
        packet = stun.rtp(self.payload_type, number, round(when * self.clock),
                          self.ssrc(outwards), stun.opaque((self.name, outwards, number), self.size),
                          marker=number == 0)
        (self.up if outwards else self.down)(when, self.settled, packet)

    def report(self, when, outwards):
        """SRTCP: a sender report's header in clear, the rest and the index sealed."""
        packet = (bytes.fromhex("80c80006") + stun.u32(self.ssrc(outwards))
                  + stun.opaque((self.name, outwards, when), 34))
        (self.up if outwards else self.down)(when, self.settled, packet)


@capture("article-2017.pcapng", "2017-09-26T14:02:10")
def article(c):
    article_names(c, Client(c))
    streams = [Stream(c, "audio", 8085, 51261, 54017, 104, 16000, 22),
               Stream(c, "video", 20878, 53692, 56233, 122, 90000, 30, 2),
               Stream(c, "sharing", 26563, 59150, 58871, 127, 90000, 26, 4)]
    for n, stream in enumerate(streams):
        anycast_then_second(stream, 60 + n * 0.01)
        probe_both(stream, 62 + n * 0.01)
    media_until(c, streams, 65.0)
    sent = Counter(packet_peer(frame) for _, frame, _ in c.frames)
    assert sent[ANYCAST[0]] == ANYCAST_PACKETS, sent
    assert sent[SECOND[0]] == SECOND_PACKETS, sent
    assert sent[SETTLED] == SETTLED_PACKETS, sent


def anycast_then_second(stream, when):
    """11 packets to and from the anycast address, one request again and again; 17 to and from the relay it names."""
    tid = None
    for n in range(5):
        tid = stream.challenge(when + n * 0.2, ANYCAST, SECOND, repeat=n == 0, tid=tid)
    when += 1.1
    stream.allocate(when, SECOND)
    for n in range(6):
        stream.relayed_check(when + 0.3 + n * 0.4, SECOND, stream.settled)
    stream.send_request(when + 2.8, SECOND, stream.settled,
                        stream.check_request(stream.tid()))
    stream.allocate(when + 4.0, SECOND, lifetime=0)


def probe_both(stream, when):
    """The same checks to two addresses at once, until one is nominated."""
    for n in range(5):
        for server in (stream.probed, stream.settled):
            stream.check(when + n * 0.3, server)
            stream.checked(when + n * 0.3 + 0.1, server)
    stream.check(when + 1.8, stream.settled, nominate=True)


def media_until(c, streams, when):
    """Audio at 50 packets a second each way and video and sharing as many as make up the
    article's number. Eight packets of audio from the conference are lost on the way."""
    left = SETTLED_PACKETS - sum(packet_peer(frame) == SETTLED for _, frame, _ in c.frames)
    lost = {400, 401, 402, 900, 901, 1200, 1500, 1700}
    plan = [("audio", True, 2000, 0.02), ("audio", False, 2000, 0.02),
            ("video", True, 1400, 0.0285), ("video", False, 1400, 0.0285),
            ("sharing", False, 500, 0.08)]
    by_name = {stream.name: stream for stream in streams}
    for name, outwards, count, pace in plan:
        for number in range(count):
            if name == "audio" and not outwards and number in lost:
                continue
            by_name[name].media(when + number * pace, outwards, number)
            left -= 1
        for second in range(5, 40, 5):
            by_name[name].report(when + second + 0.007, outwards)
            left -= 1
    for number in range(left):
        by_name["sharing"].media(when + 0.003 + number * 40 / left, True, number)


def packet_peer(frame):
    """The far address of an IPv4 frame of the client's."""
    source, destination = (".".join(map(str, frame[at:at + 4])) for at in (26, 30))
    return destination if source == CLIENT else source


@capture("connectivity-probe.pcap", "2017-09-26T15:00:00")
def connectivity_probe(c):
    """What the Skype Network Testing Tool does: a few packets with the anycast
    address, then a short stream through the relay that it named."""
    probe = Stream(c, "audio", 50012, 0, 0, 104, 16000, 40)
    probe.challenge(0.0, ANYCAST, SECOND)
    probe.allocate(0.2, SECOND)
    for number in range(50):
        when, packet = 0.5 + number * 0.02, stun.rtp(104, number, number * 320, 0x50726f62,
                                                     stun.opaque(number, 40))
        probe.send_request(when, SECOND, SECOND, packet)
        probe.data_indication(when + 0.06, SECOND, SECOND, packet)
    probe.allocate(2.0, SECOND, lifetime=0)
