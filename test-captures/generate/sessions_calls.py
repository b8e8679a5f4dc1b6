# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that are hard to tell apart: several clients behind one public address, seen
outside the NAT, and several calls of one client. The NAT gives ports of its own, which
say nothing of modality; client names are those of the README."""
from scapy.layers.inet import ICMP
from scapy.packet import Raw

import stun
from article import USERNAME
from common import capture
from icmp_errors import FIREWALL, PROHIBITED, quoted
from sessions import RELAY, Asking
from tls import application_data, client_hello

PUBLIC = "198.51.100.20"
SERVER = "52.114.60.7"          # a media server: every modality has a port of it
PEERS = {"alice": "203.0.113.7", "bob": "203.0.113.90"}
# Payload types that tell the modality: SILK, H.264, and sharing's of the article.
PAYLOAD = {"audio": (104, 320), "video": (122, 3000), "sharing": (127, 3000)}


class Line(Asking):
    """One modality of one client's call."""
    sent = 0        # packets of its streams that went another way before

    def __init__(self, c, who, modality, port, far, call=1, address=PUBLIC):
        payload_type, self.step = PAYLOAD[modality]
        super().__init__(c, f"{who}{call}{modality}", port, far[1], 0, payload_type, 90000, 22, 2)
        self.client, self.settled = (address, port), far
        self.username = USERNAME[:16] + stun.opaque(("credential of", who), 40)
        self.ufrags = tuple(stun.opaque((self.name, end), 4).hex()[:4] for end in "lr")

    def media(self, when, outwards, number):
        number += self.sent
        packet = stun.rtp(self.payload_type, number, number * self.step, self.ssrc(outwards),
                          stun.opaque((self.name, outwards, number), self.size))
        (self.up if outwards else self.down)(when, self.settled, packet)

    def gather(self, when):
        """An allocation at the relay, the first request without credentials."""
        self.challenge(when, RELAY, RELAY)
        self.allocate(when + 0.1, RELAY)

    def connect(self, when, nominated=2.0):
        """Checks, nomination some time later."""
        for n in range(3):
            self.check(when + n * 0.3, self.settled)
            self.checked(when + n * 0.3 + 0.1, self.settled)
        self.check(when + nominated, self.settled, nominate=True)

    def talk(self, when, seconds=1.0):
        for number in range(int(seconds * 25)):
            for outwards in (True, False):
                self.media(when + number * 0.04 + outwards * 0.01, outwards, number)

    def whole(self, when, seconds=1.0):
        """Set-up and media; it lasts three seconds more than the media."""
        self.gather(when)
        self.connect(when + 0.3)
        self.talk(when + 3, seconds)


def conversation(c, who, ports, call=1, peer=None, address=PUBLIC):
    """A line per modality that ports names."""
    return [Line(c, who, modality, port, (peer or PEERS[who], 50000 + n * 20 + call), call, address)
            for n, (modality, port) in enumerate(ports.items())]


@capture("sessions/streams-go-on.pcap", "2026-03-02T10:00:00")
def streams_go_on(c):
    """Calls whose media goes on over another socket: at .20 from a relay over TCP to a peer over UDP, at .21 the other way round, at .22
    from one port to another over UDP. At .23 a second call follows over UDP, with streams of its own."""
    for n, (first, then) in enumerate(((TcpLine, Line), (Line, TcpLine), (Line, Line), (TcpLine, Line))):
        when, address, far = 1 + n * 60, f"192.168.1.{20 + n}", (f"203.0.113.{60 + n}", 50010)
        old = first(c, f"on{n}", "audio", 31001, far, address=address)
        old.whole(when, 3)
        new = then(c, f"on{n}" if n < 3 else "other", "audio", 42007, (far[0], 50030), address=address)
        new.sent = 75
        if n != 3:
            new.ufrags = tuple(ufrag[::-1] for ufrag in old.ufrags)
        new.whole(when + (4.6 if then is TcpLine else 1.6 if first is TcpLine else 3.1), 3)


