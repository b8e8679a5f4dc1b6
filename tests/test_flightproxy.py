# SPDX-License-Identifier: GPL-2.0-or-later
"""The signalling to flightproxy over UDP 3478."""

from scapy.layers.inet import UDP
from scapy.utils import PcapNgReader, PcapReader

import harness
from harness import bundled, fields, shared

CALL = "teams/teams-signin-and-call.pcapng"
KINDS = (3, 6, 7)      # acknowledgement, client, server


def column(capture, name, display_filter="teams_flightproxy", **options):
    return {int(frame["frame.number"][0]): frame[name]
            for frame in fields(capture, [name], display_filter=display_filter, **options) if frame[name]}


def test_every_frame_of_the_real_conversation():
    capture = shared(CALL)
    payloads = {}
    with PcapNgReader(str(capture)) as packets:
        for number, packet in enumerate(packets, 1):
            if UDP in packet and 51681 in (packet[UDP].sport, packet[UDP].dport):
                payloads[number] = bytes(packet[UDP].payload)
    assert column(capture, "teams_flightproxy.type") == {number: [str(data[0])] for number, data in payloads.items()}
    assert column(capture, "teams_flightproxy.length") == {number: [str(len(data))] for number, data in payloads.items()}
    assert column(capture, "teams_flightproxy.guid") == {
        number: [data[1:].decode()] for number, data in payloads.items() if data[0] == 3}
    assert set(sum(column(capture, "teams_flightproxy.connection").values(), [])) == {"1"}
    first, repeated = {}, {}
    for number, data in payloads.items():
        if data in first:
            repeated[number] = [str(first[data])]
        first.setdefault(data, number)
    assert column(capture, "teams_flightproxy.retransmission_of") == repeated
    assert fields(capture, [], display_filter="udp.port==51681 && (data || stun || teams_stun)") == []


def test_acknowledgements_of_the_real_conversation():
    """Each comes about 50 ms after the data that it acknowledges."""
    found = column(shared(CALL), "teams_flightproxy.acknowledges")
    assert found == {41: ["40"], 46: ["40"], 79: ["78"], 81: ["78"], 84: ["83"]}


def test_unpublished_address():
    """Known once both sides have sent data of their kind; one way only is never ours."""
    capture = bundled("flightproxy.pcap")
    assert column(capture, "teams_flightproxy.type") == {
        2: ["7"], 3: ["3"], 4: ["3"], 5: ["6"], 6: ["6"], 7: ["3"], 8: ["3"]}
    assert list(column(capture, "teams_flightproxy.guid", 'teams_flightproxy.type == "acknowledgement"')) == [3, 4, 7, 8]
    assert column(capture, "teams_flightproxy.acknowledges") == {4: ["2"], 7: ["5"], 8: ["5"]}
    assert column(capture, "teams_flightproxy.retransmission_of") == {6: ["5"], 8: ["7"]}


def test_forms_that_were_never_observed():
    """In a known conversation each is shown as what its first byte says, with a warning; good ones around them stay so."""
    capture = bundled("flightproxy-odd.pcap")
    with PcapReader(str(capture)) as packets:
        payloads = {number: bytes(packet[UDP].payload) for number, packet in enumerate(packets, 1)}
    known = {number: data for number, data in payloads.items() if number >= 3 and data[0] in KINDS}
    odd = [number for number, data in known.items()
           if not (len(data) == 37 and data.count(b"-") == 4 if data[0] == 3 else len(data) > 1 and len(data) % 16 == 1)]
    assert odd == [4, 5, 6, 7, 8, 9, 10]
    assert column(capture, "teams_flightproxy.type") == {number: [str(data[0])] for number, data in known.items()}
    assert column(capture, "teams_flightproxy.length") == {number: [str(len(data))] for number, data in known.items()}
    assert sorted(column(capture, "teams_flightproxy.unexpected")) == odd
    assert set(sum(column(capture, "teams_flightproxy.connection").values(), [])) == {"1"}
    assert column(capture, "teams_flightproxy.acknowledges") == {12: ["11"], 13: ["11"]}
    assert sorted(column(capture, "data.data")) == [5, 7]
    assert fields(capture, [], display_filter="_ws.malformed") == []


def test_a_datagram_of_which_bytes_are_missing():
    """54 bytes of each were kept: of 161 and 65 some are missing, of 33 and 49 none. The lengths are those on the wire."""
    capture = bundled("flightproxy-cut.pcap")
    assert column(capture, "teams_flightproxy.length") == {2: ["33"], 3: ["161"], 4: ["65"], 5: ["49"]}
    assert list(column(capture, "teams_flightproxy.truncated")) == [3, 4]
    assert fields(capture, [], display_filter="_ws.malformed") == []


def test_the_same_guid_in_other_letters_is_not_the_same_bytes():
    found = column(bundled("flightproxy-odd.pcap"), "teams_flightproxy.retransmission_of")
    assert found == {13: ["12"]}


def test_same_in_all_modes():
    names = ["teams_flightproxy.type", "teams_flightproxy.guid", "teams_flightproxy.connection", "teams_flightproxy.length",
             "teams_flightproxy.retransmission_of", "teams_flightproxy.acknowledges"]
    for name in ("flightproxy.pcap", "flightproxy-odd.pcap"):
        harness.assert_same_in_all_modes(bundled(name), names, "teams_flightproxy")


def test_any_truncation_is_survived(tmp_path):
    import truncate
    path = tmp_path / "cut.pcap"
    for name, step in (("flightproxy.pcap", 5), ("flightproxy-odd.pcap", 1)):
        path.write_bytes(truncate.every_frame_cut(bundled(name).read_bytes(), step=step))
        assert "Malformed Packet" not in harness.tshark("-2", "-r", path, "-V")
