# SPDX-License-Identifier: GPL-2.0-or-later
"""Why a call was bad: each cause on captures that have it, and on none that has not. Figures are those of the generator."""
import json
import re

import pytest

from harness import bundled, fields, report, shared, tshark
from truncate import frames, written

RELAYS = ["52.114.250.10", "52.114.250.77", "52.115.63.9"]


def calls(name):
    """By client."""
    return {call["client"]: call for call in json.loads(report(bundled(f"sessions/{name}.pcap"), "teams,calls,json"))["calls"]}


def problem(call, code):
    found = [each for each in call["problems"] if each["code"] == code]
    assert len(found) <= 1
    return found[0] if found else None


def clients_with(name, code):
    return {client for client, call in calls(name).items() if problem(call, code)}


def test_relays_are_silent_but_one():
    """Three packets over 1.5 s to each of two, or one each 5 s before the end; one silent relay, relays that were asked once
    shortly before the end, and two that answer are no such case."""
    assert clients_with("relays-silent", "relays-silent") == {"192.168.1.20", "192.168.1.24"}
    found = problem(calls("relays-silent")["192.168.1.20"], "relays-silent")
    assert found["severity"] == "warning" and set(found["details"]) == {
        f"{RELAYS[0]} answered", f"{RELAYS[1]}: 3 sent, none received", f"{RELAYS[2]}: 3 sent, none received"}


def test_no_relay_has_room():
    """486 twice and no other way; for the other client the second relay has room."""
    found = calls("relay-quota")
    alone, other = found["192.168.1.20"], found["192.168.1.21"]
    assert (alone["verdict_code"], alone["severity"]) == ("allocation-refused", "broken")
    assert problem(alone, "allocation-failed")["severity"] == "error" and problem(other, "allocation-failed")["severity"] == "warning"
    assert all("error 486" in detail for detail in problem(alone, "allocation-failed")["details"])
    assert other["verdict_code"] == "direct-public"


def test_credentials_that_expired():
    """A day before: told whether they were refused or not; of the day after only that they were refused."""
    assert clients_with("credentials-expired", "credentials-expired") == {"192.168.1.20", "192.168.1.21"}
    assert clients_with("credentials-expired", "credentials-refused") == {"192.168.1.20", "192.168.1.22"}
    path = bundled("sessions/credentials-expired.pcap")
    frames = {int(each["frame.number"][0]) for each in fields(path, ["frame.number"], "ms_turn.username.expiry < \"2026-03-02 09:00:00\"")}
    assert {problem(call, "credentials-expired")["frame"] for call in calls("credentials-expired").values()
            if problem(call, "credentials-expired")} == frames


def test_what_a_relay_made_of_expired_credentials_is_told():
    found = {client: problem(call, "credentials-expired") for client, call in calls("credentials-expired").items()}
    assert found["192.168.1.20"]["severity"] == "warning" and found["192.168.1.20"]["details"][0].endswith("which refused them")
    assert found["192.168.1.21"]["severity"] == "note" and found["192.168.1.21"]["details"][0].endswith("which accepted them")


def test_another_relay_takes_the_credentials():
    """One relay's refusal is a warning where another one gave an allocation, whether the call is in the capture or not."""
    found = calls("relay-refuses-one")
    severities = {client: problem(call, "credentials-refused")["severity"] for client, call in found.items()}
    assert severities == {"192.168.1.20": "warning", "192.168.1.21": "warning", "192.168.1.22": "error"}
    assert {client: call["verdict_code"] for client, call in found.items()} == {
        "192.168.1.20": "direct-public", "192.168.1.21": "setup-only", "192.168.1.22": "credentials-refused"}


def test_refusals_of_one_relay_are_counted():
    """Three, and one that was answered twice; what it grants at last was not refused."""
    found = calls("relay-refuses-again")
    again = "error 401 from 52.114.250.10:3478 (3 times, the last in frame "
    once = "error 401 from 52.114.250.10:3478 (frame "
    for client, words in (("192.168.1.20", again), ("192.168.1.21", once)):
        told, = problem(found[client], "credentials-refused")["details"]
        assert told.startswith(words)
    assert problem(found["192.168.1.22"], "credentials-refused") is None
    assert {client: [row["refusals"] for row in found[client]["allocations"]] for client in ("192.168.1.20", "192.168.1.21")} == {
        "192.168.1.20": [3], "192.168.1.21": [1]}


