# SPDX-License-Identifier: GPL-2.0-or-later
"""tests/large: a few variants of a capture against stock, and that the command tells what does not hold."""

import subprocess
import sys

import pytest

import harness

COMMAND = harness.ROOT / "tests/large/large"


def large(*arguments):
    return subprocess.run([sys.executable, "-B", COMMAND, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("capture, variants", [
    ("ice-ipv6.pcap", "damaged 0.01,cut at 60"), ("ms-turn/pseudo-tls.pcap", "shuffled,GRE"), ("lync-discovery.pcap", "fragments,one side"),
    ("sessions/nat64.pcap", "backwards,time backwards")])
def test_variants_hold_against_stock(capture, variants):
    done = large(harness.bundled(capture), "--variants", variants)
    assert done.returncode == 0 and done.stdout == "2 captures and variants, 0 problems\n", done.stdout + done.stderr


def test_what_does_not_hold_is_told(monkeypatch):
    """With the wrong stock, whose output no disabled protocol gives."""
    command = harness.command("large/large")
    monkeypatch.setattr(command.Capture, "disabled", lambda self, *protocols: [])
    found = list(command.Capture(harness.readable(harness.bundled("ice-ipv6.pcap")), ["teams_stun.pair"]).problems())
    assert any(line.startswith("all disabled: not stock's output") for line in found)
    assert any(line.startswith("teams_stun disabled, and on") for line in found)


def test_names_with_line_ends_do_not_move_the_frames_that_are_compared(monkeypatch):
    """U+0085 and U+2028 are none to tshark, and a line feed in a value begins no frame."""
    command = harness.command("large/large")
    said = "1|one\u2028two\u0085|\n2|three\n9|four\n3|\n"
    monkeypatch.setattr(command.Capture, "run", lambda self, *options, stock=False: subprocess.CompletedProcess(options, 0, said, ""))
    capture = command.Capture("none.pcap", [])
    assert capture.frames(["dns.qry.name"]) == ["1|one\u2028two\u0085|", "2|three\n9|four", "3|"]


@pytest.mark.parametrize("segment, is_again", [
    (("0", "443", "150", "10"), True), (("0", "443", "90", "11"), True), (("0", "443", "90", "10"), False), (("0", "443", "200", "10"), False),
    (("0", "50000", "150", "10"), False), (("1", "443", "150", "10"), False), (("0", "443", "4294967290", "16"), True), (("0", "443", "", ""), False)])
def test_a_segment_is_sent_again_where_an_earlier_one_of_its_direction_had_some_of_its_bytes(segment, is_again):
    earlier = [("1", "0", "443", "100", "100"), ("2", "0", "443", "9", "1")]
    assert harness.command("large/large").sent_again([*earlier, ("3", *segment)], ["3"]) == (["3"] if is_again else [])


@pytest.mark.parametrize("sequence_number, told", [(100, []), (200, ["malformed, and not with stock: frames 2"])])
def test_what_tcp_says_of_bytes_that_are_sent_again_is_no_malformed_frame_of_ours(monkeypatch, sequence_number, told):
    command = harness.command("large/large")

    def rows(_, names, *options, stock=False):
        if names == command.SEGMENT:
            return [["1", "0", "443", "100", "100"], ["2", "0", "443", str(sequence_number), "10"]]
        return [["2", "eth:ip:tcp", "", ""]] if not (stock and options) else []
    monkeypatch.setattr(command.Capture, "rows", rows)
    assert list(command.Capture("none.pcap", []).bugs("", "")) == told


def test_a_message_that_stock_does_not_read_where_ours_does_is_not_compared(monkeypatch):
    """Stock's framing of a damaged stream may be some bytes off, so that it has the protocol and none of its fields."""
    command = harness.command("large/large")
    monkeypatch.setattr(command.Capture, "rows", lambda _, names, *options, stock=False:
                        [["2", "eth:ip:tcp:stun", "" if stock else "0x0003", ""]] if not (stock and options) else [])
    assert not list(command.Capture("none.pcap", []).bugs("", ""))
