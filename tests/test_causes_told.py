# SPDX-License-Identifier: GPL-2.0-or-later
"""A sentence is about the connection, the time and the frame that it names: outages that end, sign-ins that begin between SYN and
ClientHello, ClientHellos in the SYN, clocks that are set, the relay at the proxy, questions that fail whatever their type."""
import json
import struct

import pytest

import harness
from connection_captures import above_note, frames_of, of_clients, of_code, path_of, reported, told
from test_truth_clock import HOUR, changed, folder
from truncate import frames, written


# ---- a link that is lost and comes back ----

@pytest.mark.parametrize("client, names, times", [("192.168.1.20", 3, 15), ("192.168.1.21", 3, 15), ("2001:db8::20", 2, 10), ("192.168.1.23", 2, 10)])
def test_nothing_is_answered_in_an_outage(client, names, times):
    """Servers are heard again later, in the next sign-in, too: no server was "while" the client sent in vain, nor none "after that"."""
    first = next(signin for signin in reported(path_of("outage")) if signin["client"] == client)
    problem, = above_note(first).values()
    assert (problem["code"], problem["severity"]) == ("connection-lost", "warning") and f"{names} connections to " in problem["summary"]
    assert f"about 30 s into the capture: what the client sends goes out again {times} times" in problem["summary"]
    assert "servers are heard again after that" in problem["summary"] and "while others" not in problem["summary"]
    assert "client's link" in problem["advice"]


def test_another_server_that_is_heard_meanwhile():
    found = [problem["summary"] for problem in of_code(next(s for s in reported(path_of("outage")) if s["client"] == "192.168.1.22"), "connection-lost")]
    assert len(found) == 2 and all("while others are answered" in summary for summary in found), found


def test_two_outages_are_two():
    found = [problem["summary"] for signin in reported(path_of("outage")) if signin["client"] == "192.168.1.23"
             for problem in of_code(signin, "connection-lost")]
    assert [summary.split(" s into")[0].split()[-1] for summary in found] == ["30", "70"], found


# ---- a sign-in that begins between SYN and ClientHello ----

@pytest.mark.parametrize("client", ["192.168.1.20", "192.168.1.21", "2001:db8::20"])
def test_a_connection_is_of_the_sign_in_of_its_name(client):
    before, after = [signin for signin in reported(path_of("signin-begins")) if signin["client"] == client]
    assert before["verdict_code"] == after["verdict_code"] == "went-through"
    assert {connection["name"] for connection in after["connections"]} == {step["name"] for step in after["steps"]}
    assert len(before["connections"]) == 3


def test_a_connection_of_before_stays_there():
    before, after = [signin for signin in reported(path_of("signin-begins")) if signin["client"] == "192.168.1.22"]
    assert (len(before["connections"]), len(after["connections"])) == (4, 0) and after["verdict_code"] != "went-through"


# ---- times ----

@pytest.mark.parametrize("client, connect", [("192.168.1.20", 0.02), ("192.168.1.21", 0.02), ("192.168.1.22", 1.02), ("192.168.1.23", 0.02)])
def test_a_hello_in_the_syn_waits_for_tcp_once(client, connect):
    """SYN/ACK 20 ms after the SYN that is answered, the client's Finished 60 ms after that (80 where TLS has its own ClientHello)."""
    times, = [row for row in told("fast-open")[client]["timings"] if row["name"] == "authsvc.teams.microsoft.com"]
    assert times["connect_time"] == pytest.approx(connect, abs=0.002) and times["tls_time"] == pytest.approx(0.06, abs=0.002)


