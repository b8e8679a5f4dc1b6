# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls and other hosts' traffic that once led to a wrong sentence: order, directions, NATs, modality."""
import stun
from common import capture
from stun import u32
from teams_stun import CLIENT, CLIENT_PUBLIC, PEER, PEER_PUBLIC, RELAY, RELAYED, allocate, check, data, send, sides, srtcp, voice

OTHER, OTHER_SERVER = ("192.168.1.99", 40000), ("203.0.113.77", 40001)
PEER_SOCKET = ("198.51.100.88", 40405)


def classic(seed, kind=stun.ALLOCATE_REQUEST):
    """MS-TURN whose transaction identifier begins with no cookie, as stock's classic STUN takes it."""
    return stun.turn(kind, stun.transaction(seed, cookie=None), [(stun.MS_VERSION, u32(6))])


@capture("ice-other-host-first.pcap", "2026-03-02T09:00:00")
def other_host_first(c):
    """Classic STUN of another host, again and again; then MS-TURN on a port of nobody's that could be classic STUN, too."""
    relay = ("203.0.113.141", 40500)
    for n in range(3):
        c.udp(n, OTHER, OTHER_SERVER, stun.message(stun.BINDING_REQUEST, stun.transaction(f"other {n}", cookie=None), []))
        c.udp(n + 0.1, CLIENT, relay, classic(f"allocate {n}"))
        c.udp(n + 0.2, OTHER_SERVER, OTHER, stun.message(stun.BINDING_RESPONSE, stun.transaction(f"other {n}", cookie=None), []))
        c.udp(n + 0.3, relay, CLIENT, classic(f"allocate {n}", stun.ALLOCATE_ERROR))


@capture("ice-consent-two-paths.pcap", "2026-03-02T09:00:00")
def consent_two_paths(c):
    """The client sends through its relay and receives over a direct pair, both of one socket: nobody is silent, though
    each pair has media one way and no answered check for ten seconds."""
    us, them = sides()
    allocate(c, 0.0)
    c.udp(1.0, CLIENT, RELAY, send(PEER_PUBLIC, us.request("relayed", nominate=True)))
    c.udp(1.06, RELAY, CLIENT, data(PEER_PUBLIC, them.answer("relayed", RELAYED)))
    check(c, 1.1, CLIENT, PEER_SOCKET, "direct", mapped=CLIENT_PUBLIC)
    for n in range(20):
        voice(c, 2.0 + n / 2, CLIENT, RELAY, count=1, sequence=n, wrap=lambda packet: send(PEER_PUBLIC, packet))
        voice(c, 2.1 + n / 2, PEER_SOCKET, CLIENT, count=1, sequence=n, ssrc=0x99)


@capture("ice-consent-back.pcap", "2026-03-02T09:00:00")
def consent_back(c):
    """The peer is silent for eight seconds, then its media comes again, without a check."""
    check(c, 0.0, CLIENT, PEER_PUBLIC, "nominate", mapped=CLIENT_PUBLIC, nominate=True)
    voice(c, 0.5, CLIENT, PEER_PUBLIC, count=20, step=0.5)
    voice(c, 8.2, PEER_PUBLIC, CLIENT, count=3, step=0.5, ssrc=0x99)


@capture("ice-nat-changed.pcap", "2026-03-02T09:00:00")
def nat_changed(c):
    """A NAT gives the socket another port in mid-call: two peers see the first one, then both see the second."""
    before, after = ("203.0.113.5", 61000), ("203.0.113.5", 61359)
    for n in range(3):
        check(c, 5.0 * n, CLIENT, PEER_PUBLIC, f"one {n}", mapped=before)
        check(c, 5.0 * n + 1, CLIENT, PEER_SOCKET, f"two {n}", mapped=before)
    check(c, 15.0, CLIENT, PEER_PUBLIC, "one after", mapped=after)
    check(c, 16.0, CLIENT, PEER_SOCKET, "two after", mapped=after)
    check(c, 17.0, CLIENT, ("198.51.100.99", 40406), "three", mapped=after)


