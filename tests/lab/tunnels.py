#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of a proxy that speaks HTTP/2 over TLS: each name is a CONNECT in a stream of one session, with TLS inside.

tunnels.py PROXY PORT BUNDLE KEYS [USER:PASSWORD] NAME...     the session's keys go into the file KEYS
"""
import base64
import socket
import ssl
import struct
import sys

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
ACKNOWLEDGED, END_HEADERS = 1, 4
STATUS_200 = 0x88       # RFC 7541, appendix A, 8


def field(name, value):
    """RFC 7541, 6.2.2: a literal that is not indexed; both are shorter than 127 bytes."""
    return b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


class Session:
    def __init__(self, proxy, port, bundle, keys):
        context = ssl.create_default_context(cafile=bundle)
        context.set_alpn_protocols(["h2"])
        context.keylog_filename = keys
        self.stream = context.wrap_socket(socket.create_connection((proxy, int(port)), 10), server_hostname=proxy)
        self.stream.settimeout(10)
        self.buffer, self.next = b"", 1
        self.stream.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.send(SETTINGS, 0, 0)

    def send(self, kind, flags, number, content=b""):
        self.stream.sendall(struct.pack("!I", len(content))[1:] + bytes([kind, flags]) + struct.pack("!I", number) + content)

    def exactly(self, count):
        while len(self.buffer) < count:
            data = self.stream.recv(65536)
            if not data:
                raise OSError("the proxy closed the session")
            self.buffer += data
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def receive(self, number):
        """The next frame of the stream; the session's own are answered."""
        while True:
            head = self.exactly(9)
            kind, flags = head[3], head[4]
            of, content = struct.unpack("!I", head[5:])[0], self.exactly(int.from_bytes(head[:3], "big"))
            if kind in (SETTINGS, PING) and not flags & ACKNOWLEDGED:
                self.send(kind, ACKNOWLEDGED, 0, content if kind == PING else b"")
            if kind == GOAWAY or (of == number and kind in (DATA, HEADERS, RST_STREAM)):
                return kind, content

    def connect(self, name, credentials):
        """The stream's number where the proxy lets the client through, else None."""
        number, self.next = self.next, self.next + 2
        more = field("proxy-authorization", "Basic " + base64.b64encode(credentials.encode()).decode()) if credentials else b""
        self.send(HEADERS, END_HEADERS, number, field(":method", "CONNECT") + field(":authority", f"{name}:443") + more)
        kind, content = self.receive(number)
        return number if kind == HEADERS and STATUS_200 in content[:4] else None


def visit(session, name, bundle, credentials):
    number = session.connect(name, credentials)
    if number is None:
        return
    received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    inner = ssl.create_default_context(cafile=bundle).wrap_bio(received, sent, server_hostname=name)

    def until(step):
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                done = None
            if sent.pending:
                session.send(DATA, 0, number, sent.read())
            if done is not None:
                return done
            kind, content = session.receive(number)
            if kind != DATA:
                raise OSError(f"{name}: the tunnel ended")
            received.write(content)
    until(lambda: inner.do_handshake() or True)
    inner.write(f"GET / HTTP/1.1\r\nHost: {name}\r\nUser-Agent: Mozilla/5.0\r\n\r\n".encode())
    until(lambda: inner.read(4096))


def main(proxy, port, bundle, keys, *words):
    credentials = words[0] if words and ":" in words[0] else None
    session = Session(proxy, port, bundle, keys)
    for name in words[1 if credentials else 0:]:
        visit(session, name, bundle, credentials)
    session.send(GOAWAY, 0, 0, bytes(8))
    session.stream.close()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as reason:
        sys.exit(f"tunnels.py: {reason}")
