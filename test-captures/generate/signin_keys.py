# SPDX-License-Identifier: GPL-2.0-or-later
"""Sign-ins whose TLS keys are in the file: what today's client asks one front door for, by path."""
import csv
import os

from common import capture
from http_peers import Http1, Http2
from signin import CLIENT, Client, allocate

TENANT, USER = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "11112222-3333-4444-5555-666677778888"
THREAD = "19:0123456789abcdef0123456789abcdef@thread.v2"
ROWS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../plugins/teams-dns/data/paths.csv")


class KeyedClient(Client):
    """A client that writes a key log, which goes into the capture."""

    def open(self, when, name, *steps, kind=Http2, keys=True, rtt=0.02):
        """Resolves the name and opens a connection; where no steps are given, to the address found before."""
        if steps:
            self.found = self.resolver.ask(when, name, steps)
        self.port += 1
        peer = kind(self.capture, when + 0.03, (self.address, self.port), (self.found, 443), name, rtt)
        if keys:
            self.capture.secrets += peer.tls.key_log()
        return peer


def region_map(region):
    """As much of the token's answer as matters: what Teams' own has is a hundred addresses."""
    return {"tokens": {"skypeToken": "e" * 200, "expiresIn": 86399, "tokenType": "SkypeToken"}, "region": region,
            "partition": region + "01", "regionGtms": {"middleTier": "https://teams.microsoft.com/api/mt/" + region}}


# ---- worldwide ----

def bootstrap(c):
    client = KeyedClient(c, getattr(c, "client", CLIENT))
    door = client.open(0.0, "teams.microsoft.com", "teams-office-com.s-0005.dual-s-msedge.net", "s-0005.dual-s-msedge.net",
                       "52.113.194.132")
    door.exchange(0.2, "GET", "/v2/", took=0.06)
    login = client.open(1.1, "login.microsoftonline.com", "login.mso.msidentity.com", "ak.privatelink.msidentity.com", "40.126.32.74")
    login.exchange(1.3, "GET", f"/{TENANT}/oauth2/v2.0/authorize?client_id=5e3ce6c0&login_hint=ada%40contoso.example", took=0.11)
    login.exchange(1.8, "POST", "/common/GetCredentialType?mkt=en", body={"IfExistsResult": 0}, sent={"username": "ada@contoso.example"})
    return client, door, login


def with_token(c):
    """The same, as far as the token of a service, which gives a region."""
    client, door, login = bootstrap(c)
    login.exchange(6.0, "POST", f"/{TENANT}/oauth2/v2.0/token", body={"token_type": "Bearer"})
    door.exchange(6.4, "POST", "/api/authsvc/v1.0/authz", body=region_map("emea"), sent={})
    return client, door, login


