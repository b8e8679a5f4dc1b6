# SPDX-License-Identifier: GPL-2.0-or-later
"""MS-TURN in captures made for it; expectations are the values that the generators were given."""
import functools
import re
import shutil
import subprocess

import pytest
from harness import ROOT, assert_same_in_all_modes, bundled, fields, instant, stock_tshark, tshark
from scapy.layers.inet import IP, UDP
from scapy.utils import wrpcap

FOLDER = ROOT / "test-captures" / "ms-turn"
CAPTURES = sorted(path.name for path in FOLDER.glob("*.pcap"))
EXPERTS = re.findall(r'^DIAGNOSTIC\(\w+, "", "ms_turn\.(\w+)",', (ROOT / "plugins/ms-stun/turn_expert.def").read_text(), re.MULTILINE)
SITES = ("remote_site", "remote_relay_site", "local_site", "local_relay_site")

FIELDS = ["frame.protocols", "_ws.col.Protocol", "_ws.col.Info", "rtp.seq", "stun.type", "ms_turn.mux.remote"] + [
    "ms_turn." + name for name in """message type method class transaction_id attr.type attr.length version app_id stream_type
    service_quality lifetime bandwidth software realm username.expiry integrity integrity.algorithm error.code error.reason
    connection_id sequence session_id requested_family relayed.address relayed.ipv6 relayed.port
    reflexive.address reflexive.ipv6 reflexive.port destination.address destination.ipv6 destination.port remote.address
    remote.ipv6 remote.port alternate_server.address alternate_server.ipv6 alternate_server.port alternate_mapped.ipv6
    alternate_mapped.port alternate_host secure_tag bwm.check_type bwm.reservation_id bwm.min_send bwm.max_send
    bwm.min_receive bwm.max_receive bwm.dialog_id bwm.call_id bwm.peer_location bwm.self_location bwm.federation frame.type
    frame.length mux.session_id mux.length pseudo_tls response_to response_time retransmission retransmission_of allocation
    allocation.state allocation.relay.address allocation.relay.port allocation.lifetime""".split()] + [
    f"ms_turn.bwm.{site}.{name}" for site in SITES for name in "address port valid max_send max_receive".split()]


@functools.lru_cache(maxsize=None)
def frames(capture):
    """All fields of each frame, under names without ms_turn."""
    return [{name.removeprefix("ms_turn."): values for name, values in frame.items()}
            for frame in fields(bundled(f"ms-turn/{capture}"), FIELDS)]


@functools.lru_cache(maxsize=None)
def experts(capture):
    """Names of our expert items -> frames that have them."""
    found = fields(bundled(f"ms-turn/{capture}"), [f"ms_turn.{name}" for name in EXPERTS], "ms_turn")
    return {name: [int(frame["frame.number"][0]) for frame in found if frame[f"ms_turn.{name}"]]
            for name in EXPERTS if any(frame[f"ms_turn.{name}"] for frame in found)}


def column(capture, name):
    return [values[0] if len(values) == 1 else values or None for values in (frame[name] for frame in frames(capture))]


def truths(values):
    return [value in ("1", "True") for value in values]


# ---- allocations ----

def test_an_allocation_from_challenge_to_release():
    assert column("allocation.pcap", "allocation") == ["1"] * 11
    assert column("allocation.pcap", "allocation.state") == [
        "requested", "challenged", "authenticating", "active", "active", "active", "active", "refreshing", "refreshed",
        "releasing", "released"]
    assert column("allocation.pcap", "response_to") == [None, "1", None, "3", None, None, None, None, "8", None, "10"]
    assert set(column("allocation.pcap", "allocation.relay.address")[1:]) == {"203.0.113.141"}
    assert set(column("allocation.pcap", "allocation.relay.port")[1:]) == {"3478"}
    assert experts("allocation.pcap") == {"challenge": [2], "response_elsewhere": [4], "allocation_released": [10]}
    assert float(column("allocation.pcap", "response_time")[3]) == pytest.approx(0.04)


