# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of a capture (page/): what it holds, that nothing of a stranger becomes markup, and that Chromium shows it."""

import base64
import collections
import contextlib
import functools
import hashlib
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

import browser
import harness

COMMAND = harness.ROOT / "page/teamshark-page.py"
OPTIONS = [word for name in ("summary", "signin", "calls", "names") for word in ("-z", f"teams,{name},json")]
HOSTILE = '"\'><script>alert(1)</script><img src=x onerror=alert(2)>&lt;&#0;\u202e\x1b[31m\u2028${x}@BODY@'

# Every element of the page with the attributes that it may have.
ALLOWED = {
    "html": {"lang"}, "head": set(), "meta": {"charset", "http-equiv", "content", "name"}, "title": set(), "style": set(), "script": set(),
    "body": set(), "header": set(), "main": set(), "nav": {"aria-label"}, "section": {"aria-label"}, "h1": set(), "h2": {"id"}, "h3": set(),
    "p": {"class"}, "small": set(), "span": {"class"}, "a": {"href"}, "ul": {"class"}, "li": {"class"},
    "div": {"class", "id", "role", "tabindex", "aria-label"}, "button": {"type", "data-copy", "title"}, "details": set(), "summary": set(),
    "table": {"class", "role"}, "caption": set(), "thead": {"role"}, "tbody": {"class", "role"}, "tr": {"role"},
    "th": {"scope", "class", "role", "rowspan"}, "td": {"class", "role", "data-label"},
    "svg": {"role", "aria-hidden", "x", "y", "width", "height", "class"}, "desc": set(), "g": {"class"}, "rect": {"x", "y", "width", "height", "class"},
    "line": {"x1", "x2", "y1", "y2", "class"}, "path": {"d"}, "text": {"x", "y", "class", "text-anchor"},
}
CLASSES = set("ok check broken unknown badge card soft verdict problems level wide number picture stage dns connect tls data wait tick cut lane arrow "
              "good media bad small legend even drawn waterfall ladder over-time chart narrow".split())


