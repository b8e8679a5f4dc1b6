# SPDX-License-Identifier: GPL-2.0-or-later
"""What a capture has twice, in one direction, in another order or not at all is not what happened: each beside a capture in which it did."""
import json
import re
import subprocess

import pytest

import harness
from connection_captures import frames_of, of_clients, of_code, path_of, reported, told
from test_causes_told import cut, without
from test_truth_clock import folder
from truncate import frames, written


def numbers(name, display_filter):
    return {int(number) for number in frames_of(name, display_filter)}


def one_way(name):
    """The capture without all that servers send."""
    return without(name, "!(ip.src == 192.168.1.0/24) || udp.srcport == 53")


def codes_of(path, client):
    return {problem["code"] for problem in of_clients(path)[client]["problems"]}


def read(name):
    return list(frames(path_of(name).read_bytes()))


# ---- twice ----

def sentences(path):
    """Frames and how many of them have an item aside, which a mirror port changes."""
    return [(signin["client"], signin["verdict_code"], problem["severity"], re.sub(r"frames? \d+( to \d+)?", "", problem["summary"]))
            for signin in reported(path) for problem in signin["problems"]]


@pytest.mark.parametrize("name, words", [("another-way", "18 questions about 3 names"), ("failed-before", "4 questions about"), ("listed-and-there", "NXDOMAIN"),
                                         ("resolvers", "answers nothing"), ("resolver-refused", "6 times")])
def test_questions_and_answers_that_the_capture_has_twice_are_counted_once(name, words):
    twice = written(folder(), [each for seconds, micros, frame in read(name) for each in ((seconds, micros, frame), (seconds, micros, frame))])
    assert sentences(twice) == sentences(path_of(name)) and words in str(sentences(twice))


# ---- one direction ----

FROM_SERVERS = "tcp.srcport == 443 || tcp.srcport == 3128 || udp.srcport == 53"
TO_SERVERS = "tcp.dstport == 443 || tcp.dstport == 3128 || udp.dstport == 53"


@pytest.mark.parametrize("name, clients", [("half-open-beside", (20, 21, 22)), ("identity-then-page", (20, 21, 23, 24)), ("joined-order", (22,))])
def test_answers_of_dns_that_were_not_captured_are_none_that_are_missing(name, clients):
    """The client goes on to the names, and acknowledges what is not here."""
    path = without(name, FROM_SERVERS)
    for client in (f"192.168.1.{n}" for n in clients):
        assert "D2" not in codes_of(path, client) and of_clients(path)[client]["severity"] != "broken"


@pytest.mark.parametrize("name", ["identity-then-page", "identity-pages", "outage"])
def test_who_goes_on_to_the_name_waits_for_no_answer(name):
    """In the list of expert items, too. In d02-no-answer.pcap nobody answers, and the client goes nowhere."""
    assert not harness.tshark("-r", without(name, FROM_SERVERS), "-Y", "teams_dns.no_answer")
    assert harness.tshark("-r", harness.bundled("diagnostics/d02-no-answer.pcap"), "-Y", "teams_dns.no_answer")


@pytest.mark.parametrize("name, client", [("another-way", "192.168.1.20"), ("failed-before", "192.168.1.21"), ("other-family", "2001:db8:1::20")])
def test_a_resolver_is_not_silent_where_names_are_cut_off_and_answers_not_captured(name, client):
    """Connections without a name go on after a SYN/ACK that is not here. With both directions the resolver of another-way.pcap, .21, is silent."""
    assert "resolver-silent" not in codes_of(cut(without(name, FROM_SERVERS), 128), client)
    assert "resolver-silent" in {problem["code"] for problem in told("another-way")["192.168.1.21"]["problems"]}


@pytest.mark.parametrize("n", [20, 21, 22, 25, 26])
def test_an_alias_without_an_address_may_have_one_of_the_other_family(n):
    """Of the questions nothing is here: whether the other family was asked for is seen by its answer alone, which comes later."""
    path = without("other-family", TO_SERVERS)
    assert "D7" not in codes_of(path, f"2001:db8:1::{n}")
    assert harness.tshark("-r", harness.bundled("diagnostics/d07-broken-chain.pcap"), "-Y", "teams_dns.chain_broken")


