#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A caller and the relay and media server that it talks to: MS-TURN, connectivity checks and voice on real sockets.

calls.py serve RELAY PEER CERTIFICATE KEY SETTINGS     RELAY may be several addresses with commas
calls.py call RELAY PEER BUNDLE SECONDS SETTINGS       RELAY may be several names with commas

Messages are those of test-captures/generate. SETTINGS is JSON:
  refuse     error code with which the relay answers every Allocate with credentials
  mute       the media server never sends voice; deaf: the caller never does
  tcp        what the caller does where UDP fails: pseudo-tls (default), tls or none
  direct     false: no checks to the media server, all through the relay
  dscp       DSCP of what both ends send
  restart    seconds of silence after which the caller checks again
"""
import json
import pathlib
import secrets
import select
import socket
import ssl
import struct
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "test-captures" / "generate"))
import ms_turn  # noqa: E402
import stun  # noqa: E402
import timing  # noqa: E402
from stun import u32, u64  # noqa: E402

CALLER_PORT, RELAY_PORT, PEER_PORT, TLS_PORT = 50004, 3478, 3479, 443
FRAME_S = 0.02
RETRIES_S = (0.5, 1, 2, 4)
CALLER_NAME, SERVER_NAME = b"sR0b:cL0a", b"cL0a:sR0b"
PASSWORD = b"not a secret either"
COOKIE_OFFSET = 20


# --- Messages ------------------------------------------------------------------------------

def attributes(message):
    """{type: value} of a STUN message, the first of each type. MS-TURN does not pad its attributes, others do."""
    found, at = {}, 20
    padded = message[COOKIE_OFFSET: COOKIE_OFFSET + 2] != stun.u16(stun.MAGIC_COOKIE)
    while at + 4 <= len(message):
        kind, length = struct.unpack_from("!HH", message, at)
        found.setdefault(kind, message[at + 4: at + 4 + length])
        at += 4 + length + (-length % 4 if padded else 0)
    return found


def kind_of(message):
    return struct.unpack_from("!H", message)[0] if len(message) >= 20 and message[0] < 2 else None


def tid():
    return u32(stun.RFC5389_COOKIE) + secrets.token_bytes(12)


def check(user, controlling, nominate=False):
    role = (stun.CONTROLLING if controlling else stun.CONTROLLED, u64(0x20278 if controlling else 0x20268))
    nominated = [(stun.USE_CANDIDATE, b"")] if nominate else []
    return stun.message(stun.BINDING_REQUEST, tid(), [
        (stun.USERNAME, user), (stun.PRIORITY, u32(0x6efffeff)), *nominated, role, (stun.CANDIDATE_IDENTIFIER, b"1\0\0\0"),
        (stun.IMPLEMENTATION_VERSION, u32(3))], key=PASSWORD, fingerprint=True)


def answer(request, mapped):
    number = request[4:20]
    return stun.message(stun.BINDING_RESPONSE, number, [
        (stun.IMPLEMENTATION_VERSION, u32(3)), (stun.XOR_MAPPED_ADDRESS, stun.address(*mapped, xor=number))],
        key=PASSWORD, fingerprint=True)


def first_allocate():
    return stun.turn(stun.ALLOCATE_REQUEST, tid(), [(stun.MS_VERSION, u32(6)), (stun.BANDWIDTH, u32(12000)),
                                                    (stun.SERVICE_QUALITY, struct.pack("!HH", 1, 0))])


def second_allocate(nonce, session, lifetime=None):
    more = [] if lifetime is None else [(stun.LIFETIME, u32(lifetime))]
    return stun.turn(stun.ALLOCATE_REQUEST, tid(), [
        (stun.MS_VERSION, u32(6)), (stun.NONCE, nonce), (stun.REALM, ms_turn.REALM), (stun.USERNAME, user()),
        (stun.SESSION_ID, session), (stun.BANDWIDTH, u32(12000)), *more], ms_turn.KEY)


def user():
    expiry = int((time.time() + 7 * 86400 + 11644473600) * 10000000)
    return ms_turn.username(expiry)


def send_request(peer, payload):
    return stun.turn(stun.SEND_REQUEST, tid(), [
        (stun.MS_VERSION, u32(6)), (stun.USERNAME, user()), (stun.DESTINATION_ADDRESS, stun.address(*peer)),
        (stun.DATA, payload)], ms_turn.KEY)


def indication(peer, payload):
    return stun.turn(stun.DATA_INDICATION, secrets.token_bytes(16), [
        (stun.REMOTE_ADDRESS, stun.address(*peer)), (stun.DATA, payload)])


def read_address(value):
    return socket.inet_ntoa(value[4:8]), struct.unpack_from("!H", value, 2)[0]


class Voice:
    """SRTP of one direction: 50 packets a second, each of a length like SILK's."""

    def __init__(self, ssrc):
        self.ssrc, self.number = ssrc, 1000

    def packet(self):
        self.number += 1
        return stun.rtp(104, self.number, self.number * 320, self.ssrc, secrets.token_bytes(60))