def test_checks_that_stand_alone_are_no_call_that_failed():
    """Nor are the messages of a document (MS-ICE2, section 4)."""
    found = calls("single-checks")
    assert (found["192.168.1.20"]["verdict_code"], found["192.168.1.20"]["severity"]) == ("single-checks", "unknown")
    assert (found["192.168.1.21"]["verdict_code"], found["192.168.1.21"]["severity"]) == ("not-connected", "broken")
    vectors = json.loads(report(shared("teams/ms-ice2-hexvectors.pcap"), "teams,calls,json"))["calls"]
    assert {call["severity"] for call in vectors} == {"unknown"}


POOLS = ("-o", "teams.vpn_pools:10.99.0.0/16, 2001:db8:99::/48")


def test_calls_of_clients_of_a_vpn_that_the_user_names():
    """Between two of them, and from one of them outwards; without the preference nothing is said."""
    path = bundled("sessions/vpn-pools.pcap")
    found = {call["client"]: {problem["code"]: problem for problem in call["problems"]}
             for call in json.loads(tshark("-q", *POOLS, "-r", str(path), "-z", "teams,calls,json"))["calls"]}
    told = {client: sorted(code for code in problems if code.startswith("vpn-")) for client, problems in found.items()}
    assert told == {"10.99.0.5": ["vpn-peers"], "2001:db8:99::5": ["vpn-peers"], "10.99.255.6": ["vpn-hairpin"], "192.168.1.20": [], "10.100.0.1": []}
    assert found["10.99.0.5"]["vpn-peers"]["details"] == ["10.99.0.5 in 10.99.0.0/16, 10.99.0.77 in 10.99.0.0/16"]
    assert found["10.99.255.6"]["vpn-hairpin"]["details"] == ["10.99.255.6 in 10.99.0.0/16, to 198.51.100.77"]
    assert {problems[code]["severity"] for problems in found.values() for code in problems if code.startswith("vpn-")} == {"note"}
    assert clients_with("vpn-pools", "vpn-hairpin") | clients_with("vpn-pools", "vpn-peers") == set()


def test_who_only_receives_does_not_miss_the_other_side():
    """Media of one direction, without checks: only what is sent alone has lost its other side. A call inside one host uses no VPN."""
    document = json.loads(tshark("-q", *POOLS, "-r", str(bundled("sessions/receives-only.pcap")), "-z", "teams,calls,json"))
    found = {call["client"]: call for call in document["calls"]}
    codes = {client: {problem["code"] for problem in call["problems"]} for client, call in found.items()}
    assert found["192.168.1.20"]["verdict_code"] == "direct-public" and "one-way-media" in codes["192.168.1.20"]
    assert found["192.168.1.21"]["verdict_code"] == "cut-off" and "consent-lost" in codes["192.168.1.21"]
    assert "consent-lost" not in codes["192.168.1.20"]
    assert not codes["10.99.0.5"] & {"vpn-peers", "vpn-hairpin"}


def test_a_far_relay_through_a_vpn_is_a_warning():
    """truth.csv: client in a VPN pool, round trip 197 ms."""
    document = json.loads(tshark("-q", *POOLS, "-r", str(shared("failures/20-vpn-hairpin.pcapng")), "-z", "teams,calls,json"))
    hairpin = problem(document["calls"][0], "vpn-hairpin")
    assert hairpin["severity"] == "warning" and hairpin["details"] == ["10.99.0.5 in 10.99.0.0/16, to 52.114.60.7"]


def test_marks_that_do_not_come_back():
    """46 sent and 0 received; both marked, neither, and twenty packets say nothing."""
    assert clients_with("marked-one-way", "dscp-one-way") == {"192.168.1.20"}
    found = problem(calls("marked-one-way")["192.168.1.20"], "dscp-one-way")
    assert (found["severity"], found["details"]) == ("note", ["port 50004: DSCP 46 sent, 0 received"])
    assert clients_with("marked-one-way", "best-effort") == {"192.168.1.22"}


