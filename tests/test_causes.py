# SPDX-License-Identifier: GPL-2.0-or-later
"""Why a sign-in failed or was slow: each cause on captures that have it, and on none that has not; docs/causes.md says the same."""

import csv
import io
import re
import sys

import pytest

import harness
from connection_captures import above_note, of_clients, reported

sys.path.insert(0, str(harness.ROOT / "docs/generate"))
import tables  # noqa: E402  (beside the documentation)

TABLE = harness.ROOT / "docs/causes.md"
CONNECTION_ROWS = re.findall(r'^DIAGNOSTIC\(\w+, "([^"]+)", "([^"]+)"',
                             (harness.ROOT / "plugins/teams/session/connection_expert.def").read_text(), re.MULTILINE)
CONCLUSIONS = re.findall(r'^DIAGNOSTIC\(\w+, "([^"]+)", "((?:[^"\\]|\\.)*)"',
                         (harness.ROOT / "plugins/teams/session/connection_conclusions.def").read_text(), re.MULTILINE)
FILTERS = sorted(name for _, name in CONNECTION_ROWS)
TIMES = ["teams.dns_time", "teams.connect_time", "teams.tls_time", "teams.first_data_time"]

LOGIN_NAME, AUTH_NAME, CONFIG_NAME = "login.microsoftonline.com", "authsvc.teams.microsoft.com", "config.teams.microsoft.com"
PUSH_NAME = "go-eu.trouter.teams.microsoft.com"
LOGIN, CONFIG, AUTH, WEB, PUSH = "20.190.128.10", "52.113.194.133", "52.123.128.14", "52.113.194.132", "52.123.130.30"

# What each generated capture shows, by what stock Wireshark says of the frame; a filter that is not here shows nowhere.
SHOWN = {
    "healthy": {},
    "tcp": {
        "teams.tcp_unanswered": f"tcp.flags == 2 && ip.dst == {LOGIN} && frame.time_relative > 5 && frame.time_relative < 6",
        "teams.tcp_refused": f"tcp.flags.reset == 1 && ip.src == {CONFIG}",
        "teams.tcp_prohibited": "icmp.type == 3 || icmpv6.type == 1",
    },
    "ipv6-dead": {
        "teams.tcp_unanswered": "tcp.flags == 2 && ipv6 && frame.time_relative > 2.9 && frame.time_relative < 3.1",
        "teams.ipv6_dead": f"tcp.flags == 0x12 && ip.src == {WEB}",
    },
    "mtu": {"teams.mtu": f"tcp.len == 1400 && ip.dst == {AUTH} && frame.time_relative > 5"},
    "idle": {"teams.idle_cut": f"tcp.flags.reset == 1 && ip.src == {PUSH} && frame.time_relative > 100"},
    "server-name": {
        "teams.reset_after_server_name": f"(tcp.flags.reset == 1 && ip.src == {WEB}) || (tcp.flags.fin == 1 && ip.src == {CONFIG} && tcp.seq == 1)",
        "teams.hello_unanswered": f"tcp.flags.fin == 1 && ip.dst == {AUTH}",
    },
    "alerts": {
        "teams.tls_version_refused": "tls.alert_message.desc == 70",
        "teams.tls_parameters_refused": "tls.alert_message.desc == 40",
        "teams.tls_alert": "tls.alert_message.desc == 49",
    },
    "certificates": {
        "teams.tls_intercepted_refused": "tls.alert_message.desc == 48",
        "teams.tls_intercepted": f"tls.app_data && ip.dst == {AUTH}",
        "teams.certificate_time": f"tls.handshake.certificate && ip.src == {CONFIG}",
        "teams.certificate_refused": "tls.alert_message.desc == 45",
        "teams.handshake_ended": f"tcp.flags.fin == 1 && ip.dst == {PUSH}",
    },
    "no-answer": {"teams.no_data": f"tcp.flags.fin == 1 && ip.dst == {LOGIN}"},
    "quic": {"teams.quic_unanswered": f"quic && ip.dst == {WEB} && frame.time_relative > 0.9"},
    "proxy": {
        "teams.proxy": "frame.number == 4",
        "teams.proxy_credentials": "http.response.code == 407 && frame.time_relative > 4.3",
        "teams.proxy_forbidden": "http.response.code == 403 && frame.time_relative < 10",
        "teams.proxy_failed": "http.response.code == 502",
        "teams.media_proxy": 'http.request.method && http.request.uri contains "euaz.tr"',
    },
    "proxy-forms": {"teams.proxy": "frame.number == 4"},
    "proxy-http2": {
        "teams.proxy": 'http2.headers.authority == "teams.microsoft.com:443"',
        "teams.proxy_forbidden": "http2.headers.status == 403",
        "teams.proxy_failed": "http2.headers.status == 502",
    },
    "idle-elsewhere": {},
    "blocked-aliases": {},
    "push-ends": {"teams.idle_cut": (
        f"frame.time_relative > 120 && ((ip.src == {PUSH} && ip.dst == 192.168.1.20 && tcp.flags.fin == 1) || "
        f"(ip.src == 192.168.1.23 && ip.dst == {PUSH} && tcp.flags.reset == 1))"),
        "teams.connection_lost": "ip.src == 192.168.1.23 && tcp.flags.reset == 1"},
    "resolvers": {},
    "half-open": {"teams.syn_ack_unacknowledged": "tcp.flags == 0x12 && ("
                  f"(ip.src == {LOGIN} && frame.time_relative > 5.1 && frame.time_relative < 5.2) || "
                  f"(ip.src == {PUSH} && frame.time_relative > 13.1 && frame.time_relative < 13.2) || "
                  f"(ip.src == {CONFIG} && frame.time_relative > 13.1 && frame.time_relative < 13.2))"},
    "push-outlived": {"teams.idle_cut": (
        f"frame.time_relative > 4000 && ((ip.src == {PUSH} && ip.dst == 192.168.1.23 && tcp.flags.reset == 1) || "
        f"(ip.src == 192.168.1.24 && ip.dst == {PUSH} && tcp.flags.reset == 1))"),
        "teams.connection_lost": "(ip.src == 192.168.1.22 || ip.src == 192.168.1.24) && tcp.flags.reset == 1"},
    # The fifth retransmission of each: 9 s after the first one.
    "lost-all": {"teams.connection_lost": "tcp.analysis.retransmission && tcp.len < 100 && ((ipv6 && frame.time_relative > 21) || frame.time_relative > 79 || "
                                          "(!(ip.src == 192.168.1.22) && frame.time_relative > 69))",
                 "teams.mtu": "tcp.len == 1400 && frame.time_relative > 63 && frame.time_relative < 65"},
    "acknowledged": {},
    "lacking-steps": {},
    "relay-tried": {"teams.handshake_ended": "tcp.flags.fin == 1 && ip.src == 192.168.1.22 && ip.dst == 52.114.250.123"},
    "inspection-ends": {
        "teams.handshake_ended": f"tcp.flags.fin == 1 && ip.dst == {LOGIN} && frame.time_relative > 2.1 && !(ip.src == 192.168.1.24)",
        "teams.tls_intercepted": f"tls.app_data && ip.src == 192.168.1.24 && ip.dst == {LOGIN} && frame.time_relative > 2.29"},
    "one-address": {"teams.one_address": 'dns.flags.response == 1 && dns.qry.name == "statics.teams.cdn.office.net"'},
}


