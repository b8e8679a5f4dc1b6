#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes one HTML page of what Teamshark tells of a capture: to look at, to print, to send.

The page is a file of its own: it fetches nothing. It says what the JSON of the reports
says (docs/schema/reports.json), and less where something was not measured."""

import argparse
import base64
import hashlib
import html
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
TEMPLATES = (HERE / "page.html", HERE.parent / "share/teamshark/page.html")
REPORTS = ("summary", "signin", "calls", "names")
MOST_ROWS = 200         # of a picture or a table
MOST_LANES = 7          # of a ladder, the client's among them
MOST_CHARTS = 24        # streams drawn over time
MOST_DRAWN = 10         # sign-ins, and calls, that have pictures: a page is to be sent by mail
MOST_BYTES = 950_000    # of its parts, for the same reason: what does not fit is counted
CARD_BYTES = 300_000    # of these at the top
WORST = 3               # problems at the top of the page


# --- HTML: names, reasons and credentials come from strangers ------------------

class Markup(str):
    """HTML. Only element() makes it, so that everything else is escaped."""


def text(value):
    """A value as HTML text. A character that cannot be seen, or turns others round, is spelt out."""
    shown = "".join(f"\\u{{{ord(c):x}}}" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c != "\n" else c
                    for c in str(value))
    return Markup(html.escape(shown, quote=True))


def element(name, *children, **attributes):
    """An element. Underscores of attributes stand for hyphens, and one at the end for none."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
                      for key, value in attributes.items() if value is not None)
    return Markup(f"<{name}{written}>{join(children)}</{name}>")


def join(parts, between=""):
    return Markup(between.join(part if isinstance(part, Markup) else text(part) for part in parts if part))


# --- JSON: what is missing, or of another type, is not told --------------------

def rows(row, key):
    value = row.get(key)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def words(row, key):
    value = row.get(key)
    return value if isinstance(value, str) else ""


def lists(row, key):
    value = row.get(key)
    return ", ".join(str(entry) for entry in value if isinstance(entry, (str, int))) if isinstance(value, list) else ""


def number(row, key):
    value = row.get(key)
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15
    return value if usable else None


def whole(row, key):
    """A number that is counted, as an int; 0 where there is none."""
    return max(0, int(number(row, key) or 0))


def host(end):
    """The address of "192.0.2.1:3478" or "[2001:db8::1]:3478"."""
    match = re.fullmatch(r"\[?(.+?)\]?:\d+", end)
    return match[1] if match else end


def seconds(value):
    """A length of time, in the unit that suits it."""
    if value is None:
        return ""
    if abs(value) >= 1:
        return f"{value:.2f} s"
    return f"{value * 1000:.0f} ms" if abs(value) >= 0.01 else f"{value * 1000:.1f} ms"


def moment(value):
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)[\d.]*Z", value)
    return f"{match[1]} {match[2]} UTC" if match else value


def counted(count, singular, plural=None):
    return f"{count} {singular if count == 1 else plural or singular + 's'}"


# --- Parts that recur ------------------------------------------------------------

SEVERITIES = {"OK": ("ok", "✓"), "check": ("check", "!"), "broken": ("broken", "✕"), "unknown": ("unknown", "?"),
              "error": ("broken", "✕"), "warning": ("check", "!"), "note": ("unknown", "i"), "chat": ("unknown", "i")}


def severity(row):
    """The class, the sign and the word of how bad something is."""
    word = words(row, "severity")
    return (*SEVERITIES.get(word, ("unknown", "?")), word or "unknown")


def badge(row):
    kind, sign, word = severity(row)
    return element("span", f"{sign} {word}", class_=f"badge {kind}")


def copied(display_filter, label=None):
    """A button that copies a display filter."""
    return element("button", label or display_filter, type="button", data_copy=display_filter,
                   title=f"copy the filter {display_filter}") if display_filter else ""


def service(row):
    """A service in words; JSON of an older version has its code alone."""
    return words(row, "service_label") or words(row, "service")


def frame(row, key="frame"):
    return copied(f"frame.number == {whole(row, key)}", f"frame {whole(row, key)}") if whole(row, key) > 0 else ""


def problem(row, verdict=""):
    """One problem; what the verdict above it says already is not said again."""
    kind, sign, word = severity(row)
    times = whole(row, "count")
    details = lists(row, "details")
    summary = words(row, "summary")
    said = [element("span", f"{sign} {word}: ", class_="level"),
            element("span", summary, f": {details}" if details else "", f" ({times} times)" if times > 1 else "")]
    if summary and summary in verdict and words(row, "advice"):
        said = [element("span", f"{sign} What to do:", class_="level")]
    return element("li", *said, element("p", words(row, "advice")) if words(row, "advice") else "",
                   frame(row), copied(words(row, "filter")), class_=kind)


def problems(row):
    """All of them; what is normal is folded away."""
    found, verdict = rows(row, "problems"), words(row, "verdict")
    normal = [row for row in found if words(row, "severity") == "chat"]
    told = [row for row in found if row not in normal]
    folded = element("details", element("summary", "What needs no action: ", counted(len(normal), "remark")),
                     element("ul", *map(problem, normal), class_="problems"))
    return join([element("ul", *(problem(entry, verdict) for entry in told), class_="problems") if told else "", folded if normal else ""])


def table(caption, heads, body):
    """A table that scrolls by itself, and whose rows are stacked where the screen is narrow; a head that begins with "#" is of numbers.

    Roles are written out: a table that is laid out as blocks is none to a browser."""
    def kind(head):
        return "number" if head[0] == "#" else None
    head = element("tr", *(element("th", head.lstrip("#"), class_=kind(head), scope="col", role="columnheader") for head in heads), role="row")
    if len(body) > MOST_ROWS:
        caption += f" The first {MOST_ROWS}; {len(body) - MOST_ROWS} more are in the JSON of the report."
        body = body[:MOST_ROWS]
    lines = [element("tr", *(element("td", content, class_=kind(head), role="cell", data_label=head.lstrip("#"))
                             for head, content in zip(heads, line)), role="row") for line in body]
    return element("div", element("table", element("caption", caption), element("thead", head, role="rowgroup"),
                                  element("tbody", *lines, role="rowgroup"), role="table"),
                   class_="wide", tabindex="0", role="region", aria_label=caption)