@capture("sessions/callers-at-once.pcap", "2026-03-02T10:00:00")
def callers_at_once(c):
    """Two clients behind one address set up calls together, each with its own peer."""
    alice = conversation(c, "alice", {"audio": 31001, "video": 42007})
    bob = conversation(c, "bob", {"audio": 33511, "video": 28119})
    for n, line in enumerate(alice + bob):
        line.whole(n * 0.05)


@capture("sessions/callers-in-turn.pcap", "2026-03-02T10:00:00")
def callers_in_turn(c):
    """The same, the second client some seconds after the first one's call."""
    for n, (who, port) in enumerate((("alice", 31001), ("bob", 33511))):
        for line in conversation(c, who, {"audio": port}):
            line.whole(n * 8)


@capture("sessions/callers-of-one-meeting.pcap", "2026-03-02T10:00:00")
def callers_of_one_meeting(c):
    """Two clients behind one address join one meeting together: one media server."""
    alice = conversation(c, "alice", {"audio": 31001, "video": 42007}, peer=SERVER)
    bob = conversation(c, "bob", {"audio": 33511, "video": 28119}, peer=SERVER)
    for n, line in enumerate((alice[0], bob[0], alice[1], bob[1])):
        line.whole(n * 0.05)


@capture("sessions/callers-without-relay.pcap", "2026-03-02T10:00:00")
def callers_without_relay(c):
    """Checks alone: two clients, and two peers."""
    for n, (who, port) in enumerate((("alice", 31001), ("bob", 33511))):
        for line in conversation(c, who, {"audio": port}):
            line.connect(n * 0.2)
            line.talk(3 + n * 0.2)


@capture("sessions/three-modalities.pcap", "2026-03-02T10:00:00")
def three_modalities(c):
    """One client: audio, video and sharing of one meeting are set up together."""
    ports = {"audio": 31001, "video": 42007, "sharing": 50500}
    for n, line in enumerate(conversation(c, "alice", ports, peer=SERVER)):
        line.whole(n * 0.02)


@capture("sessions/one-port.pcap", "2026-03-02T10:00:00")
def one_port(c):
    """One client: audio and video of one meeting over one port, with one set of checks."""
    audio, video = conversation(c, "alice", {"audio": 31001, "video": 31001}, peer=SERVER)
    video.settled = audio.settled
    audio.whole(0)
    video.talk(3.005)


@capture("sessions/call-held.pcap", "2026-03-02T10:00:00")
def call_held(c):
    """One client: the first call is held, with a check now and then, the second goes on."""
    first, = conversation(c, "alice", {"audio": 31001})
    second, = conversation(c, "alice", {"audio": 33511}, call=2, peer=PEERS["bob"])
    first.whole(0)
    for n in range(4):
        first.check(5 + n * 2, first.settled)
    second.whole(6, seconds=3)
    first.talk(13)


@capture("sessions/call-after-call.pcap", "2026-03-02T10:00:00")
def call_after_call(c):
    """One client: a second call right after the first, a third on the second's port."""
    for n, (port, peer) in enumerate(((31001, "alice"), (33511, "bob"), (33511, "alice"))):
        line, = conversation(c, "alice", {"audio": port}, call=n + 1, peer=PEERS[peer])
        line.whole(n * 7)


@capture("sessions/call-after-release.pcap", "2026-03-02T10:00:00")
def call_after_release(c):
    """One client, one port: a call ends with its allocation given back, the next begins."""
    for n, peer in enumerate(("alice", "bob")):
        line, = conversation(c, "alice", {"audio": 31001}, call=n + 1, peer=PEERS[peer])
        line.whole(n * 9)
        line.allocate(n * 9 + 4.2, RELAY, lifetime=0)


