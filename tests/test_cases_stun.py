# SPDX-License-Identifier: GPL-2.0-or-later
"""Small captures that once went wrong, and others of their kinds: recognition, passes, times of checks, media."""

import json
import re

import pytest
from harness import bundled, fields, read_fields, readable, sharkd_columns, shared, tshark


def column(capture, field, display_filter=None, **how):
    """{frame number: values} of the frames that have the field."""
    return {int(frame["frame.number"][0]): frame[field]
            for frame in fields(capture, [field], display_filter, **how) if frame[field]}


# --- Unrelated traffic does not decide what is recognised --------------------

@pytest.mark.parametrize("name", ["classic", "fmtp", "tcp"])
@pytest.mark.parametrize("mode", ["one-pass", "two-pass"])
def test_what_another_host_sent_before_changes_nothing(name, mode):
    """The same messages with and without packets of another host before them."""
    before = shared(f"hostile/order-{name}.pcap")
    base = shared(f"hostile/order-{name}-base.pcap")
    names = ["frame.protocols", "ms_turn.transaction_id", "teams_stun.transaction_id", "ms_turn.evidence"]
    alone = fields(base, names, mode=mode)
    behind = fields(before, names, mode=mode)[-len(alone):]
    assert [{key: frame[key] for key in names} for frame in behind] == [{key: frame[key] for key in names} for frame in alone]
    assert all(frame["ms_turn.transaction_id"] or frame["teams_stun.transaction_id"] for frame in alone)


@pytest.mark.parametrize("mode", ["one-pass", "two-pass"])
def test_a_stream_of_another_host_before(mode):
    assert set(column(shared("hostile/stateB.pcap"), "ms_turn.evidence", mode=mode)) == {1, 2}
    assert set(column(shared("hostile/stateAB.pcap"), "ms_turn.evidence", mode=mode)) == {2, 3}


@pytest.mark.parametrize("mode", ["one-pass", "two-pass"])
def test_classic_stun_of_another_host(mode):
    """Every second message is of another host, and of classic STUN."""
    frames = fields(bundled("ice-other-host-first.pcap"), ["classicstun", "ms_turn", "frame.protocols"], mode=mode)
    assert [bool(frame["ms_turn"]) for frame in frames] == [False, True] * 6
    assert [frame["frame.protocols"][0].split(":")[4] for frame in frames] == ["classicstun"] * 12


# Stands before ours in the lists when the capture begins, as what a capture before matched does after ours were disabled.
BEFORE_US = """
local first = Proto("first", "First")
function first.dissector() return 0 end
for _, list in ipairs({"udp", "stun", "classicstun"}) do
    first:register_heuristic(list, function(tvb, pinfo, tree)
        if tvb:len() < 20 or tvb(0, 2):uint() > 0x4000 then return false end
        Dissector.get("data"):call(tvb, pinfo, tree)
        return true
    end)
end
"""


@pytest.mark.parametrize("passes", [[], ["-2"]])
@pytest.mark.parametrize("capture", ["ice-other-host-first.pcap", "ice-ipv6.pcap", "ice-relay-to-relay.pcap"])
def test_a_capture_begins_with_our_heuristics_first(tmp_path, capture, passes):
    script = tmp_path / "first.lua"
    script.write_text(BEFORE_US)
    names = ["frame.number", "ms_turn.transaction_id", "teams_stun.transaction_id", "ms_turn.evidence", "teams_stun.media"]
    alone = read_fields(tshark, ["-r", bundled(capture), *passes], names, {})
    behind = read_fields(tshark, ["-X", f"lua_script:{readable(script)}", "-r", bundled(capture), *passes], names, {})
    assert behind == alone
    assert any(frame["ms_turn.transaction_id"] or frame["teams_stun.transaction_id"] for frame in alone)


# --- One pass and two --------------------------------------------------------

