# SPDX-License-Identifier: GPL-2.0-or-later
"""Verdicts: each sentence on a capture that carries it, and none of them beside what refutes it.

What the bundled captures hold is told in test-captures/README.md; what happened in those of
shared/captures/failures, in truth.csv there."""
import csv
import functools
import json
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile

import pytest

from harness import ROOT, bundled, report, shared, shared_dir, tshark, workspace
from truncate import frames, written

SCHEMA = json.loads((ROOT / "docs/schema/reports.json").read_text())["properties"]

# A row per sentence: report, code, capture, number of the sign-in or call.
SHOWN = [
    ("calls", "connectivity-test", "connectivity-probe.pcap", 1),
    ("calls", "relay-exchange", "sessions/relay-visit.pcap", 1),
    ("calls", "one-direction", "sessions/relay-only.pcap", 1),
    ("calls", "udp-refused", "ms-turn/icmp-errors.pcap", 1),
    ("calls", "udp-refused-tcp", "sessions/udp-refused-tcp.pcap", 1),       # by a firewall
    ("calls", "udp-refused-tcp", "sessions/udp-refused-tcp.pcap", 2),       # to two relays
    ("calls", "udp-refused-tcp", "sessions/udp-refused-tcp.pcap", 3),       # "port unreachable"
    ("calls", "udp-unanswered-tcp", "sessions/udp-refused-tcp.pcap", 4),    # one relay is silent
    ("calls", "tcp", "sessions/udp-refused-tcp.pcap", 5),                   # one relay answers
    ("calls", "udp-unanswered-tcp", "sessions/fallback-one-call.pcap", 1),
    ("calls", "udp-unanswered-tls", "failures/14b-udp-dropped-real-tls.pcapng", 1),
    ("calls", "udp-unanswered-tried-tls", "sessions/udp-blocked.pcap", 1),
    ("calls", "udp-unanswered", "sessions/unanswered-beside.pcap", 2),
    ("calls", "not-connected", "sessions/single-checks.pcap", 2),
    ("calls", "brief-checks", "sessions/given-up.pcap", 4),
    ("calls", "answered-only", "ice-symmetric-nat.pcap", 1),
    ("calls", "reports-only", "ice-reports-only.pcap", 1),
    ("calls", "single-checks", "ice-reports-only.pcap", 2),                 # answered, and no more
    ("calls", "setup-only", "modern-signin.pcap", 1),
    ("calls", "allocation-refused", "sessions/relay-quota.pcap", 1),
    ("calls", "path-agreed", "ice-duplicates.pcap", 1),
    ("calls", "tcp", "sessions/callers-over-tcp.pcap", 1),
    ("calls", "direct-tcp", "ice-tcp.pcap", 1),
    ("calls", "direct-routing-one-way", "direct-routing/one-way.pcap", 1),
    ("calls", "direct-routing", "direct-routing/healthy.pcap", 1),
    ("calls", "direct-cloud", "article-2017.pcapng", 1),
    ("calls", "direct-private", "ice-media-kinds.pcap", 1),
    ("calls", "direct-public", "sessions/callers-in-turn.pcap", 1),
    ("calls", "relayed", "sessions/callers-relayed.pcap", 1),
    ("calls", "one-way-open", "ice-open-path.pcap", 1),
    ("calls", "one-way-brief", "sessions/reports-back.pcap", 4),
    ("signin", "cut-short", "connections/cut-short.pcap", 1),
    ("signin", "signed-in", "keys/modern-signin.pcapng", 1),
    ("signin", "went-through", "article-signin-2017.pcap", 1),
    ("signin", "shared-connected", "connections/shared-alone.pcap", 1),
    ("signin", "push-connected", "connections/push-again.pcap", 5),
    ("signin", "relay-connected", "teams/teams-signin-and-call.pcapng", 1),
    ("signin", "not-served", "keys/nothing-of-stages.pcapng", 1),
    ("signin", "identity-only", "sessions/signin-stalled.pcap", 1),
    ("signin", "asked-past-identity", "middle-names.pcap", 1),
    ("signin", "identity-asked", "sessions/identity-first.pcap", 1),
    ("signin", "asked-alone", "sessions/prepared-for.pcap", 1),
    ("signin", "asked-alone", "sessions/prepared-for.pcap", 2),
    ("signin", "asked-alone", "sessions/prepared-for.pcap", 3),
    ("signin", "questions-alone", "sessions/upstream-alone.pcap", 1),
    ("signin", "questions-alone", "sessions/upstream-alone.pcap", 2),
    ("signin", "questions-alone", "sessions/upstream-alone.pcap", 3),
    ("signin", "names-only", "alias-mode.pcap", 1),
    ("signin", "error", "sessions/identity-first.pcap", 2),
    ("signin", "failed", "failures/06-rst-after-clienthello.pcapng", 1),
    ("signin", "error", "teams/skype-legacy-signin.pcap", 1),      # classic Skype: whether it signed in is not shown
    ("signin", "discovery-found", "lync-discovery.pcap", 1),
    ("summary", "addresses-unanswered", "connections/no-name.pcap", 0),
    ("summary", "traces", "connections/no-name-answered.pcap", 0),
    ("summary", "traces", "flightproxy.pcap", 0),                  # flows
    ("summary", "traces", "diagnostics/d21-sip-all.pcap", 0),      # names
    ("summary", "traces", "sessions/shared-address.pcap", 0),
    ("summary", "no-names", "negative/rtp.pcapng", 0),
    ("summary", "nothing-found", "cases/false-signin-fp-probe.pcap", 0),
    ("summary", "nothing-found", "negative/dns.pcap", 0),
    ("summary", "encrypted-dns", "negative/dns_dot.pcap", 0),      # port 853
    ("summary", "encrypted-dns", "negative/dns_doh.pcap", 0),      # over HTTPS
]
LISTS = {"signin": "signins", "calls": "calls", "summary": "summary"}
NUMBERS = {"signin": "signin", "calls": "call", "summary": "number"}