def test_who_ends_what_is_not_told_of_one_side():
    """large-hello-dropped.pcap: the server's FIN acknowledges a request of which nothing is here. At server-ends.pcap it ends connections."""
    assert not [problem for signin in reported(without("large-hello-dropped", TO_SERVERS)) for problem in of_code(signin, "server-ends")]
    assert of_code(told("server-ends")["192.168.1.20"], "server-ends")


@pytest.mark.parametrize("lacks", ["tcp.srcport == 443", "tcp.srcport == 443 && tcp.flags.syn == 1 && frame.time_relative < 4.5", "tcp.srcport == 443 && tcp.flags.syn == 1"])
def test_a_large_hello_of_which_the_answers_are_missing_is_not_lost_for_its_size(lacks):
    """That small segments pass is not seen. In mtu-hello.pcap it is."""
    found = of_clients(without("large-hello-dropped", lacks))
    assert not [client for client in ("192.168.1.20", "192.168.1.21") if of_code(found[client], "mtu")]
    assert of_code(told("mtu-hello")["192.168.1.20"], "mtu")


def test_udp_that_is_not_answered_is_not_told_of_one_side():
    """asked-beside-tcp.pcap: of three calls only what was sent is here, over TCP, too. In udp-blocked.pcap UDP has no answer, and TCP has."""
    calls = json.loads(harness.report(one_way("sessions/asked-beside-tcp"), "teams,calls,json"))["calls"]
    one_sided = [call for call in calls if "one-sided-capture" in {problem["code"] for problem in call["problems"]}]
    assert len(one_sided) > 2 and not any(problem["code"] == "D18" for call in one_sided for problem in call["problems"])
    assert "D18" in harness.report(harness.bundled("sessions/udp-blocked.pcap"), "teams,calls,json")


SERVER_DATA = "tcp.len > 0 && tcp.srcport in {443, 3478}"
ONLY_SYN = "!(tcp.flags.syn == 1 && tcp.flags.ack == 0)"


@pytest.mark.parametrize("name, lacks, client, role, code", [
    ("ms-turn/tcp", "frame.number > 4", "192.0.2.10", "tcp-only", "setup-only"),
    ("sessions/asked-beside-tcp", SERVER_DATA, "192.168.1.65", "tcp-only", "setup-only"),
    ("sessions/asked-beside-tcp", SERVER_DATA, "192.168.1.64", "tcp-only", "direct-public"),
    ("sessions/asked-beside-tcp", f"tcp.port == 33565 && {ONLY_SYN}", "192.168.1.65", "no-answer", "setup-only"),
    ("sessions/asked-beside-tcp", "tcp.srcport in {443, 3478}", "192.168.1.65", "unseen", "setup-only"),
    ("sessions/asked-beside-tcp", "tcp.srcport in {443, 3478}", "192.168.1.64", "unseen", "direct-public"),
    ("ms-turn/tcp", "frame.number > 4 || frame.number == 2", "192.0.2.10", "unseen", "one-direction"),
    ("sessions/asked-beside-tcp", "", "192.168.1.65", "tried", "relay-exchange"),
    ("sessions/asked-beside-tcp", "", "192.168.1.64", "used", "direct-public")])
def test_a_relay_that_takes_part_in_tcp_alone_answers_no_message(name, lacks, client, role, code):
    """Beside those whose SYN has no answer, those to whom data was sent, so that they had answered, and those that sent some."""
    path = without(name, lacks) if lacks else path_of(name)
    found = [(call, end) for call in json.loads(harness.report(path, "teams,calls,json"))["calls"] if call["client"] == client
             for end in call["remotes"] if end["transport"] == "tcp"]
    assert [(call["verdict_code"], end["role"]) for call, end in found] == [(code, role)]
    one_sided = "one-sided-capture" in {problem["code"] for problem in found[0][0]["problems"]}
    assert one_sided == (code == "one-direction")


# ---- another order ----

