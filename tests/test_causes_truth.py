# SPDX-License-Identifier: GPL-2.0-or-later
"""What is said of connections from which little or nothing follows, each beside one from which it does."""
import pytest

import harness
from connection_captures import above_note, of_code, path_of, told
from test_causes import AUTH_NAME, CONFIG_NAME, LOGIN_NAME, causes


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


@pytest.fixture(scope="module")
def early():
    return told("early-data")


@pytest.mark.parametrize("n", [20, 21, 22])
def test_early_data_may_be_the_request(early, n):
    assert causes(early[f"192.168.1.{n}"]) == {} and early[f"192.168.1.{n}"]["verdict_code"] != "failed"


def test_sessions_without_early_data_have_no_request(early):
    problem, = of_code(early["192.168.1.23"], "handshake-ended")
    assert problem["severity"] == "error" and "without a request" in problem["summary"] and "(3 times)" in problem["summary"]


def test_how_a_handshake_ended_holds_of_each_name():
    """Names in the order of their connections: by FIN, by RST, after the Finished; then of two interceptors."""
    apart = told("left-apart")
    names = ("teams.microsoft.com", LOGIN_NAME, AUTH_NAME, CONFIG_NAME)
    told_of = {n: [([name for name in names if f" {name}" in problem["summary"]], problem["severity"], problem["summary"])
                   for problem in of_code(apart[f"192.168.1.{n}"], "handshake-ended")] for n in (20, 21)}
    assert [(of, severity) for of, severity, _ in told_of[20]] == [([names[0], LOGIN_NAME], "error"), ([AUTH_NAME], "error"), ([CONFIG_NAME], "error")]
    for (_, _, text), words in zip(told_of[20], ("by FIN", "by RST", "after the TLS handshake"), strict=True):
        assert words in text
    assert [(of, severity) for of, severity, _ in told_of[21]] == [([LOGIN_NAME, CONFIG_NAME], "error"), ([AUTH_NAME], "error")]
    for (_, _, text), issuer in zip(told_of[21], ("Contoso Inspection CA", "Fabrikam Shield"), strict=True):
        assert text.count("issued by") == 1 and f"issued by {issuer}" in text


def test_a_session_of_an_interceptor_that_is_not_used_may_be_spare():
    problem, = of_code(told("left-apart")["192.168.1.22"], "handshake-ended")
    assert problem["severity"] == "warning" and "(3 times)" in problem["summary"] and "or has no use for the session" in problem["summary"]


# ---- the capture ends before an answer was due ----

@pytest.fixture(scope="module")
def ends():
    return told("capture-ends")


@pytest.mark.parametrize("n", [20, 21, 23, 24, 25, 26])
def test_nothing_follows_from_an_answer_that_was_not_due_yet(ends, n):
    signin = ends[f"192.168.1.{n}"]
    assert causes(signin) == {} and signin["verdict_code"] == "went-through"
    assert [c["waiting"] for c in signin["connections"] if c["state"] in ("unanswered", "hello_unanswered")] == [n != 26]


@pytest.mark.parametrize("n, code", [(22, "tcp-unanswered"), (27, "hello-unanswered")])
def test_an_answer_that_was_due_is_missed(ends, n, code):
    assert set(above_note(ends[f"192.168.1.{n}"])) == {code}
    assert not any(c["waiting"] for c in ends[f"192.168.1.{n}"]["connections"])


def test_what_was_sent_last_is_told_with_the_time_that_passed():
    text = " ".join(harness.report(harness.bundled("connections/capture-ends.pcap"), "teams,signin").split())
    for words in ("config.teams.microsoft.com: SYN sent, and the capture ends 20 ms later (1 SYN)",
                  "config.teams.microsoft.com: SYN sent, and the capture ends 200 ms later (2 SYNs)",
                  "config.teams.microsoft.com: not answered (3 SYNs)",
                  "config.teams.microsoft.com: ClientHello sent, and the capture ends 100 ms later",
                  "config.teams.microsoft.com: ClientHello sent, and the client closes it 300 ms later",
                  "config.teams.microsoft.com: no answer to the ClientHello",
                  "config.teams.microsoft.com (QUIC): QUIC sent, and the capture ends 50 ms later"):
        assert words in text, words


# ---- connections that the capture joined late ----

@pytest.mark.parametrize("n, order", [(20, []), (21, [("register", "token")]), (22, []), (23, [])])
def test_a_connection_that_was_open_says_nothing_about_order(n, order):
    signin = told("joined-order")[f"192.168.1.{n}"]
    assert [(row["stage"], row["expected_after"]) for row in signin["out_of_order"]] == order


# ---- a proxy that does not answer ----