@capture("keys/modern-signin.pcapng", "2026-09-14T08:30:00")
def modern_signin(c):
    """Every stage from the page to the set-up of a call."""
    client, door, login = bootstrap(c)
    login.exchange(6.0, "POST", f"/{TENANT}/oauth2/v2.0/token", body={"token_type": "Bearer", "access_token": "x" * 64}, took=0.18)
    config = client.open(6.3, "config.teams.microsoft.com", "config-teams.s-0005.s-msedge.net", "s-0005.s-msedge.net", "52.113.194.132")
    config.exchange(6.5, "GET", "/config/v1/MicrosoftTeams/1415_1.0.0.0?environment=prod", body={"ECS": {}})
    door.exchange(6.9, "POST", "/api/authsvc/v1.0/authz", body=region_map("emea"), sent={}, took=0.09)
    push = client.open(7.1, "go-eu.trouter.teams.microsoft.com", "52.123.130.30", kind=Http1)
    push.upgrade(7.3, f"/v4/c?tc=%7B%7D&timeout=40&epid={USER}")
    push.message(7.4, 1, b"1::", from_client=False)
    push.message(7.5, 1, b'5:::{"name":"user.authenticate"}')
    door.exchange(7.8, "POST", "/registrar/prod/V2/registrations", status=202, sent={"registrationId": USER}, took=0.07)
    streams = [door.ask(8.2 + n / 100, method, path) for n, (method, path) in enumerate([
        ("GET", "/api/csa/emea/api/v3/teams/users/me/updates?isPrefetch=false"),
        ("GET", f"/api/chatsvc/emea/v1/users/ME/conversations/{THREAD}/messages?pageSize=20"),
        ("PUT", "/ups/emea/v1/me/endpoints/"),
        ("GET", f"/api/mt/emea/beta/users/8:orgid:{USER}/"),
        ("GET", f"/api/mt/emea/v2.0/me/calendars/events/{USER}")])]
    for n, stream in enumerate(reversed(streams)):
        door.answer(8.3 + n / 100, stream, body={"value": []})
    door.exchange(9.0, "GET", f"/api/newservice/emea/v1/users/{USER}/things", body={"value": []})
    graph = client.open(9.2, "graph.microsoft.com", "ags.privatelink.msidentity.com", "20.190.160.97")
    graph.exchange(9.4, "GET", "/v1.0/me/photo/$value")
    telemetry = client.open(10.0, "eu-teams.events.data.microsoft.com", "20.42.73.29")
    telemetry.exchange(10.2, "POST", "/OneCollector/1.0/?cors=true", sent={"name": "event"})
    door.exchange(14.0, "GET", "/trap/tokens", body={"username": "AAEC"})
    proxy = client.open(20.0, "api-emea.flightproxy.teams.microsoft.com", "ep-euno-03-prod-aks.flightproxy.teams.microsoft.com", "52.123.160.20")
    proxy.exchange(20.2, "POST", "/api/v2/epconv", status=201, sent={"callInvitation": {}}, took=0.21)
    push.message(20.6, 9, b"")
    push.message(20.64, 10, b"", from_client=False)
    push.message(20.7, 1, b'3:::{"id":1}', from_client=False)
    relay = client.resolver.ask(21.0, "euaz.relay.teams.microsoft.com", ["euaz.relay.teams.trafficmanager.net", "52.123.170.40"])
    allocate(c, 21.1, (client.address, 50012), (relay, 3478))
    push.message(40.0, 8, b"\x03\xe9", from_client=False)
    push.close(40.1)


@capture("keys/gcc-high-signin.pcapng", "2026-09-14T13:30:00")
def gcc_high(c):
    """The same under the names of GCC High, whose paths are those of the worldwide cloud as far as is known."""
    client = KeyedClient(c)
    door = client.open(0.0, "gov.teams.microsoft.us", "52.127.88.59")
    door.exchange(0.2, "GET", "/v2/", took=0.06)
    login = client.open(0.9, "login.microsoftonline.us", "20.140.232.10")
    login.exchange(1.1, "GET", f"/{TENANT}/oauth2/v2.0/authorize?client_id=5e3ce6c0", took=0.1)
    login.exchange(5.0, "POST", f"/{TENANT}/oauth2/v2.0/token", body={"token_type": "Bearer"}, took=0.15)
    config = client.open(5.4, "config.ecs.gov.teams.microsoft.us", "52.127.88.70")
    config.exchange(5.6, "GET", "/config/v1/MicrosoftTeams/1415_1.0.0.0?environment=gcchigh", body={"ECS": {}})
    door.exchange(6.0, "POST", "/api/authsvc/v1.0/authz", body=region_map("gcch"), sent={}, took=0.08)
    push = client.open(6.3, "go.trouter.gov.teams.microsoft.us", "52.127.89.30", kind=Http1)
    push.upgrade(6.5, "/v4/c?timeout=40")
    door.exchange(6.9, "POST", "/v2/registrations", status=202, sent={"registrationId": USER})
    door.exchange(7.2, "GET", "/api/chatsvc/gcch/v1/users/ME/conversations", body={"conversations": []})
    presence = client.open(7.6, "presence.gov.teams.microsoft.us", "52.127.89.10")
    presence.exchange(7.8, "POST", "/v1/presence/getpresence/", body=[], sent=[])
    door.exchange(9.0, "GET", "/trap/tokens", body={"username": "AAEC"})
    relay = client.resolver.ask(15.0, "relay.gov.teams.microsoft.us", ["52.127.90.14"])
    allocate(c, 15.1, (client.address, 50014), (relay, 3478))


