# SPDX-License-Identifier: GPL-2.0-or-later
"""What requests and answers do not show, and reports therefore must not say: test-captures/generate/signin_keys_limits.py."""
import json

import pytest

import harness
from test_requests import capture, problem, signin

SHOWN = ["teams,signin", "teams,signin,json", "teams,signin,csv", "teams,signin,full", "teams,summary", "teams,summary,json"]


@pytest.mark.parametrize("name, verdict", [("asked-again-unread", "went-through"), ("asked-again-at-end", "not-served")])
def test_a_refusal_whose_sequel_is_not_seen(name, verdict):
    """In a session without keys, and after the end of the capture."""
    found = signin(capture(name))
    told = problem(found, "request-unauthorized")
    assert told["severity"] == "note" and "whether a later request succeeded is not seen" in told["summary"]
    assert found["verdict_code"] == verdict and found["severity"] in ("OK", "unknown")


def test_another_application_has_a_token():
    """Graph serves whoever has one; and the token's own refusal is told, not that of licences before it."""
    found = signin(capture("other-application"))
    assert (found["severity"], found["verdict_code"], found["token_region"]) == ("broken", "failed", "")
    told = problem(found, "request-unauthorized")
    assert told["severity"] == "error" and "POST /api/authsvc/v1.0/authz at teams.microsoft.com was refused 3 times" in told["summary"]
    assert "gives the region" not in harness.report(capture("other-application"), "teams,signin")


@pytest.mark.parametrize("name, verdict", [("other-sign-ins", "not-served"), ("reloaded-page", "identity-only")])
def test_no_login_loop(name, verdict):
    """Several applications, each of which signs in once; a page that is opened every ten minutes."""
    found = signin(capture(name))
    assert "login-loop" not in [row["code"] for row in found["problems"]]
    assert found["verdict_code"] == verdict


def test_a_path_that_the_table_has_not_ends_no_sign_in():
    found = signin(capture("identity-unread"))
    assert problem(found, "request-forbidden")["severity"] == "warning" and found["verdict_code"] == "identity-only"


def test_answers_that_are_nobodys():
    """HTTP/1.1 with two requests at once: no success is said to be missing, and no answer."""
    path = capture("not-told")
    found = signin(path)
    assert "whether a later request succeeded is not seen" in problem(found, "request-unauthorized")["summary"]
    text = " ".join(harness.report(path, "teams,signin").split())
    assert "PUT /v1/presence/getpresence: its answer is not told from others, 2 times" in text and "no answer seen" not in text


def test_answers_before_the_end_of_the_request():
    """RFC 9112, 9.5: stock shows such a request after its answer, which is nobody's; those after it have theirs (the generator's)."""
    path = capture("answered-early")
    rows = {(row["method"], row["host"], row["path"].rpartition("/")[2]): row for row in signin(path)["requests"]}
    told = {key: (row["count"], row["answered"], row["status"]) for key, row in rows.items()}
    door, presence = "teams.microsoft.com", "presence.teams.microsoft.com"
    assert told["POST", door, "messages"] == (1, 0, 0)
    assert told["POST", door, "authz"] == (1, 1, 200)
    assert told["PUT", door, "endpoints"] == (2, 1, 200)        # 201 came early; 100 is no answer
    assert told["GET", door, "updates"] == (1, 1, 503)
    assert [told[method, presence, "getpresence"] for method in ("POST", "PUT", "DELETE")] == [(1, 0, 0), (2, 0, 0), (1, 1, 204)]
    assert rows["POST", door, "authz"]["time"] == pytest.approx(0.04, abs=0.001) and signin(path)["token_region"] == "emea"
    text = " ".join(harness.report(path, "teams,signin").split())
    assert "conversations/{id}/messages: its answer is not told from others, sync" in text and "no answer seen" not in text
    assert "PUT /ups/emea/v1/me/endpoints: 200 in 100 ms, 2 times (1 with no answer that is told from others), sync" in text
    harness.assert_same_in_all_modes(path, ["teams.http", "teams.http.status", "teams.http.request_in"], "teams.http")


def test_requests_without_an_answer_are_counted():
    """One kind, asked for twice: refused, and at the end of the capture not answered."""
    row, = [row for row in signin(capture("asked-again-at-end"))["requests"] if row["path"] == "/api/authsvc/v1.0/authz"]
    assert (row["count"], row["answered"], row["refused"]) == (2, 1, 1)
    text = " ".join(harness.report(capture("asked-again-at-end"), "teams,signin").split())
    assert "POST /api/authsvc/v1.0/authz: 401 in 40 ms, 2 times (1 with no answer seen), token (Token)" in text
    assert "with no answer" not in " ".join(harness.report(capture("modern-signin"), "teams,signin").split())


@pytest.mark.parametrize("name, asked", [("refused-token", "token"), ("asked-again-at-end", "token"), ("not-told", "sync"), ("identity-unread", "bootstrap")])
def test_a_stage_that_was_asked_for_is_not_missing(name, asked):
    """Refused, or without an answer that is told: it is no stage that the sign-in had not."""
    assert asked not in [row["stage"] for row in signin(capture(name))["missing_stages"]]
    assert f'no name of stage "{asked}"' not in harness.report(capture(name), "teams,signin")


def test_a_stage_that_nobody_asked_for_is_missing():
    """A HEAD and unknown paths ask for none."""
    assert "token" in [row["stage"] for row in signin(capture("nothing-of-stages"))["missing_stages"]]


def test_the_region_is_that_of_the_token():
    assert signin(capture("not-told"))["token_region"] == "emea"


def test_sockets_that_are_no_push_channel():
    """A code of the service's own is no error, nor is it the push channel that another WebSocket closes; other protocols are no WebSockets."""
    assert harness.fields(capture("not-told"), [], "teams.http.push_closed") == []
    sockets = signin(capture("not-told"))["web_sockets"]
    assert [(socket["service"], socket["close_code"]) for socket in sockets] == [("", 1011), ("push-realtime", 4001)]


def test_no_customer_in_hosts_and_paths_that_anybody_can_write():
    path = capture("not-told")
    fields = harness.fields(path, ["teams.http.host", "teams.http.path"], "teams.http")
    details = [line for line in harness.tshark("-r", path, "-V", "-O", "teams").splitlines() if "equest: " in line or "nswer: " in line or "xpert" in line]
    for text in [json.dumps(fields), *details, *(harness.report(path, kind) for kind in SHOWN)]:
        assert not [word for word in ("contoso", "janedoe", "0f1e2d3c") if word in text]
    assert "<host>" in {row["teams.http.host"][0] for row in fields}
    wanted = harness.fields(path, ["teams.http.host"], "teams.http", prefs={"teams.show_tenants": "TRUE"})
    assert "adfs.contoso.example" in {row["teams.http.host"][0] for row in wanted}
