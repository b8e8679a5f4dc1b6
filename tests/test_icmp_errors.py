# SPDX-License-Identifier: GPL-2.0-or-later
"""What an ICMP error quotes was sent before: shown as stock shows it, and counted nowhere."""
import json

from harness import assert_same_in_all_modes, bundled, fields, report, stock_tshark, tshark
from truncate import frames, written

CAPTURE = bundled("ms-turn/icmp-errors.pcap")
SENT, ERRORS = (1, 3, 5, 7, 9), (2, 4, 6, 8, 10)
OURS = ["ms_turn", "teams_stun", "teams_flightproxy"]


def test_only_what_was_sent_is_ours():
    claimed = {int(frame["frame.number"][0]) for frame in fields(CAPTURE, ["frame.number"], " or ".join(OURS))}
    assert claimed == set(SENT)
    assert_same_in_all_modes(CAPTURE, ["ms_turn.message", "ms_turn.retransmission", "teams_stun.pair.state", "teams.call"],
                             " or ".join(OURS))


def test_quotes_are_read_and_not_malformed():
    quoted = fields(CAPTURE, ["stun.type", "_ws.malformed"], "icmp || icmpv6")
    assert [frame["stun.type"] for frame in quoted] == [["0x0003"]] * 3 + [["0x0001"]] + [["0x0003"]]
    assert not any(frame["_ws.malformed"] for frame in quoted)


def test_packets_are_counted_once():
    calls = json.loads(report(CAPTURE, "teams,calls,json"))["calls"]
    assert sum(call["packets"] for call in calls) == len(SENT)
    flows = json.loads(report(CAPTURE, "teams,flows,json"))["flows"]
    assert sum(flow["packets_sent"] + flow["packets_received"] for flow in flows) == len(SENT)


def test_errors_are_shown_with_the_flow_that_they_are_about():
    """A call's filter shows them; what they quote was sent by the frame before."""
    shown = {frame["frame.number"][0]: (frame["teams.flow"], frame["teams.call"])
             for frame in fields(CAPTURE, ["frame.number", "teams.flow", "teams.call"], "teams.flow")}
    assert set(shown) == {str(number) for number in SENT + ERRORS}
    assert all(shown[str(number)] == shown[str(number - 1)] for number in ERRORS)
    refused = fields(CAPTURE, ["frame.number"], "teams.refused")
    assert [int(frame["frame.number"][0]) for frame in refused] == list(ERRORS)
    assert_same_in_all_modes(CAPTURE, ["teams.flow", "teams.call", "teams.modality", "teams.evidence"], "teams")


def refusals(call):
    return [problem for problem in call["problems"] if problem["code"] == "network-refused"]


def test_the_report_says_that_the_network_refused():
    first, second = json.loads(report(CAPTURE, "teams,calls,json"))["calls"]
    router, host = refusals(first)
    assert (router["severity"], router["frame"], router["count"]) == ("error", 2, 3)
    assert (host["severity"], host["frame"], host["count"]) == ("error", 8, 1)
    assert router["details"] == [
        "ICMP communication administratively prohibited for 52.114.250.123:3478 from the router 192.0.2.1 (frame 2, 3 times)"]
    assert host["details"] == ["ICMP port unreachable for 203.0.113.5:50010 from that host (frame 8)"]
    assert (router["actor"], host["actor"], refusals(second)[0]["actor"]) == ("network", "", "network")
    assert "network" in router["summary"] and "network" not in host["summary"]
    assert [problem["frame"] for problem in refusals(second)] == [10]
    for call in first, second:
        assert call["verdict"].startswith("UDP is blocked")
        assert {problem["code"] for problem in call["problems"]}.isdisjoint({"one-sided-capture", "udp-unanswered", "call-not-connected"})


def test_an_error_of_the_relay_itself_is_not_the_networks(tmp_path):
    read = [(seconds, micros, frame[:26] + frame[58:62] + frame[30:] if number in (2, 4, 6) else frame)
            for number, (seconds, micros, frame) in enumerate(frames(CAPTURE.read_bytes()), 1)]
    call = json.loads(report(written(tmp_path, read), "teams,calls,json"))["calls"][0]
    problem, = refusals(call)
    assert problem["details"] == [
        "ICMP communication administratively prohibited for 52.114.250.123:3478 from that host (frame 2, 3 times)",
        "ICMP port unreachable for 203.0.113.5:50010 from that host (frame 8)"]
    assert problem["actor"] == "" and all("network" not in text for text in (problem["summary"], call["verdict"]))


def test_quotes_of_the_udp_header_alone(tmp_path):
    """RFC 792: many routers quote no more than eight bytes of the datagram."""
    short = [(seconds, micros, frame[:14 + 20 + 8 + 20 + 8] if frame[12:14] == b"\x08\0" and frame[23] == 1 else frame)
             for seconds, micros, frame in frames(CAPTURE.read_bytes())]
    call = json.loads(report(written(tmp_path, short), "teams,calls,json"))["calls"][0]
    assert sum(problem["count"] for problem in refusals(call)) == 4


def test_an_answer_makes_it_a_note(tmp_path):
    """The peer's packet on the flow that was refused at first."""
    read = list(frames(CAPTURE.read_bytes()))
    seconds, micros, check = read[6]
    answer = bytearray(check)
    answer[26:30], answer[30:34] = check[30:34], check[26:30]
    answer[34:36], answer[36:38] = check[36:38], check[34:36]
    call = json.loads(report(written(tmp_path, read + [(seconds + 1, micros, bytes(answer))]), "teams,calls,json"))["calls"][0]
    assert [(problem["severity"], problem["count"]) for problem in refusals(call)] == [("error", 3), ("note", 1)]


def test_what_is_too_big_or_a_strangers_is_no_refusal(tmp_path):
    """Fragmentation needed is no refusal; a datagram that nobody sent has no flow."""
    def changed(frame, number):
        frame = bytearray(frame)
        if number == 2:
            frame[14 + 20 + 1] = 4          # ICMP code: fragmentation needed
        if number == 4:
            frame[14 + 20 + 8 + 20] ^= 1    # the quoted source port
        if number == 6:
            frame = frame[:14 + 20 + 8 + 20 + 3]
        return bytes(frame)
    read = [(seconds, micros, changed(frame, number))
            for number, (seconds, micros, frame) in enumerate(frames(CAPTURE.read_bytes()), 1)]
    shown = fields(written(tmp_path, read), ["frame.number"], "teams.refused")
    assert [frame["frame.number"] for frame in shown] == [["8"], ["10"]]


def test_flows_have_no_end_that_never_was():
    ends = report(CAPTURE, "teams,flows")
    assert "192.0.2.1:" not in ends and "[2001:db8::1]" not in ends


def test_errors_stay_as_stock_shows_them():
    """But for the label before the Info column."""
    shown = ("-r", CAPTURE, "-Y", "icmp || icmpv6", "-T", "fields", "-e", "frame.protocols", "-e", "_ws.col.Info")
    assert tshark(*shown, "-o", "teams.info_column:FALSE") == stock_tshark(*shown)


def test_a_private_address_of_a_peer_that_is_out_of_reach_is_a_note():
    """Where the call went another way; the peer's public address (.23) and a call that did not go (.24) remain what they are."""
    found = {call["client"].split(".")[-1]: (refusals(call)[0]["severity"], call["severity"])
             for call in json.loads(report(bundled("ms-turn/icmp-peer-private.pcap"), "teams,calls,json"))["calls"]}
    assert found == {"20": ("note", "OK"), "21": ("note", "OK"), "23": ("warning", "check"), "24": ("error", "broken")}
