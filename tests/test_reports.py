# SPDX-License-Identifier: GPL-2.0-or-later
"""The reports: JSON that keeps its schema, the same in one pass and in two, text that
fits 80 columns, and figures counted by stock tshark on the same capture."""
import collections
import csv
import io
import json
import pathlib
import re

import pytest

from harness import REPORTS, ROOT, TsharkError, bundled, report, shared, stock_tshark, tshark

jsonschema = pytest.importorskip("jsonschema")

LONG = REPORTS[1:]
KEYS = {"signin": "signins"}
TEAMS_CALL = "teams/teams-signin-and-call.pcapng"
BUNDLED = ["article-2017.pcapng", "connectivity-probe.pcap", "modern-signin.pcap", "gcc-high-signin.pcap",
           "lync-discovery.pcap", "ipv6.pcap", "server-names.pcap"] + sorted(
    f"sessions/{path.name}" for path in (ROOT / "test-captures/sessions").glob("*.pcap"))
SHARED = [TEAMS_CALL, "teams/skype-conference-call.pcap", "teams/skype-legacy-signin.pcap",
          "teams/ms-ice2-hexvectors.pcap", "mixed/skype-irc.cap"]


def as_json(capture, name, *filters):
    return json.loads(report(capture, ",".join((f"teams,{name}", "json") + filters)))


def capture_of(name):
    return shared(name) if name.startswith(("teams/", "mixed/", "negative/", "failures/")) else bundled(name)


SCHEMA = json.loads((ROOT / "docs/schema/reports.json").read_text())


@pytest.mark.parametrize("capture", BUNDLED + SHARED)
def test_json_keeps_its_schema(capture):
    """All reports of one run are one document."""
    data = json.loads(tshark("-q", "-r", str(capture_of(capture)),
                             *(part for name in REPORTS for part in ("-z", f"teams,{name},json"))))
    jsonschema.validate(data, SCHEMA)
    assert [run["report"] for run in data["reports"]] == list(REPORTS)
    assert set(data) == {"version", "reports"} | {KEYS.get(name, name) for name in REPORTS}


def test_the_schema_is_that_of_the_columns():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert json.loads(report(bundled("ipv6.pcap"), "teams,schema")) == SCHEMA, "docs/generate/schema.py"


def test_a_report_is_once_in_a_document():
    path = str(bundled("ipv6.pcap"))
    with pytest.raises(TsharkError) as refused:
        tshark("-q", "-r", path, "-z", "teams,calls,json", "-z", "teams,calls,json,teams.call == 1")
    assert "twice" in str(refused.value)


@pytest.mark.parametrize("capture", ["article-2017.pcapng", "sessions/calls-at-once.pcap",
                                     "sessions/identity-first.pcap", TEAMS_CALL])
def test_two_passes_report_the_same(capture):
    path = str(capture_of(capture))
    arguments = [part for name in REPORTS for part in ("-z", f"teams,{name},json")]
    assert tshark("-q", "-r", path, *arguments) == tshark("-2", "-q", "-r", path, *arguments)


@pytest.mark.parametrize("capture", ["article-2017.pcapng", "modern-signin.pcap", "lync-discovery.pcap", TEAMS_CALL])
def test_text_fits_80_columns(capture):
    """But for single words that are longer than a line."""
    text = tshark("-q", "-r", str(capture_of(capture)), *(part for name in REPORTS for part in ("-z", f"teams,{name}")))
    for line in text.splitlines():
        assert len(line) <= 80 or len(line.split()) == 1, line


@pytest.mark.parametrize("name", LONG)
def test_nothing_of_ours_is_said_in_a_line(name):
    text = report(shared("negative/dns.pcap"), f"teams,{name}")
    assert "No Teams or Skype traffic found." in text
    data = as_json(shared("negative/dns.pcap"), name)
    nothing = dict.fromkeys(("frames", "duplicates", "translated", "steps_back", "steps_forward"), 0)
    assert data["reports"] == [{"report": name, "filter": "", **nothing}] and not data[KEYS.get(name, name)]