def capture(name):
    return harness.bundled(f"connections/{name}.pcap" + ("ng" if name == "inspection-ends" else ""))


def frames(path, display_filter, stock=False):
    return [row["frame.number"] for row in harness.fields(path, ["frame.number"], display_filter, stock=stock)]


@pytest.mark.parametrize("name", SHOWN)
def test_each_cause_shows_on_its_frames_and_on_no_other(name):
    shown = {key: [] for key in FILTERS}
    for row in harness.fields(capture(name), FILTERS):
        for key in FILTERS:
            if row[key]:
                shown[key].append(row["frame.number"])
    expected = {key: frames(capture(name), text, stock=True) for key, text in SHOWN[name].items()}
    assert all(expected.values()), expected
    assert {key: value for key, value in shown.items() if value} == expected


@pytest.mark.parametrize("name", ["certificates", "half-open", "proxy", "push-ends", "resolvers", "tcp"])
def test_the_same_in_one_pass_and_two(name):
    harness.assert_same_in_all_modes(capture(name), [*TIMES, "teams.problem"], "teams")
    # JSON and columns show the text of an expert item, not that it is there.
    harness.assert_same_in_all_modes(capture(name), FILTERS, "teams", modes=harness.MODES[:4])


def test_names_that_a_proxy_is_asked_for():
    named = [(row["teams_dns.role"][0], row["teams_dns.name"][0])
             for row in harness.fields(capture("proxy-forms"), ["teams_dns.role", "teams_dns.name"], "teams_dns")]
    assert [name for role, name in named if role == "proxy"] == \
        ["teams.microsoft.com", "config.teams.microsoft.com", "login.microsoftonline.com"]


def test_a_request_in_clear_through_a_proxy_is_answered():
    """Absolute form has no tunnel and no TLS: an answer of the server behind the proxy is what there is."""
    asked, = [c for c in reported(capture("proxy-forms"))[0]["connections"] if c["name"] == CONFIG_NAME]
    assert (asked["state"], asked["proxy_status"], asked["tls_version"]) == ("used", 200, "")
    text = " ".join(harness.report(capture("proxy-forms"), "teams,signin").split())
    assert "config.teams.microsoft.com through the proxy: HTTP in clear, answered" in text and "3 of 3 names" in text
    assert "asked for at the proxy 192.168.1.8:1080" in text


def test_each_tunnel_of_http2_is_a_connection():
    """One session, five streams, of which four are to names of ours: those with answers were reached, by the proxy's words."""
    path = capture("proxy-http2")
    named = [(row["teams_dns.role"], row["teams_dns.name"]) for row in harness.fields(path, ["teams_dns.role", "teams_dns.name"], "teams_dns")]
    assert named == [(["proxy"], [name]) for name in ("teams.microsoft.com", LOGIN_NAME, PUSH_NAME, AUTH_NAME)]
    signin, = reported(path)
    tunnels = {c["name"]: (c["state"], c["proxy"], c["proxy_status"], c["server"]) for c in signin["connections"]}
    assert tunnels == {
        "teams.microsoft.com": ("used", True, 200, "192.168.1.1:8080"), LOGIN_NAME: ("used", True, 200, "192.168.1.1:8080"),
        PUSH_NAME: ("proxy_refused", True, 403, "192.168.1.1:8080"), AUTH_NAME: ("proxy_refused", True, 502, "192.168.1.1:8080")}
    told = {problem["code"]: problem for problem in signin["problems"]}
    assert "the push channel go-eu.trouter.teams.microsoft.com" in told["proxy-forbidden"]["summary"]
    assert AUTH_NAME in told["proxy-failed"]["summary"] and "2 of 4 names" in told["proxy"]["summary"]
    assert signin["identity_connected"]


def test_times_are_on_the_frames_that_complete_each():
    rows = harness.fields(capture("healthy"), [*TIMES, "frame.time_relative", "dns.time", "tls.handshake.type"])
    by = {key: [row for row in rows if row[key]] for key in TIMES}
    for row in by["teams.dns_time"]:
        assert float(row["teams.dns_time"][0]) == pytest.approx(float(row["dns.time"][0]), abs=1e-6)
    # The generator: connections answer after 20 ms, the first one of the push channel after a second SYN 1 s later.
    assert [round(float(row["teams.connect_time"][0]), 3) for row in by["teams.connect_time"]] == [0.02] * 4 + [1.02]
    # ClientHello to Finished: 60 ms; with TLS 1.2 the server's own comes 20 ms later. Request to answer: 40 ms.
    assert [round(float(row["teams.tls_time"][0]), 3) for row in by["teams.tls_time"]] == [0.06] * 3 + [0.08, 0.06]
    assert [round(float(row["teams.first_data_time"][0]), 3) for row in by["teams.first_data_time"]] == [0.04] * 5


def test_a_connect_time_begins_with_the_first_syn():
    """Also where only the first request, or the ClientHello, tells that the connection is of interest: SYNs at 0 and 1 s, at 10, 11 and
    13 s, at 20 and 21 s, each answered 20 ms after the last."""
    rows = harness.fields(capture("syn-again"), ["tcp.stream", "teams.connect_time"], "teams.connect_time")
    assert [(row["tcp.stream"][0], round(float(row["teams.connect_time"][0]), 2)) for row in rows] == [("0", 1.02), ("1", 3.02), ("2", 1.02)]


# ---- sign-in reports ----

# The code that a report must give to each shared capture with a cause of this subject, and the words of the truth in its sentence.
TRUTH = {
    "00-control": {},
    "01-nxdomain": {"name-missing": ["authsvc.teams.microsoft.com", "does not exist"], "name-without-address": ["teams.microsoft.com", "no address"]},
    "02b-resolver-silent-retry": {"resolver-silent": ["No DNS answer at all", "192.168.10.1"]},
    "03b-split-dns-private": {"private-address-dead": ["private address", "split DNS", "never answered", "10.20.30.40"]},
    "04b-ipv6-dead-slow-fallback": {"ipv6-dead": ["IPv4 works", "12.0 s", "2 times"]},
    "05-syn-dropped-login": {"tcp-unanswered": ["login.microsoftonline.com", "40.126.32.74:443", "24 SYNs", "identity was not reached"]},
    "06-rst-after-clienthello": {"reset-after-server-name": ["teams.microsoft.com", "other names work", "filter by server name"]},
    "07-tls-intercepted-refused": {"tls-intercepted-refused": ["Contoso Proxy CA", "refuses", "unknown CA"]},
    "09a-tls-version-alert": {"tls-version": ["server refuses", "TLS 1.1"]},
    "10-proxy-connect": {"proxy": ["192.168.10.1:3128"]},
    "11-proxy-407": {"proxy-asks-credentials": ["407", "gets them", "ms"]},
    "12a-proxy-403-trouter": {"proxy-forbidden": ["403", "push channel", "go-eu.trouter.teams.microsoft.com", "3 times"]},
    "16-quic-blocked": {"quic-unanswered": ["UDP 443", "TCP is used"]},
    "21-slow-dns": {"slow-resolver": ["2.03"]},
    "22-captive-portal": {"captive-portal": ["captive portal"]},
    "25-trouter-idle-cut": {"idle-cut": ["4 times", "63 s", "idle timeout"]},
    "26-aaaa-refused": {"aaaa-refused": ["AAAA"]},
    "29-trouter-tcp-refused": {"tcp-prohibited": ["authsvc.teams.microsoft.com", "192.168.10.1", "refused by the network"]},
}
SEVERITIES = ["ok", "chat", "note", "warning", "error"]


