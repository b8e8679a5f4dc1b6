# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections that worked and are answered no more, identity by its address alone, what a flight of TLS brings; each beside what is well."""
import pytest

import harness
from connection_captures import above_note, told
from test_causes import AUTH_NAME, CONFIG_NAME, PUSH_NAME, causes, frames, problem_codes


@pytest.fixture(scope="module")
def lost_all():
    return told("lost-all")


@pytest.fixture(scope="module")
def lost_some():
    return told("lost-some")


@pytest.fixture(scope="module")
def by_address():
    return told("by-address")


# ---- all at once ----

# The generator: three sessions with five retransmissions each from 60 s on, or two from 12 s (IPv6) and from 70 s on.
@pytest.mark.parametrize("client, names, when, times", [
    ("192.168.1.20", 3, "60 s", 15), ("192.168.1.21", 3, "60 s", 15), ("2001:db8::20", 2, "12 s", 10), ("192.168.1.22", 2, "70 s", 10)])
def test_a_link_that_dies(lost_all, client, names, when, times):
    """Also where two of three wait with a large segment, which a path with a smaller MTU would lose, too: the small one is lost as well."""
    problem, = above_note(lost_all[client]).values()
    assert (problem["code"], problem["severity"], problem["actor"]) == ("connection-lost", "error", "network"), problem
    assert f"{names} connections, to {PUSH_NAME}" in problem["summary"] and f"about {when} into the capture" in problem["summary"]
    assert f"again, {times} times, in vain" in problem["summary"] and lost_all[client]["verdict_code"] == "error"
    assert "link" in problem["advice"]


def test_the_frame_proves_it(lost_all):
    """The fifth retransmission, 9 s after the first one: of the first of the sessions, sent at 60 s and again until 69.3 s."""
    shown = frames(harness.bundled("connections/lost-all.pcap"), "ip.src == 192.168.1.20 && tcp.analysis.retransmission && frame.time_relative > 69.2 && "
                   "frame.time_relative < 69.4", stock=True)
    assert [str(lost_all["192.168.1.20"]["problems"][0]["frame"])] == shown[0]


def test_others_that_are_heard_after_it_have_a_link(lost_all):
    found = [problem for problem in lost_all["192.168.1.23"]["problems"] if problem["code"] == "connection-lost"]
    assert [(problem["severity"], "while others are answered" in problem["summary"]) for problem in found] == [("warning", True)] * 2


def test_what_is_answered_after_4_s_is_not_lost(lost_all):
    assert "connection-lost" not in problem_codes(lost_all["192.168.1.24"])


# ---- some ----

@pytest.mark.parametrize("n, words", [
    (20, [f"The connection to {AUTH_NAME} (52.123.128.14:443) stops", "again 5 times", "while others are answered", "the client connects again"]),
    (21, [f"2 connections to {CONFIG_NAME} (52.113.194.133:443) stop", "again 10 times", "while others are answered"]),
    (22, ["2 connections to login.microsoftonline.com, " + AUTH_NAME + " (through the proxy 192.168.1.8:3128) stop"]),
    (26, [f"The connection to {AUTH_NAME}", "again 5 times"])])
def test_one_server_that_stops_answering(lost_some, n, words):
    """Large segments that are lost where one got through before are not lost for their size (.21); a reset from the server's side after
    it all is no answer (.26)."""
    problem, = above_note(lost_some[f"192.168.1.{n}"]).values()
    assert (problem["code"], problem["severity"]) == ("connection-lost", "warning"), problem
    assert all(word in problem["summary"] for word in words), problem
    assert ("connects again" in problem["summary"]) == (n == 20) and "retransmissions" not in problem_codes(lost_some[f"192.168.1.{n}"])


def test_after_a_silence_it_may_have_been_forgotten(lost_some):
    problem, = [problem for problem in lost_some["192.168.1.23"]["problems"] if problem["code"] == "connection-lost"]
    assert problem["severity"] == "note" and "after a silence" in problem["summary"] and "slept" in problem["advice"]


def test_a_capture_that_ends_too_early_proves_nothing(lost_some):
    assert "connection-lost" not in problem_codes(lost_some["192.168.1.24"]) and not above_note(lost_some["192.168.1.24"])


def test_a_large_segment_alone_is_lost_for_its_size(lost_some):
    assert set(above_note(lost_some["192.168.1.25"])) == {"mtu"}


# ---- what a cut explains is no loss ----

@pytest.mark.parametrize("client", ["192.168.1.20", "192.168.1.21", "2001:db8::20"])
def test_what_a_cut_makes_the_client_send_again_is_no_loss(client):
    cut = told("cut-and-resent")[client]
    problem, = above_note(cut).values()
    assert problem["code"] == "idle-cut" and "4 times" in problem["summary"] and "60 s of silence" in problem["summary"]
    assert set(causes(cut)) == {"idle-cut"}