def capture_of(name):
    return shared(name) if name.split("/")[0] in ("failures", "negative", "teams", "cases") else bundled(name)


@functools.lru_cache(maxsize=None)
def entries(path, name):
    return json.loads(report(path, f"teams,{name},json"))[LISTS[name]]


def entry(path, name, number):
    return next(entry for entry in entries(path, name) if entry[NUMBERS[name]] == number)


def row_of(name, code):
    return next(row for row in SCHEMA[LISTS[name]]["x-verdicts"] if row["code"] == code)


@pytest.mark.parametrize("name,code,capture,number", SHOWN, ids=[f"{row[0]}-{row[1]}" for row in SHOWN])
def test_sentence(name, code, capture, number):
    found = entry(capture_of(capture), name, number)
    row = row_of(name, code)
    assert found["verdict_code"] == code and found["verdict"].startswith(row["sentence"])
    bad = [problem for problem in found["problems"] if problem["severity"] in ("error", "warning")]
    assert found["severity"] == ("check" if bad and row["severity"] in ("OK", "unknown") else row["severity"])


@pytest.mark.parametrize("capture,remote", [("ice-duplicates.pcap", "192.168.7.20"), ("ice-peer-reflexive.pcap", "198.51.100.77"),
                                            ("ice-relayed-nomination.pcap", "203.0.113.141"), ("ice-open-path.pcap", None)])
def test_what_was_agreed_carried_nothing(capture, remote):
    """No media is in the first three, so that no address carried any; in the last one is."""
    call = entries(bundled(capture), "calls")[0]
    agreed = {end["address"] for end in call["remotes"] if end["role"] == "agreed"}
    assert agreed == ({remote} if remote else set()) and bool(call["streams"]) == (remote is None)
    assert ("carried the call" in report(bundled(capture), "teams,calls")) == (remote is None)


