# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that are hard to tell apart: which socket of a client belongs to which call.

What each capture holds is told in test-captures/README.md; ports and who has them are
those of test-captures/generate/sessions_calls.py."""
import json
import re
import subprocess

import pytest

from harness import assert_same_in_all_modes, bundled, report, tshark
from truncate import frames, written

ALICE, BOB = {31001, 42007}, {33511, 28119}

# The calls of each capture, in order: the client's ports whose checks and media they have.
EXPECTED = {
    "callers-at-once": [ALICE, BOB],
    "callers-in-turn": [{31001}, {33511}],
    "callers-of-one-meeting": [ALICE, BOB],
    "callers-without-relay": [{31001}, {33511}],
    "callers-relayed": [ALICE, BOB],
    "callers-over-tcp": [ALICE, BOB],
    "three-modalities": [{31001, 42007, 50500}],
    "one-port": [{31001}],
    "call-held": [{31001}, {33511}],
    "call-after-call": [{31001}, {33511}, {33511}],
    "call-after-release": [{31001}, {31001}],
}


def calls(name, display_filter, *options):
    """Call -> client ports, of the frames that the filter lets through."""
    text = tshark("-r", str(bundled(f"sessions/{name}.pcap")), *options, "-Y", f"({display_filter}) && teams.call",
                  "-T", "fields", "-e", "teams.call", "-e", "ip.src", "-e", "udp.port", "-e", "tcp.port")
    found = {}
    for line in text.splitlines():
        call, source, udp, tcp = line.split("\t")
        ports = (udp or tcp).split(",")[:2]
        found.setdefault(int(call), set()).add(int(ports[source != "198.51.100.20"]))
    return [found[call] for call in sorted(found)]


@pytest.mark.parametrize("host,calls", [(20, 1), (21, 1), (22, 1), (23, 2)])
def test_a_stream_that_goes_on_over_another_socket_is_of_its_call(host, calls):
    """From TCP to UDP, the other way round, from port to port; at .23 the streams over UDP are new ones. Where one call changes its
    way, the verdict says where to: its media's first way, and then the other one."""
    path = bundled("sessions/streams-go-on.pcap")
    found = [call for call in json.loads(report(path, "teams,calls,json"))["calls"] if call["client"] == f"192.168.1.{host}"]
    assert len(found) == calls
    way = {20: "through the relay 52.114.250.10, then directly to 203.0.113.60", 21: "directly to 203.0.113.61, then through the relay"}
    assert way[host] in found[0]["verdict"] if host in way else "changed path" not in found[0]["verdict"]
    media = tshark("-r", path, "-Y", f"rtp && ip.addr == 192.168.1.{host}", "-T", "fields", "-e", "teams.call").split()
    assert len(set(media)) == calls and len(media) == 300      # 75 packets each way, twice


@pytest.mark.parametrize("options", [(), ("-2",)], ids=["one-pass", "two-pass"])
@pytest.mark.parametrize("name", EXPECTED)
def test_sockets_of_calls(name, options):
    """Checks and media of a socket are all of one call, and nothing else of it is."""
    assert calls(name, 'teams_stun.pair || teams_stun.media == "rtp"', *options) == EXPECTED[name]


@pytest.mark.parametrize("name", ["callers-at-once", "callers-relayed", "callers-over-tcp", "three-modalities"])
def test_requests_with_credentials(name):
    """Whose an allocation is, is known from its credentials on; before it, nothing tells."""
    assert calls(name, "ms_turn.username && ms_turn.allocation") == EXPECTED[name]


def test_a_socket_that_turned_out_to_be_anothers():
    """The report of the call that it was in at first says where it went."""
    first, second = json.loads(report(bundled("sessions/callers-at-once.pcap"), "teams,calls,json"))["calls"]
    assert {port["port"]: port["moved_to_call"] for port in first["client_ports"] if port["remote_port"] == 3478} == {
        31001: 0, 42007: 0, 33511: 2, 28119: 2}
    assert {port["moved_to_call"] for port in second["client_ports"]} == {0}