def test_info_column_tells_the_message_and_what_is_inside():
    info = column("allocation.pcap", "_ws.col.Info")
    assert "Allocate Request" in info[0]
    assert "Allocate Error Response, 401 Unauthorized, alternate 203.0.113.141:3478" in info[1]
    assert "Send Request to 198.51.100.77:40404 | Binding Request user: abcd:efgh" in info[4]
    assert "Data Indication from 198.51.100.77:40404 | Binding Request" in info[5]
    assert "Multiplexed TURN, session 0x7f20c4dd4f848d71 | Binding Request" in info[6]
    assert set(column("allocation.pcap", "_ws.col.Protocol")) == {"MS-TURN"}


def test_response_in_is_known_on_a_second_pass():
    second = fields(bundled("ms-turn/allocation.pcap"), ["ms_turn.response_in"], mode="two-pass")
    assert [frame["ms_turn.response_in"] for frame in second][:4] == [["2"], [], ["4"], []]


def test_retransmissions_and_odd_order():
    assert column("retransmissions.pcap", "retransmission_of") == [
        None, "1", None, "3", *[None] * 9, "13", None, None]
    assert column("retransmissions.pcap", "allocation")[:11] == ["1", "1", "1", "1", "1", "1", "2", "2", "2", "3", "2"]
    # The success that comes first answers a request that the capture has not.
    assert column("retransmissions.pcap", "response_to")[6] is None
    # Lifetime 60 granted at 1.2 s, used at 100 s.
    # A release's answer may say nothing else; the grant that says as little may not.
    assert experts("retransmissions.pcap") == {"challenge": [3], "allocation_expired": [11], "allocation_released": [12],
        "reflexive_missing": [16], "sequence_missing": [16], "version_missing": [16]}
    assert [column("retransmissions.pcap", "lifetime")[n - 1] for n in (13, 14, 16)] == ["0", "0", "600"]
    assert column("retransmissions.pcap", "response_to")[12:] == ["12", "12", None, "15"]


def test_only_the_first_answer_is_a_measurement():
    times = {number: float(value) for number, value in enumerate(column("retransmissions.pcap", "response_time"), 1) if value}
    assert times == pytest.approx({3: 0.2, 6: 0.1, 9: 0.1, 13: 0.04, 16: 0.04})


def test_redirects():
    assert experts("redirect.pcap") == {"redirected": [4, 5, 6], "alternate_missing": [6], "alternate_ignored": [8]}
    assert column("redirect.pcap", "allocation") == ["1", "2", "3"] * 3
    assert column("redirect.pcap", "alternate_server.address") == [None] * 3 + ["198.51.100.9"] * 2 + [None] * 4


def test_refusals():
    found = experts("refusals.pcap")
    assert found["nonce_stale"] == [6]
    assert found["credentials_rejected"] == [12]
    assert found["credentials_expired"] == [13]
    assert (found["challenge_again"], found["challenge_repeated"]) == ([17], [19])
    assert found["candidate_disabled"] == [23]
    assert found["alternate_missing"] == [21]
    assert 22 in found["realm_quoting"]
    assert column("refusals.pcap", "allocation.state")[5:8] == ["stale", "refreshing", "refreshed"]
    assert column("refusals.pcap", "allocation.state")[11] == "failed"
    assert instant(column("refusals.pcap", "username.expiry")[12]) == "2026-02-23 00:00:00"


def test_symmetric_nat():
    assert experts("nat.pcap") == {"challenge": [2, 6], "reflexive_differs": [6]}


def test_integrity_by_version():
    """Versions 1 to 6, each with the right algorithm, then with the wrong one."""
    assert column("versions.pcap", "integrity.algorithm") == ["HMAC-SHA1", "HMAC-SHA256"] * 2 + ["HMAC-SHA256", "HMAC-SHA1"] * 4
    assert [len(value.replace(":", "")) for value in column("versions.pcap", "integrity")] == [40, 64] * 2 + [64, 40] * 4
    assert experts("versions.pcap") == {"integrity_length": [2, 4, 6, 8, 10, 12]}


# ---- attributes ----

