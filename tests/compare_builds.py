#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What two builds of the plugins say differently about the same captures.

Usage: tests/compare_builds.py [OPTION...] OLD_STAGE NEW_STAGE [CAPTURE...]
  -v           every place, not one example of each difference
  -k KIND      only differences of this kind: field, text, report or json (may be repeated)
  -e PATTERN   only differences whose field, line or key matches this regular expression

A stage is a folder of staged plugins, such as build/development/plugins-staged. Without
captures all bundled ones are read, and the real ones where they are present.

It compares, frame by frame, every field of ours (expert items among them) and the text of
our trees and of the Info column; and each report as text and as JSON. What changed on purpose
is in docs/field-names.md, the table of which this reads. Where its last column begins with
"renamed", the field is compared under both its names; any other row announces that values differ,
and those differences are only counted. A key of a report's JSON is `json:REPORT.key` there.
The same difference in several places is printed once, with its count.
Exit status: 0 no difference but the announced, 1 some.

What a build says about a capture is kept under ~/.cache/teamshark/compare, by the content
of both, so that the old side is asked once only."""

import argparse
import collections
import difflib
import hashlib
import json
import os
import pathlib
import pickle
import re
import sys
import typing
import zlib

import harness
import interface

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "teamshark/compare"
FORMAT = "2"        # of what is kept there
KINDS = ("field", "text", "report", "json")
NAMES = harness.ROOT / "docs/field-names.md"
ROW = re.compile(r"^\| (.*) \| (.*) \| (.*) \|$", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
TITLE = re.compile(r"(?m)^={80}\nTeams (.*)\n={80}$")
# What makes two differences the same one: numbers, addresses and other values do not count.
VALUE = re.compile(r"\b[0-9a-f]*\d[0-9a-f.:]*\b")


class Difference(typing.NamedTuple):
    kind: str       # field, text, report, json, announced
    subject: str    # the field, the key, or "" for text
    change: str     # what groups differences: old and new with values left out
    detail: str     # old and new as they are
    place: str      # capture, and frame or report


class Names(typing.NamedTuple):
    """What docs/field-names.md says."""
    renamed: dict       # old name -> new name, values being the same
    announced: set      # names whose values differ or that only one build has
    new: set            # names that the table promises

    def is_announced(self, name):
        """JSON keys are announced with all that is under them."""
        return name in self.announced or name.startswith("json:") and any(
            name.startswith(key) and name[len(key)] in ".[" for key in self.announced)


def names_table():
    names = Names({}, set(), set())
    for cells in ROW.findall(NAMES.read_text()):
        old, new = CODE.findall(cells[0]), CODE.findall(cells[1])
        names.new.update(new)
        if len(old) == len(new) == 1 and cells[2].startswith("renamed"):
            names.renamed[old[0]] = new[0]
        else:
            names.announced.update(old, new)
    return names


# --- What a build says about a capture ------------------------------------------

class Build:
    """Staged plugins, with what they register."""

    def __init__(self, stage):
        self.plugins = harness.loaded_plugins(pathlib.Path(stage).resolve())
        self.digest = digest(*sorted(self.plugins.glob("*/epan/*.so")))
        listing = self.tshark("-G", "fields")
        self.reports = [name for name in harness.REPORTS if name in known_reports(self.plugins)]
        self.fields = sorted({columns[2] for columns in (line.split("\t") for line in listing.splitlines())
                              if columns[0] == "F" and columns[2].split(".")[0] in interface.PROTOCOLS})

    def tshark(self, *args):
        return harness.checked(harness.run(harness.command_line(args, None, None), plugins=self.plugins), (0, 2))

    def about(self, capture, kind):
        """field: frame -> field -> values; text: frame -> lines; report and json: name -> text or document."""
        version = harness.tshark_program() + self.digest + digest(capture) + FORMAT + kind
        kept = CACHE / hashlib.sha256(version.encode()).hexdigest()
        if kept.exists():
            return pickle.loads(zlib.decompress(kept.read_bytes()))
        said = getattr(self, f"asked_{kind}")(capture)
        CACHE.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(f".{os.getpid()}")
        partial.write_bytes(zlib.compress(pickle.dumps(said)))
        partial.rename(kept)
        return said

    def asked_field(self, capture):
        runner = lambda *args, prefs: self.tshark(*args)    # noqa: E731
        frames = harness.read_fields(runner, ["-r", capture], ["frame.number", *self.fields], None)
        return {int(frame.pop("frame.number")[0]): {name: values for name, values in frame.items() if values} for frame in frames}

    def asked_text(self, capture):
        shown = self.tshark("-r", capture, "-P", "-O", ",".join(interface.PROTOCOLS))
        return {number: text.splitlines() for number, text in enumerate(by_frame(shown), 1)}

    def asked_report(self, capture):
        """All in one run, by their titles."""
        said = self.tshark("-q", "-r", capture, *(word for name in self.reports for word in ("-z", f"teams,{name}")))
        parts = TITLE.split(said)
        return dict(zip(parts[1::2], parts[2::2]))

    def asked_json(self, capture):
        """All in one run: one document by names, or as many documents as reports."""
        rest = self.tshark("-q", "-r", capture, *(word for name in self.reports for word in ("-z", f"teams,{name},json")))
        documents = {}
        while (rest := rest[rest.find("{"):] if "{" in rest else ""):
            document, end = json.JSONDecoder().raw_decode(rest)
            for head in document.get("reports", [document]):
                own = head["report"]
                documents[own] = {**head, **{key: rows for key, rows in document.items() if key in (own, f"{own}s")}}
            rest = rest[end:]
        return documents


def known_reports(plugins):
    """Those that tshark lists among what -z takes."""
    listing = harness.run(harness.command_line(["-z", "help"], None, None), plugins=plugins)
    return set(re.findall(r"(?m)^\s*teams,(\w+)$", listing.stdout + listing.stderr))


def digest(*paths):
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def by_frame(shown):
    """The text of -P -O by frame: the summary line, and what our trees hold. Stock's own lines fall away."""
    for part in re.split(r"(?m)^(?=.*\nFrame \d+: )", shown):
        summary, *lines = part.splitlines() or [""]
        if lines:
            ours = "\n".join(lines)
            trees = re.findall(r"(?m)^\S.*(?:\n +.*)+", ours)
            yield "\n".join([re.sub(r"^ *\d+ +[\d.]+ ", "", summary), *trees])