def udp(address, port, dscp):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_IP, socket.IP_TOS, dscp << 2)
    s.bind((address, port))
    return s


# --- The relay and the media server ------------------------------------------------------------

class Relay:
    """One client's side of a relay, on any transport: answer() gives the messages to send back."""

    def __init__(self, address, peer, settings):
        self.address, self.peer, self.settings = address, peer, settings
        self.nonce, self.session = secrets.token_bytes(20), ms_turn.session(address)
        self.talking = False

    def answer(self, message, client):
        kind = kind_of(message)
        if kind == stun.ALLOCATE_REQUEST:
            return [self.allocate(message, client)]
        if kind != stun.SEND_REQUEST:
            return []
        data = attributes(message).get(stun.DATA, b"")
        if kind_of(data) == stun.BINDING_REQUEST:
            self.talking = self.talking or stun.USE_CANDIDATE in attributes(data)
            relayed = (self.address, 52000 + client[1] % 1000)
            return [indication(self.peer, answer(data, relayed)), indication(self.peer, check(SERVER_NAME, False))]
        return []

    def allocate(self, message, client):
        number, given = message[4:20], attributes(message)
        if stun.MESSAGE_INTEGRITY not in given:
            return self.error(number, 401, "The request did not contain a Message-Integrity attribute", client)
        if "refuse" in self.settings:
            reason = {401: "Unauthorized", 430: "Stale Credentials", 431: "Integrity Check Failure",
                      486: "Allocation Quota Reached", 508: "Insufficient Capacity"}[self.settings["refuse"]]
            return self.error(number, self.settings["refuse"], reason, client)
        relayed = (self.address, 52000 + client[1] % 1000)
        lifetime = struct.unpack("!I", given.get(stun.LIFETIME, u32(600)))[0]
        return stun.turn(stun.ALLOCATE_RESPONSE, number, [
            (stun.LIFETIME, u32(lifetime)), (stun.MAPPED_ADDRESS, stun.address(*relayed)), (stun.MS_VERSION, u32(6)),
            (stun.MS_XOR_MAPPED_ADDRESS, stun.address(*client, xor=number)),
            (stun.SEQUENCE_NUMBER, secrets.token_bytes(20) + u32(0)), (stun.BANDWIDTH, u32(12000))], ms_turn.KEY)

    def error(self, number, code, reason, client):
        return stun.turn(stun.ALLOCATE_ERROR, number, [
            (stun.MS_VERSION, u32(6)), (stun.ERROR_CODE, stun.error(code, reason)),
            (stun.ALTERNATE_SERVER, stun.address(self.address, RELAY_PORT)), (stun.NONCE, self.nonce),
            (stun.REALM, ms_turn.REALM), (stun.SESSION_ID, self.session),
            (stun.MS_XOR_MAPPED_ADDRESS, stun.address(*client, xor=number))])


def serve_udp_relay(address, peer, settings):
    s, relays = udp(address, RELAY_PORT, settings.get("dscp", 0)), {}
    voice, due = Voice(0x5e44e4), time.monotonic()
    while True:
        if select.select([s], [], [], FRAME_S / 2)[0]:
            message, client = s.recvfrom(4096)
            relay = relays.setdefault(client, Relay(address, peer, settings))
            for out in relay.answer(message, client):
                s.sendto(out, client)
        if (now := time.monotonic()) >= due:
            lateness, due = now - due, due + FRAME_S
            for client, relay in relays.items():
                if relay.talking and not settings.get("mute"):
                    s.sendto(indication(peer, voice.packet()), client)
                    timing.sent_after(lateness)