def svg(*children, title=None, description=None, kind=None):
    """A picture as wide as its place. A screen reader is told its title and description; without a title it only repeats the text beside it."""
    if not title:
        return element("svg", *children, aria_hidden="true", class_=kind)
    return element("svg", element("title", title), element("desc", description) if description else "", *children, role="img", class_=kind)


def percent(value):
    return f"{value:.2f}%"


def line(x1, x2, y1, y2, kind):
    return element("line", x1=percent(x1), x2=percent(x2), y1=y1, y2=y2, class_=kind)


def shape(x, path, kind):
    """A small shape of fixed size at a place that moves with the width."""
    return element("svg", element("path", d=path), x=percent(x), y="11", width="1", height="1", class_=kind)


CROSS = "M-5 -5L5 5M-5 5L5 -5"
TO_RIGHT, TO_LEFT, DOT = "M0 0L-8 -4V4Z", "M0 0L8 -4V4Z", "M-3 0A3 3 0 1 0 3 0A3 3 0 1 0 -3 0Z"


# --- The waterfall of a sign-in ---------------------------------------------------

PHASES = (("dns", "DNS"), ("connect", "connect"), ("tls", "TLS"), ("data", "first data"), ("wait", "waiting"))
# How far a connection got; the words are those of the report of sign-ins.
STATES = {
    "joined": "beginning or answers not in the capture", "connected": "connected, no TLS seen",
    "secured": "TLS session established", "used": "TLS session with data both ways",
}
FAILED = {
    "unanswered": "not answered", "refused": "refused", "prohibited": "refused by the network",
    "proxy_refused": "refused by the proxy", "hello_unanswered": "no answer to the ClientHello",
    "hello_reset": "ended right after the ClientHello", "alert": "TLS handshake refused",
    "handshake_ended": "TLS handshake not finished",
}
WAITING = "sent, and the capture ends before an answer was due"
RCODES = {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
SOON = 5.0      # a connection this soon after its name was asked for is drawn in the name's line


class Bar:
    """A line of the waterfall: a name's question, a connection, or both."""

    def __init__(self, step, connection):
        self.step, self.connection = step or {}, connection or {}
        first = step or connection
        self.name = words(first, "name")
        self.stage = words(first, "stage")
        self.start = min([time for time in (number(step or {}, "time"), number(connection or {}, "time")) if time is not None], default=0.0)
        self.phases = []        # (kind, start, length)
        self.failures = []      # (moment, words)
        if step:
            self.add_question(step)
        if connection:
            self.add_connection(connection)

    def add_question(self, step):
        length, rcode = number(step, "answer_time"), whole(step, "rcode")
        if length is not None and whole(step, "frame") != whole(step, "server_name_frame"):
            self.phases.append(("dns", number(step, "time") or 0.0, length))
        if rcode:
            self.failures.append((self.end(), f"DNS: {RCODES.get(rcode, f'response code {rcode}')}"))
        elif whole(step, "asked") and not whole(step, "answer_frame"):
            self.failures.append((self.end(), "DNS: no answer in the capture"))

    def add_connection(self, connection):
        """Only the start of a connection is known: its phases are laid end to end. One that failed waited until its last frame."""
        start = at = number(connection, "time") or 0.0
        for (kind, _), key in zip(PHASES[1:4], ("connect_time", "tls_time", "first_data_time")):
            length = number(connection, key)
            if length is not None:
                self.phases.append((kind, at, length))
                at += length
        state = words(connection, "state")
        if state in FAILED and not connection.get("waiting"):
            waited = start + (number(connection, "duration") or 0.0) - at
            if waited > 0:
                self.phases.append(("wait", at, waited))
                at += waited
            self.failures.append((at, FAILED[state]))

    def end(self):
        return max([self.start, *(start + length for _, start, length in self.phases)])

    def spans(self):
        """When something happened."""
        tick = number(self.connection, "time")
        return [(self.start, self.start), *(((tick, tick),) if tick is not None else ()),
                *((start, start + max(length, 0)) for _, start, length in self.phases)]


class Axis:
    """Seconds as per cent of the width. Time in which nothing happens is cut out."""

    def __init__(self, spans):
        spans = sorted(spans)
        active = sum(end - start for start, end in spans)
        longest_kept = max(0.05, active / 8)
        self.pieces = []
        for start, end in spans:
            if self.pieces and start - self.pieces[-1][1] <= longest_kept:
                self.pieces[-1][1] = max(self.pieces[-1][1], end)
            else:
                self.pieces.append([start, end])
        for piece in self.pieces:
            piece[1] = max(piece[1], piece[0] + active / 50 + 0.001)
        self.cut = min(2, 30 / max(1, len(self.pieces) - 1))
        total = sum(end - start for start, end in self.pieces)
        self.scale = (96 - self.cut * (len(self.pieces) - 1)) / total

    def at(self, second):
        x = 1
        for start, end in self.pieces:
            if second <= end:
                return x + max(0, second - start) * self.scale
            x += (end - start) * self.scale + self.cut
        return 97

    def cuts(self):
        return [self.at(start) - self.cut / 2 for start, _ in self.pieces[1:]]

    def labels(self):
        """The moments to write: those after cuts, as far as they have room, and the end."""
        written, room = [], -100
        for moment_, _ in self.pieces:
            x = self.at(moment_)
            if x - room >= 12 and x < 88:
                written.append(element("text", f"{moment_:.1f} s", x=percent(x), y="14", class_="small"))
                room = x
        return written


def belongs(step, connection):
    """Whether a connection is drawn in the line of a name: it carries its server name, or follows its question soon."""
    if words(step, "name") != words(connection, "name"):
        return False
    if whole(connection, "frame") <= whole(step, "server_name_frame") <= whole(connection, "last_frame"):
        return True
    asked, begun = number(step, "time"), number(connection, "time")
    return asked is not None and begun is not None and 0 <= begun - asked <= SOON


def bars_of(signin):
    """Names and connections in their order."""
    free, bars = rows(signin, "connections"), []
    for step in rows(signin, "steps"):
        mine = next((entry for entry in free if belongs(step, entry)), None)
        free = [entry for entry in free if entry is not mine]
        bars.append(Bar(step, mine))
    bars += [Bar(None, connection) for connection in free]
    return sorted(bars, key=lambda bar: bar.start)


def bar_picture(bar, axis):
    drawn = [line(x, x, -99, 199, "cut") for x in axis.cuts()]
    for kind, start, length in bar.phases:
        left, right = axis.at(start), axis.at(start + max(length, 0))
        drawn.append(element("rect", x=percent(left), width=percent(max(right - left, 0.3)), y="6", height="10", class_=kind))
    if not bar.phases:
        x = axis.at(bar.start)
        drawn.append(line(x, x, 4, 18, "tick"))
    drawn += [shape(axis.at(when) + 1.2, CROSS, "bad") for when, _ in bar.failures]
    names = dict(PHASES)
    told = [f"{names[kind]} from {start:.2f} s, {seconds(length)}" for kind, start, length in bar.phases]
    told += [f"failed at {when:.2f} s: {said}" for when, said in bar.failures]
    return svg(*drawn, title=f"{bar.name or 'no name'}, {bar.start:.2f} s to {bar.end():.2f} s", description="; ".join(told))


def bar_row(bar, axis):
    about = join([service(bar.step) or service(bar.connection), lists(bar.step, "providers"),
                  words(bar.step, "region"), words(bar.connection, "server") or words(bar.step, "server")], " · ")
    names = dict(PHASES)
    measured = ", ".join(f"{names[kind]} {seconds(length)}" for kind, _, length in bar.phases)
    state = WAITING if bar.connection.get("waiting") else STATES.get(words(bar.connection, "state"), "")
    again = whole(bar.step, "asked")
    return [
        element("td", bar.name or "no name", element("small", about) if about else "", role="cell"),
        element("td", bar_picture(bar, axis), class_="picture", role="cell"),
        element("td", f"at {bar.start:.2f} s", f": {measured}" if measured else "",
                f"; asked {again} times" if again > 1 else "",
                element("small", state) if state else "",
                *(element("span", f" ✕ {said}", class_="broken") for _, said in bar.failures),
                element("small", frame(bar.step) or frame(bar.connection),
                        frame(bar.connection) if bar.step and whole(bar.connection, "frame") != whole(bar.step, "frame") else ""), role="cell")]


def stage_bands(bars, axis):
    """Lines that follow each other in one stage are a band."""
    bands = []
    for bar in bars:
        if not bands or bands[-1][0].stage != bar.stage:
            bands.append([])
        bands[-1].append(bar)
    for index, band in enumerate(bands):
        head = element("th", band[0].stage or "other", scope="rowgroup", rowspan=len(band), class_="stage", role="rowheader")
        lines = [element("tr", head if bar is band[0] else "", *bar_row(bar, axis), role="row") for bar in band]
        yield element("tbody", *lines, class_="even" if index % 2 else None, role="rowgroup")


def waterfall(signin):
    bars = bars_of(signin)
    if not bars:
        return ""
    left_out = len(bars) - MOST_ROWS
    bars = bars[:MOST_ROWS]
    axis = Axis([span for bar in bars for span in bar.spans()])
    legend = [element("li", svg(element("rect", x="0", width="100%", y="1", height="10", class_=kind)), label) for kind, label in PHASES]
    legend.append(element("li", svg(element("svg", element("path", d=CROSS), x="8", y="6", width="1", height="1", class_="bad")), "failed, or not answered"))
    head = element("tr", *(element("th", name, scope="col", role="columnheader") for name in ("Stage", "Name")),
                   element("th", svg(*axis.labels(), title="seconds from the start of the sign-in"), scope="col", class_="picture",
                           role="columnheader"),
                   element("th", "Times and result", scope="col", role="columnheader"), role="row")
    said = "Each line begins where it was seen; the phases of a connection are drawn end to end."
    if axis.cuts():
        said += " Dotted lines stand for time in which nothing of this happened, which is left out."
    if left_out > 0:
        said += f" {counted(left_out, 'later line')} not drawn."
    return join([element("h3", "Waterfall"), element("ul", *legend, class_="legend"),
                 element("table", element("caption", said), element("thead", head, role="rowgroup"), *stage_bands(bars, axis),
                         class_="drawn waterfall", role="table")])


def stages_said(signin):
    missing = [(words(row, "stage"), words(row, "explanation")) for row in rows(signin, "missing_stages")]
    early = [f"{words(row, 'stage')} came before {words(row, 'expected_after')}" for row in rows(signin, "out_of_order")]
    said = [element("li", f"{stage}: not in this capture", f" (maybe: {why})" if why else "") for stage, why in missing]
    said += [element("li", sentence) for sentence in early]
    return join([element("h3", "Stages"), element("ul", *said)]) if said else ""


# --- The ladder of a call --------------------------------------------------------

class Ladder:
    """Who stands where, and what went between them, in the order of frames."""

    def __init__(self, call):
        self.call = call
        self.allocations = {whole(row, "allocation"): row for row in rows(call, "allocations")}
        self.pairs = {whole(row, "pair"): row for row in rows(call, "pairs")}
        self.relays = list(dict.fromkeys(host(words(row, "server")) for row in self.allocations.values()))
        self.lanes = self.choose_lanes()
        self.times = {}
        for row in [*self.allocations.values(), *self.pairs.values(), *rows(call, "remotes"), *rows(call, "streams")]:
            for at, time in (("first_frame", "time"), ("frame", "time"), ("granted_frame", "granted_time"), ("nominated_frame", "nominated_time")):
                self.times.setdefault(whole(row, at), number(row, time))
        self.events = sorted([*self.allocation_events(), *self.pair_events(), *self.remote_events(), *self.media_events()],
                             key=lambda event: event[0])

    def choose_lanes(self):
        """Relays first, then the others; where there are too many, those that mattered least have none."""
        remotes = rows(self.call, "remotes")
        answered = [host(words(row, "remote")) for row in self.pairs.values() if whole(row, "answers")]
        nominated = [host(words(row, "remote")) for row in self.pairs.values() if whole(row, "nominated_frame")]
        busy = [words(row, "address") for row in sorted(remotes, key=lambda row: -whole(row, "bytes"))]
        chosen = [words(self.call, "remote"), *nominated, *self.relays, *answered, *busy,
                  *(host(words(row, "remote")) for row in self.pairs.values())]
        chosen = [address for address in dict.fromkeys(chosen) if address]
        self.left_out = max(0, len(chosen) - (MOST_LANES - 1))
        return sorted(chosen[:MOST_LANES - 1], key=lambda address: address not in self.relays)

    def letter(self, address):
        return chr(ord("A") + self.lanes.index(address)) if address in self.lanes else ""

    def x(self, address):
        """The place of a lane; None stands for the client."""
        index = self.lanes.index(address) + 1 if address else 0
        return 6 + index * 88 / max(1, len(self.lanes))

    def route(self, remote, allocation):
        """The lanes that traffic passes: over the relay where it went inside an allocation. Empty: not drawn."""
        relay = host(words(self.allocations.get(allocation, {}), "server")) if allocation else ""
        passed = [address for address in (relay, remote) if address]
        return [None, *dict.fromkeys(passed)] if all(address in self.lanes for address in passed) and passed else []

    def allocation_events(self):
        """One line each: the relay is the one that answered last, and the first request may have gone to another address."""
        silent = {words(row, "address") for row in rows(self.call, "remotes") if words(row, "role") == "no-answer"}
        for row in self.allocations.values():
            relay, granted, refused = host(words(row, "server")), whole(row, "granted_frame"), whole(row, "error_frame")
            said = [f"allocation {whole(row, 'allocation')}{' over TCP' if row.get('tcp') is True else ''} at {words(row, 'server')}"]
            if granted:
                said.append(f"asked for since frame {whole(row, 'frame')}, granted"
                            + (f" after {seconds(number(row, 'response_time'))}" if number(row, "response_time") is not None else ""))
            if refused:
                said.append(f"refused with error {whole(row, 'error_code')} in frame {refused}")
            if not granted and not refused:
                said.append("asked for, not granted in this capture")
            said += [f"{title} {words(row, key)}" for title, key in (("relayed address", "relayed"), ("client seen as", "reflexive")) if words(row, key)]
            kind = "good" if granted else "bad" if refused or relay in silent else "arrow"
            yield granted or whole(row, "frame"), self.route(relay, 0), "both" if granted or refused else "right", kind, ", ".join(said)

    def pair_events(self):
        for row in self.pairs.values():
            title, answers = f"pair {whole(row, 'pair')}", whole(row, "answers")
            route = self.route(host(words(row, "remote")), whole(row, "allocation"))
            said = [f"{title}: {counted(whole(row, 'requests'), 'check')}, {answers} answered"]
            least, mean, most = (seconds(number(row, f"round_trip_{key}")) for key in ("min", "mean", "max"))
            if mean:
                said.append(f"round trip {mean}" + (f" ({least} to {most})" if least != most else ""))
            types = [words(row, "local_type"), words(row, "remote_type")]
            said.append(f"{words(row, 'local')} to {words(row, 'remote')}" + (f" ({' to '.join(types)})" if all(types) else ""))
            bad = words(row, "state") == "failed"
            yield whole(row, "frame"), route, "both" if answers else "", "bad" if bad else "arrow", ", ".join(said)
            nominated = whole(row, "nominated_frame")
            if nominated:
                earlier = nominated < whole(self.call, "first_frame")
                yield nominated, route, "", "good", f"{title}: nominated" + (" in an earlier call" if earlier else "")

    def remote_events(self):
        """Remote addresses that have neither an allocation nor a pair."""
        told = {*self.relays, *(host(words(row, "remote")) for row in self.pairs.values())}
        for row in rows(self.call, "remotes"):
            if words(row, "address") in told:
                continue
            sent, received = whole(row, "packets_sent"), whole(row, "packets_received")
            said = f"{words(row, 'address')}: {words(row, 'role_label') or 'traffic'}, {words(row, 'transport').upper()} {sent} sent, {received} received"
            yield whole(row, "first_frame"), self.route(words(row, "address"), 0), "both" if sent and received else "right" if sent else "left", \
                "bad" if words(row, "role") == "no-answer" else "arrow", said

    def media_events(self):
        for row in rows(self.call, "streams"):
            pair = self.pairs.get(whole(row, "pair"), {})
            route = self.route(host(words(pair, "remote")), whole(pair, "allocation")) if pair else []
            lost, kind = loss(row), words(row, "modality") or "media"
            said = f"{kind} {words(row, 'payload_name')} {words(row, 'direction')}: {counted(whole(row, 'packets'), 'packet')}".replace("  ", " ")
            if lost is not None:
                said += f", loss {lost:.1f} %"
            said += f", {told_gaps(row)}" if told_gaps(row) else ""
            yield whole(row, "frame"), route, "left" if words(row, "direction") == "received" else "right", "media", said

    def picture(self, route, way, kind):
        drawn = [line(x, x, -99, 199, "lane") for x in [self.x(None), *map(self.x, self.lanes)]]
        for start, end in zip(route, route[1:]):
            left, right = sorted((self.x(start), self.x(end)))
            drawn.append(line(left, right, 11, 11, kind))
        if route:
            left, right = self.x(route[0]), self.x(route[-1])
            drawn += [shape(self.x(relay), DOT, kind) for relay in route[1:-1]]
            far, near = (TO_RIGHT, TO_LEFT) if right > left else (TO_LEFT, TO_RIGHT)
            drawn.append(shape(right, far, kind) if way in ("right", "both") else "")
            drawn.append(shape(left, near, kind) if way in ("left", "both") else "")
            if kind == "bad":
                drawn.append(shape((left + right) / 2, CROSS, kind))
        return svg(*drawn, title=self.told(route, way, kind))

    def told(self, route, way, kind):
        """The arrow in words: "client to B through A"."""
        if not route:
            return None
        ends = [self.letter(route[-1]), "client"] if way == "left" else ["client", self.letter(route[-1])]
        relays = ", ".join(self.letter(relay) for relay in route[1:-1])
        return (" and ".join(ends) if way in ("both", "") else " to ".join(ends)) + (f" through {relays}" if relays else "") + \
            (", failed" if kind == "bad" else "")

    def html(self):
        if not self.events:
            return ""
        shown = self.events
        if len(shown) > MOST_ROWS:
            rank = {"media": 0, "good": 1, "arrow": 2, "bad": 3}
            shown = sorted(sorted(shown, key=lambda event: rank[event[3]])[:MOST_ROWS], key=lambda event: event[0])
        names = [element("text", name, x=percent(self.x(address)), y="14", text_anchor="middle")
                 for address, name in [(None, "client"), *((address, self.letter(address)) for address in self.lanes)]]
        said = "In the order of frames. Letters stand for the remote addresses below."
        if self.left_out:
            said += f" {counted(self.left_out, 'remote address has', 'remote addresses have')} no line."
        if len(shown) < len(self.events):
            said += f" {counted(len(self.events) - len(shown), 'row')} not drawn."
        head = element("tr", element("th", svg(*names, title="client and remote addresses", description=", ".join(f"{self.letter(address)}: {address}" for address in self.lanes)), scope="col", class_="picture", role="columnheader"),
                       element("th", "What", scope="col", role="columnheader"), role="row")
        body = [element("tr", element("td", self.picture(route, way, kind), class_="picture", role="cell"),
                        element("td", element("span", said_, class_="broken" if kind == "bad" else None), " ",
                                copied(f"frame.number == {at}", f"frame {at}") if at > 0 else "", self.when(at), role="cell"), role="row")
                for at, route, way, kind, said_ in shown]
        return join([element("h3", "Ladder"),
                     element("table", element("caption", said), element("thead", head, role="rowgroup"),
                             element("tbody", *body, role="rowgroup"), class_="drawn ladder", role="table")])

    def when(self, at):
        return f"at {self.times[at]:.3f} s" if self.times.get(at) is not None else ""


def loss(stream):
    """Loss in per cent without its gaps, as the summary has it; None where nothing was expected."""
    in_gaps = sum(whole(row, "missing") for row in rows(stream, "gaps"))
    expected, lost = whole(stream, "expected") - in_gaps, whole(stream, "lost") - in_gaps
    return 100 * max(0, lost) / expected if expected > 0 and number(stream, "lost") is not None else None


def loss_cell(lost):
    if not lost:
        return "" if lost is None else "0 %"
    return join([f"{lost:.2f} %", svg(element("rect", x="0", width=percent(min(100, 10 * lost)), y="1", height="6", class_="bad"))])


def gaps_of(stream):
    """When nothing of a stream came, and for how long."""
    gaps = [(number(row, "time"), number(row, "seconds")) for row in rows(stream, "gaps")]
    return [(time, length) for time, length in gaps if time is not None and length is not None]


def told_gaps(stream):
    gaps = gaps_of(stream)
    return f"missing for {sum(length for _, length in gaps):.1f} s" + (f" in {len(gaps)} gaps" if len(gaps) > 1 else "") if gaps else ""


def gap_picture(stream, duration):
    """The gaps of a stream along the call, where it has any."""
    gaps = gaps_of(stream)
    if not gaps:
        return ""
    said = "; ".join(f"{length:.1f} s from {time:.1f} s" for time, length in gaps)
    if not duration:
        return said
    def place(time):
        return min(100, max(0, 100 * time / duration))
    drawn = [element("rect", x=percent(place(time)), width=percent(max(0.5, place(time + length) - place(time))), y="5", height="12", class_="bad")
             for time, length in gaps]
    return join([svg(line(0, 100, 11, 11, "media"), *drawn, title="gaps along the call", description=said), element("small", said)])


def streams(call):
    found = rows(call, "streams")
    if not found:
        return ""
    with_gaps = any(rows(row, "gaps") for row in found)
    body = []
    for row in found:
        lost, jitter, worst = loss(row), number(row, "jitter_mean_ms"), number(row, "jitter_max_ms")
        length = number(row, "duration")
        body.append([
            join([words(row, "modality") or "not known", " ", words(row, "payload_name"), element("small", f"SSRC {words(row, 'ssrc')}")]),
            words(row, "direction"), str(whole(row, "packets")),
            loss_cell(lost),
            "" if jitter is None else f"{jitter:.1f} ms", "" if worst is None else f"{worst:.1f} ms",
            f"{8 * whole(row, 'bytes') / length / 1000:.0f} kbit/s" if length else f"{whole(row, 'bytes') / 1000:.1f} kB",
            gap_picture(row, number(call, "duration")), frame(row)])
    heads = ["Stream", "Direction", "#Packets", "#Loss", "#Mean jitter", "#Highest jitter",
             "#Bit rate" if any(number(row, "duration") for row in found) else "#RTP", "Gaps along the call", "First frame"]
    if not with_gaps:
        heads, body = heads[:7] + heads[8:], [cells[:7] + cells[8:] for cells in body]
    said = "Measured where the capture was taken: what is sent may still be lost on its way. The red bar is full at 10 % of loss."
    said += " Loss is without the gaps." if with_gaps else ""
    return join([element("h3", "Media streams"), table(said, heads, body)])


# What is drawn of a stream over time: heading, colour, figure of a part, unit, least height of the scale.
CHARTS = (
    ("Bit rate", "media", lambda part: 8 * whole(part, "bytes") / number(part, "seconds") / 1000 if number(part, "seconds") else None, "kbit/s", 1),
    ("Loss", "bad", lambda part: 100 * whole(part, "lost") / (whole(part, "lost") + whole(part, "packets") or 1), "%", 5),
    ("Jitter", "connect", lambda part: number(part, "jitter_max_ms"), "ms", 10),
)
CHART_HEIGHT = 44       # as in page.html


def chart(stream, duration, title, kind, figure, unit, top):
    """One figure of a stream along the call, as bars from the bottom."""
    bars, told = [], []
    for part in rows(stream, "over_time"):
        value, begin, length = figure(part), number(part, "time"), number(part, "seconds")
        if value is None or begin is None or length is None:
            continue
        start = (number(stream, "time") or 0.0) + begin
        told.append((value, start))
        left = min(100, max(0, 100 * start / duration))
        right = min(100, max(left, left + 100 * length / duration))
        height = min(CHART_HEIGHT, max(0, CHART_HEIGHT * value / top))
        if height:
            bars.append(element("rect", x=percent(left), width=percent(max(0.3, right - left - 0.2)), y=f"{CHART_HEIGHT - height:.1f}",
                                height=f"{height:.1f}"))
    if not told:
        return "not known"
    (least, low), (most, high) = min(told), max(told, key=lambda bar: bar[0])
    said = f"lowest {least:.1f} {unit} at {low:.0f} s, highest {most:.1f} {unit} at {high:.0f} s" if least < most else f"{most:.1f} {unit} throughout"
    return join([svg(line(0, 100, CHART_HEIGHT, CHART_HEIGHT, "lane"), element("g", *bars, class_=kind), kind="chart", title=f"{title}, {words(stream, 'modality')} {words(stream, 'direction')}",
                     description=f"{counted(len(told), 'bar')} from {told[0][1]:.0f} s: {said}"),
                 element("small", f"highest {most:.1f} {unit}")])


def over_time(call):
    """Bit rate, loss and jitter of each stream along the call; one scale for all streams, but for the bit rate."""
    duration = number(call, "duration")
    found = [row for row in rows(call, "streams") if len(rows(row, "over_time")) > 1]
    if not duration or duration <= 0 or not found:
        return ""
    shown = sorted(sorted(found, key=lambda row: -whole(row, "packets"))[:MOST_CHARTS], key=lambda row: whole(row, "frame"))
    def top(row, figure, least):
        values = [figure(part) for entry in (shown if row is None else [row]) for part in rows(entry, "over_time")]
        return max([value for value in values if value is not None] + [least])
    tops = [None if unit == "kbit/s" else top(None, figure, least) for _, _, figure, unit, least in CHARTS]
    axis = svg(element("text", "0 s", x="0", y="14", class_="small"),
               element("text", f"{duration:.0f} s", x="100%", y="14", text_anchor="end", class_="small"), title="from the start of the call to its end")
    head = element("tr", element("th", "Stream", scope="col", role="columnheader"),
                   *(element("th", f"{title} up to {math.ceil(limit)} {unit}" if limit else title, axis, scope="col", class_="picture",
                             role="columnheader") for (title, _, _, unit, _), limit in zip(CHARTS, tops)), role="row")
    body = [element("tr", element("th", join([words(row, "modality") or "not known", " ", words(row, "payload_name"), " ", words(row, "direction")]),
                                  element("small", f"SSRC {words(row, 'ssrc')}"), scope="row", role="rowheader"),
                    *(element("td", element("span", title, class_="narrow"), chart(row, duration, title, kind, figure, unit, limit or top(row, figure, least)),
                              class_="picture", role="cell")
                      for (title, kind, figure, unit, least), limit in zip(CHARTS, tops)), role="row")
            for row in shown]
    said = "Along the whole call. A bar is one second, and more in long streams. Bit rate is of RTP, without UDP and IP. What is missing counts where the next packet came."
    if len(shown) < len(found):
        said += f" {counted(len(found) - len(shown), 'smaller stream')} not drawn."
    return join([element("h3", "Media over time"),
                 element("table", element("caption", said), element("thead", head, role="rowgroup"), element("tbody", *body, role="rowgroup"),
                         class_="drawn over-time", role="table")])


def remotes(call, ladder, regions):
    body = [[ladder.letter(words(row, "address")),
             join([words(row, "address"), f" port {lists(row, 'ports')}" if lists(row, "ports") else "",
                   element("small", words(row, "name")) if words(row, "name") not in ("", words(row, "address")) else ""]),
             words(row, "role_label"),
             join([words(row, "transport").upper(), words(row, "path").replace("_", " "), words(row, "modality")], " · "),
             regions.get(words(row, "name"), ""), words(row, "prefix"),
             str(whole(row, "packets_sent")), str(whole(row, "packets_received")),
             "" if number(row, "share") is None else f"{number(row, 'share'):.1f} %", frame(row, "first_frame")]
            for row in rows(call, "remotes")]
    told = {words(row, "address") for row in rows(call, "remotes")}
    body += [[ladder.letter(address), address, "reached through a relay", *[""] * 7] for address in ladder.lanes
             if address not in told and any(host(words(row, "remote")) == address and whole(row, "allocation") for row in ladder.pairs.values())]
    return join([element("h3", "Remote addresses"),
                 table("Share is that of the call's bytes.", ["Line", "Address", "Part", "Traffic", "Region and provider", "Published prefix",
                                                              "#Sent", "#Received", "#Share", "First frame"], body)]) if body else ""


def ports(call):
    def marks(row, key):
        return ", ".join(f"{whole(mark, 'dscp')} ({counted(whole(mark, 'packets'), 'packet')})" for mark in rows(row, key))
    body = [[str(whole(row, "port")), str(whole(row, "remote_port")), words(row, "modality"), words(row, "range"),
             marks(row, "dscp_sent"), marks(row, "dscp_received"), frame(row)] for row in rows(call, "client_ports")]
    return element("details", element("summary", "Client ports and DSCP"),
                   table("DSCP as it was where the capture was taken.", ["#Client port", "#Remote port", "Kind", "Documented range",
                                                                         "DSCP sent", "DSCP received", "First frame"], body)) if body else ""


# --- The page ------------------------------------------------------------------------

KINDS = {"signin": "Sign-in", "names": "Names", "call": "Call", "connectivity-probe": "Connectivity probe", "relay-exchange": "Short exchange with a relay"}


def heading(row, kind, key):
    if words(row, "verdict_code") in ("asked-alone", "questions-alone"):
        kind = "names"
    return f"{KINDS.get(kind, 'Result')} {whole(row, key)}"


def facts(row):
    """What is known of a sign-in or call in short."""
    lost = [f"{number(row, key):.1f} % {way}" for key, way in (("loss_sent", "sent"), ("loss_received", "received")) if number(row, key) is not None]
    remote = words(row, "remote")
    named = ", ".join(filter(None, (words(row, "remote_name"), words(row, "region"))))
    return " · ".join(part for part in (
        f"client {words(row, 'client')}" if words(row, "client") else "", moment(words(row, "start")),
        f"{number(row, 'duration'):.1f} s" if number(row, "duration") is not None else "",
        f"path {words(row, 'path').replace('_', ' ')}" if words(row, "path") else "", words(row, "transport").upper(),
        (f"to {remote}" + (f" ({named})" if named else "")) if remote else "",
        f"round trip {number(row, 'round_trip'):.0f} ms" if number(row, "round_trip") is not None else "",
        f"loss {', '.join(lost)}" if lost else "",
        f"a stream missing for {number(row, 'gap'):.1f} s" if number(row, "gap") is not None else "",
        f"mean jitter {number(row, 'jitter'):.0f} ms" if number(row, "jitter") is not None else "") if part)


def place_of(row):
    """Kind and number of the part that a row of the summary leads to."""
    return {"signin": "signin", "names": "signin", "nothing": ""}.get(words(row, "kind"), "call"), whole(row, "number")


def card(row, has_part):
    """One row of the summary."""
    kind, (link, place) = words(row, "kind"), place_of(row)
    found = rows(row, "problems")
    worst = [entry for entry in found if words(entry, "severity") != "chat"][:WORST]
    title = heading(row, kind, "number") if link else "Nothing found"
    if link and has_part:
        title = element("a", title, href=f"#{link}-{place}")
    more = len(found) - len(worst)
    return element("div", element("p", badge(row), " ", title, " ", copied(words(row, "filter"))),
                   element("p", words(row, "verdict"), class_="verdict"), element("p", facts(row), class_="soft") if facts(row) else "",
                   element("ul", *(problem(entry, words(row, "verdict")) for entry in worst), class_="problems") if worst else "",
                   element("p", f"{more} more below" if worst else f"{counted(more, 'remark')} below", class_="soft") if more > 0 and link and has_part else "", class_=f"card {severity(row)[0]}")


def not_drawn():
    return element("p", "Without pictures, so that this page can be sent: cut the capture with the filter above to draw this one.", class_="soft")


BADNESS = ("broken", "check", "unknown", "OK")


def worst_first(found):
    """The rows as the summary has them: where one does not say how bad it is, it is no better than OK."""
    return sorted(found, key=lambda row: BADNESS.index(words(row, "severity")) if words(row, "severity") in BADNESS else len(BADNESS))


def size(markup):
    return len(markup.encode())


def signin_part(signin, drawn):
    about = join([f"client {words(signin, 'client')}", moment(words(signin, "start")),
                  f"resembles a {words(signin, 'generation_label')}" if words(signin, "generation_label") else "",
                  f"proxy {words(signin, 'proxy')}" if words(signin, "proxy") else ""], " · ")
    return element("section", element("h2", heading(signin, "signin", "signin"), id=f"signin-{whole(signin, 'signin')}"),
                   element("p", badge(signin), " ", words(signin, "verdict"), class_="verdict"),
                   element("p", about, " ", copied(f"teams.signin == {whole(signin, 'signin')}"), class_="soft"),
                   problems(signin), waterfall(signin) if drawn else not_drawn(), stages_said(signin))


def call_part(call, regions, drawn):
    ladder = Ladder(call)
    about = join([f"client {words(call, 'client')}", moment(words(call, "start")),
                  f"{number(call, 'duration'):.1f} s" if number(call, "duration") is not None else "",
                  f"{counted(whole(call, 'packets'), 'packet')}"], " · ")
    return element("section", element("h2", heading(call, words(call, "kind"), "call"), id=f"call-{whole(call, 'call')}"),
                   element("p", badge(call), " ", words(call, "verdict"), class_="verdict"),
                   element("p", about, " ", copied(f"teams.call == {whole(call, 'call')}"), class_="soft"),
                   problems(call), ladder.html() if drawn else not_drawn(), remotes(call, ladder, regions), streams(call),
                   over_time(call) if drawn else "", ports(call))


def names_part(names):
    body = [[service(row), words(row, "stage"),
             join([words(row, "name"), element("small", words(row, "description")) if words(row, "description") else ""]),
             lists(row, "providers"), lists(row, "regions"), lists(row, "addresses"), frame(row)] for row in names]
    return element("section", element("h2", "Services, providers and regions", id="names"),
                   table("Names of the capture. Regions are those that names tell.",
                         ["Service", "Stage", "Name", "Providers", "Regions", "Addresses", "First frame"], body)) if body else ""


def parts_of(document, regions, room):
    """What is told of each sign-in and call: the worst come first, with pictures, until there is no room. By kind and number."""
    parts, drawn = {}, {"signin": 0, "call": 0}
    for row in worst_first([*rows(document, "signins"), *rows(document, "calls")]):
        kind = "call" if "call" in row else "signin"
        def made(with_pictures):
            return signin_part(row, with_pictures) if kind == "signin" else call_part(row, regions, with_pictures)
        tries = [True, False] if drawn[kind] < MOST_DRAWN else [False]
        fits = next(((part, pictures) for part, pictures in ((made(pictures), pictures) for pictures in tries) if size(part) <= room), None)
        if not fits:
            break
        parts[kind, whole(row, kind)] = fits[0]
        room -= size(fits[0])
        drawn[kind] = drawn[kind] + 1 if fits[1] else MOST_DRAWN
    return parts


def cards_of(summary):
    """The rows of the summary that have room, the worst first."""
    cards, room = [], CARD_BYTES
    for row in worst_first(summary):
        room -= size(card(row, True))
        if room < 0:
            break
        cards.append(row)
    return cards


def body_of(document, title):
    names, summary = names_part(rows(document, "names")), rows(document, "summary")
    regions = {words(row, "name"): ", ".join(filter(None, (lists(row, "regions"), lists(row, "providers")))) for row in rows(document, "names")}
    shown = cards_of(summary)
    parts = parts_of(document, regions, MOST_BYTES - size(names) - sum(size(card(row, True)) for row in shown))
    found = [("signin", row) for row in rows(document, "signins")] + [("call", row) for row in rows(document, "calls")]
    told = [(kind, row) for kind, row in found if (kind, whole(row, kind)) in parts]
    links = [element("a", heading(row, "signin" if kind == "signin" else words(row, "kind"), kind), href=f"#{kind}-{whole(row, kind)}") for kind, row in told]
    links += [element("a", "Services", href="#names")] if names else []
    more = len(summary) - len(shown), len(found) - len(told)
    return join([
        element("header", element("h1", title),
                element("p", "Teams and Skype traffic of this capture, as Teamshark reads it. Times of sign-ins and calls count from their start. "
                        "Buttons copy a display filter for Wireshark.", class_="soft")),
        element("nav", *links, aria_label="Parts of this page") if links else "",
        element("main", element("section", *(card(row, place_of(row) in parts) for row in shown),
                                element("p", f"{counted(more[0], 'more result')}, none of them worse than these: -z teams,summary,full has all.") if more[0] else "",
                                aria_label="Summary"),
                *(parts[kind, whole(row, kind)] for kind, row in told),
                element("p", f"{counted(more[1], 'more sign-in or call has', 'more sign-ins and calls have')} no part here, so that this page can be sent: "
                        "cut the capture with a filter of the summary.") if more[1] else "", names)])


def page(document, title):
    """The whole page of a document of reports."""
    template = next(path for path in TEMPLATES if path.is_file()).read_text(encoding="utf-8")
    script = re.search("<script>(.*?)</script>", template, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    parts = {"POLICY": f"sha256-{digest}", "TITLE": text(title), "BODY": body_of(document, title)}
    return re.sub("@(POLICY|TITLE|BODY)@", lambda match: parts[match[1]], template)


def usual_tshark():
    """tshark by its name where PATH has it; on Windows otherwise where Wireshark's installer puts it."""
    installed = pathlib.Path(os.environ.get("ProgramFiles", ""), "Wireshark", "tshark.exe")
    return str(installed) if os.name == "nt" and not shutil.which("tshark") and installed.is_file() else "tshark"


def read_capture(capture, program, anonymous):
    """The reports of a capture in one run of tshark."""
    options = [word for report in REPORTS for word in ("-z", f"teams,{report},json{',anonymise' if anonymous else ''}")]
    try:
        done = subprocess.run([program, "-n", "-q", "-r", capture, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    except OSError as error:
        sys.exit(f"teamshark-page: cannot run {program}: {error.strerror}")
    said = done.stderr.decode(errors="replace").strip()
    if "Invalid -z argument" in said:
        sys.exit(f"teamshark-page: {program} has no reports of Teamshark: its plugins are not installed for it, or too old")
    if done.returncode:
        sys.exit(said or f"teamshark-page: {program} ended with {done.returncode}")
    return done.stdout


def main():
    parser = argparse.ArgumentParser(prog="teamshark-page", description="Makes one HTML page of what Teamshark tells of a capture.")
    parser.add_argument("capture", help="a capture; with --json, the JSON of its reports (-: standard input)")
    parser.add_argument("-o", "--output", help="the page (-: standard output); otherwise the capture's name with .html, in this folder")
    parser.add_argument("--json", action="store_true", help="read JSON of reports instead of a capture")
    parser.add_argument("--anonymise", action="store_true", help="without names and addresses of people and hosts, and without the capture's name")
    parser.add_argument("--title", help="title of the page; otherwise the capture's name")
    parser.add_argument("--tshark", default=usual_tshark(), help="the tshark to run")
    options = parser.parse_args()
    if options.anonymise and options.json:
        parser.error("--anonymise needs the capture: make the JSON with teams,REPORT,json,anonymise")
    source = pathlib.Path(options.capture)
    try:
        if not options.json:
            read = read_capture(options.capture, options.tshark, options.anonymise)
        else:
            read = sys.stdin.buffer.read() if options.capture == "-" else source.read_bytes()
        document = json.loads(read)
        written = page(document if isinstance(document, dict) else {}, options.title or ("A capture" if options.anonymise else source.name)).encode()
        if options.output == "-":
            sys.stdout.buffer.write(written)
            return
        place = pathlib.Path(options.output or f"{source.stem}.html")
        place.write_bytes(written)
    except OSError as error:
        sys.exit(f"teamshark-page: {error.filename}: {error.strerror}")
    except ValueError:
        sys.exit(f"teamshark-page: what {options.capture if options.json else options.tshark} gave is no JSON")
    print(place)


if __name__ == "__main__":
    main()
