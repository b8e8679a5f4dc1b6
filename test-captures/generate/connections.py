# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens to connections of a sign-in: refused, dropped, cut, intercepted, through a proxy; and what is none of these."""
import datetime
import struct

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.inet6 import ICMPv6DestUnreach, IPv6
from scapy.packet import Raw

import tls
from common import capture
from resolver import A, AAAA, NOERROR, NXDOMAIN, SERVFAIL, Resolver
from stun import opaque

START = "2026-03-02T09:00:00"
RESOLVER, ROUTER = "192.168.1.1", "192.168.1.1"
WEB, LOGIN, CONFIG, AUTH, PUSH = ("teams.microsoft.com", "login.microsoftonline.com", "config.teams.microsoft.com",
                                  "authsvc.teams.microsoft.com", "go-eu.trouter.teams.microsoft.com")
ADDRESSES = {WEB: "52.113.194.132", LOGIN: "20.190.128.10", CONFIG: "52.113.194.133", AUTH: "52.123.128.14", PUSH: "52.123.130.30"}
ALIASES = {WEB: ["s-0005.s-msedge.net"], LOGIN: ["login.mso.msidentity.com"]}
TLS_1_2, TLS_1_3 = 0x0303, 0x0304
FATAL = 2


# ---- TLS ----

def record(kind, content, version=TLS_1_2):
    return struct.pack("!BHH", kind, version, len(content)) + content


def client_hello(name, highest=TLS_1_3):
    """A ClientHello that offers versions up to this one."""
    hello = tls.client_hello_message(name)
    offered = bytes.fromhex("002b0005040304") + b"\x03\x03"     # the extension of tls.py
    assert offered in hello
    if highest == TLS_1_3:
        return record(22, hello, 0x0301)
    body = hello[4:].replace(offered, b"")
    at = 2 + 32 + 1 + 2 + 6 + 2                                  # to the length of the extensions
    length = struct.unpack("!H", body[at:at + 2])[0] - len(offered)
    body = struct.pack("!H", highest) + body[2:at] + struct.pack("!H", length) + body[at + 2:]
    return record(22, b"\x01" + len(body).to_bytes(3, "big") + body, 0x0301)


def server_hello(version):
    extension = bytes.fromhex("002b00020304") if version == TLS_1_3 else b"\xff\x01\x00\x01\x00"
    body = (b"\x03\x03" + opaque("server random", 32) + b"\x00" + bytes.fromhex("1301" if version == TLS_1_3 else "c02b") + b"\0"
            + struct.pack("!H", len(extension)) + extension)
    return record(22, b"\x02" + len(body).to_bytes(3, "big") + body)


def certificate(name, issuer, organisation, first=2026, last=2027):
    """The message with one certificate, the same bytes each time."""
    key = Ed25519PrivateKey.from_private_bytes(opaque(("key", issuer), 32))
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Microsoft Corporation"), x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (x509.CertificateBuilder().subject_name(subject)
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
                                    x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key()).serial_number(0x1234567)
            .not_valid_before(datetime.datetime(first, 1, 1)).not_valid_after(datetime.datetime(last, 1, 1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False).sign(key, None))
    der = made.public_bytes(serialization.Encoding.DER)
    chain = len(der).to_bytes(3, "big") + der
    body = len(chain).to_bytes(3, "big") + chain
    return record(22, b"\x0b" + len(body).to_bytes(3, "big") + body) + record(22, b"\x0e\0\0\0")


def alert(number):
    return record(21, bytes([FATAL, number]))


CHANGE = record(20, b"\x01")


# ---- clients ----