class Reader(html.parser.HTMLParser):
    """What a browser would find in a page: its elements, its text, its scripts."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self.open = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, *without):
        return " ".join(" ".join(data for tag, data in self.texts if tag not in ("style", "script", *without)).split())


@functools.lru_cache(maxsize=None)
def reports(capture):
    return harness.tshark("-q", "-r", capture, *OPTIONS)


def make(document, title="a capture"):
    done = subprocess.run([sys.executable, COMMAND, "--json", "-", "--title", title, "-o", "-"], input=document.encode("utf-8", "surrogatepass"),
                          capture_output=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.decode()


def page_of(capture):
    return make(reports(capture))


def is_closed(text):
    """Only the template's own elements and attributes; one script, which is the one that the policy names."""
    reader = Reader(text)
    assert not reader.open
    for tag, attributes in reader.elements:
        assert tag in ALLOWED and set(attributes) <= ALLOWED[tag], (tag, attributes)
        assert set((attributes.get("class") or "").split()) <= CLASSES, attributes
        assert re.fullmatch(r"#(signin|call|names)(-\d+)?", attributes.get("href", "#names"))
        assert attributes.get("id", "copied") in ("copied", "names") or re.fullmatch(r"(signin|call)-\d+", attributes["id"])
    scripts = re.findall(r"<script[^>]*>(.*?)</script", text, re.DOTALL)
    assert len(scripts) == len(reader.all("script")) == len(reader.all("style")) == len(reader.all("body")) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    policy = next(row["content"] for row in reader.all("meta") if row.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith(f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'")
    assert len(reader.all("meta")) == 3
    return reader


# --- What strangers wrote ------------------------------------------------------

@pytest.mark.parametrize("capture", ["hostile/evil-text.pcap", "hostile/escape-sni-realm.pcap", "hostile-text.pcap"])
def test_text_of_a_capture_is_text(capture):
    is_closed(page_of(harness.shared(capture) if "/" in capture else harness.bundled(capture)))


def poisoned(value):
    """The same document with every text a hostile one."""
    if isinstance(value, dict):
        return {key: poisoned(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [poisoned(entry) for entry in value]
    return HOSTILE if isinstance(value, str) else value


@pytest.mark.parametrize("capture", ["article-2017.pcapng", "sessions/udp-blocked.pcap", "ipv6.pcap"])
def test_every_text_of_the_json_is_text(capture):
    document = json.loads(reports(harness.bundled(capture)))
    text = make(json.dumps(poisoned(document)), HOSTILE)
    reader = is_closed(text)
    assert "\\u{202e}" in text and "\u202e" not in text and "\x1b" not in text and "\u2028" not in text
    shown = HOSTILE.replace("\u202e", "\\u{202e}").replace("\x1b", "\\u{1b}").replace("\u2028", "\\u{2028}")
    assert shown in reader.text() and any(row["data-copy"] == shown for row in reader.all("button"))


def twisted(value, other):
    """The same document with values of other types in the leaves."""
    if isinstance(value, dict):
        return {key: twisted(entry, other) for key, entry in value.items()}
    if isinstance(value, list):
        return [twisted(entry, other) for entry in value]
    return other


@pytest.mark.parametrize("other", [None, HOSTILE, [HOSTILE], {"x": HOSTILE}, True, -1e300, float("nan"), float("inf"), "\ud800", 0, -5],
                         ids=lambda value: repr(value)[:12])
def test_values_of_other_types(other):
    """Also numbers that are no numbers, and half characters."""
    document = twisted(json.loads(reports(harness.bundled("article-2017.pcapng"))), other)
    text = make(json.dumps(document))
    is_closed(text)
    assert "nan" not in re.findall(r'(?:x|x1|x2|width)="([^"]*)"', text)


@pytest.mark.parametrize("document", ["{}", "[]", "null", '{"summary": 1, "signins": {}, "calls": [1], "names": "x"}'])
def test_nothing_told_is_nothing_shown(document):
    reader = is_closed(make(document))
    assert not reader.all("h2") and not reader.all("table")


def test_what_is_missing_is_not_made_up():
    """Each key of a row left out in turn: no figure and no word takes its place."""
    whole = json.loads(reports(harness.bundled("article-2017.pcapng")))
    stream = whole["calls"][0]["streams"][1]
    assert "loss 0.4 %" in Reader(make(json.dumps(whole))).text()
    del stream["expected"], whole["summary"][1]["loss_received"], whole["summary"][1]["round_trip"]
    shown = Reader(make(json.dumps(whole))).text()
    assert "0.4 %" not in shown and "45 ms ·" not in shown and "None" not in shown


# --- What it says ----------------------------------------------------------------

def test_article():
    """The replayed session: values by its generator (test-captures/generate/article.py)."""
    document = json.loads(reports(harness.bundled("article-2017.pcapng")))
    reader = is_closed(page_of(harness.bundled("article-2017.pcapng")))
    shown = reader.text()
    for row in document["summary"]:
        assert row["verdict"] in shown
        assert all(problem["advice"] in shown for problem in row["problems"])
    assert all(step["name"] in shown for step in document["signins"][0]["steps"])
    assert all(row["address"] in shown for row in document["calls"][0]["remotes"])
    assert "DNS 18 ms, connect 20 ms, TLS 40 ms, first data 20 ms" in shown
    copied = {row["data-copy"] for row in reader.all("button")}
    assert {"teams.signin == 1", "teams.call == 1", "frame.number == 363", "teams_dns.fqdn_risk"} <= copied
    assert max(map(float, re.findall(r'(?:x|x1|x2)="([\d.]+)%"', page_of(harness.bundled("article-2017.pcapng"))))) <= 100


def test_media_over_time():
    """Fifty packets a second, of which 400 to 402 are lost in the ninth second (test-captures/generate/article.py)."""
    shown = is_closed(page_of(harness.bundled("article-2017.pcapng"))).text()
    received = shown[shown.index("Media over time"):].split("audio SILK received")[1].split("SSRC")[1]
    assert "highest 6.0 %" in received and "highest 0.0 ms" in received
    whole = json.loads(reports(harness.bundled("article-2017.pcapng")))
    del whole["calls"][0]["duration"]
    assert "Media over time" not in Reader(make(json.dumps(whole))).text()


def test_failed_connections_are_drawn_as_long_as_they_waited():
    """Three connections of 8 SYNs each: see truth.csv; each ends 11 s after its first SYN, and 16 s before the next."""
    reader = is_closed(page_of(harness.shared("failures/05-syn-dropped-login.pcapng")))
    waits = [float(row["width"].rstrip("%")) for row in reader.all("rect") if row["class"] == "wait" and row["width"] != "100%"]
    others = [float(row["width"].rstrip("%")) for row in reader.all("rect") if row["class"] == "tls" and row["width"] != "100%"]
    assert len(waits) == 3 and sum(waits) > 80 and max(others) < 1
    assert "What to do:" in reader.text()


def test_the_first_card_is_of_the_worst():
    """The article's call made a broken one; of what is equally bad the earlier one comes first."""
    whole = json.loads(reports(harness.bundled("article-2017.pcapng")))
    kinds = []
    for severities in ({}, {"call": "broken"}, {"call": "check", "signin": "unknown"}):
        whole["summary"] = [{**row, "severity": severities.get(row["kind"], "OK")} for row in whole["summary"]]
        kinds.append(re.findall(r'<div class="card.*?#(signin|call)-', make(json.dumps(whole)), re.DOTALL))
    assert kinds == [["signin", "call"], ["call", "signin"], ["call", "signin"]]


def test_a_page_of_many_calls_can_be_sent():
    """Pictures of the worst ones only; every one has its verdict."""
    whole = json.loads(reports(harness.bundled("article-2017.pcapng")))
    whole["calls"] = [{**whole["calls"][0], "call": number, "severity": "broken" if number == 30 else "OK"} for number in range(1, 31)]
    text = make(json.dumps(whole))
    reader = is_closed(text)
    assert reader.text().count("Ladder") == reader.text().count("Media over time") == 10
    left_out = re.search(r"(\d+) more sign-ins and calls have no part here", reader.text())
    assert reader.text().count("Without pictures") + (int(left_out[1]) if left_out else 0) == 20 and reader.text().count("Without pictures") > 10
    assert text.index('id="call-9"') < text.index("Without pictures") < text.index('id="call-30"') < text.rindex("<h3>Ladder")
    assert len(text) < 1_000_000


@pytest.mark.parametrize("kind, number, count", [("signins", "signin", 400), ("calls", "call", 400), ("names", "frame", 5000), ("steps", "", 3000),
                                                 ("remotes", "", 3000)])
def test_a_page_of_a_whole_office_can_be_sent(kind, number, count):
    """Whatever there is much of, the worst is told, what is left out is counted, and no link leads nowhere."""
    whole = json.loads(reports(harness.bundled("article-2017.pcapng")))
    if kind in ("steps", "remotes"):
        owner = whole["signins" if kind == "steps" else "calls"][0]
        owner[kind] = [{**owner[kind][0], "name": f"name-{n}.teams.microsoft.com", "address": f"192.0.2.{n}"} for n in range(count)]
    else:
        whole[kind] = [{**whole[kind][0], number: n, "severity": "broken" if n == count else "OK"} for n in range(1, count + 1)]
        whole["summary"] += [{**row, "number": n, "severity": "broken" if n == count else "OK"} for row in whole["summary"][:1] for n in range(2, count + 1)
                             if kind == "signins"]
    text = make(json.dumps(whole))
    reader = is_closed(text)
    assert len(text) < 1_000_000
    assert {"href": f"#{number}-{count}"} in reader.all("a") or kind not in ("signins", "calls")
    assert {row["href"] for row in reader.all("a")} <= {f"#{row['id']}" for row in reader.all("h2") if "id" in row}
    assert re.search("no part here|more are in the JSON|later lines not drawn|rows not drawn", reader.text())


def test_a_gap_is_told_apart_from_loss():
    """failures/19-nat-rebinding.pcapng: 403 packets are missing, all at once, for 8.1 s; the summary says no loss and a gap."""
    text = is_closed(page_of(harness.shared("failures/19-nat-rebinding.pcapng"))).text()
    assert "loss 0.0 % sent, 0.0 % received · a stream missing for 8.1 s" in text
    assert "1132 packets, loss 0.0 %, missing for 8.1 s" in text and "Loss is without the gaps." in text and "26.2" not in text


def test_services_are_those_of_the_reports():
    text = is_closed(page_of(harness.bundled("article-2017.pcapng"))).text()
    assert "Web application" in text and "web-app" not in text and "Identity" in text and "async-media" not in text


def test_every_copied_filter_is_one():
    reader = Reader(page_of(harness.bundled("article-2017.pcapng")))
    for display_filter in {re.sub(r"\d+", "1", row["data-copy"]) for row in reader.all("button")}:
        harness.tshark("-r", harness.bundled("ipv6.pcap"), "-Y", display_filter)


def test_blocked_udp_is_red():
    """The relay that did not answer, and the verdict."""
    reader = is_closed(page_of(harness.bundled("sessions/udp-blocked.pcap")))
    assert "not granted in this capture" in " ".join(data for tag, data in reader.texts if tag == "span")
    assert [row for row in reader.all("line") if row["class"] == "bad"]
    severity = json.loads(reports(harness.bundled("sessions/udp-blocked.pcap")))["calls"][0]["severity"]
    assert severity in ("check", "broken") and {"class": f"badge {severity}"} in reader.all("span")


def test_words_of_states_are_those_of_the_report():
    source = (harness.ROOT / "plugins/teams/session/connection.c").read_text()
    told = dict(re.findall(r'\[TEAMS_CONNECTION_\w+\] = \{ "(\w+)", "([^"]+)" \}', source))
    page = COMMAND.read_text()
    assert told and all(f'"{code}": "{label}"' in page for code, label in told.items())


def test_what_the_capture_ends_before_is_no_failure():
    """capture-ends.pcap: .22 and .27 had the time for an answer, .26 is given up by the client; five are cut off by the end."""
    page = page_of(harness.bundled("connections/capture-ends.pcap"))
    assert page.count("✕ not answered") == 1 and page.count("✕ no answer to the ClientHello") == 2
    assert page.count("sent, and the capture ends before an answer was due") == 5


def test_pictures_have_text_beside_them():
    """A picture is hidden from a screen reader and its row says the same, or it has a title, and mostly a description."""
    page = page_of(harness.bundled("article-2017.pcapng"))
    reader = Reader(page)
    outer = [row for row in reader.all("svg") if "x" not in row]
    titled = re.findall(r'<svg role="img"[^>]*><title>([^<]+)</title>(<desc>[^<]+</desc>)?', page)
    assert len(outer) == len(titled) + sum(row.get("aria-hidden") == "true" for row in outer)
    said = dict(titled)
    assert re.fullmatch("<desc>DNS from 0.00 s, 18 ms; connect from .* s, 20 ms; TLS from .* s, 40 ms; first data from .* s, 20 ms</desc>",
                        next(text for title, text in titled if title.startswith("teams.microsoft.com, 0.00 s to ")))
    assert "client and B" in said and "client to B" in said and "B to client" in said and "client and B through A" in said
    assert re.fullmatch(r"<desc>\d+ bars from 5 s: lowest 0.0 % at \d+ s, highest [1-9]\.\d % at \d+ s</desc>", said["Loss, audio received"])
    assert all(row.get("aria-label") or row.get("id") or row.get("class", "").startswith("card") for row in reader.all("div"))


# --- The command -----------------------------------------------------------------

def test_command_runs_tshark(tmp_path):
    harness.open_to_all(tmp_path)
    plugins = harness.loaded_plugins(harness.stage_dir())
    tools = harness.workspace() / "page"
    shutil.copytree(harness.ROOT / "page", tools, dirs_exist_ok=True)
    harness.open_to_all(tools)
    capture = harness.readable(harness.bundled("ipv6.pcap"))
    done = harness.run([sys.executable, tools / COMMAND.name, capture, "--tshark", harness.tshark_program(), "-o", "-"], plugins=plugins)
    assert done.returncode == 0 and not done.stderr and "<title>ipv6.pcap</title>" in done.stdout
    without = harness.run([sys.executable, tools / COMMAND.name, capture, "--tshark", harness.tshark_program(), "-o", "-"])
    assert without.returncode == 1 and "plugins are not installed" in without.stderr and not without.stdout
    absent = harness.run([sys.executable, tools / COMMAND.name, "/nowhere.pcap", "--tshark", harness.tshark_program(), "-o", "-"], plugins=plugins)
    assert absent.returncode and "nowhere.pcap" in absent.stderr and "Traceback" not in absent.stderr


def test_anonymous_page(tmp_path):
    """Nobody is in it: neither the client nor the capture's name; Microsoft's names stay."""
    harness.open_to_all(tmp_path)
    tools = harness.workspace() / "page"
    shutil.copytree(harness.ROOT / "page", tools, dirs_exist_ok=True)
    harness.open_to_all(tools)
    capture = harness.readable(harness.bundled("lync-discovery.pcap"))
    command = [sys.executable, tools / COMMAND.name, capture, "--tshark", harness.tshark_program(), "-o", "-"]
    plugins = harness.loaded_plugins(harness.stage_dir())
    named, hidden = (harness.run([*command, *more], plugins=plugins).stdout for more in ([], ["--anonymise"]))
    client = json.loads(reports(harness.bundled("lync-discovery.pcap")))["signins"][0]["client"]
    assert client in named and "lync-discovery" in named
    assert client not in hidden and "lync-discovery" not in hidden and "client-1" in hidden and "lyncdiscover.tenant-1" in hidden
    refused = harness.run([*command[:-2], "--json", "--anonymise"], plugins=plugins)
    assert refused.returncode == 2 and "--anonymise needs the capture" in refused.stderr


# --- In a browser -----------------------------------------------------------------

WITH_CHROMIUM = pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed: the page was not looked at in a browser")


@contextlib.contextmanager
def shown(capture, folder):
    page = folder / "page.html"
    page.write_text(page_of(capture))
    with browser.opened(page, folder) as opened:
        yield opened
        assert not opened.said, "the page or its policy complains"


@WITH_CHROMIUM
def test_phones_scroll_one_way(tmp_path):
    """At 390 pixels nothing is wider than the screen, and each cell of a stacked row says what it is."""
    with shown(harness.bundled("article-2017.pcapng"), tmp_path) as page:
        page.size(390, 844, mobile=True)
        assert page.value("document.documentElement.scrollWidth") <= 390
        assert page.value("[...document.querySelectorAll('main *')].filter(e => !e.closest('svg, thead, details:not([open])')"
                          " && e.getBoundingClientRect().right > 391).length") == 0
        page.value("document.querySelectorAll('details').forEach(folded => { folded.open = true; })")
        assert page.value("document.documentElement.scrollWidth") <= 390
        labels = page.value("[...document.querySelectorAll('.wide td')].filter(cell => cell.offsetHeight)"
                            ".map(cell => getComputedStyle(cell, '::before').content)")
        assert len(labels) > 100 and {'"Address: "', '"Loss: "', '"Name: "'} <= set(labels) and '": "' not in labels


@WITH_CHROMIUM
@pytest.mark.parametrize("width", [390, 1280])
def test_screen_reader(width, tmp_path):
    """Headings in their order, landmarks, tables with headings, pictures and buttons with names: on a phone, too."""
    with shown(harness.bundled("article-2017.pcapng"), tmp_path) as page:
        page.size(width, 800, mobile=width < 500)
        nodes = list(page.tree())
    levels = [properties["level"] for role, _, properties in nodes if role == "heading"]
    assert levels[0] == 1 and levels.count(1) == 1 and all(after <= before + 1 for before, after in zip(levels, levels[1:]))
    roles = collections.Counter(role for role, _, _ in nodes)
    assert [roles[name] for name in ("main", "banner", "navigation", "status")] == [1, 1, 1, 1], roles
    assert roles["table"] == 6 and roles["columnheader"] >= 20 and roles["cell"] > 150       # one more is folded away
    unnamed = [role for role, name, _ in nodes if role in ("image", "button", "link", "table", "region", "heading", "columnheader") and not name]
    assert not unnamed
    assert {name for role, name, _ in nodes if role == "table"} >= {"Share is that of the call's bytes.", "Names of the capture. Regions are those that names tell."}


@WITH_CHROMIUM
def test_keys(tmp_path):
    """The tabulator reaches everything that can be used, in the order of the page, and where it is can be seen; Enter uses it."""
    with shown(harness.bundled("article-2017.pcapng"), tmp_path) as page:
        page.size(1280, 720)
        page.value("window.usable = [...document.querySelectorAll('a, button, summary, [tabindex]')].filter(e => e.offsetParent || e.tagName == 'A')"
                   ".filter(e => !e.closest('details:not([open])') || e.tagName == 'SUMMARY')")
        count = page.value("usable.length")
        assert count > 50
        reached, marks = [], set()
        for _ in range(count):
            page.press("Tab")
            reached.append(page.value("usable.indexOf(document.activeElement)"))
            marks.add(page.value("getComputedStyle(document.activeElement).outlineStyle"))
        assert reached == list(range(count)) and marks == {"solid"}
        page.value("document.querySelector('nav a').focus()")
        page.press("Enter")
        page.until("location.hash == '#signin-1'")
        page.value("document.querySelector('summary').focus()")
        page.press("Enter")
        page.until("document.querySelector('details').open")
        page.value("document.querySelector('button[data-copy]').focus()")
        page.press(" ")
        page.until("document.getElementById('copied').textContent.endsWith('teams.signin == 1')")


@WITH_CHROMIUM
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(scheme, tmp_path):
    """Words against what is behind them: at least 4.5 to 1 (WCAG 2.1, 1.4.3)."""
    with shown(harness.shared("failures/05-syn-dropped-login.pcapng"), tmp_path) as page:
        page.media(scheme=scheme)
        pairs = page.value("""[...document.querySelectorAll('main *, nav *, header *')].filter(e => !e.closest('svg') && e.innerText && e.offsetHeight).map(e => {
            let behind = e;
            while (behind && getComputedStyle(behind).backgroundColor == 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
            return [getComputedStyle(e).color, getComputedStyle(behind || document.body).backgroundColor]; })""")
    assert len(pairs) > 50
    assert not [pair for pair in map(tuple, {tuple(pair) for pair in pairs}) if contrast(*pair) < 4.5]


def contrast(one, other):
    """By WCAG 2.1: of two colours as "rgb(1, 2, 3)"."""
    def luminance(colour):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("size", ["1280,1150", "500,844"])
def test_chromium_shows_it(size, tmp_path):
    """The script runs under the policy, nothing is fetched, and a picture comes out that is not of one colour."""
    if not shutil.which("chromium"):
        pytest.skip("chromium is not installed: the page was not looked at in a browser")
    page = tmp_path / "page.html"
    page.write_text(page_of(harness.bundled("article-2017.pcapng")))
    done = subprocess.run(["chromium", *browser.OPTIONS, f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", f"--window-size={size}",
                           f"--screenshot={tmp_path / 'page.png'}", page.as_uri()], capture_output=True, text=True, check=False, timeout=harness.TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    assert not [line for line in done.stderr.splitlines() if "CONSOLE" in line], "the page or its policy complains"
    assert (tmp_path / "page.png").stat().st_size > 20_000
    if os.environ.get("TEAMSHARK_PICTURES"):
        shutil.copy(tmp_path / "page.png", os.path.join(os.environ["TEAMSHARK_PICTURES"], f"page_{size.split(',')[0]}.png"))