@pytest.fixture(scope="module")
def held():
    return told("proxy-holds")


@pytest.mark.parametrize("n, severity, name, words", [
    (20, "error", LOGIN_NAME, "in 40 s, until the capture ends"), (21, "error", LOGIN_NAME, "in 8 s, until the client gives up"),
    (23, "warning", LOGIN_NAME, "in 7 s, until the capture ends"), (25, "error", CONFIG_NAME, "in 40 s, until the capture ends"),
    (26, "error", LOGIN_NAME, "in 40 s, until the capture ends")])
def test_a_request_that_a_proxy_holds(held, n, severity, name, words):
    problem, = of_code(held[f"192.168.1.{n}"], "proxy-holds")
    assert (problem["severity"], problem["actor"]) == (severity, "proxy") and name in problem["summary"] and words in problem["summary"]


@pytest.mark.parametrize("n, waiting", [(22, [True]), (24, []), (27, [])])
def test_a_proxy_that_answers_in_time_holds_nothing(held, n, waiting):
    signin = held[f"192.168.1.{n}"]
    assert not of_code(signin, "proxy-holds") and not above_note(signin)
    assert [c["waiting"] for c in signin["connections"] if c["waiting"]] == waiting


@pytest.mark.parametrize("n, words", [(20, "in 10 s, until the client gives up"), (21, "in 12 s, until the client gives up"),
                                      (22, "in 30 s, until the capture ends"), (23, None), (24, None)])
def test_a_stream_of_http2_that_a_proxy_holds(n, words):
    """Beside one that it let through: by RST_STREAM, by the end of the session, to the end of the capture. Not one that is answered
    after 4 s, nor one whose answers are not in the capture."""
    signin = told("proxy-http2-holds")[f"192.168.1.{n}"]
    found = [problem["summary"] for problem in of_code(signin, "proxy-holds")]
    assert [words in text and f"{LOGIN_NAME}, {AUTH_NAME} and does not answer it (2 times)" in text for text in found] == ([True] if words else [])


# ---- sending in vain is no silence ----

def test_who_sends_in_vain_is_not_silent():
    """The latest gap is 19 s, or 14 s before the end; keep-alives came every 12 s."""
    found = told("sent-in-vain")
    for n in (20, 21, 22):
        signin = found[f"192.168.1.{n}"]
        assert not of_code(signin, "idle-cut")
        assert {c["idle_before_end"] for c in signin["connections"] if c["end"] == "reset"} == {0}
    real, = of_code(found["192.168.1.23"], "idle-cut")
    assert "After about 60 s of silence what the client sends" in real["summary"]
    text = " ".join(harness.report(harness.bundled("connections/sent-in-vain.pcap"), "teams,signin").split())
    for words in ("reset from the client's side after the client sent 7 times in vain in 52 s",
                  "reset from the server's side after the client sent 7 times in vain in 52 s",
                  "reset from the server's side after the client sent 6 times in vain in 74 s"):
        assert words in text, words


# ---- answers that come after all ----

def test_a_resolver_that_wakes_up_is_a_warning():
    """Three names for 16, 16 and 18 s of their first questions, and one for 14 s; one that is never answered; two that are lost."""
    woken = told("resolver-wakes")
    for n, words in ((20, f"teams.microsoft.com, {LOGIN_NAME}, {AUTH_NAME} had no answer for up to 18 s"), (21, f"about {LOGIN_NAME} had no answer for 14 s")):
        problem, = above_note(woken[f"192.168.1.{n}"]).values()
        assert (problem["code"], problem["severity"]) == ("name-unanswered", "warning") and words in problem["summary"], problem
        assert woken[f"192.168.1.{n}"]["verdict_code"] == "went-through"
    never = above_note(woken["192.168.1.22"])["name-unanswered"]
    assert never["severity"] == "error" and "never answered" in never["summary"]
    assert "name-unanswered" not in above_note(woken["192.168.1.23"])


# ---- who stops, refuses and configures ----

@pytest.mark.parametrize("n, severity, frame, words", [(20, "warning", 16, f"3 times (zero window), the longest on the connection to {LOGIN_NAME}"),
                                                       (21, "note", 65, "3 times (zero window)"), (22, None, None, None)])
def test_a_receiver_that_stops_its_sender(n, severity, frame, words):
    """Three windows of the client's are shut, one of them for 2 s or none for more than 0.1 s; two are not told. The frame is the SYN of that connection."""
    found = of_code(told("windows")[f"192.168.1.{n}"], "zero-window")
    assert [(problem["severity"], problem["actor"], problem["frame"]) for problem in found] == ([(severity, "client" if n == 20 else "", frame)] if severity else [])
    assert all(words in problem["summary"] for problem in found)
    assert all(("for 2.0 s by the client" in problem["summary"]) == (n == 20) for problem in found)