@pytest.mark.parametrize("name", ["passes-d8ab", "left-cut", "passes-25ad", "passes-05ac"])
def test_one_pass_is_as_two(name):
    """Everything of ours, and what stock shows beneath; not what stock itself knows in the second pass only."""
    capture = shared(f"hostile/{name}.pcap")
    names = ["frame.protocols", "_ws.col.Info", "_ws.malformed", "ms_turn", "ms_turn.transaction_id", "ms_turn.evidence",
             "teams_stun", "teams_stun.pair", "teams_stun.evidence", "teams_stun.media", "_ws.expert.message"]
    assert fields(capture, names) == fields(capture, names, mode="two-pass")


@pytest.mark.parametrize("name", ["passes-bc52", "passes-9ce4", "passes-08d3", "passes-1d0a"])
def test_passes_differ_only_where_those_of_stock_do(name):
    """Stock takes a frame for something else once the conversation is known: there, ours may follow."""
    capture = shared(f"hostile/{name}.pcap")
    stocks = ["frame.protocols", "_ws.col.Info", "_ws.malformed", "_ws.expert.message"]
    names = [*stocks, "ms_turn", "ms_turn.transaction_id", "ms_turn.evidence", "teams_stun", "teams_stun.pair", "teams_stun.media"]
    ours = zip(*(fields(capture, names, mode=mode) for mode in ("one-pass", "two-pass")))
    alone = zip(*(fields(capture, stocks, mode=mode, stock=True) for mode in ("one-pass", "two-pass")))
    settled = [one == two for one, two in alone]
    assert not all(settled) and all(one == two for (one, two), same in zip(ours, settled) if same)


def test_both_requests_of_a_stream_that_the_other_direction_proves():
    text = tshark("-r", shared("hostile/passes-d8ab.pcap"), "-V")
    assert text.count("Microsoft TURN, Allocate Request") == 2


# --- Stock stays stock -------------------------------------------------------

@pytest.mark.parametrize("mode", ["one-pass", "two-pass"])
def test_who_took_a_connection_to_the_port_of_tls_keeps_it(mode):
    capture = shared("cases/fbzero-lost.pcap")
    assert column(capture, "frame.protocols", mode=mode) == column(capture, "frame.protocols", stock=True, mode=mode)
    assert sum("fb_zero" in value[0] for value in column(capture, "frame.protocols", mode=mode).values()) == 6


def test_what_stock_shows_of_a_stream_stays():
    """The length of the frame in RFC 4571, and the size of the PDU."""
    assert column(bundled("ice-tcp.pcap"), "stun.tcp_frame_length") == {4: ["108"], 5: ["72"]}
    for capture, field in (("ice-tcp.pcap", "stun.tcp_frame_length"), ("ice-tcp.pcap", "tcp.pdu.size"),
                           ("ms-turn/ice-tcp.pcap", "stun.tcp_frame_length")):
        # Stock of 4.6 leaves some frames of such a stream as data: there is nothing of its own to lose then.
        stocks = column(bundled(capture), field, stock=True)
        ours = column(bundled(capture), field)
        assert {frame: ours.get(frame) for frame in stocks} == stocks


# --- Round trip and answer time ----------------------------------------------

def test_round_trip_is_that_of_checks_of_the_capturing_side():
    """Answers of checks were put 100 ms later than in the article's call, where they took 45 ms."""
    capture = shared("cases/slow-path.pcap")
    times = column(capture, "teams_stun.response_time", 'ip.dst == 192.168.1.20 && teams_stun.pair == 5')
    assert {round(float(value[0]), 3) for value in times.values()} == {0.145}
    # The client answers within a millisecond: that is no round trip.
    answers = column(capture, "teams_stun.answer_time")
    assert set(answers) == set(column(capture, "teams_stun.answer_time", "ip.src == 192.168.1.20")) and answers
    assert not column(capture, "teams_stun.response_time", "ip.src == 192.168.1.20")


def test_round_trip_through_a_vpn():
    times = [float(value[0]) for value in column(shared("failures/20-vpn-hairpin.pcapng"), "teams_stun.response_time").values()]
    assert 0.19 < min(times) and max(times) < 0.21