def only(capture, display_filter):
    """The frames that the filter lets through, where the unprivileged tshark may write."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=workspace()))
    folder.chmod(0o777)
    path = folder / "only.pcap"
    tshark("-r", str(capture), "-Y", display_filter, "-F", "pcap", "-w", str(path))
    return path


@pytest.mark.parametrize("capture,client", [
    ("sessions/unresolved.pcap", "192.168.1.20"), ("sessions/aliases-alone.pcap", "192.168.1.103"), ("sessions/aliases-alone.pcap", "192.168.1.104")])
def test_one_direction_says_nothing_of_addresses_that_no_answer_gave(capture, client):
    """The same with both directions does: note and warning of the first, warnings of the others."""
    def codes(path):
        return [problem["code"] for signin in entries(path, "signin") if signin["client"] == client for problem in signin["problems"]]

    sent = only(bundled(capture), f"ip.src == {client}")
    assert "D27" in codes(bundled(capture)) and "D27" not in codes(sent)
    assert [signin for signin in entries(sent, "signin") if signin["client"] == client]


def test_each_sentence_of_the_table_has_a_test():
    told = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    codes = {row["code"] for listed in SCHEMA.values() for row in listed.get("x-verdicts", ())}
    assert [code for code in codes if f'"{code}"' not in told] == []


def test_lync_discovery_that_goes_no_further():
    """Without the names that come after discovery."""
    for kept, code in (('dns.qry.name contains "lyncdiscover"', "discovery"), ("dns || tcp", "discovery-found")):
        assert {signin["verdict_code"] for signin in entries(only(bundled("lync-discovery.pcap"), kept), "signin")} == {code}


@pytest.mark.parametrize("capture,identity", [("article-signin-2017.pcap", "40.126.9.65"),
                                              ("sessions/signin-twice.pcap", "20.190.128.10")])
def test_services_that_were_only_asked_for_were_not_connected(capture, identity):
    """TLS with the identity host alone; the names after it in DNS."""
    half = entries(only(bundled(capture), f"dns || (tcp && ip.addr == {identity})"), "signin")
    assert {signin["verdict_code"] for signin in half} == {"identity-connected"}
    assert {signin["verdict_code"] for signin in entries(bundled(capture), "signin")} == {"went-through"}


def test_what_other_programs_connect_too_is_no_sign_in():
    """Outlook alone, Graph after identity, Graph beside a push channel; and a service of Teams with Outlook."""
    assert {signin["client"]: (signin["verdict_code"], signin["severity"]) for signin in entries(bundled("connections/shared-alone.pcap"), "signin")} == {
        "192.168.1.20": ("shared-connected", "unknown"), "192.168.1.21": ("shared-connected", "unknown"), "192.168.1.22": ("went-through", "OK"),
        "192.168.1.23": ("shared-connected", "unknown")}


def test_what_is_inside_tls_is_not_told():
    """14b without its UDP: TLS with a relay, and nothing that says that UDP was tried."""
    call, = entries(only(shared("failures/14b-udp-dropped-real-tls.pcapng"), "tcp || dns"), "calls")
    assert (call["verdict_code"], call["path"], call["streams"]) == ("inside-tls", "tcp_fallback", [])
    assert {"media-over-tcp": problem["actor"] for problem in call["problems"] if problem["code"] == "media-over-tcp"} == {"media-over-tcp": ""}


def test_media_that_is_only_sent():
    """The healthy call without what the other side sends once the pair is nominated, but for its answers."""
    call, = entries(only(shared("failures/00-control.pcapng"),
                                   "!(teams_stun.media == \"rtp\" && ip.dst == 192.168.10.20)"), "calls")
    assert call["severity"] == "check" and call["verdict_code"] == "one-way-open"
    problem, = [problem for problem in call["problems"] if problem["code"] == "one-way-media"]
    assert problem["summary"] == "Media was sent, and none was received"
    assert problem["advice"].startswith("Normal where the other side only listens")     # nothing shows that it sent anything


def test_checks_that_were_answered_show_no_firewall():
    """The capture ends, nobody takes the call, or the answers come through a relay. Those of .23 and .24 are never answered."""
    found = {call["client"].split(".")[-1]: (call["verdict_code"], [problem["code"] for problem in call["problems"] if problem["severity"] == "error"])
             for call in entries(bundled("ice-answered-only.pcap"), "calls")}
    assert found == {"20": ("answered-only", []), "21": ("answered-only", []), "22": ("answered-only", []),
                     "23": ("not-connected", ["call-not-connected"]), "24": ("not-connected", ["call-not-connected"])}


def test_media_one_way_on_a_path_that_is_open_both_ways():
    """Answers since media flows refute a firewall; who only listens is healthy. Without them both stays possible."""
    found = {call["client"].split(".")[-1]: (call["severity"], problem["severity"], "before any firewall" in problem["advice"] or "does arrive" in problem["advice"])
             for call in entries(bundled("ice-open-path.pcap"), "calls") for problem in call["problems"] if problem["code"] == "one-way-media"}
    assert found == {"20": ("check", "warning", True), "21": ("OK", "note", True), "22": ("broken", "warning", False), "23": ("check", "warning", False)}


# ---- half of the traffic ----

@pytest.mark.parametrize("capture,client", [
    ("failures/00-control.pcapng", "192.168.10.20"), ("article-signin-2017.pcap", "192.168.1.20"),
    ("modern-signin.pcap", "192.168.1.20")])
def test_silence_of_a_server_that_is_not_in_the_capture_is_not_told(capture, client):
    """Only what the client sends over TCP, and DNS: it acknowledges answers that are not in the capture."""
    half = only(capture_of(capture), f"dns || (tcp && ip.src == {client})")
    for signin in entries(half, "signin"):
        assert signin["severity"] != "broken"
        assert not {problem["code"] for problem in signin["problems"]} & {"tcp-unanswered", "hello-unanswered", "no-data"}


@pytest.mark.parametrize("capture,client", [
    ("failures/00-control.pcapng", "192.168.10.20"), ("failures/17-loss-jitter-down.pcapng", "192.168.10.20"),
    ("article-2017.pcapng", "192.168.1.20")])
def test_half_a_capture_tells_of_no_failure(capture, client):
    """All that the client sent, and nothing that it received: these went through, and nothing here says otherwise."""
    half = only(capture_of(capture), f"ip.src == {client}")
    signin, = entries(half, "signin")
    assert signin["severity"] != "broken" and {c["state"] for c in signin["connections"]} <= {"joined", "pseudo_tls"}
    assert not {problem["code"] for problem in signin["problems"]} & {"resolver-silent", "identity-unreached"}
    for call in entries(half, "calls"):
        assert call["severity"] != "broken" and "one-sided-capture" in {problem["code"] for problem in call["problems"]}
        assert not {problem["code"] for problem in call["problems"]} & {"consent-lost", "one-way-media"}


@pytest.mark.parametrize("capture", ["modern-signin.pcap", "article-signin-2017.pcap", "failures/00-control.pcapng",
                                     "cases/dual-stack-one-host-three-signins.pcap"])
def test_client_hellos_alone_are_not_unanswered(capture):
    """DNS and ClientHellos, as captures by a filter have them: no frame of a server, and no SYN. The last one is as it came; there
    the second ClientHello of six connections acknowledges an answer that is not in the capture."""
    path = capture_of(capture)
    signin, = entries(path if capture.startswith("cases/") else only(path, "dns || tls.handshake.type == 1"), "signin")
    assert {connection["state"] for connection in signin["connections"]} == {"joined"} and signin["severity"] != "broken"


def test_a_silent_resolver_is_told():
    """02b: nothing that the client goes on with stands beside the questions."""
    found = entry(shared("failures/02b-resolver-silent-retry.pcapng"), "signin", 1)
    assert "resolver-silent" in {problem["code"] for problem in found["problems"]}


# ---- frames that the capture cut ----

def snapped(capture, length):
    editcap = shutil.which("editcap") or pytest.skip("editcap is not installed")
    folder = pathlib.Path(tempfile.mkdtemp(dir=workspace()))
    folder.chmod(0o755)
    subprocess.run([editcap, "-s", str(length), capture_of(capture), folder / "cut.pcap"], check=True)
    return folder / "cut.pcap"


@pytest.mark.parametrize("capture", ["failures/00-control.pcapng", "modern-signin.pcap", "article-signin-2017.pcap"])
@pytest.mark.parametrize("length", [96, 128, 200])
def test_what_a_snapshot_length_cut_off_is_not_missing(capture, length):
    for signin in entries(snapped(capture, length), "signin"):
        assert signin["severity"] != "broken"
        assert not {problem["code"] for problem in signin["problems"]} & {"name-without-address", "chain-cut"}


def test_what_a_header_says_is_told_of_cut_frames():
    """01-nxdomain: the code is in the first bytes of the answer."""
    codes = {problem["code"] for problem in entry(snapped("failures/01-nxdomain.pcapng", 96), "signin", 1)["problems"]}
    assert "name-missing" in codes


CALLS = ["teams/teams-signin-and-call.pcapng", "failures/00-control.pcapng", "article-2017.pcapng", "sessions/callers-relayed.pcap"]


@pytest.mark.parametrize("length", [90, 100, 128])
def test_a_challenge_that_was_cut_off_is_no_refusal(length):
    """The code of a relay's first answer stands behind the length; nothing was refused."""
    for call in entries(snapped("ice-answered-only.pcap", length), "calls"):
        assert "failed" not in {allocation["state"] for allocation in call["allocations"]}
        assert "allocation-failed" not in {problem["code"] for problem in call["problems"]}