class Client:
    """A client that resolves and connects; each method of a failure goes as far as its name says."""

    def __init__(self, c, address="192.168.1.20"):
        self.c, self.address, self.port = c, address, 50000 + sum(map(ord, address)) % 500
        self.resolver = Resolver(c, address, RESOLVER)

    def end(self):
        self.port += 1
        return (self.address, self.port)

    def ask(self, when, name, address=None):
        self.resolver.ask(when, name, [*ALIASES.get(name, []), address or ADDRESSES[name]] if address is None else [address])

    def open(self, when, name, address=None):
        """Asks for the name and connects: the connection, 0.1 s later."""
        self.ask(when, name, address)
        return self.c.tcp(when + 0.1, self.end(), (address or ADDRESSES[name], 443))

    def handshake(self, when, connection, name, shown=None):
        """Hello and the server's flight: of TLS 1.3, or of 1.2 with the certificate that is shown."""
        version = TLS_1_3 if shown is None else TLS_1_2
        connection.send(when, client_hello(name, version))
        flight = CHANGE + tls.application_data((name, "flight"), 900) if shown is None else shown
        connection.send(when + 0.03, server_hello(version) + flight, from_client=False)

    def finish(self, when, connection, name, shown=None):
        if shown is None:
            connection.send(when, CHANGE + tls.application_data((name, "finished"), 53))
            return
        connection.send(when, record(22, b"\x10\0\0\x21" + opaque(name, 33)) + CHANGE + record(22, opaque((name, "finished"), 40)))
        connection.send(when + 0.02, CHANGE + record(22, opaque((name, "server finished"), 40)), from_client=False)

    def exchange(self, when, connection, name, received=1200):
        connection.send(when, tls.application_data((name, "request"), 180))
        connection.send(when + 0.04, tls.application_data((name, "answer"), received), from_client=False)

    def use(self, when, connection, name, shown=None):
        self.handshake(when, connection, name, shown)
        self.finish(when + 0.06, connection, name, shown)
        self.exchange(when + 0.1, connection, name)

    def visit(self, when, name, address=None, shown=None):
        """A connection that works and ends."""
        connection = self.open(when, name, address)
        self.use(when + 0.15, connection, name, shown)
        connection.close(when + 0.4)

    def sign_in(self, when, names=(WEB, LOGIN, AUTH)):
        for n, name in enumerate(names):
            self.visit(when + n, name)

    def syn(self, when, end, server, answer=None):
        """A SYN alone, or with a RST for an answer."""
        def segment(at, source, target, **values):
            layers = TCP(sport=source[1], dport=target[1], window=64240, **values)
            self.c.frame(at, layers, source[0], target[0])
        sequence = 0x10000000 + end[1]      # that of common.Connection, which may repeat it
        segment(when, end, server, flags="S", seq=sequence)
        if answer == "RST":
            segment(when + 0.01, server, end, flags="RA", seq=0, ack=sequence + 1)


def reset(connection, when, from_client=False):
    connection._segment(when, from_client, "RA")


# ---- TCP ----

@capture("connections/healthy.pcap", START)
def healthy(c):
    """A sign-in that works in TLS 1.3 and 1.2: nothing is wrong with it. A SYN sent twice and a client that goes away in
    mid-handshake after a moment are no failures either."""
    client = Client(c)
    client.sign_in(0)
    client.visit(4, CONFIG, shown=certificate(CONFIG, "Microsoft TLS G2 RSA CA OCSP 04", "Microsoft Corporation"))
    client.ask(6, PUSH)
    end = client.end()
    client.syn(6.1, end, (ADDRESSES[PUSH], 443))
    push = c.tcp(7.1, end, (ADDRESSES[PUSH], 443))
    client.use(7.2, push, PUSH)