# ---- what goes wrong ----

@capture("keys/refused-token.pcapng", "2026-09-14T09:00:00")
def refused_token(c):
    """The token service asks for more claims, three times, and that is the end."""
    client, door, login = bootstrap(c)
    for n in range(3):
        login.exchange(6.0 + 8 * n, "POST", f"/{TENANT}/oauth2/v2.0/token", body={"token_type": "Bearer"}, took=0.18)
        door.exchange(6.5 + 8 * n, "POST", "/api/authsvc/v1.0/authz", status=401, sent={},
                      www_authenticate='Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
                                       'error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="')


@capture("keys/no-token.pcapng", "2026-09-14T09:10:00")
def no_token(c):
    """The token is refused, and what succeeds needs none: preflights, HEAD, the push channel."""
    client, door, login = bootstrap(c)
    login.exchange(6.0, "POST", f"/{TENANT}/oauth2/v2.0/token", body={"token_type": "Bearer"}, took=0.18)
    for n in range(2):
        door.exchange(6.5 + 2 * n, "POST", "/api/authsvc/v1.0/authz", status=401, sent={}, www_authenticate='Bearer error="invalid_token"')
    for n, path in enumerate(("/api/authsvc/v1.0/authz", "/api/chatsvc/emea/v1/users/ME/conversations")):
        door.exchange(11.0 + n, "OPTIONS", path)
        door.exchange(11.5 + n, "HEAD", path)
    push = client.open(14.0, "go.trouter.teams.microsoft.com", "52.123.130.31", kind=Http1)
    push.exchange(14.2, "GET", "/")
    push.upgrade(14.4, "/v4/c?timeout=40")


@capture("keys/denied-at-identity.pcapng", "2026-09-14T09:20:00")
def denied_at_identity(c):
    """The page of identity is seen, and its token is refused as OAuth 2.0 has it."""
    client, door, login = bootstrap(c)
    for n in range(3):
        login.exchange(6.0 + 2 * n, "POST", f"/{TENANT}/oauth2/v2.0/token", status=400, body={"error": "invalid_grant"})


@capture("keys/denied-elsewhere.pcapng", "2026-09-14T10:20:00")
def denied_elsewhere(c):
    """The same of the US government's cloud, over HTTP/1.1, twice; .21 is refused once and then has its token."""
    for n, statuses in ((20, (400, 400)), (21, (400, 200))):
        client = KeyedClient(c, f"192.168.1.{n}")
        client.open(0, "gov.teams.microsoft.us", "52.127.88.59", kind=Http1).exchange(0.3, "GET", "/v2/")
        login = client.open(2, "login.microsoftonline.us", "20.140.232.10", kind=Http1)
        for again, status in enumerate(statuses):
            login.exchange(2.3 + again, "POST", "/common/oauth2/v2.0/token", status=status, body={"error": "invalid_grant"} if status == 400 else {})