def test_an_allocation_after_a_release_begins_a_call():
    """Each call has 2 requests for its allocation and their answers, and the release with its answer."""
    text = tshark("-r", str(bundled("sessions/call-after-release.pcap")), "-Y", "ms_turn", "-T", "fields",
                  "-e", "ms_turn.allocation", "-e", "teams.call")
    assert text.splitlines() == ["1\t1"] * 6 + ["2\t2"] * 6


def report_of(path):
    return json.loads(report(path, "teams,calls,json"))["calls"]


def codes(call):
    return {problem["code"] for problem in call["problems"]}


def test_consent_that_was_lost(tmp_path):
    """ice-consent-lost.pcap: the last answered check is of 0.03 s, the peer's last packet of 0.75 s; of the
    media sent from 0.1 s on, a packet each half second, the first more than 5 s after both is that of 6.1 s."""
    path = bundled("ice-consent-lost.pcap")
    read = list(frames(path.read_bytes()))
    lost = 1 + next(number for number, (seconds, micros, _) in enumerate(read)
                    if seconds - read[0][0] + (micros - read[0][1]) / 1e6 > 5.75)
    call, = report_of(path)
    problem, = [problem for problem in call["problems"] if problem["code"].startswith("consent")]
    assert (problem["code"], problem["frame"], problem["count"], problem["severity"]) == ("consent-interrupted", lost, 1, "note")
    assert call["verdict_code"] == "direct-private", "a check is answered at the end"
    call, = report_of(written(tmp_path, read[:-2]))
    problem, = [problem for problem in call["problems"] if problem["code"].startswith("consent")]
    assert (problem["code"], problem["details"], problem["severity"]) == ("consent-lost", [f"frame {lost}"], "warning")
    assert (call["severity"], call["verdict_code"]) == ("broken", "cut-off")


def test_frames_out_of_their_order(tmp_path):
    """The same capture from its end to its beginning: no time is negative, none is lost."""
    path = bundled("sessions/callers-relayed.pcap")
    whole, = [call for call in report_of(path) if call["call"] == 1]
    read = list(frames(path.read_bytes()))
    for call in report_of(written(tmp_path, read[::-1])):
        assert call["duration"] > 0
        assert all(moment is None or moment["time"] >= 0 for step, moment in call["setup"].items()
                   if step not in ("name", "nominated_before"))
        assert all(pair["round_trip_min"] is None or pair["round_trip_min"] >= 0 for pair in call["pairs"])
        assert all(stream["duration"] >= 0 and len(stream["over_time"]) >= 1 for stream in call["streams"])
    assert whole["setup"]["allocation"]["frame"] == 1


