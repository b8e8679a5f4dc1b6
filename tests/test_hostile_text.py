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
REPORTS = harness.REPORTS
FORGED = "  Verdict: all is well"


def capture_of(name):
    return harness.shared(name) if name in SHARED else harness.bundled(name)


BUNDLED = ["hostile-text.pcap", "hostile-connections.pcap", "keys/hostile-paths.pcapng", "keys/hostile-answers.pcapng"]
captures = pytest.mark.parametrize("capture", [*BUNDLED, *SHARED])
# Nothing of a path is masked.
PREFS = {"teams.show_tenants": "TRUE"}
# Where the sender chooses the text, and what of ours is shown in words of its own.
SENDERS = {
    "ms_turn.alternate_host", "ms_turn.bwm.call_id", "ms_turn.bwm.dialog_id", "ms_turn.error.reason", "ms_turn.realm", "ms_turn.software",
    "teams.http.path", "teams.name", "teams_dns.chain", "teams_dns.name", "teams_stun.error.reason", "teams_stun.foundation",
    "teams_stun.software", "teams_stun.ufrag.local", "teams_stun.ufrag.remote",
}
# Of these a sender's text is only taken where it has the letters of a host, a method, a region, a token or a number.
LIMITED = {
    "teams.http.host": "[a-z0-9._-]+", "teams.http.method": "[A-Z-]+", "teams.http.region": "[a-z0-9-]*", "teams.http.token_region": "[a-z0-9-]*",
    "teams.http.retry_after": r"[0-9]+ s|a date", "teams.http.reason": "[a-z_]+", "teams_dns.region": "[a-z0-9-]*",
    "teams_dns.datacenter": "[a-z0-9-]*", "teams_dns.environment": "[a-z0-9-]*", "teams_dns.prefix": "[0-9a-f:.]+/[0-9]+",
    "teams.prefix": "[0-9a-f:.]+/[0-9]+", "teams_flightproxy.guid": "[0-9a-f-]+",
}
OURS = {
    "ms_turn.allocation.state", "ms_turn.evidence", "ms_turn.integrity.algorithm", "ms_turn.message", "teams.evidence", "teams.http",
    "teams.http.confidence", "teams.http.product", "teams.http.role", "teams.http.service", "teams.http.stage", "teams.modality", "teams.path",
    "teams.product", "teams.service", "teams.stage", "teams.transport", "teams_dns.cloud", "teams_dns.confidence", "teams_dns.infra",
    "teams_dns.product", "teams_dns.required", "teams_dns.role", "teams_dns.service", "teams_dns.stage", "teams_dns.trust",
    "teams_stun.dialect", "teams_stun.evidence", "teams_stun.format", "teams_stun.integrity.algorithm", "teams_stun.integrity.status",
    "teams_stun.media", "teams_stun.pair.local_type", "teams_stun.pair.remote_type", "teams_stun.pair.state", "teams_stun.payload_name",
    "teams_stun.role",
}


def is_clean(text):
    found = FORBIDDEN.search(text)
    assert not found, f"U+{ord(found[0]):04X} in {text[max(0, found.start() - 60):found.end() + 30]!r}"
    assert FORGED not in text.splitlines(), "a line of the sender's"


@pytest.mark.parametrize("name", REPORTS)
@captures
def test_report_as_text(capture, name):
    is_clean(harness.report(capture_of(capture), f"teams,{name},full", prefs=PREFS))
    is_clean(harness.report(capture_of(capture), f"teams,{name},csv", prefs=PREFS).replace("\r\n", "\n"))
    if name != "summary":
        is_clean(harness.report(capture_of(capture), f"teams,{name},table", prefs=PREFS))


@pytest.mark.parametrize("name", REPORTS)
@captures
def test_report_as_json(capture, name):
    document = harness.report(capture_of(capture), f"teams,{name},json", prefs=PREFS)
    is_clean(document)
    assert json.loads(document)


@functools.lru_cache(maxsize=None)
def text_fields():
    return [name for name, field in interface.registered().items() if field.type == "FT_STRING"]


@functools.lru_cache(maxsize=None)
def texts_of(capture):
    """Every text field's values of all frames: (field, frame, value)."""
    return [(name, frame["frame.number"][0], value) for frame in harness.fields(capture_of(capture), text_fields(), prefs=PREFS)
            for name, values in frame.items() if name in text_fields() for value in values]


def test_every_text_field_is_known():
    """Whose words it shows is said above, so that a new one gets its hostile text."""
    assert set(text_fields()) == SENDERS | set(LIMITED) | OURS
    assert len(text_fields()) == len(SENDERS) + len(LIMITED) + len(OURS)


@captures
def test_every_text_field(capture):
    for name, frame, value in texts_of(capture):
        found = FORBIDDEN.search(value)
        assert not found and "\n" not in value and "\t" not in value, f"{name} of frame {frame}: {value!r}"
        assert name not in LIMITED or re.fullmatch(LIMITED[name], value) or not value, f"{name} of frame {frame}: {value!r}"


@pytest.mark.parametrize("name", sorted(SENDERS))
def test_a_hostile_text_is_in_the_field(name):
    """Else the test above says nothing about it: the terminal sequence of the captures is there, escaped."""
    escaped = re.compile(r"\\+033\[31mRED\\+033\[0m")     # later versions escape a field's backslashes, too
    assert any(field == name and escaped.search(value) for capture in BUNDLED for field, _, value in texts_of(capture))


@pytest.mark.parametrize("text", ["issued by", "The chain of aliases of login.microsoftonline.com ends at", "the connection to", "redirected to http://portal/",
                                  "fetches a proxy configuration (/"])
def test_a_hostile_text_is_in_the_sentence(text):
    """What connections say has no field: it is in the report, escaped."""
    said = re.sub(r"\s+", " ", harness.report(harness.bundled("hostile-connections.pcap"), "teams,signin"))
    assert re.search(re.escape(text) + r".{0,60}\\033\[31mRED\\033\[0m", said), text


def ours_of(text, stock):
    """Without the lines that stock has, too."""
    known = {re.sub(r"^\s*\d+", "", line) for line in stock.splitlines()}
    return "\n".join(line for line in text.splitlines() if re.sub(r"^\s*\d+", "", line) not in known)


@captures
def test_trees_expert_items_and_columns(capture):
    is_clean(harness.tshark("-r", capture_of(capture), "-O", ",".join(interface.PROTOCOLS), prefs=PREFS))
    is_clean(ours_of(harness.tshark("-q", "-r", capture_of(capture), "-z", "expert"), harness.stock_tshark(
        "-q", "-r", capture_of(capture), "-z", "expert")))
    # What stock wrote into the column stays there behind ours.
    ours, stock = (runner("-r", capture_of(capture), "-T", "fields", "-e", "_ws.col.Info").split("\n")
                   for runner in (harness.tshark, harness.stock_tshark))
    is_clean("\n".join(own.replace(others, "") if others else own for own, others in zip(ours, stock)))


def test_the_capture_holds_what_it_is_for():
    """The nearest neighbour: ordinary letters of other scripts stay as they are, and each text is in the frames."""
    data = harness.bundled("hostile-text.pcap").read_bytes()
    assert all(text in data for text in (b"\x1b[31m", b"\xe2\x80\xae", b"\xc2\x9b", b"\x7f", b"\xff\xfe"))
    assert FORBIDDEN.search("\u202e") and not FORBIDDEN.search("Zürich 東京 שלום \U0001f600")