def serve_stream(stream, client, address, peer, settings):
    """A relay's TCP: pseudo-TLS or TLS, then frames of two octets of type and two of length."""
    if stream.recv(6, socket.MSG_PEEK)[3:5] == b"\0\x2d":
        stream.recv(50, socket.MSG_WAITALL)
        stream.sendall(stun.pseudo_tls_server_hello(int(time.time()), secrets.token_bytes(28), secrets.token_bytes(32)))
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*settings["certificate"])
        stream = context.wrap_socket(stream, server_side=True)
    relay, voice, lock = Relay(address, peer, settings), Voice(0x5e44e5), threading.Lock()

    def speak():
        while True:
            time.sleep(FRAME_S)
            if relay.talking and not settings.get("mute"):
                with lock:
                    stream.sendall(stun.control_frame(indication(peer, voice.packet())))
    threading.Thread(target=quietly, args=(speak,), daemon=True).start()
    while True:
        for out in relay.answer(read_frame(stream), client):
            with lock:
                stream.sendall(stun.control_frame(out))


def read_exactly(stream, count):
    data = b""
    while len(data) < count:
        more = stream.recv(count - len(data))
        if not more:
            raise OSError("closed")
        data += more
    return data


def read_frame(stream):
    return read_exactly(stream, struct.unpack("!HH", read_exactly(stream, 4))[1])


def quietly(function, *arguments):
    try:
        function(*arguments)
    except OSError:
        pass


def serve_tcp_relay(address, peer, settings):
    listener = socket.create_server((address, TLS_PORT))
    while True:
        stream, client = listener.accept()
        threading.Thread(target=quietly, args=(serve_stream, stream, client, address, peer, settings), daemon=True).start()


def serve_peer(peer, settings):
    """The media server: answers checks, makes its own, and speaks to the address that was nominated last."""
    s, speaking_to = udp(*peer, settings.get("dscp", 0)), None
    voice, due = Voice(0x5e44e6), time.monotonic()
    while True:
        if select.select([s], [], [], FRAME_S / 4)[0]:
            message, client = s.recvfrom(4096)
            if kind_of(message) == stun.BINDING_REQUEST:
                s.sendto(answer(message, client), client)
                s.sendto(check(SERVER_NAME, False), client)
                if stun.USE_CANDIDATE in attributes(message):
                    speaking_to = client
        if (now := time.monotonic()) >= due:
            lateness, due = now - due, due + FRAME_S
            if speaking_to and not settings.get("mute"):
                s.sendto(voice.packet(), speaking_to)
                timing.sent_after(lateness)


def serve(relays, peer, certificate, key, settings):
    settings = {**json.loads(settings), "certificate": (certificate, key)}
    peer = (peer, PEER_PORT)
    for address in relays.split(","):
        for target in (serve_udp_relay, serve_tcp_relay):
            threading.Thread(target=target, args=(address, peer, settings), daemon=True).start()
    serve_peer(peer, settings)


# --- The caller -----------------------------------------------------------------------------------