def test_a_nat_inside_gives_another_port():
    """The peer sees 40004 twice, then 61359 twice; two NATs in a row are no such case, and none that is symmetric."""
    assert clients_with("nat-inside", "nat-rebinding") == {"192.168.1.20"}
    found = problem(calls("nat-inside")["192.168.1.20"], "nat-rebinding")
    assert "public" not in found["summary"] and len(found["details"]) == 1
    assert found["details"][0].startswith("from 100.64.3.4:40004 to 100.64.3.4:61359 in frame")
    path = bundled("sessions/nat-inside.pcap")
    assert len(fields(path, ["frame.number"], "teams_stun.nat_changed")) == 1 and fields(path, ["frame.number"], "teams_stun.symmetric_nat") == []


@pytest.mark.parametrize("name, text", [("20-vpn-hairpin", "197 ms"), ("17-loss-jitter-down", "8."), ("19-nat-rebinding", "missing for 8.")])
def test_figures_are_in_the_text(name, text):
    """Truth of these captures is in truth.csv beside them."""
    assert text in tshark("-q", "-r", str(shared(f"failures/{name}.pcapng")), "-z", "teams,calls")


def test_loss_names_the_first_frame_after_missing_packets():
    """By the sequence numbers in the bytes of each packet."""
    path = bundled("sessions/loss.pcap")
    sequences = [(int(each["frame.number"][0]), bytes.fromhex(each["udp.payload"][0]))
                 for each in fields(path, ["frame.number", "udp.payload"], "teams_stun.media == \"rtp\"")]
    sequences = [(frame, int.from_bytes(payload[2:4], "big")) for frame, payload in sequences]
    jumps = [frame for (_, before), (frame, sequence) in zip(sequences, sequences[1:]) if sequence > before + 1]
    found = problem(next(iter(calls("loss").values())), "loss")
    assert found["frame"] == jumps[0] and len(jumps) >= 2
    assert_filter_finds(path, 1, found)


def assert_filter_finds(path, call, found):
    """The frame that a problem names is one of those that its filter finds in the call."""
    frames = [int(each["frame.number"][0]) for each in fields(path, ["frame.number"], f"teams.call == {call} && {found['filter']}")]
    assert found["frame"] in frames, found


@pytest.mark.parametrize("name, code, frame", [
    ("17-loss-jitter-down", "loss", min), ("19-nat-rebinding", "media-gap", min), ("20-vpn-hairpin", "round-trip", None)])
def test_problems_of_a_call_name_a_frame_that_shows_them(name, code, frame):
    """Loss and gap where they begin; of round trips the slowest answer."""
    path = shared(f"failures/{name}.pcapng")
    call, = json.loads(report(path, "teams,calls,json"))["calls"]
    found = problem(call, code)
    assert_filter_finds(path, call["call"], found)
    shown = {int(each["frame.number"][0]): float((each["teams_stun.response_time"] or ["0"])[0]) for each in fields(
        path, ["frame.number", "teams_stun.response_time"], f"teams.call == {call['call']} && {found['filter']}")}
    assert found["frame"] == (frame(shown) if frame else max(shown, key=shown.get))


@pytest.mark.parametrize("name", ["17-loss-jitter-down", "19-nat-rebinding", "20-vpn-hairpin", "14a-udp-dropped-pseudo-tls", "00-control"])
def test_frames_of_problems_are_of_their_call(name):
    path = shared(f"failures/{name}.pcapng")
    for call in json.loads(report(path, "teams,calls,json"))["calls"]:
        frames = {int(each["frame.number"][0]) for each in fields(path, ["frame.number"], f"teams.call == {call['call']}")}
        assert {each["frame"] for each in call["problems"]} <= frames | {0}


def test_a_payload_type_that_a_browser_uses_for_another_codec():
    """Its clock is 48,000 by the timestamps, which refutes name and jitter of Siren, SILK at 8000 and G.722.1; SILK at 16,000 keeps both,
    with its noise."""
    path = bundled("ice-browser-media.pcap")
    found = {call["client"]: call for call in json.loads(report(path, "teams,calls,json"))["calls"]}
    streams = {client.split(".")[-1]: stream for client, call in found.items() for stream in call["streams"]}
    assert {client: [payload["payload_name"] for payload in stream["payloads"]] for client, stream in streams.items()} == {
        "20": [""], "21": [""], "22": [""], "23": ["SILK", "CN"]}
    assert all(stream["jitter_ms"] < 0.1 and stream["jitter_max_ms"] < 0.1 for stream in streams.values())
    assert not [client for client, call in found.items() for each in call["problems"] if each["code"] == "jitter"]