@pytest.mark.parametrize("capture", CALLS)
@pytest.mark.parametrize("length", [42, 54, 60, 70])
def test_what_a_snapshot_length_cut_off_is_not_told_of_a_call(capture, length):
    """Too short for names, checks, TURN messages or the header of RTP: nothing is told of a path or a test, or of what is missing."""
    path = snapped(capture, length)
    for call in entries(path, "calls"):
        assert call["kind"] != "connectivity-probe" and call["severity"] != "broken"
        assert call["streams"] != [] or call["verdict_code"] in ("cut-short", "udp-unanswered-tcp"), call["verdict_code"]
        if not call["streams"]:
            assert (call["path"], call["media_address"] if "media_address" in call else "") == ("", "")
        assert not {problem["code"] for problem in call["problems"]} & {"one-way-media", "call-not-connected", "consent-lost"}
    text = " ".join(report(path, "teams,summary").split())
    has_names = not capture.startswith("sessions/")
    assert ("Frames that carry names are cut short in this capture (snap length)" in text) == has_names
    assert ("only Teams or Skype asks for" in text) != has_names


@pytest.mark.parametrize("capture", CALLS)
def test_headers_are_enough_for_a_verdict(capture):
    """Whole frames, and 600 bytes of each: checks, messages of TURN and the headers of RTP are there."""
    assert [call["verdict_code"] for call in entries(snapped(capture, 600), "calls")] == [
        call["verdict_code"] for call in entries(capture_of(capture), "calls")]