class Caller:
    def __init__(self, relays, peer, bundle, seconds, settings):
        self.names, self.peer = relays.split(","), (peer, PEER_PORT)
        self.bundle, self.seconds, self.settings = bundle, float(seconds), json.loads(settings)
        self.voice = Voice(0xc11e47)
        self.socket = udp("0.0.0.0", CALLER_PORT, self.settings.get("dscp", 0))

    def call(self):
        relays = []
        for name in self.names:
            try:
                relays.append((socket.gethostbyname(name), name))
            except OSError:
                pass
        allocated = self.allocate_udp([address for address, _ in relays])
        direct = self.settings.get("direct", True) and self.checks(lambda m: self.socket.sendto(m, self.peer), allocated)
        if direct:
            self.talk(lambda m: self.socket.sendto(m, self.peer))
        elif allocated:
            def relayed(m):
                self.socket.sendto(send_request(self.peer, m), allocated)
            if self.checks(relayed, None):
                self.talk(relayed)
        elif self.settings.get("tcp", "pseudo-tls") != "none":
            self.call_tcp(*relays[0])
        if allocated:
            self.socket.sendto(second_allocate(self.nonce, self.session, 0), allocated)
            self.receive(0.3)

    def allocate_udp(self, addresses):
        """The relay that gave an allocation. All are asked at once, as clients do."""
        for wait in RETRIES_S:
            for address in addresses:
                self.socket.sendto(first_allocate(), (address, RELAY_PORT))
            end = time.monotonic() + wait
            while time.monotonic() < end:
                message, relay = self.receive(end - time.monotonic(), stun.ALLOCATE_ERROR)
                if message and stun.NONCE in attributes(message):
                    given = attributes(message)
                    self.nonce, self.session = given[stun.NONCE], given[stun.SESSION_ID]
                    if self.confirm(relay):
                        return relay
        return None

    def confirm(self, relay):
        for _ in range(3):
            self.socket.sendto(second_allocate(self.nonce, self.session), relay)
            message, _ = self.receive(0.7, stun.ALLOCATE_RESPONSE)
            if message:
                return True
        return False

    def receive(self, patience, *wanted):
        """The first message of a wanted kind, and its sender; checks of the other side are answered meanwhile."""
        end = time.monotonic() + patience
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.socket], [], [], left)[0]:
                break
            try:
                message, sender = self.socket.recvfrom(4096)
            except ConnectionRefusedError:
                continue
            if kind_of(message) == stun.BINDING_REQUEST:
                self.socket.sendto(answer(message, sender), sender)
            inner = attributes(message).get(stun.DATA, b"") if kind_of(message) == stun.DATA_INDICATION else message
            if kind_of(inner) in wanted:
                return inner, sender
        return None, None

    def checks(self, send, relay):
        """Checks until one is answered, then the nomination; also through a relay."""
        for wait in (0.2, 0.4, 0.8, 1.2):
            send(check(CALLER_NAME, True))
            if relay:
                self.socket.sendto(send_request(self.peer, check(CALLER_NAME, True)), relay)
            if self.receive(wait, stun.BINDING_RESPONSE)[0]:
                send(check(CALLER_NAME, True, nominate=True))
                return self.receive(1, stun.BINDING_RESPONSE)[0] is not None
        return False

    def talk(self, send):
        """Voice for the length of the call, and a consent check each five seconds."""
        start = heard = time.monotonic()
        due, consent = start, start + 5
        while (now := time.monotonic()) < start + self.seconds:
            if now >= due:
                timing.sent_after(now - due)
                due += FRAME_S
                if not self.settings.get("deaf"):
                    send(self.voice.packet())
            if now >= consent or now - heard > self.settings.get("restart", 1e9):
                send(check(CALLER_NAME, True, nominate=now - heard > self.settings.get("restart", 1e9)))
                consent, heard = now + 5, now if now - heard > self.settings.get("restart", 1e9) else heard
            if select.select([self.socket], [], [], max(0, min(due, consent) - time.monotonic()))[0]:
                try:
                    message, sender = self.socket.recvfrom(4096)
                except ConnectionRefusedError:
                    continue
                if kind_of(message) == stun.BINDING_REQUEST:
                    self.socket.sendto(answer(message, sender), sender)
                elif message[0] & 0xc0 == 0x80:
                    heard = time.monotonic()

    def call_tcp(self, address, name):
        stream = socket.create_connection((address, TLS_PORT), 8)
        if self.settings.get("tcp") == "tls":
            stream = ssl.create_default_context(cafile=self.bundle).wrap_socket(stream, server_hostname=name)
        else:
            stream.sendall(stun.pseudo_tls_client_hello(int(time.time()), secrets.token_bytes(28)))
            read_exactly(stream, 83)
        stream.sendall(stun.control_frame(first_allocate()))
        given = attributes(read_frame(stream))
        stream.sendall(stun.control_frame(second_allocate(given[stun.NONCE], given[stun.SESSION_ID])))
        read_frame(stream)
        for nominate in (False, True):
            stream.sendall(stun.control_frame(send_request(self.peer, check(CALLER_NAME, True, nominate))))
            read_frame(stream)
        threading.Thread(target=quietly, args=(drain, stream), daemon=True).start()
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            stream.sendall(stun.control_frame(send_request(self.peer, self.voice.packet())))
            time.sleep(FRAME_S)
        stream.close()


def drain(stream):
    while stream.recv(65536):
        pass


if __name__ == "__main__":
    timing.keep_time()
    if sys.argv[1] == "serve":
        serve(*sys.argv[2:])
    else:
        Caller(*sys.argv[2:]).call()