def test_neither_time_where_nothing_tells_the_side():
    capture = bundled("ice-sides-unknown.pcap")
    assert len(column(capture, "teams_stun.response_to")) == 4
    assert not column(capture, "teams_stun.response_time") and not column(capture, "teams_stun.answer_time")
    assert len(column(capture, "stun.time")) == 4


def test_checks_both_ways():
    capture = bundled("ice-answer-time.pcap")
    trips = column(capture, "teams_stun.response_time", "ip.dst == 192.168.1.10")
    answers = column(capture, "teams_stun.answer_time", "ip.src == 192.168.1.10")
    assert [round(float(value[0]), 4) for value in trips.values()] == [0.08] * 3
    assert [round(float(value[0]), 4) for value in answers.values()] == [0.002] * 3
    assert set(column(capture, "teams_stun.response_time")) == set(trips)


def test_an_answer_after_a_check_was_sent_again_is_no_round_trip():
    """Which sending it answers is not known: 30 or 630 ms, 30 or 530; the three that were sent once tell 30."""
    trips = column(bundled("ice-answer-after-resend.pcap"), "teams_stun.response_time")
    assert [round(float(value[0]), 3) for value in trips.values()] == [0.03] * 3


def test_a_slow_way_is_measured_where_each_sending_is_answered():
    """Three sendings 300 ms apart and three answers, each 700 ms after one of them."""
    capture = bundled("ice-slow-resend.pcap")
    trips = column(capture, "teams_stun.response_time")
    assert [round(float(value[0]), 3) for value in trips.values()] == [0.7] * 3
    call, = json.loads(tshark("-q", "-r", str(capture), "-z", "teams,calls,json"))["calls"]
    assert [problem["code"] for problem in call["problems"] if problem["code"] == "round-trip"] == ["round-trip"]


# --- Consent -----------------------------------------------------------------

def test_two_paths_of_one_socket_are_no_silence():
    capture = bundled("ice-consent-two-paths.pcap")
    assert not column(capture, "teams_stun.consent_lost") and not column(capture, "teams_stun.consent_back")
    # Both pairs carry media one way only, for ten seconds.
    assert {value[0] for value in column(capture, "teams_stun.pair", "rtp").values()} == {"1", "2"}
    assert len(fields(capture, [], "rtp && ip.src == 192.168.1.10")) == len(fields(capture, [], "rtp && ip.dst == 192.168.1.10")) == 20


def test_consent_comes_back_with_media_or_an_answer():
    """Media is sent each half second from 0.5 s on, the check was answered at 0.03 s: lost at 5.5 s, the first after
    5.03; back with the first packet sent after the peer's of 8.2 s, or with the peer's own."""
    capture = bundled("ice-consent-back.pcap")
    lost, = fields(capture, ["frame.time_relative"], "teams_stun.consent_lost")
    back, = fields(capture, ["frame.time_relative", "ip.src"], "teams_stun.consent_back")
    assert float(lost["frame.time_relative"][0]) == pytest.approx(5.5)
    assert float(back["frame.time_relative"][0]) == pytest.approx(8.2) and back["ip.src"] == ["198.51.100.77"]
    capture = bundled("ice-consent-lost.pcap")
    assert list(column(capture, "frame.time_relative", "teams_stun.consent_back").values()) == [["10.530000000"]]
    for name in ("ice-consent-back.pcap", "ice-consent-lost.pcap", "ice-consent-two-paths.pcap"):
        for field in ("teams_stun.consent_lost", "teams_stun.consent_back"):
            assert column(bundled(name), "frame.number", field) == column(bundled(name), "frame.number", field, mode="two-pass")


# --- NAT ---------------------------------------------------------------------

