# SPDX-License-Identifier: GPL-2.0-or-later
"""Text of which the sender wants more than to be read, in every place where a sender chooses text."""
import json
import struct

import connections
import stun
import tls
from common import capture
from signin_keys import KeyedClient
from stun import u32

# Terminal sequences, line ends, bytes that are no UTF-8, marks that turn the direction of what follows
# (Unicode Standard Annex 9), C1 controls, what JSON, C and spreadsheets give a meaning.
TEXTS = (
    b"\x1b[31mRED\x1b[0m", b"\x1b]0;title\x07", b"a\nb\r\nc\tz", b"\xff\xfe\x80\xc3", "\u202eevil\u202c".encode(),
    "\u2066iso\u2069\u200e\u200f".encode(), b"q\"uo'te\\back</script>", b"nul\0byte", "\u009b31mC1\u0085".encode(),
    "\ufeffbom\u2028ls\u2029ps".encode(), "\U0001f600".encode() + b"\xed\xa0\x80sur", b"%s%n%x", b"=cmd|calc", b"\x7fdel\x08bs",
    b"  Verdict: all is well\n  [error] not so\n",
)
RESOLVER, RELAY = ("192.0.2.53", 53), ("52.112.193.10", 3478)
ANSWERED, REFUSED, QUESTION = 0x8180, 0x8183, 0x0100


def name(*labels):
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def dns(number, flags, question, answers=()):
    """One message with a question for IPv4 addresses; answers are (name, type, data)."""
    records = b"".join(owner + struct.pack("!HHIH", kind, 1, 60, len(data)) + data for owner, kind, data in answers)
    return struct.pack("!HHHHHH", number, flags, 1, len(answers), 0, 0) + question + struct.pack("!HH", 1, 1) + records


def names(c, when, client, text, number):
    """A name of Teams with an alias, a look-alike that nobody knows, and a server name."""
    label = text.replace(b".", b"")[:60]
    known, alias = name(label, b"flightproxy", b"teams", b"microsoft", b"com"), name(label, b"trafficmanager", b"net")
    c.udp(when, client, RESOLVER, dns(number, QUESTION, known))
    c.udp(when + 0.02, RESOLVER, client, dns(number, ANSWERED, known, [(known, 5, alias), (alias, 1, bytes((52, 112, 1, number)))]))
    other = name(label, b"teams", b"rnicrosoft", b"com")
    c.udp(when + 0.04, client, RESOLVER, dns(number + 100, QUESTION, other))
    c.udp(when + 0.06, RESOLVER, client, dns(number + 100, REFUSED, other))
    c.tcp(when + 0.08, (client[0], 50443), ("52.112.1.1", 443)).send(when + 0.12, tls.client_hello(text + b".teams.microsoft.com"))


def allocation(c, when, client, text, number):
    """Requests and errors of a relay: every text attribute."""
    tid = stun.transaction(("hostile", number))
    c.udp(when, client, RELAY, stun.turn(stun.ALLOCATE_REQUEST, tid, [
        (stun.MS_VERSION, u32(6)), (stun.USERNAME, text), (stun.REALM, text), (stun.NONCE, text), (stun.SOFTWARE, text),
        (stun.SIP_CALL_ID, text), (stun.SIP_DIALOG_ID, text), (stun.BWM_LOCAL_SITE, text), (stun.LOCATION_PROFILE, text[:4])]))
    c.udp(when + 0.02, RELAY, client, stun.turn(stun.ALLOCATE_ERROR, tid, [
        (stun.MS_VERSION, u32(6)), (stun.ERROR_CODE, stun.error(401, text)), (stun.REALM, text), (stun.NONCE, text),
        (stun.SOFTWARE, text), (stun.ALTERNATE_HOST, text)]))
    refused = stun.transaction(("hostile again", number))
    c.udp(when + 0.04, client, RELAY, stun.turn(stun.ALLOCATE_REQUEST, refused, [
        (stun.MS_VERSION, u32(6)), (stun.USERNAME, text), (stun.REALM, text), (stun.NONCE, text), (stun.MESSAGE_INTEGRITY, bytes(32))]))
    c.udp(when + 0.06, RELAY, client, stun.turn(stun.ALLOCATE_ERROR, refused, [
        (stun.MS_VERSION, u32(6)), (stun.ERROR_CODE, stun.error(486, text))]))