# ---- TCP, and what is known of UDP ----

OVER_TCP = {("over-tcp", "192.168.1.20"): ("tcp", ""), ("over-tcp", "192.168.1.21"): ("tcp", "network"),
            ("over-tcp", "192.168.1.22"): ("tcp", ""), ("callers-over-tcp", "198.51.100.20"): ("tcp", "")}


@pytest.mark.parametrize("name,client", OVER_TCP)
def test_tcp_is_by_the_network_only_where_udp_was_seen_to_fail(name, client):
    """Nothing was asked over UDP; a relay was silent for 1.2 s and more, but a peer answered over UDP; one was asked 0.4 s before the relay over TCP answered."""
    call = calls(name)[client]          # the last one of the client
    found = problem(call, "media-over-tcp")
    assert (call["verdict_code"], found["actor"]) == OVER_TCP[name, client]
    assert ("Open UDP" in found["advice"]) == (found["actor"] == "network")


# ---- what was carried, whatever failed beside it ----

def verdicts(name):
    return {client.split(".")[-1]: (call["verdict_code"], call["severity"]) for client, call in calls(name).items()}


def test_relays_that_are_refused_do_not_hide_a_call_that_went_another_way():
    """relays-refused.pcap: media both ways directly, over another relay, and over TCP with some over UDP. Only of .27 nothing came back over UDP."""
    assert verdicts("relays-refused") == {
        "20": ("direct-private", "check"), "21": ("direct-cloud", "check"), "22": ("direct-public", "check"), "23": ("direct-public", "check"),
        "24": ("answered-only", "check"), "26": ("direct-private", "OK"), "27": ("udp-refused", "broken"), "28": ("tcp", "check"), "29": ("tcp", "check"),
        "30": ("path-agreed", "check")}
    assert clients_with("relays-refused", "network-refused") == {f"192.168.1.{n}" for n in (20, 21, 22, 23, 24, 27, 28, 30)}
    assert {call["severity"] for call in (problem(calls("relays-refused")[f"192.168.1.{n}"], "network-refused") for n in (20, 21, 22, 23, 28, 30))} == {"warning"}


def test_rtcp_that_comes_back_shows_that_the_way_back_is_open():
    """reports-back.pcap: encrypted, in clear, and once; checks of the other side. Before the media, sent by the client itself, and to another socket, it shows nothing of the kind."""
    open_path, brief = ("one-way-heard", "check"), ("one-way-brief", "unknown")
    assert verdicts("reports-back") == {
        "20": open_path, "21": open_path, "22": open_path, "23": brief, "24": brief, "25": brief, "26": open_path, "27": brief}
    advice = {client.split(".")[-1]: problem(call, "one-way-media")["advice"] for client, call in calls("reports-back").items() if problem(call, "one-way-media")}
    assert set(advice) == {key for key, text in advice.items() if "do arrive" in text} == {"20", "21", "22", "26"}


def test_reports_are_no_media_that_goes_one_way():
    """reports-alone.pcap: a call that is held, or over: RTCP, encrypted and in clear, and DTLS that the client alone goes on with; media at .23 is told."""
    assert clients_with("reports-alone", "consent-lost") == {"192.168.1.23"}
    assert verdicts("reports-alone") == {**dict.fromkeys(("20", "21", "22"), ("direct-public", "OK")), "23": ("cut-off", "broken")}
    path = bundled("sessions/reports-alone.pcap")
    assert set(tshark("-r", str(path), "-Y", "teams_stun.consent_lost || teams_stun.consent_back", "-T", "fields", "-e", "ip.src").split()) == {"192.168.1.23"}


GAPS = {"20": {"capture-gap": "note"}, "21": {"capture-gap": "warning"}, "22": {"capture-gap": "note"}, "23": {"media-gap": "warning"},
        "24": {"sent-gap": "warning"}, "25": {"media-gap": "warning", "sent-gap": "warning"}}