@pytest.mark.parametrize("capture, length, code", [
    ("sessions/signin-stalled.pcap", 60, "cut-names"), ("negative/dns.pcap", 42, "cut-names"), ("negative/zoom.pcap", 60, "cut-names"),
    ("negative/dns.pcap", 600, "nothing-found"), ("negative/rtp.pcapng", 60, "no-names")])
def test_why_there_are_no_names(capture, length, code):
    """The last two: whole names that are not ours, and no names at all."""
    found = entries(snapped(capture, length), "summary")
    assert [entry["verdict_code"] for entry in found if entry["kind"] in ("nothing", "signin")] == [code]


def test_silence_is_told_where_the_server_is_heard():
    """The same kind, with the server's answers to SYNs in the capture: 05 drops the SYNs of one name, 14b drops UDP."""
    found = entry(shared("failures/05-syn-dropped-login.pcapng"), "signin", 1)
    assert "tcp-unanswered" in {problem["code"] for problem in found["problems"]}


def test_an_empty_capture(tmp_path):
    found, = entries(written(tmp_path, []), "summary")
    assert (found["kind"], found["verdict_code"]) == ("nothing", "empty")


# ---- the failures that are known ----

SEVERITIES = {"ok": "OK", "note": "OK", "warning": "check", "error": "broken"}
ORDER = ("OK", "unknown", "check", "broken")


