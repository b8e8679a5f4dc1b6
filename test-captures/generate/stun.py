# SPDX-License-Identifier: GPL-2.0-or-later
"""STUN as Microsoft speaks it, for generators: messages, attributes, framing.

Three dialects of one message, all by message():
- ICE checks, RFC 5389: attributes padded to four bytes, length without the pad;
- MS-TURN: attributes not padded at all, MAGIC COOKIE first (use turn());
- the draft-02 twin of MS-ICE checks: the length itself rounded up (draft02=True).
"""
import hashlib
import hmac
import struct
import zlib
from ipaddress import ip_address

# ---- message types: [MS-TURN] 2.2.1, RFC 5389 ----
BINDING_REQUEST, BINDING_RESPONSE, BINDING_ERROR = 0x0001, 0x0101, 0x0111
ALLOCATE_REQUEST, ALLOCATE_RESPONSE, ALLOCATE_ERROR = 0x0003, 0x0103, 0x0113
SEND_REQUEST, DATA_INDICATION = 0x0004, 0x0115
SET_ACTIVE_REQUEST, SET_ACTIVE_RESPONSE, SET_ACTIVE_ERROR = 0x0006, 0x0106, 0x0116

# ---- attributes: [MS-TURN] 2.2.2, [MS-TURNBWM] 2.2, [MS-ICE2] 2.2, RFC 5245 ----
MAPPED_ADDRESS, USERNAME, MESSAGE_INTEGRITY, ERROR_CODE = 0x0001, 0x0006, 0x0008, 0x0009
UNKNOWN_ATTRIBUTES = 0x000a
LIFETIME, ALTERNATE_SERVER, MAGIC_COOKIE, BANDWIDTH = 0x000d, 0x000e, 0x000f, 0x0010
DESTINATION_ADDRESS, REMOTE_ADDRESS, DATA = 0x0011, 0x0012, 0x0013
NONCE, REALM, REQUESTED_FAMILY = 0x0014, 0x0015, 0x0017
XOR_MAPPED_ADDRESS, PRIORITY, USE_CANDIDATE = 0x0020, 0x0024, 0x0025
UNKNOWN_8006, MS_VERSION, MS_XOR_MAPPED_ADDRESS, SOFTWARE = 0x8006, 0x8008, 0x8020, 0x8022
FINGERPRINT, CONTROLLED, CONTROLLING = 0x8028, 0x8029, 0x802a
ALTERNATE_HOST, UNKNOWN_8033, UNKNOWN_8036, APP_ID = 0x8032, 0x8033, 0x8036, 0x8037
SECURE_TAG, SEQUENCE_NUMBER, CANDIDATE_IDENTIFIER = 0x8039, 0x8050, 0x8054
SERVICE_QUALITY, BWM_MESSAGE, BWM_RESERVATION_ID = 0x8055, 0x8056, 0x8057
BWM_AMOUNT, BWM_REMOTE_SITE, BWM_REMOTE_RELAY_SITE = 0x8058, 0x8059, 0x805a
BWM_LOCAL_SITE, BWM_LOCAL_RELAY_SITE, BWM_REMOTE_ANSWER = 0x805b, 0x805c, 0x805d
BWM_REMOTE_RELAY_ANSWER, BWM_LOCAL_ANSWER = 0x805e, 0x805f
BWM_LOCAL_RELAY_ANSWER, SIP_DIALOG_ID, SIP_CALL_ID = 0x8060, 0x8061, 0x8062
LOCATION_PROFILE, IMPLEMENTATION_VERSION = 0x8068, 0x8070
ALTERNATE_MAPPED_ADDRESS, SESSION_ID = 0x8090, 0x8095

RFC5389_COOKIE = 0x2112a442
MS_TURN_COOKIE = 0x72c64bc6


def u16(value):
    return struct.pack("!H", value)


def u32(value):
    return struct.pack("!I", value)


def u64(value):
    return struct.pack("!Q", value)


def transaction(seed, cookie=RFC5389_COOKIE):
    """16 bytes: the cookie (None: as the rest) and 12 bytes made from seed."""
    digest = hashlib.sha256(str(seed).encode()).digest()
    return digest[:16] if cookie is None else u32(cookie) + digest[:12]