@capture("ice-nat-per-peer.pcap", "2026-03-02T09:00:00")
def nat_per_peer(c):
    """Two peers see two ports, each the same again and again, at intervals of ten seconds: a mapping for each peer."""
    for n in range(2):
        check(c, 20.0 * n, CLIENT, PEER_PUBLIC, f"one {n}", mapped=("203.0.113.5", 61000))
        check(c, 20.0 * n + 10, CLIENT, PEER_SOCKET, f"two {n}", mapped=("203.0.113.5", 61001))


@capture("ice-modality-clock.pcap", "2026-03-02T09:00:00")
def modality_clock(c):
    """On the video port: a stream of an unknown payload type with 320 ticks in 20 ms, which is audio, with RTCP; SILK, which
    disagrees with the port in each packet; then, on the audio port, a type of video or sharing with 90,000 ticks a second."""
    for n, (port, payload_type, ticks) in enumerate([(3480, 99, 320), (3480, 104, 320), (3479, 122, 1800)]):
        local, remote = (CLIENT[0], 40001 + n), ("52.114.252.8", port)
        check(c, n, local, remote, f"clock {n}", nominate=True)
        for packet in range(46):
            c.udp(n + 0.1 + packet * 0.02, local, remote,
                  stun.rtp(payload_type, packet, 160000 + ticks * packet, n + 1, stun.opaque(f"clock{packet}", 60)))
        c.udp(n + 1.05, local, remote, srtcp(200, n + 1, "sr"))


@capture("ice-sides-unknown.pcap", "2026-03-02T09:00:00")
def sides_unknown(c):
    """Checks both ways between two public and between two private hosts: nothing tells where the capture was taken."""
    us, them = sides()
    for n, (one, other) in enumerate([(("198.51.100.1", 5000), ("203.0.113.1", 5001)), (CLIENT, PEER)]):
        check(c, n, one, other, f"one {n}")
        check(c, n + 0.5, other, one, f"other {n}", side=them, other=us)


@capture("ice-answer-time.pcap", "2026-03-02T09:00:00")
def answer_time(c):
    """Checks of a private client take 80 ms, those of its public peer are answered in 2 ms."""
    us, them = sides()
    for n in range(3):
        check(c, n, CLIENT, PEER_PUBLIC, f"ours {n}", mapped=CLIENT_PUBLIC, rtt=0.08)
        check(c, n + 0.5, PEER_PUBLIC, CLIENT, f"theirs {n}", side=them, other=us, rtt=0.002)


@capture("ice-answer-after-resend.pcap", "2026-03-02T09:00:00")
def answer_after_resend(c):
    """The way takes 30 ms. The first check is lost twice; the second and its nomination share an identifier, and only the
    nomination is answered; then there are three checks that nobody has to send again."""
    us, them = sides()
    for n in range(3):
        c.udp(0.3 * n, CLIENT, PEER_PUBLIC, us.request("lost"))
    c.udp(0.63, PEER_PUBLIC, CLIENT, them.answer("lost", CLIENT_PUBLIC))
    c.udp(1.0, CLIENT, PEER_PUBLIC, us.request("nominated"))
    c.udp(1.5, CLIENT, PEER_PUBLIC, us.request("nominated", nominate=True))
    c.udp(1.53, PEER_PUBLIC, CLIENT, them.answer("nominated", CLIENT_PUBLIC))
    for n in range(3):
        check(c, 2.0 + n, CLIENT, PEER_PUBLIC, f"once {n}", mapped=CLIENT_PUBLIC)