@pytest.mark.parametrize("n", [20, 22, 23])
def test_an_answer_that_stands_before_its_question_answers_it(n):
    """Of two places of capture, one with a clock that is 30 ms behind: answers take 18 ms."""
    answers = numbers("another-way", "udp.srcport == 53")
    earlier = [(seconds * 1000000 + micros - 30000 * (number in answers), number, frame) for number, (seconds, micros, frame) in enumerate(read("another-way"), 1)]
    path = written(folder(), [(at // 1000000, at % 1000000, frame) for at, _, frame in sorted(earlier)])
    assert "D2" not in codes_of(path, f"192.168.1.{n}")
    assert not harness.tshark("-r", path, "-Y", f"teams_dns.no_answer && ip.addr == 192.168.1.{n}")


def by_coarse_clock(name, micros_of_clock):
    """Path of the capture with times in whole steps of so many microseconds."""
    return written(folder(), [(seconds, micros // micros_of_clock * micros_of_clock, frame) for seconds, micros, frame in read(name)])


@pytest.mark.parametrize("micros_of_clock, told_of", [(1000000, False), (500000, False), (100000, False), (1, True)])
def test_a_coarse_clock_measures_no_jitter(micros_of_clock, told_of):
    """capture-gaps.pcap has none, and by whole seconds, or parts of them, each packet is late; jitter.pcap has some."""
    path = by_coarse_clock("sessions/jitter" if told_of else "sessions/capture-gaps", micros_of_clock)
    calls = json.loads(harness.report(path, "teams,calls,json"))["calls"]
    assert calls and any(problem["code"] == "jitter" for call in calls for problem in call["problems"]) == told_of


@pytest.mark.parametrize("name", ["sessions/vpn-pools", "sessions/path-changed", "./ice-slow-resend"])
@pytest.mark.parametrize("micros_of_clock", [1000000, 500000, 100000, 1000])
def test_a_coarse_clock_measures_no_round_trip(name, micros_of_clock):
    """By whole seconds, or tenths of them, an answer comes at once or much later; by milliseconds it is told."""
    calls = json.loads(harness.report(by_coarse_clock(name, micros_of_clock), "teams,calls,json"))["calls"]
    told = {row["round_trip_mean"] is not None for call in calls for row in call["pairs"] if row["answers"]}
    assert told == {False} if micros_of_clock > 1000 else True in told
    assert micros_of_clock == 1000 or not any(problem["code"] == "round-trip" for call in calls for problem in call["problems"])
    assert micros_of_clock == 1000 or {row["jitter_mean_ms"] for call in calls for row in call["streams"]} <= {None}


@pytest.mark.parametrize("name", ["healthy", "nodes", "push-again"])
@pytest.mark.parametrize("micros_of_clock", [1000000, 500000, 100000, 1000])
def test_a_coarse_clock_measures_no_step_of_a_connection(name, micros_of_clock):
    """Each takes less than a tenth of a second: by whole seconds one in some takes a second."""
    said = re.sub(r"\s+", " ", harness.report(by_coarse_clock(name, micros_of_clock), "teams,signin"))
    assert ("the first connection to" in said) == (micros_of_clock == 1000) and (micros_of_clock == 1000 or "Why slow" not in said)


# ---- a frame that is missing ----

@pytest.mark.parametrize("name, client", [("customers-servers", "192.168.1.25"), ("customers-servers", "192.168.1.20"), ("customers-servers", "192.168.1.21"), ("customers-servers", "192.168.1.26")])
def test_a_request_after_the_servers_finished_that_is_missing(name, client):
    """TLS 1.2: the client acknowledges it. At left-apart.pcap, .22, no request follows."""
    path = without(name, f"ip.dst == {client} && tcp.srcport == 443 && tcp.len == 51")
    assert "handshake-ended" not in codes_of(path, client) and of_clients(path)[client]["verdict_code"] == told(name)[client]["verdict_code"]
    assert of_code(told("left-apart")["192.168.1.22"], "handshake-ended")


@pytest.mark.parametrize("name, client, status", [("asked-once", "192.168.1.20", 200), ("proxy-ports", "192.168.1.22", 200), ("proxy-credentials", "192.168.1.20", 200)])
def test_a_tunnel_that_the_client_goes_on_in_was_let_through(name, client, status):
    """Of the proxy's last answer nothing is here, and the client sends what is no request. At .21 of proxy-credentials.pcap it is asked again."""
    path = without(name, f"http.response.code == {status} && ip.dst == {client}")
    found = of_clients(path)[client]
    assert found["severity"] != "broken" and not any("refuses" in problem["summary"] or "0 of" in problem["summary"] for problem in found["problems"])
    assert "refuses" in str(of_code(told("proxy-credentials")["192.168.1.21"], "proxy-credentials"))


def test_what_the_proxy_answers_in_http2_may_be_missing_or_cut_off():
    """proxy-http2-holds.pcap, .23: each tunnel is let through, and others of the session go on."""
    path = without("proxy-http2-holds", "http2.headers.status && ip.dst == 192.168.1.23")
    assert "proxy-holds" not in codes_of(path, "192.168.1.23")
    held = [client for client, signin in told("proxy-http2-holds").items() if of_code(signin, "proxy-holds")]
    assert held and all(of_code(of_clients(path)[client], "proxy-holds") for client in held)


@pytest.mark.parametrize("name, lacks, client, code", [
    ("left-apart", "tcp.dstport == 443 && tcp.flags.fin == 1", "192.168.1.20", "server-ends"),
    ("push-ends", "tcp.dstport == 443 && tcp.flags.fin == 1", "192.168.1.22", "idle-cut"),
    ("push-ends", "tcp.dstport == 443 && tcp.flags.fin == 1", "192.168.1.26", "cut-at-intervals"),
    ("session-cut", "tcp.srcport == 443 && tcp.flags.fin == 1", "192.168.1.21", "handshake-ended")])
def test_a_fin_that_is_acknowledged_came_first(name, lacks, client, code):
    """Of both FINs the first is missing, which the second one acknowledges: who ended it is the other side."""
    assert not of_code(of_clients(without(name, f"{lacks} && ip.addr == {client}"))[client], code)
    assert of_code(told("server-ends")["192.168.1.20"], "server-ends") and of_code(told("push-ends")["192.168.1.20"], "idle-cut")


@pytest.mark.parametrize("client", ["192.168.1.20", "192.168.1.21"])
@pytest.mark.parametrize("length", [1205, 966])
def test_what_failed_is_no_end_where_another_session_lacks_frames(client, length):
    """answered-elsewhere.pcap: the proxy refuses, or is gone, and the client goes around it, by sessions of which a frame is missing."""
    found = of_clients(without("answered-elsewhere", f"ip.dst == {client} && tcp.srcport == 443 && tcp.len == {length}"))[client]
    assert found["severity"] == "check" and not any(problem["severity"] == "error" for problem in found["problems"])


def test_identity_may_have_been_reached_by_a_session_that_goes_on_at_the_end():
    """by-address.pcap, .22: a first address is not answered, and a second one is, until the capture ends. At .20 none is."""
    found = of_clients(without("by-address", f"ip.dst == 192.168.1.22 && tcp.srcport == 443 && tcp.len == 966"))
    assert found["192.168.1.22"]["severity"] != "broken" and "identity was not reached" in str(found["192.168.1.20"]["problems"])


@pytest.mark.parametrize("name, client, lacks, code", [
    ("push-ends", "192.168.1.22", "tcp.srcport == 443 && tcp.len == 966", "handshake-stops"),
    ("push-outlived", "192.168.1.21", "tcp.dstport == 443 && tcp.len == 185", "server-ends"),
    ("push-outlived", "192.168.1.21", "tcp.dstport == 443 && tcp.len > 60", "server-ends")])
def test_a_session_that_goes_on_behind_a_hole_did_not_stop_there(name, client, lacks, code):
    assert not of_code(of_clients(without(name, f"ip.addr == {client} && {lacks} && !tls.handshake.type == 1"))[client], code)
    assert of_code(told("server-ends")["192.168.1.20"], "server-ends") and of_code(told("handshake-stops")["192.168.1.20"], "handshake-stops")


# ---- cut short ----

@pytest.mark.parametrize("client", ["192.168.1.20", "192.168.1.22", "192.168.1.23"])
def test_identity_may_be_behind_a_name_that_was_cut_off(client):
    """identity-another.pcap: one name of identity is not answered, and an address of identity is, by which the client went on."""
    assert "identity-unreached" not in codes_of(cut(path_of("identity-another"), 96), client)


@pytest.mark.parametrize("name, length", [("udp-blocked", 128), ("udp-blocked", 160), ("udp-blocked", 200)])
def test_a_call_may_have_gone_over_tcp_that_was_cut_short(name, length):
    """Which connection goes to a relay is in what was cut off, of which later releases read more. Where nothing over TCP is cut short, as in
    relays-silent.pcap, that is told."""
    call, = json.loads(harness.report(cut(harness.bundled(f"sessions/{name}.pcap"), length), "teams,calls,json"))["calls"]
    assert call["verdict_code"] in ("setup-only", "udp-unanswered-tried-tls") and call["severity"] != "broken"
    assert call["verdict_code"] != "setup-only" or "udp-unanswered" in {problem["code"] for problem in call["problems"]}


@pytest.mark.parametrize("length", [200, 256, 300])
def test_media_in_what_was_cut_off_of_a_segment_is_not_lost(length):
    """A segment over TCP has several packets of media: whole, none of them is missing."""
    path = folder() / "cut.pcapng"
    subprocess.run(["editcap", "-s", str(length), str(harness.shared("failures/14a-udp-dropped-pseudo-tls.pcapng")), str(path)], check=True)
    calls = json.loads(harness.report(path, "teams,calls,json"))["calls"]
    assert calls and {"loss", "media-gap", "sent-gap"}.isdisjoint(problem["code"] for call in calls for problem in call["problems"])
    text = harness.report(path, "teams,calls")
    assert "Media streams" in text and not re.search(r"[1-9][0-9]* lost", text) and "how many were lost is not known" in re.sub(r"\s+", " ", text)
    assert [(item["loss_received"], item["gap"]) for item in json.loads(harness.report(path, "teams,summary,json"))["summary"] if item["kind"] == "call"] == [(None, None)]
    whole = harness.report(harness.shared("failures/14a-udp-dropped-pseudo-tls.pcapng"), "teams,calls")
    assert "packets, 0 lost (0.00 %)" in whole and "not known" not in whole


# ---- in fragments of IP ----

def internet_sum(header):
    total = sum(int.from_bytes(header[at:at + 2], "big") for at in range(0, len(header), 2))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def in_fragments(frame, number, tunnel):
    """The frames of an IPv4 packet in fragments of 256 bytes: of the packet itself, or of one of GRE around it (RFC 2784)."""
    if frame[12:14] != b"\x08\0":
        return [frame]
    header, payload = bytearray(frame[14:34]), frame[34:14 + int.from_bytes(frame[16:18], "big")]
    if tunnel:
        payload = b"\0\0\x08\0" + frame[14:34] + payload
        header[9], header[12:20] = 47, bytes([198, 51, 100, 1, 198, 51, 100, 2])
    made = []
    for at in range(0, len(payload), 256):
        part = payload[at:at + 256]
        more = at + 256 < len(payload)
        header[2:8] = (20 + len(part)).to_bytes(2, "big") + (number & 0xffff).to_bytes(2, "big") + (0x2000 * more + at // 8).to_bytes(2, "big")
        header[10:12] = b"\0\0"
        header[10:12] = internet_sum(header).to_bytes(2, "big")
        made.append(frame[:14] + header + part)
    return made


def states(path):
    """And which steps have a time."""
    return [([(row["name"], row["state"], row["end"]) for row in signin["connections"]],
             [(row["name"], [key for key, value in row.items() if value is not None]) for row in signin["timings"]]) for signin in reported(path)]


@pytest.mark.parametrize("tunnel", [False, True])
@pytest.mark.parametrize("name", ["healthy", "server-name", "certificates", "proxy"])
def test_what_came_in_fragments_is_not_missing(name, tunnel):
    """The segment that they bring is longer than the frame of the last one; a capture that lacks data is told as before."""
    parts = [(seconds, micros, part) for number, (seconds, micros, frame) in enumerate(read(name)) for part in in_fragments(frame, number, tunnel)]
    path = written(folder(), parts)
    assert len(parts) > len(read(name))
    assert states(path) == states(path_of(name)) and sentences(path) == sentences(path_of(name))


@pytest.mark.parametrize("name, client, length", [("relays-refused", "192.168.1.28", 70), ("relays-refused", "192.168.1.29", 80), ("asked-beside-tcp", "192.168.1.65", 80)])
def test_what_is_cut_off_of_tcp_without_tls_may_be_a_call(name, client, length):
    """Whole, that of asked-beside-tcp.pcap is a short exchange; of TLS nothing is seen in any length."""
    def told_as(path):
        return {call["verdict_code"] for call in json.loads(harness.report(path, "teams,calls,json"))["calls"] if call["client"] == client}
    assert "relay-exchange" not in told_as(cut(path_of(f"sessions/{name}"), length))
    assert ("relay-exchange" in told_as(path_of(f"sessions/{name}"))) == (name == "asked-beside-tcp")
