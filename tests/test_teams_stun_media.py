# SPDX-License-Identifier: GPL-2.0-or-later
"""Media on checked pairs: what it is told to be, and what stock makes of it."""

import collections
import json
import re
import struct

import pytest
from scapy.layers.inet import IP, UDP
from scapy.utils import PcapReader, wrpcap

import harness
from harness import bundled, fields, shared

CALL = "teams/teams-signin-and-call.pcapng"
CONFERENCE = "teams/skype-conference-call.pcap"


def column(capture, name, display_filter="teams_stun", **options):
    return {int(frame["frame.number"][0]): frame[name]
            for frame in fields(capture, [name], display_filter=display_filter, **options) if frame[name]}


def expert(capture, name):
    return sorted(int(frame["frame.number"][0]) for frame in fields(capture, [], display_filter=name))


def rtp_streams(capture):
    """SSRC -> (payload, packets) of -z rtp,streams."""
    out = harness.tshark("-q", "-r", capture, "-z", "rtp,streams")
    rows = re.findall(r"(0x[0-9A-F]{8})\s+(\S.*?)\s{2,}(\d+)\s", out)
    return {ssrc: (payload, int(packets)) for ssrc, payload, packets in rows}


OVER_TIME = ["teams_stun.rtp.lost", "teams_stun.rtp.jitter", "teams_stun.rtp.gap"]


def datagrams(capture):
    """(frame, seconds, source port and address, bytes of the datagram)."""
    with PcapReader(str(capture)) as packets:
        for number, packet in enumerate(packets, 1):
            if packet.haslayer(UDP):
                yield number, float(packet.time), (packet[IP].src, packet[UDP].sport), bytes(packet[UDP].payload)


class Stream:
    """RFC 3550 A.1 and A.8 by sets: what every packet of one stream adds to what is missing of it.

    Jitter is measured anew where the packet is the first after a second or more, or the numbers or the timestamps begin anew (docs/media.md)."""

    def __init__(self):
        self.seen, self.lost, self.jitter, self.last, self.highest, self.far = set(), 0, 0.0, None, None, None

    def missing(self):
        return max(self.seen) - min(self.seen) + 1 - len(self.seen)

    def add(self, when, sequence, timestamp, clock):
        """(lost, jitter in ms, gap in ms) of the packet; None for the first."""
        first = not self.seen
        far = False
        before = 0 if first else self.missing()
        number = sequence if first else self.highest + (sequence - self.highest + 0x8000) % 0x10000 - 0x8000
        if not first and not -100 <= number - self.highest < 3000:
            if self.far == number - 1:      # the second of a new beginning
                self.seen, before, self.highest = {number}, 0, number
            else:
                far = True
            self.far = number
        elif number in self.seen:           # a second time: neither lost nor late
            since, self.last = self.last[0], (when, *self.last[1:])
            return (0, self.jitter * 1000 / clock, (when - since) * 1000)
        else:
            self.seen.add(number)
            self.highest = max(number, self.highest or number)
        result = None
        if not first:
            base, since = self.last[1:] if when - self.last[0] < 1 and not far else (None, None)
            step = 0 if base is None else (timestamp - since + 0x80000000) % 0x100000000 - 0x80000000
            late = 0 if base is None else abs((when - base) * clock - step)
            if step and late < 10 * clock:
                self.jitter += (late - self.jitter) / 16
            result = (self.missing() - before, self.jitter * 1000 / clock, (when - self.last[0]) * 1000)
            if far:
                self.last = (when, None, None)
                return result
        if first or base is None or timestamp != since:
            self.last = (when, when, timestamp)
        else:
            self.last = (when, *self.last[1:])
        return result


def over_time(capture, clocks):
    """Frame -> (lost, jitter, gap) of RTP whose payload type is one of clocks, from the bytes."""
    streams, result = {}, {}
    for number, when, source, payload in datagrams(capture):
        if len(payload) < 12 or payload[0] >> 6 != 2 or payload[1] & 0x7f not in clocks:
            continue
        sequence, timestamp, ssrc = struct.unpack("!HII", payload[2:12])
        result[number] = streams.setdefault((source, ssrc), Stream()).add(when, sequence, timestamp, clocks[payload[1] & 0x7f])
    return result


def shown_over_time(capture, mode):
    rows = fields(capture, OVER_TIME, display_filter='teams_stun.media == "rtp"', mode=mode)
    return {int(row["frame.number"][0]): tuple(float(value) for name in OVER_TIME for value in row[name]) or None for row in rows}