@capture("sessions/unanswered-beside.pcap", "2026-03-02T10:00:00")
def unanswered_beside(c):
    """One client: a call through, whose relay refuses a destination; later a relay does not answer."""
    first, = conversation(c, "alice", {"audio": 31001})
    first.whole(0)
    tid = first.tid()
    first.up(4.1, RELAY, stun.turn(stun.SET_ACTIVE_REQUEST, tid, [
        (stun.MS_VERSION, stun.u32(5)), (stun.USERNAME, first.username),
        (stun.DESTINATION_ADDRESS, stun.address(*first.settled))]))
    first.down(4.12, RELAY, stun.turn(stun.SET_ACTIVE_ERROR, tid, [
        (stun.MS_VERSION, stun.u32(5)), (stun.ERROR_CODE, stun.error(437, "Allocation Mismatch"))]))
    second, = conversation(c, "alice", {"audio": 33511}, call=2)
    for n in range(3):
        second.ask(50 + n * 0.5, RELAY)


class TcpLine(Line):
    """The same with a relay over TCP: messages in Microsoft's frames."""

    def open(self, when):
        self.connection = self.capture.tcp(when, self.client, RELAY)

    def up(self, when, server, payload):
        self.connection.send(when, stun.control_frame(payload))

    def down(self, when, server, payload):
        self.connection.send(when, stun.control_frame(payload), False)

    def whole(self, when, seconds=1.0):
        """Checks and media inside the relay's messages."""
        self.open(when - 0.1)
        self.gather(when)
        for n in range(3):
            self.relayed_check(when + 0.3 + n * 0.3, RELAY, self.settled)
        tid = self.tid()
        self.send_request(when + 1.2, RELAY, self.settled, self.check_request(tid, nominate=True))
        self.data_indication(when + 1.25, RELAY, self.settled, self.check_response(tid, (RELAY[0], 52001)))
        for n in range(int(seconds * 25)):
            number = n + self.sent
            packet = stun.rtp(self.payload_type, number, number * self.step, self.ssrc(True),
                              stun.opaque((self.name, number), self.size))
            self.send_request(when + 1.5 + n * 0.04, RELAY, self.settled, packet)
            self.data_indication(when + 1.51 + n * 0.04, RELAY, self.settled, packet)


def over_tcp_now(line):
    """The same line over TCP."""
    line.__class__ = TcpLine
    return line


class RelayedLine(TcpLine):
    """The same over UDP."""
    up, down = Line.up, Line.down

    def open(self, when):
        pass


@capture("sessions/callers-relayed.pcap", "2026-03-02T10:00:00")
def callers_relayed(c):
    """Two clients behind one address set up calls together, through one relay over UDP."""
    relayed(c, RelayedLine)


@capture("sessions/callers-over-tcp.pcap", "2026-03-02T10:00:00")
def callers_over_tcp(c):
    """The same over TCP."""
    relayed(c, TcpLine)


def relayed(c, kind):
    for n, (who, modality, port) in enumerate((("alice", "audio", 31001), ("bob", "audio", 33511),
                                               ("alice", "video", 42007), ("bob", "video", 28119))):
        kind(c, who, modality, port, (PEERS[who], 50002 + n)).whole(1 + n * 0.05)


@capture("sessions/over-tcp.pcap", "2026-03-02T10:00:00")
def over_tcp(c):
    """Calls over TCP: at .20 nothing is asked over UDP; at .21 a relay is silent over UDP that answered in the call before, while
    a peer's answers to checks do arrive over UDP; at .22 it was asked once, right before the end."""
    def line(kind, n, port, call=1):
        return kind(c, f"tcp{n}", "audio", port, (f"203.0.113.{n}", 50010), call, f"192.168.1.{n}")
    for n in range(20, 23):
        if n > 20:
            line(RelayedLine, n, 50004).whole(1)
            udp = line(Line, n, 50006, 2)
            for again in range(3 if n == 21 else 1):
                udp.ask(600 + again * 0.6 if n == 21 else 603.4, RELAY)
                udp.check(600.1 + again * 0.6, udp.settled)
        line(TcpLine, n, 50008, 2).whole(602)