# Who did it, by the bytes: the sender of the alert, reset or ICMP error; silence and answers of the resolver are the network's.
ACTORS = {
    "01-nxdomain": {"name-missing": "network", "name-without-address": "network"},
    "05-syn-dropped-login": {"tcp-unanswered": "network"},
    "07-tls-intercepted-refused": {"tls-intercepted-refused": "network"},
    "09a-tls-version-alert": {"tls-version": "server"},
    "12a-proxy-403-trouter": {"proxy-forbidden": "proxy", "proxy": "client"},
    "29-trouter-tcp-refused": {"tcp-prohibited": "network"},
}


@pytest.mark.parametrize("name", ACTORS)
def test_a_problem_says_who_did_it(name):
    path = harness.shared(f"failures/{name}.pcapng")
    problems = {problem["code"]: problem for problem in reported(path)[0]["problems"]}
    assert {code: problems[code]["actor"] for code in ACTORS[name]} == ACTORS[name]
    text = " ".join(harness.report(path, "teams,signin").split())
    for code, actor in ACTORS[name].items():
        assert f"({code}, by the {actor}, frame " in text
    worst = reported(path)[0]["problems"][0]
    assert f"({worst['code']}, by the {worst['actor']}, frame {worst['frame']}" in " ".join(harness.report(path, "teams,summary").split())
    row, = csv.DictReader(io.StringIO(harness.report(path, "teams,summary,csv")))
    assert row["actor"] == worst["actor"]


def problem_codes(signin):
    return {problem["code"] for problem in signin["problems"]}


def test_one_cause_is_told_once():
    """NXDOMAIN for AAAA is that of the name; at a portal nothing else counts, and it says that identity was not reached."""
    told = reported(harness.shared("failures/01-nxdomain.pcapng"))[0]
    assert {"name-missing", "name-without-address"} <= problem_codes(told) and "D3" not in problem_codes(told)
    told = reported(harness.shared("failures/22-captive-portal.pcapng"))[0]
    assert problem_codes(told) - {"D30"} == {"captive-portal"}
    assert "identity was not reached" in told["verdict"]


def test_each_name_without_an_answer_is_told_once():
    """The expert item says it of each of them, the report in one sentence: nine names, of which three are shown."""
    told, = reported(harness.shared("teams/skype-legacy-signin.pcap"))[:1]
    assert "name-unanswered" in problem_codes(told)
    assert "D2" not in problem_codes(told) or not any(
        "conn.skype.akadns.net" in problem["details"] for problem in told["problems"] if problem["code"] == "D2")


def test_a_pattern_is_no_name_that_a_sign_in_needs():
    """Somebody asked for "*.teams.microsoft.com" itself: it does not exist, and no sign-in failed by that."""
    told = reported(harness.shared("mixed/dns_ambiguous_names.pcap"))[0]
    problem, = [problem for problem in told["problems"] if problem["code"] == "name-missing"]
    assert problem["severity"] == "note" and told["verdict_code"] not in ("failed", "error")


def test_a_segment_that_had_arrived_was_not_lost():
    """Some were sent again after they had been acknowledged: the round trip is longer than the sender waits. Stock of 4.4 calls more of them
    lost (25) than that of 4.0 (8)."""
    path = harness.shared("failures/20-vpn-hairpin.pcapng")
    lost = frames(path, "tcp.analysis.retransmission && !tcp.analysis.spurious_retransmission && tcp.port == 443", stock=True)
    problem, = [problem for problem in reported(path)[0]["problems"] if problem["code"] == "retransmissions"]
    assert problem["summary"].startswith(f"{len(lost)} of ") and problem["severity"] == ("note" if len(lost) < 20 else "warning")


def test_what_failed_before_a_connection_is_part_of_why_it_was_slow():
    """truth.csv: IPv4 used after 6 s, twice."""
    path = harness.shared("failures/04b-ipv6-dead-slow-fallback.pcapng")
    waited = {row["name"]: row["failed_time"] for row in reported(path)[0]["timings"] if row["failed_time"]}
    assert {name: round(seconds) for name, seconds in waited.items()} == {"teams.microsoft.com": 6, "login.microsoftonline.com": 6}
    assert "failed tries 11.98 s" in " ".join(harness.report(path, "teams,signin").split())


def test_pseudo_tls_is_no_tls():
    path = harness.shared("failures/14a-udp-dropped-pseudo-tls.pcapng")
    relay, = [c for c in reported(path)[0]["connections"] if c["server"].startswith("52.114.250.10")]
    assert (relay["state"], relay["tls_version"], relay["tls_time"]) == ("used", "", None)
    text = " ".join(harness.report(path, "teams,signin").split())
    assert "euaz.relay.teams.microsoft.com: pseudo-TLS, data both ways (52.114.250.10:443" in text


def test_an_address_as_server_name_does_not_hide_the_name():
    path = harness.shared("failures/14b-udp-dropped-real-tls.pcapng")
    relay, = [c for c in reported(path)[0]["connections"] if c["server"].startswith("52.114.250.10")]
    assert relay["name"] == "euaz.relay.teams.microsoft.com" and relay["tls_version"] == "TLS 1.3"


def test_silence_that_a_server_may_have_ended():
    """Only a push channel is there to stay open: elsewhere it is a note, and no expert item."""
    warned, = [problem for problem in reported(capture("idle"))[0]["problems"] if problem["code"] == "idle-cut"]
    assert warned["severity"] == "warning" and warned["summary"].startswith("go-eu.trouter.teams.microsoft.com")
    other, = [problem for problem in reported(capture("idle-elsewhere"))[0]["problems"] if problem["code"] == "idle-cut"]
    assert other["severity"] == "note" and "on the way or at the server" in other["summary"]
    assert not frames(capture("idle-elsewhere"), "teams.idle_cut")


