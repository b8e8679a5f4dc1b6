# SPDX-License-Identifier: GPL-2.0-or-later
"""What an ICMP error quotes was sent before: shown as stock shows it, and counted nowhere."""
import json

from harness import assert_same_in_all_modes, bundled, fields, report, stock_tshark, tshark

CAPTURE = bundled("ms-turn/icmp-errors.pcap")
SENT, ERRORS = (1, 3, 5, 7, 9), (2, 4, 6, 8, 10)
OURS = ["ms_turn", "teams_stun", "teams_flightproxy", "teams.flow"]


def test_only_what_was_sent_is_ours():
    claimed = {int(frame["frame.number"][0]) for frame in fields(CAPTURE, ["frame.number"], " or ".join(OURS))}
    assert claimed == set(SENT)
    assert_same_in_all_modes(CAPTURE, ["ms_turn.type", "ms_turn.retransmission", "teams_stun.pair.state", "teams.call"],
                             " or ".join(OURS))


def test_quotes_are_read_and_not_malformed():
    quoted = fields(CAPTURE, ["stun.type", "_ws.malformed"], "icmp || icmpv6")
    assert [frame["stun.type"] for frame in quoted] == [["0x0003"]] * 3 + [["0x0001"]] + [["0x0003"]]
    assert not any(frame["_ws.malformed"] for frame in quoted)


def test_packets_are_counted_once():
    calls = json.loads(report(CAPTURE, "teams,calls,json"))["calls"]
    assert sum(call["packets"] for call in calls) == len(SENT)


def test_flows_have_no_end_that_never_was():
    ends = report(CAPTURE, "teams,flows")
    assert "192.0.2.1:" not in ends and "[2001:db8::1]" not in ends


def test_errors_stay_as_stock_shows_them():
    shown = ("-r", CAPTURE, "-Y", "icmp || icmpv6", "-T", "fields", "-e", "frame.protocols", "-e", "_ws.col.Info")
    assert tshark(*shown) == stock_tshark(*shown)
