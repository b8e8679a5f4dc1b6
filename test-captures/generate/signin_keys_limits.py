# SPDX-License-Identifier: GPL-2.0-or-later
"""Sign-ins whose TLS keys are in the file, and of which it would be easy to say too much."""
from common import capture
from http_peers import Http1
from signin_keys import AUTHORIZE, TENANT, KeyedClient, bootstrap, region_map

TOKEN, ENTRA = "/api/authsvc/v1.0/authz", f"/{TENANT}/oauth2/v2.0/token"
PRESENCE = ("presence.teams.microsoft.com", "52.123.145.9", "/v1/presence/getpresence/")
PAGE = {"page": "x" * 200}


def refuse(door, when, **headers):
    door.exchange(when, "POST", TOKEN, status=401, sent={}, www_authenticate='Bearer error="invalid_token"', **headers)


def signed_in(c):
    client, door, login = bootstrap(c)
    login.exchange(6.0, "POST", ENTRA, body={"token_type": "Bearer"})
    door.exchange(6.4, "POST", TOKEN, body=region_map("emea"), sent={})
    door.exchange(6.8, "GET", "/api/chatsvc/emea/v1/users/ME/conversations", body={"conversations": []})
    return client, door


@capture("keys/asked-again-unread.pcapng", "2026-09-14T15:00:00")
def asked_again_unread(c):
    """The token is refused, and given in another session, whose keys are missing."""
    client, door, _login = bootstrap(c)
    refuse(door, 6.4)
    client.found = "52.113.194.132"
    other = client.open(6.6, "teams.microsoft.com", keys=False)
    other.exchange(6.9, "POST", TOKEN, body=region_map("emea"), sent={})
    for n in range(4):
        other.exchange(7.2 + n, "GET", "/api/chatsvc/emea/v1/users/ME/conversations", body=PAGE)
    push = client.open(11.0, "go.trouter.teams.microsoft.com", "52.123.130.31", keys=False)
    for n in range(3):
        push.exchange(11.2 + n, "GET", "/v4/c", body=PAGE)


@capture("keys/asked-again-at-end.pcapng", "2026-09-14T15:10:00")
def asked_again_at_end(c):
    """The token is refused, asked for again, and the capture ends."""
    _client, door, _login = bootstrap(c)
    refuse(door, 6.4)
    door.ask(7.0, "POST", TOKEN)


@capture("keys/other-application.pcapng", "2026-09-14T15:20:00")
def other_application(c):
    """The token is refused, licences first and with a region in the body; an application that is not Teams has one for Graph."""
    client, door, _login = bootstrap(c)
    door.exchange(6.2, "GET", "/api/authsvc/v1.0/lfts/eligibility", status=401)
    for n in range(3):
        refuse(door, 6.5 + 2 * n, body={"region": "emea"})
    graph = client.open(13.0, "graph.microsoft.com", "20.190.160.97")
    for n in range(2):
        graph.exchange(13.3 + n, "GET", "/v1.0/me/messages", body={"value": []})


@capture("keys/other-sign-ins.pcapng", "2026-09-14T15:30:00")
def other_sign_ins(c):
    """The page is open at identity; the user signs in to four other applications, and five hosts send once to identity."""
    client, _door, login = bootstrap(c)
    for n, host in enumerate(("portal.azure.example", "admin.example", "apps.example", "app.contoso.example")):
        login.exchange(10.0 + 5 * n, "GET", f"/common/oauth2/v2.0/authorize?client_id={n}", status=302, location=f"https://{host}/#code=0.AAAA")
        login.exchange(11.0 + 5 * n, "POST", "/common/oauth2/v2.0/token", body={"token_type": "Bearer"})
    for n, (host, path) in enumerate((("outlook.office.com", "/mail/"), ("contoso.sharepoint.com", "/sites/x"), ("contoso-my.sharepoint.com", "/"),
                                      ("substrate.office.com", "/search"), ("presence.teams.microsoft.com", "/x"))):
        service = client.open(40.0 + 3 * n, host, f"13.107.136.{20 + n}")
        service.exchange(40.3 + 3 * n, "GET", path, status=302, location=AUTHORIZE)
        login.exchange(41.0 + 3 * n, "GET", f"/{TENANT}/oauth2/v2.0/authorize?client_id={n}", body=PAGE)


@capture("keys/reloaded-page.pcapng", "2026-09-14T15:40:00")
def reloaded_page(c):
    """A page that is opened every ten minutes sends to identity, where nobody signs in."""
    client, _door, _login = bootstrap(c)
    for n in range(4):
        door = client.open(100.0 + 600 * n, "teams.microsoft.com", "52.113.194.132")
        door.exchange(100.3 + 600 * n, "GET", "/v2/", status=302, location=AUTHORIZE)
        login = client.open(101.0 + 600 * n, "login.microsoftonline.com", "40.126.32.74")
        login.exchange(101.3 + 600 * n, "GET", f"/{TENANT}/oauth2/v2.0/authorize?client_id=5e3ce6c0", body=PAGE)