@capture("sessions/path-changed.pcap", "2026-03-02T10:00:00")
def path_changed(c):
    """Calls whose media changes path half-way: at .20 from one peer's address to another, at .21 from the relay to the peer, at .22 from
    the peer to the relay, at .23 to another address and back. At .24 a few packets go to another address, and at .25 all to one."""
    lines = [RelayedLine(c, f"line{n}", "audio", 50004, (f"203.0.113.{60 + n}", 50010), address=f"192.168.1.{20 + n}") for n in range(6)]
    for n, line in enumerate(lines):
        when, first, other = 1 + n * 0.01, line.settled, (f"203.0.113.{80 + n}", 50010)
        if n == 1:
            line.whole(when, 2)
        else:
            line.gather(when)
            line.connect(when + 0.3)
            line.talk(when + 3, 2)
        if n == 2:
            line.whole(when + 6, 2)
        elif n < 5:
            line.settled = first if n == 1 else other
            line.connect(when + 6)
            line.talk(when + 9, 0.4 if n == 4 else 2)
        if n in (3, 4):
            line.settled = first
            line.talk(when + 12, 2)


@capture("sessions/both-ends.pcap", "2026-03-02T10:00:00")
def both_ends(c):
    """Three calls of which the capture has both ends: each end asks a relay, and then they talk to one another. At .36 a client only asks."""
    ends = (("192.168.1.30", "192.168.1.31"), ("10.0.0.32", "172.16.0.33"), ("192.168.1.34", "203.0.113.35"))
    for n, (one, other) in enumerate(ends):
        caller = Line(c, f"caller{n}", "audio", 50004, (other, 50010), address=one)
        called = Line(c, f"called{n}", "audio", 50010, (one, 50004), address=other)
        caller.gather(1 + n * 0.01)
        called.gather(1.2 + n * 0.01)
        caller.connect(1.5 + n * 0.01)
        caller.talk(4 + n * 0.01)
    Line(c, "alone", "audio", 50004, ("203.0.113.99", 50010), address="192.168.1.36").gather(1.5)


@capture("sessions/both-ends-apart.pcap", "2026-03-02T10:00:00")
def both_ends_apart(c):
    """Two calls at once, which have nothing to do with each other: the first one's peer has, in a network of its own, the private address and the port
    of the second one's client, and checks are sent there, too; the host that has it here refuses one."""
    first, second = (Line(c, f"apart{n}", "audio", 50004, (f"203.0.113.{80 + n}", 50010), address=f"192.168.1.{80 + n}") for n in range(2))
    second.whole(1.5, 2)
    first.gather(1)
    for n in range(4):
        first.check(1.2 + n * 0.2, second.client)
    c.udp(1.85, second.client, first.client, stun.message(stun.BINDING_ERROR, stun.transaction("refused"), [(stun.ERROR_CODE, stun.error(401, "Unauthorized"))]))
    first.connect(1.3)
    first.talk(4, 2)


@capture("sessions/both-ends-relayed.pcap", "2026-03-02T10:00:00")
def both_ends_relayed(c):
    """Two clients, each with a relayed address of its own, in one call; at the same time a third one in a call whose other end is elsewhere."""
    caller, called, third = (RelayedLine(c, f"relayed{n}", "audio", 50004, (RELAY[0], 52020 + n), address=f"192.168.1.{70 + n}") for n in range(3))
    called.ufrags = caller.ufrags[::-1]
    for n, line in enumerate((caller, called, third)):
        line.whole(1 + n * 0.01)


@capture("sessions/modality-by-payload.pcap", "2026-03-02T10:00:00")
def modality_by_payload(c):
    """Media on ports of another modality: at .40 SILK on 3480, at .41 SILK from a client's video port to a peer, at .42 RTVideo
    on a client's audio port. At .43 and .44 both are where they belong. At .45 video follows audio on one port."""
    for n, (modality, port, far) in enumerate((("audio", 50001, (SERVER, 3480)), ("audio", 50025, ("203.0.113.8", 40000)),
                                              ("video", 50003, ("203.0.113.8", 40000)), ("audio", 50002, (SERVER, 3479)),
                                              ("video", 50026, (SERVER, 3480)), ("audio", 50027, (SERVER, 3478)))):
        line = Line(c, f"line{n}", modality, port, far, address=f"192.168.1.{40 + n}")
        if modality == "video":
            line.payload_type = 121     # x-rtvc1: 122 may be sharing, too
        line.connect(1)
        line.talk(4)
    line.name, line.payload_type, line.step = "line5video", 121, 3000
    line.talk(6)