# --- Differences -------------------------------------------------------------------

def different_fields(old, new, names, capture):
    """Old and new values of each field, by its new name."""
    for number in sorted({*old, *new}):
        before = {names.renamed.get(name, name): values for name, values in old.get(number, {}).items()}
        after = new.get(number, {})
        for name in sorted({*before, *after}):
            was, now = before.get(name), after.get(name)
            if was != now:
                kind = "announced" if names.is_announced(name) else "field"
                yield Difference(kind, name, without_values(was, now), f"{listed(was)} -> {listed(now)}",
                                 f"{capture} frame {number}")


def without_values(was, now):
    if not was or not now:
        return "appears" if now else "is gone"
    if len(was) != len(now):
        return "has more occurrences" if len(now) > len(was) else "has fewer occurrences"
    pairs = sorted({f"{VALUE.sub('#', one)} -> {VALUE.sub('#', two)}" for one, two in zip(was, now) if one != two})
    return "; ".join(pairs)


def listed(values):
    return ", ".join(values) if values else "nothing"


def different_lines(kind, old, new, capture, where):
    """Changed lines, each group of them as one difference."""
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, from_old, to_old, from_new, to_new in matcher.get_opcodes():
        if tag != "equal":
            was, now = old[from_old:to_old], new[from_new:to_new]
            detail = "\n".join([*(f"  - {line}" for line in was), *(f"  + {line}" for line in now)])
            yield Difference(kind, "", VALUE.sub("#", detail), detail, f"{capture} {where}")


def flat(node, path=""):
    """Path -> values of a JSON document; indexes of lists are left out of the path."""
    if isinstance(node, dict):
        pairs = ((f"{path}.{key}", value) for key, value in node.items())
    elif isinstance(node, list):
        pairs = ((f"{path}[]", value) for value in node)
    else:
        return {path: [json.dumps(node, ensure_ascii=False)]}
    found = collections.defaultdict(list)
    for deeper, value in pairs:
        for key, values in flat(value, deeper).items():
            found[key] += values
    return found