def truth():
    path = shared_dir() / "failures/truth.csv"
    return list(csv.DictReader(path.open(encoding="utf-8"))) if path.is_file() else []


# Ids as a list: a function would be asked for that of no row, where the captures are absent.
@pytest.mark.parametrize("row", truth(), ids=[row["capture"] for row in truth()])
def test_severity_of_a_known_failure(row):
    """The worst of its sign-ins and calls, as truth.csv has it."""
    found = entries(shared(f"failures/{row['capture']}"), "summary")
    assert max((entry["severity"] for entry in found), key=ORDER.index) == SEVERITIES[row["severity"]]


def test_a_failure_is_not_explained_away():
    """Stages that are missing beside an error have no harmless explanation."""
    signin, = entries(shared("failures/05-syn-dropped-login.pcapng"), "signin")
    assert signin["missing_stages"] and not any(stage["explanation"] for stage in signin["missing_stages"])
    signin, = entries(bundled("middle-names.pcap"), "signin")
    assert signin["missing_stages"] and all(stage["explanation"] for stage in signin["missing_stages"])


def test_an_interruption_is_no_congestion():
    """19-nat-rebinding: the same stream goes on after 8 s, 403 packets of sequence numbers later."""
    call, = entries(shared("failures/19-nat-rebinding.pcapng"), "calls")
    codes = {problem["code"] for problem in call["problems"]}
    assert {"nat-rebinding", "media-gap"} <= codes and "loss" not in codes
    gap, = [gap for stream in call["streams"] for gap in stream["gaps"]]
    assert gap["missing"] == 403 and gap["seconds"] == pytest.approx(8.1, abs=0.2)


def test_an_allocation_tells_the_address_that_it_was_granted_with():
    """19-nat-rebinding: frame 374 grants it with port 50004; 61359 is what frame 3017, the answer to its release, says."""
    call, = entries(shared("failures/19-nat-rebinding.pcapng"), "calls")
    allocation, = call["allocations"]
    assert (allocation["granted_frame"], allocation["reflexive"]) == (374, "203.0.113.10:50004")


def test_round_trip_is_that_of_the_network():
    """20-vpn-hairpin: 197 ms, not what the client took to answer."""
    call, = entries(shared("failures/20-vpn-hairpin.pcapng"), "calls")
    pair, = [pair for pair in call["pairs"] if pair["state"] == "nominated"]
    assert pair["round_trip_mean"] == pytest.approx(0.197, abs=0.01)
    assert "round-trip" in {problem["code"] for problem in call["problems"]}


# ---- the summary ----

def test_summary_of_the_real_call_fits_a_screen():
    text = report(shared("teams/teams-signin-and-call.pcapng"), "teams,summary").strip().splitlines()
    assert len(text) <= 24 and max(map(len, text)) <= 80
    whole = " ".join(" ".join(text).split())
    assert "Filter: teams.call == 1" in whole and "Direct over UDP to 93.71.110.205; round trip 76 ms" in whole


