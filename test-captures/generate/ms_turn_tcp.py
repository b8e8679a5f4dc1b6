# SPDX-License-Identifier: GPL-2.0-or-later
"""MS-TURN over TCP: framing, pseudo-TLS, multiplexed frames, ICE over TCP."""
import stun
from common import capture
from ms_turn import (challenge, check, first_request, indication, request, send, session, success)

CLIENT, RELAY = ("192.0.2.10", 51000), ("203.0.113.141", 3478)


def media(n, length=60):
    return stun.rtp(104, n, 160 * n, 0x1234, stun.opaque(f"media {n}", length))


def stream(t, when, seed):
    """An allocation over an open connection, a message a segment."""
    for n, (payload, from_client) in enumerate((
            (first_request(f"{seed}1"), True), (challenge(f"{seed}1", alternate=None), False),
            (request(f"{seed}2"), True), (success(f"{seed}2"), False))):
        t.send(when + n / 50, stun.control_frame(payload), from_client)


@capture("ms-turn/tcp.pcap", "2026-03-02T09:00:00")
def tcp(c):
    """Frames one to a segment, many to a segment, and over several segments."""
    t = c.tcp(0.0, CLIENT, RELAY)
    stream(t, 0.1, "a")
    t.send(1.0, stun.control_frame(send("a3", check("a4"))) + stun.control_frame(send("a5", check("a6")))
           + stun.data_frame(media(1)))
    t.send(1.1, stun.data_frame(check("a7")) + stun.data_frame(media(2)), False)
    split = stun.control_frame(send("a8", media(3, 300)))
    for n, (begin, end) in enumerate(((0, 3), (3, 20), (20, 200), (200, len(split)))):
        t.send(2.0 + n / 10, split[begin:end])
    split = stun.data_frame(media(4)) + stun.data_frame(media(5))
    t.send(3.0, split[:90])
    t.send(3.1, split[90:])
    t.send(3.2, stun.multiplexed(session(), check("a9")))
    t.send(3.3, stun.control_frame(indication("a10", media(6))), False)
    t.close(4.0)


@capture("ms-turn/tcp-other-port.pcap", "2026-03-02T09:00:00")
def tcp_other_port(c):
    """The same on a port that is nobody's; the first message in pieces of seven bytes."""
    t = c.tcp(0.0, CLIENT, (RELAY[0], 43210))
    stream(t, 0.1, "b")
    t = c.tcp(10.0, (CLIENT[0], 51001), (RELAY[0], 43210))
    whole = stun.control_frame(first_request("b5"))
    for n, begin in enumerate(range(0, len(whole), 12)):
        t.send(10.1 + n / 100, whole[begin:begin + 12])
    t.send(10.3, stun.control_frame(challenge("b5", alternate=None)), False)


@capture("ms-turn/tcp-loss.pcap", "2026-03-02T09:00:00")
def tcp_loss(c):
    """Bytes that are no frame, a wrong reserved byte, wrong lengths; reading goes on after each."""
    t = c.tcp(0.0, CLIENT, RELAY)
    stream(t, 0.1, "c")
    t.send(1.0, stun.opaque("lost", 33) + stun.control_frame(send("c3", check("c4"))))
    t.send(1.1, b"\x02\x01" + stun.control_frame(send("c5", check("c6")))[2:])
    t.send(1.2, b"\x07\0\0\x08" + bytes(8))
    t.send(1.3, b"\x03\0\0\x20" + stun.u16(99) + bytes(30))
    t.send(1.4, stun.control_frame(send("c7", check("c8"))))
    t.send(1.5, stun.control_frame(stun.message(stun.ALLOCATE_REQUEST, stun.transaction("c9"),
                                                [(stun.MS_VERSION, stun.u32(6))])))


@capture("ms-turn/tcp-begun-midway.pcap", "2026-03-02T09:00:00")
def tcp_begun_midway(c):
    """The capture begins in the middle of a message, on the STUN port."""
    t = c.tcp(0.0, CLIENT, RELAY)
    t.send(1.0, stun.control_frame(send("d1", media(1)))[57:])
    t.send(1.1, stun.control_frame(send("d2", check("d3"))))
    t.send(1.2, stun.data_frame(media(2)) + stun.data_frame(media(3)), False)


@capture("ms-turn/pseudo-tls.pcap", "2026-03-02T09:00:00")
def pseudo_tls(c):
    """The handshake on 443 and on a port that is nobody's, then an allocation and media."""
    for n, port in enumerate((443, 8057)):
        start = 10.0 * n
        t = c.tcp(start, (CLIENT[0], 51000 + n), (RELAY[0], port))
        t.send(start + 0.1, stun.pseudo_tls_client_hello(1772442000, stun.opaque("c", 28)))
        t.send(start + 0.2, stun.pseudo_tls_server_hello(1772442000, stun.opaque("s", 28),
                                                         stun.opaque("i", 32)), False)
        stream(t, start + 0.3, f"e{n}")
        t.send(start + 1.0, stun.data_frame(media(1)) + stun.data_frame(media(2)))
        t.send(start + 1.1, stun.data_frame(media(3)), False)


@capture("ms-turn/pseudo-tls-split.pcap", "2026-03-02T09:00:00")
def pseudo_tls_split(c):
    """The handshake on 443, each half over two segments, then an allocation."""
    t = c.tcp(0.0, (CLIENT[0], 51010), (RELAY[0], 443))
    client = stun.pseudo_tls_client_hello(1772442000, stun.opaque("c", 28))
    server = stun.pseudo_tls_server_hello(1772442000, stun.opaque("s", 28), stun.opaque("i", 32))
    for n, (half, cut) in enumerate(((client, 20), (server, 5))):
        t.send(0.1 + n / 10, half[:cut], n == 0)
        t.send(0.11 + n / 10, half[cut:], n == 0)
    stream(t, 0.3, "f")


@capture("ms-turn/ice-tcp.pcap", "2026-03-02T09:00:00")
def ice_tcp(c):
    """Checks and media between peers, RFC 4571 framed; one frame over two segments."""
    t = c.tcp(0.0, ("192.0.2.10", 50010), ("198.51.100.77", 50012))
    t.send(0.1, stun.rfc4571(check("f1")))
    t.send(0.2, stun.rfc4571(check("f2")) + stun.rfc4571(media(1)), False)
    framed = stun.rfc4571(media(2)) + stun.rfc4571(media(3))
    t.send(0.3, framed[:100])
    t.send(0.4, framed[100:])