def test_rare_attributes():
    first, redirect, _, success, again = frames("attributes.pcap")
    assert first["secure_tag"][0].replace(":", "") == "010203"
    assert first["requested_family"] == ["2"]
    assert (first["app_id"], first["version"], first["bandwidth"]) == (["2"], ["6"], ["12000"])
    assert (first["stream_type"], first["service_quality"]) == (["1"], ["0"])
    assert redirect["alternate_host"] == ["relay.example.com"]
    assert redirect["attr.type"][-2:] == ["0x8abc", "0x0abc"]
    assert redirect["attr.length"][-2:] == ["3", "0"]
    assert (success["alternate_mapped.ipv6"], success["alternate_mapped.port"]) == (["2001:db8::141"], ["55556"])
    assert success["software"] == ["2.0.1.211"]
    assert success["connection_id"][0].replace(":", "") == bytes(range(0x40, 0x54)).hex()
    assert success["sequence"] == ["0"]
    assert (again["connection_id"], again["sequence"]) == ([], ["1"])
    assert again["realm"] == ['"rtcmedia"']


@pytest.mark.parametrize("number, name, frames_having", [
    ("type == 3", 'type == "Allocate Request"', [1, 3, 8, 10]),
    ("method == 5", 'method == "Data"', [6]),
    ("class == 0x10", 'class == "Success Response"', [4, 9, 11]),
    ("allocation.relay.address == 203.0.113.140/30", "allocation.relay.address == 203.0.113.141", list(range(2, 12))),
])
def test_enumerations_compare_with_numbers_and_names(number, name, frames_having):
    """The frames are those of the sequence that the generator writes; a relay's subnet finds the relay."""
    for display_filter in (number, name):
        found = fields(bundled("ms-turn/allocation.pcap"), [], f"ms_turn.{display_filter}")
        assert [int(frame["frame.number"][0]) for frame in found] == frames_having


def test_what_is_only_observed():
    assert experts("observed.pcap") == {"service_quality_observed": [1], "error_response": [2]}
    request, refusal = frames("observed.pcap")
    assert (request["stream_type"], request["service_quality"]) == (["2"], ["2"])
    assert (refusal["reflexive.address"], refusal["reflexive.port"]) == (["198.51.100.7"], ["40007"])


def test_ipv6_addresses():
    _, success, send, indication = frames("ipv6.pcap")
    assert (success["relayed.ipv6"], success["relayed.port"]) == (["2001:db8:ffff::141"], ["55555"])
    assert (success["reflexive.ipv6"], success["reflexive.port"]) == (["2001:db8:2::99"], ["61001"])
    assert (success["alternate_server.ipv6"], success["alternate_server.port"]) == (["2001:db8:ffff::141"], ["3478"])
    assert (send["destination.ipv6"], send["destination.port"]) == (["2001:db8:3::7"], ["40404"])
    assert (indication["remote.ipv6"], indication["remote.port"]) == (["2001:db8:3::7"], ["40404"])


def test_bandwidth():
    check, answer, commit, refusal, update = frames("bandwidth.pcap")[4:9]
    assert [frame["bwm.check_type"] for frame in (check, commit, update)] == [["0"], ["1"], ["2"]]
    assert [check[f"bwm.{name}"] for name in ("min_send", "max_send", "min_receive", "max_receive")] == [
        ["11"], ["22"], ["33"], ["44"]]
    for number, site in enumerate(SITES):
        assert check[f"bwm.{site}.address"] == [f"10.0.{number}.1"]
        assert check[f"bwm.{site}.port"] == [str(1000 + number)]
        assert answer[f"bwm.{site}.max_send"] == [str(100 + number)]
        assert answer[f"bwm.{site}.max_receive"] == [str(200 + number)]
    assert [truths(answer[f"bwm.{site}.valid"]) for site in SITES] == [[True]] * 4
    assert [truths(refusal[f"bwm.{site}.valid"]) for site in SITES] == [[False], [False], [True], [True]]
    assert (check["bwm.call_id"], commit["bwm.dialog_id"]) == (["call-4711"], ["dialog-1;a=b"])
    assert update["bwm.reservation_id"][0].replace(":", "") == bytes(range(16)).hex()
    assert [check[f"bwm.{name}"] for name in ("peer_location", "self_location", "federation")] == [
        ["2"], ["1"], ["2"]]
    found = experts("bandwidth.pcap")
    # Check without profile, commit without local site, update without reservation.
    assert (found["bandwidth_incomplete"], found["reservation_missing"]) == ([10, 11], [12])
    # F is a bit of the site answers, not of the relay site answers.
    assert (found["bandwidth_refused"], found["pstn_failover"]) == ([8], [6])