def test_a_resolver_where_nothing_listens():
    """Three names, each asked for twice, and ICMP for an answer each time (frame 2 is the first); one that is answered after it."""
    refused = told("resolver-refused")
    problem, = above_note(refused["192.168.1.20"]).values()
    assert (problem["code"], problem["severity"], problem["frame"], problem["actor"]) == ("resolver-refused", "error", 2, "network")
    assert problem["summary"] == "DNS questions are refused and none is answered: ICMP port unreachable from 192.168.1.1 (6 times)"
    assert not of_code(refused["192.168.1.21"], "resolver-refused") and not above_note(refused["192.168.1.21"])


@pytest.mark.parametrize("n, uri", [(20, "/wpad.dat"), (21, "/proxies/office.pac"), (22, None)])
def test_a_client_that_fetches_a_proxy_configuration(n, uri):
    found = of_code(told("proxy-configuration")[f"192.168.1.{n}"], "proxy-configuration")
    assert [(problem["severity"], uri in problem["summary"]) for problem in found] == ([("chat", True)] if uri else [])


# ---- what is lost on the way ----

@pytest.mark.parametrize("n, code, words", [
    (20, "mtu", "Large segments to"), (21, "mtu", "does not arrive"), (22, "mtu", "does not arrive"), (23, "no-data", "has no answer"),
    (24, "hello-unanswered", "nothing comes back"),
])
def test_what_is_lost_is_told_once(n, code, words):
    signin = told("lost-once")[f"192.168.1.{n}"]
    problem, = above_note(signin).values()
    assert (problem["code"], problem["severity"]) == (code, "error") and LOGIN_NAME in problem["summary"] and words in problem["summary"]
    assert ("again and again" in problem["summary"]) == (n == 20)
    assert {"no-data", "hello-unanswered", "mtu"} & {problem["code"] for problem in signin["problems"]} == {code}


@pytest.mark.parametrize("code", ["tcp-refused", "tcp-prohibited", "tcp-unanswered"])
def test_no_rule_is_advised_for_an_address_that_is_not_published(code):
    """198.51.100.0/24 is for documentation (RFC 5737), and nobody's."""
    for client, published in (("192.168.1.20", False), ("192.168.1.21", True)):
        problem, = of_code(told("not-published")[client], code)
        assert problem["severity"] == "error" and ("no prefix that Microsoft publishes" not in problem["advice"]) == published
        assert ("resolver" in problem["advice"]) != published


# ---- the server's side ends what it has not answered ----

@pytest.mark.parametrize("n, words", [(20, "by RST right after TCP is connected"), (21, "by RST after the client's part of the TLS handshake"),
                                      (22, "by RST after data of the client's, which has no answer"),
                                      (23, "by FIN after data of the client's, which has no answer"), (27, "by RST within the TLS handshake")])
def test_a_server_that_ends_each_connection_is_told(n, words):
    signin = told("server-ends")[f"192.168.1.{n}"]
    problem, = above_note(signin).values()
    assert (problem["code"], problem["severity"], problem["actor"]) == ("server-ends", "error", "")
    assert problem["summary"] == f"The server's side ends the connections to {LOGIN_NAME} {words} (4 times); identity was not reached"
    assert signin["verdict_code"] == "failed"


@pytest.mark.parametrize("n", [24, 25, 26, 28])
def test_a_server_that_ends_one_connection_or_what_is_not_used_is_not_told(n):
    assert not of_code(told("server-ends")[f"192.168.1.{n}"], "server-ends")


# ---- a handshake that stops ----

@pytest.mark.parametrize("n, words", [
    (20, "stops: the ClientHello is answered, and nothing more comes from either side for 30 s (3 times)"),
    (21, "stops: the client's part of it is acknowledged and has no answer, and nothing more comes from either side for 20 s (3 times)"),
    (22, "stops: the ClientHello is answered, and nothing more comes from either side for 40 s (3 times)"), (30, None), (31, None), (32, None), (33, None)])
def test_a_handshake_in_which_both_sides_fall_silent(n, words):
    """.30 goes on after 4 s, .31 has 3 s until the capture ends, the names of .32 work later, and .33 sends nothing more."""
    signin = told("handshake-stops")[f"192.168.1.{n}"]
    found = of_code(signin, "handshake-stops")
    assert [(words in problem["summary"], problem["severity"], LOGIN_NAME in problem["summary"]) for problem in found] == ([(True, "error", True)] if words else [])
    assert len(above_note(signin)) == len(found)


# ---- QUIC ----

