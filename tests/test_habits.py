# SPDX-License-Identifier: GPL-2.0-or-later
"""What every row of the tables has: a diagnostic and an attribute are raised by a bundled capture, and a test asserts them."""

import functools
import re
import sys

import pytest

import harness

sys.path.insert(0, str(harness.ROOT / "docs/generate"))
import tables  # noqa: E402  (beside the documentation)

CAPTURES = sorted((harness.ROOT / "test-captures").rglob("*.pcap*"))
DIAGNOSTICS = sorted(row.filter for row in tables.all_diagnostics())
ATTRIBUTES = [(plugin, row.type) for plugin in tables.ATTRIBUTE_CARRIERS for row in tables.attributes(plugin)]
TYPE_FIELDS = [f"{plugin}.attr.type" for plugin in tables.ATTRIBUTE_CARRIERS]


# Rows that still want a capture, or a test of their frames: said aloud, not passed over.
# The first two need a preference of the user's to be raised.
WITHOUT_CAPTURE = {"teams.resolver_region", "teams_stun.bad_integrity", "teams_dns.address_unlisted", "teams_dns.telemetry_needed",
                   "teams_flightproxy.truncated"}
WITHOUT_TEST = {"teams.name_not_resolved", "teams.relay_not_named", "teams.relay_without_signin", "teams.udp_blocked",
                "teams_dns.address_unlisted", "teams_dns.telemetry_needed", "teams_stun.bad_integrity"}


@functools.lru_cache(maxsize=None)
def raised():
    """The diagnostics of all bundled captures, and the attribute types, each with its protocol."""
    diagnostics, attributes = set(), set()
    for capture in CAPTURES:
        for frame in harness.fields(capture, [*DIAGNOSTICS, *TYPE_FIELDS]):
            diagnostics |= {name for name in DIAGNOSTICS if frame[name]}
            attributes |= {(name.split(".")[0], int(value, 0)) for name in TYPE_FIELDS for value in frame[name]}
    return diagnostics, attributes


@functools.lru_cache(maxsize=None)
def text_of_tests():
    """What the tests and the tables of what they expect say, but for the list of the interface."""
    own = harness.ROOT / "tests/test_habits.py"
    paths = [*(path for path in (harness.ROOT / "tests").rglob("*.py") if path != own), *(harness.ROOT / "tests/expectations").glob("*.csv")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


@pytest.mark.parametrize("name", DIAGNOSTICS)
def test_a_bundled_capture_raises_each_diagnostic(name):
    if name in WITHOUT_CAPTURE:
        assert name not in raised()[0], "strike it from WITHOUT_CAPTURE"
        pytest.skip("no bundled capture raises it yet")
    assert name in raised()[0], "make a frame that raises it, in test-captures/generate"


@pytest.mark.parametrize("name", DIAGNOSTICS)
def test_a_test_asserts_each_diagnostic(name):
    if name in WITHOUT_TEST:
        pytest.skip("no test asserts its frames yet")
    assert re.search(rf"\b{re.escape(name.split('.', 1)[1])}\b", text_of_tests()), "assert on which frames it shows, and that it shows on no other"


@pytest.mark.parametrize("plugin, number", ATTRIBUTES, ids=lambda value: f"{value:#06x}" if isinstance(value, int) else value)
def test_a_bundled_capture_holds_each_attribute(plugin, number):
    assert (plugin, number) in raised()[1], "put one into a message, in test-captures/generate"
