# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTP/1.1, HTTP/2 and WebSockets over a session of tls_keys, for generators."""
import json
import struct

from stun import opaque
from tls_keys import Session

SETTINGS, HEADERS, BODY = 4, 1, 0
END_STREAM, END_HEADERS = 1, 4


def frame(kind, flags, stream, content):
    """RFC 9113, 4.1"""
    return struct.pack("!I", len(content))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + content


def _length(number, prefix):
    if number < (1 << prefix) - 1:
        return bytes([number])
    out, number = bytes([(1 << prefix) - 1]), number - (1 << prefix) + 1
    while number >= 128:
        out, number = out + bytes([number % 128 + 128]), number // 128
    return out + bytes([number])


def header_block(fields):
    """RFC 7541, 6.2.2: all literal, without an index."""
    out = b""
    for name, value in fields:
        name, value = name.encode(), value if isinstance(value, bytes) else value.encode()
        out += b"\0" + _length(len(name), 7) + name + _length(len(value), 7) + value
    return out


def _content(body):
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def web_socket_frame(when, opcode, content, from_client):
    """RFC 6455, 5.2: one frame, masked from the client."""
    mask = opaque(("mask", when), 4) if from_client else b""
    shown = bytes(byte ^ mask[i % 4] for i, byte in enumerate(content)) if mask else content
    size = len(content) if len(content) < 126 else 126
    head = bytes([0x80 | opcode, size | (0x80 if mask else 0)]) + (struct.pack("!H", len(content)) if size == 126 else b"")
    return head + mask + shown


class Http2:
    """A client's connection; requests get streams 1, 3, 5, ..."""

    def __init__(self, c, when, client, server, name, rtt=0.02):
        self.name, self.rtt = name, rtt
        self.tls = Session(c, when, client, server, name, b"h2", rtt)
        self.stream = -1
        self.tls.send(self.tls.ready + 0.001, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, b""))
        self.tls.send(self.tls.ready + 0.001 + rtt, frame(SETTINGS, 0, 0, b"") + frame(SETTINGS, 1, 0, b""), from_client=False)
        self.ready = self.tls.ready + 0.003 + rtt

    def ask(self, when, method, path, host=None, body=None):
        """Returns the stream."""
        self.stream += 2
        fields = [(":method", method), (":scheme", "https"), (":authority", host or self.name), (":path", path)]
        fields.append(("authorization", "Bearer " + opaque((path, "token"), 24).hex()))
        head = frame(HEADERS, END_HEADERS | (0 if body else END_STREAM), self.stream, header_block(fields))
        self.tls.send(when, head + (frame(BODY, END_STREAM, self.stream, _content(body)) if body else b""))
        return self.stream

    def answer(self, when, stream, status=200, body=None, **headers):
        fields = [(":status", str(status))] + [(key.replace("_", "-"), value) for key, value in headers.items()]
        if body:
            fields.append(("content-type", "application/json; charset=utf-8"))
        head = frame(HEADERS, END_HEADERS | (0 if body else END_STREAM), stream, header_block(fields))
        self.tls.send(when, head + (frame(BODY, END_STREAM, stream, _content(body)) if body else b""), from_client=False)

    def exchange(self, when, method, path, status=200, body=None, took=0.04, host=None, sent=None, **headers):
        self.answer(when + took, self.ask(when, method, path, host, sent), status, body, **headers)

    def connect(self, when, path, took=0.04, status=200, protocol="websocket"):
        """RFC 8441, 5: the stream becomes a WebSocket. Returns it."""
        self.stream += 2
        fields = [(":method", "CONNECT"), (":protocol", protocol), (":scheme", "https"), (":authority", self.name), (":path", path),
                  ("sec-websocket-version", "13")]
        self.tls.send(when, frame(HEADERS, END_HEADERS, self.stream, header_block(fields)))
        self.answer_open(when + took, self.stream, status)
        return self.stream

    def answer_open(self, when, stream, status):
        """Without the end of the stream."""
        self.tls.send(when, frame(HEADERS, END_HEADERS, stream, header_block([(":status", str(status))])), from_client=False)

    def message(self, when, stream, opcode, content, from_client=True):
        self.tls.send(when, frame(BODY, 0, stream, web_socket_frame(when, opcode, content, from_client)), from_client)

    def raw(self, when, stream, content, from_client=True):
        self.tls.send(when, frame(BODY, 0, stream, content), from_client)

    def pieces(self, when, stream, opcode, content, size, from_client=True):
        """The same in DATA frames of so many bytes, two to a packet."""
        shown = web_socket_frame(when, opcode, content, from_client)
        parts = [frame(BODY, 0, stream, shown[n:n + size]) for n in range(0, len(shown), size)]
        for n in range(0, len(parts), 2):
            self.tls.send(when + n / 1000, b"".join(parts[n:n + 2]), from_client)

    def close(self, when):
        self.tls.close(when)


class Http1:
    """One request after the other, and what a WebSocket makes of it."""

    def __init__(self, c, when, client, server, name, rtt=0.02):
        self.name, self.rtt = name, rtt
        self.tls = Session(c, when, client, server, name, b"http/1.1", rtt)
        self.ready = self.tls.ready + 0.003

    def ask(self, when, method, path, body=None, **headers):
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.name}"]
        lines += [f"{key.replace('_', '-')}: {value}" for key, value in headers.items()]
        content = _content(body) if body else b""
        if content:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        self.tls.send(when, "\r\n".join(lines + ["", ""]).encode() + content)

    def answer(self, when, status=200, body=None, **headers):
        content = _content(body) if body else b""
        lines = [f"HTTP/1.1 {status} Said"] + [f"{key.replace('_', '-')}: {value}" for key, value in headers.items()]
        if content:
            lines.append("Content-Type: application/json")
        if status != 101:
            lines.append(f"Content-Length: {len(content)}")
        self.tls.send(when, "\r\n".join(lines + ["", ""]).encode() + content, from_client=False)

    def exchange(self, when, method, path, status=200, body=None, took=0.04, sent=None, **headers):
        self.ask(when, method, path, sent)
        self.answer(when + took, status, body, **headers)

    def upload(self, when, method, path, status, took=0.04, rest=0.1, size=3000, **headers):
        """A body whose rest comes when the server has answered."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.name}", f"Content-Length: {size}"]
        lines += [f"{key.replace('_', '-')}: {value}" for key, value in headers.items()]
        self.tls.send(when, "\r\n".join(lines + ["", ""]).encode() + bytes(500))
        self.answer(when + took, status)
        self.tls.send(when + rest, bytes(size - 500))

    def upgrade(self, when, path, took=0.04):
        self.ask(when, "GET", path, Connection="Upgrade", Upgrade="websocket", Sec_WebSocket_Version="13",
                 Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==")
        self.answer(when + took, 101, Connection="Upgrade", Upgrade="websocket",
                    Sec_WebSocket_Accept="s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")

    def message(self, when, opcode, content, from_client=True):
        self.tls.send(when, web_socket_frame(when, opcode, content, from_client), from_client)

    def close(self, when):
        self.tls.close(when)
