# SPDX-License-Identifier: GPL-2.0-or-later
"""What is said of connections from which little or nothing follows, each beside one from which it does."""
import pytest

import harness
from test_causes import AUTH_NAME, CONFIG_NAME, LOGIN_NAME, above_note, of_clients


def told(name):
    return of_clients(harness.bundled(f"connections/{name}.pcap"))


def of_code(signin, code):
    return [problem for problem in signin["problems"] if problem["code"] == code]


# ---- the client leaves in mid-handshake ----

@pytest.fixture(scope="module")
def left():
    return told("left-handshakes")


@pytest.mark.parametrize("n, words", [(20, CONFIG_NAME), (22, "3 times"), (28, "after the TLS handshake")])
def test_one_end_of_a_handshake_does_not_tell_why(left, n, words):
    signin = left[f"192.168.1.{n}"]
    problem, = of_code(signin, "handshake-ended")
    assert problem["severity"] == "note" and words in problem["summary"] and problem["summary"].endswith("why is not in this capture")
    assert "ertificate" not in problem["summary"] + problem["advice"]
    assert not above_note(signin) and signin["verdict_code"] == "went-through"


@pytest.mark.parametrize("n", [21, 25])
def test_one_end_of_a_handshake_says_nothing_of_a_name_that_worked(left, n):
    assert not of_code(left[f"192.168.1.{n}"], "handshake-ended") and not above_note(left[f"192.168.1.{n}"])


@pytest.mark.parametrize("n, severity, words", [
    (23, "error", [LOGIN_NAME, "(2 times)", "without an alert that can be read"]),
    (24, "error", [LOGIN_NAME, AUTH_NAME, "(3 times)"]),
    (26, "warning", [LOGIN_NAME, "(2 times)", "after a record as long as an alert"]),
    (27, "warning", [CONFIG_NAME, "after a record as long as an alert"]),
])
def test_a_client_that_leaves_each_time_likely_refuses_the_certificate(left, n, severity, words):
    problem, = of_code(left[f"192.168.1.{n}"], "handshake-ended")
    assert problem["severity"] == severity and all(word in problem["summary"] for word in words), problem
    assert "likely it does not accept the certificate" in problem["summary"]