def test_set_active_destination():
    assert column("set-active-destination.pcap", "message")[4:] == [
        "Set Active Destination Request", "Set Active Destination Success Response", "Set Active Destination Request",
        "Set Active Destination Error Response", None]
    assert column("set-active-destination.pcap", "response_to")[4:8] == [None, "5", None, "7"]
    assert column("set-active-destination.pcap", "destination.address")[4] == "198.51.100.77"


def longest(code):
    """The longest right length by the documents, None where any length is right."""
    fixed = {0x0001: 20, 0x0008: 32, 0x000e: 20, 0x0011: 20, 0x0012: 20, 0x8020: 20, 0x8057: 16, 0x8058: 16,
             0x8090: 20, 0x8095: 8, 0x8050: 24, **dict.fromkeys(range(0x8059, 0x805d), 20),
             **dict.fromkeys(range(0x805d, 0x8061), 12)}
    anything = (0x0006, 0x0009, 0x000a, 0x0013, 0x0014, 0x0015, 0x8022, 0x8032, 0x8039, 0x8061, 0x8062)
    return None if code in anything else fixed.get(code, 4)


def is_right(code, length):
    if longest(code) is None:
        return length >= {0x0009: 4, 0x000a: 2}.get(code, 0) and not (code == 0x000a and length % 2)
    also = {0x0008: 20, 0x8050: 4}.get(code, 8 if longest(code) == 20 and code != 0x8090 else None)
    return length in (longest(code), also)


def test_every_attribute_with_every_length():
    """A wrong length is told, and what follows the attribute is still shown."""
    wrong = set(experts("lengths.pcap")["attribute_length"])
    tried = set()
    for number, frame in enumerate(frames("lengths.pcap"), 1):
        code, length = int(frame["attr.type"][1], 0), int(frame["attr.length"][1])
        tried.add((code, length))
        assert frame["software"][-1] == "last", number
        assert len(frame["attr.type"]) == 3, number
        assert (number in wrong) != is_right(code, length), f"{code:#x} with {length} bytes"
    assert {(0x8055, 0), (0x8055, 5), (0x8020, 7), (0x8020, 21), (0x8050, 3), (0x8050, 23)} <= tried


# ---- bad messages ----

def test_malformed_messages():
    found = experts("malformed.pcap")
    assert [found[name] for name in ("padded", "attribute_overrun", "cookie_missing", "address_family", "realm_length",
                                     "service_quality_unknown", "mux_length", "message_length")] == [
        [5], [6], [7], [8], [9], [9], [10], [11, 12, 13]]
    assert column("malformed.pcap", "realm")[4] == '"rtcmedia"'
    assert column("malformed.pcap", "version")[5:8] == ["6"] * 3
    assert frames("malformed.pcap")[5]["attr.type"][-1] == "0x0015"
    assert [frame["app_id"] for frame in frames("malformed.pcap")[10:]] == [["2"]] * 3


@pytest.mark.parametrize("capture", ["allocation.pcap", "nested.pcap", "lengths.pcap", "attributes.pcap"])
def test_stock_reads_messages_as_its_own_auto_does(capture):
    """Stock's attributes, and what is malformed, are those of stock alone with stun.stunversion: Auto."""
    names = ["stun.att.type", "stun.network_version", "_ws.malformed"]
    auto = fields(bundled(f"ms-turn/{capture}"), names, prefs={"stun.stunversion": "Auto"}, stock=True)
    assert fields(bundled(f"ms-turn/{capture}"), ["_ws.malformed"]) == [
        {name: frame[name] for name in ("frame.number", "_ws.malformed")} for frame in auto]
    if capture in ("lengths.pcap", "attributes.pcap"):      # of the others, what is inside is ours to open
        assert fields(bundled(f"ms-turn/{capture}"), names) == auto


@pytest.mark.parametrize("choice", ["MS-TURN", "RFC3489 and earlier"])
def test_a_choice_of_the_user_stays(choice):
    prefs = {"stun.stunversion": choice}
    names = ["stun.att.type", "stun.network_version"]
    assert fields(bundled("ms-turn/lengths.pcap"), names, prefs=prefs) == fields(
        bundled("ms-turn/lengths.pcap"), names, prefs=prefs, stock=True)