def test_a_chain_that_is_cut_at_an_alias():
    """Whatever the resolver says of the alias that it blocks: NXDOMAIN, SERVFAIL, or nothing."""
    told = {problem["summary"].split()[5]: problem for problem in reported(capture("blocked-aliases"))[0]["problems"]
            if problem["code"] == "chain-cut"}
    assert {name: problem["severity"] for name, problem in told.items()} == dict.fromkeys((LOGIN_NAME, AUTH_NAME, CONFIG_NAME), "error")
    assert "NXDOMAIN" in told[LOGIN_NAME]["summary"] and "SERVFAIL" in told[AUTH_NAME]["summary"]
    assert all("blocked.trafficmanager.net" in problem["summary"] for problem in told.values())
    assert problem_codes(reported(capture("blocked-aliases"))[0]) & {"name-missing", "name-failed", "D1", "D3", "D7"} == set()


def test_nobody_did_what_the_bytes_do_not_tell():
    problems = {problem["code"]: problem for problem in reported(capture("no-answer"))[0]["problems"]}
    assert problems["no-data"]["actor"] == ""


def sentence(problem):
    return " ".join([problem["summary"], *problem["details"]])


def truth():
    with open(harness.shared("failures/truth.csv"), encoding="utf-8", newline="") as file:
        return {row["capture"].removesuffix(".pcapng"): row["severity"] for row in csv.DictReader(file)}


@pytest.mark.parametrize("name", TRUTH)
def test_a_report_names_the_cause(name):
    problems = [problem for signin in reported(harness.shared(f"failures/{name}.pcapng")) for problem in signin["problems"]]
    for code, words in TRUTH[name].items():
        told = [sentence(problem) for problem in problems if problem["code"] == code]
        assert told and all(any(word in text for text in told) for word in words), (code, problems)
    worst = max((SEVERITIES.index(problem["severity"]) for problem in problems), default=0)
    allowed = SEVERITIES.index(truth()[name])
    assert worst == allowed if allowed > SEVERITIES.index("note") else worst <= SEVERITIES.index("note"), problems


@pytest.mark.parametrize("folder", ["negative", "teams"])
def test_other_captures_have_no_failing_connection(folder):
    """Nothing above a note but what stock's frames prove: servers of 2014 that never answer a ClientHello."""
    proved = {"skype-legacy-signin.pcap": {"teams.hello_unanswered", "teams.reset_after_server_name"}}
    severe = [row.filter for row in tables.all_diagnostics() if row.filter in FILTERS and row.severity in ("error", "warning")]
    for name in harness.shared_names(folder):
        shown = {key for row in harness.fields(harness.shared(name), severe, " || ".join(severe)) for key in severe if row[key]}
        assert shown <= proved.get(name.split("/")[1], set()), name


# ---- what looks like a cause and is none, or has another one ----

def codes_and_severities(signin):
    return {(problem["code"], problem["severity"]) for problem in signin["problems"]}


def test_credentials_that_a_proxy_gets_after_several_answers_are_no_refusal():
    """NTLM, Negotiate, and Basic on a second connection; the other client's NTLM and Basic are refused, in the answers of 10.33 s and 12.33 s."""
    path = capture("proxy-credentials")
    told = of_clients(path)
    asked, = [problem for problem in told["192.168.1.20"]["problems"] if problem["code"] == "proxy-asks-credentials"]
    assert "gets them, on 3 connections" in asked["summary"]
    assert "proxy-credentials" not in problem_codes(told["192.168.1.20"]) and told["192.168.1.20"]["verdict_code"] == "went-through"
    assert ("proxy-credentials", "error") in codes_and_severities(told["192.168.1.21"])
    assert frames(path, "teams.proxy_credentials") == frames(path, "http.response.code == 407 && ip.dst == 192.168.1.21 && ("
                                                             "(frame.time_relative > 10.3 && frame.time_relative < 10.4) || frame.time_relative > 12.3)", stock=True)


def test_silence_in_a_capture_of_one_direction_says_nothing():
    """The first three clients acknowledge what the capture lacks; of the fourth there are only questions."""
    told = of_clients(capture("sent-only"))
    for n in (20, 21, 22):
        assert problem_codes(told[f"192.168.1.{n}"]) & {"resolver-silent", "identity-unreached", "tcp-unanswered"} == set()
        assert told[f"192.168.1.{n}"]["severity"] == "unknown"
    assert "resolver-silent" in problem_codes(told["192.168.1.23"])


def test_a_question_that_failed_before_it_was_answered_is_a_warning():
    """One, one and two questions failed; the other client's name never had an address."""
    told = of_clients(capture("failed-before"))
    failed, = [problem for problem in told["192.168.1.20"]["problems"] if problem["severity"] in ("warning", "error")]
    assert (failed["code"], failed["severity"]) == ("name-failed", "warning") and "4 questions" in failed["summary"]
    assert all(name in failed["summary"] for name in ("teams.microsoft.com", LOGIN_NAME, AUTH_NAME))
    assert told["192.168.1.20"]["verdict_code"] == "went-through"
    assert ("name-failed", "error") in codes_and_severities(told["192.168.1.21"])


def test_a_search_suffix_is_no_imitation():
    """Where somebody answers, the name does not tell which of both it is: the last of the questions is answered."""
    assert frames(capture("suffixes"), "teams_dns.lookalike") == []
    assert frames(capture("suffixes"), "teams_dns.answered_with_suffix") == frames(capture("suffixes"), "dns.a == 198.51.100.66", stock=True)


def test_a_client_of_teams_that_asks_for_discovery():
    told = of_clients(capture("discovery-beside"))
    assert [told[f"192.168.1.{n}"]["verdict_code"] for n in (20, 21, 22)] == ["went-through", "discovery", "identity-only"]
    assert [told[f"192.168.1.{n}"]["generation"] for n in (20, 21, 22)] == ["modern", "lync-discovery", ""]


def test_a_large_hello_that_is_lost_is_no_filter_by_name():
    """Three that are lost by their size; the last one is small."""
    path = capture("mtu-hello")
    told = {problem["code"]: problem["summary"] for problem in reported(path)[0]["problems"]}
    assert all(name in told["mtu"] for name in ("teams.microsoft.com", LOGIN_NAME, AUTH_NAME))
    assert CONFIG_NAME in told["hello-unanswered"] and "and nothing comes back" in told["hello-unanswered"] and LOGIN_NAME not in told["hello-unanswered"]
    assert frames(path, "teams.hello_unanswered") == frames(path, f"tcp.flags.fin == 1 && ip.dst == {CONFIG}", stock=True)


def test_a_large_hello_of_which_nothing_gets_through_is_not_lost_for_its_size():
    path = capture("large-hello-dropped")
    told = of_clients(path)
    for n in (20, 21, 22):
        unanswered, = above_note(told[f"192.168.1.{n}"]).values()
        assert unanswered["code"] == "hello-unanswered" and LOGIN_NAME in unanswered["summary"] and "a smaller MSS" in unanswered["advice"]
    assert set(above_note(told["192.168.1.23"])) == {"mtu"}
    assert frames(path, "teams.mtu && ip.addr != 192.168.1.23") == []


def test_what_is_missing_has_the_cause_that_is_told():
    """Conditional access explains nothing where identity was not reached; where it was, it may."""
    for signin in reported(capture("unreached")):
        assert signin["verdict_code"] == "failed" and "D15" not in problem_codes(signin), signin["client"]
    assert "D15" in {problem["code"] for signin in reported(harness.bundled("sessions/signin-stalled.pcap")) for problem in signin["problems"]}