@pytest.mark.parametrize("change", [lambda n, time, count: time - HOUR * (n >= count // 3), lambda n, time, count: time - 20 * (n >= count // 4),
                                    lambda n, time, count: time - HOUR * (n >= count // 4) - HOUR * (n >= count // 2),
                                    lambda n, time, count: time])
def test_a_clock_that_is_set_back_makes_no_connection_slow(change):
    for name in ("healthy", "identity-pages"):
        right, found = of_clients(path_of(name)), of_clients(changed(path_of(name), change))
        for client, signin in right.items():
            took = {row["name"]: row["connect_time"] or 0 for row in signin["timings"]}
            assert [row for row in found[client]["timings"] if (row["connect_time"] or 0) > took.get(row["name"], 0) + 0.1] == []


# ---- the relay at the proxy ----

@pytest.mark.parametrize("name", ["variants", "proxy", "proxy-by-address"])
def test_the_frame_asks_for_the_relay(name):
    told_in = [str(problem["frame"]) for signin in reported(path_of(name)) for problem in of_code(signin, "media-proxy")]
    assert told_in and told_in == frames_of(name, "teams.media_proxy")


# ---- questions that fail ----

@pytest.mark.parametrize("n, refuses", [(20, False), (21, False), (22, False), (23, True)])
def test_who_answers_another_time_refuses_no_type(n, refuses):
    assert bool(of_code(told("failed-types")[f"192.168.1.{n}"], "aaaa-refused")) == refuses


@pytest.mark.parametrize("client", ["192.168.1.24", "2001:db8::25", "192.168.1.26"])
def test_a_name_that_another_answer_has_exists(client):
    """No public resolver is needed to see that it does: which resolver said no, and when, is what is to be looked at."""
    problem, = of_code(told("failed-types")[client], "name-missing")
    assert problem["severity"] == "warning" and "others were answered with an address" in problem["summary"]
    assert problem["advice"].startswith("Look which resolver said so, and when")


@pytest.mark.parametrize("client, reached", [("192.168.1.20", True), ("192.168.1.21", True), ("2001:db8::22", True), ("192.168.1.23", False)])
def test_a_name_that_was_reached_is_not_blocked(client, reached):
    """Graph and telemetry, of which one of two resolvers said NXDOMAIN."""
    filters = {problem["filter"] for problem in told("one-knows-nothing")[client]["problems"]}
    assert filters.isdisjoint({"teams_dns.nxdomain_listed", "teams_dns.telemetry_blocked"}) == reached, filters


@pytest.mark.parametrize("client, reached", [("192.168.1.20", True), ("192.168.1.21", True), ("2001:db8::22", True), ("192.168.1.23", False)])
def test_a_name_is_the_same_in_other_capitals(client, reached):
    filters = {problem["filter"] for problem in told("spelled-names")[client]["problems"]}
    assert filters.isdisjoint({"teams_dns.nxdomain_listed", "teams_dns.telemetry_blocked"}) == reached, filters


def test_a_resolver_that_was_not_asked_in_the_capture_has_no_address():
    problem, = of_code(told("spelled-names")["192.168.1.24"], "name-missing")
    assert problem["summary"].startswith("authsvc.teams.microsoft.com does not exist for the resolver (NXDOMAIN")


# ---- many short exchanges are no call ----

@pytest.mark.parametrize("n, kind", [(20, "relay-exchange"), (21, "relay-exchange"), (22, "relay-exchange"), (23, "call")])
def test_tries_do_not_add_up_to_a_call(n, kind):
    calls = json.loads(harness.report(path_of("relay-tries"), "teams,calls,json"))["calls"]
    found = [(call["kind"], call["verdict_code"]) for call in calls if call["client"] == f"192.168.1.{n}"]
    assert found == [(kind, "inside-tls" if kind == "call" else kind)]


# ---- a ClientHello in two segments ----

@pytest.mark.parametrize("client, names", [("192.168.1.20", "teams.microsoft.com, login.microsoftonline.com"), ("192.168.1.21", "authsvc.teams.microsoft.com"),
                                           ("2001:db8::20", "login.microsoftonline.com")])
def test_the_rest_of_a_hello_is_lost(client, names):
    """The first segment is acknowledged, so something comes back; what is lost is what follows it."""
    problem, = of_code(told("hello-in-part")[client], "hello-unanswered")
    assert f"TCP to {names} is established, and only the first part of the ClientHello is acknowledged" in problem["summary"]
    assert "in several segments" in problem["advice"] and problem["severity"] == "error"


@pytest.mark.parametrize("client, names", [("192.168.1.20", "teams.microsoft.com, login.microsoftonline.com"), ("192.168.1.21", "authsvc.teams.microsoft.com"),
                                           ("2001:db8::20", "login.microsoftonline.com")])
def test_the_rest_of_a_hello_is_lost_that_was_sent_after_the_acknowledgement(client, names):
    """A slow client: the acknowledgement of the first segment comes 50 microseconds after it, before the second one."""
    acknowledgements = {int(number) for number in frames_of("hello-in-part", "tcp.srcport == 443 && tcp.len == 0 && tcp.ack == 1441")}
    read = sorted((seconds, micros - 19950 if number in acknowledgements else micros, frame)
                  for number, (seconds, micros, frame) in enumerate(frames(path_of("hello-in-part").read_bytes()), 1))
    path = written(folder(), read)
    assert acknowledgements and not harness.tshark("-r", path, "-Y", "tcp.srcport == 443 && tcp.len == 0 && tcp.ack == 1441 && tcp.time_delta > 0.001")
    problem, = of_code(of_clients(path)[client], "hello-unanswered")
    assert f"TCP to {names} is established, and only the first part of the ClientHello is acknowledged" in problem["summary"]
    assert all("first part" not in str(of_clients(path)[f"192.168.1.{n}"]["problems"]) for n in (22, 23))


@pytest.mark.parametrize("n", [22, 23])
def test_a_hello_that_gets_through_is_not_in_part(n):
    assert not [problem for problem in told("hello-in-part")[f"192.168.1.{n}"]["problems"] if "first part" in problem["summary"]]


# ---- a capture that lacks frames ----

def without(name, display_filter):
    """Path of the capture without these frames, of which there are some."""
    away = {int(number) for number in frames_of(name, display_filter)}
    assert away
    return written(folder(), [frame for number, frame in enumerate(frames(path_of(name).read_bytes()), 1) if number not in away])


@pytest.mark.parametrize("name", ["healthy", "push-again", "nodes"])
@pytest.mark.parametrize("lacks", ["tcp.len > 60", "tcp.len > 0 && tcp.len < 100", "tcp.len > 0 && frame.number % 2 == 0"])
def test_a_request_that_the_capture_lacks_was_sent(name, lacks):
    """The server acknowledges what the capture has not: that the client left without a request is not known."""
    path = without(name, f"tcp.dstport == 443 && !tls.handshake.type == 1 && {lacks}")
    assert [problem for signin in reported(path) for problem in of_code(signin, "handshake-ended")] == []


def cut(capture, length, whole=()):
    """Path of the capture with so many bytes of each frame, but for those that stay whole."""
    read = capture.read_bytes()
    path = folder() / "cut.pcap"
    with path.open("wb") as out:
        out.write(read[:24])
        for number, (seconds, micros, frame) in enumerate(frames(read), 1):
            part = frame if number in whole else frame[:length]
            out.write(struct.pack("<IIII", seconds, micros, len(part), len(frame)) + part)
    return path


def cut_short(name, length):
    """The report where of all but DNS so many bytes were kept of each frame."""
    whole = {int(number) for number in frames_of(name, "dns")}
    return " ".join(harness.report(cut(path_of(name), length, whole), "teams,signin").split())


@pytest.mark.parametrize("name", ["healthy", "push-again", "nodes"])
def test_what_is_cut_or_missing_is_not_told_as_not_done(name):
    """In a line for each connection, too."""
    lacks = harness.report(without(name, "tcp.dstport == 443 && !tls.handshake.type == 1 && tcp.len > 60"), "teams,signin")
    assert "handshake not finished" not in " ".join(lacks.split()) and "of which the capture lacks a part" in " ".join(lacks.split())
    # Of a record that is cut, stock of 4.4 and 4.6 reads the header, where there is one.
    assert "no TLS seen" not in cut_short(name, 96)
    told_of_cut = cut_short(name, 56)
    assert "no TLS seen" not in told_of_cut and "connected; what follows is cut short (snap length)" in told_of_cut


# What is missing between the ClientHello and the server's FIN: all of it; the server's data and the client's FIN; that FIN alone, or more
FROM_HELLO = "!tls.handshake.type == 1 && tcp.seq > 1 && !(tcp.srcport == 443 && tcp.flags.fin == 1)"
BEFORE_FIN = "(tcp.srcport == 443 && tcp.len > 0) || (tcp.dstport == 443 && tcp.flags.fin == 1)"


@pytest.mark.parametrize("name, lacks", [("healthy", FROM_HELLO), ("outage", FROM_HELLO), ("healthy", BEFORE_FIN), ("signin-begins", BEFORE_FIN),
                                         ("acknowledged", BEFORE_FIN), ("capture-ends", "tcp.dstport == 443 && tcp.flags.fin == 1")])
def test_what_came_before_the_servers_end_may_be_missing(name, lacks):
    """By its numbers the FIN is behind an answer, or answers the client's own: nothing ended right after the server name."""
    path = without(name, f"tcp.port == 443 && ({lacks})")
    said = {problem["code"] for signin in reported(path) for problem in signin["problems"]}
    assert said.isdisjoint({"reset-after-server-name", "server-ends"}), said
    assert not harness.tshark("-r", path, "-Y", "teams.reset_after_server_name")


@pytest.mark.parametrize("name", ["server-name", "portal-ends", "leads-on"])
def test_an_end_behind_the_server_name_is_told_still(name):
    assert harness.tshark("-r", path_of(name), "-Y", "teams.reset_after_server_name")


@pytest.mark.parametrize("name, length, clients", [("connections/early-data", 226, ("192.168.1.20", "192.168.1.21")), ("sessions/addresses-taken", 200, ("192.168.1.143",)),
                                                   ("connections/healthy", 160, ("192.168.1.20",))])
def test_a_request_that_is_cut_short_was_sent(name, length, clients):
    """In TLS 1.3 behind the Finished, in 1.2 on its own; who left without one, at .23 of the first, did so still."""
    found = of_clients(cut(harness.bundled(f"{name}.pcap"), length))
    assert not [problem for client in clients for problem in of_code(found[client], "handshake-ended")]
    assert name != "connections/early-data" or of_code(found["192.168.1.23"], "handshake-ended")


def test_how_a_sign_in_went_that_is_cut_short_is_not_told():
    """cut-short.pcap: what was reached is in what is cut off. Whole, at .23, the error is the user's; at .24 enough is left to see that it works."""
    found = {client: (signin["verdict_code"], signin["severity"]) for client, signin in told("cut-short").items()}
    assert found == {"192.168.1.20": ("cut-short", "check"), "192.168.1.21": ("asked-past-identity", "unknown"), "2001:db8::22": ("cut-short", "check"),
                     "192.168.1.25": ("cut-short", "check"), "192.168.1.23": ("error", "broken"), "192.168.1.24": ("went-through", "OK")}
    codes = {problem["code"] for client in ("192.168.1.20", "192.168.1.21", "2001:db8::22", "192.168.1.25") for problem in told("cut-short")[client]["problems"]}
    assert codes.isdisjoint({"identity-unreached", "D15"}) and {"name-missing", "name-failed"} <= codes


# The client's Finished; what the server sends; all that the client sends after its ClientHello; the SYN/ACK; the server's part of the handshake; its answer
PARTS = ["tcp.dstport == 443 && tcp.len == 64", "tcp.srcport == 443 && tcp.len > 500", "tcp.dstport == 443 && tcp.len > 0 && tcp.len != 161",
         "tcp.flags.syn == 1 && tcp.flags.ack == 1", "tcp.srcport == 443 && tcp.len == 966", "tcp.srcport == 443 && tcp.len == 1205"]


@pytest.mark.parametrize("lacks", PARTS)
def test_a_session_with_identity_that_the_capture_has_in_part_may_have_come_about(lacks):
    """nodes.pcap, whose clients meet errors elsewhere, without parts of the sessions with identity."""
    path = without("nodes", f"ip.addr == 20.190.128.10 && {lacks}")
    assert not [problem for signin in reported(path) for problem in of_code(signin, "identity-unreached")]


@pytest.mark.parametrize("lacks", PARTS)
def test_a_sign_in_may_have_gone_through_by_a_session_that_the_capture_has_in_part(lacks):
    """nodes.pcap without parts of the sessions of .30 with services after identity: a name that is missing is an error, and not the end. At .31 it is."""
    found = of_clients(without("nodes", f"ip.addr == 192.168.1.30 && (ip.addr == 52.123.128.14 || ip.addr == 52.123.145.21) && {lacks}"))
    assert found["192.168.1.30"]["verdict_code"] == "error"


# ---- DNS64 ----

@pytest.mark.parametrize("n, outside", [(20, []), (21, []), (22, ["authsvc.teams.microsoft.com"]), (23, ["authsvc.teams.microsoft.com"])])
def test_an_address_that_translates_one_of_microsofts(n, outside):
    """203.0.113.9 and 2001:db8:99::1 are in no prefix of Microsoft's; a network's own prefix before one that is hides no hijack."""
    shown = harness.tshark("-r", path_of("translated-names"), "-Y", f"teams_dns.address_outside && ipv6.dst == 2001:db8:1::{n}", "-T", "fields", "-e", "dns.qry.name")
    assert shown.split() == outside


@pytest.mark.parametrize("n, private", [(20, False), (21, False), (22, False), (23, True)])
def test_a_private_prefix_before_one_of_microsofts_is_no_split_dns(n, private):
    """own-prefixes.pcap: an address that translates Microsoft's leads there, whatever the network's prefix."""
    signin = told("own-prefixes")[f"2001:db8:1::{n}"]
    assert bool(of_code(signin, "private-address")) == private
    shown = harness.tshark("-r", path_of("own-prefixes"), "-Y", f"teams_dns.sinkhole && ipv6.dst == 2001:db8:1::{n}", "-T", "fields", "-e", "frame.number")
    assert bool(shown.split()) == private


# ---- frames out of their order ----

@pytest.mark.parametrize("client", ["192.168.1.20", "2001:db8::20", "192.168.1.21"])
def test_a_frame_that_is_earlier_is_nothing_sent_again(client):
    """The file has the second of two segments before the first, with the times at which they came: 30 times of 90 segments."""
    seconds = [int(number) for number in frames_of("two-segments", "tcp.len == 500")][1::2]
    read = list(frames(path_of("two-segments").read_bytes()))
    for number in seconds:
        read[number - 2], read[number - 1] = read[number - 1], read[number - 2]
    assert len(seconds) == 90 and not of_code(of_clients(written(folder(), read))[client], "retransmissions")
