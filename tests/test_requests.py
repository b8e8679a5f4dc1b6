# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTP inside TLS that is decrypted: what each request asks for, what was answered, and what that says of the sign-in.

What is in the captures is in test-captures/generate/signin_keys.py; what stock Wireshark shows of HTTP is the measure."""
import csv
import json
import pathlib
import re
import subprocess
import tempfile

import pytest

import harness

KIND = [f"teams.http.{name}" for name in ("host", "method", "path", "role", "product", "service", "stage", "region", "confidence")]
ANSWER = ["teams.http.status", "teams.http.time", "teams.http.request_in"]
EXPERTS = ["unauthorized", "claims_challenge", "forbidden", "gone", "throttled", "server_error", "push_closed"]
CAPTURES = ["modern-signin", "gcc-high-signin", "refused-token", "answers", "login-loop", "every-path", "hostile-paths", "no-token",
            "denied-at-identity", "odd-http", "identity-loop", "result-loop", "redirects", "nothing-of-stages", "tenants", "http2-sockets"]
ROWS = harness.ROOT / "plugins/teams-dns/data/paths.csv"


def capture(name):
    return harness.bundled(f"keys/{name}.pcapng")


def rewritten(path, *options):
    """A copy that editcap made, where the unprivileged tshark can read it."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=harness.workspace()))
    folder.chmod(0o755)
    subprocess.run(["editcap", *options, str(path), str(folder / "copy.pcapng")], check=True, capture_output=True)
    (folder / "copy.pcapng").chmod(0o644)
    return folder / "copy.pcapng"


def key_log(path):
    """The secrets of the file, as one text."""
    data = pathlib.Path(path).read_bytes()
    at = data.index(b"KSLT")
    return data[at + 8:at + 8 + int.from_bytes(data[at + 4:at + 8], "little")].decode()


def with_keys(name, text):
    """The capture with other secrets."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=harness.workspace()))
    (folder / "keys.txt").write_text(text)
    return rewritten(capture(name), "--discard-all-secrets", "--inject-secrets", f"tls,{folder / 'keys.txt'}")


def signin(path, prefs=None):
    found = json.loads(harness.report(path, "teams,signin,json", prefs=prefs))["signins"]
    assert len(found) == 1
    return found[0]


# ---- fields ----

@pytest.mark.parametrize("name", CAPTURES)
def test_each_request_and_answer_that_stock_shows(name):
    """Method, status and time against stock's own fields; a preflight and what has no method that there is are left out."""
    rows = harness.fields(capture(name), ["http2.headers.method", "http2.headers.status", "http.request.method", "http.response.code",
                                          "teams.http", "teams.http.method", "teams.http.status", "frame.time_relative",
                                          "teams.http.time", "teams.http.request_in"])
    times = {row["frame.number"][0]: float(row["frame.time_relative"][0]) for row in rows}
    for row in rows:
        # In HTTP/2 CONNECT opens a WebSocket here: all have a path.
        methods = [method for method in row["http2.headers.method"] + [m for m in row["http.request.method"] if m != "CONNECT"]
                   if method.isalpha() and method.isupper() and len(method) <= 16 and method != "OPTIONS"]
        assert row["teams.http"].count("request") == len(methods)
        if methods:
            assert row["teams.http.method"] == methods
        statuses = row["http2.headers.status"] + row["http.response.code"]
        assert row["teams.http.status"] == [] or row["teams.http.status"] == statuses
        for time, asked in zip(row["teams.http.time"], row["teams.http.request_in"]):
            if not row["http.response.code"]:
                assert float(time) == pytest.approx(times[row["frame.number"][0]] - times[asked], abs=1e-6)


def test_the_answer_of_a_request_is_known_in_two_passes():
    rows = harness.fields(capture("modern-signin"), ["teams.http.response_in", "teams.http.request_in"], "teams.http", mode="two-pass")
    forward = {row["frame.number"][0]: row["teams.http.response_in"][0] for row in rows if row["teams.http.response_in"]}
    assert len(forward) == 18
    back = {row["frame.number"][0]: row["teams.http.request_in"][0] for row in rows if row["teams.http.request_in"]}
    assert forward == {request: answer for answer, request in back.items()}


