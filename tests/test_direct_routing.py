# SPDX-License-Identifier: GPL-2.0-or-later
"""Direct Routing: RTP between an SBC and Microsoft's media processors is a call, and nothing beside it is."""
import json

import pytest

from harness import assert_same_in_all_modes, bundled, fields, report, shared, tshark

SENTENCE = "Direct Routing: media between the SBC and Microsoft's media processor "


def calls(path):
    return json.loads(report(path, "teams,calls,json"))["calls"]


def streams(call):
    return {stream["direction"]: stream for stream in call["streams"]}


def codes(call):
    return {problem["code"] for problem in call["problems"]}


def test_healthy():
    """Two calls at once of one SBC, without a problem: no port of a client's range speaks of modality."""
    one, other = found = calls(bundled("direct-routing/healthy.pcap"))
    assert [call["verdict"] for call in found] == [SENTENCE + "52.113.216.179.", SENTENCE + "52.113.216.180."]
    for call in (one, other):
        assert (call["severity"], codes(call)) == ("OK", set())
        # 200 packets each way; the first two of the direction that came first, and the other's then, are before the third.
        for stream in call["streams"]:
            assert stream["modality"] == "audio" and stream["lost"] == 0 and 198 <= stream["packets"] <= 200
        assert set(streams(call)) == {"sent", "received"}


def test_loss():
    """Ten of 200 are missing: 10 of the 198 from the third on."""
    call, = calls(bundled("direct-routing/loss.pcap"))
    both = streams(call)
    assert (both["received"]["lost"], both["received"]["packets"]) == (10, 188)
    assert (both["sent"]["lost"], both["sent"]["packets"]) == (0, 198)
    assert call["verdict_code"] == "direct-routing" and call["severity"] == "check" and codes(call) == {"loss"}


def test_loss_of_the_shared_capture():
    """100 sent, 90 received: its sequence numbers lack each tenth."""
    call, = calls(shared("cases/sbc.pcap"))
    both = streams(call)
    assert call["verdict"] == SENTENCE + "52.113.216.179." and "loss" in codes(call)
    received = both["received"]
    assert 100 * received["lost"] / received["expected"] == pytest.approx(10, abs=0.5) and both["sent"]["lost"] == 0
    assert {stream["modality"] for stream in call["streams"]} == {"audio"}


def test_one_way():
    sent, received = calls(bundled("direct-routing/one-way.pcap"))
    for call, direction in ((sent, "sent"), (received, "received")):
        assert (call["verdict_code"], call["severity"]) == ("direct-routing-one-way", "check")
        problem, = [problem for problem in call["problems"] if problem["code"] == "one-way-media"]
        assert problem["summary"].startswith(f"Media was {direction}") and "SBC" in problem["advice"] and "microphone" not in problem["advice"]
        assert set(streams(call)) == {direction}
        assert call["client"] == {"sent": "198.51.100.7", "received": "198.51.100.8"}[direction]


def test_ice():
    """With checks the media belongs to their pair; without a sign of Microsoft's in them they stay stock's, and the media is the same."""
    checked, plain = calls(bundled("direct-routing/ice.pcap"))
    for call, address in ((checked, "52.113.216.179"), (plain, "52.113.216.180")):
        assert (call["verdict"], call["severity"], codes(call)) == (SENTENCE + address + ".", "OK", set())
        assert {direction: stream["lost"] for direction, stream in streams(call).items()} == {"sent": 0, "received": 0}
    assert [pair["state"] for pair in checked["pairs"]] == ["nominated"] and plain["pairs"] == []


def test_session_of_another_region():
    """Whatever region or cloud the proxy is of; the other legs of the SBC, with a telephone and a provider, are nobody's."""
    path = bundled("direct-routing/regions.pcap")
    found = calls(path)
    assert [call["client"] for call in found] == ["198.51.100.20", "198.51.100.21", "198.51.100.22"]
    assert [call["verdict"] for call in found] == [f"{SENTENCE}{address}." for address in ("52.113.216.179", "52.113.216.179", "52.127.88.100")]
    assert {len(call["streams"]) for call in found} == {2}
    assert fields(path, ["frame.number"], "udp.port in {16384, 5060, 20014} && (teams || teams_stun)") == []


def test_neighbours_stay_silent():
    path = bundled("direct-routing/neighbours.pcap")
    assert calls(path) == []
    assert fields(path, ["frame.number"], "udp && !dns && (teams || teams_stun || rtp)") == []


@pytest.mark.parametrize("name", ["healthy", "loss", "one-way", "ice", "regions", "neighbours"])
def test_one_pass_equals_two(name):
    assert_same_in_all_modes(bundled(f"direct-routing/{name}.pcap"),
                             ["rtp.ssrc", "teams.call", "teams.modality", "teams.product", "teams_stun.media"], "udp")


def test_setup_and_title():
    path = bundled("direct-routing/loss.pcap")
    third = fields(path, ["frame.number"], "rtp")[0]["frame.number"][0]
    text = tshark("-r", path, "-V", "-Y", f"frame.number == {third}")
    assert "Direct Routing media, rtp, audio" in text and "Microsoft ICE" not in text and "[Setup Method: Teams SBC]" in text