@capture("connections/tcp.pcap", START)
def tcp(c):
    """Identity never answers SYNs; config refuses with RST; authsvc is refused by a router, over IPv6 too; the front door works."""
    client = Client(c)
    client.visit(0, WEB)
    client.ask(2, LOGIN)
    end = client.end()
    for when in (2.1, 3.1, 5.1, 9.1):
        client.syn(when, end, (ADDRESSES[LOGIN], 443))
    client.ask(12, CONFIG)
    client.syn(12.1, client.end(), (ADDRESSES[CONFIG], 443), answer="RST")
    client.ask(14, AUTH)
    end = client.end()
    client.syn(14.1, end, (ADDRESSES[AUTH], 443))
    quoted = bytes(IP(src=end[0], dst=ADDRESSES[AUTH]) / TCP(sport=end[1], dport=443, seq=0x10000000 + end[1], flags="S"))[:28]
    c.frame(14.12, ICMP(type=3, code=13) / Raw(quoted), ROUTER, client.address)
    other = Client(c, "2001:db8::20")
    other.resolver = Resolver(c, other.address, "2001:db8::1")
    other.resolver.ask(15, WEB, ["s-0005.s-msedge.net", "2603:1063:27:2::14"], kind=AAAA)
    end = other.end()
    other.syn(15.1, end, ("2603:1063:27:2::14", 443))
    quoted = bytes(IPv6(src=end[0], dst="2603:1063:27:2::14") / TCP(sport=end[1], dport=443, seq=0x10000000 + end[1], flags="S"))
    c.frame(15.12, ICMPv6DestUnreach(code=1) / Raw(quoted), "2001:db8::1", other.address)
    client.visit(20, WEB)


@capture("connections/ipv6-dead.pcap", START)
def ipv6_dead(c):
    """IPv6 to the front door has no answer for 3 s, then IPv4; to identity IPv4 is tried after 0.25 s, as it should be."""
    client = Client(c)
    c.macs["2001:db8::14"] = "02:00:c0:a8:01:14"      # the client's card has both addresses
    client.resolver.ask(0, WEB, ["s-0005.s-msedge.net", "2603:1063:27:2::14"], kind=AAAA)
    end = ("2001:db8::14", 50999)
    for when in (0.1, 1.1, 3.0):
        client.syn(when, end, ("2603:1063:27:2::14", 443))
    client.visit(3.1, WEB)
    client.resolver.ask(5, LOGIN, ["login.mso.msidentity.com", "2603:1006:2000::9"], kind=AAAA)
    client.syn(5.1, ("2001:db8::14", 51000), ("2603:1006:2000::9", 443))
    client.visit(5.25, LOGIN)


@capture("connections/mtu.pcap", START)
def mtu(c):
    """A request of 1400 bytes is sent four times without an acknowledgement; a small one goes through."""
    client = Client(c)
    client.sign_in(0, (WEB, LOGIN))
    connection = client.open(3, AUTH)
    client.handshake(3.15, connection, AUTH)
    client.finish(3.2, connection, AUTH)
    request = tls.application_data("large", 1395)
    at = connection.sequence[True]
    for when in (3.3, 3.6, 4.2, 5.4):
        connection.sequence[True] = at
        connection.send(when, request)
    client.visit(8, CONFIG)


@capture("connections/idle.pcap", START)
def idle(c):
    """The push channel is reset three times after 60 s of silence, and connects again; a session elsewhere is reset after 3 s and
    another after 60 s, once each."""
    client = Client(c)
    client.sign_in(0)
    for n in range(4):
        connection = client.open(5 + 62 * n, PUSH)
        client.use(5.2 + 62 * n, connection, PUSH)
        if n < 3:
            reset(connection, 5.34 + 62 * n + 60)
    connection = client.open(6, CONFIG)
    client.use(6.2, connection, CONFIG)
    reset(connection, 9.3)
    connection = client.open(10, CONFIG)
    client.use(10.2, connection, CONFIG)
    reset(connection, 70.3)


@capture("connections/idle-elsewhere.pcap", START)
def idle_elsewhere(c):
    """Chat is reset three times after 60 s of silence, as servers do with connections that nobody uses."""
    client = Client(c)
    client.sign_in(0)
    for n in range(4):
        connection = client.open(5 + 62 * n, CONFIG)
        client.use(5.2 + 62 * n, connection, CONFIG)
        if n < 3:
            reset(connection, 5.34 + 62 * n + 60)