def test_each_row_of_the_table():
    """Each row at each of its hosts is found, and the cells are what is shown; the order of the capture is the table's."""
    with open(ROWS, encoding="ascii", newline="") as file:
        rows = [(row, host) for row in csv.DictReader(file) for host in row["host"].split("|")]
    shown = harness.fields(capture("every-path"), KIND, 'teams.http == "request"')[1:]
    assert len(shown) == len(rows)
    for (row, host), frame in zip(rows, shown):
        got = {name.split(".")[2]: frame[name][0] if frame[name] else "" for name in KIND}
        assert got["role"] == "path", (row, got)
        assert got["host"] == host.replace("*", "eu")
        for column in ("product", "service", "stage", "confidence"):
            assert got[column] == row[column], (row, got)
        assert got["region"] == ("emea" if "{region}" in row["path"] else "")


def test_without_keys_nothing_is_said_of_http():
    for name in CAPTURES:
        path = rewritten(capture(name), "--discard-all-secrets")
        assert harness.fields(path, [], "teams.http") == []
        found = signin(path)
        assert found["requests"] == found["stages"] == found["web_sockets"] == [] and found["token_region"] == ""
        assert not [problem for problem in found["problems"] if problem["code"].startswith(("request-", "http-"))]
        assert found["verdict_code"] != "signed-in"


def test_a_call_that_follows_was_prepared():
    """The set-up is a path, which nobody sees without keys: it is missing, and there was one."""
    path = rewritten(capture("gcc-high-signin"), "--discard-all-secrets")
    found = signin(path)
    why, = [row["explanation"] for row in found["missing_stages"] if row["stage"] == "call-setup"]
    assert found["calls"] == [1] and why == "the call that followed was set up where names do not show it"


def test_wrong_keys_are_no_keys():
    text = key_log(capture("modern-signin"))
    wrong = "".join(line[:-8] + "00000000\n" for line in text.splitlines())
    path = with_keys("modern-signin", wrong)
    assert harness.fields(path, [], "teams.http") == []
    # A push channel and Graph are connected; what identity answers is as short as session tickets.
    assert signin(path)["verdict_code"] == "shared-connected"