@capture("keys/odd-http.pcapng", "2026-09-14T09:40:00")
def odd_http(c):
    """A sign-in that goes through, with what HTTP allows and few clients send."""
    client, door, _ = with_token(c)
    door.exchange(6.8, "GET", "/api/chatsvc/emea/v1/users/ME/conversations", body={"conversations": []})
    # RFC 8441: a WebSocket in HTTP/2.
    push = client.open(7.0, "go.trouter.teams.microsoft.com", "52.123.130.31")
    stream = push.connect(7.2, "/v4/c?timeout=40")
    push.message(7.3, stream, 1, b"1::", from_client=False)
    push.message(7.35, stream, 1, b'5:::{"name":"user.authenticate"}')
    push.message(7.5, stream, 9, b"")
    push.message(7.54, stream, 10, b"", from_client=False)
    # Frames of WebSockets need not end where those of HTTP/2 do.
    push.pieces(7.6, stream, 1, b"3:::" + b"x" * 300, 7, from_client=False)
    push.message(40.0, stream, 8, b"\x03\xf4", from_client=False)
    door.exchange(7.4, "CONNECT", "/v4/c?timeout=40", host="go.trouter.teams.microsoft.com", status=403)
    slow = client.open(8.0, "presence.teams.microsoft.com", "52.123.145.9", kind=Http1)
    path, name = "/v1/presence/getpresence/", "presence.teams.microsoft.com"
    slow.exchange(8.2, "GET", path)
    # Two at once, a third while the second still waits: the 503 is the second's.
    for when in (9.0, 9.01):
        slow.ask(when, "GET", path)
    slow.answer(9.1)
    slow.ask(9.2, "POST", path)
    slow.answer(9.3, 503)
    slow.answer(9.4)
    # Of the answer that counts.
    slow.ask(10.0, "PUT", path, Expect="100-continue")
    slow.tls.send(10.1, b"HTTP/1.1 100 Continue\r\n\r\n", from_client=False)
    slow.answer(12.0)
    slow.ask(13.0, "DELETE", path)
    slow.tls.send(13.1, f"HTTP/1.1 103 Early Hints\r\nLink: <https://{name}/>\r\n\r\n".encode(), from_client=False)
    slow.answer(13.5)


@capture("keys/http2-sockets.pcapng", "2026-09-14T09:50:00")
def http2_sockets(c):
    """Five WebSockets in streams of one connection, and what RFC 6455 allows and forbids of their frames."""
    client, _, _ = with_token(c)
    push = client.open(7.0, "go.trouter.teams.microsoft.com", "52.123.130.31")
    streams = [push.connect(7.2 + n / 10, "/v4/c?timeout=40") for n in range(5)]
    # Byte by byte, all streams beside each other.
    push.pieces(8.0, streams[0], 1, b"1::", 1, from_client=False)
    push.pieces(8.1, streams[0], 2, b"\x88\x02\x03\xe8", 1)
    push.pieces(8.2, streams[0], 9, b"x" * 125, 1)
    push.pieces(8.4, streams[0], 10, b"", 1, from_client=False)
    # Lengths of 16 and 64 bits, and a message in three frames.
    push.message(9.0, streams[1], 2, b"\x89\x00" * 5000)
    push.raw(9.1, streams[1], b"\x82\x7f" + (70000).to_bytes(8, "big") + b"\x88\x00" * 7000, from_client=False)
    for n in range(4):
        push.raw(9.2 + n / 100, streams[1], b"\x89\x00" * 7000, from_client=False)
    push.raw(9.3, streams[1], b"\x01\x80abcd" + b"\x00\x81abcd\x00" + b"\x80\x80abcd")
    push.message(9.4, streams[1], 8, b"", from_client=False)
    # A server that masks; a client that does not; an opcode that there is not; a long ping.
    push.message(10.0, streams[2], 1, b"1::", from_client=False)
    push.raw(10.1, streams[2], b"\x89\x80abcd" + b"\x88\x82abcd\x00\x00", from_client=False)
    push.raw(10.2, streams[2], b"\x81\x03xyz" + b"\x88\x02\x03\xe8")
    push.message(10.3, streams[3], 1, b"1::")
    push.raw(10.4, streams[3], b"\x83\x80abcd" + b"\x89\x80abcd")
    push.raw(10.5, streams[3], b"\x89\x7e\x01\x00" + b"x" * 256, from_client=False)
    push.raw(10.6, streams[4], b"\x89\x00" + b"\x88\x04\x0f\xa0so", from_client=False)
    push.message(10.7, streams[4], 8, b"\x0f\xa0")
    push.pieces(11.0, streams[0], 8, b"\x03\xe9bye", 1)
    push.message(11.1, streams[0], 8, b"\x03\xe9", from_client=False)


