# SPDX-License-Identifier: GPL-2.0-or-later
"""Filters, proxies and certificates that nobody sees: what is told of each, beside what looks alike and is another thing."""
import pytest

import harness
from connection_captures import above_note, reported, told
from test_causes import AUTH_NAME, LOGIN_NAME, causes


# RFC 8446 6.2: what each alert says. Only of an unknown issuer does it follow that another one than Microsoft's may be there.
@pytest.mark.parametrize("n, says, not_says", [
    (20, "certificate expired (45); the certificate is not visible: it has expired, or the client's clock is wrong", "interception"),
    (21, "unknown CA (48); the certificate is not visible, TLS interception is likely", "clock"),
    (22, "bad certificate (42); the certificate is not visible: TLS interception or a wrong clock is likely", "expired"),
    (23, "certificate revoked (44); the certificate is not visible;", "interception")])
def test_an_alert_about_a_certificate_that_nobody_sees(n, says, not_says):
    problem, = above_note(told("hidden-certificates")[f"192.168.1.{n}"]).values()
    assert (problem["code"], problem["severity"], problem["actor"]) == ("certificate-refused", "error", "client")
    assert f"(2 times): alert {says}" in problem["summary"] and not_says not in problem["summary"], problem


@pytest.mark.parametrize("n, says", [
    (20, f"{LOGIN_NAME} leads to a null or loopback address (0.0.0.0), where no server can be"),
    (21, f"{LOGIN_NAME} leads to a null or loopback address (127.0.0.1), where no server can be"),
    (22, f"{LOGIN_NAME}, {AUTH_NAME} lead to null or loopback addresses (the first to 0.0.0.0), where no server can be"),
    (23, f"{LOGIN_NAME} leads to a private address (10.9.9.9), which the client did not connect to: split DNS")])
def test_an_address_where_no_server_can_be(n, says):
    """What a client sends to it never leaves it: that it did not connect is not in the bytes."""
    problem, = above_note(told("nobody")[f"192.168.1.{n}"]).values()
    assert (problem["code"], problem["severity"]) == ("private-address", "error") and problem["summary"].startswith(says), problem
    assert ("filter" in problem["advice"], "did not connect" in problem["summary"]) == ((False, True) if n == 23 else (True, False))


def test_a_name_of_personal_teams_is_needed_though_no_list_has_it():
    signins = told("nobody")
    problem, = above_note(signins["192.168.1.24"]).values()
    assert (problem["code"], problem["severity"]) == ("name-without-address", "error") and "msgapi.teams.live.com" in problem["summary"]
    assert causes(signins["192.168.1.25"]) == {}


@pytest.mark.parametrize("n, code, severity, says", [
    (20, "proxy-unanswered", "error", "TCP to the proxy 192.168.1.8:3128 is no longer answered: 4 SYNs in 7 s"),
    (21, "tcp-refused", "error", "TCP to the proxy 192.168.1.8:3128 is refused with a reset (1 connection)"),
    (22, "proxy-unanswered", "warning", "TCP to the proxy 192.168.1.8:3128 is no longer answered"),
    (23, "proxy-unanswered", "warning", "TCP to the proxy 192.168.1.8:3128 is not always answered")])
def test_a_proxy_that_dies(n, code, severity, says):
    """An error where the sign-in has not gone through before; not where it is back, or services were reached."""
    signin = told("proxy-dies")[f"192.168.1.{n}"]
    problem, = above_note(signin).values()
    assert (problem["code"], problem["severity"], problem["actor"]) == (code, severity, "proxy") and problem["summary"].startswith(says), problem
    assert signin["verdict_code"] == ("failed" if severity == "error" else "went-through") and "irewall" not in problem["advice"]


@pytest.mark.parametrize("n, answered", ((20, False), (21, True), (22, True)))
def test_a_ticket_that_crosses_the_request_answers_nothing(n, answered):
    """It comes 2 ms after it, and the round trip is 30 ms; the answers come after 50 ms (the generator)."""
    signin = told("tickets-cross")[f"192.168.1.{n}"]
    identity, = [connection for connection in signin["connections"] if connection["name"] == LOGIN_NAME]
    assert identity["first_data_time"] == (pytest.approx(0.05, abs=1e-6) if answered else None)
    assert set(above_note(signin)) == (set() if answered else {"no-data"})


def test_what_a_socks_proxy_answers_is_no_status_of_http():
    """RFC 1928 6: replies 2 and 5."""
    path = harness.bundled("connections/told-apart.pcap")
    text = " ".join(harness.report(path, "teams,signin").split())
    assert "refused by the proxy: SOCKS: not allowed by its rules" in text and "refused by the proxy: SOCKS: connection refused" in text
    assert "502" not in text
    shown = harness.fields(path, ["_ws.expert.message"], "teams.proxy_failed || teams.proxy_forbidden")
    assert len(shown) == 3 and all(any("SOCKS: " in message for message in row["_ws.expert.message"]) for row in shown), shown
    assert reported(path)