def test_nesting_is_bounded():
    """Eight Send Requests in each other: five are opened, the rest is data, and it is said."""
    assert frames("nested.pcap")[4]["message"] == ["Send Request"] * 5
    assert experts("nested.pcap")["nested_deeply"] == [5]


def test_payloads_are_opened():
    inside = column("nested.pcap", "frame.protocols")[5:]
    assert all("rtp" in protocols for protocols in inside[0:2])
    assert all("dtls" in protocols for protocols in inside[4:6])
    assert frames("nested.pcap")[11]["mux.session_id"] == ["0x7f20c4dd4f848d71"]
    assert "0x0001" in frames("nested.pcap")[11]["stun.type"]


def test_capture_begun_during_the_call():
    assert column("mid-call.pcap", "mux.session_id") == ["0x7f20c4dd4f848d71"] * 3 + ["0x0000000000000000"]
    found = experts("mid-call.pcap")
    assert found["session_unknown"] == [1, 2, 3, 4]
    assert column("mid-call.pcap", "mux.length")[0] == str(8 + 20 + sum(4 + n for n in (12, 8, 4, 4, 20, 4)))


# ---- TCP ----

def data_frames(capture):
    return [frame for frame in frames(capture) if "ms_turn" in frame["frame.protocols"][0] or frame["frame.type"]]


def test_frames_one_many_and_split():
    shown = {number: frame for number, frame in enumerate(frames("tcp.pcap"), 1)}
    assert [shown[number]["message"] for number in range(4, 8)] == [
        ["Allocate Request"], ["Allocate Error Response"], ["Allocate Request"], ["Allocate Success Response"]]
    assert shown[8]["frame.type"] == ["2", "2", "3"]
    assert shown[8]["message"] == ["Send Request"] * 2
    assert shown[8]["rtp.seq"] == ["1"]
    assert shown[9]["frame.type"] == ["3"] * 2
    assert shown[9]["rtp.seq"] == ["2"]
    assert [shown[number]["frame.type"] for number in (10, 11, 12)] == [[]] * 3
    assert (shown[13]["message"], shown[13]["rtp.seq"]) == (["Send Request"], ["3"])
    assert shown[14]["rtp.seq"] + shown[15]["rtp.seq"] == ["4", "5"]
    assert shown[16]["mux.session_id"] == ["0x7f20c4dd4f848d71"]
    assert (shown[17]["message"], shown[17]["rtp.seq"]) == (["Data Indication"], ["6"])
    assert shown[7]["allocation.state"] == ["active"]
    assert experts("tcp.pcap") == {"challenge": [5], "tcp_relay": [4]}


def test_any_port_and_a_first_message_in_pieces():
    assert column("tcp-other-port.pcap", "message")[3:7] == [
        "Allocate Request", "Allocate Error Response", "Allocate Request", "Allocate Success Response"]
    assert column("tcp-other-port.pcap", "message")[15:] == ["Allocate Request", "Allocate Error Response"]
    assert column("tcp-other-port.pcap", "allocation")[15:] == ["2", "2"]


def test_reading_goes_on_after_loss():
    found = experts("tcp-loss.pcap")
    assert (found["frame_type"], found["frame_reserved"], found["frame_length"]) == ([8, 10], [9], [11])
    assert found["cookie_missing"] == [13]
    assert [frames("tcp-loss.pcap")[number - 1]["message"] for number in (8, 9, 12)] == [["Send Request"]] * 3


def test_capture_begun_in_a_message():
    assert column("tcp-begun-midway.pcap", "message")[4] == "Send Request"
    assert frames("tcp-begun-midway.pcap")[5]["rtp.seq"] == ["2", "3"]


def test_pseudo_tls_over_several_segments():
    assert column("pseudo-tls-split.pcap", "pseudo_tls")[:7] == [None] * 4 + ["1", None, "2"]
    assert column("pseudo-tls-split.pcap", "message")[7:9] == ["Allocate Request", "Allocate Error Response"]


