# SPDX-License-Identifier: GPL-2.0-or-later
"""What every row of the tables has: a diagnostic and an attribute are raised by a bundled capture, and a test asserts them."""

import functools
import os
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


@functools.lru_cache(maxsize=None)
def raised():
    """The diagnostics of all bundled captures, and the attribute types, each with its protocol."""
    diagnostics, attributes = set(), set()
    for capture in CAPTURES:
        for frame in harness.fields(capture, [*DIAGNOSTICS, *TYPE_FIELDS]):
            diagnostics |= {name for name in DIAGNOSTICS if frame[name]}
            attributes |= {(name.split(".")[0], int(value, 0)) for name in TYPE_FIELDS for value in frame[name]}
    for capture, options in WITH_PREFERENCES.items():
        words = harness.tshark("-r", harness.bundled(capture), "-T", "fields", *(word for name in DIAGNOSTICS for word in ("-e", name)), *options)
        for line in words.splitlines():
            diagnostics |= {name for name, value in zip(DIAGNOSTICS, line.split("\t")) if value}
    return diagnostics, attributes


@functools.lru_cache(maxsize=None)
def text_of_tests():
    """What the tests and the tables of what they expect say, but for the list of the interface."""
    own = harness.ROOT / "tests/test_habits.py"
    paths = [*(path for path in (harness.ROOT / "tests").rglob("*.py") if path != own), *(harness.ROOT / "tests/expectations").glob("*.csv")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


@pytest.mark.parametrize("name", DIAGNOSTICS)
def test_a_bundled_capture_raises_each_diagnostic(name):
    assert name in raised()[0], "make a frame that raises it, in test-captures/generate"


@pytest.mark.parametrize("name", DIAGNOSTICS)
def test_a_test_asserts_each_diagnostic(name):
    assert re.search(rf"\b{re.escape(name.split('.', 1)[1])}\b", text_of_tests()), "assert on which frames it shows, and that it shows on no other"


@pytest.mark.parametrize("plugin, number", ATTRIBUTES, ids=lambda value: f"{value:#06x}" if isinstance(value, int) else value)
def test_a_bundled_capture_holds_each_attribute(plugin, number):
    assert (plugin, number) in raised()[1], "put one into a message, in test-captures/generate"


def test_tests_are_collected_where_the_real_captures_are_absent(tmp_path):
    """Those that read one are skipped when they run; that no row of a table is there is no error."""
    collected = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", harness.ROOT / "tests/pytest.ini", "--collect-only",
                                harness.ROOT / "tests"], env={**os.environ, "TEAMSHARK_SHARED": str(tmp_path / "none"), "PYTHONDONTWRITEBYTECODE": "1"},
                               capture_output=True, text=True, check=False)
    assert collected.returncode == 0, collected.stdout[-2000:]