def test_a_mapping_that_changes_in_mid_call_is_no_symmetric_nat():
    for capture, changed in ((shared("failures/19-nat-rebinding.pcapng"), [1391]), (bundled("ice-nat-changed.pcap"), [14, 16])):
        assert sorted(column(capture, "frame.number", "teams_stun.nat_changed")) == changed
        assert not column(capture, "frame.number", "teams_stun.symmetric_nat")
    text = " ".join(column(shared("failures/19-nat-rebinding.pcapng"), "_ws.expert.message", "teams_stun.nat_changed")[1391])
    assert "203.0.113.10:50004 before, 203.0.113.10:61359 now" in text


def test_a_mapping_for_each_peer_is_symmetric_nat():
    """The second answer of the first peer proves that its mapping held while the other peer saw another one."""
    assert list(column(bundled("ice-nat-per-peer.pcap"), "frame.number", "teams_stun.symmetric_nat")) == [6]
    assert list(column(bundled("ice-symmetric-nat.pcap"), "frame.number", "teams_stun.symmetric_nat")) == [4]
    assert not column(bundled("ice-nat-per-peer.pcap"), "frame.number", "teams_stun.nat_changed")


# --- Modality ----------------------------------------------------------------

def modalities(capture, display_filter, *options):
    """"audio by payload type 104 (SILK)" of each frame, from the text of the media item."""
    text = tshark(*options, "-r", capture, "-Y", display_filter, "-V")
    return re.findall(r"^Microsoft ICE media, [a-z]+, ([a-z]+ by [^,\n]+)", text, re.MULTILINE)


def test_the_payload_comes_first_and_a_conflict_once():
    """Streams 1 and 2 are audio on the port of video: by the clock once twice sixteen timestamps have passed, and by the payload
    type; stream 3 is video or sharing on the port of audio: one of the two."""
    capture = bundled("ice-modality-clock.pcap")
    shown = {ssrc: modalities(capture, f"rtp.ssrc == {ssrc}") for ssrc in (1, 2, 3)}
    assert shown[1] == ["video by payload type 99 (rtx)"] * 32 + ["audio by clock of 16000 Hz"] * 14
    assert shown[2] == ["audio by payload type 104 (SILK)"] * 46 and shown[3] == []
    # The name of a type that the clock refutes is not shown.
    names = [value[0] for value in column(capture, "teams_stun.payload_name", "rtp.ssrc == 1").values()]
    assert names == ["rtx/90000"] * 32
    conflicts = fields(capture, ["rtp.ssrc"], "teams_stun.modality_conflict")
    assert [int(frame["rtp.ssrc"][0], 16) for frame in conflicts] == [1, 2, 3]
    # RTCP has the modality of the RTP beside it.
    assert modalities(capture, 'teams_stun.media == "srtcp"')[1] == "audio by RTP of the same flow"
    assert modalities(capture, "rtp", "-2") == modalities(capture, "rtp")


# --- Two files in one process ------------------------------------------------

@pytest.mark.parametrize("before,capture", [
    ("hostile/stateA.pcap", "hostile/stateB.pcap"), ("hostile/order-classic.pcap", "hostile/order-classic-base.pcap"),
    ("hostile/order-fmtp.pcap", "hostile/order-fmtp-base.pcap"), ("hostile/order-tcp.pcap", "hostile/order-tcp-base.pcap"),
    ("article-2017.pcapng", "modern-signin.pcap")])
def test_a_file_does_not_change_the_next_one_in_the_same_process(before, capture):
    """As if it were the only one, also where it is opened again."""
    first, second = ((shared if name.startswith("hostile/") else bundled)(name) for name in (before, capture))
    names = ("frame.protocols", "ms_turn.type", "ms_turn.evidence", "teams_stun.media", "teams_dns.name", "teams.signin", "teams.call")
    alone = sharkd_columns([second], names)
    if alone is None:
        pytest.skip("sharkd is not installed")
    assert any(any(frame[1:]) for frame in alone)
    assert sharkd_columns([first, second], names) == alone
    assert sharkd_columns([second, first, second], names) == alone