@pytest.mark.parametrize("n, code, severity", [(21, "went-through", "OK"), (22, "went-through", "OK"), (23, "asked-past-identity", "unknown"),
                                               (24, "asked-past-identity", "unknown")])
def test_an_answer_to_quic_is_no_session(n, code, severity):
    """Retry, version negotiation, an Initial alone, an end: where TCP works, that carried the data."""
    signin = told("quic-answers")[f"192.168.1.{n}"]
    assert {row["state"] for row in signin["connections"] if row["quic"]} == {"connected"}
    assert (signin["verdict_code"], signin["severity"]) == (code, severity)
    assert {row["state"] for row in signin["connections"] if not row["quic"]} == ({"used"} if n < 23 else set())


def test_a_session_of_quic_has_data_both_ways():
    signin = told("quic-answers")["192.168.1.20"]
    assert [(row["quic"], row["state"]) for row in signin["connections"]] == [(True, "used")] * 3
    assert signin["verdict_code"] == "went-through"
    text = " ".join(harness.report(path_of("quic-answers"), "teams,signin").split())
    assert text.count("(QUIC): TLS session with data both ways") == 3 and text.count("(QUIC): answered, no session with data seen") == 12


# ---- resets that are not heeded, and alerts behind a ServerHello ----

@pytest.mark.parametrize("n", [20, 21, 22, 23])
def test_a_reset_after_which_the_connection_goes_on_ended_nothing(n):
    signin = told("reset-unheeded")[f"192.168.1.{n}"]
    assert (signin["severity"], signin["verdict_code"], above_note(signin)) == ("OK", "went-through", {})
    assert {(row["state"], row["end"]) for row in signin["connections"]} == {("used", "closed")}


def test_a_reset_that_the_client_heeds_did():
    """What the server had sent by then comes after it."""
    signin = told("reset-unheeded")["192.168.1.24"]
    problem = above_note(signin)["reset-after-server-name"]
    assert signin["verdict_code"] == "failed" and "(2 times); other names work" in problem["summary"]


@pytest.mark.parametrize("n, code, words", [(20, "tls-parameters", "The server ends the TLS handshake"), (21, "tls-alert", "The server ends the TLS handshake"),
                                            (22, "tls-alert", "The client ends the TLS handshake"), (23, "tls-alert", "The server ends the TLS handshake")])
def test_an_alert_about_parameters_is_one_where_none_were_chosen(n, code, words):
    problem = above_note(told("alerts-late")[f"192.168.1.{n}"])[code]
    number, text = (71, "insufficient security") if n == 23 else (40, "handshake failure")
    assert problem["summary"].startswith(words) and f"alert {text} ({number})" in problem["summary"]
    assert len(above_note(told("alerts-late")[f"192.168.1.{n}"]).keys() & {"tls-parameters", "tls-alert"}) == 1
    assert ("cipher" in problem["advice"]) == (n == 20)


@pytest.mark.parametrize("n, code, words", [
    (20, "tcp-prohibited", "ICMP communication administratively prohibited from the router 192.168.1.1 (2 connections)"),
    (21, "tcp-prohibited", "ICMP port unreachable from that address itself (2 connections)"), (22, "tcp-refused", "is refused with a reset (2 connections)"),
    (23, "tcp-prohibited", "ICMP port unreachable from that address itself (2 connections)")])
def test_connections_that_are_refused_are_counted_and_not_their_syns(n, code, words):
    """Six SYNs, six refusals. Who sent the ICMP error is no router where it is the address itself."""
    path = path_of("prohibited-by")
    ports = harness.fields(path, ["tcp.srcport"], f"tcp.flags == 2 && ip.src == 192.168.1.{n} && ip.dst == 20.190.128.10", stock=True)
    assert len({row["tcp.srcport"][0] for row in ports}) == (3 if n == 23 else 2)
    assert len(harness.fields(path, [], f"(icmp || tcp.flags.reset == 1) && ip.dst == 192.168.1.{n}", stock=True)) == 6
    problem = above_note(told("prohibited-by")[f"192.168.1.{n}"])[code]
    assert words in problem["summary"] and problem["severity"] == ("warning" if n == 23 else "error")


# ---- DNS ----

@pytest.mark.parametrize("n", [20, 21, 22])
def test_a_second_answer_to_one_question_is_no_failure_of_another(n):
    """SERVFAIL, REFUSED, NXDOMAIN: the client has its address by then."""
    signin = told("answered-twice")[f"192.168.1.{n}"]
    assert (signin["severity"], signin["verdict_code"], above_note(signin)) == ("OK", "went-through", {})


def test_a_second_question_that_fails_is_told():
    assert "3 questions about" in above_note(told("answered-twice")["192.168.1.23"])["name-failed"]["summary"]