def same_over_time(shown, expected):
    assert set(shown) == set(expected)
    for number, values in expected.items():
        assert (shown[number] is None) == (values is None), number
        assert values is None or shown[number] == pytest.approx(values, abs=0.0021), number


@pytest.mark.parametrize("mode", harness.MODES)
def test_loss_jitter_and_gap_at_each_packet(mode):
    """ice-rtp-over-time.pcap: SILK/16000 (104) and H264/90000 (107)."""
    same_over_time(shown_over_time(bundled("ice-rtp-over-time.pcap"), mode), over_time(bundled("ice-rtp-over-time.pcap"), {104: 16000, 107: 90000}))


def test_a_new_beginning_is_no_jitter():
    """ice-rtp-begins-anew.pcap: 60 packets 20 ms apart in each stream, timestamps 320 apart at 16 kHz but for the new beginning."""
    capture = bundled("ice-rtp-begins-anew.pcap")
    rows = fields(capture, ["rtp.ssrc", "teams_stun.rtp.jitter"], display_filter="teams_stun.rtp.jitter")
    assert collections.Counter(row["rtp.ssrc"][0] for row in rows) == {f"0x1111000{m}": 59 for m in range(6)}
    assert [row for row in rows if float(row["teams_stun.rtp.jitter"][0]) > 0.01] == []
    document = json.loads(harness.tshark("-q", "-r", capture, "-z", "teams,calls,json", "-z", "teams,summary,json"))
    assert [stream["ssrc"] for stream in document["calls"][0]["streams"] if stream["jitter_max_ms"] > 0.01] == []
    assert [row["jitter"] for row in document["summary"] if row["kind"] == "call"] == [pytest.approx(0, abs=0.01)]


def test_too_few_packets_have_no_jitter_in_the_summary():
    """18 packets of audio in one, 60 in the other."""
    row, = (row for row in json.loads(harness.report(bundled("ice-rtp-over-time.pcap"), "teams,summary,json"))["summary"] if row["kind"] == "call")
    assert row.get("jitter") is None


def test_what_is_lost_by_hand():
    """The numbers of the generator, one by one: the sum is what is missing in the end."""
    rows = fields(bundled("ice-rtp-over-time.pcap"), ["rtp.ssrc", "rtp.seq", "teams_stun.rtp.lost"], display_filter="rtp")
    lost = {ssrc: [(int(row["rtp.seq"][0]), int(row["teams_stun.rtp.lost"][0])) for row in rows
                   if row["rtp.ssrc"] == [ssrc] and row["teams_stun.rtp.lost"]] for ssrc in ("0x11223344", "0x55667788")}
    assert lost["0x11223344"] == [
        (65531, 0), (65534, 2), (65532, -1), (65535, 0), (0, 0), (0, 0), (2, 1), (1, -1), (2, 0), (6, 3), (7, 0), (8, 0),
        (30000, 0), (9, 0), (40000, 0), (40001, 0), (40003, 1)]
    assert lost["0x55667788"] == [(501, 0), (502, 0), (503, 0), (505, 1), (506, 0), (507, 0), (505, 0), (510, 2)]


@pytest.mark.parametrize("mode", harness.MODES)
def test_loss_jitter_and_gap_of_a_real_conference(mode):
    """skype-conference-call.pcap: what stock's RTP analysis takes for its clock is not asked; the rows of the types are."""
    capture = shared(CONFERENCE)
    clocks = {int(kind): int(name.split("/")[1]) for kind, name in (
        (row["rtp.p_type"][0], row["teams_stun.payload_name"][0]) for row in fields(
            capture, ["rtp.p_type", "teams_stun.payload_name"], display_filter="teams_stun.payload_name != \"\""))}
    expected = over_time(capture, clocks)
    assert sum(values is not None for values in expected.values()) > 20
    same_over_time({number: row for number, row in shown_over_time(capture, mode).items() if number in expected}, expected)