def test_a_stream_over_time(tmp_path):
    """article-2017.pcapng: 50 packets of audio a second for 40 s from 5 s on; packets 400-402, 900, 901, 1200, 1500 and 1700
    of the received ones are lost (test-captures/generate/article.py), which the next packet of each shows.
    With three times the time between frames it lasts 120 s: 60 parts of 2 s."""
    path = tmp_path / "article.pcap"
    subprocess.run(["editcap", "-F", "pcap", bundled("article-2017.pcapng"), path], check=True)
    read = list(frames(path.read_bytes()))
    first = read[0][0]
    slow = [(first + (3 * (1000000 * (seconds - first) + micros)) // 1000000, 3 * micros % 1000000, data) for seconds, micros, data in read]
    for capture, length, parts in ((path, 1, 40), (written(tmp_path, slow), 2, 60)):
        stream, = [stream for stream in report_of(capture)[0]["streams"] if stream["payload_type"] == 104 and stream["direction"] == "received"]
        pieces = stream["over_time"]
        assert [(part["time"], part["seconds"]) for part in pieces] == [(length * n, length) for n in range(parts)]
        shown = {400: 403, 900: 902, 1200: 1201, 1500: 1501, 1700: 1701}
        count = {400: 3, 900: 2, 1200: 1, 1500: 1, 1700: 1}
        factor = 3 if length == 2 else 1
        expected = {int(factor * shown[number] * 0.02 / length): count[number] for number in shown}
        assert {n: part["lost"] for n, part in enumerate(pieces) if part["lost"]} == expected
        assert sum(part["packets"] for part in pieces) == stream["packets"] == 1992
        assert sum(part["bytes"] for part in pieces) == stream["bytes"]


def test_a_late_packet_is_not_lost(tmp_path):
    """A packet of the stream that comes a second and a half late was counted as lost, and is taken back where it was."""
    read = list(frames(bundled("sessions/callers-relayed.pcap").read_bytes()))
    whole = report_of(bundled("sessions/callers-relayed.pcap"))[0]
    stream = max(whole["streams"], key=lambda row: row["packets"])
    at = stream["frame"] + 2 * len(whole["streams"])
    for call in report_of(written(tmp_path, [*read[:at], *read[at + 1:], (read[-1][0] + 1, read[-1][1], read[at][2])])):
        for row in call["streams"]:
            assert sum(part["lost"] for part in row["over_time"]) == row["lost"] == 0


def test_few_packets_are_no_measure_of_loss(tmp_path):
    """25 packets of each stream: one that is missing would be 4 %. The stream has its count all the same; 400 of pauses.pcap are a measure."""
    read = list(frames(bundled("sessions/callers-relayed.pcap").read_bytes()))
    whole = report_of(bundled("sessions/callers-relayed.pcap"))[0]
    stream = max(whole["streams"], key=lambda row: row["packets"])
    at = stream["frame"] + 2 * len(whole["streams"])
    path = written(tmp_path, [*read[:at], *read[at + 1:]])
    assert sum(row["lost"] for call in report_of(path) for row in call["streams"]) == 1
    items = json.loads(report(path, "teams,summary,json"))["summary"]
    assert [item[key] for item in items for key in ("loss_sent", "loss_received")] == [None] * 4


def test_one_address_over_udp_and_over_tcp():
    """Two remotes: what TLS carried says nothing of UDP."""
    call, = [call for call in report_of(bundled("sessions/tls-beside-udp.pcap")) if call["remotes"]]
    ends = {end["transport"]: end for end in call["remotes"] if end["address"] == "52.114.250.10"}
    assert (ends["tls"]["ports"], ends["udp"]["ports"]) == ([443], [3478])
    assert ends["udp"]["selected"] and not ends["tls"]["selected"] and ends["udp"]["packets"] == 40


def test_an_unanswered_call_beside_one_that_went_through():
    """The capture has both directions; and a destination that was refused is no allocation that was."""
    first, second = report_of(bundled("sessions/unanswered-beside.pcap"))
    assert "udp-unanswered" in codes(second) and "one-sided-capture" not in codes(second)
    assert "allocation-failed" not in codes(first) and not any(a["error_code"] for a in first["allocations"])
    alone, = report_of(bundled("sessions/relay-only.pcap"))
    assert "one-sided-capture" in codes(alone)


@pytest.mark.parametrize("name", ["callers-at-once", "call-after-call", "call-after-release"])
def test_fields_are_the_same_in_all_modes(name):
    assert_same_in_all_modes(bundled(f"sessions/{name}.pcap"), ["teams.call", "teams.flow", "teams.modality"], "teams")


# ---- a path that changes half-way ----

@pytest.mark.parametrize("host, before, then", [
    (20, "directly to 203.0.113.60", "directly to 203.0.113.80"), (21, "through the relay 52.114.250.10", "directly to 203.0.113.61"),
    (22, "directly to 203.0.113.62", "through the relay 52.114.250.10"), (23, "directly to 203.0.113.63", "directly to 203.0.113.83"),
    (24, "", ""), (25, "", "")])
def test_a_path_that_changes_half_way_is_told(host, before, then):
    """At .24 a few packets go to another address, at .25 all to one. The frame is the first one on the new path."""
    path = bundled("sessions/path-changed.pcap")
    call, = [call for call in json.loads(report(path, "teams,calls,json"))["calls"] if call["client"] == f"192.168.1.{host}"]
    told = re.search(r" Its media changed path in frame (\d+)(, and again later)?: before (.*), then (.*)\.$", call["verdict"])
    if not before:
        assert told is None and "changed" not in call["verdict"]
        return
    assert (told[3], told[4], told[2] is not None) == (before, then, host == 23)
    far = then.split()[-1]
    sent = tshark("-r", str(path), "-Y", f"rtp && ip.src == 192.168.1.{host} && ip.dst == {far}", "-T", "fields", "-e", "frame.number").split()
    assert told[1] == sent[0]


@pytest.mark.parametrize("client", ["192.168.1.20", "2001:db8::21"])
def test_media_before_the_first_check_went_no_other_way(client):
    """begun-before.pcap, audio at .20, audio and video at ::21: without a check the path is not known, and that is no relay."""
    call, = [call for call in report_of(bundled("sessions/begun-before.pcap")) if call["client"] == client]
    assert call["verdict_code"] == "direct-cloud" and "changed path" not in call["verdict"]
    assert {row["packets"] for row in call["streams"]} == {200} and {pair["state"] for pair in call["pairs"]} == {"succeeded"}


@pytest.mark.parametrize("client, verdict, pair", [
    ("192.168.1.20", "relayed", "relayed"), ("2001:db8::21", "relayed", "relayed"), ("192.168.1.22", "relayed", "relayed"),
    ("192.168.1.23", "direct-cloud", ""), ("192.168.1.24", "direct-public", "")])
def test_a_relay_that_passes_on_what_has_no_header_is_no_media_server(client, verdict, pair):
    """active-before.pcap: the answers to the client's checks name the address of a relay, where a direct way has that of the client's NAT."""
    call, = [call for call in report_of(bundled("sessions/active-before.pcap")) if call["client"] == client]
    assert (call["verdict_code"], {row["local_type"] for row in call["pairs"]}) == (verdict, {pair})
    assert "changed path" not in call["verdict"] and "nat-rebinding" not in codes(call)


def test_without_answers_a_relays_port_tells_no_path(tmp_path):
    """active-before.pcap, what the clients sent: nothing tells a relay from a media server, as at .23; a peer at .24 is at no relay's port."""
    sent = [row for row in frames(bundled("sessions/active-before.pcap").read_bytes()) if row[2][6:8] == b"\x02\x00" and row[2][8:12] in (
        bytes((192, 168, 1, 20)), bytes((0, 0, 0, 0x21)), bytes((192, 168, 1, 22)), bytes((192, 168, 1, 23)), bytes((192, 168, 1, 24)))]
    found = {call["client"]: (call["verdict_code"], {row["path"] for row in call["remotes"]}) for call in report_of(written(tmp_path, sent))}
    assert found == {**dict.fromkeys(("192.168.1.20", "2001:db8::21", "192.168.1.22", "192.168.1.23"), ("media", {""})), "192.168.1.24": ("direct-public", {"direct"})}


# ---- who is the client ----

@pytest.mark.parametrize("client, far, verdict, media", [
    ("203.0.113.20", "52.114.60.7", "direct-cloud", (75, 75)), ("2001:db8::21", "2603:1063:9::4", "direct-cloud", (75, 75)),
    ("203.0.113.5", "52.113.216.179", "direct-routing", (150, 150)), ("198.51.100.71", "203.0.113.70", "direct-public", (75, 75))])
def test_a_media_server_is_no_client(client, far, verdict, media):
    """server-first.pcap: whoever sends first, the address in a published media prefix is the far end. Between two others the first one to send is taken."""
    path = bundled("sessions/server-first.pcap")
    call, = [call for call in report_of(path) if client in (call["client"], call["remotes"][0]["address"])]
    assert (call["client"], call["verdict_code"], [end["address"] for end in call["remotes"]]) == (client, verdict, [far])
    assert tuple(sum(row["packets"] for row in call["streams"] if row["direction"] == way) for way in ("sent", "received")) == media
    address = "ipv6.src" if ":" in client else "ip.src"
    sent = tshark("-r", str(path), "-Y", f"rtp && {address} == {client} && teams.call == {call['call']}", "-T", "fields", "-e", "rtp.ssrc").split()
    assert {int(ssrc, 16) for ssrc in sent} == {int(row["ssrc"], 16) if isinstance(row["ssrc"], str) else row["ssrc"] for row in call["streams"] if row["direction"] == "sent"}
    if verdict == "direct-routing":
        assert call["verdict"].endswith(f"{far}.")


# ---- both ends in one capture ----

@pytest.mark.parametrize("client", ["192.168.1.31", "172.16.0.33", "203.0.113.35", "192.168.1.36"])
def test_set_up_alone_does_not_say_what_the_capture_lacks(client):
    """Pair and media are in the capture, in the call of the other end; of .36 they are not."""
    calls = json.loads(report(bundled("sessions/both-ends.pcap"), "teams,calls,json"))["calls"]
    call, = [call for call in calls if call["client"] == client]
    assert call["verdict_code"] == "setup-only" and "in this capture" not in call["verdict"]
    assert len([call for call in calls if call["streams"]]) == 3


@pytest.mark.parametrize("name, ends", [
    ("both-ends", {30: 31, 31: 30, 32: 33, 33: 32, 34: 35, 35: 34, 36: None}), ("both-ends-relayed", {70: 71, 71: 70, 72: None}), ("both-ends-apart", {80: None, 81: None}),
    ("path-changed", {20: None, 21: None, 22: None, 23: None, 24: None, 25: None}), ("asked-beside-tcp", {61: None, 65: None})])
def test_both_ends_of_a_call_are_said_to_be_one(name, ends):
    """By the client's socket that media goes to and comes from in the other, or by user fragments the other way round; two calls of one client are two,
    and checks alone do not tell who has a private address."""
    path = bundled(f"sessions/{name}.pcap")
    host = {call["call"]: int(call["client"].rpartition(".")[2]) for call in report_of(path)}
    found = {(host[call["call"]], host.get(call["other_end"])) for call in report_of(path)}
    assert {pair for pair in found if pair[0] in ends} == set(ends.items())
    text = report(path, "teams,calls")
    assert text.count("both ends are in this capture") == sum(1 for other in ends.values() if other)


# ---- what a new socket asks a relay beside a call ----

@pytest.mark.parametrize("host, packets", [(41, [268, 118]), (42, [268]), (43, [268]), (44, [268 + 118]), (45, [268, 4]),
                                           (46, [268, 118]), (47, [268])])
def test_what_is_asked_beside_a_call_is_of_the_call_that_follows(host, packets):
    """asked-beside.pcap: 4 packets with the relay, 14 of checks and 50 of media a second. A second call has its first requests, and
    video of the same call has, too; of a socket that gets no further nothing is told, unless its credentials are another client's."""
    told = [call for call in report_of(bundled("sessions/asked-beside.pcap")) if call["client"] == f"192.168.1.{host}"]
    assert [call["packets"] for call in told] == packets
    assert not {"udp-unanswered", "network-refused"} & set().union(*(codes(call) for call in told))
    for call in told:
        assert call["first_frame"] == call["allocations"][0]["frame"] == call["setup"]["allocation"]["frame"]
        assert {port["moved_to_call"] for port in call["client_ports"]} == {0}


def test_what_is_asked_beside_a_call_has_no_call_in_any_mode():
    """Two requests and their answers at .41; at .45 the two before the credentials of the other client."""
    path = bundled("sessions/asked-beside.pcap")
    for options in ((), ("-2",)):
        text = tshark("-r", str(path), *options, "-Y", "ms_turn && !teams.call", "-T", "fields", "-e", "udp.port")
        ports = [int(port) for line in text.splitlines() for port in line.split(",") if port.startswith("33")]
        assert {port: ports.count(port) for port in sorted(set(ports))} == {33541: 4, 33542: 2, 33543: 3, 33544: 4, 33545: 2, 33546: 4, 33547: 1}


@pytest.mark.parametrize("host, packets", [(61, [268, 115]), (62, [268]), (63, [268]), (64, [268 + 115]), (65, [268, 11])])
def test_a_connection_to_a_relay_beside_a_call_is_of_the_call_that_follows(host, packets):
    """asked-beside-tcp.pcap: TCP's 3 packets, 4 with the relay, 8 of checks inside it and 50 of media a second; or TLS of 8. After the
    end of the call's media it is no longer beside it."""
    told = [call for call in report_of(bundled("sessions/asked-beside-tcp.pcap")) if call["client"] == f"192.168.1.{host}"]
    assert [call["packets"] for call in told] == packets
    assert [call["verdict_code"] for call in told] == ["direct-public", *({61: ["tcp"], 65: ["relay-exchange"]}.get(host, []))]
    assert {port["moved_to_call"] for call in told for port in call["client_ports"]} == {0}


def test_a_connection_beside_a_call_has_the_same_call_in_all_modes():
    assert_same_in_all_modes(bundled("sessions/asked-beside-tcp.pcap"), ["teams.call"], "tcp")


# ---- jitter that lasts, and times in which nothing came ----

def estimates(late):
    """(arrival in s, RFC 3550 A.8 in ms) of audio of 36 s, a packet each 60 ms, that comes later by late(its time, its number)."""
    jitter, before, found = 0.0, None, []
    for number in range(600):
        transit = 1000 * late(number * 0.06, number)
        if before is not None:
            jitter += (abs(transit - before) - jitter) / 16
            found.append((number * 0.06 + transit / 1000, jitter))
        before = transit
    return found


def streams_of(name):
    return {call["client"].rpartition(".")[2]: (call["streams"][0], codes(call), call) for call in report_of(bundled(f"sessions/{name}.pcap"))}


@pytest.mark.parametrize("name, host, late, told", [
    ("jitter", "51", lambda at, number: 0.036 if 10 <= at < 25 and number % 2 else 0, True),
    ("jitter", "52", lambda at, number: 0.8 if number == 599 else 0, False), ("jitter", "53", lambda at, number: 0.02 if number % 2 else 0, False),
    ("jitter", "54", lambda at, number: 0.036 if 20 <= at < 22 and number % 2 else 0, False),
    ("held", "55", lambda at, number: 0, False), ("held", "56", lambda at, number: 0, False)])
def test_jitter_is_told_by_15_seconds(name, host, late, told):
    """A bad time in the midst of a stream is told; one late packet at its end, two bad seconds and a pause are not."""
    stream, found, call = streams_of(name)[host]
    values = estimates(late)
    windows = [[value for at, value in values if begin <= at < begin + 15] for begin in range(0, 36, 5)]
    assert ("jitter" in found) is told is (max(sum(window) / len(window) for window in windows if len(window) >= 50) > 30)
    assert stream["jitter_mean_ms"] == pytest.approx(sum(value for _, value in values) / len(values), abs=0.05)
    assert stream["jitter_max_ms"] == pytest.approx(max(value for _, value in values), abs=0.05)
    if told:
        problem, = [row for row in call["problems"] if row["code"] == "jitter"]
        middle = tshark("-r", str(bundled("sessions/jitter.pcap")), "-Y", f"frame.number == {problem['frame']} && teams_stun.rtp.jitter > 30",
                        "-T", "fields", "-e", "frame.time_relative")
        assert 10 < float(middle) - 2 < 27, "the frame is one of the bad time, and the filter finds it"


def test_two_seconds_of_audio_are_no_measure_of_jitter():
    stream, found, _ = streams_of("jitter")["57"]
    assert "jitter" not in found and stream["jitter_15s_ms"] is None and stream["jitter_mean_ms"] > 30


def test_another_speaker_is_no_jitter():
    """speakers.pcap: where timestamps go forward 3 s and the packet comes in time, a mixer has another speaker; 36 ms are told all the same."""
    streams = streams_of("speakers")
    assert (round(streams["71"][0]["jitter_max_ms"]), "jitter" in streams["71"][1], "jitter" in streams["72"][1]) == (0, False, True)
    assert streams["72"][0]["jitter_mean_ms"] == pytest.approx(36, abs=2)


@pytest.mark.parametrize("host, name, clock", [("81", "SILK", 16000), ("82", "SILK", 16000), ("83", "", 48000), ("84", "", 48000)])
def test_packets_that_waited_at_the_begin_of_a_stream_are_no_other_clock(host, name, clock):
    """stream-begins.pcap; the jitter is that of RFC 3550, A.8, by the clock that the timestamps run with, without the times of a second and more."""
    stream, found, _ = streams_of("stream-begins")[host]
    arrivals = [line.split("\t") for line in tshark("-r", str(bundled("sessions/stream-begins.pcap")), "-Y", f"rtp && ip.dst == 192.168.1.{host}",
                                                    "-T", "fields", "-e", "frame.time_epoch", "-e", "rtp.timestamp").splitlines()]
    transits = [float(time) * clock - int(timestamp) for time, timestamp in arrivals]
    estimates = [0]
    for before, after in zip(transits, transits[1:]):
        if abs(after - before) < clock:
            estimates.append(estimates[-1] + (abs(after - before) - estimates[-1]) / 16)
    assert [row["payload_name"] for row in stream["payloads"]] == [name] and "jitter" not in found
    assert stream["jitter_mean_ms"] == pytest.approx(1000 * sum(estimates) / (len(estimates) - 1) / clock, abs=0.05)


@pytest.mark.parametrize("host", ["192.168.1.91", "192.168.1.92", "2001:db8::93", "192.168.1.94", "192.168.1.95"])
def test_captures_joined_with_different_clocks_lose_no_more(host):
    """joined-clocks.pcap: of 250 packets each 20th is missing, in both places; what comes a second time is neither lost nor late."""
    call, = [call for call in report_of(bundled("sessions/joined-clocks.pcap")) if call["client"] == host]
    stream, = call["streams"]
    assert (stream["lost"], stream["expected"]) == (12, 250)
    assert "jitter" not in codes(call) and (stream["jitter_max_ms"] or 0) < 1


@pytest.mark.parametrize("host, lost, gap, loss", [("61", 0, None, 0), ("62", 250, 10, 0), ("63", 25, None, 5), ("64", 275, 10, 4.8), ("65", 12, None, 100 * 12 / 362)])
def test_loss_is_counted_by_sequence_numbers_and_gaps_apart(host, lost, gap, loss):
    """pauses.pcap: 500 sequence numbers, each 20th of them missing at .63 and .64, and 250 more in the pause at .62 and .64 (251
    where the last one before it is one of the 20ths). A pause in which none is missing is neither loss nor gap; 12 numbers at .65 are no 10 s of
    packets."""
    stream, found, call = streams_of("pauses")[host]
    assert stream["lost"] == lost
    assert [round(row["seconds"]) for row in stream["gaps"]] == ([gap] if gap else [])
    assert ("capture-gap" in found, "loss" in found, "jitter" in found) == (gap is not None, loss > 1, False), "nothing else is in the capture in the pause"
    item, = [item for item in json.loads(report(bundled("sessions/pauses.pcap"), "teams,summary,json"))["summary"] if item["number"] == call["call"]]
    assert item["loss_received"] == pytest.approx(loss, abs=0.05)
    assert item["gap"] is None, "what passed in it is not known"
