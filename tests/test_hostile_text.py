# SPDX-License-Identifier: GPL-2.0-or-later
"""Text that a sender chose comes out as text: no terminal sequence, line end, mark of direction or half character of his.

Bytes that stock shows as they are in its own fields are stock's matter; looked at are our fields, trees, expert items,
the Info column and the reports."""

import functools
import json
import re

import pytest

import harness
import interface

# C0 but for the line ends and tabs of tshark itself, DEL, C1, marks of direction (UAX 9), line and paragraph separators,
# and the byte order mark. Bytes that are no UTF-8 become U+FFFD, as everywhere in Wireshark.
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
SHARED = ["hostile/evil-text.pcap", "hostile/escape-sni-realm.pcap"]
REPORTS = ("summary", "signin", "names", "calls", "flows")
FORGED = "  Verdict: all is well"


def capture_of(name):
    return harness.shared(name) if "/" in name else harness.bundled(name)


captures = pytest.mark.parametrize("capture", ["hostile-text.pcap", *SHARED])


def is_clean(text):
    found = FORBIDDEN.search(text)
    assert not found, f"U+{ord(found[0]):04X} in {text[max(0, found.start() - 60):found.end() + 30]!r}"
    assert FORGED not in text.splitlines(), "a line of the sender's"


@pytest.mark.parametrize("name", REPORTS)
@captures
def test_report_as_text(capture, name):
    is_clean(harness.report(capture_of(capture), f"teams,{name}"))
    if name != "summary":
        is_clean(harness.report(capture_of(capture), f"teams,{name},table"))


@pytest.mark.parametrize("name", REPORTS)
@captures
def test_report_as_json(capture, name):
    document = harness.report(capture_of(capture), f"teams,{name},json")
    is_clean(document)
    assert json.loads(document)


@functools.lru_cache(maxsize=None)
def text_fields():
    return [name for name, field in interface.registered().items() if field.type == "FT_STRING"]


@captures
def test_every_text_field(capture):
    for frame in harness.fields(capture_of(capture), text_fields()):
        for name, values in frame.items():
            for value in values:
                found = FORBIDDEN.search(value)
                assert not found and "\n" not in value and "\t" not in value, f"{name} of frame {frame['frame.number'][0]}: {value!r}"


@captures
def test_trees_expert_items_and_columns(capture):
    is_clean(harness.tshark("-r", capture_of(capture), "-O", ",".join(interface.PROTOCOLS)))
    is_clean(harness.tshark("-q", "-r", capture_of(capture), "-z", "expert"))
    # What stock wrote into the column stays there behind ours.
    ours, stock = (runner("-r", capture_of(capture), "-T", "fields", "-e", "_ws.col.Info").split("\n")
                   for runner in (harness.tshark, harness.stock_tshark))
    is_clean("\n".join(own.replace(others, "") if others else own for own, others in zip(ours, stock)))


def test_the_capture_holds_what_it_is_for():
    """The nearest neighbour: ordinary letters of other scripts stay as they are, and each text is in the frames."""
    data = harness.bundled("hostile-text.pcap").read_bytes()
    assert all(text in data for text in (b"\x1b[31m", b"\xe2\x80\xae", b"\xc2\x9b", b"\x7f", b"\xff\xfe"))
    assert FORBIDDEN.search("\u202e") and not FORBIDDEN.search("Zürich 東京 שלום \U0001f600")