def test_the_sum_is_what_the_report_calls_lost():
    for capture in (bundled("sessions/loss.pcap"), bundled("ice-rtp-over-time.pcap"), shared(CONFERENCE)):
        streams = [stream for call in json.loads(harness.report(capture, "teams,calls,json"))["calls"] for stream in call["streams"]]
        shown = collections.Counter()
        for row in fields(capture, ["rtp.ssrc", "ip.src", "teams_stun.rtp.lost"], display_filter="teams_stun.rtp.lost"):
            shown[row["rtp.ssrc"][0]] += int(row["teams_stun.rtp.lost"][0])
        assert streams and {stream["ssrc"]: stream["lost"] for stream in streams} == {stream["ssrc"]: shown[stream["ssrc"]] for stream in streams}


# ---- real captures ----

def test_the_conference_calls_186_datagrams():
    capture = shared(CONFERENCE)
    expected = collections.Counter()
    clear = {}
    with PcapReader(str(capture)) as packets:
        for number, packet in enumerate(packets, 1):
            payload = bytes(packet[UDP].payload)
            if payload[0] >> 6 == 2:
                control = 192 <= payload[1] <= 223
                expected["srtcp" if control else "rtp"] += 1
                if control:
                    clear[number] = (str(payload[1]), payload[4:8].hex())
    assert sum(expected.values()) == 186
    shown = column(capture, "teams_stun.media", "teams_stun.media && !teams_stun.type")
    assert collections.Counter(sum(shown.values(), [])) == expected
    types = column(capture, "teams_stun.rtcp.type")
    senders = column(capture, "teams_stun.rtcp.ssrc")
    assert {number: (types[number][0], senders[number][0][2:]) for number in types} == clear
    assert fields(capture, [], display_filter="rtcp") == []


def test_rtp_streams_of_the_real_calls():
    assert rtp_streams(shared(CALL)) == {"0x000074EC": ("SILK", 18)}
    streams = rtp_streams(shared(CONFERENCE))
    assert list(streams) == ["0xE074C700"] and streams["0xE074C700"][1] == 31
    assert streams["0xE074C700"][0].startswith("SILK")
    assert set(column(shared(CALL), "teams_stun.payload_name")[113]) == {"SILK/16000"}


def test_header_extension_of_the_real_call():
    """bede 0001 12 ......: one element, id 1, three bytes."""
    assert set(sum(column(shared(CALL), "teams_stun.header_extension").values(), [])) == {"1"}


# ---- made captures ----

def test_kinds_of_media():
    capture = bundled("ice-media-kinds.pcap")
    kinds = column(capture, "teams_stun.media", "teams_stun.media && !teams_stun.type")
    assert kinds == {5: ["rtp"], 6: ["rtp"], 7: ["srtcp"], 8: ["srtcp"], 9: ["srtcp"], 10: ["dtls"], 11: ["other"],
                     12: ["other"], 13: ["other"]}
    assert expert(capture, "teams_stun.not_rtp") == [11, 12]
    assert [int(frame["frame.number"][0]) for frame in fields(capture, [], display_filter="rtp")] == [5, 6]
    assert [int(frame["frame.number"][0]) for frame in fields(capture, [], display_filter="dtls")] == [10]
    assert fields(capture, [], display_filter="rtcp or _ws.malformed") == []
    assert column(capture, "teams_stun.rtcp.type") == {7: ["201"], 8: ["200"], 9: ["206"]}
    assert column(capture, "teams_stun.rtcp.count")[9] == ["15"]


def test_encrypted_payload_goes_to_no_codec():
    """PT 104 in SRTP: stock's own field for ciphertext, and no payload dissected."""
    assert list(column(bundled("ice-media-kinds.pcap"), "srtp.enc_payload", "rtp")) == [5, 6]


def test_clear_rtcp_goes_to_stock():
    capture = bundled("ice-clear-rtcp.pcap")
    assert column(capture, "rtcp.ms_pse.bandwidth", "rtcp") == {3: ["500000"]}
    assert column(capture, "teams_stun.media")[3] == ["rtcp"]
    assert column(capture, "srtp.enc_payload", "rtp") == {} and column(capture, "rtp.payload", "rtp") != {}


def test_mid_call():
    """Media with a published relay from the first frame on, with an unpublished one never."""
    capture = bundled("ice-mid-call.pcap")
    assert sorted(column(capture, "teams_stun.media")) == [1, 2, 3, 4, 5, 6, 7]
    assert rtp_streams(capture) == {"0x55667788": ("SILK", 3), "0x11223344": ("SILK", 3)}


def test_others_ice_is_left_alone():
    capture = bundled("ice-rfc.pcap")
    assert fields(capture, [], display_filter="teams_stun or rtp") == []
    assert len(fields(capture, [], display_filter="stun")) == 2