def test_what_is_answered_in_the_end_was_lost():
    problem, = above_note(told("cut-and-resent")["192.168.1.23"]).values()
    assert problem["code"] == "retransmissions" and problem["summary"].startswith("25 of ")


# ---- identity by its address ----

@pytest.mark.parametrize("client, code, addresses", [
    ("192.168.1.20", "tcp-unanswered", ["20.190.160.14:443", "40.126.32.74:443"]), ("192.168.1.21", "tcp-refused", ["20.190.160.14:443", "40.126.32.74:443"]),
    ("2001:db8::20", "tcp-unanswered", ["[2603:1026:3000:148::2]:443"])])
def test_identity_whose_name_was_asked_for_before_the_capture(by_address, client, code, addresses):
    found = [problem for problem in by_address[client]["problems"] if problem["severity"] == "error"]
    assert [problem["code"] for problem in found] == [code] * len(addresses)
    assert all(f"TCP to an address of identity ({address}) is" in problem["summary"] and "identity was not reached" in problem["summary"]
               for problem, address in zip(found, addresses, strict=True))
    assert by_address[client]["verdict_code"] == "failed"


def test_identity_that_is_reached_at_another_address_and_what_is_no_identity(by_address):
    for n in (22, 23, 24):
        assert causes(by_address[f"192.168.1.{n}"]) == {}, n


SHARED, TEAMS = "an address in a prefix of Microsoft's that Teams and other services use", "an address that Microsoft publishes for Teams"


@pytest.mark.parametrize("client, code, severity, whose, addresses", [
    ("192.168.1.20", "tcp-unanswered", "warning", SHARED, ["52.112.9.4:443"]), ("2001:db8::20", "tcp-unanswered", "warning", SHARED, ["[2603:1063:9::4]:443"]),
    ("192.168.1.21", "tcp-unanswered", "note", SHARED, ["52.112.9.4:443"]),
    ("192.168.1.22", "tcp-refused", "warning", SHARED, ["52.123.7.7:443", "52.114.8.8:443"]),
    ("192.168.1.23", "tcp-prohibited", "warning", SHARED, ["52.123.7.7:443"]), ("192.168.1.24", "tcp-unanswered", "warning", TEAMS, ["52.127.89.44:443"])])
def test_a_published_address_whose_name_is_not_in_the_capture(client, code, severity, whose, addresses):
    """What its prefix says and no more: it is no reason why a sign-in failed, and a note where that went through."""
    signin = told("published")[client]
    found = [problem for problem in signin["problems"] if problem["code"] == code]
    assert [(problem["severity"], f"TCP to {whose} ({address}) is" in problem["summary"]) for problem, address in zip(found, addresses, strict=True)] == \
        [(severity, True)] * len(addresses), signin["problems"]
    assert signin["verdict_code"] == ("went-through" if client[-2:] == "21" else "names-only") and "identity was not" not in found[0]["summary"]
    assert any(connection["name"] is None or connection["name"] == "" for connection in signin["connections"])


@pytest.mark.parametrize("n", (25, 26, 27))
def test_what_says_nothing_of_a_published_address(n):
    """One that answers and turns out to be somebody else's, a stranger's, and one whose answers the capture lacks."""
    signin = told("published")[f"192.168.1.{n}"]
    assert causes(signin) == {} and len(signin["connections"]) == 2, signin


def test_one_name_of_identity_of_two():
    """Where another name of identity was reached, before or after, the one alone is no reason why nothing went on."""
    found = told("identity-another")
    assert {client[-2:]: signin["verdict_code"] for client, signin in found.items()} == {
        "20": "identity-only", "21": "failed", "22": "identity-only", "23": "went-through"}
    severities = {client[-2:]: [problem["severity"] for problem in above_note(signin).values()] for client, signin in found.items()}
    assert severities == {"20": ["warning"], "21": ["error"], "22": ["warning"], "23": ["warning"]}


# ---- what the client's part of a handshake brings ----

@pytest.mark.parametrize("n, words", [(20, "by RST after the client's part of the TLS handshake (2 times)"), (21, "by RST after data of the client's, which has no answer"),
                                      (22, None), (23, "by FIN after data of the client's, which has no answer"), (24, None)])
def test_data_is_told_from_the_handshake(n, words):
    """By the lengths of the records: a certificate of the client's is no data, 64 bytes behind the Finished are; a close_notify answers
    nothing; and early data may have been answered."""
    signin = told("flights")[f"192.168.1.{n}"]
    assert [problem["summary"].split(" login.microsoftonline.com ")[1].startswith(words) for problem in signin["problems"]
            if problem["code"] == "server-ends"] == ([True] if words else []), signin["problems"]
    states = {c["state"] for c in signin["connections"] if c["name"] == "login.microsoftonline.com"}
    assert states == ({"used"} if n == 24 else {"secured"}) and signin["identity_connected"] == (n == 24)


# ---- the same cause, with other names, addresses and families ----

@pytest.fixture(scope="module")
def variants():
    return told("variants")