def address(ip, port, xor=None):
    """Value of an address attribute; xor is the transaction id of an XORed one."""
    packed, port_bytes = ip_address(ip).packed, u16(port)
    if xor is not None:
        packed = bytes(a ^ b for a, b in zip(packed, xor))
        port_bytes = bytes(a ^ b for a, b in zip(port_bytes, xor))
    return struct.pack("!BB", 0, 1 if len(packed) == 4 else 2) + port_bytes + packed


def error(code, reason):
    return struct.pack("!HBB", 0, code // 100, code % 100) + (reason if isinstance(reason, bytes) else reason.encode())


def message(kind, tid, attributes, padded=True, draft02=False, key=None, integrity="sha1",
            fingerprint=False, legacy_crc=False):
    """A whole message. attributes are (code, value); key (bytes) adds MESSAGE-INTEGRITY,
    over the message up to it with the length that includes it (RFC 5389, 15.4).
    legacy_crc spoils one entry of the CRC table as Windows Live Messenger 2009 did."""
    body = b""
    for code, value in attributes:
        pad = b"\0" * (-len(value) % 4) if padded or draft02 else b""
        stated = len(value) + (len(pad) if draft02 else 0)
        body += u16(code) + u16(stated) + value + pad
    if key is not None:
        size = hashlib.new(integrity).digest_size
        digest = hmac.new(key, _header(kind, len(body) + 4 + size, tid) + body, integrity).digest()
        body += u16(MESSAGE_INTEGRITY) + u16(size) + digest
    if fingerprint:
        covered = _header(kind, len(body) + 8, tid) + body
        crc = _legacy_crc32(covered) if legacy_crc else zlib.crc32(covered)
        body += u16(FINGERPRINT) + u16(4) + u32(crc ^ 0x5354554e)
    return _header(kind, len(body), tid) + body


def turn(kind, tid, attributes, key=None, integrity="sha256"):
    """An MS-TURN message: the cookie attribute first, nothing padded."""
    return message(kind, tid, [(MAGIC_COOKIE, u32(MS_TURN_COOKIE)), *attributes],
                   padded=False, key=key, integrity=integrity)


def _header(kind, length, tid):
    return u16(kind) + u16(length) + tid


def _legacy_crc32(data):
    table = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ (0xedb88320 if n & 1 else 0)
        table.append(0x08bbe8ea if n == 0x8bbeb8ea else n)
    crc = 0xffffffff
    for byte in data:
        crc = table[(crc ^ byte) & 0xff] ^ (crc >> 8)
    return crc ^ 0xffffffff


# ---- framing: [MS-TURN] 2.2.3, 2.1.4, 2.1.1; RFC 4571 ----

def multiplexed(session, payload):
    """FF10 header: session is 8 bytes or an integer."""
    session = u64(session) if isinstance(session, int) else session
    return b"\xff\x10" + u16(8 + len(payload)) + session + payload


def channel_data(channel, payload):
    """RFC 8656, 12.4, over UDP."""
    return u16(channel) + u16(len(payload)) + payload


def control_frame(payload):
    return b"\x02\0" + u16(len(payload)) + payload


def data_frame(payload):
    """End-to-end data, RFC 4571 framed inside."""
    framed = rfc4571(payload)
    return b"\x03\0" + u16(len(framed)) + framed


def rfc4571(payload):
    return u16(len(payload)) + payload


def pseudo_tls_client_hello(timestamp=0, random=bytes(28)):
    return (bytes.fromhex("160301002d01000029 0301") + u32(timestamp) + random
            + bytes.fromhex("00 00020018 0100"))


def pseudo_tls_server_hello(timestamp=0, random=bytes(28), session=bytes(32)):
    return (bytes.fromhex("160301004e02000046 0301") + u32(timestamp) + random
            + b"\x20" + session + bytes.fromhex("0018 00 0e000000"))


# ---- media ----

def rtp(payload_type, sequence, timestamp, ssrc, payload, marker=False, extension=None):
    """RTP, or SRTP where payload is ciphertext; extension is a one-byte-header body."""
    header = struct.pack("!BBHII", 0x90 if extension else 0x80,
                         payload_type | (0x80 if marker else 0), sequence & 0xffff,
                         timestamp & 0xffffffff, ssrc)
    if extension:
        extension += b"\0" * (-len(extension) % 4)
        header += b"\xbe\xde" + u16(len(extension) // 4) + extension
    return header + payload


def opaque(seed, length):
    """Ciphertext of that many bytes: looks random, always the same."""
    return hashlib.shake_128(str(seed).encode()).digest(length)