def different_json(old, new, names, capture, report):
    keys = [(was[5:], now[5:]) for was, now in names.renamed.items() if was.startswith("json:")]

    def by_new_name(path):
        for was, now in keys:
            if path == was or path.startswith((was + ".", was + "[")):
                return now + path[len(was):]
        return path
    before = {by_new_name(report + path): values for path, values in flat(old).items()}
    after = {report + path: values for path, values in flat(new).items()}
    for path in sorted({*before, *after}):
        was, now = before.get(path), after.get(path)
        if was != now:
            kind = "announced" if names.is_announced(f"json:{path}") else "json"
            yield Difference(kind, path, without_values(was, now), f"{listed(was)} -> {listed(now)}", capture)


def differences(kind, old, new, names, capture):
    """What one kind of output says; a report that one build alone has is no difference."""
    both = sorted({*old} & {*new})
    if kind == "field":
        yield from different_fields(old, new, names, capture)
    elif kind == "text":
        for number in sorted({*old, *new}):
            yield from different_lines("text", old.get(number, []), new.get(number, []), capture, f"frame {number}")
    elif kind == "report":
        for name in both:
            yield from different_lines("report", old[name].splitlines(), new[name].splitlines(), capture, name)
    else:
        for name in both:
            yield from different_json(old[name], new[name], names, capture, name)


# --- The command ---------------------------------------------------------------------

def every_capture():
    paths = [*(harness.ROOT / "test-captures").rglob("*.pcap*"), *harness.shared_dir().rglob("*cap*")]
    return sorted(path for path in paths if path.is_file())


def print_registered(old, new, names):
    """Fields of one build only that the table does not name."""
    known = names.announced | set(names.renamed) | set(names.renamed.values())
    promised = {name for name in names.new if name.split(".")[0] in interface.PROTOCOLS}
    for title, found in (("registered no longer, not in docs/field-names.md", set(old.fields) - set(new.fields) - known),
                         ("newly registered, not in docs/field-names.md", set(new.fields) - set(old.fields) - known),
                         ("in docs/field-names.md, not registered", promised - set(new.fields))):
        if found:
            print(f"== {title}: {', '.join(sorted(found))}\n")


def print_group(places, every):
    first = places[0]
    captures = len({place.place.split()[0] for place in places})
    print(f"== {first.kind} {first.subject}: {len(places)} in {captures} captures")
    if first.kind in ("field", "json"):
        print(f"  {first.change}")
    for place in places if every else places[:1]:
        print(f"  [{place.place}]\n{place.detail if place.detail.startswith('  ') else '  ' + place.detail}"[:2000])
    print(flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("-v", dest="every", action="store_true")
    parser.add_argument("-k", dest="kinds", action="append", choices=KINDS)
    parser.add_argument("-e", dest="pattern", default="")
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("captures", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    old, new, names = Build(options.old), Build(options.new), names_table()
    # Where the old build has the new name already, its old one is another field.
    for name in [was for was, now in names.renamed.items() if now in old.fields]:
        del names.renamed[name]
    print_registered(old, new, names)
    groups, announced = collections.defaultdict(list), collections.Counter()
    captures = [path.resolve(strict=True) for path in options.captures] or every_capture()
    for number, capture in enumerate(captures, 1):
        if sys.stderr.isatty():
            print(f"\r{number} of {len(captures)}", end="", file=sys.stderr)
        for kind in options.kinds or KINDS:
            for found in differences(kind, old.about(capture, kind), new.about(capture, kind), names, capture.name):
                if found.kind == "announced":
                    announced[found.subject] += 1
                elif re.search(options.pattern, found.subject + found.detail):
                    groups[found.kind, found.subject, found.change].append(found)
    for _, places in sorted(groups.items(), key=lambda group: (group[0][0], group[0][1], -len(group[1]))):
        print_group(places, options.every)
    print("announced differences:", ", ".join(f"{name} {count}" for name, count in sorted(announced.items())) or "none")
    print(f"{len(captures)} captures, {len(groups)} kinds of differences, {sum(map(len, groups.values()))} in all")
    return 1 if groups else 0


if __name__ == "__main__":
    sys.exit(main())