@capture("keys/throttled-once.pcapng", "2026-09-14T09:30:00")
def throttled_once(c):
    """Identity, the token service and chat limit the client once (429), and serve it when it asks again."""
    _, door, login = bootstrap(c)
    login.exchange(6.0, "POST", f"/{TENANT}/oauth2/v2.0/token", status=429, retry_after="1")
    login.exchange(7.2, "POST", f"/{TENANT}/oauth2/v2.0/token", body={"token_type": "Bearer"})
    for when, method, path in ((8, "POST", "/api/authsvc/v1.0/authz"), (11, "GET", "/api/chatsvc/amer/v1/users/ME/conversations")):
        door.exchange(when, method, path, status=429, retry_after="1")
        door.exchange(when + 1.2, method, path, body=region_map("amer") if when == 8 else {})


@capture("keys/answers.pcapng", "2026-09-14T09:30:00")
def answers(c):
    """A sign-in that goes through, and one of each answer that is worth telling; a 401 that the next answer mends."""
    client, door, login = bootstrap(c)
    login.exchange(6.0, "POST", f"/{TENANT}/oauth2/v2.0/token", body={"token_type": "Bearer"})
    door.exchange(6.4, "POST", "/api/authsvc/v1.0/authz", status=401, sent={}, www_authenticate='Bearer error="invalid_token"')
    door.exchange(6.8, "POST", "/api/authsvc/v1.0/authz", body=region_map("amer"), sent={})
    door.exchange(7.2, "GET", "/api/chatsvc/amer/v1/users/ME/conversations", status=429, retry_after="30")
    door.exchange(7.4, "GET", "/api/csa/amer/api/v3/teams/users/me/updates", status=403, www_authenticate='Bearer error="insufficient_scope"')
    door.exchange(7.6, "GET", "/api/mt/amer/beta/users/tenants", body=[])
    door.exchange(7.8, "GET", "/api/mt/amer/beta/userSettings/breakthroughlist", status=410)
    door.exchange(8.0, "PUT", "/ups/amer/v1/me/endpoints/", status=503, retry_after="Mon, 14 Sep 2026 09:31:00 GMT")
    push = client.open(8.4, "go.trouter.teams.microsoft.com", "52.123.130.31", kind=Http1)
    push.upgrade(8.6, "/v4/c?timeout=40")
    push.message(9.0, 8, b"\x03\xf3\x73\x6f", from_client=False)
    slow = client.open(9.4, "presence.teams.microsoft.com", "52.123.145.9", kind=Http1)
    slow.ask(9.6, "POST", "/v1/presence/getpresence/", body=[])
    # The first byte of the answer comes long before its last.
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"
    slow.tls.send(9.7, half, from_client=False)
    slow.tls.send(10.7, b"x" * 40, from_client=False)
    # Two requests at once: of HTTP/1 it is not known for sure which answer is whose.
    slow.tls.send(11.0, b"GET /v1/presence/a HTTP/1.1\r\nHost: presence.teams.microsoft.com\r\n\r\n" * 2)
    slow.answer(11.1, 500)


