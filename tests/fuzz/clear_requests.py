# SPDX-License-Identifier: GPL-2.0-or-later
"""Sign-ins whose requests a fuzzer can change: those of test-captures/keys with TLS that encrypts nothing, and without TLS.

With a NULL suite (RFC 5246, A.5) stock shows what is inside without keys and checks no MAC, so that what is changed is still read."""

import struct
import sys

import harness

sys.path.insert(0, str(harness.ROOT / "test-captures/generate"))
import common       # noqa: E402  pylint: disable=wrong-import-position
import http_peers   # noqa: E402  pylint: disable=wrong-import-position
import signin_keys  # noqa: E402  pylint: disable=wrong-import-position
import signin_keys_limits  # noqa: E402,F401  pylint: disable=wrong-import-position,unused-import
import tls          # noqa: E402  pylint: disable=wrong-import-position

MAC_BYTES = 20
FINISHED = b"\x14\0\0\x0c" + bytes(12)


def record(kind, content):
    return struct.pack("!BHH", kind, 0x0303, len(content)) + content


class NullSession:
    """In the place of tls_keys.Session: TLS 1.2 with TLS_RSA_WITH_NULL_SHA."""

    def __init__(self, c, when, client, server, name, alpn=b"h2", rtt=0.02, issuer=(), finish=True):  # pylint: disable=unused-argument
        self.tcp, self.rtt = c.tcp(when, client, server, rtt), rtt
        hello = tls.client_hello_message(name)
        agreed = struct.pack("!HHHB", 16, len(alpn) + 3, len(alpn) + 1, len(alpn)) + alpn
        body = b"\x03\x03" + tls.opaque(("server random", name), 32) + b"\0" + b"\x00\x02\x00" + struct.pack("!H", len(agreed)) + agreed
        when += 2 * rtt
        self.tcp.send(when, record(22, hello))
        self.tcp.send(when + rtt, record(22, b"\x02" + len(body).to_bytes(3, "big") + body + b"\x0e\0\0\0"), from_client=False)
        self.tcp.send(when + 1.1 * rtt, record(20, b"\x01") + self.sealed(22, FINISHED))
        self.tcp.send(when + 2.1 * rtt, record(20, b"\x01") + self.sealed(22, FINISHED), from_client=False)
        self.ready = when + 2.2 * rtt

    @staticmethod
    def sealed(kind, content):
        return record(kind, content + bytes(MAC_BYTES))

    def send(self, when, content, from_client=True):
        self.tcp.send(when, self.sealed(23, content[:3900]), from_client)

    def close(self, when):
        self.tcp.close(when)

    def key_log(self):
        return ""


class PlainSession(NullSession):
    """No TLS at all, on the port of HTTP."""

    def __init__(self, c, when, client, server, name, alpn=b"", rtt=0.02, issuer=(), finish=True):  # pylint: disable=unused-argument,super-init-not-called
        self.tcp, self.rtt, self.ready = c.tcp(when, client, (server[0], 80), rtt), rtt, when + 2 * rtt

    def send(self, when, content, from_client=True):
        self.tcp.send(when, content, from_client)


def captures():
    """Frames as (microseconds, bytes, length), of each capture of a kind of session."""
    kept = http_peers.Session
    try:
        for http_peers.Session in (NullSession, PlainSession):
            for name, (fill, start) in sorted(common.CAPTURES.items()):
                if name.startswith("keys/") and fill.__module__ in (signin_keys.__name__, signin_keys_limits.__name__):
                    c = common.Capture(start)
                    fill(c)
                    yield sorted(c.frames, key=lambda timed: timed[0])
    finally:
        http_peers.Session = kept
