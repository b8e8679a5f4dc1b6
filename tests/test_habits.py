# SPDX-License-Identifier: GPL-2.0-or-later
"""What every row of the tables has: a diagnostic and an attribute are raised by a bundled capture, a test asserts them, a report is told of."""

import concurrent.futures
import functools
import graphlib
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

import harness

sys.path.insert(0, str(harness.ROOT / "docs/generate"))
import tables  # noqa: E402  (beside the documentation)

CAPTURES = sorted((harness.ROOT / "test-captures").rglob("*.pcap*"))
DIAGNOSTICS = sorted(row.filter for row in tables.all_diagnostics())
ATTRIBUTES = [(plugin, row.type) for plugin in tables.ATTRIBUTE_CARRIERS for row in tables.attributes(plugin)]
TYPE_FIELDS = [f"{plugin}.attr.type" for plugin in tables.ATTRIBUTE_CARRIERS]


# What is raised only where the user set a preference: the capture, and the options that set it.
WITH_PREFERENCES = {
    "sessions/regions.pcap": ("-o", "teams.client_continent:eu"),
    "ice-integrity.pcap": ("-o", 'uat:teams_ice_passwords:"Re2y","remotepasswordremotepa00"'),
}


def asked(capture):
    """The diagnostics that one capture raises, and its attribute types, each with its protocol."""
    frames = harness.fields(capture, [*DIAGNOSTICS, *TYPE_FIELDS])
    return ({name for frame in frames for name in DIAGNOSTICS if frame[name]},
            {(name.split(".")[0], int(value, 0)) for frame in frames for name in TYPE_FIELDS for value in frame[name]})


def asked_with_preferences(capture, options):
    words = harness.tshark("-r", harness.bundled(capture), "-T", "fields", *(word for name in DIAGNOSTICS for word in ("-e", name)), *options)
    return {name for line in words.splitlines() for name, value in zip(DIAGNOSTICS, line.split("\t")) if value}


@functools.lru_cache(maxsize=None)
def text_of_tests():
    """What the tests and the tables of what they expect say, but for the list of the interface."""
    own = harness.ROOT / "tests/test_habits.py"
    paths = [*(path for path in (harness.ROOT / "tests").rglob("*.py") if path != own), *(harness.ROOT / "tests/expectations").glob("*.csv")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def test_bundled_captures_raise_each_diagnostic_and_hold_each_attribute():
    """One test, that each capture is read once; on all processors."""
    raised = set().union(*(asked_with_preferences(*row) for row in WITH_PREFERENCES.items()))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as readers:
        answers = list(readers.map(asked, CAPTURES))
    raised.update(*(diagnostics for diagnostics, _ in answers))
    held = set().union(*(attributes for _, attributes in answers))
    assert sorted(set(DIAGNOSTICS) - raised) == [], "make frames that raise them, in test-captures/generate"
    assert sorted(set(ATTRIBUTES) - held) == [], "put them into messages, in test-captures/generate"


@pytest.mark.parametrize("name", DIAGNOSTICS)
def test_a_test_asserts_each_diagnostic(name):
    assert re.search(rf"\b{re.escape(name.split('.', 1)[1])}\b", text_of_tests()), "assert on which frames it shows, and that it shows on no other"


@pytest.mark.parametrize("code", tables.conclusions())
def test_a_test_asserts_each_conclusion(code):
    assert f'"{code}"' in text_of_tests(), "assert of which sign-in of a bundled capture it is told, and of which it is not"


def test_tests_are_collected_where_the_real_captures_are_absent(tmp_path):
    """Those that read one are skipped when they run, each by itself: no file is skipped whole, and that no row of a table is there is no error."""
    collected = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", harness.ROOT / "tests/pytest.ini", "--collect-only",
                                harness.ROOT / "tests"], env={**os.environ, "TEAMSHARK_SHARED": str(tmp_path / "none"), "PYTHONDONTWRITEBYTECODE": "1"},
                               capture_output=True, text=True, check=False)
    assert collected.returncode == 0 and "SKIPPED" not in collected.stdout, collected.stdout[-2000:]


@pytest.mark.parametrize("name", harness.REPORTS)
def test_each_report_is_told_of(name):
    assert f"teams,{name}" in (harness.ROOT / "docs/reports.md").read_text(encoding="utf-8"), "docs/reports.md"
    assert f'"report_{name}"' in (harness.ROOT / "tests/gui/stops.py").read_text(encoding="utf-8"), "its window: tests/gui/stops.py"


NEEDS_BUILD = pytest.mark.skipif("TEAMSHARK_BUILD" not in os.environ, reason="no build folder (TEAMSHARK_BUILD)")
FOLDERS = ["core", "common", "ms-stun", "teams-dns", "teams"]


def symbols(path):
    """What an object file defines for others, and what it needs."""
    rows = [line.split() for line in subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout.splitlines()]
    return {row[2] for row in rows if len(row) == 3 and row[1] in "TDBR"}, {row[1] for row in rows if row[0] == "U"}


def objects_of(folder):
    """Each object file with the name of its source, as the object has it; objects of files that are gone may lie there still."""
    built = (pathlib.Path(os.environ["TEAMSHARK_BUILD"]) / "plugins" / folder).rglob("*.o")
    named = [(path, str(path).rpartition(".dir/")[2][:-len(".o")]) for path in built]
    return [(path, name) for path, name in named if (harness.ROOT / "plugins" / folder / name).is_file()]