# ---- DNS ----

@capture("connections/blocked-aliases.pcap", START)
def blocked_aliases(c):
    """A resolver blocks an alias in the middle of three chains: with NXDOMAIN, with SERVFAIL, and with no address; others work."""
    client = Client(c)
    client.visit(0, WEB)
    for when, name, rcode in ((2, LOGIN, NXDOMAIN), (4, AUTH, SERVFAIL), (6, CONFIG, NOERROR)):
        for kind in (A, AAAA):
            client.resolver.ask(when, name, ["blocked.trafficmanager.net"], kind=kind, rcode=rcode)
    client.visit(8, WEB)


# ---- TLS ----

@capture("connections/server-name.pcap", START)
def server_name(c):
    """After the name: a RST, a FIN, and nothing at all until the client gives up; identity works."""
    client = Client(c)
    client.visit(0, LOGIN)
    for when, name in ((2, WEB), (4, CONFIG)):
        connection = client.open(when, name)
        connection.send(when + 0.15, client_hello(name))
        connection._segment(when + 0.18, False, "RA" if name == WEB else "FA")
    connection = client.open(6, AUTH)
    connection.send(6.15, client_hello(AUTH))
    connection._segment(6.2, False, "A")
    connection.close(14.2)
    client.visit(16, LOGIN)


@capture("connections/alerts.pcap", START)
def alerts(c):
    """TLS 1.1 is refused with alert 70, ciphers with 40, and a third handshake with 49, access denied; close_notify is no failure."""
    client = Client(c)
    client.visit(0, WEB)
    for when, name, number, highest in ((2, LOGIN, 70, 0x0302), (4, CONFIG, 40, TLS_1_2), (6, AUTH, 49, TLS_1_3)):
        connection = client.open(when, name)
        connection.send(when + 0.15, client_hello(name, highest))
        connection.send(when + 0.18, alert(number), from_client=False)
        connection.close(when + 0.2)
    connection = client.open(8, PUSH)
    client.use(8.15, connection, PUSH)
    connection.send(9, record(21, b"\x01\x00"))
    connection.close(9.1)


@capture("connections/certificates.pcap", START)
def certificates(c):
    """An interceptor's certificate is refused for one name and accepted for another; Microsoft's own is refused as expired, which
    it is, and by a client that does not know the issuer; in TLS 1.3 a client leaves after the server's flight."""
    client = Client(c)
    microsoft, contoso = ("Microsoft TLS G2 RSA CA OCSP 04", "Microsoft Corporation"), ("Contoso Inspection CA", "Contoso")
    client.visit(0, WEB)
    connection = client.open(2, LOGIN)
    client.handshake(2.15, connection, LOGIN, certificate(LOGIN, *contoso))
    connection.send(2.2, alert(48))
    connection.close(2.21)
    client.visit(4, AUTH, shown=certificate(AUTH, *contoso))
    connection = client.open(6, CONFIG)
    client.handshake(6.15, connection, CONFIG, certificate(CONFIG, *microsoft, first=2024, last=2025))
    connection.send(6.2, alert(45))
    connection.close(6.21)
    connection = client.open(8, PUSH)
    client.handshake(8.15, connection, PUSH)
    connection.send(8.2, CHANGE + tls.application_data("alert", 19))
    connection.close(8.21)


@capture("connections/no-answer.pcap", START)
def no_answer(c):
    """Identity's session is established and its request has no answer in 8 s; another's small answer comes, and the client closes at once."""
    client = Client(c)
    client.visit(0, WEB)
    connection = client.open(2, LOGIN)
    client.handshake(2.15, connection, LOGIN)
    client.finish(2.2, connection, LOGIN)
    connection.send(2.25, tls.application_data("request", 180))
    connection.close(10.3)
    connection = client.open(12, AUTH)
    client.handshake(12.15, connection, AUTH)
    client.finish(12.2, connection, AUTH)
    client.exchange(12.25, connection, AUTH, 120)
    connection.close(12.4)