@capture("sessions/modality-open.pcap", "2026-03-02T10:00:00")
def modality_open(c):
    """Media that may be video or a shared screen, on ports of audio: at .50 X-H264UC on 3479, at .51 x-ulpfecuc from a client's port to a
    peer, at .52 a payload type that nobody knows, with a clock of 90,000 Hz. At .53 the same X-H264UC on 3480, at .54 SILK on 3479."""
    for n, (payload_type, port, far) in enumerate(((122, 50004, (SERVER, 3479)), (123, 50005, ("203.0.113.8", 40000)),
                                                   (105, 50006, (SERVER, 3479)), (122, 50024, (SERVER, 3480)), (104, 50008, (SERVER, 3479)))):
        line = Line(c, f"open{n}", "audio" if payload_type == 104 else "video", port, far, address=f"192.168.1.{50 + n}")
        line.payload_type = payload_type
        if payload_type != 104:
            line.step = 3600
        line.connect(1)
        line.talk(4, 2)


# ---- what a new socket asks beside a call ----

FAR_RELAY = ("52.114.250.77", 3478)


def beside(c, host, **far):
    """A call that goes on for eight seconds, and a line of the same client with another port."""
    address, who = f"192.168.1.{host}", f"alice{host}"
    first = Line(c, who, "audio", 31000 + host, (PEERS["alice"], 50001), address=address)
    other = Line(c, far.get("other", who), far.get("modality", "audio"), 33500 + host, far.get("to", (PEERS["bob"], 50002)), 2, address)
    first.size = other.size = 8
    first.whole(0.01 * host, seconds=5)
    return other


@capture("sessions/asked-beside.pcap", "2026-03-02T10:00:00")
def asked_beside(c):
    """Beside a call: at .41 a second one; at .42 a request without credentials and its refusal, and nothing more; at .43 requests that
    another relay does not answer; at .44 video of the same call; at .45 another client behind the address, with credentials of its
    own, gets an allocation and no more. At .46 the second call is set up through another relay. At .47 a network refuses what is asked."""
    beside(c, 41).whole(6, seconds=2)
    beside(c, 42).challenge(6, RELAY, RELAY)
    silent = beside(c, 43)
    for n in range(3):
        silent.ask(6 + n * 0.5, FAR_RELAY)
    beside(c, 44, modality="video", to=(PEERS["alice"], 50001)).whole(6, seconds=2)
    beside(c, 45, other="bob").gather(6)
    far = beside(c, 46)
    far.challenge(6, FAR_RELAY, FAR_RELAY)
    far.allocate(6.1, FAR_RELAY)
    far.connect(6.3)
    far.talk(9, 2)
    refused = beside(c, 47)
    refused.ask(6, FAR_RELAY)
    c.frame(6.01, ICMP(type=3, code=PROHIBITED) / Raw(quoted(refused.client, FAR_RELAY, c.frames[-1][1][42:])), FIREWALL, refused.client[0])


@capture("sessions/asked-beside-tcp.pcap", "2026-03-02T10:00:00")
def asked_beside_tcp(c):
    """Beside a call over UDP, a connection to its relay over TCP: at .61 for a second call; at .62 a request without credentials and its
    refusal, and nothing more; at .63 TLS; at .64 for video of the same call. At .65 TLS comes three seconds after the call's media."""
    over_tcp_now(beside(c, 61)).whole(6, seconds=2)
    refused = over_tcp_now(beside(c, 62))
    refused.open(6)
    refused.challenge(6.1, RELAY, RELAY)
    over_tcp_now(beside(c, 64, modality="video", to=(PEERS["alice"], 50001))).whole(6, seconds=2)
    for host, when in ((63, 6), (65, 11.7)):
        connection = c.tcp(when, beside(c, host).client, (RELAY[0], 443))
        for n in range(8):
            connection.send(when + 0.1 + n * 0.05, client_hello(None) if n == 0 else application_data((host, n), 40), n % 2 == 0)