def test_who_ended_a_push_channel():
    """By FIN from the server's side, by the client, by nobody who answers, after a time that is always the same; and by nothing of these."""
    told = of_clients(capture("push-ends"))
    words = {20: ("warning", "idle-cut", "", ["closed (a record of TLS, then FIN) from the server's side 3 times", "60 s of silence"]),
             21: ("note", "closed-by-client", "client", ["The client itself resets", "3 times"]),
             22: ("note", "closed-by-client", "client", ["The client itself closes", "3 times"]),
             23: ("warning", "idle-cut", "network", ["what the client sends", "has no answer, 3 times", "60 s of silence"]),
             24: ("warning", "cut-at-intervals", "", ["closed (FIN) from the server's side 3 times", "about 100 s after it was opened"])}
    for n, (severity, code, actor, texts) in words.items():
        problem, = [problem for problem in told[f"192.168.1.{n}"]["problems"] if problem["code"] == code]
        assert (problem["severity"], problem["actor"]) == (severity, actor) and all(text in problem["summary"] for text in texts), problem
        assert set(above_note(told[f"192.168.1.{n}"])) == ({code} if severity == "warning" else set())
        assert ("idle timeout" in problem["summary"]) == (code == "idle-cut")
    for n in (25, 26):
        assert problem_codes(told[f"192.168.1.{n}"]) & {"idle-cut", "closed-by-client", "cut-at-intervals"} == set()


def test_a_last_record_of_tls_is_of_no_device_that_forgets():
    told = of_clients(capture("push-goodbye"))
    for n, how in ((20, "a record of TLS, then RST"), (21, "a record of TLS, then RST"), (22, "a record of TLS, then FIN")):
        problem, = above_note(told[f"192.168.1.{n}"]).values()
        assert problem["code"] == "idle-cut" and problem["actor"] == "" and "inspected" in problem["advice"]
        assert f"closed ({how}) from the server's side 3 times after about 60 s" in problem["summary"] and "on the way or" not in problem["summary"]
    for n, actor, words in ((23, "network", "likely an idle timeout on the way"), (25, "", "closed (FIN) from the server's side 3 times")):
        problem, = above_note(told[f"192.168.1.{n}"]).values()
        assert (problem["code"], problem["actor"]) == ("idle-cut", actor) and words in problem["summary"] and "a record" not in problem["summary"]
    assert causes(told["192.168.1.24"]) == {}


def causes(signin):
    """Without what is wrong with names."""
    return {problem["code"]: problem for problem in signin["problems"] if not re.fullmatch(r"D\d+", problem["code"])}


def test_a_silence_that_was_outlived_ends_no_push_channel():
    """Longer or equal silences before; a message of the server's; and an hour, in which the client may have slept."""
    told = of_clients(capture("push-outlived"))
    for n, lasted in ((20, "300"), (21, "60"), (22, None)):
        found = causes(told[f"192.168.1.{n}"])
        assert set(found) == ({"cut-at-intervals"} if lasted else {"connection-lost"})
        assert all(f"each time about {lasted} s after it was opened" in problem["summary"] for code, problem in found.items() if code != "connection-lost")
    for n in (23, 24):
        problem, = [problem for problem in told[f"192.168.1.{n}"]["problems"] if problem["code"] == "idle-cut"]
        assert problem["severity"] == "note" and "or the client slept" in problem["summary"]


def test_what_the_client_acknowledges_was_sent():
    """An answer, a handshake and a segment that the capture lacks are neither missing on the way nor unanswered."""
    for signin in of_clients(capture("acknowledged")).values():
        assert causes(signin) == {}


def test_a_step_whose_end_the_capture_lacks_has_no_time():
    """What would end it instead comes two seconds later, and is no answer to what was asked then. That of .23 is there, and is slow."""
    path = capture("lacking-steps")
    late = harness.fields(path, ["ip.src", "ip.dst", "teams.tls_time", "teams.first_data_time"],
                          "frame.time_relative > 10.6 && (teams.tls_time || teams.first_data_time > 0.1)")
    assert [(row["ip.dst"], [round(float(value), 2) for value in row["teams.first_data_time"]]) for row in late] == [(["192.168.1.23"], [1.6])]


def test_a_request_that_is_acknowledged_may_wait():
    """.20 to .22 wait when the capture ends, .23 left chat after 40 s; .24 and .25 gave up, and what .26 sends is not acknowledged."""
    told = of_clients(capture("long-polls"))
    assert {int(client.split(".")[3]): "no-data" in problem_codes(signin) for client, signin in told.items()} == {
        20: False, 21: False, 22: False, 23: False, 24: True, 25: True, 26: True}
    assert {client for client, signin in told.items() if signin["verdict_code"] == "failed"} <= {"192.168.1.24", "192.168.1.25", "192.168.1.26"}
    assert [row["frame.number"] for row in harness.fields(capture("long-polls"), [], "teams.no_data")] == frames(
        capture("long-polls"), "tcp.flags.fin == 1 && ip.src == 192.168.1.24/31 && frame.time_relative > 12", stock=True)


@pytest.mark.parametrize("name", ["resolvers", "push-ends", "long-polls"])
def test_times_that_may_overlap_are_a_sum_and_no_time_that_passed(name):
    """Several names each; a single name's steps follow one another."""
    text = " ".join(harness.report(capture(name), "teams,signin").split())
    sums = re.findall(r"the first connection to each of \d+ names took [\d.]+ s([^:]*):", text)
    assert sums and set(sums) == {", added up though some may overlap"}
    assert not re.search(r"the first connection to 1 name took [\d.]+ s,", text)


STEP_WORDS = {"dns_time": "DNS", "connect_time": "TCP connect", "tls_time": "TLS", "first_data_time": "first data"}


@pytest.mark.parametrize("name, untold", [("healthy", set()), ("proxy", {"DNS"}), ("asked-once", {"DNS"}), ("alerts", set()),
                                          ("cut-short", {"DNS", "TLS", "first data"})])
def test_a_step_that_the_capture_does_not_show_has_no_time_in_the_sum(name, untold):
    """And one that it shows of some names says of how many."""
    path, missing = capture(name), set()
    texts = re.findall(r"the first connection to (?:each of )?\d+ names? took [^:]*: (.*?)\. (?:It|The slowest):", " ".join(harness.report(path, "teams,signin").split()))
    signins = [signin for signin in reported(path) if signin["timings"]]
    assert len(texts) == len(signins) > 0
    for text, signin in zip(texts, signins):
        for key, word in STEP_WORDS.items():
            count = sum(row[key] is not None for row in signin["timings"])
            found = re.search(rf"(?:^|, ){word} [\d.]+ s(?: \((\d+) of them\))?", text)
            assert (found is not None) == (count > 0)
            missing |= {word} if found is None else set()
            assert found is None or (found[1] is None) == (count == len(signin["timings"])) and int(found[1] or count) == count
    assert missing >= untold