@capture("connections/quic.pcap", START)
def quic(c):
    """QUIC to the front door has no answer in three packets, and TCP is used; QUIC to identity is answered."""
    client = Client(c)
    client.ask(0, WEB)
    end = client.end()
    for when in (0.1, 0.4, 1.0):
        c.udp(when, end, (ADDRESSES[WEB], 443), tls.quic_initial(WEB))
    client.visit(1.5, WEB)
    client.ask(3, LOGIN)
    end = client.end()
    for when in (3.1, 3.4, 3.5):
        c.udp(when, end, (ADDRESSES[LOGIN], 443), tls.quic_initial(LOGIN))
        c.udp(when + 0.02, (ADDRESSES[LOGIN], 443), end, tls.quic_initial(None))
    tls.quic_exchange(c, 3.6, end, (ADDRESSES[LOGIN], 443))


@capture("connections/quic-answers.pcap", START)
def quic_answers(c):
    """What answers QUIC to each of three names: .20 sessions; .21 a Retry, .22 version negotiation, .23 an Initial, and no more (RFC 9000,
    17.2.1, 17.2.2 and 17.2.5), and .24 a session that the server ends at once. TCP works for .21 and .22."""
    connection_id = b"\x83\x94\xc8\xf0\x3e\x51\x57\x08"
    answers = {20: tls.quic_initial(None), 21: b"\xf0\0\0\0\x01\0\x08" + opaque("retry", 8 + 40 + 16),
               22: b"\xc0\0\0\0\0\0\x08" + connection_id + b"\xff\0\0\x1d", 23: tls.quic_initial(None), 24: tls.quic_initial(None)}
    for host, answer in answers.items():
        client = Client(c, f"192.168.1.{host}")
        for n, name in enumerate((WEB, LOGIN, AUTH)):
            client.ask(2 * n, name)
            end, server = client.end(), (ADDRESSES[name], 443)
            c.udp(2 * n + 0.1, end, server, tls.quic_initial(name))
            c.udp(2 * n + 0.12, server, end, answer)
            if host in (20, 24):
                tls.quic_exchange(c, 2 * n + 0.2, end, server, received=900 if host == 20 else 40)
            if host in (21, 22):
                client.visit(2 * n + 0.5, name)
        c.udp(20, (client.address, 50999), ("198.51.100.9", 123), bytes(48))


# ---- proxies ----

PROXY = ("192.168.1.8", 3128)


def connect(name, credentials=False):
    lines = [f"CONNECT {name}:443 HTTP/1.1", f"Host: {name}:443"] + ["Proxy-Authorization: Basic dTpw"] * credentials
    return "\r\n".join([*lines, "", ""]).encode()


def status(number, text):
    length = "" if number == 200 else "Content-Length: 0\r\n"
    return f"HTTP/1.1 {number} {text}\r\n{length}\r\n".encode()


def through(client, when, name, answers):
    """CONNECT once for each answer; a session inside after 200."""
    connection = client.c.tcp(when, client.end(), PROXY)
    for n, (number, text) in enumerate(answers):
        connection.send(when + 0.1 + 0.2 * n, connect(name, n > 0))
        connection.send(when + 0.13 + 0.2 * n, status(number, text), from_client=False)
    when += 0.2 * len(answers)
    if answers[-1][0] == 200:
        client.use(when + 0.1, connection, name)
    connection.close(when + 0.5)


