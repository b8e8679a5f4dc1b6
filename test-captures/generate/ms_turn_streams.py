# SPDX-License-Identifier: GPL-2.0-or-later
"""MS-TURN streams whose segments were cut, joined, lost, repeated or swapped."""
import stun
from common import capture
from ms_turn import challenge, check, first_request, send
from ms_turn_tcp import CLIENT, RELAY, media, stream


def hello():
    return stun.pseudo_tls_client_hello(1772442000, stun.opaque("c", 28))


def server_hello():
    return stun.pseudo_tls_server_hello(1772442000, stun.opaque("s", 28), stun.opaque("i", 32))


def shortest(seed):
    """An Allocate Request with its version alone, framed."""
    return stun.control_frame(stun.turn(stun.ALLOCATE_REQUEST, stun.transaction(seed), [(stun.MS_VERSION, stun.u32(6))]))


def packet():
    return stun.rtp(104, 7, 1120, 0x1234, b"abcd")


def framed(seed):
    return shortest(f"{seed}a") + stun.data_frame(packet()) + shortest(f"{seed}b")


def behind_hello(seed):
    return hello() + shortest(seed) + stun.data_frame(packet())


def peer_to_peer(seed):
    message = stun.message(stun.BINDING_REQUEST, stun.transaction(seed), [(stun.IMPLEMENTATION_VERSION, stun.u32(3))])
    return stun.rfc4571(message) + stun.rfc4571(packet())


def splits(c, port, make, from_client=True):
    """A connection for each place where the stream can be cut in two, and one with a segment for each byte."""
    length = len(make(port))
    for cut in range(1, length):
        payload = make(f"{port}.{from_client}.{cut}")
        t = c.tcp(cut, (CLIENT[0], 20000 + cut), (RELAY[0], port))
        t.send(cut + 0.1, payload[:cut], from_client)
        t.send(cut + 0.2, payload[cut:], from_client)
    payload = make(f"{port}.{from_client}.each")
    t = c.tcp(length, (CLIENT[0], 20000), (RELAY[0], port))
    for n in range(length):
        t.send(length + 0.1 + n / 1000, payload[n:n + 1], from_client)


@capture("ms-turn/split-stun-port.pcap", "2026-03-02T09:00:00")
def split_stun_port(c):
    """MS framing on 3478."""
    splits(c, 3478, framed)


@capture("ms-turn/split-other-port.pcap", "2026-03-02T09:00:00")
def split_other_port(c):
    """MS framing on a port that is nobody's, from the server."""
    splits(c, 43210, framed, False)


@capture("ms-turn/split-tls-port.pcap", "2026-03-02T09:00:00")
def split_tls_port(c):
    """The pseudo-TLS handshake and what follows, on 443."""
    splits(c, 443, behind_hello)


@capture("ms-turn/split-pseudo-tls.pcap", "2026-03-02T09:00:00")
def split_pseudo_tls(c):
    """The same on a port that is nobody's."""
    splits(c, 8057, behind_hello)


@capture("ms-turn/split-ice-tcp.pcap", "2026-03-02T09:00:00")
def split_ice_tcp(c):
    """RFC 4571 between peers."""
    splits(c, 50012, peer_to_peer)


@capture("ms-turn/pseudo-tls-joined.pcap", "2026-03-02T09:00:00")
def pseudo_tls_joined(c):
    """On 443: each half of the handshake in one segment with the first message; the same, cut in the message;
    the same, captured from that segment on; and captured from a later message on."""
    for n, (client_cut, server_cut, lost) in enumerate(((200, 200, 0), (70, 100, 0), (200, 200, 3), (200, 200, 5))):
        before = len(c.frames)
        t = c.tcp(10 * n, (CLIENT[0], 51000 + n), (RELAY[0], 443))
        for k, (half, message) in enumerate(((hello(), first_request(f"{n}1")),
                                             (server_hello(), challenge(f"{n}1", alternate=None)))):
            joined, cut = half + stun.control_frame(message), (client_cut, server_cut)[k]
            t.send(10 * n + 0.1 + k / 10, joined[:cut], k == 0)
            if joined[cut:]:
                t.send(10 * n + 0.11 + k / 10, joined[cut:], k == 0)
        stream(t, 10 * n + 0.3, f"g{n}")
        del c.frames[before:before + lost]


def repeat(t, when, payload):
    """The segment that was sent last once more."""
    t.sequence[True] -= len(payload)
    t.send(when, payload)


@capture("ms-turn/tcp-disorder.pcap", "2026-03-02T09:00:00")
def tcp_disorder(c):
    """Segments of one message swapped, repeated and overlapping; whole frames swapped."""
    t = c.tcp(0.0, CLIENT, RELAY)
    t.send(0.1, stun.control_frame(first_request("h1")))
    message = stun.control_frame(send("h2", media(1, 300)))
    t.send(1.0, message[:100])
    t.send(1.2, message[100:200])
    t.send(1.1, message[200:] + stun.data_frame(media(2)))
    t.send(2.0, stun.data_frame(media(3)))
    message = stun.control_frame(send("h3", media(4, 300)))
    t.send(3.0, message[:100])
    repeat(t, 3.1, message[:100])
    t.send(3.2, message[100:])
    repeat(t, 3.3, message[100:])
    t.send(3.4, stun.data_frame(media(5)))
    t.send(4.1, stun.data_frame(media(6)))
    t.send(4.0, stun.data_frame(media(7)))
    message = stun.control_frame(send("h4", media(8, 300)))
    t.send(5.0, message[:50])
    repeat(t, 5.1, message[30:50])
    t.send(5.2, message[50:])
    t.send(6.0, stun.data_frame(media(9)))


@capture("ms-turn/not-ours.pcap", "2026-03-02T09:00:00")
def not_ours(c):
    """Streams that begin as ours do and go on differently, on ports that are nobody's, on 3478 and on 443."""
    begins = (b"\x02", b"\x02\0", b"\x02\0\0\x24", b"\x02\0\0\x24\0\x03\0\x11", shortest("i")[:27], b"\0", b"\0\x1c\0\x01\0\x08",
              peer_to_peer("i")[:20], stun.rfc4571(check("i5")[:20]), b"\x16", b"\x16\x03\x01\0", hello()[:49] + b"\1",
              b"\x03\0\0\x09abcdefghi", b"\xff\x10\0\x0cabcdefghijkl", stun.opaque("other", 40))
    for n, begin in enumerate(begins):
        for k, port in enumerate((43210, 443)):
            t = c.tcp(10 * n + k, (CLIENT[0], 52000 + 10 * n + k), (RELAY[0], port))
            t.send(10 * n + k + 0.1, begin)
            t.send(10 * n + k + 0.2, stun.opaque(f"rest {n}", 50))
            t.send(10 * n + k + 0.3, stun.opaque(f"back {n}", 50), False)