def media_text(capture):
    """Frame -> text of our media protocol item."""
    out = harness.tshark("-r", capture, "-Y", 'teams_stun.media == "rtp"', "-V")
    numbers = re.findall(r"^Frame (\d+):", out, re.MULTILINE)
    texts = re.findall(r"^\s*Microsoft ICE media, rtp(.*)$", out, re.MULTILINE)
    return dict(zip(map(int, numbers), texts))


def test_modality_by_each_kind_of_evidence():
    texts = list(media_text(bundled("ice-modality.pcap")).values())
    expected = ["audio by server port 3479", "audio by payload type 104", "sharing by server port 3481",
                "audio by client port 50000", "video by client port 50020", "sharing by client port 50059",
                "audio by payload type 104", "video by payload type 107", "data by payload type 127",
                "video by payload type 107"]
    assert [text.startswith(f", {start}") for text, start in zip(texts, expected)] == [True] * len(expected)
    assert len(texts) == 11 and " by " not in texts[10]
    assert expert(bundled("ice-modality.pcap"), "teams_stun.modality_conflict") == [6, 30]


def test_stream_type_is_the_last_resort():
    texts = list(media_text(bundled("ice-modality-stream-type.pcap")).values())
    assert texts[0].startswith(", data by stream type of the allocation (weak)")


def test_payload_types_by_dialect():
    capture = bundled("ice-payload-types.pcap")
    names = [frame["teams_stun.payload_name"][0] if frame["teams_stun.payload_name"] else ""
             for frame in fields(capture, ["teams_stun.payload_name"], display_filter='teams_stun.media == "rtp"')]
    skype = ["SILK/16000", "SILK_V3/24000", "SIREN/16000", "", "H263/90000", ""]
    teams = ["SILK/16000", "VP8/90000", "", "OPUS/48000/2", "", ""]
    assert [name.replace("<MISSING>", "") for name in names] == skype + teams + ["SILK/16000", ""]


def test_media_in_both_directions_of_relays():
    capture = bundled("ice-relay-to-relay.pcap")
    assert rtp_streams(capture) == {"0x11223344": ("SILK", 3), "0x55667788": ("SILK", 3)}


@pytest.mark.parametrize("mode", ["one-pass", "two-pass"])
def test_extended_numbers_follow_the_stream(mode):
    numbers = column(bundled("ice-candidate-types.pcap"), "rtp.extseq", "rtp", mode=mode)
    values = [int(value[0]) for value in numbers.values()]
    assert [value & 0xffff for value in values] == list(range(1000, 1005)) and values[-1] - values[0] == 4


@pytest.mark.parametrize("mode", ["one-pass", "two-pass"])
def test_each_packet_of_a_segment_has_its_own_extended_numbers(mode):
    rows = fields(bundled("ice-tcp.pcap"), ["rtp.seq", "rtp.extseq"], "rtp", mode=mode)
    assert any(len(row["rtp.seq"]) > 1 for row in rows)
    assert all([int(value) & 0xffff for value in row["rtp.extseq"]] == [int(value) for value in row["rtp.seq"]] for row in rows)


def written(path, *datagrams):
    """A capture of datagrams (source, port, destination, port, payload), a tenth of a second apart."""
    frames = []
    for number, (source, source_port, destination, destination_port, payload) in enumerate(datagrams):
        frame = IP(src=source, dst=destination) / UDP(sport=source_port, dport=destination_port) / payload
        frame.time = 1600000000 + number / 10
        frames.append(frame)
    wrpcap(str(path), frames)
    return path


def test_what_stock_refuses_keeps_our_tree(tmp_path):
    """A DTLS handshake too short for its random, and clear RTCP that announces blocks which are not there."""
    hello = bytes.fromhex("010000100000000000000010feff") + bytes(14)
    dtls = bytes.fromhex("16feff0000000000000000") + struct.pack("!H", len(hello)) + hello
    rtcp = struct.pack("!BBHI", 0x9F, 200, 1, 1)
    path = written(tmp_path / "refused.pcap", *(("10.1.1.5", 50010, "52.114.252.8", 3479, payload) for payload in (dtls, rtcp)))
    assert column(path, "_ws.malformed", "frame").keys() == {1, 2}
    assert column(path, "teams_stun.media", "frame") == {1: ["dtls"], 2: ["rtcp"]}