def gaps_of(call):
    return {each["code"]: each["severity"] for each in call["problems"] if each["code"].endswith("-gap")}


def test_a_gap_of_the_capture_is_no_interruption():
    """capture-gaps.pcap: 2 s without any frame, and 2 s in which other frames went on."""
    found = calls("capture-gaps")
    assert {client.split(".")[-1]: gaps_of(call) for client, call in found.items()} == GAPS
    assert "NAT" not in problem(found["192.168.1.20"], "capture-gap")["advice"] and found["192.168.1.20"]["severity"] == "OK"
    items = json.loads(report(bundled("sessions/capture-gaps.pcap"), "teams,summary,json"))["summary"]
    assert {item["client"].split(".")[-1]: item["gap"] is not None for item in items if item["kind"] == "call"} == {
        "20": False, "21": False, "22": False, "23": True, "24": True, "25": True}


def test_a_frame_that_comes_late_refutes_a_gap_of_the_capture(tmp_path):
    """One of another host's, moved into the time of .20's gap, and in the file behind it."""
    read = list(frames(bundled("sessions/capture-gaps.pcap").read_bytes()))
    stranger = next(data for _, _, data in read if data.endswith(b"anything"))
    start = read[0][0]
    behind = next(number for number, (seconds, micros, _) in enumerate(read) if seconds - start + micros / 1e6 > 6.2)
    read.insert(behind, (start + 5, 0, stranger))
    call, = [call for call in json.loads(report(written(tmp_path, read), "teams,calls,json"))["calls"] if call["client"] == "192.168.1.20"]
    assert gaps_of(call) == GAPS["25"]


def test_checks_from_another_address_are_part_of_the_call_that_connected():
    """other-addresses.pcap: by the user fragments; other ones are a call of its own, which did not connect."""
    found = {call["client"]: call for call in json.loads(report(bundled("sessions/other-addresses.pcap"), "teams,calls,json"))["calls"]}
    for n in (20, 21, 22):
        other = found[f"10.8.0.{n}"]
        assert (other["kind"], other["verdict_code"], other["severity"]) == ("other-address", "other-address", "OK")
        assert other["verdict"].endswith(f"It is call {found[f'192.168.1.{n}']['call']}.")
        assert not [each for each in other["problems"] if each["severity"] in ("warning", "error")]
    assert (found["10.8.0.23"]["kind"], found["10.8.0.23"]["verdict_code"]) == ("call", "brief-checks")
    assert {found[f"192.168.1.{n}"]["severity"] for n in range(20, 24)} == {"OK"}


def test_one_socket_that_hears_nothing_is_not_the_call():
    """socket-cut-off.pcap: media comes to the other socket until the end, until 4 s, not, or one packet of it."""
    assert verdicts("socket-cut-off") == {"20": ("direct-public", "check"), **{n: ("cut-off", "broken") for n in ("21", "22", "23")}}
    assert clients_with("socket-cut-off", "consent-lost") == {f"192.168.1.{n}" for n in (20, 21, 22, 23)}
    both = [int(detail.removeprefix("frame ")) for detail in problem(calls("socket-cut-off")["192.168.1.22"], "consent-lost")["details"]]
    assert len(both) == 2 and both == sorted(both)


def test_sockets_of_one_ice_session_are_of_one_call():
    """one-session.pcap: RFC 8445, 5.1.1; with other fragments they are two."""
    found = json.loads(report(bundled("sessions/one-session.pcap"), "teams,calls,json"))["calls"]
    assert sorted((re.split("[.:]", call["client"])[-1], call["verdict_code"]) for call in found) == [
        *((n, "direct-public") for n in ("20", "21", "22", "23", "23", "24"))]


def test_a_call_that_goes_on_from_another_address():
    """goes-on-elsewhere.pcap: streams of the same SSRC, and media that comes there; new streams, none that comes, and another's of that SSRC are no such call."""
    found = calls("goes-on-elsewhere")
    assert {client: call["verdict_code"] for client, call in found.items()} == {
        "192.168.1.20": "goes-on-elsewhere", "10.8.0.20": "direct-public", "192.168.1.21": "cut-off", "10.8.0.21": "direct-public",
        "192.168.1.22": "cut-off", "10.8.0.22": "cut-off", "192.168.1.23": "cut-off", "10.8.0.23": "direct-public"}
    moved = found["192.168.1.20"]
    assert moved["severity"] == "check" and moved["verdict"].endswith(f"That is call {found['10.8.0.20']['call']}.")


