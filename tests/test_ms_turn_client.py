# SPDX-License-Identifier: GPL-2.0-or-later
"""A real MS-TURN client, libnice, against a small responder on loopback, captured live."""
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest
from harness import ROOT, fields

sys.path.insert(0, str(ROOT / "test-captures" / "generate"))
import stun  # noqa: E402

REALM, NONCE = b'"rtcmedia"', b"nonce of the responder"
COOKIE = stun.u16(stun.MAGIC_COOKIE) + stun.u16(4) + stun.u32(stun.MS_TURN_COOKIE)


def answer(request, client):
    """401 to a request without integrity, success to one with it; None to anything else."""
    if len(request) < 28 or request[20:28] != COOKIE or request[:2] != stun.u16(stun.ALLOCATE_REQUEST):
        return None
    tid, codes, offset = request[4:20], [], 20
    while offset + 4 <= len(request):
        code, length = struct.unpack_from("!HH", request, offset)
        codes.append(code)
        offset += 4 + length
    seen = (stun.MS_XOR_MAPPED_ADDRESS, stun.address(*client, xor=tid))
    version = (stun.MS_VERSION, stun.u32(2))
    if stun.MESSAGE_INTEGRITY not in codes:
        return stun.turn(stun.ALLOCATE_ERROR, tid, [
            version, (stun.ERROR_CODE, stun.error(401, "Unauthorized")), (stun.REALM, REALM), (stun.NONCE, NONCE), seen])
    return stun.turn(stun.ALLOCATE_RESPONSE, tid, [
        version, (stun.LIFETIME, stun.u32(600)), (stun.MAPPED_ADDRESS, stun.address("127.0.0.1", 45678)), seen,
        (stun.SEQUENCE_NUMBER, bytes(20) + stun.u32(0))], key=b"nobody checks", integrity="sha1")


class Responder:
    """Listens on one port of loopback, UDP and TCP, until it is closed."""

    def __init__(self):
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        for work in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=work, daemon=True).start()

    def close(self):
        for listener in (self.udp, self.tcp):
            listener.close()

    def serve_udp(self):
        try:
            while True:
                request, client = self.udp.recvfrom(2000)
                reply = answer(request, client)
                if reply is not None:
                    self.udp.sendto(reply, client)
        except OSError:
            pass

    def serve_tcp(self):
        try:
            while True:
                connection, client = self.tcp.accept()
                threading.Thread(target=self.serve_stream, args=(connection, client), daemon=True).start()
        except OSError:
            pass

    @staticmethod
    def serve_stream(connection, client):
        with connection, connection.makefile("rb") as stream:
            while head := stream.read(4):
                if head[0] == 0x16:
                    stream.read(46)
                    connection.sendall(stun.pseudo_tls_server_hello())
                    continue
                reply = answer(stream.read(struct.unpack_from("!H", head, 2)[0]), client)
                if reply is not None:
                    connection.sendall(stun.control_frame(reply))


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """The client program, built against the libnice that is installed."""
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "nice"], capture_output=True, text=True, check=False)
    if flags.returncode != 0 or shutil.which("cc") is None:
        pytest.skip("libnice-dev, pkg-config or a compiler is missing: no real client")
    program = tmp_path_factory.mktemp("peers") / "ms_turn_client"
    subprocess.run(["cc", "-o", program, ROOT / "tests/peers/ms_turn_client.c", *flags.stdout.split()], check=True)
    return program


def capture(path, port, work):
    """What passes loopback on that port while work runs."""
    dumpcap = shutil.which("dumpcap")
    if dumpcap is None or os.geteuid() != 0:
        pytest.skip("capturing is not allowed here (needs dumpcap and root)")
    with subprocess.Popen([dumpcap, "-q", "-i", "lo", "-f", f"port {port}", "-w", path],
                          stderr=subprocess.PIPE, text=True) as capturing:
        try:
            time.sleep(1.5)
            if capturing.poll() is not None:
                pytest.skip(f"capturing is not allowed here: {capturing.stderr.read()}")
            work()
            time.sleep(1)
        finally:
            capturing.terminate()
    return path


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_real_client(client, tmp_path, transport):
    responder = Responder()
    try:
        path = capture(tmp_path / "live.pcapng", responder.port,
                       lambda: subprocess.run([client, str(responder.port), transport], check=True, timeout=300))
    finally:
        responder.close()
    shown = fields(path, ["ms_turn.message", "ms_turn.frame.type", "ms_turn.pseudo_tls", "ms_turn.realm", "ms_turn.response_to",
                          "ms_turn.allocation.state", "ms_turn.cookie_missing", "ms_turn.frame_type", "_ws.malformed"])
    # Behind pseudo-TLS, libnice 0.1.21 asks twice, once for each kind of candidate, and sends one of
    # the two requests with a header of two bytes: no frame, and the message after it is found all the same.
    types = [kind for frame in shown for kind in frame["ms_turn.message"]]
    assert types.count("Allocate Request") >= 2
    assert types.count("Allocate Error Response") >= 1
    assert types.count("Allocate Success Response") >= 1
    assert any(frame["ms_turn.allocation.state"] == ["active"] for frame in shown)
    assert all(frame["ms_turn.response_to"] for frame in shown if "Response" in "".join(frame["ms_turn.message"]))
    strict = () if transport == "tls" else ("ms_turn.frame_type", "_ws.malformed")
    assert not any(frame[name] for frame in shown for name in ("ms_turn.cookie_missing", *strict))
    framed = [frame for frame in shown if frame["ms_turn.frame.type"]]
    assert (len(framed) >= 4) == (transport != "udp")
    handshake = {kind for frame in shown for kind in frame["ms_turn.pseudo_tls"]}
    assert handshake == ({"1", "2"} if transport == "tls" else set())
