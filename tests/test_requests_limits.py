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
