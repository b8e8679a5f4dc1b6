# SPDX-License-Identifier: GPL-2.0-or-later
"""Names that resemble Microsoft's, as questions and as server names.

near-misses.csv gives the products that may be said of each: "-" is none."""
import csv
import pathlib

import pytest

from harness import bundled, fields

EXPECTATIONS = pathlib.Path(__file__).parent / "expectations"
MICROSOFT_OWNED = {"ms-owned", "ms-owned-in-akadns"}
# What neither proves Teams nor may be attributed to it.
NOT_OURS = {"-", "lync-onprem", "m365-shared", "ms-infra"}


def rows():
    with open(EXPECTATIONS / "near-misses.csv", newline="", encoding="ascii") as table:
        return list(csv.DictReader(table))


def said_of(capture, name_field):
    """The name of each frame -> what the frame says of it."""
    said = {}
    for frame in fields(bundled(capture), [name_field, "teams_dns.product", "teams_dns.trust",
                                           "teams.evidence", "teams_dns.prefix"]):
        if frame[name_field]:
            said.setdefault(frame[name_field][0].rstrip("."), []).append(frame)
    return said


@pytest.fixture(scope="module")
def questions():
    return said_of("near-misses.pcap", "dns.qry.name")


@pytest.fixture(scope="module")
def server_names():
    return said_of("near-misses-server-names.pcap", "tls.handshake.extensions_server_name")


def products(frames):
    said = {product for frame in frames for product in frame["teams_dns.product"]}
    return {product for product in said if product not in ("", "unknown")} or {"-"}


def key(row):
    return "<Root>" if row["name"] == "." else row["name"].rstrip(".")


def check(row, allowed, frames):
    assert products(frames) <= set(allowed.split()), row["why"]
    if set(allowed.split()) <= NOT_OURS:
        assert not any(frame["teams.evidence"] for frame in frames), "attributed to Teams"
        assert allowed != "- lync-onprem" or not MICROSOFT_OWNED & {
            trust for frame in frames for trust in frame["teams_dns.trust"]}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["name"][:60])
def test_as_a_question(row, questions):
    check(row, row["product"], questions[key(row)])


@pytest.mark.parametrize("row", [row for row in rows() if row["name"] != "."],
                         ids=lambda row: row["name"][:60])
def test_as_a_server_name(row, server_names):
    check(row, row["server_name_product"], server_names[key(row)])


def test_an_address_as_server_name_shows_its_prefix(server_names):
    prefixes = [prefix for frame in server_names["52.114.250.152"]
                for prefix in frame["teams_dns.prefix"]]
    assert any("52.112.0.0/14" in prefix for prefix in prefixes)


def test_a_loop_of_aliases_ends():
    frames = fields(bundled("near-miss-loop.pcap"), ["teams_dns.name"])
    assert len(frames) == 2 and len(frames[1]["teams_dns.name"]) <= 3