def test_a_client_that_tries_the_way_to_a_relay_refuses_no_certificate():
    told = of_clients(capture("relay-tried"))
    assert {client: sorted(causes(signin)) for client, signin in told.items()} == {
        "192.168.1.20": [], "192.168.1.21": [], "192.168.1.22": ["handshake-ended"]}


def test_a_relay_out_of_reach_fails_no_sign_in():
    """No answer, RST, a name without an answer; not a service that a sign-in needs."""
    told = of_clients(capture("relay-unreached"))
    assert {client: sorted(causes(signin)) for client, signin in told.items()} == {
        "192.168.1.20": ["tcp-unanswered"], "192.168.1.21": ["tcp-refused"], "192.168.1.22": ["name-unanswered"],
        "192.168.1.23": ["tcp-unanswered"]}
    assert {client for client, signin in told.items() if signin["verdict_code"] == "failed"} == {"192.168.1.23"}


def test_sessions_that_the_client_leaves_beside_others():
    told = of_clients(capture("sessions-beside"))
    for n in (20, 21):
        assert causes(told[f"192.168.1.{n}"]) == {}
    unused, = [problem for problem in told["192.168.1.22"]["problems"] if problem["code"] == "handshake-ended"]
    assert unused["severity"] == "note" and "after the TLS handshake" in unused["summary"] and "likely" not in unused["summary"]
    closed, = [problem for problem in told["192.168.1.23"]["problems"] if problem["code"] == "reset-after-server-name"]
    assert "others with the same name work" in closed["summary"] and "filter" not in closed["summary"]


def test_a_client_that_polls_identity_is_in_no_loop():
    """Every 5 s beside telemetry, every 30 s with one that is late; not a client that goes to the page between, comes at all times, or
    comes faster than RFC 8628 lets it."""
    told = of_clients(capture("identity-polled"))
    for n, words in ((20, "8 times, about every 5 s"), (21, "6 times, about every 30 s")):
        assert set(above_note(told[f"192.168.1.{n}"])) == set() and told[f"192.168.1.{n}"]["verdict_code"] == "identity-only"
        polled, = [problem for problem in told[f"192.168.1.{n}"]["problems"] if problem["code"] == "identity-polled"]
        assert words in polled["summary"] and "device code" in polled["advice"] and polled["severity"] == "note"
    assert causes(told["192.168.1.22"]) == {} and told["192.168.1.22"]["verdict_code"] == "went-through"
    for n in (23, 24, 25):
        assert set(causes(told[f"192.168.1.{n}"])) == {"login-loop"}


def test_rounds_are_counted_by_one_name():
    """A page of identity has other names beside it: five rounds are five, and two visits to each of two names are no loop."""
    told = of_clients(capture("identity-pages"))
    loop, = above_note(told["192.168.1.20"]).values()
    assert loop["code"] == "login-loop" and f"({LOGIN_NAME}) 5 times" in loop["summary"]
    assert causes(told["192.168.1.21"]) == {}


def test_a_client_that_goes_on_at_a_service_is_in_no_loop():
    """One front door serves all of Teams; a client in a loop would have been back at identity."""
    told = of_clients(capture("identity-then-page"))
    for n in (20, 21, 22):
        assert above_note(told[f"192.168.1.{n}"]) == {} and told[f"192.168.1.{n}"]["severity"] == "unknown"
    for n in (23, 24, 25):
        loop, = above_note(told[f"192.168.1.{n}"]).values()
        assert (loop["code"], loop["severity"]) == ("login-loop", "error") and f"({LOGIN_NAME}) 5 times in 6 s" in loop["summary"]
        assert told[f"192.168.1.{n}"]["verdict_code"] == "failed"


def test_signs_of_life_and_what_needs_no_token_end_no_loop():
    for signin in of_clients(capture("identity-then-silence")).values():
        assert {problem["code"]: problem["severity"] for problem in above_note(signin).values()} == {"login-loop": "error"}
        assert signin["verdict_code"] == "failed"


def test_a_few_visits_before_the_capture_ends_are_no_failure():
    told = of_clients(capture("identity-at-end"))
    for n, times in ((20, 4), (21, 5)):
        loop, = above_note(told[f"192.168.1.{n}"]).values()
        assert (loop["code"], loop["severity"]) == ("login-loop", "warning") and "still going on" in loop["summary"]
        assert f"{times} times" in loop["summary"] and "Capture for longer" in loop["advice"]
        assert (told[f"192.168.1.{n}"]["verdict_code"], told[f"192.168.1.{n}"]["severity"]) == ("identity-only", "check")
    loop, = above_note(told["192.168.1.22"]).values()
    assert (loop["code"], loop["severity"]) == ("login-loop", "error") and told["192.168.1.22"]["verdict_code"] == "failed"


def test_servers_of_the_customers_own_have_the_customers_certificates():
    told = of_clients(capture("customers-servers"))
    for n in (20, 21):
        assert causes(told[f"192.168.1.{n}"]) == {} and told[f"192.168.1.{n}"]["verdict_code"] == "went-through"
    refused = told_of(told["192.168.1.22"], "certificate-refused")
    assert len(refused) == 1 and "issued by Contoso Issuing CA 1" in refused[0] and "intercept" not in refused[0]
    assert set(causes(told["192.168.1.22"])) == {"certificate-refused"}
    for n, code in ((23, "tcp-unanswered"), (24, "tcp-refused")):
        problem, = causes(told[f"192.168.1.{n}"]).values()
        assert problem["code"] == code and problem["severity"] != "error" and "split DNS" not in problem["summary"]
        assert "customer's own" in problem["advice"]
    for n in (25, 26):
        assert "Contoso Issuing CA 1" in told_of(told[f"192.168.1.{n}"], "tls-intercepted")[0]
    assert len(frames(capture("customers-servers"), "teams.tls_intercepted || teams.tls_intercepted_refused")) == 2
    assert len(frames(capture("customers-servers"), "teams.tls_intercepted && ip.src in {192.168.1.25, 192.168.1.26}")) == 2


def test_one_name_that_is_refused_at_several_addresses():
    told = of_clients(capture("refused-addresses"))
    for n, code, words in ((20, "tcp-refused", f"{LOGIN_NAME} (the first at {LOGIN}:443) is refused with a reset (3 connections)"),
                           (21, "tcp-refused", f"{LOGIN_NAME} ({LOGIN}:443) is refused with a reset (2 connections)"),
                           (22, "tcp-prohibited", f"{LOGIN_NAME} (the first at {LOGIN}:443) is refused by the network")):
        text, = told_of(told[f"192.168.1.{n}"], code)
        assert words in text


def test_a_handshake_whose_server_hello_is_not_seen_tells_nothing_of_certificates():
    """What the client had acknowledged was there; what it had not was lost on the way."""
    told = of_clients(capture("server-hello-unseen"))
    assert causes(told["192.168.1.20"]) == {} and told["192.168.1.20"]["severity"] == "unknown"
    assert set(above_note(told["192.168.1.21"])) == {"mtu"}
    assert frames(capture("server-hello-unseen"), "teams.handshake_ended") == []