@capture("keys/identity-unread.pcapng", "2026-09-14T17:00:00")
def identity_unread(c):
    """What the user does at identity is closed; open is a path there that the table has not, and which is forbidden."""
    client = KeyedClient(c)
    client.open(0.0, "teams.microsoft.com", "52.113.194.132", keys=False).exchange(0.3, "GET", "/v2/", body=PAGE)
    closed = client.open(1.0, "login.microsoftonline.com", "40.126.32.74", keys=False)
    for n in range(3):
        closed.exchange(1.3 + n, "POST", "/common/login", body=PAGE)
    shown = client.open(5.0, "login.microsoftonline.com", "40.126.32.74")
    shown.exchange(5.3, "GET", "/common/instrumentation/dssostatus", status=403)
    shown.exchange(15.0, "GET", "/favicon.ico", status=404)


@capture("keys/not-told.pcapng", "2026-09-14T15:50:00")
def not_told(c):
    """A sign-in that goes through; answers that are nobody's, sockets that are no push channel, names of customers in hosts and paths."""
    client, door = signed_in(c)
    door.exchange(7.2, "GET", "/api/authsvc/v1.0/lfts/eligibility", body={"region": "US"})
    name, address, path = PRESENCE
    slow = client.open(8.0, name, address, kind=Http1)
    slow.exchange(8.2, "POST", path, status=401, sent=[])
    for when, method in ((9.0, "POST"), (9.5, "PUT")):
        for n in range(2):
            slow.ask(when + n / 100, method, path)
        for n in range(2):
            slow.answer(when + 0.1 + n / 100)
    client.found = "52.113.194.132"
    live = client.open(10.0, "teams.microsoft.com", kind=Http1)
    live.upgrade(10.3, "/api/live/sessions")
    live.message(10.5, 1, b"x")
    live.message(10.6, 8, b"\x03\xf3", from_client=False)
    other = client.open(11.0, "teams.microsoft.com", kind=Http1)
    other.ask(11.3, "GET", "/api/live/other", Connection="Upgrade", Upgrade="other/2")
    other.answer(11.4, 101, Connection="Upgrade", Upgrade="other/2")
    stream = door.connect(12.0, "/.well-known/masque/udp/192.0.2.1/443/", protocol="connect-udp")
    door.raw(12.2, stream, b"\0\5hello")
    push = client.open(13.0, "go.trouter.teams.microsoft.com", "52.123.130.31", kind=Http1)
    push.upgrade(13.3, "/v4/c?timeout=40")
    push.message(13.6, 8, b"\x0f\xa1", from_client=False)
    for n, host in enumerate(("adfs.contoso.example", "contoso.b2clogin.com", "autodiscover.contoso.com", f"{TENANT}.tenant.example", "contoso-my.sharepoint.com")):
        door.exchange(14.0 + n / 10, "GET", "/x", host=host, status=403)
    for n, where in enumerate(("/api/mt/emea/v2.0/me/calendars/", "/registrar/prod/v2/registrations/", "/ups/emea/v1/me/endpoints/", "/v2/", "/trap/tokens/",
                               "/api/chatsvc/emea/v1/", "/api/authsvc/v1.0/authz/", "/api/authsvc/v1.0/lfts/", "/api/csa/emea/api/")):
        door.exchange(15.0 + n / 10, "GET", where + "janedoe")
    door.exchange(20.0, "GET", "/v2/")


@capture("keys/device-code.pcapng", "2026-09-14T16:10:00")
def device_code(c):
    """A client asks for a code for another device, and polls for the token: six times in vain, as the user still types."""
    client = KeyedClient(c, "192.168.1.20")
    client.open(-1.0, "teams.microsoft.com", "52.113.194.132").exchange(-0.7, "GET", "/v2/", body=PAGE)
    for n in range(7):
        login = client.open(5.2 * n, "login.microsoftonline.com", "40.126.32.74")
        if n == 0:
            login.exchange(0.4, "POST", "/organizations/oauth2/v2.0/devicecode", body={"user_code": "ABCD1234", "interval": 5})
        else:
            login.exchange(5.2 * n + 0.4, "POST", "/organizations/oauth2/v2.0/token", status=400, body={"error": "authorization_pending"})


@capture("keys/answered-early.pcapng", "2026-09-14T17:10:00")
def answered_early(c):
    """HTTP/1.1: uploads that are answered before all of them is there, what is asked after them on the same connection, and 100 Continue."""
    client, _door, _login = bootstrap(c)
    client.found = "52.113.194.132"
    door = client.open(6.0, "teams.microsoft.com", kind=Http1)
    door.upload(6.3, "POST", "/api/chatsvc/emea/v1/users/ME/conversations/48:notes/messages", 403)
    door.exchange(7.0, "POST", TOKEN, body=region_map("emea"), sent={})
    door.upload(8.0, "PUT", "/ups/emea/v1/me/endpoints/", 201)
    door.upload(8.5, "PUT", "/ups/emea/v1/me/endpoints/", 100, Expect="100-continue")
    door.answer(8.7, 200)
    door.exchange(9.0, "GET", "/api/csa/emea/api/v3/teams/users/me/updates", status=503)
    name, address, path = PRESENCE
    both = client.open(10.0, name, address, kind=Http1)
    both.upload(10.3, "POST", path, 413)
    for n in range(2):
        both.ask(11.0 + n / 100, "PUT", path)
    for n in range(2):
        both.answer(11.1 + n / 100)
    both.exchange(12.0, "DELETE", path, status=204)