@capture("ice-slow-resend.pcap", "2026-03-02T09:00:00")
def slow_resend(c):
    """A way of 700 ms: the client sends each check three times before its first answer, and the peer answers each time."""
    us, them = sides()
    for n in range(3):
        for again in range(3):
            c.udp(2.0 * n + 0.3 * again, CLIENT, PEER_PUBLIC, us.request(f"slow {n}", nominate=n > 0))
            c.udp(2.0 * n + 0.3 * again + 0.7, PEER_PUBLIC, CLIENT, them.answer(f"slow {n}", CLIENT_PUBLIC))
    voice(c, 6.1, CLIENT, PEER_PUBLIC)
    voice(c, 6.11, PEER_PUBLIC, CLIENT, ssrc=0x99)


def client(last):
    return ("192.168.1.%d" % last, 50016)


@capture("ice-answered-only.pcap", "2026-03-02T09:00:00")
def answered_only(c):
    """Answers and no nomination: the capture ends (.20), the client gives its relay back (.21), checks go inside a relay (.22);
    of .23 the peer's checks are answered and its own are not, and .24 asks for nothing but an answer of its relay."""
    us, them = sides()
    allocate(c, 0.0, client=client(20), seed="20")
    check(c, 0.3, client(20), PEER_PUBLIC, "20", mapped=CLIENT_PUBLIC)
    allocate(c, 0.0, client=client(21), seed="21")
    for n in range(3):
        check(c, 0.3 + n, client(21), PEER_PUBLIC, f"21 {n}", mapped=CLIENT_PUBLIC)
    allocate(c, 0.0, client=client(22), seed="22")
    c.udp(0.4, client(22), RELAY, send(PEER_PUBLIC, us.request("22")))
    c.udp(0.46, RELAY, client(22), data(PEER_PUBLIC, them.answer("22", RELAYED)))
    for last in (23, 24):
        allocate(c, 0.0, client=client(last), seed=str(last))
        for n in range(5):
            c.udp(0.5 + 1.3 * n, client(last), PEER_PUBLIC, us.request(f"{last}"))
    check(c, 0.6, PEER_PUBLIC, client(23), "theirs", side=them, other=us, rtt=0.001)


@capture("ice-open-path.pcap", "2026-03-02T09:00:00")
def open_path(c):
    """Media one way, with checks that are answered all along (.20 sends, .21 receives), and with none (.22 sends, .23 receives)."""
    us, them = sides()
    for last, sends, answered in ((20, True, True), (21, False, True), (22, True, False), (23, False, False)):
        peer = ("198.51.100.%d" % last, PEER_PUBLIC[1])
        check(c, 0.0, client(last), peer, f"{last}", mapped=CLIENT_PUBLIC, nominate=True)
        voice(c, 0.5, *((client(last), peer) if sends else (peer, client(last))), count=60, ssrc=last, step=0.1 if last == 22 else 0.02)
        if answered:
            check(c, 1.2, client(last), peer, f"{last} consent", mapped=CLIENT_PUBLIC)


@capture("ice-browser-media.pcap", "2026-03-02T09:00:00")
def browser_media(c):
    """Payload types that stand for other codecs in a browser: 111 and 103 with 960 ticks in 20 ms, which is Opus; and 104 with 320, SILK,
    with comfort noise in between; each without jitter."""
    for n, (payload_type, ticks) in enumerate([(111, 960), (103, 960), (112, 960), (104, 320)]):
        local, remote = ("192.168.1.%d" % (20 + n), 40001), ("52.114.252.8", 3479)
        us, them = sides()
        without = (stun.IMPLEMENTATION_VERSION,)
        c.udp(n, local, remote, us.request(f"browser {n}", nominate=True, without=without))
        c.udp(n + 0.03, remote, local, them.answer(f"browser {n}", CLIENT_PUBLIC, without=without))
        for packet in range(100):
            number = 13 if payload_type == 104 and packet % 10 == 9 else payload_type
            c.udp(n + 0.1 + packet * 0.02, local, remote, stun.rtp(number, packet, 160000 + ticks * packet, n + 1, stun.opaque(f"browser{packet}", 60)))