def test_a_proxy_that_asks_once_refuses_nobody():
    """The client has credentials, and does not come back: a warning; it has none, or comes three times: an error; the capture ends: a note."""
    told = of_clients(capture("asked-once"))
    words = {20: ("warning", "once, and the client does not come back with any"), 21: ("error", "refuses (407"), 23: ("error", "refuses (407"),
             22: ("note", "before the capture ends")}
    for n, (severity, text) in words.items():
        problem, = [problem for problem in told[f"192.168.1.{n}"]["problems"] if problem["code"] == "proxy-credentials"]
        assert problem["severity"] == severity and text in problem["summary"], problem
        asked = frames(capture("asked-once"), f"http.response.code == 407 && ip.dst == 192.168.1.{n}", stock=True)
        assert [str(problem["frame"])] == asked[{20: -1, 23: 2}.get(n, 0)]
    assert "exempt" not in above_note(told["192.168.1.20"])["proxy-credentials"]["summary"]
    assert told["192.168.1.20"]["verdict_code"] != "failed" and told["192.168.1.21"]["verdict_code"] == "failed"


def test_what_works_beside_is_in_the_advice():
    """What others with the same name or to the same address show: no rule is in the way of that alone."""
    told = above_note(reported(capture("not-always"))[0])
    assert set(told) == {"reset-after-server-name", "hello-unanswered", "tcp-refused", "tcp-unanswered", "tcp-prohibited"}
    assert "reached in another way" in told["tcp-prohibited"]["summary"] and told["tcp-prohibited"]["severity"] == "warning"
    for code in ("reset-after-server-name", "hello-unanswered", "tcp-refused"):
        assert "others with the same name work" in told[code]["summary"] and "Other connections with the same name" in told[code]["advice"]
        assert "filter" not in told[code]["advice"] and told[code]["severity"] == "warning"
    dead = {problem["summary"].split(" ")[2]: problem for problem in reported(capture("not-always"))[0]["problems"] if problem["code"] == "tcp-unanswered"}
    assert "(52.123.128.15:443) is never answered" in dead[AUTH_NAME]["summary"] and "reached in another way" in dead[AUTH_NAME]["summary"]
    assert "not always answered" in dead[LOGIN_NAME]["summary"] and dead[LOGIN_NAME]["advice"].startswith("Other connections to the same address")
    filtered = above_note(reported(harness.shared("failures/06-rst-after-clienthello.pcapng"))[0])["reset-after-server-name"]
    assert "exempt the names" in filtered["advice"]


def test_what_a_portal_ends_is_the_portals_doing():
    """By RST, by an alert, by silence, and over IPv6; an address that begins with the same digits is another one."""
    told = of_clients(capture("portal-ends"))
    for client in ("192.168.1.21", "192.168.1.22", "fd00:7::23"):
        assert set(above_note(told[client])) == {"captive-portal"}, client
        assert "zone of its own" in above_note(told[client])["captive-portal"]["advice"]
    beside = above_note(told["192.168.1.20"])
    assert set(beside) == {"captive-portal", "reset-after-server-name"}
    assert CONFIG_NAME in beside["reset-after-server-name"]["summary"] and LOGIN_NAME not in beside["reset-after-server-name"]["summary"]
    redirected = above_note(reported(harness.shared("failures/22-captive-portal.pcapng"))[0])["captive-portal"]
    assert redirected["advice"].startswith("Log in at the portal, or exempt")


def test_who_answers_at_another_time():
    """A proxy that is gone around lets nobody in; one that answered is not dead, nor is a resolver that answers names of others."""
    told = of_clients(capture("answered-elsewhere"))
    problems = {problem["code"]: problem for problem in told["192.168.1.20"]["problems"]}
    assert "proxy-asks-credentials" not in problems and "0 of 3 names" in problems["proxy"]["summary"]
    assert problems["proxy-credentials"]["severity"] == "warning"
    dead, = [problem for problem in told["192.168.1.21"]["problems"] if problem["code"] == "proxy-unanswered"]
    assert dead["severity"] == "warning" and "is no longer answered: 3 SYNs" in dead["summary"]
    assert "one-resolver-silent" not in problem_codes(told["192.168.1.22"])
    assert "name-unanswered" in problem_codes(told["192.168.1.23"]) and "resolver-silent" not in problem_codes(told["192.168.1.23"])
    assert causes(told["192.168.1.24"]) == {}


def test_one_of_two_resolvers_is_dead():
    """Waited for 2 s, for 1 s by A and AAAA at once, and not at all; a resolver that answers late once is not dead."""
    told = of_clients(capture("resolvers"))
    for n, severity, cost in ((20, "warning", "costs 2.0 s for each of 3 names, 6.0 s in all"), (21, "warning", "costs 1.0 s for each of 3 names, 3.0 s in all"),
                              (22, "note", None)):
        problem, = [problem for problem in told[f"192.168.1.{n}"]["problems"] if problem["code"] == "one-resolver-silent"]
        questions = frames(capture("resolvers"), f"dns && ip.src == 192.168.1.{n} && ip.dst == 192.168.1.5", stock=True)
        assert problem["severity"] == severity and (cost is None and "costs" not in problem["summary"] or cost in problem["summary"])
        assert problem["summary"].startswith("The resolver 192.168.1.5 answers nothing") and "192.168.1.6 answers in its place" in problem["summary"]
        assert f"{len(questions)} questions, frames {questions[0][0]} to {questions[-1][0]}" in problem["summary"]
        assert set(above_note(told[f"192.168.1.{n}"])) <= {"one-resolver-silent"}
    assert "one-resolver-silent" not in problem_codes(told["192.168.1.23"]) and "slow-resolver" not in problem_codes(told["192.168.1.20"])


def test_dns_time_is_from_the_first_question_on_whoever_answers():
    rows = harness.fields(capture("resolvers"), ["ip.dst", "teams.dns_time"], "teams.dns_time && dns.qry.type == 1")
    waited = {n: [round(float(row["teams.dns_time"][0]), 2) for row in rows if row["ip.dst"] == [f"192.168.1.{n}"]] for n in (20, 21, 22)}
    assert waited == {20: [2.02] * 3, 21: [1.02] * 3, 22: [0.02] * 3}


def test_only_a_slow_sign_in_is_headed_so():
    """The slowest name took 2.1 s, or 1.1; the third client lost nothing."""
    text = harness.report(capture("resolvers"), "teams,signin")
    assert (text.count("Why slow: "), text.count("Times: ")) == (3, 1)


def test_an_answer_to_a_syn_that_is_never_acknowledged():
    told = of_clients(capture("half-open"))
    lost = told["192.168.1.20"]["problems"][0]
    assert (lost["code"], lost["severity"], lost["actor"]) == ("syn-ack-unacknowledged", "error", "") and told["192.168.1.20"]["verdict_code"] == "failed"
    assert "SYN/ACK 4 times" in lost["summary"] and "identity was not reached" in lost["summary"]
    assert set(above_note(told["192.168.1.21"])) == {"syn-ack-unacknowledged"}
    for n in (22, 23):
        assert "syn-ack-unacknowledged" not in problem_codes(told[f"192.168.1.{n}"])