def test_pseudo_tls_on_443_and_elsewhere():
    assert column("pseudo-tls.pcap", "pseudo_tls") == ([None] * 3 + ["1", "2"] + [None] * 6) * 2
    assert experts("pseudo-tls.pcap")["not_encrypted"] == [4, 5, 15, 16]
    for start in (0, 11):
        assert column("pseudo-tls.pcap", "message")[start + 5:start + 9] == [
            "Allocate Request", "Allocate Error Response", "Allocate Request", "Allocate Success Response"]
        assert frames("pseudo-tls.pcap")[start + 9]["rtp.seq"] == ["1", "2"]
        assert frames("pseudo-tls.pcap")[start + 10]["rtp.seq"] == ["3"]
    handshake = fields(bundled("ms-turn/pseudo-tls.pcap"), ["tls.handshake.type"], "ms_turn.pseudo_tls")
    assert [frame["tls.handshake.type"] for frame in handshake] == [["1"], ["2", "14"]] * 2


def test_ice_over_tcp():
    shown = frames("ice-tcp.pcap")
    assert [frame["stun.type"] for frame in shown[3:5]] == [["0x0001"]] * 2
    assert shown[4]["rtp.seq"] + shown[5]["rtp.seq"] + shown[6]["rtp.seq"] == ["1", "2", "3"]
    assert not any(frame["frame.type"] for frame in shown)


def test_real_tls_is_left_alone():
    """server-names.pcap has TLS on 443: as stock shows it."""
    args = ("-r", bundled("server-names.pcap"), "-Y", "tls", "-T", "fields", "-e", "frame.number", "-e", "tls.handshake.type")
    assert tshark(*args) == stock_tshark(*args) != ""
    assert tshark("-r", bundled("server-names.pcap"), "-Y", "ms_turn") == ""


# ---- all of them ----

@pytest.mark.parametrize("capture", ["allocation.pcap", "tcp.pcap", "pseudo-tls.pcap", "tcp-loss.pcap", "nested.pcap",
                                     "retransmissions.pcap"])
def test_the_same_in_all_modes(capture):
    names = ["ms_turn.message", "ms_turn.attr.type", "ms_turn.allocation", "ms_turn.allocation.state", "ms_turn.response_to",
             "ms_turn.frame.type", "ms_turn.mux.session_id", "ms_turn.pseudo_tls", "ms_turn.retransmission_of"]
    assert_same_in_all_modes(bundled(f"ms-turn/{capture}"), names, "ms_turn")


@pytest.mark.parametrize("capture, length", [("allocation.pcap", 60), ("allocation.pcap", 80), ("bandwidth.pcap", 150),
                                             ("tcp.pcap", 60), ("tcp.pcap", 100), ("pseudo-tls.pcap", 150)])
def test_frames_cut_by_a_snapshot_length(tmp_path, capture, length):
    """What was captured is shown; nothing fails."""
    editcap = shutil.which("editcap")
    if editcap is None:
        pytest.skip("editcap is not installed")
    cut = tmp_path / capture
    subprocess.run([editcap, "-s", str(length), bundled(f"ms-turn/{capture}"), cut], check=True)
    shown = fields(cut, ["ms_turn.message", "ms_turn.attribute_overrun"])
    # The cookie ends at byte 28 of the message.
    assert length < 80 or any(frame["ms_turn.message"] for frame in shown)
    assert not any(frame["ms_turn.attribute_overrun"] for frame in shown)


def test_disabled_protocols_leave_stock_alone():
    off = ("--disable-protocol", "ms_turn", "--disable-protocol", "teams_stun", "--disable-protocol", "teams_flightproxy",
           "--disable-protocol", "teams", "--disable-protocol", "teams_dns")
    for capture in ("allocation.pcap", "tcp.pcap", "pseudo-tls.pcap"):
        args = ("-r", bundled(f"ms-turn/{capture}"), "-V")
        assert tshark(*args, *off) == stock_tshark(*args), capture


def test_the_first_frame_of_a_flow_has_one_evidence(tmp_path):
    """FF10 whose payload says nothing: known by the published prefix first, then by its conversation, on every pass."""
    payload = bytes.fromhex("ff100044") + bytes(range(8)) + b"\x05" * 60
    path = tmp_path / "opaque.pcap"
    datagrams = [IP(src="10.1.1.5", dst="52.114.252.9") / UDP(sport=50030, dport=3480) / payload for _ in range(2)]
    wrpcap(str(path), datagrams)
    assert [frame["ms_turn.evidence"] for frame in fields(path, ["ms_turn.evidence"])] == [["prefix"], ["conversation"]]
    assert_same_in_all_modes(path, ["ms_turn.evidence"], "frame")