@pytest.mark.parametrize("name", LONG)
def test_table_of_the_statistics_menu(name):
    """The same rows as a table, each cell the value that JSON has under the column's key."""
    rows = table_of(bundled("article-2017.pcapng"), name)
    data = as_json(bundled("article-2017.pcapng"), name)
    expected = data["signins"][0]["steps"] if name == "signin" else data[name]
    assert len(rows) == len(expected)
    title = next(title for title in ("Flow", "First Frame", "Frame") if title in rows[0])
    key = next(key for key in ("flow", "first_frame", "frame") if key in expected[0])
    found = {row[title]: row for row in rows}
    for entry in expected:
        assert_cells(found[str(entry[key])], entry)


def table_of(capture, name):
    """With -2, as in a window: all frames have been seen before."""
    text = tshark("-2", "-q", "-r", str(capture), "-z", f"teams,{name},table")
    lines = [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if "|" in line]
    return [dict(zip(lines[0], row)) for row in lines[1:] if len(row) == len(lines[0])]


def assert_cells(row, entry):
    """What a heading says, by the key that it would have: every cell that has one is compared."""
    compared = 0
    for title, cell in row.items():
        key = title.split(" (")[0].lower().replace(" ", "_").replace("-", "")
        key = {"remote_address": "remote", "service_end": "server"}.get(key, key)
        if key not in entry or key in ("product", "service"):
            continue
        value = entry[key]
        if isinstance(value, list):
            assert cell == (", ".join(value) if value and isinstance(value[0], str) else str(len(value)) if value else cell)
        elif isinstance(value, float):
            assert re.fullmatch(r"-?\d+\.\d", cell) and float(cell) == pytest.approx(value, abs=0.0501)
        else:
            assert cell == str(value), title
        compared += 1
    assert compared >= min(4, len(row) // 2)


@pytest.mark.parametrize("name", REPORTS)
def test_csv_has_the_columns_of_the_table(name):
    """RFC 4180; the number in the first column of each row is the one of JSON."""
    rows = list(csv.DictReader(io.StringIO(report(bundled("article-2017.pcapng"), f"teams,{name},csv"))))
    data = as_json(bundled("article-2017.pcapng"), name)
    expected = data["signins"][0]["steps"] if name == "signin" else data[name]
    assert len(rows) == len(expected)
    assert all(re.fullmatch("[a-z_]+", heading) for heading in rows[0]), "keys, no words for readers"
    if name in ("calls", "summary"):
        assert [row["verdict"] for row in rows] == [entry["verdict"] for entry in expected]


def test_summary_has_the_jitter_of_audio():
    """What the client receives was delayed by 0 to 60 ms each; a sign-in has none."""
    path = shared("failures/17-loss-jitter-down.pcapng")
    call = next(item for item in as_json(path, "summary")["summary"] if item["kind"] == "call")
    streams = as_json(path, "calls")["calls"][0]["streams"]
    assert call["jitter"] == max(stream["jitter_mean_ms"] for stream in streams if stream["modality"] == "audio") and 10 < call["jitter"] < 30
    assert f"jitter {call['jitter']:.0f} ms" in " ".join(report(path, "teams,summary").split())
    assert next(item for item in as_json(path, "summary")["summary"] if item["kind"] == "signin")["jitter"] is None


def test_one_name_in_several_letters_is_one_row():
    """Names are case-insensitive (RFC 1035, 2.3.3), and with the dot of the root."""
    name, link = as_json(bundled("name-forms.pcap"), "names")["names"]
    assert (name["frame"], name["frames"]) == (1, 6)    # two questions with answers, two server names
    assert name["hosts"] == ["Teams-Test.TrafficManager.net"]
    assert (link["frame"], link["name"], link["product"]) == (25, "teams-TEST.trafficmanager.net", "teams")
    step, _ = as_json(bundled("name-forms.pcap"), "signin")["signins"][0]["steps"]
    assert (step["frame"], step["asked"], step["server_name_frame"]) == (1, 2, 8)


@pytest.mark.parametrize("capture", ["article-2017.pcapng", "sessions/udp-blocked.pcap", "connections/tcp.pcap", "sessions/calls-at-once.pcap"])
def test_windows_have_the_verdict_its_reason_and_advice(capture):
    """Teams Calls, Sign-In and Summary begin with what JSON says, and Teams Problems has each problem of it with a filter."""
    path = bundled(capture)
    names = ("signin", "calls", "summary")
    told = json.loads(tshark("-q", "-r", str(path), *(word for name in names for word in ("-z", f"teams,{name},json"))))
    data = {name: told[KEYS.get(name, name)] for name in names}
    for name, window, number in (("calls", "calls", "Call"), ("signin", "signins", "Sign-In")):
        rows = table_of(path, window)
        assert list(rows[0])[:5] == [number, "Severity", "Verdict", "Worst Problem", "Advice"] if rows else not data[name]
        for row, entry in zip(rows, data[name]):
            assert (row["Severity"], row["Verdict"]) == (entry["severity"], entry["verdict"])
            worst = entry["problems"][0] if entry["problems"] else {"summary": "", "advice": ""}
            assert row["Worst Problem"].startswith(worst["summary"]) and row["Advice"] == worst["advice"]
    assert [row["Verdict"] for row in table_of(path, "summary")] == [item["verdict"] for item in data["summary"]]
    problems = [problem for item in data["summary"] for problem in item["problems"]]
    rows = table_of(path, "problems")
    assert sorted(row["Severity"] for row in rows) == sorted(problem["severity"] for problem in problems)
    order = ["error", "warning", "note", "chat"]
    assert [order.index(row["Severity"]) for row in rows] == sorted(order.index(row["Severity"]) for row in rows)
    filters = [row["Filter"] for row in rows]
    assert all("teams." in words for words in filters)
    tshark("-r", str(path), "-c", "1", *(("-Y", " || ".join(f"({words})" for words in filters)) if filters else ()))     # each is one


@pytest.mark.parametrize("capture, kinds", [
    ("sessions/udp-blocked.pcap", None), ("sessions/calls-at-once.pcap", None),
    ("failures/17-loss-jitter-down.pcapng", ["call", "signin"]), ("failures/07-tls-intercepted-refused.pcapng", ["signin"])])
def test_window_of_the_summary_begins_with_the_worst(capture, kinds):
    """Wireshark sorts a window by its first column; CSV has the order of the capture, and no such column."""
    path = capture_of(capture)
    rows = sorted(table_of(path, "summary"), key=lambda row: int(row["No."]))
    assert [row["No."] for row in rows] == [str(n + 1) for n in range(len(rows))]
    order = [("broken", "check", "unknown", "OK").index(row["Severity"]) for row in rows]
    assert order == sorted(order) and (kinds is None or [row["Kind"] for row in rows] == kinds)
    assert report(path, "teams,summary,csv").startswith("kind,number,severity,")


def test_a_window_that_has_not_seen_the_end_gives_no_verdict():
    """On a first pass, as while capturing, nobody knows what comes."""
    text = report(bundled("sessions/udp-blocked.pcap"), "teams,calls,table")
    assert "UDP is blocked" not in text and "192.168.1.20" in text


def test_a_frame_can_add_several_rows_to_the_table():
    """Names from before a sign-in come with its first frame."""
    text = report(bundled("sessions/identity-first.pcap"), "teams,signin,table")
    rows = [line.split(" |") for line in text.splitlines() if line.count("|") > 5][1:]
    assert [row[6] for row in rows if row[3] == "192.168.1.40"] == [
        "login.microsoftonline.com", "outlook.office.com", "teams.microsoft.com"]


def test_filter_cuts_a_report():
    whole = as_json(bundled("article-2017.pcapng"), "flows")
    cut = as_json(bundled("article-2017.pcapng"), "flows", "teams.flow == 5")
    assert cut["flows"] == [flow for flow in whole["flows"] if flow["flow"] == 5]
    calls = as_json(bundled("article-2017.pcapng"), "calls", "udp.port == 8085")["calls"]
    assert {port["port"] for port in calls[0]["client_ports"]} == {8085}
    assert calls[0]["client_ports"][0]["dscp_sent"], "the field that the report reads is dissected with a filter too"


@pytest.mark.parametrize("name", REPORTS)
def test_bad_filter_is_refused(name):
    """With the words of the user, not with what the report adds to them."""
    with pytest.raises(TsharkError) as refused:
        report(bundled("article-2017.pcapng"), f"teams,{name},no.such.field == 1")
    assert '"no.such.field == 1"' in str(refused.value) and "dscp" not in str(refused.value)


def test_sequence_of_the_flow_graph():
    """Names with their answers, allocations, checks up to the nomination, media once each way. Only where the
    header of sequences was there to build with: no distribution installs it."""
    try:
        text = tshark("-q", "-r", str(bundled("sessions/callers-in-turn.pcap")), "-z", "flow,teams,network")
    except TsharkError as error:
        assert 'Invalid -z argument "flow,teams,network"' in str(error)
        pytest.skip("built without epan/sequence_analysis.h")
    rows = [line for line in text.splitlines() if line[:1].isdigit()]
    # Of each call: 4 TURN messages, 14 checks and answers up to the nomination, 2 first packets of media.
    assert [sum(row.startswith(f"{call} ") for row in rows) for call in (1, 2)] == [20, 20]
    assert sum("nominated" in row for row in rows) == 2
    assert sum("Skype audio media" in row for row in rows) == 4


def test_disabled_teams_leaves_no_trace():
    """Disabled, it adds nothing to the packet list and nothing to a report."""
    path = str(bundled("sessions/marked.pcap"))
    assert "Skype" not in tshark("-r", path, "--disable-protocol", "teams")
    assert "No Teams or Skype traffic" in tshark("-q", "-r", path, "--disable-protocol", "teams", "-z", "teams,calls")


def info_column(path, *options):
    """The column itself: the field _ws.col.info is made before postdissectors since Wireshark 4.4."""
    return [line.strip() for line in
            tshark("-r", path, "-o", 'gui.column.format:"Info","%i"', *options).splitlines()]


def test_info_column_says_what_a_frame_is():
    path = str(bundled("sessions/marked.pcap"))      # no name of Teams, and checks of Skype's version
    info = info_column(path)
    assert info[0].startswith("Skype audio check: Binding Request")
    assert info[-1].startswith("Skype audio media: ")
    assert info_column(path, "-o", "teams.info_column:FALSE")[0].startswith("Binding Request")


# ---- figures that stock tshark counts ----

@pytest.mark.parametrize("capture", ["article-2017.pcapng", "sessions/udp-blocked.pcap", TEAMS_CALL])
def test_flows_count_what_stock_counts(capture):
    """Packets of each UDP flow, by its ends."""
    path = capture_of(capture)
    data = as_json(path, "flows")["flows"]
    fields = ("ip.src", "udp.srcport", "ip.dst", "udp.dstport")
    ends = stock_tshark("-r", str(path), "-Y", "udp && ip && !icmp", "-T", "fields", *(word for field in fields for word in ("-e", field)))
    stock = collections.Counter(tuple(line.split("\t")) for line in ends.splitlines())
    checked = 0
    for flow in data:
        if flow["transport"] != "udp" or "[" in flow["server"]:
            continue
        sent = (*flow["client"].split(":"), *flow["server"].split(":"))
        received = sent[2:] + sent[:2]
        assert (stock[sent], stock[received]) == (flow["packets_sent"], flow["packets_received"]), flow
        checked += 1
    assert checked


def test_bytes_are_those_of_whole_frames():
    path = bundled("sessions/marked.pcap")
    lengths = stock_tshark("-r", str(path), "-T", "fields", "-e", "frame.len").split()
    call = as_json(path, "calls")["calls"][0]
    assert call["bytes"] == sum(map(int, lengths)) and call["packets"] == len(lengths)


def test_dscp_by_port():
    """20 packets sent as 46 and the 3 checks unmarked; nothing marked comes back."""
    port = as_json(bundled("sessions/marked.pcap"), "calls")["calls"][0]["client_ports"][0]
    assert port["dscp_sent"] == [{"dscp": 0, "packets": 3}, {"dscp": 46, "packets": 20}]
    assert port["dscp_received"] == [{"dscp": 0, "packets": 23}]
    assert port["range"] == "Teams audio 50000-50019"


def rfc3550(packets, clock):
    """RFC 3550 A.8 by hand: packets are (arrival in seconds, sequence, timestamp)."""
    jitter, before = 0.0, None
    for arrival, _, timestamp in packets:
        transit = arrival * clock - timestamp
        if before is not None:
            jitter += (abs(transit - before) - jitter) / 16
        before = transit
    return jitter * 1000 / clock


def test_loss_and_jitter():
    """sessions/loss.pcap: 100 packets sent, four of them lost, one twice."""
    path = bundled("sessions/loss.pcap")
    stream = as_json(path, "calls")["calls"][0]["streams"][0]
    assert (stream["packets"], stream["expected"], stream["lost"]) == (97, 100, 4)
    # The same packets from their bytes: the RTP header is at 42 in each frame of 76 bytes.
    raw = pathlib.Path(path).read_bytes()
    packets, at, seen = [], 24, set()
    while at < len(raw):
        seconds, micros, length = (int.from_bytes(raw[at + o:at + o + 4], "little") for o in (0, 4, 8))
        rtp = raw[at + 16 + 42:at + 16 + length]
        if rtp[0] == 0x80 and rtp[1] & 0x7f == 104 and rtp[8:12] == b"LOSS" and rtp[2:4] not in seen:
            seen.add(rtp[2:4])
            packets.append((seconds + micros / 1e6, int.from_bytes(rtp[2:4], "big"), int.from_bytes(rtp[4:8], "big")))
        at += 16 + length
    base = packets[0][0]
    expected = rfc3550([(arrival - base, number, stamp) for arrival, number, stamp in packets], 16000)
    assert len(packets) == 96 and stream["jitter_ms"] == pytest.approx(expected, abs=0.05)


# ---- tenants' names ----

def test_tenants_are_masked_unless_asked_for():
    path = bundled("lync-discovery.pcap")
    names = stock_tshark("-r", str(path), "-Y", "dns.qry.name contains lyncdiscover", "-T", "fields", "-e", "dns.qry.name").split()
    tenant = names[0].split(".", 1)[1]
    kinds = [f"teams,{name}{kind}" for name in LONG for kind in ("", ",full", ",json", ",csv", ",table")] + ["teams,summary", "teams,summary,json"]
    assert tenant not in tshark("-q", "-r", str(path), *(part for kind in kinds for part in ("-z", kind)))
    assert tenant in report(path, "teams,signin", prefs={"teams.show_tenants": "TRUE"})


# Names of a customer's own zone that no table knows: where a name of discovery leads.
POOLS = [("sessions/lync-inside.pcap", "lyncpool"), ("sessions/lync-pools.pcap", "poolalias"), ("sessions/lync-pools.pcap", "poolservice"),
         ("sessions/lync-pools.pcap", "poolserver")]


@pytest.mark.parametrize("capture,pool", POOLS)
def test_the_name_of_a_customers_pool_is_masked(capture, pool):
    path = bundled(capture)
    kinds = [f"teams,{name}{kind}" for name in LONG for kind in ("", ",full", ",json", ",csv", ",table")] + ["teams,summary", "teams,summary,json"]
    words = [part for kind in kinds for part in ("-z", kind)]
    assert pool not in tshark("-q", "-r", str(path), *words)
    assert pool not in tshark("-q", "-r", str(path), "-o", "teams.anonymise:TRUE", *words)
    assert pool in report(path, "teams,signin", prefs={"teams.show_tenants": "TRUE"})


def test_microsofts_names_behind_a_customers_are_shown():
    text = report(bundled("sessions/lync-pools.pcap"), "teams,signin")
    assert "webdir.online.lync.com" in text and "<tenant>" in text
