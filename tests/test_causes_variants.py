# SPDX-License-Identifier: GPL-2.0-or-later
"""Each cause of docs/causes.md has three variants or more, with other names, addresses and clients: rules follow the cause, not the file.

Variants are rows of the laboratory, whose codes tests/lab/codes.txt tells (tests/lab/judge.py compares them with what the reports say),
and clients of bundled captures."""

import collections
import functools
import json
import re
import sys

import pytest

import harness

sys.path.insert(0, str(harness.ROOT / "tests/lab"))
import catalogue  # noqa: E402

PAGE = harness.ROOT / "docs/causes.md"
DIAGNOSTICS = ("connection_expert.def", "connection_conclusions.def")
ENOUGH = 3

# What the laboratory does not have: captures and their clients.
BUNDLED = {
    "identity-unreached": [("connections/variants.pcap", client) for client in ("192.168.1.26", "192.168.1.27", "2001:db8::26")],
    "handshake-stops": [("connections/handshake-stops.pcap", f"192.168.1.{n}") for n in (20, 21, 22)],
    "another-way": [("connections/another-way.pcap", f"192.168.1.{n}") for n in (20, 21, 22)],
}

# An expert item of which reports draw a conclusion with a code of its own.
CONCLUDED = {"one-address": "captive-portal"}


def codes_of_page():
    return re.findall(r"^\|.*\| `([a-z0-9-]+)` \| `.*` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def codes_of_plugin():
    return [code for name in DIAGNOSTICS for code in re.findall(
        r'^DIAGNOSTIC\(\w+, "([^"]+)"', (harness.ROOT / "plugins/teams/session" / name).read_text(encoding="utf-8"), re.MULTILINE)]


def rows_of(code):
    return [row for row in catalogue.ROWS if CONCLUDED.get(code, code) in row.codes]


@functools.lru_cache(maxsize=None)
def told(capture):
    """The codes that the report gives for each client of a bundled capture."""
    codes = collections.defaultdict(set)
    for signin in json.loads(harness.report(harness.bundled(capture), "teams,signin,json"))["signins"]:
        codes[signin["client"]] |= {problem["code"] for problem in signin["problems"]}
    return codes


def test_the_page_and_the_plugin_have_the_same_codes():
    assert sorted(codes_of_page()) == sorted(codes_of_plugin())


@pytest.mark.parametrize("code", codes_of_plugin())
def test_each_code_has_three_variants(code):
    variants = {(row.site, row.link, row.client) for row in rows_of(code)} | set(BUNDLED.get(code, ()))
    assert len(variants) >= ENOUGH, variants


@pytest.mark.parametrize("code", codes_of_plugin())
def test_variants_in_the_laboratory_are_no_copies(code):
    """Other names and servers (sites), other addresses of the client (links), and what the client is or how it asks."""
    rows = rows_of(code)
    kinds = {(row.client, row.settings.get("http"), row.settings.get("proxy"), row.settings.get("delay")) for row in rows}
    assert code in BUNDLED or (len({row.site for row in rows}) >= ENOUGH and len({row.link for row in rows}) >= ENOUGH and len(kinds) > 1), rows


@pytest.mark.parametrize("code, capture, client", [(code, *variant) for code, variants in BUNDLED.items() for variant in variants])
def test_a_bundled_variant_shows_the_cause(code, capture, client):
    assert code in told(capture)[client]


def test_each_row_of_the_laboratory_has_its_codes():
    rows = {(row.cause, row.variant) for row in catalogue.ROWS}
    causes = {cause for cause, _ in rows}
    assert {cause for cause in causes if (cause, None) not in catalogue.CODES} == set()
    assert {(cause, variant) for cause, variant in catalogue.CODES if (cause, variant) not in rows and (variant or cause not in causes)} == set()


def test_the_laboratory_names_no_code_that_does_not_exist():
    named = {code for codes in catalogue.CODES.values() for code in codes}
    assert named - set(codes_of_plugin()) == set()