@pytest.mark.parametrize("keep", [0, 1])
def test_half_of_the_keys(keep):
    """The keys of every other session: what can be read is told, and of the rest what is told without keys."""
    lines = key_log(capture("modern-signin")).splitlines(keepends=True)
    path = with_keys("modern-signin", "".join(line for n, line in enumerate(lines) if n // 4 % 2 == keep))
    hosts = {row["teams.http.host"][0] for row in harness.fields(path, ["teams.http.host"], "teams.http")}
    whole = [row["teams.http.host"][0] for row in harness.fields(capture("modern-signin"), ["teams.http.host"], "teams.http")]
    assert hosts == set(list(dict.fromkeys(whole))[keep::2])
    found = signin(path)
    assert found["severity"] == "OK" and found["verdict_code"] == ("signed-in" if keep == 0 else "went-through")
    assert {row["host"] for row in found["requests"]} == hosts


@pytest.mark.parametrize("kept", ["CLIENT_", "SERVER_"])
def test_the_keys_of_one_direction(kept):
    """Requests without answers say nothing of success, and answers without requests nothing at all."""
    lines = key_log(capture("refused-token")).splitlines(keepends=True)
    path = with_keys("refused-token", "".join(line for line in lines if line.startswith(kept)))
    found = signin(path)
    assert not [problem for problem in found["problems"] if problem["code"].startswith("request-")]
    assert found["stages"] == []


# ---- the sign-in report ----

# Of the generator: what each stage was answered first.
WORLDWIDE = {"telemetry": 200, "bootstrap": 200, "config": 200, "identity": 200, "token": 200, "register": 101, "sync": 200, "call-setup": 200}


def test_a_sign_in_of_today_is_whole_again():
    found = signin(capture("modern-signin"))
    assert (found["severity"], found["verdict_code"], found["token_region"]) == ("OK", "signed-in", "emea")
    assert {row["stage"]: row["status"] for row in found["stages"]} == WORLDWIDE
    assert {row["state"] for row in found["stages"]} == {"reached"}
    by_path = {(row["host"], row["path"]): row for row in found["requests"]}
    assert len(by_path) == 18 == len(found["requests"])
    token = by_path["teams.microsoft.com", "/api/authsvc/v1.0/authz"]
    assert (token["stage"], token["status"], token["count"], token["time"]) == ("token", 200, 1, pytest.approx(0.09))
    chat = by_path["teams.microsoft.com", "/api/chatsvc/emea/v1/users/ME/conversations/{id}/messages"]
    assert (chat["service"], chat["region"], chat["confidence"]) == ("chat", "emea", "high")
    unknown = by_path["teams.microsoft.com", "/api/{id}/emea/v1/users/{id}/{id}"]
    assert (unknown["role"], unknown["service"], unknown["stage"], unknown["status"]) == ("", "", "", 200)
    assert by_path["api-emea.flightproxy.teams.microsoft.com", "/api/v2/epconv"]["status"] == 201
    assert "token" not in [row["stage"] for row in found["missing_stages"]]


def test_info_names_the_service_of_the_path():
    """A front door's name says "web-app" of all its frames; what is unknown, and what asks for nothing, stays with that."""
    lines = harness.tshark("-r", capture("modern-signin"), "-o", 'gui.column.format:"No.","%m","Info","%i"').splitlines()
    info = {int(line.split()[0]): line.split(None, 1)[1] for line in lines if len(line.split()) > 1}
    rows = harness.fields(capture("modern-signin"), ["teams.http.path", "teams.http.service", "teams.service", "teams.http"], "teams")
    said = {}
    for row in rows:
        service = (row["teams.http.service"] or row["teams.service"])[0] or row["teams.service"][0]
        assert row["teams.service"] == [] or row["teams.service"][0] == "media-relay" or info[int(row["frame.number"][0])].startswith(f"Teams {service}: "), row
        said.update({path: service for path in row["teams.http.path"]})
    assert said["/api/authsvc/v1.0/authz"] == "token" and said["/registrar/prod/V2/registrations"] == "registrar"
    assert said["/api/{id}/emea/v1/users/{id}/{id}"] == "web-app"


def test_the_push_channel():
    socket, = signin(capture("modern-signin"))["web_sockets"]
    assert {key: socket[key] for key in ("host", "service", "pings", "pongs", "messages_sent", "messages_received", "close_code",
                                         "closed_by_client")} == {
        "host": "go-eu.trouter.teams.microsoft.com", "service": "push-realtime", "pings": 1, "pongs": 1, "messages_sent": 1,
        "messages_received": 2, "close_code": 1001, "closed_by_client": False}
    closed, = harness.fields(capture("answers"), [], "teams.http.push_closed")
    stock = harness.fields(capture("answers"), [], "websocket.payload.close.status_code == 1011", stock=True)
    assert [row["frame.number"] for row in stock] == [closed["frame.number"]]
    assert harness.fields(capture("modern-signin"), [], "teams.http.push_closed") == []


def test_gcc_high_by_the_same_paths():
    found = signin(capture("gcc-high-signin"))
    assert (found["severity"], found["verdict_code"], found["token_region"]) == ("OK", "signed-in", "gcch")
    assert {row["stage"] for row in found["stages"]} == {"bootstrap", "config", "identity", "token", "register", "sync", "call-setup"}
    rows = {row["path"]: row for row in found["requests"]}
    # A document names the registrar; what is inferred from the worldwide cloud says so.
    assert rows["/v2/registrations"]["confidence"] == "medium" and rows["/api/authsvc/v1.0/authz"]["confidence"] == "low"


def problem(found, code):
    return next(row for row in found["problems"] if row["code"] == code)


def test_a_token_that_is_refused():
    found = signin(capture("refused-token"))
    assert (found["severity"], found["verdict_code"]) == ("broken", "failed")
    told = problem(found, "request-unauthorized")
    assert told["severity"] == "error" and "3 times, at last with 401 (claims challenge)" in told["summary"]
    assert next(row for row in found["stages"] if row["stage"] == "token")["state"] == "refused"
    # Identity itself answered: nothing may say that it did not.
    assert found["identity_connected"] and next(row for row in found["stages"] if row["stage"] == "identity")["state"] == "reached"
    frames = harness.fields(capture("refused-token"), ["teams.http.reason"], "teams.http.claims_challenge")
    stock = harness.fields(capture("refused-token"), [], "http2.headers.status == 401", stock=True)
    assert [row["frame.number"] for row in frames] == [row["frame.number"] for row in stock]
    assert {row["teams.http.reason"][0] for row in frames} == {"insufficient_claims"}


def test_what_needs_no_token_is_no_sign_in():
    """A preflight, a HEAD and an open push channel go without one; with keys, data both ways prove no token that is seen to be refused.
    Without, what went to identity and back is too little for more than a handshake."""
    found = signin(capture("no-token"))
    assert (found["severity"], found["verdict_code"]) == ("broken", "failed")
    assert problem(found, "request-unauthorized")["severity"] == "error"
    assert {row["stage"]: row["state"] for row in found["stages"]}["token"] == "refused"
    assert not [row for row in found["requests"] if row["method"] == "OPTIONS"]
    without = signin(rewritten(capture("no-token"), "--discard-all-secrets"))
    assert without["verdict_code"] == "push-connected"


def test_a_token_that_identity_refuses():
    """More than a note, though the page was seen: nothing goes on without it."""
    found = signin(capture("denied-at-identity"))
    told = problem(found, "request-denied")
    assert told["severity"] == "warning" and "refused 3 times, at last with 400" in told["summary"]
    assert found["verdict_code"] not in ("signed-in", "went-through")


def test_a_token_that_identity_refuses_elsewhere():
    """HTTP/1.1, another cloud: twice, and nothing of identity succeeds; beside it once before the token comes."""
    refused, given = json.loads(harness.report(capture("denied-elsewhere"), "teams,signin,json"))["signins"]
    told = problem(refused, "request-denied")
    assert told["severity"] == "error" and "login.microsoftonline.us" in told["summary"] and "refused 2 times, at last with 400" in told["summary"]
    assert not [row for row in given["problems"] if row["code"] == "request-denied" and row["severity"] != "note"]


def test_a_client_that_polls_with_a_device_code_is_not_refused():
    """RFC 8628, 3.5: 400 until the user has signed in elsewhere. Without the code it is a refusal."""
    found = signin(capture("device-code"))
    told = problem(found, "request-denied")
    assert told["severity"] == "note" and "refused 6 times" in told["summary"] and "device code" in told["summary"]
    assert [row["code"] for row in found["problems"] if row["severity"] in ("warning", "error")] == []
    assert "identity-polled" not in [row["code"] for row in found["problems"]]


def test_a_web_socket_in_http2_is_no_proxy():
    """RFC 8441: its CONNECT has a path, and goes to the server itself."""
    found = signin(capture("odd-http"))
    assert found["verdict_code"] == "signed-in"
    assert not [row for row in found["problems"] if "prox" in row["code"]]
    assert harness.fields(capture("odd-http"), [], 'teams_dns.role == "proxy"') == []


def sockets(name):
    keys = ("messages_sent", "messages_received", "pings", "pongs", "close_code", "closed_by_client")
    return [tuple(socket[key] for key in keys) for socket in signin(capture(name))["web_sockets"]]


def gives_up(name):
    """Later versions take pieces of a message for frames of a WebSocket, and end there."""
    return harness.fields(capture(name), [], "http2 && _ws.unreassembled", stock=True)


def test_the_push_channel_in_http2():
    """RFC 8441, of which Wireshark 4.0 shows bytes: by the generator, one message of them in 45 DATA frames."""
    if gives_up("odd-http"):
        # What is behind a piece in its packet is not in the tree: the head of the long message is read, and nothing later.
        assert sockets("odd-http") == [(1, 2, 1, 1, 0, False)]
        assert harness.fields(capture("odd-http"), [], "teams.http.push_closed") == []
        assert "whether it was closed is not known" in harness.report(capture("odd-http"), "teams,signin").replace("\n      ", " ")
        return
    assert sockets("odd-http") == [(1, 2, 1, 1, 1012, False)]
    closed, = harness.fields(capture("odd-http"), ["frame.time_relative"], "teams.http.push_closed")
    assert closed["frame.time_relative"] == ["40.000000000"]
    opened = signin(capture("odd-http"))["web_sockets"][0]
    answer = harness.fields(capture("odd-http"), [], "ip.src == 52.123.130.31 && http2.headers.status == 200", stock=True)
    assert [str(opened["frame"])] == answer[0]["frame.number"] and opened["service"] == "push-realtime"


def test_web_sockets_in_http2_at_their_edges():
    """By the generator: in pieces of one byte; long ones; a Close frame without a code; and bytes that are no WebSocket's, of which nothing is told."""
    if gives_up("http2-sockets"):
        # The server's side ends with its long message: a Close frame of the client's may be an answer.
        assert sockets("http2-sockets") == [(1, 1, 1, 1, 0, False), (2, 1, 0, 0, 0, False), (1, 0, 0, 0, 0, False)]
        return
    assert sockets("http2-sockets") == [(1, 1, 1, 1, 1001, True), (2, 1, 0, 0, 0, False), (0, 1, 0, 0, 0, False), (1, 0, 0, 0, 0, False),
                                        (0, 0, 1, 0, 4000, False)]
    closes = [socket["close_frame"] != 0 for socket in signin(capture("http2-sockets"))["web_sockets"]]
    assert closes == [True, True, False, False, True]


def test_an_answer_behind_others_is_nobodys():
    """HTTP/1.1: until all are answered, none is said to be; the 503 was for the second of three."""
    rows = harness.fields(capture("odd-http"), ["http.response.code", "teams.http.status"], "http.response.code == 503")
    assert [row["teams.http.status"] for row in rows] == [[]]
    posted, = [row for row in signin(capture("odd-http"))["requests"] if (row["method"], row["host"]) == ("POST", "presence.teams.microsoft.com")]
    assert (posted["count"], posted["status"], posted["refused"]) == (1, 0, 0)


@pytest.mark.parametrize("method, seconds", [("PUT", 2.0), ("DELETE", 0.5)])
def test_an_interim_answer_is_none(method, seconds):
    """100 and 103: the time is that of the answer which follows (the generator's)."""
    row, = [row for row in signin(capture("odd-http"))["requests"] if (row["method"], row["host"]) == (method, "presence.teams.microsoft.com")]
    assert (row["status"], row["time"]) == (200, pytest.approx(seconds))


# By the generator: the status of each, and how the problem is weighed.
ANSWERS = {
    "http.unauthorized": ("http2.headers.status == 401", "http-401", "note"),
    "http.throttled": ("http2.headers.status == 429", "request-throttled", "warning"),
    "http.forbidden": ("http2.headers.status == 403", "request-forbidden", "warning"),
    "http.gone": ("http2.headers.status == 410", "request-gone", "note"),
    "http.server_error": ("http2.headers.status == 503", "request-failed", "note"),
}


def test_a_limit_that_success_follows_is_no_warning():
    """The first kind of a refusal is as good as the others: 429, by three services; never mended, it stays a warning (ANSWERS)."""
    once = signin(capture("throttled-once"))
    assert (once["verdict_code"], once["severity"]) == ("signed-in", "OK")
    assert {found["severity"] for found in once["problems"] if "429" in found["summary"]} == {"note"}
    assert len(harness.fields(capture("throttled-once"), [], "teams.http.throttled")) == 3


@pytest.mark.parametrize("name", ANSWERS)
def test_each_answer_on_its_frame_and_in_the_report(name):
    stock_filter, code, severity = ANSWERS[name]
    frames = harness.fields(capture("answers"), [], f"teams.{name}")
    assert [row["frame.number"] for row in frames] == \
        [row["frame.number"] for row in harness.fields(capture("answers"), [], stock_filter, stock=True)]
    assert problem(signin(capture("answers")), code)["severity"] == severity


def test_a_refusal_that_a_success_follows_is_none():
    found = signin(capture("answers"))
    assert found["verdict_code"] == "signed-in" and found["severity"] == "check"
    assert "request-unauthorized" not in [row["code"] for row in found["problems"]]
    assert next(row for row in found["stages"] if row["stage"] == "token")["state"] == "reached"


def test_retry_after():
    waits = {row["teams.http.status"][0]: row["teams.http.retry_after"]
             for row in harness.fields(capture("answers"), ["teams.http.status", "teams.http.retry_after"], "teams.http.status")}
    assert waits["429"] == ["30 s"] and waits["503"] == ["a date"] and waits["200"] == []


def test_a_login_loop_by_redirects():
    found = signin(capture("login-loop"))
    assert (found["severity"], found["verdict_code"]) == ("broken", "failed")
    loops = [row for row in found["problems"] if row["code"] == "login-loop"]
    assert len(loops) == 1 and "back to identity 5 times" in loops[0]["summary"]


@pytest.mark.parametrize("name, told", [("identity-loop", "sends the client to identity again 4 times in 3 s, and no token follows"),
                                        ("result-loop", "sends the client back to the service 4 times in 12 s, and no service that needs a token answers")])
def test_a_login_loop_inside_identity(name, told):
    """By pages of its own, with and without a host in the address; and by codes that the page does nothing with."""
    found = signin(capture(name))
    assert (found["severity"], found["verdict_code"]) == ("broken", "failed")
    loop, = [row for row in found["problems"] if row["code"] == "login-loop"]
    first = harness.fields(capture(name), [], "http2.headers.status == 302", stock=True)[0]
    assert told in loop["summary"] and loop["frame"] == int(first["frame.number"][0])


def test_redirects_that_are_no_loop():
    """Several frames of a page at once, an error in the place of a code, a federated domain, three rounds."""
    assert not [row for row in signin(capture("redirects"))["problems"] if row["severity"] in ("error", "warning")]


def test_an_error_or_another_host_is_no_sign_in():
    """302 to the service with an error, and to the domain's own page: neither is success."""
    rows = {row["path"]: row for row in signin(capture("redirects"))["requests"]}
    # The one that is answered with 200; and all nine that bring a code.
    assert rows["/{id}/oauth2/v2.0/authorize"]["succeeded"] == 1
    assert rows["/common/oauth2/v2.0/authorize"]["succeeded"] == 9


def test_a_stage_is_reached_by_its_own_paths():
    """Not by the root of a host, HEAD, paths that the table has not, or letters in the place of a region."""
    found = signin(capture("nothing-of-stages"))
    assert {row["stage"]: row["state"] for row in found["stages"]} == {"bootstrap": "reached", "identity": "reached", "probe": "reached"}
    assert (found["severity"], found["verdict_code"]) == ("unknown", "not-served")
    rows = {(row["method"], row["path"]): row for row in found["requests"]}
    abcd = rows["GET", "/api/chatsvc/{id}/v1/users/ME/conversations"]
    assert (abcd["role"], abcd["service"], abcd["stage"], abcd["region"], abcd["status"]) == ("", "", "", "", 200)


def test_the_region_of_the_token_in_the_summary():
    for name, region in (("modern-signin", "emea"), ("gcc-high-signin", "gcch"), ("answers", "amer")):
        assert json.loads(harness.report(capture(name), "teams,summary,json"))["summary"][0]["region"] == region
        rows = list(csv.DictReader(harness.report(capture(name), "teams,summary,csv").splitlines()))
        assert rows[0]["region"] == region
        assert f"The token's answer gives the region {region}." in harness.report(capture(name), "teams,summary")
    for name in ("refused-token", "modern-signin"):
        path = capture(name) if name == "refused-token" else rewritten(capture(name), "--discard-all-secrets")
        assert json.loads(harness.report(path, "teams,summary,json"))["summary"][0]["region"] == ""
        assert "gives the region" not in harness.report(path, "teams,summary")


def test_the_region_of_a_stage():
    regions = {row["stage"]: row["region"] for row in signin(capture("modern-signin"))["stages"]}
    assert {stage for stage, region in regions.items() if region == "emea"} == {"token", "sync"} and set(regions.values()) == {"emea", ""}


def test_the_first_byte_of_an_answer_and_pipelined_requests():
    """HTTP/1.1: the generator sends the head 100 ms after the request and the body 1 s later; then two requests at once."""
    rows = harness.fields(capture("answers"), ["teams.http", "teams.http.time", "teams.http.host"],
                          'teams.http.host == "presence.teams.microsoft.com"')
    assert [row["teams.http"] for row in rows] == [["request"], ["answer"], ["request", "request"]]
    assert float(rows[1]["teams.http.time"][0]) == pytest.approx(0.1, abs=0.001)


# ---- what nobody may see ----

SECRETS = ["0f1e2d3c", "11112222", "thread.v2", "orgid", "contoso", "ada%40", "eyJ", "client_id", "secret=", "token=", "Bearer", "finance", "secretproject", "Layoffs", "layoffs",
           "janedoe"]


@pytest.mark.parametrize("name", CAPTURES)
def test_no_identifier_leaves_a_path(name):
    shown = [value for row in harness.fields(capture(name), ["teams.http.path", "teams.http.host"], "teams.http")
             for values in row.values() for value in values]
    texts = [*shown, harness.report(capture(name), "teams,signin"), harness.report(capture(name), "teams,signin,json"),
             harness.report(capture(name), "teams,summary")]
    for text in texts:
        assert not [secret for secret in SECRETS if secret in text]


def test_no_customer_in_hosts():
    """Reports, items of HTTP, expert items of answers and what stands before stock's own text in Info; names in DNS and TLS are stock's, too."""
    path = capture("tenants")
    reports = [harness.report(path, f"teams,{kind}") for kind in ("signin", "summary", "names", "flows", "signin,json", "signin,full", "names,csv")]
    rows = harness.fields(path, ["teams.http.host", "teams.http.path", "_ws.col.Info"], "teams")
    # A prefix ends where stock's text begins; where that has the name, the prefix has none.
    prefixes = [row["_ws.col.Info"][0] for row in rows if not re.search("Standard query|HEADERS|SNI=", row["_ws.col.Info"][0])]
    details = [line for line in harness.tshark("-r", path, "-V", "-O", "teams").splitlines() if re.search("Request:|Answer:|Expert|Host:", line)]
    for text in [*reports, *prefixes, *details, *(value for row in rows for value in row["teams.http.host"] + row["teams.http.path"])]:
        assert "contoso" not in text and "ada_" not in text
    shown = {row["teams.http.host"][0] for row in rows if row["teams.http.host"]}
    assert {"<tenant>.sharepoint.com", "<tenant>.sharepoint-mil.us", "<tenant>.communication.azure.com", "teams.microsoft.com"} < shown
    wanted = harness.fields(path, ["teams.http.host"], "teams.http", prefs={"teams.show_tenants": "TRUE"})
    assert "contoso-my.sharepoint.com" in {row["teams.http.host"][0] for row in wanted}


def test_the_preference_shows_paths_as_they_are():
    prefs = {"teams.show_tenants": "TRUE"}
    shown = [row["teams.http.path"][0] for row in harness.fields(capture("modern-signin"), ["teams.http.path"], "teams.http", prefs=prefs)]
    assert "/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/oauth2/v2.0/token" in shown
    assert not [path for path in shown if "?" in path]


@pytest.mark.parametrize("prefs", [{}, {"teams.show_tenants": "TRUE"}], ids=["masked", "shown"])
def test_hostile_paths(prefs):
    path = capture("hostile-paths")
    for text in (harness.report(path, "teams,signin", prefs=prefs), harness.report(path, "teams,summary", prefs=prefs)):
        assert not [char for char in text if (ord(char) < 32 and char != "\n") or 0x7f <= ord(char) < 0xa0 or char == "\u202e"]
        assert max(map(len, text.splitlines())) < 700
    rows = harness.fields(path, ["teams.http.path", "teams.http.host"], "teams.http", prefs=prefs)
    assert len(rows) > 40
    assert all(len(value) <= 2100 for row in rows for value in row["teams.http.path"])
    assert {row["teams.http.host"][0] for row in rows} == {"teams.microsoft.com"}
    assert "Malformed" not in harness.tshark("-r", path, "-V", "-O", "teams", prefs=prefs)