def test_what_is_sent_again_for_want_of_an_acknowledgement_is_no_loss():
    for signin in of_clients(capture("half-open-beside")).values():
        assert "syn-ack-unacknowledged" in problem_codes(signin) and "retransmissions" not in problem_codes(signin)


def test_a_client_that_leaves_an_interceptor_does_not_accept_it():
    """With FIN, after the certificate and after the handshake, in TLS 1.2 and 1.3; accepted is what a request follows. After the handshake
    a session may be one that it has no use for."""
    told = of_clients(capture("inspection-ends"))
    for n, words in ((20, "ends the TLS handshake"), (21, "without a request"), (22, "ends the TLS handshake"), (23, "without a request")):
        worst = told[f"192.168.1.{n}"]["problems"][0]
        unsure = words == "without a request"
        assert (worst["code"], worst["severity"], worst["actor"]) == ("handshake-ended", "warning" if unsure else "error", "client"), worst
        assert ("or has no use for the session" in worst["summary"]) == unsure
        assert words in worst["summary"] and "by FIN" in worst["summary"] and "likely it does not accept" in worst["summary"]
        assert "Contoso Inspection CA" in worst["summary"] and "tls-intercepted" not in problem_codes(told[f"192.168.1.{n}"])
    for n, words in ((24, "and the client accepts it"), (25, "whether the client accepts it is not in this capture")):
        note, = [problem for problem in told[f"192.168.1.{n}"]["problems"] if problem["code"] == "tls-intercepted"]
        assert note["severity"] == "note" and words in note["summary"] and not above_note(told[f"192.168.1.{n}"])


def told_of(signin, code):
    return [problem["summary"] for problem in signin["problems"] if problem["code"] == code]


def test_what_failed_alike_and_not_the_same_is_told_apart():
    """An alert, a router, a reply of SOCKS, a certificate: each sentence is about the names of which it holds."""
    told = of_clients(capture("told-apart"))
    alerts = told_of(told["192.168.1.20"], "tls-alert") + told_of(told["192.168.1.20"], "certificate-refused")
    assert [(number, [name for name in ("teams.microsoft.com", CONFIG_NAME, LOGIN_NAME, AUTH_NAME, PUSH_NAME) if f" {name}" in text])
            for text in alerts for number in re.findall(r"alert [a-zA-Z ]+ \((\d+)\)", text)] == [
        ("112", ["teams.microsoft.com", CONFIG_NAME]), ("80", [LOGIN_NAME]), ("46", [AUTH_NAME]), ("42", [PUSH_NAME])]
    routers = told_of(told["192.168.1.21"], "tcp-prohibited")
    assert len(routers) == 3 and f"{LOGIN_NAME}, {CONFIG_NAME}" in routers[0] and "prohibited from the router 192.168.1.1 (2 connections)" in routers[0]
    assert AUTH_NAME in routers[1] and "host unreachable from the router 192.168.1.1" in routers[1]
    assert PUSH_NAME in routers[2] and "203.0.113.7 (1 connection)" in routers[2]
    failed = told_of(told["192.168.1.22"], "proxy-failed")
    assert [f"to {AUTH_NAME} (1 time)" in failed[0], f"the push channel {PUSH_NAME} (1 time)" in failed[1]] == [True, True] and len(failed) == 2
    assert all("(SOCKS: connection refused)" in text for text in failed)
    dates = told_of(told["192.168.1.23"], "certificate-time")
    assert ["2024-01-01 to 2025-01-01" in dates[0], "2027-01-01 to 2028-01-01" in dates[1]] == [True, True] and CONFIG_NAME in dates[1]
    issuers = told_of(told["192.168.1.23"], "tls-intercepted-refused")
    assert [(f'"{issuer}"' in text, names in text) for issuer, names, text in zip(
        ("Contoso Inspection CA", "Fabrikam Shield"), (f"{LOGIN_NAME}, {PUSH_NAME} is", f"{AUTH_NAME} is"), issuers, strict=True)] == [(True, True)] * 2


def test_a_tunnel_that_is_redirected_is_none():
    """RFC 9110 9.3.6: but for 2xx there is no tunnel. A request in clear that is redirected has an answer of the server's."""
    told = of_clients(capture("redirected"))
    one, = told_of(told["192.168.1.20"], "proxy-failed")
    assert f"(307, a redirection) the connection to {LOGIN_NAME} (2 times)" in one and "identity was not reached" in one
    assert ("proxy-failed", "error") in codes_and_severities(told["192.168.1.20"])
    everywhere, = told_of(told["192.168.1.21"], "proxy-failed")
    assert f"teams.microsoft.com, {LOGIN_NAME}, {AUTH_NAME} (3 times)" in everywhere and told["192.168.1.21"]["verdict_code"] == "failed"
    advice, = [problem["advice"] for problem in told["192.168.1.21"]["problems"] if problem["code"] == "proxy-failed"]
    assert "signing in at the proxy" in advice
    assert above_note(told["192.168.1.22"]) == {} and told["192.168.1.22"]["verdict_code"] == "went-through"
    assert frames(capture("redirected"), "teams.proxy_failed") == frames(
        capture("redirected"), "http.response.code in {302, 307} && frame.time_relative < 20 || http.response.code == 302 && frame.time_relative > 22", stock=True)


def test_a_client_that_identity_does_not_answer_is_in_no_loop():
    told = of_clients(capture("session-cut"))
    assert {client: ("login-loop" in problem_codes(signin), signin["identity_connected"]) for client, signin in told.items()} == {
        "192.168.1.20": (False, False), "192.168.1.21": (False, False), "192.168.1.22": (True, True)}


# ---- the page ----

def rows_of_page():
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in TABLE.read_text(encoding="utf-8").splitlines()
            if line.startswith("| ")]
    return {row[3].strip("`"): row for row in rows if row[3].startswith("`")}


def test_the_page_has_each_code_with_its_filter():
    rows = rows_of_page()
    # A backslash before "|" keeps a filter in one cell.
    shown = {code: row[4].strip("`").replace("\\|", "|") for code, row in rows.items()}
    assert shown == {code: text.replace('\\"', '"') for code, text in [*CONNECTION_ROWS, *CONCLUSIONS]}


def test_a_client_that_did_something_else_did_not_wait():
    """Its tries that failed are time that it lost only where the next one follows; see the times in the generator."""
    waited = {client: signin["timings"] for client, signin in of_clients(capture("tries-apart")).items()}
    failed = {client: [row["failed_time"] for row in rows if row["name"] == "teams.microsoft.com"] for client, rows in waited.items()}
    assert {client: [round(seconds, 2) for seconds in rows] for client, rows in failed.items()} == {
        "192.168.1.20": [0], "192.168.1.21": [6], "192.168.1.22": [2], "192.168.1.23": [60], "192.168.1.24": [0]}