@capture("connections/proxy.pcap", START)
def proxy(c):
    """Names that a proxy is asked for: let through, after credentials, never with credentials, forbidden, failed, a relay's; a
    stranger's name is nobody's."""
    client = Client(c)
    ok, needed = (200, "Connection established"), (407, "Proxy Authentication Required")
    through(client, 0, WEB, [ok])
    through(client, 2, LOGIN, [needed, ok])
    through(client, 4, CONFIG, [needed, needed])
    through(client, 6, PUSH, [(403, "Forbidden")])
    through(client, 8, AUTH, [(502, "Bad Gateway")])
    through(client, 10, "euaz.tr.teams.microsoft.com", [ok])
    through(client, 12, "www.example.org", [(403, "Forbidden")])


@capture("connections/proxy-forms.pcap", START)
def proxy_forms(c):
    """A target in absolute form, one in a SOCKS5 request by name, and requests to a server itself, which name none."""
    client = Client(c)
    through(client, 0, WEB, [(200, "Connection established")])
    connection = c.tcp(3, client.end(), PROXY)
    connection.send(3.1, f"GET http://{CONFIG}/config HTTP/1.1\r\nHost: {CONFIG}\r\n\r\n".encode())
    connection.send(3.2, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", from_client=False)
    connection = c.tcp(5, client.end(), ("192.168.1.8", 1080))
    connection.send(5.1, b"\x05\x01\x00")
    connection.send(5.13, b"\x05\x00", from_client=False)
    connection.send(5.16, b"\x05\x01\x00\x03" + bytes([len(LOGIN)]) + LOGIN.encode() + struct.pack("!H", 443))
    connection.send(5.2, b"\x05\x00\x00\x01" + bytes(6), from_client=False)
    client.use(5.3, connection, LOGIN)
    connection = c.tcp(7, client.end(), ("198.51.100.7", 80))
    connection.send(7.1, f"GET /{AUTH}:443 HTTP/1.1\r\nHost: www.example.org\r\n\r\n".encode())


# ---- names ----

def http2(kind, stream, payload=b"", flags=4):
    return len(payload).to_bytes(3, "big") + struct.pack("!BBI", kind, flags, stream) + payload


def http2_connect(stream, name):
    """HPACK (RFC 7541): literals without indexing; 2 is ":method" and 1 ":authority" of the static table."""
    target = f"{name}:443".encode()
    return http2(1, stream, b"\x02\x07CONNECT" + b"\x01" + bytes([len(target)]) + target)


def http2_status(stream, number):
    return http2(1, stream, b"\x88" if number == 200 else b"\x08\x03" + str(number).encode())


@capture("connections/proxy-http2.pcap", START)
def proxy_http2(c):
    """Four tunnels in one session of HTTP/2 with a proxy (RFC 9113 8.5): two carry data, 403 for the push channel, 502 for authsvc;
    one goes to a name of others."""
    client = Client(c)
    session = c.tcp(0, client.end(), (ROUTER, 8080))
    session.send(0.05, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + http2(4, 0, flags=0))
    session.send(0.06, http2(4, 0, flags=0) + http2(4, 0, flags=1), from_client=False)
    for n, (name, number) in enumerate(((WEB, 200), ("www.example.com", 200), (LOGIN, 200), (PUSH, 403), (AUTH, 502))):
        stream, when = 2 * n + 1, 1 + n
        session.send(when, http2_connect(stream, name))
        session.send(when + 0.05, http2_status(stream, number), from_client=False)
        if number == 200:
            session.send(when + 0.1, http2(0, stream, client_hello(name), flags=0))
            session.send(when + 0.15, http2(0, stream, server_hello(TLS_1_3) + tls.application_data(name, 900), flags=0), from_client=False)


@capture("connections/one-address.pcap", START)
def one_address(c):
    """A captive portal: three names of different services at one private address. Two hosts whose names share one of Microsoft's are none."""
    client, other = Client(c), Client(c, "192.168.1.21")
    for n, name in enumerate((WEB, LOGIN, "statics.teams.cdn.office.net")):
        client.ask(n, name, "192.168.1.1")
    other.sign_in(10)
    for n, name in enumerate((WEB, CONFIG, AUTH)):
        other.ask(14 + n, name, ADDRESSES[WEB])
