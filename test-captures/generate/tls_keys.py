# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS 1.3 (RFC 8446) whose secrets are known, for generators: handshake, records and the key log.

The secrets are made up: a reader that has the key log needs no more than that both ends use them.
"""
import datetime
import struct

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from stun import opaque
from tls import _block, _expand_label, _extension, client_hello_message

HANDSHAKE, DATA = 22, 23
SECRETS = ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
           "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0")


def certificate(name, start, issuer="Microsoft Azure RSA TLS Issuing CA 03", organisation="Microsoft Corporation"):
    """DER; the key is made of the name, so that the bytes are the same each time."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(opaque(("key", name), 32))
    day = datetime.datetime.fromtimestamp(start, datetime.timezone.utc).replace(tzinfo=None, hour=0, minute=0, second=0)
    builder = (x509.CertificateBuilder()
               .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
               .issuer_name(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
                                       x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
               .public_key(key.public_key()).serial_number(int.from_bytes(opaque(("serial", name), 8), "big"))
               .not_valid_before(day - datetime.timedelta(days=30)).not_valid_after(day + datetime.timedelta(days=150))
               .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False))
    return builder.sign(key, None).public_bytes(serialization.Encoding.DER)


class Direction:
    """The records of one side under one secret."""

    def __init__(self, secret):
        self.key, self.iv = _expand_label(secret, b"key", 16), _expand_label(secret, b"iv", 12)
        self.count = 0

    def record(self, kind, content):
        inner = content + bytes([kind])
        header = b"\x17\x03\x03" + struct.pack("!H", len(inner) + 16)
        nonce = (int.from_bytes(self.iv, "big") ^ self.count).to_bytes(12, "big")
        self.count += 1
        return header + AESGCM(self.key).encrypt(nonce, inner, header)

    def records(self, content, size=8192):
        return b"".join(self.record(DATA, content[at:at + size]) for at in range(0, len(content), size) or (0,))


class Session:
    """A connection of capture c to a server: handshake when made, then send() in either direction. issuer is the certificate's, other
    than Microsoft's; finish: the client's part of the handshake, too."""

    def __init__(self, c, when, client, server, name, alpn=b"h2", rtt=0.02, issuer=(), finish=True):
        self.capture, self.rtt, seed = c, rtt, (client, server, name)
        self.secrets = [opaque((label, seed), 32) for label in SECRETS]
        hello = bytearray(client_hello_message(name))
        self.random = opaque(("random", seed), 32)
        hello[6:38] = self.random
        self.tcp = c.tcp(when, client, server, rtt)
        when += 2 * rtt
        self.tcp.send(when, b"\x16\x03\x01" + _block(2, bytes(hello)))
        when += rtt
        own = Direction(self.secrets[1])
        flight = (b"\x08" + _block(3, _block(2, _extension(16, _block(2, _block(1, alpn)))))
                  + b"\x0b" + _block(3, b"\0" + _block(3, _block(3, certificate(name, c.start, *issuer)) + b"\0\0"))
                  + b"\x0f" + _block(3, b"\x08\x07" + _block(2, opaque(("verify", seed), 64)))
                  + b"\x14" + _block(3, opaque(("finished", seed), 32)))
        self.tcp.send(when, self._server_hello() + b"\x14\x03\x03\0\x01\x01" + own.record(HANDSHAKE, flight), from_client=False)
        when += 0.001
        finished = b"\x14" + _block(3, opaque(("client finished", seed), 32))
        self.handshake = Direction(self.secrets[0])
        if finish:
            self.tcp.send(when, b"\x14\x03\x03\0\x01\x01" + self.handshake.record(HANDSHAKE, finished))
        self.ready = when
        self.sides = {True: Direction(self.secrets[2]), False: Direction(self.secrets[3])}

    def _server_hello(self):
        extensions = _extension(43, b"\x03\x04") + _extension(51, b"\0\x1d" + _block(2, opaque("server share", 32)))
        body = b"\x03\x03" + opaque(("server random", self.random), 32) + b"\0" + b"\x13\x01\0" + _block(2, extensions)
        return b"\x16\x03\x03" + _block(2, b"\x02" + _block(3, body))

    def send(self, when, content, from_client=True, mss=1400):
        """Content in records, in as many segments as it takes."""
        payload = self.sides[from_client].records(content)
        for at in range(0, len(payload), mss):
            self.tcp.send(when + at / mss * 0.0001, payload[at:at + mss], from_client)

    def close(self, when):
        self.tcp.close(when)

    def key_log(self):
        return "".join(f"{label} {self.random.hex()} {secret.hex()}\n" for label, secret in zip(SECRETS, self.secrets))