@NEEDS_BUILD
@pytest.mark.parametrize("folder", FOLDERS)
def test_no_files_need_each_other(folder):
    """What several files share lies in a file below them."""
    objects = {name: symbols(path) for path, name in objects_of(folder)}
    assert objects
    home = {symbol: name for name, (defined, _) in objects.items() for symbol in defined}
    needs = {name: {home[symbol] for symbol in needed if symbol in home} - {name} for name, (_, needed) in objects.items()}
    graphlib.TopologicalSorter(needs).prepare()     # names the circle


@NEEDS_BUILD
def test_what_no_other_file_needs_is_static():
    objects = [(name, symbols(path)) for folder in FOLDERS for path, name in objects_of(folder)]
    tests = [symbols(path) for path in (pathlib.Path(os.environ["TEAMSHARK_BUILD"]) / "tests").rglob("*.o")]
    assert objects and tests
    needed = set().union(*(needs for _, (_, needs) in objects), *(needs for _, needs in tests))
    assert [f"{name}: {symbol}" for name, (defined, _) in objects for symbol in sorted(defined - needed) if not symbol.startswith("plugin_")] == []


def test_a_function_fits_a_screen():
    long = [f"{path.name}: {body.splitlines()[0]} and {body.count(chr(10))} lines"
            for path in (harness.ROOT / "plugins").rglob("*.c")
            for body in re.findall(r"^\w[^\n;=]*\)\n\{\n.*?^\}$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
            if body.count("\n") > 61]
    assert long == []


def test_the_map_has_each_file_once():
    """docs/design.md, Where a subject is."""
    design = (harness.ROOT / "docs/design.md").read_text(encoding="utf-8")
    rows = [[place for pattern in re.findall(r"`(plugins/[^`]+\.c)`", row) for place in harness.ROOT.glob(pattern)]
            for row in re.findall(r"^\|[^|]+\|([^|]+)\|$", design, re.MULTILINE)]
    found = sorted(place for row in rows for place in row)
    assert found == sorted((harness.ROOT / "plugins").rglob("*.c"))


# Words that are said otherwise here (CONTRIBUTING, Rules), and some that only the writer understands.
OTHER_WORDS = re.compile(r"\b(findings?|foretold|witness(es)?|judge[sd]?|in any letters|the begin of|umbrella)\b", re.IGNORECASE)


def test_one_word_for_one_thing():
    places = [path for folder in ("plugins", "docs", "profiles") for path in (harness.ROOT / folder).rglob("*")
              if path.suffix in (".c", ".h", ".def", ".md") and path.name != "field-names.md"]
    assert len(places) > 100
    said = [f"{path.relative_to(harness.ROOT)}: {found.group(0)}" for path in [harness.ROOT / "README.md", *places]
            for found in OTHER_WORDS.finditer(path.read_text(encoding="utf-8"))]
    assert said == []


# A rule that names what another one says does so by its code: in a table of such rules, or in a comparison.
CODE_TABLE = re.compile(r"\b(?:explanations|effects|codes)\[\] = \{(.*?)\};", re.DOTALL)
CODE_COMPARED = re.compile(r"strcmp\([^()\"]*\bcode, (\"[^\"]+\")\)")
CODE_OF_ROW = re.compile(r"\.code = \"([^\"]+)\"|^DIAGNOSTIC\(\w+, \"([^\"]+)\"", re.MULTILINE)


def test_codes_that_rules_name_are_those_of_rows():
    """One that was renamed in its row alone is found by nothing, and the rule is silent for ever."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in (harness.ROOT / "plugins/teams").rglob("*") if path.suffix in (".c", ".def"))
    text += (harness.ROOT / "plugins/teams-dns/dns_expert.def").read_text(encoding="utf-8")
    schema = json.loads((harness.ROOT / "docs/schema/reports.json").read_text(encoding="utf-8"))
    known = {row["code"] for key in schema["properties"].values() for row in key.get("x-verdicts", ())}
    known |= {code for row in CODE_OF_ROW.findall(text) for code in row if code}
    named = {code for part in CODE_TABLE.findall(text) + CODE_COMPARED.findall(text)
             for literal in re.findall(r'"([^"]*)"', part) for code in literal.split()}
    assert {"proxy", "D18", "tcp-unanswered", "call-not-connected"} <= named
    assert sorted(named - known) == []


# ---- tests/parts.txt: what ./test PART runs ----

def parts():
    """Part -> its unit tests and its files."""
    rows = [line.split() for line in (harness.ROOT / "tests/parts.txt").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    assert all(len(row) > 2 for row in rows) and len({row[0] for row in rows}) == len(rows)
    return {row[0]: row[1:] for row in rows}


def test_parts_name_tests_that_are_there():
    units = [path.stem.removeprefix("test_") for path in (harness.ROOT / "tests/unit").glob("test_*.c")]
    for part, (unit, *files) in parts().items():
        assert not [file for file in files if not (harness.ROOT / "tests" / file).is_file()], part
        assert unit == "-" or [name for name in units if re.search(unit, name)], part


def test_each_plugin_and_each_report_is_a_part():
    sources = (harness.ROOT / "plugins/teams/report").glob("*.c")
    reports = {name for path in sources for name in re.findall(r'^ +\.name = "(\w+)"', path.read_text(encoding="utf-8"), re.MULTILINE)}
    modules = {path.stem for path in harness.stage_dir().glob("*/epan/*.so")}
    assert reports and modules and modules | reports <= set(parts())