def dns_frame(client, number, name, answers):
    """A question about a name, or the answer that it does not exist, in Ethernet, IPv4 and UDP without checksum."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    dns = struct.pack("!HHHHHH", number, 0x8183 if answers else 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1, 1)
    ends, ports = [bytes([10, 0, 0, client]), bytes([10, 0, 1, 1])], [50000, 53]
    if answers:
        ends, ports = ends[::-1], ports[::-1]
    udp = struct.pack("!HHHH", *ports, len(dns) + 8, 0) + dns
    ip = struct.pack("!BBHHHBBH", 0x45, 0, len(udp) + 20, number, 0, 64, 17, 0) + ends[0] + ends[1]
    return 1_790_000_000 + number, 0, b"\2\0\0\0\0\1" * 2 + b"\x08\0" + ip + udp


@pytest.mark.parametrize("places", [(24,), (0, 24), (3, 11)])
def test_summary_of_many_shows_the_worst(tmp_path, places):
    """25 clients ask for one name; for these it does not exist: they come first, two at length, then a line each."""
    lines = [dns_frame(n + 1, 10 * n + answers, "authsvc.teams.microsoft.com", answers)
             for n in range(25) for answers in ((False, True) if n in places else (False,))]
    text = report(written(tmp_path, lines), "teams,summary")
    assert len(text.strip().splitlines()) < 48 and "And 9 more, none of them worse" in text
    assert (f"25 sign-ins and calls: {len(places)} broken, {25 - len(places)} unknown") in text
    told = re.findall(r"^([A-Z]+): Sign-in \d+ of 10\.0\.0\.(\d+)", text, re.M)
    told += re.findall(r"^([A-Z]+) +Sign-in +\d+  09-21 [\d:]{8}  10\.0\.0\.(\d+)", text, re.M)
    expected = [*places, *(n for n in range(25) if n not in places)][:2 + 14]
    assert [(word, int(client) - 1) for word, client in told] == [("BROKEN" if n in places else "UNKNOWN", n) for n in expected]
    whole = report(written(tmp_path, lines), "teams,summary,full")
    assert len(re.findall("^[A-Z]+: Sign-in", whole, re.M)) == 25 and "none of them worse" not in whole


@pytest.mark.parametrize("name, told", [("10-proxy-connect", ["proxy"]), ("11-proxy-407", ["proxy", "proxy-asks-credentials"]),
                                        ("16-quic-blocked", ["quic-unanswered"]), ("00-control", [])])
def test_summary_has_the_notes_that_are_asked_for_first(name, told):
    """A proxy on the way, and QUIC that goes unanswered, of sign-ins that went through; a healthy one has no remark."""
    text = " ".join(report(shared(f"failures/{name}.pcapng"), "teams,summary").split())
    assert re.findall(r" \(([a-z-]+), by the ", text[:text.index("Filter: teams.signin == 1")]) == told


def test_summary_says_that_there_is_nothing_and_why():
    text = report(bundled("flightproxy.pcap"), "teams,summary")
    assert "No sign-in and no call found. Names or flows of Teams or Skype are in this capture" in " ".join(text.split())


def test_summary_is_the_same_as_the_reports():
    path = bundled("sessions/udp-blocked.pcap")
    data = json.loads(tshark("-q", "-r", str(path), *(part for name in ("summary", "signin", "calls")
                                                      for part in ("-z", f"teams,{name},json"))))
    told = {(row["kind"], row["number"]): (row["verdict_code"], row["severity"], row["problems"]) for row in data["summary"]}
    assert told == {("signin", row["signin"]): (row["verdict_code"], row["severity"], row["problems"]) for row in data["signins"]} | {
        ("call", row["call"]): (row["verdict_code"], row["severity"], row["problems"]) for row in data["calls"]}


def test_a_capture_of_one_direction_says_nothing_of_the_other():
    """Of the first two calls one direction was captured; of the third both, and no media comes back, for too short a time to tell."""
    told = {call["client"]: call for call in entries(bundled("sessions/one-direction.pcap"), "calls")}
    codes = {client.split(".")[-1]: {problem["code"] for problem in call["problems"]} & {"one-way-media", "one-sided-capture"}
             for client, call in told.items()}
    assert codes == {"20": {"one-sided-capture"}, "21": {"one-sided-capture"}, "22": set()}
    assert told["192.168.1.22"]["verdict_code"] == "one-way-brief"
    # What other programs of the host send and receive is in no flow of ours: nothing is said of it.
    assert {problem["summary"] for call in told.values() for problem in call["problems"] if problem["code"] == "one-sided-capture"} == {
        "Only one direction of this call is in the capture"}
    alone, *_ = entries(bundled("sessions/relay-only.pcap"), "calls")
    assert alone["verdict"].startswith("Only one direction of this call is")