@capture("keys/login-loop.pcapng", "2026-09-14T10:00:00")
def login_loop(c):
    """The page sends the client back to identity, and no token follows."""
    client, door, login = bootstrap(c)
    for n in range(5):
        door.exchange(6.0 + 3 * n, "GET", "/v2/", status=302,
                      location=f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize?client_id=5e3ce6c0")
        login.exchange(6.5 + 3 * n, "GET", f"/{TENANT}/oauth2/v2.0/authorize?client_id=5e3ce6c0", status=302,
                       location="https://teams.microsoft.com/v2/#code=0.AAAA")


AUTHORIZE = f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize?client_id=5e3ce6c0"


@capture("keys/identity-loop.pcapng", "2026-09-14T10:10:00")
def identity_loop(c):
    """Identity sends the client round by pages of its own, by addresses with and without a host (RFC 3986, 4.2)."""
    client, _door, login = bootstrap(c)
    for n in range(3):
        login.exchange(6.0 + n, "GET", f"/{TENANT}/oauth2/v2.0/authorize?client_id=5e3ce6c0", status=302, location="/common/reprocess?ctx=rQIIAa")
        login.exchange(6.5 + n, "GET", "/common/reprocess?ctx=rQIIAa", status=302, location=AUTHORIZE)
    login.exchange(9.0, "GET", f"/{TENANT}/oauth2/v2.0/authorize?client_id=5e3ce6c0", status=302, location="//login.microsoftonline.com/common/reprocess?ctx=x")


@capture("keys/result-loop.pcapng", "2026-09-14T10:20:00")
def result_loop(c):
    """Identity hands over a code and gives a token each time, and the page, which answers well, asks again."""
    client, door, login = bootstrap(c)
    for n in range(4):
        login.exchange(6.0 + 4 * n, "GET", f"/{TENANT}/oauth2/v2.0/authorize?client_id=5e3ce6c0", status=302,
                       location="https://teams.microsoft.com/v2/#code=0.AAAA")
        door.exchange(6.5 + 4 * n, "GET", "/v2/")
        login.exchange(7.0 + 4 * n, "POST", f"/{TENANT}/oauth2/v2.0/token", body={"token_type": "Bearer"})


@capture("keys/redirects.pcapng", "2026-09-14T10:30:00")
def redirects(c):
    """No loop: several frames of a page ask identity at once; a federated domain; an error instead of a code; then the user goes away."""
    client, _door, login = bootstrap(c)
    path = f"/{TENANT}/oauth2/v2.0/authorize?client_id=5e3ce6c0&prompt=none"
    streams = [login.ask(6.0 + n / 100, "GET", path) for n in range(5)]
    for n, stream in enumerate(streams):
        login.answer(6.2 + n / 100, stream, 302, location="/common/reprocess?ctx=x")
    for n in range(3):
        login.exchange(8.0 + 3 * n, "GET", path, status=302, location="https://teams.microsoft.com/v2/#error=login_required&state=x")
        login.exchange(9.0 + 3 * n, "GET", path, status=302, location="https://adfs.contoso.example/adfs/ls/?wctx=code")
    # A frame of each kind that hands over a code: three rounds at most.
    for n in range(3):
        for beside in range(3):
            login.exchange(20.0 + 4 * n + beside / 10, "GET", "/common/oauth2/v2.0/authorize?client_id=5e3ce6c0", status=302,
                           location="https://teams.microsoft.com/v2/#code=0.AAAA")


@capture("keys/nothing-of-stages.pcapng", "2026-09-14T10:40:00")
def nothing_of_stages(c):
    """What says nothing of a stage: the root of a host, HEAD, paths that the table has not, a region that is none."""
    client, door, login = bootstrap(c)
    for n, (name, path) in enumerate([("go.trouter.teams.microsoft.com", "/"), ("presence.teams.microsoft.com", "/"), ("substrate.office.com", "/"),
                                      ("eu-api.asm.skype.com", "/")]):
        host = client.open(6.0 + n, name, f"52.123.130.{40 + n}")
        host.exchange(6.3 + n, "GET", path)
        host.exchange(6.5 + n, "HEAD", path)
        host.exchange(6.7 + n, "GET", "/robots.txt", status=401)
    door.exchange(11.0, "HEAD", "/registrar/prod/v2/registrations")
    door.exchange(11.5, "GET", "/registrar/prod/v2/registrations")
    door.exchange(12.0, "GET", "/api/chatsvc/abcd/v1/users/ME/conversations")
    door.exchange(12.5, "HEAD", "/api/chatsvc/emea/v1/users/ME/conversations")


@capture("keys/tenants.pcapng", "2026-09-14T10:50:00")
def tenants(c):
    """Hosts with the name of a customer, asked for files; two refuse, one loops."""
    client, door, _ = with_token(c)
    door.exchange(6.8, "GET", "/api/chatsvc/emea/v1/users/ME/conversations", body={"conversations": []})
    for n, (name, status) in enumerate([("contoso.sharepoint.com", 200), ("contoso-my.sharepoint.com", 403), ("contoso.sharepoint.us", 503),
                                        ("contoso.sharepoint-mil.us", 200), ("contoso.sharepoint.cn", 401),
                                        ("contoso.communication.azure.com", 200), ("contoso.sharepoint.usercontent.microsoft", 200)]):
        files = client.open(8.0 + n, name, f"13.107.136.{10 + n}")
        files.exchange(8.4 + n, "GET", "/personal/ada_contoso_example/Documents", status=status)


# ---- the table, and what nobody should send ----

def sample(row, host):
    """A host and path that fit the row."""
    words = {"*": "1415_1.0.0.0", "**": "some/" + USER, "{region}": "emea"}
    parts = [words.get(part, part) for part in row["path"].split("/")]
    return host.replace("*", "eu"), "/".join(parts)


@capture("keys/every-path.pcapng", "2026-09-14T11:00:00")
def every_path(c):
    """Each row of the table once, at each of its hosts, in the order of the table."""
    client = KeyedClient(c)
    peers, when = {}, 1.0
    client.open(0.0, "teams.microsoft.com", "52.113.194.132").exchange(0.3, "GET", "/v2/")
    with open(ROWS, encoding="ascii", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for host in row["host"].split("|"):
            name, path = sample(row, host)
            if name not in peers:
                peers[name] = client.open(when, name, f"52.123.{len(peers) // 200}.{len(peers) % 200 + 1}")
                when += 0.3
            peers[name].exchange(when, row["method"] or "GET", path, took=0.01)
            when += 0.05


@capture("keys/hostile-paths.pcapng", "2026-09-14T12:00:00")
def hostile_paths(c):
    """Control characters, bytes that are no UTF-8, 64 kB, and identifiers in every place."""
    client = KeyedClient(c)
    door = client.open(0.0, "teams.microsoft.com", "52.113.194.132")
    odd = [b"/api/chatsvc/emea/v1/users/\x1b[31mred\x07\n\r\x00", b"/api/\xff\xfe\xc3(/\xe2\x80\xaeevil", b"/" + b"a" * 65000,
           b"/" + b"a/" * 2000, b"/api/chatsvc/emea/v1/threads/" + THREAD.encode(), b"/api/mt/emea/beta/users/ada@contoso.example",
           b"/" + TENANT.encode() + b"/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", b"/api/csa/emea/api/%2e%2e/%00/users/ada",
           b"", b"*", b"//", b"?token=secret", b"https://other.example/v2?x=/api/authsvc/v1.0/authz", b"/users/ada/groups/finance/secretproject",
           b"/l/channel/19%3a0a%40thread.tacv2/Layoffs?groupId=1", b"/api/csa/emea/api/v1/email/janedoe", b"/meet/janedoe/layoffs"]
    for n, path in enumerate(odd):
        door.exchange(0.3 + n, "GET", path)
    for n, host in enumerate([b"\xff\xfe", b"a" * 300, b"teams.microsoft.com:443", b"TEAMS.MICROSOFT.COM", b"x y"]):
        door.exchange(20.0 + n, "GET", "/v2/", host=host)
    for n, method in enumerate([b"G\x1bT", b"A" * 40, b"OPTIONS", b"CONNECT"]):
        door.exchange(30.0 + n, method, "/v2/")
    for n, header in enumerate([b"30\x1b[2J", b"99999999999", b"<script>", b"Tue \xff"]):
        door.exchange(40.0 + n, "GET", "/v2/", status=429, retry_after=header)