@pytest.mark.parametrize("client, code, severity, words", [
    ("192.168.1.20", "proxy-unanswered", "error", "10.0.0.8:8080 is no longer answered: 4 SYNs in 7 s"),
    ("2001:db8::20", "proxy-unanswered", "error", "[2001:db8::8]:3128 is no longer answered: 4 SYNs in 7 s"),
    ("192.168.1.21", "media-proxy", "warning", "euaz.relay.teams.microsoft.com"), ("192.168.1.22", "media-proxy", "warning", "inaz.tr.teams.microsoft.com"),
    ("192.168.1.23", "identity-polled", "note", "login.microsoftonline.us) 6 times, about every 10 s"),
    ("192.168.1.24", "closed-by-client", "note", "3 times after about 90 s of silence"),
    ("192.168.1.25", "tls-alert", "error", "alert illegal parameter (47)"), ("192.168.1.26", "identity-unreached", "error", "login.microsoftonline.com"),
    ("192.168.1.27", "identity-unreached", "error", "login.microsoftonline.com"), ("2001:db8::26", "identity-unreached", "error", "login.microsoftonline.com"),
    ("192.168.1.28", "retransmissions", "warning", "25 of 65 TCP segments from the servers")])
def test_a_cause_does_not_hang_on_a_name_or_an_address(variants, client, code, severity, words):
    problem, = [problem for problem in variants[client]["problems"] if problem["code"] == code]
    assert problem["severity"] == severity and words in problem["summary"], problem


# ---- slow answers about single names ----

def test_slow_answers_about_names_that_a_sign_in_needs():
    """1.3 s for two names and 0.45 s for one; 1.3 s for telemetry and content are nobody's wait."""
    path = harness.bundled("connections/slow-names.pcap")
    assert frames(path, "teams_dns.very_slow") == frames(path, 'dns.flags.response == 1 && dns.time > 1 && (dns.qry.name == "authsvc.teams.microsoft.com" || '
                                                         'dns.qry.name == "emea.ng.msg.teams.microsoft.com")', stock=True)
    assert frames(path, "teams_dns.slow") == frames(path, "dns.flags.response == 1 && dns.time > 0.4 && dns.time < 1", stock=True)


# ---- not lost, and nothing asked ----

def of_server(row):
    return {problem["code"] for problem in row["problems"]} & {"connection-lost", "mtu", "no-data", "handshake-ended"}


@pytest.mark.parametrize("client, found", [(20, None), (21, None), (22, None), (23, None), (24, None), (25, "mtu")])
def test_what_comes_back_is_not_lost(client, found):
    """.20 to .22 are answered in the end; .23 goes on with new data, which nobody does whose segments nobody acknowledges; .24 gets a large segment
    through, .25 its bytes in small ones alone."""
    assert of_server(told("lost-and-back")[f"192.168.1.{client}"]) == ({found} if found else set())


@pytest.mark.parametrize("client, found", [(20, None), (21, None), (22, None), (23, "no-data"), (24, "no-data")])
def test_a_session_in_which_nothing_was_asked_lacks_no_answer(client, found):
    """A certificate of the client's is a part of its handshake; SETTINGS of HTTP/2 answer its preface, and are shorter than a ticket can be."""
    assert of_server(told("nothing-asked")[f"192.168.1.{client}"]) == ({found} if found else set())


# ---- another address ----

@pytest.mark.parametrize("client, count, new, severity", [
    ("192.168.1.20", 3, "192.168.1.120", "note"), ("192.168.1.21", 1, "10.20.0.121", "note"), ("192.168.1.22", 2, None, "error"), ("192.168.1.23", 2, None, "error"),
    ("192.168.1.24", 2, None, "error"), ("192.168.1.25", 2, None, "error")])
def test_a_client_that_goes_on_from_another_address(client, count, new, severity):
    """By the same network card: likely it moved. A router's card is that of other clients, one of whose addresses is older; another card tells nothing, and
    an address at which nobody answers neither."""
    problem, = [problem for problem in told("moved")[client]["problems"] if problem["code"] == "connection-lost"]
    assert (problem["severity"], f"{count} connection" in problem["summary"]) == (severity, True), problem
    assert ("likely the client changed its address" in problem["summary"]) == (new is not None)
    if new:
        assert f"connects from {new} 75 s into the capture" in problem["summary"] and problem["actor"] == "client"


@pytest.mark.parametrize("n, severity, held", [(20, "note", True), (21, "warning", True), (22, "error", False), (23, "error", False)])
def test_a_request_that_is_held(n, severity, held):
    """The same bytes as a long poll that has no news: less than an error where others with the name work, or the client waits for long and the
    sign-in goes on."""
    problem, = [problem for problem in told("held")[f"192.168.1.{n}"]["problems"] if problem["code"] == "no-data"]
    assert (problem["severity"], "long poll" in problem["summary"]) == (severity, held), problem
    assert not held or ("40 s later" in problem["summary"] and problem["advice"].startswith("Nothing is wrong where"))