def test_media_that_comes_again_answers_no_check():
    """media-back.pcap: of what was lost in between the numbers tell; .22 has a check that is answered again, and .23 is the first one in a meeting."""
    assert clients_with("media-back", "consent-interrupted") == {"192.168.1.22"}
    assert clients_with("media-back", "media-gap") == {"192.168.1.21"}
    assert clients_with("media-back", "consent-lost") == set()


def test_a_call_that_is_given_up_at_once_shows_no_firewall():
    """given-up.pcap: a relay asked in less than a second, checks sent for one; who declines or hangs up answers no more. At .26 three seconds pass."""
    brief = ("brief-checks", "unknown")
    assert verdicts("given-up") == {
        "20": ("setup-only", "unknown"), "21": ("setup-only", "unknown"), "22": ("setup-only", "unknown"), "23": brief, "24": brief, "25": brief,
        "26": ("udp-unanswered", "broken")}
    assert clients_with("given-up", "udp-unanswered") == {"192.168.1.26"} and clients_with("given-up", "call-not-connected") == set()


def test_peers_alone_show_no_blocked_relay():
    """peers-silent.pcap: no relay was asked, so that nothing is known of UDP 3478-3481; for three seconds nobody may have taken the call yet."""
    brief = ("brief-checks", "unknown")
    assert verdicts("peers-silent") == {"20": brief, "21": brief, "2001:db8::22": brief, "23": ("not-connected", "broken"), "24": ("udp-unanswered", "broken")}
    assert clients_with("peers-silent", "udp-unanswered") == {"192.168.1.24"} and clients_with("peers-silent", "call-not-connected") == {"192.168.1.23"}


def test_checks_of_before_the_capture_pass_nothing_by():
    """answers-at-begin.pcap: their answers alone do not show that the other side is heard, and eight seconds of media have none."""
    assert verdicts("answers-at-begin") == {last: ("cut-off", "broken") for last in ("20", "21", "2001:db8::22")}
    assert len(clients_with("answers-at-begin", "one-way-media")) == 3


def test_what_passes_the_capture_by_is_not_missing():
    """passes-by.pcap: who answers checks that the capture lacks receives something. At .24 it has the checks, and no media comes. At .20 and ::22 it
    lacks the answers, too, which tell a media server from a relay that passes on what has no header."""
    found = calls("passes-by")
    assert {client: call["verdict_code"] for client, call in found.items()} == {
        "192.168.1.20": "media", "192.168.1.21": "direct-public", "2001:db8::22": "media", "192.168.1.23": "direct-cloud", "192.168.1.24": "cut-off"}
    assert clients_with("passes-by", "one-way-media") == clients_with("passes-by", "consent-lost") == {"192.168.1.24"}


def test_a_port_that_is_silent_carried_nothing():
    """port-silent.pcap: the server answers on 3479 alone, at .23 on 3480, too."""
    text = report(bundled("sessions/port-silent.pcap"), "teams,calls")
    lines = [line.strip() for line in text.splitlines() if "carried the call" in line or "nothing came back" in line]
    assert lines == ["52.114.60.7 port 3479: carried the call", "nothing came back from port 3480", "52.114.60.7 port 3479: carried the call",
                     "nothing came back from port 3481", "2603:1063:9::4 port 3479: carried the call", "nothing came back from port 3480, 3481",
                     "52.114.60.7 port 3479, 3480: carried the call"]


@pytest.mark.parametrize("name, told", [("callers-at-once", False), ("callers-relayed", False), ("three-modalities", False), ("streams-go-on", True)])
def test_ports_of_a_translator_are_not_the_clients(name, told):
    """Calls seen outside the NAT, which gave the ports 31001 and others, and those of private addresses with the same ports."""
    assert clients_with(name, "client-ports") == ({f"192.168.1.{n}" for n in range(20, 23)} if told else set())
