# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS and QUIC for generators: as much as shows a server name."""
import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stun import opaque

QUIC_V1_SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")


def _block(length_bytes, content):
    return len(content).to_bytes(length_bytes, "big") + content


def _extension(kind, content):
    return struct.pack("!H", kind) + _block(2, content)


def client_hello_message(server_name, quic=False):
    """The handshake message (RFC 5246 and 8446), without a record around it."""
    extensions = b""
    if server_name is not None:
        extensions += _extension(0, _block(2, b"\0" + _block(2, server_name if isinstance(server_name, bytes) else server_name.encode("ascii"))))
    extensions += _extension(10, _block(2, bytes.fromhex("001d0017")))
    extensions += _extension(13, _block(2, bytes.fromhex("04030804")))
    extensions += _extension(43, _block(1, bytes.fromhex("0304" if quic else "03040303")))
    extensions += _extension(51, _block(2, bytes.fromhex("001d") + _block(2, opaque("share", 32))))
    if quic:
        extensions += _extension(16, _block(2, _block(1, b"h3")))
        extensions += _extension(57, bytes.fromhex("0104800075300404800c0000"))
    body = (b"\x03\x03" + opaque(("random", server_name), 32) + _block(1, b"")
            + _block(2, bytes.fromhex("13011302c02b")) + _block(1, b"\0") + _block(2, extensions))
    return b"\x01" + _block(3, body)


def client_hello(server_name):
    return b"\x16\x03\x01" + _block(2, client_hello_message(server_name))


def server_hello():
    body = (b"\x03\x03" + opaque("server random", 32) + _block(1, opaque("session", 32))
            + bytes.fromhex("c02b00") + _block(2, _extension(65281, b"\0")))
    return b"\x16\x03\x03" + _block(2, b"\x02" + _block(3, body))


def application_data(seed, length):
    return b"\x17\x03\x03" + _block(2, opaque(seed, length))


def session(c, when, client, server, server_name, exchanges=1, rtt=0.02):
    """A connection as a capture of a client shows it: hello, hello, ciphertext, end."""
    connection = c.tcp(when, client, server, rtt)
    when += 2 * rtt
    connection.send(when, client_hello(server_name))
    connection.send(when + rtt, server_hello(), from_client=False)
    for n in range(exchanges):
        when += 2 * rtt
        connection.send(when, application_data((client, server, n), 180))
        connection.send(when + rtt, application_data((server, client, n), 420), from_client=False)
    connection.close(when + 2 * rtt)
    return connection


# ---- QUIC: RFC 9001, 5.2 to 5.4 ----

def _expand_label(secret, label, length):
    label = b"tls13 " + label
    info = struct.pack("!H", length) + _block(1, label) + _block(1, b"")
    return hmac.new(secret, info + b"\x01", hashlib.sha256).digest()[:length]


def quic_initial(server_name, connection_id=b"\x83\x94\xc8\xf0\x3e\x51\x57\x08", size=1200):
    """A client's first datagram, protected with the keys that its connection id gives."""
    secret = hmac.new(QUIC_V1_SALT, connection_id, hashlib.sha256).digest()
    secret = _expand_label(secret, b"client in", 32)
    key, iv = _expand_label(secret, b"quic key", 16), _expand_label(secret, b"quic iv", 12)
    protection = _expand_label(secret, b"quic hp", 16)

    hello = client_hello_message(server_name, quic=True)
    crypto = b"\x06\0" + struct.pack("!H", 0x4000 | len(hello)) + hello
    number = b"\0\0\0\0"
    before = b"\xc3\0\0\0\x01" + _block(1, connection_id) + _block(1, b"") + b"\0"
    frames = crypto + bytes(size - len(before) - 2 - len(number) - 16 - len(crypto))
    header = before + struct.pack("!H", 0x4000 | (len(number) + len(frames) + 16)) + number
    # The packet number is 0, so that the nonce is the iv itself.
    sealed = AESGCM(key).encrypt(iv, frames, header)
    mask = Cipher(algorithms.AES(protection), modes.ECB()).encryptor().update(sealed[:16])
    first = header[0] ^ (mask[0] & 0x0f)
    hidden = bytes(a ^ b for a, b in zip(number, mask[1:5]))
    return bytes([first]) + header[1:-4] + hidden + sealed


def quic_data(seed, length):
    """A packet of an established session, which has a short header and is closed (RFC 9000, 17.3.1)."""
    return b"\x40" + opaque(seed, length)


def quic_exchange(c, when, client, server, sent=300, received=900):
    """What the session carries both ways."""
    c.udp(when, client, server, quic_data((client, when), sent))
    c.udp(when + 0.03, server, client, quic_data((server, when), received))