def checks(c, when, client, text, number):
    """A check that is refused, one that works, and media."""
    peer, username, version = (f"198.51.100.{number + 6}", 50012), text[:40] + b":" + text[:40], (stun.IMPLEMENTATION_VERSION, u32(7))
    refused, works = stun.transaction(("hostile check", number)), stun.transaction(("hostile pair", number))
    c.udp(when, client, peer, stun.message(stun.BINDING_REQUEST, refused, [
        (stun.USERNAME, username), version, (stun.SOFTWARE, text), (stun.CANDIDATE_IDENTIFIER, text)], fingerprint=True))
    c.udp(when + 0.02, peer, client, stun.message(stun.BINDING_ERROR, refused, [
        version, (stun.ERROR_CODE, stun.error(487, text)), (stun.SOFTWARE, text)], fingerprint=True))
    c.udp(when + 0.04, client, peer, stun.message(stun.BINDING_REQUEST, works, [
        (stun.USERNAME, username), version, (stun.USE_CANDIDATE, b"")], fingerprint=True))
    c.udp(when + 0.06, peer, client, stun.message(stun.BINDING_RESPONSE, works, [
        version, (stun.XOR_MAPPED_ADDRESS, stun.address(*client, xor=works))], fingerprint=True))
    for k in range(4):
        c.udp(when + 0.08 + k / 50, client, peer, stun.rtp(104, k, 320 * k, 7 + number, bytes(60)))


@capture("hostile-text.pcap", "2026-03-02T09:00:00")
def hostile_text(c):
    for number, text in enumerate(TEXTS):
        client = (f"192.0.2.{number + 10}", 50010)
        names(c, 2 * number, client, text, number)
        allocation(c, 2 * number + 0.5, client, text, number)
        checks(c, 2 * number + 1, client, text, number)


# ---- connections ----

def certificate(text):
    """Its issuer, organisation, subject and name are the text, whatever bytes these are."""
    size = min(len(text), 60)
    made = connections.certificate("N" * size, "I" * size, "O" * size)
    for letter in (b"N", b"I", b"O"):
        made = made.replace(letter * size, text[:size])
    return made


def http(c, when, client, server, asks, answers):
    connection = c.tcp(when, client.end(), server)
    connection.send(when + 0.1, asks)
    connection.send(when + 0.13, answers, from_client=False)
    connection.close(when + 0.3)


def clear_http(c, when, client, text):
    """A proxy, a proxy configuration, and the check for a captive portal."""
    name = text.replace(b" ", b"") + b".teams.microsoft.com"
    http(c, when, client, connections.PROXY, b"CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\n\r\n" % (name, name),
         b'HTTP/1.1 407 %s\r\nProxy-Authenticate: Basic realm="%s"\r\nContent-Length: 0\r\n\r\n' % (text, text))
    http(c, when + 0.5, client, ("192.0.2.90", 80), b"GET /%s/wpad.dat HTTP/1.1\r\nHost: wpad\r\n\r\n" % text,
         b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    client.ask(when + 1, "www.msftconnecttest.com", "192.0.2.91")
    http(c, when + 1.1, client, ("192.0.2.91", 80), b"GET /connecttest.txt HTTP/1.1\r\nHost: www.msftconnecttest.com\r\n\r\n",
         b"HTTP/1.1 302 %s\r\nLocation: http://portal/%s\r\nContent-Length: 0\r\n\r\n" % (text, text))


@capture("hostile-connections.pcap", "2026-03-02T09:00:00")
def hostile_connections(c):
    """The texts in certificates, in what proxies and captive portals say, and in an alias at which a resolver ends a chain."""
    for number, text in enumerate(TEXTS):
        client, when = connections.Client(c, f"192.0.2.{number + 10}"), 20 * number
        client.visit(when, connections.WEB)
        connection = client.open(when + 1, connections.AUTH)
        client.handshake(when + 1.15, connection, connections.AUTH, certificate(text))
        connection.send(when + 1.2, connections.alert(48))
        connection.close(when + 1.21)
        alias, asked = name(text.replace(b".", b"")[:60], b"trafficmanager", b"net"), name(*connections.LOGIN.encode().split(b"."))
        c.udp(when + 2, (client.address, 50011), RESOLVER, dns(number, QUESTION, asked))
        c.udp(when + 2.02, RESOLVER, (client.address, 50011), dns(number, REFUSED, asked, [(asked, 5, alias)]))
        clear_http(c, when + 3, client, text)


@capture("keys/hostile-answers.pcapng", "2026-09-14T12:30:00")
def hostile_answers(c):
    """The texts in hosts, methods and paths of decrypted requests, and in what their answers say."""
    client = KeyedClient(c)
    door = client.open(0.0, "teams.microsoft.com", "52.113.194.132")
    for number, text in enumerate(TEXTS):
        when, safe = 1 + number, text.decode("utf-8", "replace")
        door.exchange(when, "GET", b"/api/chatsvc/" + text + b"/v1/users/" + text, host=text + b".teams.microsoft.com", status=404)
        door.exchange(when + 0.1, text, "/v2/")
        door.exchange(when + 0.2, "GET", "/api/csa/emea/api/v1", status=401, www_authenticate=b'Bearer error="' + text + b'"', retry_after=text,
                      location=b"https://" + text + b"/")
        for body in (json.dumps({"region": safe}).encode(), b'{"region": "' + text + b'"}'):
            door.exchange(when + 0.3, "POST", "/api/authsvc/v1.0/authz", body=body, sent={})
